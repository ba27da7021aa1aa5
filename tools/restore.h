/* SPDX-License-Identifier: MIT */
/* What the parts of restore share. */
#ifndef TOOL_RESTORE_H
#define TOOL_RESTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "identity.h"
#include "need.h"
#include "options.h"
#include "progress.h"
#include "sample.h"
#include "snapshot_format.h"

struct restore_entry {
    struct identity id;
    off_t at;      /* where its line begins in the snapshot */
    int64_t bytes; /* that were in memory, and can still be */
};

/* What became of a file since the snapshot. */
enum restore_state {
    RESTORE_SAME,
    RESTORE_GROWN,
    RESTORE_CUT,
    RESTORE_GONE,
    RESTORE_STATES
};

struct restore {
    const struct tool_options *o;
    struct ahead *ahead; /* the files that are looked up, or opened */
    struct snapshot_reader reader;
    const char *name; /* of the snapshot */
    struct restore_entry *entries;
    size_t n;
    size_t room;
    int status;
    struct progress progress;
    int64_t wanted; /* bytes of all entries */
    int64_t needed; /* the same in whole pages, where a file that is named twice
                     * counts once */
    struct need need; /* of the files that were counted or loaded last */
    int64_t there;  /* of these, in memory now */
    int64_t lacks;  /* of what the files still have, not in memory now */
    size_t files;   /* that were loaded, all of them */
    size_t states[RESTORE_STATES];
    struct sample sample; /* of the files that were loaded */
    bool counting;  /* before or once more, and nothing else */
    bool unknown;   /* the system did not always say what is there */
};

/* --- restore.c: what is said ---------------------------------------------- */

/* Say that the snapshot is not to be believed.  Returns an exit status. */
int restore_damaged(const struct restore *s);

/* A file that is no longer as it was is said to be so if that is wanted.  What
 * is in memory of it is unknown if -1. */
void restore_tell(struct restore *s, const char *path, enum restore_state state,
                  int64_t there);

/* --- restore_list.c: checking and sorting --------------------------------- */

/* Read all of the snapshot, and list the files that are there.  Returns an exit
 * status. */
int restore_check(struct restore *s);

/* --- restore_load.c: loading ---------------------------------------------- */

/* Load all that is on the list, or count what is in memory of it. */
void restore_load(struct restore *s);

/* Whether there is less in memory by now of a few of the files. */
bool restore_has_lost(struct restore *s);

#endif /* TOOL_RESTORE_H */
