/* SPDX-License-Identifier: MIT */
/* Trees of many small files. */
#ifndef MMAPX_BENCH_TREE_H
#define MMAPX_BENCH_TREE_H

#include "rows/rows.h"

enum { TREE_DIR = 500 }; /* files in a directory */

/* Make a directory with n files of least to most bytes; false (and a line that
 * says why) if that cannot be done. */
bool tree_make(const char *row, const char *dir, size_t n, size_t least,
               size_t most);
void tree_remove(const char *dir, size_t n);

/* The same with files of a byte, all cached.  They are holes, so that hundreds
 * of thousands of them are made quickly and never written to the disk. */
bool tree_make_holes(const char *row, const char *dir, size_t n);

/* A command and up to four words, what it was is thrown away; arg is a struct
 * tree_job. */
struct tree_job {
    const char *tool[5]; /* the words of ours, after the program; then NULL */
    const char *peer[5]; /* all of theirs */
    bool (*prepare)(void); /* before each sample, or NULL */
};
bool tree_ours(void *arg, long loops, struct sample *s);
bool tree_theirs(void *arg, long loops, struct sample *s);

/* Ours against theirs, in so many rounds; 0 is as many as usual. */
void tree_contest(const char *row, const char *state, struct tree_job *job,
                  size_t size, const char *work, int rounds, double goal);

#endif /* MMAPX_BENCH_TREE_H */
