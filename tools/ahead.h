/* SPDX-License-Identifier: MIT */
/* Opening files ahead of their turn. */
#ifndef TOOL_AHEAD_H
#define TOOL_AHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "files.h"

struct ahead;

/* A file that is, or could not be, open. */
struct ahead_file {
    struct tool_file file;
    struct stat st;
    char *path;
    size_t name;   /* where in the path the name begins that is looked up */
    int handle;    /* of what was looked up before; or -1 */
    bool follow;   /* a link */
    bool along;    /* the path is from the root on, and no part of it a link */
    bool looks;    /* it is looked up and not opened */
    size_t note_size; /* of what file.note has to begin with */
    bool is_named; /* by the caller, and was not found in a directory */
    bool is_found; /* looked up; the error is one of opening it */
    const char *filter; /* the option that leaves it out, or NULL */
    int error; /* an errno; 0: it is open, unless it is left out or looked up */
};

/* Open a file here and now, which has what ahead_add() wants, looking it up in
 * a directory. */
void ahead_open(struct ahead_file *f, const struct tool_options *o, int dir);

/* begin is that of tool_files_ahead().  o->jobs is how many threads open files:
 * 1 is none but the caller's, 0 is as many as it takes. */
struct ahead *ahead_new(const struct tool_options *o, tool_beginner *begin,
                        void *arg);

/* The directory in which files are looked up from now on, or AT_FDCWD.  It may
 * be closed after the next call for another one. */
void ahead_directory(struct ahead *a, int dir);

/* Whether there is room for one more, and whether there is one.  Without room
 * none may be added. */
bool ahead_has_room(const struct ahead *a);
bool ahead_has_file(const struct ahead *a);

/* Add a file, which has path, name, handle (with st), follow, along, looks,
 * is_named, note_size, and of file root, by_links and note.  Path and note are
 * copied. */
void ahead_add(struct ahead *a, const struct ahead_file *f);

/* Take the first one back, which is there until another one is added or taken.
 * The file is to be closed if it is open. */
struct ahead_file *ahead_take(struct ahead *a);

/* No file may be left in it. */
void ahead_free(struct ahead *a);

#endif /* TOOL_AHEAD_H */
