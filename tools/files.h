/* SPDX-License-Identifier: MIT */
/* Which files the arguments mean. */
#ifndef TOOL_FILES_H
#define TOOL_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "options.h"

struct tool_file {
    const char *path;
    int fd;
    int64_t size;
    dev_t device;
    ino_t inode;
};

/*
 * Open each file and hand it to visit, which returns TOOL_OK or TOOL_FAILED;
 * it is closed afterwards.  What cannot be opened is complained of.  Ends early
 * when tool_interrupted is set.  Returns the worst of all statuses.
 */
int tool_files(const struct tool_options *o,
               int (*visit)(const struct tool_file *file, void *arg),
               void *arg);

/* Open one file that is known by its whole path.  Returns 0 or an errno. */
int tool_open(struct tool_file *file, const char *path, bool follow);

/* The bytes that --range means of a file of some size. */
int64_t tool_range_of(const struct tool_options *o, int64_t size);

/* The same of all files together; -1 if that cannot be known beforehand. */
int64_t tool_total_size(const struct tool_options *o);

#endif /* TOOL_FILES_H */
