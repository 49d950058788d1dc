// The library entry of libFuzzer, whose own header declares it for C++ only (compiler-rt, lib/fuzzer/FuzzerInterface.h).

#ifndef CLIBFUZZER_H
#define CLIBFUZZER_H

#include <stddef.h>
#include <stdint.h>

/// Reads the command line, then calls `callback` with one input after the other until told to stop or until a crash.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));

#endif
