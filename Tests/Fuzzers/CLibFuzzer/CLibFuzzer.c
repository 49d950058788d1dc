#include "CLibFuzzer.h"

// libFuzzer's archive has a `main` of its own, which the linker takes along without ever calling it; it refers to this.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  (void)data;
  (void)size;
  return 0;
}
