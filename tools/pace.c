/* SPDX-License-Identifier: MIT */
/* Steps of work between which signals are looked at: long ones, as long as they
 * are over within a few hundredths of a second, also where others work. */
#include "tool.h"
#include "pace.h"

#include <time.h>

enum { LEAST_STEP = 8 << 20 };

double
tool_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int64_t
pace_next(struct pace *p, int64_t off, int64_t end)
{
    int64_t least = p->least > 0 ? p->least : LEAST_STEP;
    int64_t n = p->step - off % p->step;
    double now, took;

    /* The only step needs no clock. */
    if (p->began <= 0 && n >= end - off)
        return end - off;
    now = tool_seconds();
    took = now - p->began;
    if (p->began > 0 && took < 0.005 && p->step <= INT64_MAX / 4)
        p->step *= 4;
    else if (p->began > 0 && took > 0.025 && p->step > least)
        p->step /= 4;
    p->began = now;
    n = p->step - off % p->step;
    return n < end - off ? n : end - off;
}
