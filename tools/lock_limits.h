/* SPDX-License-Identifier: MIT */
/* Which of the system's limits kept something from being locked. */
#ifndef TOOL_LOCK_LIMITS_H
#define TOOL_LOCK_LIMITS_H

#include <stdbool.h>
#include <stddef.h>

#include "held.h"

/* Say on stderr why what is wanted of a file could not be locked, error being
 * an errno.  True if a limit is reached, so that trying others is of no use. */
bool limits_blame(const char *path, const struct hold *want, int error);

/* Say, once, what has to be raised so that so many files can be locked, where
 * that depends on their number. */
void limits_explain(size_t files);

#endif /* TOOL_LOCK_LIMITS_H */
