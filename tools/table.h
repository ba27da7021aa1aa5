/* SPDX-License-Identifier: MIT */
/* Files, each on a line of its own. */
#ifndef TOOL_TABLE_H
#define TOOL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "files.h"
#include "options.h"
#include "screen.h"
#include "survey.h"
#include "who.h"

/* Cells that a bar has at most, and a map. */
enum { TABLE_MOST_CELLS = 128, TABLE_MAP_CELLS = 1024 };

struct table_range {
    int64_t off;
    int64_t len;
};

struct table_row {
    char *path;
    struct survey survey;
    unsigned char *levels; /* of the bar's cells */
    unsigned char *map;    /* of the map's cells */
    size_t map_cells;
    struct table_range *ranges; /* that are cached */
    size_t n;
    size_t room;
    const struct who *who; /* maps it; NULL: nobody, or it was not asked */
};

struct table {
    const struct tool_options *o;
    struct tool_screen screen;
    size_t cells; /* of each bar */
    bool keeps;   /* the rows, until they can be sorted and printed */
    bool headed;
    time_t time;  /* to begin the rows with, unless it is 0 */
    struct table_row *rows;
    size_t n;
    size_t room;
    struct survey sum;
    size_t files;
    size_t unknown;
};

void table_begin(struct table *t, const struct tool_options *o);

/* Look at a file, as tool_files() wants it, and show it or keep it. */
int table_visit(const struct tool_file *file, void *table);

/* Print what was kept as metrics. */
void table_print_metrics(struct table *t);

/* Sort what was kept, and print no more than so many lines of it. */
void table_print(struct table *t, size_t lines);

/* The line for all files. */
void table_total(struct table *t);

/* Forget the rows and the sums. */
void table_clear(struct table *t);

/* --- table_text.c: the table as text -------------------------------------- */

/* How many cells a bar has. */
size_t table_text_cells(const struct table *t);

/* A line for a file, below a heading. */
void table_text_row(struct table *t, const struct table_row *row);

/* That so many files more are not shown. */
void table_text_more(const struct table *t, size_t more);

/* What has lines of its own below the file's. */
void table_text_ranges(const struct table *t, const struct table_row *row);
void table_text_map(const struct table *t, const struct table_row *row);

/* Who maps the file. */
void table_text_who(const struct table *t, const struct table_row *row);

void table_text_total(struct table *t, const struct survey *sum);

/* --- table_json.c: the table for programs --------------------------------- */

void table_json_row(const struct table *t, const struct table_row *row);
void table_json_ranges(const struct table_row *row);
void table_json_total(const struct table *t, const struct survey *sum);

#endif /* TOOL_TABLE_H */
