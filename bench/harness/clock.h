/* SPDX-License-Identifier: MIT */
/* What a piece of work took, and what is left of the time for all. */
#ifndef MMAPX_BENCH_CLOCK_H
#define MMAPX_BENCH_CLOCK_H

#include "harness/base.h"

/* For one operation. */
struct sample {
    double wall; /* ns */
    double cpu;  /* ns, of all threads, in the program and in the kernel */
    double bytes; /* written, or whatever else is compared */
    uint64_t answer; /* what was found out, which all have to agree about; 0:
                        nothing is found out */
};

struct timer {
    double wall, cpu;
};
void timer_start(struct timer *t);
void timer_stop(const struct timer *t, long loops, struct sample *s);

/* The time that all the rows have begins. */
void clock_begin(void);
long clock_seconds(void); /* since then */

/* Whether the rows have run for nearly as long as they are allowed to. */
bool out_of_time(void);

#endif /* MMAPX_BENCH_CLOCK_H */
