/* SPDX-License-Identifier: MIT */
/* What every part of the benchmark stands on. */
#ifndef MMAPX_BENCH_BASE_H
#define MMAPX_BENCH_BASE_H

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)
#define GIB ((size_t)1 << 30)
#define TIB ((size_t)1 << 40)

#if defined __GNUC__
#define LIKE_PRINTF(format, first)                                             \
    __attribute__((__format__(__printf__, format, first)))
#else
#define LIKE_PRINTF(format, first)
#endif

/* Say what went wrong, with errno's text, and leave. */
_Noreturn void die(const char *format, ...) LIKE_PRINTF(1, 2);

/* Random numbers, the same for the same seed. */
void random_begin(uint64_t seed);
uint64_t random_below(uint64_t n);

size_t page_size(void);

#endif /* MMAPX_BENCH_BASE_H */
