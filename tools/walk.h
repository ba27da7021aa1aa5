/* SPDX-License-Identifier: MIT */
/* Going through a tree of directories. */
#ifndef TOOL_WALK_H
#define TOOL_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "files.h"
#include "options.h"
#include "pseudo.h"

struct ahead;
struct walk_level;
struct walk;
struct walk_names;

/* What somebody who goes through several trees at once does at certain places
 * of each walk. */
struct walk_hooks {
    /* Whether a directory, whose path is w->path, is not even to be looked
     * at. */
    bool (*skips)(struct walk *w);
    /* Take a directory over, whose handle is then the hook's. */
    bool (*takes)(struct walk *w, int handle, const struct stat *st);
    void (*entered)(struct walk *w);
    void (*left)(struct walk *w);
    /* In place of a complaint. */
    void (*failed)(struct walk *w, int error);
    /* Whether a file was there before. */
    bool (*is_seen)(struct walk *w, const struct stat *st);
};

struct walk {
    const struct tool_options *o;
    tool_beginner *begin; /* or NULL */
    tool_visitor *visit;
    void *arg;
    const struct walk_hooks *hooks; /* or NULL */
    struct ahead *ahead;      /* files that wait for their turn */
    struct walk_names *names; /* in a directory, that will come there */
    bool quiet; /* complain of nothing */
    int status;
    struct pseudo pseudo; /* file systems that were left out */
    void *seen;  /* files and, with -L, directories: a tree of identities */
    void *above; /* the directories that the walk is in: another one */
    char *path;  /* of what is looked at */
    size_t path_len;
    size_t path_room;
    size_t root; /* bytes of it that were named */
    struct walk_level *levels;
    size_t depth;
    size_t levels_room;
    size_t links; /* how many of the levels were entered by one */
};

/* Begin with something that was named. */
void walk_begin(struct walk *w, const char *path);

/* Complain of what is looked at, after the files that wait have had their
 * turn. */
void walk_failed(struct walk *w, int error);

/* Say with -v that what is looked at is left out, and why. */
void walk_left_out(struct walk *w, const char *why);

/* Whether nothing more is to be done. */
bool walk_is_over(const struct walk *w);

/* Visit a file that a handle stands for, which is given up, when its turn has
 * come. */
void walk_file(struct walk *w, int handle, const struct stat *st);

/* Whether a file was there before, which only one with several names can have
 * been, or any where links are followed. */
bool walk_is_seen(struct walk *w, const struct stat *st);

/* Visit all files below a directory.  The handle is given up to the walk. */
void walk_tree(struct walk *w, int handle, const struct stat *st);

void walk_free(struct walk *w);

#endif /* TOOL_WALK_H */
