/* SPDX-License-Identifier: MIT */
/* Sizes and ranges as people write them. */
#include "tool.h"
#include "units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char suffixes[] = "KMGTPE";

/* A size up to the end of a text or to a character that ends it. */
static bool
parse(const char *text, char end, int64_t *bytes)
{
    char *rest;
    uintmax_t n;
    const char *suffix;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    n = strtoumax(text, &rest, 10);
    if (errno != 0 || n > INT64_MAX)
        return false;
    suffix = *rest != '\0' ? strchr(suffixes, *rest) : NULL;
    if (suffix != NULL) {
        unsigned shift = 10 * (unsigned)(suffix - suffixes + 1);

        if (n > (uintmax_t)INT64_MAX >> shift)
            return false;
        n <<= shift;
        rest++;
    }
    *bytes = (int64_t)n;
    return *rest == end;
}

bool
tool_parse_size(const char *text, int64_t *bytes)
{
    return parse(text, '\0', bytes);
}

bool
tool_parse_range(const char *text, int64_t *off, int64_t *len)
{
    const char *colon = strchr(text, ':');

    *off = 0;
    *len = -1;
    if (colon == NULL)
        return false;
    if (colon != text && !parse(text, ':', off))
        return false;
    if (colon[1] != '\0' && !parse(colon + 1, '\0', len))
        return false;
    return *len <= INT64_MAX - *off;
}

const char *
tool_exact_size(char buf[static 24], int64_t bytes)
{
    const char *next = suffixes;
    char suffix[2] = "";

    while (*next != '\0' && bytes != 0 && bytes % 1024 == 0) {
        bytes /= 1024;
        suffix[0] = *next++;
    }
    snprintf(buf, 24, "%" PRId64 "%s", bytes, suffix);
    return buf;
}
