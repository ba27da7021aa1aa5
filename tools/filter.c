/* SPDX-License-Identifier: MIT */
/*
 * Which of the files that were found are not meant.
 *
 * A pattern stands for the whole path, or for any end of it that follows a
 * slash, and "*" stands for slashes too, as in tar and du.  To try each end
 * with fnmatch() would take the square of the path's length.  But a pattern
 * without a star only matches ends that are about as long as itself.  And what
 * begins with a star matches all of what it matches the end of; so the first
 * place where the part before the star fits decides for all the others.
 */
#include "tool.h"
#include "filter.h"

#include <fnmatch.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* --- Patterns ------------------------------------------------------------- */

/* The bytes of an expression in brackets; an open one is a bracket. */
static size_t
bracket_length(const char *pattern)
{
    const char *p = pattern + 1;

    p += *p == '!' || *p == '^';
    p += *p == ']';
    while (*p != ']') {
        const char *end = NULL;

        if (*p == '\0')
            return 1;
        if (*p == '[' && (p[1] == ':' || p[1] == '.' || p[1] == '='))
            end = strstr(p + 2, (char[]){ p[1], ']', '\0' });
        if (end != NULL)
            p = end + 2;
        else
            p += *p == '\\' && p[1] != '\0' ? 2 : 1;
    }
    return (size_t)(p + 1 - pattern);
}

/* The bytes of a pattern before its first star.  It is matched by as many
 * characters at most. */
static size_t
head_length(const char *pattern)
{
    size_t n = 0;

    while (pattern[n] != '\0' && pattern[n] != '*') {
        if (pattern[n] == '[')
            n += bracket_length(pattern + n);
        else
            n += pattern[n] == '\\' && pattern[n + 1] != '\0' ? 2 : 1;
    }
    return n;
}

/* --- Paths ---------------------------------------------------------------- */

/* The next place in a path where a pattern may begin, or NULL. */
static const char *
next_start(const char *path)
{
    path = strchr(path, '/');
    return path != NULL ? path + strspn(path, "/") : NULL;
}

/* The bytes of so many characters; one that is invalid is a byte. */
static size_t
characters(const char *text, size_t n)
{
    mbstate_t state = { 0 };
    const char *end = text;

    for (; n > 0 && *end != '\0'; n--) {
        size_t bytes = mbrlen(end, MB_CUR_MAX, &state);

        if (bytes > MB_CUR_MAX) {
            bytes = 1;
            state = (mbstate_t){ 0 };
        }
        end += bytes;
    }
    return (size_t)(end - text);
}

/* --- Matching ------------------------------------------------------------- */

/* A pattern without a star, that so many characters match at most. */
static bool
matches_end(const char *pattern, size_t most, const char *path)
{
    size_t len = strlen(path);
    const char *end = path;

    most *= MB_CUR_MAX;
    if (len > most + 1)
        end = next_start(path + len - most - 1);
    while (end != NULL && fnmatch(pattern, end, 0) != 0)
        end = next_start(end);
    return end != NULL;
}

/* The first place where the head of a pattern fits, or NULL. */
static const char *
find_head(const char *pattern, size_t head, const char *path)
{
    size_t plain = strcspn(pattern, "*?[\\");
    char *to_star = strndup(pattern, head + 1);
    char *begin = malloc(head * MB_CUR_MAX + 1);

    if (to_star == NULL || begin == NULL)
        tool_no_memory();
    do {
        size_t n;

        if (strncmp(path, pattern, plain) != 0)
            continue;
        if (plain == head)
            break;
        n = characters(path, head);
        memcpy(begin, path, n);
        begin[n] = '\0';
        if (fnmatch(to_star, begin, 0) == 0)
            break;
    } while ((path = next_start(path)) != NULL);
    free(to_star);
    free(begin);
    return path;
}

static bool
matches(const char *pattern, const char *path)
{
    size_t head = head_length(pattern);

    if (pattern[head] == '\0')
        return matches_end(pattern, head, path);
    if (head > 0)
        path = find_head(pattern, head, path);
    return path != NULL && fnmatch(pattern, path, 0) == 0;
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
    char *copy, *slash;

    if (option != NULL || o->exclude.n == 0)
        return option;
    copy = strdup(path);
    if (copy == NULL)
        tool_no_memory();
    slash = strchr(copy + strspn(copy, "/"), '/');
    for (; slash != NULL && option == NULL; slash = strchr(slash + 1, '/')) {
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
