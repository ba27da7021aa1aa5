/* SPDX-License-Identifier: MIT */
/* A file that is written whole or not at all. */
#ifndef TOOL_OUTPUT_H
#define TOOL_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

struct output {
    FILE *stream;
    char *path;     /* that it is to have in the end */
    char *new_name; /* that it has until then; NULL: it is written through */
    bool nameless;  /* it has none yet, and gets that one at the end */
    struct stat id; /* of what is written to */
    bool replaces;  /* a file that was there before */
    struct stat old; /* that one's */
};

/* What the name of a new file has behind the one that it replaces, with as many
 * random characters at its end. */
#define OUTPUT_SUFFIX ".mmapx-XXXXXX"
enum { OUTPUT_RANDOM = 6 };

/* Begin to write.  A regular file is replaced when all is written, and what is
 * anything else is written through.  Returns 0 or an errno. */
int output_open(struct output *out, const char *path);

/* End it, and put the new file into its place if it is good.  Returns 0 or the
 * first errno. */
int output_close(struct output *out, bool good);

/* --- output_target.c ------------------------------------------------------ */

struct output_target {
    char *path;   /* where the last link leads, allocated */
    bool is_open; /* the system calls an open file so */
    int fd;       /* its descriptor, or -1: another process has it */
};

/* Find out where a link leads. */
void output_find_target(struct output_target *t, const char *path);

#endif /* TOOL_OUTPUT_H */
