/* SPDX-License-Identifier: MIT */
/* A sequence of calls, read out of bytes, against a model of what they do. */
#ifndef MMAPX_FUZZ_MODEL_H
#define MMAPX_FUZZ_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Make the calls that the bytes say.  Aborts with a message where the library
 * or the kernel does something else than the model. */
void model_run(const uint8_t *data, size_t size);

/* Whether the kernel is one that the model is made after. */
bool model_fits(void);

/* How many calls of the library were made, in all runs. */
extern uint64_t model_calls;

#endif /* MMAPX_FUZZ_MODEL_H */
