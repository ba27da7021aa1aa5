/* SPDX-License-Identifier: MIT */
/* What was said of files already, where files are looked at again and again. */
#ifndef TOOL_SAID_H
#define TOOL_SAID_H

#include <stdbool.h>

/* From now on what is said belongs to another look.  Complaints are said once
 * while they last, or in each look. */
void said_next_look(bool complains_again);

/* Whether this was also wrong with the path in this look or the one before, and
 * is not to be said again.  False without looks. */
bool said_before(const char *path, int error);

void said_forget(void);

#endif /* TOOL_SAID_H */
