/* SPDX-License-Identifier: MIT */
/* Sets of files, as trees that tsearch(3) keeps. */
#include "tool.h"
#include "identity.h"

#include <fcntl.h>
#include <search.h>
#include <stdlib.h>

struct timespec
identity_birth(int fd)
{
#ifdef STATX_BTIME
    struct statx sx;

    if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &sx) == 0
        && (sx.stx_mask & STATX_BTIME) != 0)
        return (struct timespec){ (time_t)sx.stx_btime.tv_sec,
                                  (long)sx.stx_btime.tv_nsec };
#else
    (void)fd;
#endif
    return (struct timespec){ 0 };
}

int
identity_compare(const void *a, const void *b)
{
    const struct identity *x = a;
    const struct identity *y = b;

    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    return x->inode < y->inode ? -1 : x->inode > y->inode;
}

bool
identity_insert(void **tree, const struct stat *st)
{
    struct identity *id = malloc(sizeof *id);
    struct identity **found;

    if (id == NULL)
        tool_no_memory();
    *id = (struct identity){ st->st_dev, st->st_ino };
    found = tsearch(id, tree, identity_compare);
    if (found == NULL)
        tool_no_memory();
    if (*found != id)
        free(id);
    return *found == id;
}

void
identity_delete(void **tree, const struct identity *id)
{
    struct identity **found = tfind(id, tree, identity_compare);
    struct identity *old = found != NULL ? *found : NULL;

    if (old != NULL)
        tdelete(old, tree, identity_compare);
    free(old);
}

void
identity_free(void **tree)
{
    while (*tree != NULL)
        identity_delete(tree, *(struct identity **)*tree);
}
