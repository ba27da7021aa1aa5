/* SPDX-License-Identifier: MIT */
/* Measuring contestants side by side. */
#ifndef MMAPX_BENCH_CONTEST_H
#define MMAPX_BENCH_CONTEST_H

#include "harness/clock.h"
#include "harness/files.h"

/* Do it loops times and say how long one took.  False: it cannot be done. */
typedef bool runner(void *arg, long loops, struct sample *s);

enum { MOST_CONTESTANTS = 10, MOST_ROUNDS = 301, FEWEST_ROUNDS = 9 };

struct contestant {
    const char *name;
    runner *run;
    void *arg;
    long loops;
    bool failed;
    struct sample samples[MOST_ROUNDS];
};

struct contest {
    const char *row;
    char work[96];
    const char *state; /* of the page cache, or "" */
    size_t size;       /* bytes worked on */
    int rounds;
    long loops; /* in a sample; 0: for each as many as take it 0.3 ms */
    bool answers_differ;
    const struct file *watched; /* what they are about, or NULL */
    uint64_t cached;            /* pages of that at the beginning */
    void (*before_round)(struct contest *c, int round); /* or NULL */
    int n;
    struct contestant contestants[MOST_CONTESTANTS];
};

struct contest *contest_new(const char *row, const char *state, size_t size,
                            const char *format, ...) LIKE_PRINTF(4, 5);

/* The contestant's number, or -1 for one that is not there: run is NULL. */
int contest_add(struct contest *c, const char *name, runner *run, void *arg);
void contest_run(struct contest *c);
void contest_end(struct contest *c);

struct spread {
    double median, min, max;
    double low, high; /* between which half of the values lie */
};
enum what { WALL, CPU, BYTES };
struct spread contest_spread(const struct contest *c, int who, enum what what);
struct spread contest_relation(const struct contest *c, int ours, int theirs,
                               enum what what, bool difference);

/* The one of the contestants whose median is the lowest, or the highest. */
int contest_best(const struct contest *c, const int *of, int n);
int contest_worst(const struct contest *c, const int *of, int n);

/* The median time of a contestant in ns; < 0 where it failed. */
double contest_median(const struct contest *c, int contestant);

/* Whether any answer was wrong. */
bool contests_were_wrong(void);

#endif /* MMAPX_BENCH_CONTEST_H */
