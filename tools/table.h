/* SPDX-License-Identifier: MIT */
/* Files, each on a line of its own. */
#ifndef TOOL_TABLE_H
#define TOOL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "change.h"
#include "files.h"
#include "options.h"
#include "screen.h"
#include "sums.h"
#include "survey.h"
#include "who.h"

/* Cells of a bar, at most and where there is no terminal, and of a map. */
enum { TABLE_MOST_CELLS = 40, TABLE_PIPE_CELLS = 32, TABLE_MAP_CELLS = 1024 };

/* A bar is kept in so many parts until it is known how many cells it will have,
 * which is always a divisor of this. */
enum { TABLE_PARTS = 480 };

struct table_range {
    int64_t off;
    int64_t len;
};

struct table_row {
    char *path;
    struct survey survey;
    int64_t change;        /* of what is cached, since the last look */
    unsigned char *parts;  /* of the bar; NULL: they are alike */
    unsigned char *map;    /* of the map's cells */
    size_t map_cells;
    struct table_range *ranges; /* that are cached */
    size_t n;
    size_t room;
    const struct who *who; /* maps it; NULL: nobody, or it was not asked */
};

/* The columns of a line. */
struct table_layout {
    bool size;
    bool dirty;
    bool writeback;
    bool change;
    size_t cells; /* of the bar; 0: there is none */
    size_t name;  /* for the name; 0: as many as it takes */
};

struct table {
    const struct tool_options *o;
    struct tool_screen screen;
    size_t parts;       /* of each bar */
    bool keeps;         /* the rows, until they can be sorted and printed */
    enum tool_key sort; /* of those */
    size_t limit;       /* no more of them are needed; 0: all */
    struct table_layout layout;
    bool laid_out;
    size_t longest; /* columns of a name that it is for */
    double held_since; /* when the first of the rows came that are held back */
    struct changes *changes; /* since the look before; or NULL */
    bool wants_dirty; /* these columns, also if nothing is */
    bool wants_writeback;
    bool on_screen; /* which is written over, and has so many lines left */
    size_t lines;
    bool headed;
    time_t time;  /* to begin the rows with, unless it is 0 */
    struct table_row *rows;
    size_t n;
    size_t room;
    struct sums sums; /* of all files that were looked at */
    int64_t change; /* of all rows */
};

void table_begin(struct table *t, const struct tool_options *o);

/* Look at a file, as tool_files_ahead() wants both, before its turn, and at its
 * turn; then show it or keep it. */
void table_begin_file(const struct tool_file *file, void *table);
int table_visit(const struct tool_file *file, void *table);

/* Print what was kept as metrics. */
void table_print_metrics(struct table *t);

/* Sort what was kept, and print a heading and so many lines of it at most.
 * Returns how many. */
size_t table_show(struct table *t, size_t lines);

/* The same, and in the end how many more there are. */
void table_print(struct table *t, size_t lines);

/* The line for all files. */
void table_total(struct table *t);

/* Forget the rows and the sums. */
void table_clear(struct table *t);

/* --- table_rows.c: rows that are kept ------------------------------------- */

/* Keep a row; what it points to is the table's from now on. */
void table_keep(struct table *t, struct table_row *row);

/* In the order that is asked for, no more of them than are needed. */
void table_sort(struct table *t);

/* Free what a row points to, its path excepted. */
void table_free_row(struct table_row *row);

/* Free the rows from one on. */
void table_free_rows(struct table *t, size_t from);

/* --- table_layout.c: how wide the columns are ----------------------------- */

/* Columns of a number of bytes, and of what is being written back. */
int table_width(const struct table *t);
int table_writeback_width(const struct table *t);

/* Choose the columns for the first n of the rows. */
void table_lay_out(struct table *t, size_t n);

/* Add the columns that a row needs besides, below a new heading. */
void table_widen(struct table *t, const struct table_row *row);

/* The levels of a row's bar, as many as the layout has cells. */
void table_levels(const struct table *t, const struct table_row *row,
                  unsigned char *levels);

/* --- table_text.c: the table as text -------------------------------------- */

/* A line for a file, below a heading. */
void table_text_row(struct table *t, const struct table_row *row);

/* The heading, unless there was one. */
void table_text_head(struct table *t);

/* That so many files more are not shown. */
void table_text_more(struct table *t, size_t more);

/* The end of a line. */
void table_text_end(struct table *t);

/* What has lines of its own below the file's. */
void table_text_ranges(struct table *t, const struct table_row *row);
void table_text_map(const struct table *t, const struct table_row *row);

/* Who maps the file. */
void table_text_who(struct table *t, const struct table_row *row);

void table_text_total(struct table *t, const struct survey *sum);

/* --- table_json.c: the table for programs --------------------------------- */

void table_json_row(const struct table *t, const struct table_row *row);
void table_json_ranges(const struct table_row *row);
void table_json_total(const struct table *t, const struct survey *sum);

#endif /* TOOL_TABLE_H */
