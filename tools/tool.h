/* SPDX-License-Identifier: MIT */
/* What the sources of the command share. */
#ifndef TOOL_H
#define TOOL_H

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "libmmapx.h"

/* Exit statuses. */
enum {
    TOOL_OK,
    TOOL_FAILED, /* of some file the answer is missing */
    TOOL_USAGE,
};

/* --- main.c: the subcommands, each with the arguments from its name on ---- */

int tool_status(int argc, char **argv);

/* Say on stderr what is wrong with the arguments, quoting name unless that is
 * NULL; where getopt has said it already, matter is NULL. */
int tool_usage(const char *matter, const char *name);

/* Say on stderr why nothing can be said of a file: error is an errno. */
int tool_failed(const char *path, int error);

/* --- screen.c: what standard output is, and how to write to it ------------ */

struct tool_screen {
    size_t columns; /* 0 unless it is a terminal */
    bool colour;
    bool utf8;
};

void tool_screen(struct tool_screen *screen);

/* Print a file's name, harmless to a terminal.  Returns the columns it takes;
 * a NULL stream prints nothing. */
size_t tool_name(FILE *out, const char *name);

/* A size such as "1.5G", or "1610612736" if it is to be exact. */
const char *tool_size(char buf[static 24], int64_t bytes, bool exact);

/* --- bar.c: where in a file something is ---------------------------------- */

enum { BAR_CELLS = 128 };

struct bar {
    int64_t len;             /* of the file, in bytes */
    int64_t filled;          /* bytes of it that were added */
    size_t cells;            /* at most BAR_CELLS */
    size_t cursor;           /* no cell before this one is added to again */
    int64_t fill[BAR_CELLS]; /* of each cell's bytes, how many were added */
};

void bar_init(struct bar *bar, int64_t len, size_t cells);

/* Add len bytes from off on.  The calls go forward through the file. */
void bar_add(struct bar *bar, int64_t off, int64_t len);

/* Print the bar, bar->cells + 2 columns wide. */
void bar_print(const struct bar *bar, const struct tool_screen *screen);

#endif /* TOOL_H */
