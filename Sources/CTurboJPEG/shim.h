// libturbojpeg's header, for module QRCodes only.
#pragma once

#include <turbojpeg.h>
