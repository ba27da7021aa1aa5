/* SPDX-License-Identifier: MIT */
/* What load and evict share. */
#ifndef TOOL_WORK_H
#define TOOL_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options.h"
#include "progress.h"

struct work;

struct work_kind {
    const char *verb;
    int64_t step; /* bytes between two looks at the signals */
    int (*do_step)(int fd, int64_t off, int64_t len); /* -1 and errno */
    void (*print_sum)(const struct work *work, double seconds);
};

struct work {
    const struct tool_options *o;
    const struct work_kind *kind;
    struct progress progress;
    size_t files;
    int64_t bytes;  /* that were gone through */
    int64_t before; /* of all ranges, in memory beforehand */
    int64_t after;  /* and afterwards */
    int64_t dirty;  /* of these, not written back */
    bool unknown;   /* the system did not always say */
};

/* Do it to each file, and print the sum. */
int work_run(const struct tool_options *o, const struct work_kind *kind);

/* The end of a sum's line: files, time, and how much was moved a second. */
void work_print_end(const struct work *work, int64_t moved, double seconds);

#endif /* TOOL_WORK_H */
