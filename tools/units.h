/* SPDX-License-Identifier: MIT */
/* Sizes as people write them. */
#ifndef TOOL_UNITS_H
#define TOOL_UNITS_H

#include <stdbool.h>
#include <stdint.h>

/* "12", "4K", "1M", "2G", "1T".  False if it is none, or too large. */
bool tool_parse_size(const char *text, int64_t *bytes);

/* "OFFSET:LENGTH", either of which may be left out. */
bool tool_parse_range(const char *text, int64_t *off, int64_t *len);

/* A number of bytes such that tool_parse_size() gets it back exactly. */
const char *tool_exact_size(char buf[static 24], int64_t bytes);

#endif /* TOOL_UNITS_H */
