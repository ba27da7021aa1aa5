/* SPDX-License-Identifier: MIT */
/* File systems whose files are texts that the system makes up: /proc, /sys and
 * their like.  They have no page cache, and most of them cannot be mapped. */
#ifndef TOOL_PSEUDO_H
#define TOOL_PSEUDO_H

#include <stddef.h>

/* Those that a walk has met and left out; the first few have names here. */
enum { PSEUDO_NAMES = 5 };

struct pseudo {
    char *names[PSEUDO_NAMES];
    size_t n;
};

void pseudo_add(struct pseudo *p, const char *path);

/* Say on stderr, once in a program and in one line, which were left out. */
void pseudo_say(const struct pseudo *p);

void pseudo_free(struct pseudo *p);

#endif /* TOOL_PSEUDO_H */
