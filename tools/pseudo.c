/* SPDX-License-Identifier: MIT */
/* File systems whose files are texts that the system makes up. */
#include "tool.h"
#include "progress.h"
#include "pseudo.h"
#include "screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
void
pseudo_add(struct pseudo *p, const char *path)
{
    if (p->n < PSEUDO_NAMES) {
        p->names[p->n] = strdup(path);
        if (p->names[p->n] == NULL)
            tool_no_memory();
    }
    p->n++;
}

void
pseudo_say(const struct pseudo *p)
{
    static bool said; /* by a look before this one */
    size_t named = p->n < PSEUDO_NAMES ? p->n : PSEUDO_NAMES;

    if (p->n == 0 || said || tool_is_diverted())
        return;
    said = true;
    progress_hide();
    tool_flush();
    fputs("mmapx: left out ", stderr);
    for (size_t i = 0; i < named; i++) {
        fputs(i == 0 ? "" : i + 1 == p->n ? " and " : ", ", stderr);
        tool_name(stderr, p->names[i]);
    }
    if (named < p->n)
        fprintf(stderr, " and %zu more", p->n - named);
    fputs(": pseudo file systems; name one to look into it\n",
          stderr);
}

void
pseudo_free(struct pseudo *p)
{
    for (size_t i = 0; i < p->n && i < PSEUDO_NAMES; i++)
        free(p->names[i]);
    p->n = 0;
}
