/* SPDX-License-Identifier: MIT */
/* The largest of many, without keeping the others. */
#ifndef TOOL_LARGEST_H
#define TOOL_LARGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "survey.h"

/* A file, or the sum of several. */
struct largest_row {
    char *name;
    struct survey survey;
    uint64_t files; /* of a sum */
    pid_t pid;      /* of a process */
};

/* Those of which most is in memory, as a heap; the least is on top. */
struct largest {
    size_t most;
    size_t n;
    size_t room;
    struct largest_row *rows;
};

/* Add a row, whose name is copied, if it is one of the largest. */
void largest_add(struct largest *l, const struct largest_row *row);

/* Add all rows of another one, which is empty then. */
void largest_move(struct largest *l, struct largest *from);

/* Largest first; nothing can be added afterwards. */
void largest_sort(struct largest *l);

void largest_free(struct largest *l);

#endif /* TOOL_LARGEST_H */
