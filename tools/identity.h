/* SPDX-License-Identifier: MIT */
/* Sets of files, by what tells one from another. */
#ifndef TOOL_IDENTITY_H
#define TOOL_IDENTITY_H

#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

struct identity {
    dev_t device;
    ino_t inode;
};

/* When an open file was made, or zeros if the system does not tell.  What is
 * written to on overlayfs becomes another file with the same identity. */
struct timespec identity_birth(int fd);

/* The order of files, as qsort(3) and tsearch(3) want it, for whatever begins
 * with an identity. */
int identity_compare(const void *a, const void *b);

/* Add a file to a set, which is a pointer that begins as NULL.  Returns false
 * if the file is in it already. */
bool identity_insert(void **tree, const struct stat *st);

/* Take a file out, if it is in the set. */
void identity_delete(void **tree, const struct identity *id);

/* Take all files out. */
void identity_free(void **tree);

#endif /* TOOL_IDENTITY_H */
