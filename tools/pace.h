/* SPDX-License-Identifier: MIT */
/* Steps of work between which signals are looked at. */
#ifndef TOOL_PACE_H
#define TOOL_PACE_H

#include <stdint.h>

/* How long a step is follows how long the one before it took: what costs next
 * to nothing, a hole of some exabytes, is done in a few. */
struct pace {
    int64_t step;
    int64_t least; /* 0: 8 MiB */
    double began; /* the step before, in seconds; 0: there was none */
};

/* The length of the next step from off towards end, which are not equal.  It
 * ends at a multiple of a large power of two, so that no large folio is cut. */
int64_t pace_next(struct pace *p, int64_t off, int64_t end);

double tool_seconds(void);

#endif /* TOOL_PACE_H */
