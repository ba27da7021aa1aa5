/* SPDX-License-Identifier: MIT */
/* How much memory there is for files. */
#ifndef TOOL_MEMORY_H
#define TOOL_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What can be filled with pages of files before something else has to give way.
 * The machine has a number of its own; each memory control group that the
 * process is in may have a smaller one.
 */
struct memory {
    int64_t available; /* bytes; INT64_MAX if the system does not tell */
    int64_t cache;     /* of these, bytes that are filled with files now */
    int64_t group;     /* the limit of the group that leaves least, if a group
                        * leaves less than the machine does; else INT64_MAX */
    int64_t total;     /* what the machine has; INT64_MAX if it does not tell */
};

void memory_look(struct memory *memory);

/* Say on stderr, in one line, that so many bytes do not fit, of a file unless
 * path is NULL; verb is what was to be done with them. */
void memory_complain(const struct memory *memory, const char *path,
                     const char *verb, int64_t bytes, bool exact);

/* Say on standard error that so much is not there any more.  For those who
 * asked for no sums, or for JSON: an exit status of 1 needs a reason. */
void memory_complain_gone(int64_t bytes, bool exact);

#endif /* TOOL_MEMORY_H */
