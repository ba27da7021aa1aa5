/* SPDX-License-Identifier: MIT */
/* Sums over files, of all and of each directory. */
#ifndef TOOL_SUMS_H
#define TOOL_SUMS_H

#include <stddef.h>
#include <stdint.h>

#include "largest.h"
#include "survey.h"

struct sums {
    struct survey survey;
    uint64_t files;
    uint64_t unknown; /* files that the system says nothing about */
};

void sums_begin(struct sums *sums);
void sums_add_file(struct sums *sums, const struct survey *s);
void sums_add(struct sums *sums, const struct sums *more);

/* The sum, of which nothing is known if nothing is of any file. */
struct survey sums_total(const struct sums *sums);

/*
 * The sum of a directory, with all that is below it.  It is complete when
 * nobody uses it any more, and belongs to the sum of the directory above then.
 * The caller of these holds a lock.
 */
struct sums_dir;

/* A directory below another one, or NULL. */
struct sums_dir *sums_dir_new(struct sums_dir *above, const char *path);

void sums_dir_use(struct sums_dir *dir);
void sums_dir_add(struct sums_dir *dir, const struct sums *more);

/* The one above, or NULL. */
struct sums_dir *sums_dir_above(const struct sums_dir *dir);

/* Be done with a directory.  What is complete then goes to the largest ones. */
void sums_dir_leave(struct sums_dir *dir, struct largest *largest);

#endif /* TOOL_SUMS_H */
