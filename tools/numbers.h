/* SPDX-License-Identifier: MIT */
/* Numbers that the system tells in files of text. */
#ifndef TOOL_NUMBERS_H
#define TOOL_NUMBERS_H

#include <stddef.h>
#include <stdint.h>

/* The number behind a key, at the beginning of the first line that has it, or
 * -1 if that is none.  An empty key means the first line. */
int64_t number_in(const char *path, const char *key, int base);

/* How many lines a file has; 0 if it cannot be read. */
size_t lines_in(const char *path);

#endif /* TOOL_NUMBERS_H */
