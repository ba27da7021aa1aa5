/* SPDX-License-Identifier: MIT */
/* The parts of mmapx top. */
#ifndef TOOL_TOP_H
#define TOOL_TOP_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "files.h"
#include "largest.h"
#include "meminfo.h"
#include "mounts.h"
#include "options.h"
#include "sums.h"

/* What has been found.  Each thread has one, and they are added up. */
struct top_part {
    struct largest largest;
    struct sums sums;
    struct sums deleted; /* a part of it, files without a name */
    int64_t explained;   /* bytes of the page cache */
    uint64_t closed_files;
    uint64_t closed_dirs;
    uint64_t closed_processes;
    bool hidden_processes; /* an unknown number */
    dev_t device;        /* the one that was looked at last */
    bool device_is_disk; /* its files are in the page cache */
};

struct top {
    const struct tool_options *o;
    bool machine; /* all of it, since no path is given */
    struct meminfo memory;
    struct mounts mounts;
    pthread_mutex_t lock; /* of what follows, while several threads work */
    struct top_part all;
    struct largest dirs; /* or processes */
    bool repeats; /* files may be there twice, behind a bind mount */
    void *seen; /* files with several names, and deleted ones */
    int status;
};

void top_part_begin(struct top_part *part, const struct top *top);

/* Add a part to another one. */
void top_part_move(struct top_part *part, struct top_part *from);

/* Look at a file and count it.  False if it could not be looked at. */
bool top_count(struct top *top, struct top_part *part,
               const struct tool_file *file, bool deleted, struct survey *s);

/* What could not be looked at: counted if it is closed to the caller, said if
 * it is anything else. */
enum top_what { TOP_FILE, TOP_DIR, TOP_PROCESS };
void top_failed(struct top *top, struct top_part *part, enum top_what what,
                const char *path, int error);

/* Go through the trees that are named, or through the machine's. */
void top_trees(struct top *top);

/* Count the files that have no name any more. */
void top_deleted(struct top *top);

/* Count the files that certain processes use. */
void top_of_processes(struct top *top);

/* Have sums of processes in place of files. */
void top_by_process(struct top *top);

/* Print what was found. */
void top_print(struct top *top);

/* "-" of nothing; neither none nor all is rounded to. */
const char *top_percent(char buf[static 8], int64_t part, int64_t whole);

/* How much of the page cache is explained, and what the rest is. */
void top_print_rest(const struct top *top, int64_t explained);

/* On stderr, in one line: what could not be looked at. */
void top_print_closed(const struct top_part *all);

#endif /* TOOL_TOP_H */
