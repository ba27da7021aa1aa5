/* SPDX-License-Identifier: MIT */
/* Why files stay in memory although the system was asked to drop them. */
#ifndef TOOL_STAY_H
#define TOOL_STAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "largest.h"
#include "options.h"
#include "who.h"
#include "work.h"

enum stay_reason {
    STAY_DIRTY,
    STAY_LOCKED,
    STAY_MAPPED,
    STAY_MEMORY, /* memory is where the file system is */
    STAY_IN_USE,
    STAY_UNKNOWN,
    STAY_REASONS,
};

struct stay {
    int64_t bytes;
    size_t files;
    struct largest largest; /* of the files; cached is what stayed */
    struct who who;         /* maps or locks them */
};

struct stays {
    int64_t last[STAY_REASONS]; /* of the file that was added last */
    struct stay reasons[STAY_REASONS];
};

void stay_begin(struct stays *s);

/* Find out why something of a file has stayed. */
void stay_add(struct stays *s, const struct work_file *f);

/* Print a line for each reason; on a terminal the files stand below it if they
 * do not fit there.  Nothing can be added afterwards. */
void stay_print(struct stays *s, const struct tool_options *o);

void stay_free(struct stays *s);

/* --- stay_pages.c --------------------------------------------------------- */

/* Pages that are in memory, each in one count: dirty or being written back,
 * else locked, else mapped by others. */
struct stay_pages {
    uint64_t dirty;
    uint64_t locked;
    uint64_t mapped;
};

/* Count the pages of a range of a file by what the kernel knows of each, which
 * takes privileges.  Returns 0 or an errno. */
int stay_count_pages(struct stay_pages *pages, const struct work_file *f);

/* Close what that has opened. */
void stay_close_tables(void);

#endif /* TOOL_STAY_H */
