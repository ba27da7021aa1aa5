/* SPDX-License-Identifier: MIT */
/* The model with its bytes from the standard input, as AFL++ hands them. */
#include "model.h"

#include <unistd.h>

#ifndef __AFL_LOOP
#define __AFL_LOOP(n) (once-- > 0)
#endif

int
main(void)
{
    static uint8_t data[1 << 16];
    int once = 1;

    (void)once; /* AFL++ has a loop of its own */
    while (__AFL_LOOP(1000)) {
        size_t size = 0;
        ssize_t n;

        while (size < sizeof data
               && (n = read(0, data + size, sizeof data - size)) > 0)
            size += (size_t)n;
        model_run(data, size);
    }
    return 0;
}
