/* SPDX-License-Identifier: MIT */
/* Which of the files that were found are not meant. */
#ifndef TOOL_FILTER_H
#define TOOL_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "options.h"

/* The option that leaves a name out, or NULL.  A pattern stands for the whole
 * path, or for any end of it that follows a slash.  What is included are files;
 * directories are gone through for them. */
const char *filter_name(const struct tool_options *o, const char *path,
                        bool is_directory);

/* The same for a file that was found in no directory: those in which it lies
 * count too. */
const char *filter_path(const struct tool_options *o, const char *path);

/* The option that leaves a file of so many bytes out, or NULL. */
const char *filter_size(const struct tool_options *o, int64_t size);

#endif /* TOOL_FILTER_H */
