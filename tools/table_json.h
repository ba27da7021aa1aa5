/* SPDX-License-Identifier: MIT */
/* The numbers of a file, or of several, for programs. */
#ifndef TOOL_TABLE_JSON_H
#define TOOL_TABLE_JSON_H

#include "json.h"
#include "survey.h"

json_t *table_json_survey(const struct survey *s);

#endif /* TOOL_TABLE_JSON_H */
