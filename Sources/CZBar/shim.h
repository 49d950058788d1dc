// zbar's header, for module QRCodes only.
#pragma once

#include <zbar.h>

/// The four-character code of 8-bit grayscale, the only format that zbar's decoder takes.
/// Swift has no multi-character constants, and the library's zbar_fourcc is a macro with arguments.
static inline unsigned long CZBar_grayscaleFormat(void) {
    return zbar_fourcc('Y', '8', '0', '0');
}

/// Four bytes a pixel: blue, green, red and one that does not count.
static inline unsigned long CZBar_packedFormat(void) { return zbar_fourcc('B', 'G', 'R', '4'); }
