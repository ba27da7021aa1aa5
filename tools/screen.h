/* SPDX-License-Identifier: MIT */
/* Terminals, and how to write to them. */
#ifndef TOOL_SCREEN_H
#define TOOL_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "options.h"

struct tool_screen {
    FILE *stream;
    size_t columns; /* 0 unless it is a terminal that can be written over */
    size_t rows;
    bool colour;
    bool utf8;
};

void tool_screen_of(struct tool_screen *screen, FILE *stream,
                    enum tool_when colour);

/* Whether a stream is a terminal that can be written over. */
bool tool_can_draw(FILE *stream);

/* Whether a character of n bytes is printed as it is, which does no harm. */
bool tool_is_shown(const char *character, size_t n);

/* Print a file's name, harmless to a terminal.  Returns the columns it takes;
 * a NULL stream prints nothing. */
size_t tool_name(FILE *out, const char *name);

/* As much of a name as there is room for, its end. */
void tool_name_end(FILE *out, const char *name, size_t columns);

/* A name in no more than so many columns, cut in the middle: who looks for a
 * file knows it by both ends.  0 columns: all of it. */
void tool_name_cut(const struct tool_screen *screen, const char *name,
                   size_t columns);

/* Begin and end a colour, by its SGR number, where there are colours. */
void tool_paint(const struct tool_screen *screen, int colour);
void tool_unpaint(const struct tool_screen *screen);

enum { TOOL_BOLD = 1, TOOL_GREEN = 32, TOOL_YELLOW = 33, TOOL_BLUE = 34 };

/* End a line of standard output. */
void tool_end_line(void);

/* A size such as "1.5G", or "1610612736" if it is to be exact. */
const char *tool_size(char buf[static 24], int64_t bytes, bool exact);

#endif /* TOOL_SCREEN_H */
