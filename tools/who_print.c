/* SPDX-License-Identifier: MIT */
/* Processes, as a line lists them. */
#include "tool.h"
#include "screen.h"
#include "who.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static size_t
print_text(FILE *out, const char *text)
{
    if (out != NULL)
        fputs(text, out);
    return strlen(text);
}

size_t
who_print(FILE *out, const struct who *who, size_t named)
{
    size_t columns = 0;
    char text[48];

    for (size_t i = 0; i < named; i++) {
        columns += print_text(out, i == 0 ? "" : ", ");
        columns += tool_name(out, who->list[i]->name);
        snprintf(text, sizeof text, " (%jd)", (intmax_t)who->list[i]->pid);
        columns += print_text(out, text);
    }
    if (named < who->n) {
        snprintf(text, sizeof text, named > 0 ? " and %zu more"
                                              : "%zu processes",
                 who->n - named);
        columns += print_text(out, text);
    }
    return columns;
}

size_t
who_fitting(const struct who *who, size_t most, size_t columns)
{
    size_t named = who->n < most ? who->n : most;

    /* None takes less than a column. */
    if (columns > 0 && named > columns)
        named = columns;
    while (columns > 0 && named > 0 && who_print(NULL, who, named) > columns)
        named--;
    return named;
}
