/* SPDX-License-Identifier: MIT */
/* A few of the files that were loaded, evenly spread over all of them.  If
 * somebody else evicts files, these tell of it without a look at all. */
#ifndef TOOL_SAMPLE_H
#define TOOL_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>

#include "work.h"

enum { SAMPLE_FILES = 16 };

/* They stay open, since there are file systems on which to open a file is what
 * evicts it. */
struct sample {
    struct tool_file files[SAMPLE_FILES];
    struct work_file ranges[SAMPLE_FILES];
    size_t n;
    size_t every; /* so many files one is taken; 0: not begun */
    size_t seen;
};

/* Whether the turn of the next file has come. */
bool sample_is_due(const struct sample *s);

/* Take a range of a file into it if its turn has come. */
void sample_add(struct sample *s, const struct work_file *f);

/* Whether there is less in memory now of one of them; all are given up. */
bool sample_has_lost(struct sample *s);

#endif /* TOOL_SAMPLE_H */
