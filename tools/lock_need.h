/* SPDX-License-Identifier: MIT */
/* How much memory it takes to lock files, before one is locked. */
#ifndef TOOL_LOCK_NEED_H
#define TOOL_LOCK_NEED_H

#include "lock_list.h"
#include "memory.h"
#include "options.h"

struct lock_need {
    int64_t bytes;  /* of all files */
    int64_t needed; /* memory for them, at most */
};

/* Go through all files that are to be locked. */
struct lock_need lock_need(const struct tool_options *o,
                           const struct lock_list *list);

/* Whether all of them fit; if not, both numbers are said.  What is in memory
 * already is looked at if that may make a difference. */
bool lock_all_fit(const struct tool_options *o, const struct lock_list *list,
                  const struct lock_need *all, struct memory *memory);

#endif /* TOOL_LOCK_NEED_H */
