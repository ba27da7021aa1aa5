/* SPDX-License-Identifier: MIT */
/* A line on the terminal that says how far the work is. */
#ifndef TOOL_PROGRESS_H
#define TOOL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "options.h"
#include "screen.h"

struct progress {
    bool shown; /* on a terminal, unless it is not wanted */
    struct tool_screen screen;
    const char *verb;
    int64_t total; /* bytes; -1: not known */
    int64_t done;
    double began; /* seconds */
    double drawn; /* when, in seconds */
};

void progress_begin(struct progress *p, const struct tool_options *o,
                    const char *verb, int64_t total);

/* So many more bytes are done. */
void progress_add(struct progress *p, const char *path, int64_t bytes);

/* Take it off the screen, if it is there. */
void progress_hide(void);

#endif /* TOOL_PROGRESS_H */
