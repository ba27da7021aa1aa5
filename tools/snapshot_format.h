/* SPDX-License-Identifier: MIT */
/* The text of a snapshot. */
#ifndef TOOL_SNAPSHOT_FORMAT_H
#define TOOL_SNAPSHOT_FORMAT_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* --- Writing -------------------------------------------------------------- */

void snapshot_write_begin(FILE *out);

/* A file's path and size.  Its runs follow, in ascending order. */
void snapshot_write_file(FILE *out, const char *path, int64_t size);
void snapshot_write_run(FILE *out, int64_t off, int64_t len);

/* The number of files; without it a part is not taken for the whole. */
void snapshot_write_end(FILE *out, uint64_t files);

/* --- Reading -------------------------------------------------------------- */

/* A path of which each byte is escaped, and what stands before it. */
enum { SNAPSHOT_LINE = 4 * PATH_MAX + 64 };

struct snapshot_reader {
    FILE *in;
    uint64_t number; /* of the line */
    char line[SNAPSHOT_LINE];
};

/* Whether the file's runs, which follow, are to be summed up.  Its line begins
 * at that position. */
typedef bool snapshot_note(const char *path, int64_t size, off_t at, void *arg);

/* Check the whole of it, calling note for each file.  False at the first line
 * that is none, whose number is in the reader, and when interrupted. */
bool snapshot_check(struct snapshot_reader *r, snapshot_note *note, void *arg,
                    int64_t *total);

/* The next line; false at the end, and for one that is none. */
bool snapshot_line(struct snapshot_reader *r);

/* "file SIZE PATH": the path, which lies in the line, or NULL. */
const char *snapshot_file(char *line, int64_t *size);

/* "OFFSET LENGTH" */
bool snapshot_run(const char *line, int64_t *off, int64_t *len);

#endif /* TOOL_SNAPSHOT_FORMAT_H */
