/* SPDX-License-Identifier: MIT */
/* Which of the files that were found are not meant. */
#include "tool.h"
#include "filter.h"

#include <fnmatch.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* As tar and du take patterns: they may begin behind any slash, and "*" stands
 * for slashes too. */
static bool
matches(const char *pattern, const char *path)
{
    while (fnmatch(pattern, path, 0) != 0) {
        path = strchr(path, '/');
        if (path == NULL)
            return false;
        path += strspn(path, "/");
    }
    return true;
}

static bool
matches_any(const struct tool_words *patterns, const char *path)
{
    for (size_t i = 0; i < patterns->n; i++)
        if (matches(patterns->list[i], path))
            return true;
    return false;
}

const char *
filter_name(const struct tool_options *o, const char *path, bool is_directory)
{
    if (matches_any(&o->exclude, path))
        return "--exclude";
    if (o->include.n > 0 && !is_directory && !matches_any(&o->include, path))
        return "--include";
    return NULL;
}

const char *
filter_path(const struct tool_options *o, const char *path)
{
    const char *option = filter_name(o, path, false);
    char *copy = option == NULL && o->exclude.n > 0 ? strdup(path) : NULL;
    char *slash = copy;

    if (option == NULL && o->exclude.n > 0 && copy == NULL)
        tool_no_memory();
    while (slash != NULL && option == NULL) {
        slash = strchr(slash + 1, '/');
        if (slash == NULL)
            break;
        *slash = '\0';
        option = filter_name(o, copy, true);
        *slash = '/';
    }
    free(copy);
    return option;
}

const char *
filter_size(const struct tool_options *o, int64_t size)
{
    return o->max_size >= 0 && size > o->max_size ? "--max-size" : NULL;
}
