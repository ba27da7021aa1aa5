/* SPDX-License-Identifier: MIT */
/* What has changed since the last look. */
#ifndef TOOL_CHANGE_H
#define TOOL_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "open.h"

/* What is cached of each file, by its identity. */
struct changes {
    struct change *before; /* ascending */
    size_t n_before;
    struct change *now;
    size_t n;
    size_t room;
    bool first; /* nothing was looked at before */
};

/* Begin a look: what was noted in the one that ends here is what changes are
 * from now on counted from. */
void changes_begin(struct changes *c);

/* Note what is cached of a file.  Returns how much more or less that is; what
 * was not there before has come. */
int64_t changes_add(struct changes *c, const struct tool_file *file,
                    int64_t cached);

void changes_free(struct changes *c);

#endif /* TOOL_CHANGE_H */
