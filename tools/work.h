/* SPDX-License-Identifier: MIT */
/* What load and evict share. */
#ifndef TOOL_WORK_H
#define TOOL_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "files.h"
#include "options.h"
#include "progress.h"
#include "survey.h"

struct work;

/* A file and the range of it that is meant. */
struct work_file {
    const struct tool_file *file;
    int64_t off;
    int64_t len;
    struct survey before;
    struct survey after;
    bool is_begun; /* to be read, all of it */
    bool is_done;  /* nothing is left to do */
};

struct json_t;

struct work_kind {
    const char *verb;
    /* Begin it before the file's turn, and say whether that was possible; it is
     * called in several threads at once.  NULL: not. */
    bool (*begin)(const struct work_file *f);
    /* Whether nothing is left to do, because all of the range is in memory: a
     * question about long ranges whose turn has come.  NULL: nobody asks. */
    bool (*is_done)(const struct work *work, const struct work_file *f);
    /* Do it, and look at the file afterwards.  Returns 0 or an errno. */
    int (*run)(struct work *work, struct work_file *f);
    /* Judge what came of it.  Returns an exit status. */
    int (*judge)(struct work *work, const struct work_file *f);
    /* Add what else there is to say of the file judged last; or NULL. */
    void (*add_json)(const struct work *work, const struct work_file *f,
                     struct json_t *object);
};

struct work {
    const struct tool_options *o;
    const struct work_kind *kind;
    struct progress progress;
    double began;
    size_t files;   /* of which all was done */
    size_t done;    /* ranges of them */
    int64_t bytes;  /* that were gone through */
    int64_t before; /* of all ranges, in memory beforehand */
    int64_t after;  /* and afterwards */
    int64_t dirty;  /* of these, not written back */
    int64_t missing; /* of what load is to have in memory */
    bool unknown;   /* the system did not always say */
    void *arg;      /* of the kind of work */
};

/* Look at a file afterwards, also to say how far it came if it was interrupted:
 * error is what came of the work.  Returns 0 or an errno. */
int work_look_after(struct work_file *f, int error);

/* Call fn for each range of a file that is meant.  Returns an exit status. */
int work_each_range(struct work *work, const struct tool_file *file,
                    int (*fn)(struct work *work, struct work_file *f));

/* Do it to each file.  Returns an exit status. */
int work_run(struct work *work);

/* The end of a sum's line: files, time, and how much was moved a second. */
void work_print_end(const struct work *work, int64_t moved);

#endif /* TOOL_WORK_H */
