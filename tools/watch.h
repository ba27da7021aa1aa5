/* SPDX-License-Identifier: MIT */
/* mmapx watch on a terminal. */
#ifndef TOOL_WATCH_H
#define TOOL_WATCH_H

#include "options.h"

/* Returns an exit status. */
int watch_screen(const struct tool_options *o);

#endif /* TOOL_WATCH_H */
