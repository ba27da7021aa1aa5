/* SPDX-License-Identifier: MIT */
/* What was complained of already, where files are looked at again and again. */
#ifndef TOOL_SAID_H
#define TOOL_SAID_H

#include <stdbool.h>

/* From now on complaints belong to another look. */
void said_next_look(void);

/* Whether this was also wrong with the path in this look or the one before.
 * False without looks. */
bool said_before(const char *path, int error);

void said_forget(void);

#endif /* TOOL_SAID_H */
