/* SPDX-License-Identifier: MIT */
/* The files that are kept in memory, by their names. */
#include "tool.h"
#include "lock_files.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int
by_path(const void *a, const void *b)
{
    const struct held *x = a;
    const struct held *y = b;

    /* A file may be named and stand in a snapshot too. */
    if (x->listed != y->listed)
        return x->listed ? 1 : -1;
    return strcmp(x->path, y->path);
}

struct held *
lock_files_find(struct lock_files *files, const char *path, bool listed)
{
    struct held key = { .path = (char *)(uintptr_t)path, .listed = listed };
    struct held **found = tfind(&key, &files->tree, by_path);
    struct held *held;

    if (found != NULL)
        return *found;
    files->all = tool_grow(files->all, files->n, &files->room,
                           sizeof(struct held *));
    held = calloc(1, sizeof *held);
    if (held == NULL || (held->path = strdup(path)) == NULL)
        tool_no_memory();
    held->listed = listed;
    if (tsearch(held, &files->tree, by_path) == NULL)
        tool_no_memory();
    return files->all[files->n++] = held;
}

static void
forget(struct lock_files *files, size_t i)
{
    struct held *held = files->all[i];

    tdelete(held, &files->tree, by_path);
    held_release(held);
    free(held->path);
    free(held);
    files->all[i] = files->all[--files->n];
}

void
lock_files_drop(struct lock_files *files, unsigned look)
{
    struct stat st;

    for (size_t i = files->n; i-- > 0;)
        if (files->all[i]->look != look && lstat(files->all[i]->path, &st) < 0
            && (errno == ENOENT || errno == ENOTDIR))
            forget(files, i);
}

void
lock_files_free(struct lock_files *files)
{
    while (files->n > 0)
        forget(files, files->n - 1);
    free(files->all);
}
