/* SPDX-License-Identifier: MIT */
/* The commands.  Each returns an exit status. */
#ifndef TOOL_COMMANDS_H
#define TOOL_COMMANDS_H

#include "options.h"

int tool_status(const struct tool_options *o);
int tool_top(const struct tool_options *o);
int tool_watch(const struct tool_options *o);
int tool_load(const struct tool_options *o);
int tool_evict(const struct tool_options *o);
int tool_lock(const struct tool_options *o);
int tool_snapshot(const struct tool_options *o);
int tool_restore(const struct tool_options *o);

#endif /* TOOL_COMMANDS_H */
