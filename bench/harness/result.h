/* SPDX-License-Identifier: MIT */
/* Lines of the table, and the same as JSON lines. */
#ifndef MMAPX_BENCH_RESULT_H
#define MMAPX_BENCH_RESULT_H

#include "harness/contest.h"

void print_heading(void);

/* What is compared, and what the goal is of. */
enum measure {
    TIME_RATIO,      /* ours / theirs */
    TIME_DIFFERENCE, /* ours - theirs, in ns */
    BYTES_RATIO,
    BYTES_SHARE,     /* ours / the size worked on, at least the goal */
    COUNT,           /* ours, of whatever is counted in place of bytes */
};
#define NO_GOAL 0.0

/* Print one line of the table; none where one of the two is missing (-1) or
 * has failed. */
void compare(const struct contest *c, int ours, int theirs,
             enum measure measure, double goal);

/* How the time of one thing grows with the size. */
enum { MOST_POINTS = 12 };
struct series {
    const char *title, *name, *state;
    int n;
    size_t sizes[MOST_POINTS];
    double ns[MOST_POINTS];
};
void series_add(struct series *s, size_t size, double ns);
void series_print(const struct series *s);

#endif /* MMAPX_BENCH_RESULT_H */
