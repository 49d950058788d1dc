// libpng's header, for module QRCodes only: the simplified API, in which no error ever longjmps through Swift frames.
#pragma once

#include <png.h>

/// The message of the last warning or error, empty if there is none; Swift sees the array as a tuple of 64.
static inline const char *CPNG_message(const png_image *image) {
    return image->message;
}

/// Composes transparent pixels on white paper and reads the image.
static inline int CPNG_finishReadOnWhite(png_image *image, void *buffer, png_int_32 stride) {
    png_color white = {255, 255, 255};
    return png_image_finish_read(image, &white, buffer, stride, NULL);
}
