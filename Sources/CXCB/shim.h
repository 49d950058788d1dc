// libxcb, for module ScreenCapture only: the screen of an X display as pixels.
#pragma once

#include <stdlib.h>
#include <xcb/xcb.h>
