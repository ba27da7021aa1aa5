/* SPDX-License-Identifier: MIT */
/* What is wrong with an option, and what would be right. */
#ifndef TOOL_OPTION_ERROR_H
#define TOOL_OPTION_ERROR_H

#include <stdbool.h>

#include "option_table.h"

/* Complain of the matter, of a name, which is quoted, and say what would be
 * right; one or both can be NULL.  Returns TOOL_USAGE. */
int option_usage(enum tool_command command, const char *matter,
                 const char *name, const char *right);

/* Complain of an option that the command does not have. */
int option_none(enum tool_command command, const char *name);

/* Whether an argument that was taken for the short form of a row's name is
 * other commands' option in full, which is complained of. */
bool option_is_of_others(enum tool_command command,
                         const struct option_row *row, const char *argument);

#endif /* TOOL_OPTION_ERROR_H */
