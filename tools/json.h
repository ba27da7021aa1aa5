/* SPDX-License-Identifier: MIT */
/* Output for programs: one JSON object a line.  Only those who include this
 * need Jansson. */
#ifndef TOOL_JSON_H
#define TOOL_JSON_H

#include <jansson.h>

/* A path as JSON: a string, or {"bytes": base64} if it is no UTF-8. */
json_t *json_path(const char *path);

/* Print an object as one line and give it up. */
void json_line(json_t *object);

#endif /* TOOL_JSON_H */
