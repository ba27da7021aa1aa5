/* SPDX-License-Identifier: MIT */
/* The files that a walk finds: in which order they are visited, and that they
 * are opened before their turn. */
#ifndef TOOL_WALK_FILES_H
#define TOOL_WALK_FILES_H

#include <sys/stat.h>
#include <sys/types.h>

#include "walk.h"

/* From now on files are opened before their turn; else each is visited at
 * once. */
void walk_files_begin(struct walk *w);

/* The file that w->path names; what it is has not been looked at. */
void walk_files_add_named(struct walk *w);

/* A file in the last level's directory; and then all of those. */
void walk_files_keep(struct walk *w, const char *name, ino_t inode);
void walk_files_add_kept(struct walk *w);

/* To be called after each that is kept, when the path is the directory's. */
void walk_files_add_many(struct walk *w);

/* Visit all that still wait. */
void walk_files_finish(struct walk *w);

void walk_files_free(struct walk *w);

/* Say, if that is wanted, that an option leaves out what w->path names. */
void walk_note(const struct walk *w, const char *option);

/* Complain of what w->path names, at once. */
void walk_complain(struct walk *w, int error);

#endif /* TOOL_WALK_FILES_H */
