// libqrencode's header, for module QRCodes only.
#pragma once

#include <qrencode.h>
