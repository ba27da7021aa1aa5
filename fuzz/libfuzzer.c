/* SPDX-License-Identifier: MIT */
/* The model under libFuzzer: clang -fsanitize=fuzzer. */
#include "model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    model_run(data, size);
    return 0;
}
