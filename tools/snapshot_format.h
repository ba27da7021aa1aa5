/* SPDX-License-Identifier: MIT */
/* The text of a snapshot. */
#ifndef TOOL_SNAPSHOT_FORMAT_H
#define TOOL_SNAPSHOT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define SNAPSHOT_NAME "mmapx snapshot "
#define SNAPSHOT_FORMAT "1"
#define SNAPSHOT_FIRST_LINE SNAPSHOT_NAME SNAPSHOT_FORMAT

/* --- Writing -------------------------------------------------------------- */

void snapshot_write_begin(FILE *out);

/* Whether a path can be read again: one of a tree that is very deep can be too
 * long. */
bool snapshot_takes(const char *path);

/* A file's path and size.  Its runs follow, in ascending order. */
void snapshot_write_file(FILE *out, const char *path, int64_t size);
void snapshot_write_run(FILE *out, int64_t off, int64_t len);

/* The number of files; without it a part is not taken for the whole. */
void snapshot_write_end(FILE *out, uint64_t files);

/* --- Reading -------------------------------------------------------------- */

/* No snapshot has a longer line: what has is damaged. */
enum { SNAPSHOT_LINE = 1 << 20 };

struct snapshot_reader {
    FILE *in;
    uint64_t number; /* of the line */
    off_t at;        /* where it begins */
    int error;       /* an errno, once it could not be read */
    char *line;
    size_t room;
};

enum snapshot_kind {
    SNAPSHOT_FILE,
    SNAPSHOT_RUN,
    SNAPSHOT_END,
    SNAPSHOT_EOF,
    SNAPSHOT_OTHER, /* what no snapshot has */
};

/* A file and its runs. */
struct snapshot_entry {
    char *path;    /* NULL if there is none */
    off_t at;      /* where its first line begins */
    int64_t size;
    int64_t bytes; /* of all runs, up to the size */
    uint64_t bad;  /* the number of the first line with something wrong, or 0 */
};

/* A regular file, a FIFO or, for "-", standard input as a stream that can be
 * read twice: a copy, if need be.  NULL if there is none, which has been said
 * then, or if a signal was caught, which has not. */
FILE *snapshot_open(const char *path);

typedef void snapshot_note(const struct snapshot_entry *e, void *arg);

/*
 * Read the whole, calling note for each entry.  What is wrong in an entry costs
 * that entry alone.  False if the format is damaged, so that nothing is to be
 * believed; the number of the line is in the reader.  Ends early and false when
 * tool_interrupted is set.
 */
bool snapshot_check(struct snapshot_reader *r, snapshot_note *note, void *arg);

/* Say of a snapshot that is not to be believed which line is wrong, or why it
 * could not be read. */
void snapshot_complain(const struct snapshot_reader *r, const char *name);

/* Say that an entry which is wrong is left out. */
void snapshot_leave_out(const struct snapshot_entry *e, const char *name);

/* The next line, and what its beginning says it is. */
enum snapshot_kind snapshot_line(struct snapshot_reader *r);

/* "file SIZE PATH": the path, which lies in the line, or NULL. */
const char *snapshot_file(char *line, int64_t *size);

/* "OFFSET LENGTH", behind the run before, which *off and *len have. */
bool snapshot_run(const char *line, int64_t *off, int64_t *len);

/* How much of a run lies within a file's size.  0.1 wrote runs beyond it where
 * a file grew meanwhile. */
int64_t snapshot_within(int64_t size, int64_t off, int64_t len);

void snapshot_close(struct snapshot_reader *r);

#endif /* TOOL_SNAPSHOT_FORMAT_H */
