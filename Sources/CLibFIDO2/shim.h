// libfido2's headers, for module SecurityKeys only.
//
// Swift sees every function and every simple constant of them; the negative error codes are macros such as
// "#define FIDO_ERR_TX -1", which Swift imports too.
#pragma once

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/es384.h>
#include <fido/rs256.h>
