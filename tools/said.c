/* SPDX-License-Identifier: MIT */
/* What was said of files already, where files are looked at again and again. */
#include "tool.h"
#include "said.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

struct said {
    char *path;
    int error;
    unsigned look; /* that has met it last */
};

static void *tree; /* by path */
static unsigned current;
static bool again; /* complaints are said */

static int
by_path(const void *a, const void *b)
{
    const struct said *x = a;
    const struct said *y = b;

    return strcmp(x->path, y->path);
}

static struct said *
find(const char *path)
{
    struct said key = { .path = (char *)(uintptr_t)path };
    struct said **found = tfind(&key, &tree, by_path);
    struct said *said;

    if (found != NULL)
        return *found;
    said = calloc(1, sizeof *said);
    if (said == NULL || (said->path = strdup(path)) == NULL
        || tsearch(said, &tree, by_path) == NULL)
        tool_no_memory();
    return said;
}

void
said_next_look(bool complains_again)
{
    again = complains_again;
    current++;
}

bool
said_before(const char *path, int error)
{
    struct said *said;
    bool before;

    if (current == 0 || (again && error != TOOL_LEFT_OUT))
        return false;
    said = find(path);
    before = said->error == error && current - said->look <= 1;
    said->error = error;
    said->look = current;
    return before;
}

void
said_forget(void)
{
    while (tree != NULL) {
        struct said *said = *(struct said **)tree;

        tdelete(said, &tree, by_path);
        free(said->path);
        free(said);
    }
    current = 0;
}
