/* SPDX-License-Identifier: MIT */
/* One file that is kept in memory. */
#ifndef TOOL_HELD_H
#define TOOL_HELD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#include "bring.h"
#include "files.h"
#include "libmmapx.h"
#include "need.h"

struct held {
    char *path;
    size_t root; /* bytes of it that were named; the rest was found */
    bool listed; /* the name stands in a snapshot */
    dev_t device;
    ino_t inode;
    struct timespec birth; /* of the file that is mapped */
    struct mmapx map;  /* unmapped while there is nothing to keep */
    int64_t locked;    /* bytes that are kept */
    uint64_t resident; /* locked pages, where only cached ones are locked */
    struct timespec changed; /* when the file was, as far as that is over */
    bool on_fault;     /* a touched page of the mapping is locked */
    unsigned look;     /* which look has seen its name last */
    int error;         /* that was met in the last look, or 0 */
    bool excused;      /* a failure in the last look, by a change of the file */
};

/* What it takes to keep a file besides its pages: a mapping, the kernel's
 * object for the file, and the name. */
enum { HELD_COST = 2048 };

/* What is to be kept of a file, and who is told how far it is. */
struct hold {
    int64_t off;
    int64_t bytes; /* up to the last one that is kept */
    int64_t keep;  /* so many of them */
    bool on_fault; /* only what is in memory in any case */
    bool listed;   /* the name stands in a snapshot */
    const struct bring_part *parts; /* only these, ascending; or NULL */
    size_t n;
    /* Whether there is room for so much more, which is counted as locked. */
    bool (*fits)(void *arg, const struct need *need);
    void (*progress)(void *arg, const char *path, int64_t bytes);
    void *arg;
};

/*
 * Bring what is kept of a file to what is wanted: the first time all of it,
 * later what has come since, and all of it again where the name belongs to
 * another file now.  Returns 0, or with what was kept before an errno, or
 * HELD_NO_ROOM where want->fits() has said no.
 */
enum { HELD_NO_ROOM = -1 };
int held_update(struct held *held, const struct tool_file *file,
                const struct hold *want);

/* Add what a file needs that is kept so, by what is in memory of it now. */
void hold_need(struct need *need, const struct tool_file *file,
               const struct hold *want);

/* Whether it is this file that is kept. */
bool held_is(const struct held *held, const struct stat *st);

/* Keep nothing any more. */
void held_release(struct held *held);

#endif /* TOOL_HELD_H */
