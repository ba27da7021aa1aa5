/* SPDX-License-Identifier: MIT */
/* Time: of a piece of work, and of all the rows. */
#include "harness/clock.h"

#include <time.h>

#include "harness/options.h"

static double
now(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

void
timer_start(struct timer *t)
{
    t->cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    t->wall = now(CLOCK_MONOTONIC);
}

void
timer_stop(const struct timer *t, long loops, struct sample *s)
{
    s->wall = (now(CLOCK_MONOTONIC) - t->wall) / (double)loops;
    s->cpu = (now(CLOCK_PROCESS_CPUTIME_ID) - t->cpu) / (double)loops;
}

static double began;

void
clock_begin(void)
{
    began = now(CLOCK_MONOTONIC);
}

long
clock_seconds(void)
{
    return (long)((now(CLOCK_MONOTONIC) - began) / 1e9);
}

bool
out_of_time(void)
{
    return clock_seconds() >= (opt.quick ? 57 : 585);
}
