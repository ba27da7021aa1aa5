/* SPDX-License-Identifier: MIT */
/* What has changed since the last look. */
#include "tool.h"
#include "change.h"
#include "identity.h"

#include <stdlib.h>

struct change {
    struct identity id;
    int64_t cached;
};

void
changes_begin(struct changes *c)
{
    free(c->before);
    c->first = c->now == NULL;
    c->before = c->now;
    c->n_before = c->n;
    if (c->before != NULL)
        qsort(c->before, c->n, sizeof *c->before, identity_compare);
    c->now = NULL;
    c->n = c->room = 0;
}

int64_t
changes_add(struct changes *c, const struct tool_file *file, int64_t cached)
{
    struct change key = { { file->device, file->inode }, cached };
    const struct change *before = NULL;

    c->now = tool_grow(c->now, c->n, &c->room, sizeof *c->now);
    c->now[c->n++] = key;
    if (c->first)
        return 0;
    if (c->n_before > 0)
        before = bsearch(&key, c->before, c->n_before, sizeof key,
                         identity_compare);
    return cached - (before != NULL ? before->cached : 0);
}

void
changes_free(struct changes *c)
{
    free(c->before);
    free(c->now);
    *c = (struct changes){ 0 };
}
