/* SPDX-License-Identifier: MIT */
/* The runs that a snapshot lists for one file: loading and counting them. */
#ifndef TOOL_RESTORE_RUNS_H
#define TOOL_RESTORE_RUNS_H

#include <stdbool.h>
#include <stdint.h>

#include "open.h"
#include "progress.h"
#include "snapshot_format.h"

struct restore_runs {
    struct snapshot_reader *reader; /* that has read the file's line */
    const struct tool_file *file;
    struct progress *progress;
    bool is_begun;  /* the first of them, by bring_begin_parts() */
    bool counting;  /* the runs are counted and not loaded */
    int64_t wanted; /* bytes of the runs, as far as the file reaches */
    int64_t found;  /* of these, in memory now */
    bool unknown;   /* the system does not say; what was read is counted */
};

/* Load the runs that follow in the snapshot, as far as the file reaches, which
 * is `size`.  Returns 0 or an errno. */
int restore_runs(struct restore_runs *r, int64_t size);

#endif /* TOOL_RESTORE_RUNS_H */
