/* SPDX-License-Identifier: MIT */
/* Numbers that the system tells in files of text. */
#ifndef TOOL_NUMBERS_H
#define TOOL_NUMBERS_H

#include <stddef.h>
#include <stdint.h>

/* The number behind a key, at the beginning of the first line that has it, or
 * -1 if that is none.  An empty key means the first line. */
int64_t number_in(const char *path, const char *key, int base);

/* A decimal number, and the key that it is found by in the same way. */
struct number {
    const char *key;
    int64_t *value;
};

/* Read a file once for n numbers, which are all of one moment. */
void numbers_in(const char *path, const struct number *numbers, size_t n);

/* How many lines a file has; 0 if it cannot be read. */
size_t lines_in(const char *path);

#endif /* TOOL_NUMBERS_H */
