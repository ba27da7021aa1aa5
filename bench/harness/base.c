/* SPDX-License-Identifier: MIT */
/* The end in case of need, random numbers and the page size. */
#include "harness/base.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
die(const char *format, ...)
{
    va_list args;
    int err = errno;

    va_start(args, format);
    fflush(stdout);
    fprintf(stderr, "bench: ");
    vfprintf(stderr, format, args);
    fprintf(stderr, ": %s\n", strerror(err));
    va_end(args);
    exit(1);
}

/* xorshift64*, whose state is never 0. */
static uint64_t random_state = 1;

void
random_begin(uint64_t seed)
{
    random_state = seed | 1;
}

uint64_t
random_below(uint64_t n)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (random_state * 0x2545f4914f6cdd1du >> 11) % n;
}

size_t
page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}
