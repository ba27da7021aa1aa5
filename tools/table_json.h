/* SPDX-License-Identifier: MIT */
/* The numbers of a file, or of several, for programs. */
#ifndef TOOL_TABLE_JSON_H
#define TOOL_TABLE_JSON_H

#include "json.h"
#include "survey.h"
#include "who.h"

json_t *table_json_survey(const struct survey *s);

/* Processes as a list; who can be NULL. */
json_t *table_json_who(const struct who *who);

#endif /* TOOL_TABLE_JSON_H */
