/* SPDX-License-Identifier: MIT */
/* Output for programs: one JSON object a line. */
#include "tool.h"
#include "json.h"
#include "screen.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* RFC 4648. */
static char *
base64(const unsigned char *bytes, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/=";
    char *text = malloc((n + 2) / 3 * 4 + 1);
    char *out = text;

    if (text == NULL)
        tool_no_memory();
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        uint32_t group = (uint32_t)bytes[i] << 16
                         | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0)
                         | (left > 2 ? bytes[i + 2] : 0u);

        *out++ = digits[group >> 18];
        *out++ = digits[group >> 12 & 63];
        *out++ = digits[left > 1 ? group >> 6 & 63 : 64];
        *out++ = digits[left > 2 ? group & 63 : 64];
    }
    *out = '\0';
    return text;
}

json_t *
json_path(const char *path)
{
    json_t *json = json_string(path); /* NULL if it is no UTF-8 */
    char *text;

    if (json != NULL)
        return json;
    text = base64((const unsigned char *)path, strlen(path));
    json = json_pack("{s:s}", "bytes", text);
    free(text);
    return json;
}

void
json_line(json_t *object)
{
    if (object == NULL)
        tool_no_memory();
    json_dumpf(object, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
    tool_end_line();
    json_decref(object);
}
