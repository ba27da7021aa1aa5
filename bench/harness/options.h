/* SPDX-License-Identifier: MIT */
/* What the command line asks for. */
#ifndef MMAPX_BENCH_OPTIONS_H
#define MMAPX_BENCH_OPTIONS_H

#include "harness/base.h"

struct options {
    bool quick;
    bool list;         /* only print the rows */
    const char *dir;   /* for the files: where to make one, then the one made */
    const char *peers; /* the programs that bench/run.sh has built, or NULL */
    const char *tool;  /* the command mmapx, or NULL */
    uint64_t seed;     /* of the order and of what is random in a workload */
    FILE *table;       /* NULL: not wanted */
    FILE *json;
    const char **rows; /* those that were asked for; none: all */
    int row_count;
};
extern struct options opt;

/* Fill opt in, up to --list.  Leaves after --help, and with status 2 if there
 * is no such option. */
void options_read(int argc, char *argv[]);

#endif /* MMAPX_BENCH_OPTIONS_H */
