/* SPDX-License-Identifier: MIT */
/* The directories that a walk is in, from the first one down, and the path. */
#ifndef TOOL_WALK_LEVELS_H
#define TOOL_WALK_LEVELS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "identity.h"
#include "walk.h"

/* A directory that the walk is in. */
struct walk_level {
    struct identity id;
    int handle;      /* -1 if it was given up */
    bool by_link;
    size_t path_len; /* of its own path */
    char *names;     /* of directories in it: a mark, the name and a NUL each */
    size_t used;
    size_t room;
    size_t next;
};

/* Add a name to the path.  Returns the length before. */
size_t walk_lengthen_path(struct walk *w, const char *name);

/* Cut the path to that length. */
void walk_shorten_path(struct walk *w, size_t len);

/* Go into a directory.  The handle is the level's from now on. */
void walk_add_level(struct walk *w, int handle, const struct stat *st,
                    bool by_link);

/* Go back to the level above.  Its handle is found again if it is needed. */
void walk_leave(struct walk *w);

#endif /* TOOL_WALK_LEVELS_H */
