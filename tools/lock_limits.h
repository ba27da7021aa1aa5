/* SPDX-License-Identifier: MIT */
/* Which of the system's limits kept something from being locked. */
#ifndef TOOL_LOCK_LIMITS_H
#define TOOL_LOCK_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "held.h"

/* Say on stderr why what is wanted of a file could not be locked, error being
 * an errno.  True if a limit is reached, so that trying others is of no use. */
bool limits_blame(const char *path, const struct hold *want, int error);

/* Say to what the limit that was reached has to be raised, so that so many
 * files, of so many bytes in whole pages, can be locked. */
void limits_explain(size_t files, int64_t needed);

#endif /* TOOL_LOCK_LIMITS_H */
