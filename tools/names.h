/* SPDX-License-Identifier: MIT */
/* Names of files that end with a NUL each, from a file or standard input. */
#ifndef TOOL_NAMES_H
#define TOOL_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct names {
    FILE *in;
    FILE *copy; /* that is made of them, or NULL */
    char *name; /* the one that was read last */
    size_t room;
    int error; /* an errno, once they could not be read or copied */
};

/* Whatever can be read only once is copied from now on while it is read, into a
 * file without a name, so that it can be read again. */
void names_keep(void);

/* Begin with the first name; "-" is standard input.  False, and error, if that
 * is not possible. */
bool names_begin(struct names *names, const char *from);

/* Read the next name.  False at the end. */
bool names_next(struct names *names);

void names_end(struct names *names);

#endif /* TOOL_NAMES_H */
