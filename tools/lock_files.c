/* SPDX-License-Identifier: MIT */
/* The files that are kept in memory, by their names. */
#include "tool.h"
#include "filter.h"
#include "identity.h"
#include "lock_files.h"
#include "open.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* Whether the name still leads to what is kept, in the way in which a look
 * goes.  What a snapshot names was seen unless it has gone. */
static bool
leads(const struct held *held, const struct tool_options *o)
{
    struct stat st;
    int handle;

    if (held->listed)
        return false;
    handle = open_look_below(held->path, held->root, o->follow, &st);
    if (handle < 0)
        return !open_is_gone(errno);
    close(handle);
    if (held->map.addr == NULL)
        return true;
    return held_is(held, &st)
           && (!S_ISREG(st.st_mode) || filter_size(o, st.st_size) == NULL);
}

/* Whether a file is added to those that are kept. */
static bool
add(void **kept, const struct held *held)
{
    struct stat st = { .st_dev = held->device, .st_ino = held->inode };

    return held->map.addr == NULL || identity_insert(kept, &st);
}

void
lock_files_drop(struct lock_files *files, const struct tool_options *o,
                unsigned look)
{
    void *kept = NULL;

    for (size_t i = files->n; i-- > 0;) {
        const struct held *held = files->all[i];

        if (held->look == look)
            continue;
        if (!leads(held, o)) {
            forget(files, i);
            continue;
        }
        /* A file with several names is seen by one of them. */
        for (size_t k = 0; kept == NULL && k < files->n; k++)
            if (files->all[k]->look == look)
                add(&kept, files->all[k]);
        if (!add(&kept, held))
            forget(files, i);
    }
    identity_free(&kept);
}

void
lock_files_free(struct lock_files *files)
{
    while (files->n > 0)
        forget(files, files->n - 1);
    free(files->all);
}
