/* SPDX-License-Identifier: MIT */
/* What options take: reading it, and what would be right. */
#include "tool.h"
#include "option_table.h"
#include "units.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool
parse_count(const char *text, uint64_t most, uint64_t *number)
{
    char *rest;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    *number = strtoull(text, &rest, 10);
    return errno == 0 && *rest == '\0' && *number > 0 && *number <= most;
}

static bool
parse_seconds(const char *text, double *seconds)
{
    char *rest;

    *seconds = strtod(text, &rest);
    return rest != text && *rest == '\0' && isfinite(*seconds)
           && *seconds >= 0.1 && *seconds <= 1e6;
}

static int64_t
end_of(const struct tool_range *r)
{
    return r->len == -1 ? INT64_MAX : r->off + r->len;
}

static bool
touch(const struct tool_range *a, const struct tool_range *b)
{
    return a->off <= end_of(b) && b->off <= end_of(a);
}

static struct tool_range
joined(const struct tool_range *a, const struct tool_range *b)
{
    int64_t off = a->off < b->off ? a->off : b->off;
    int64_t end = end_of(a) > end_of(b) ? end_of(a) : end_of(b);

    return (struct tool_range){ off, end == INT64_MAX ? -1 : end - off };
}

static int
by_offset(const void *a, const void *b)
{
    const struct tool_range *x = a;
    const struct tool_range *y = b;

    return x->off < y->off ? -1 : x->off > y->off;
}

/* The index of a word in a list that ends with NULL, or -1. */
static int
index_of(const char *word, const char *const *words)
{
    for (int i = 0; words[i] != NULL; i++)
        if (strcmp(word, words[i]) == 0)
            return i;
    return -1;
}

static bool
add_pid(struct tool_pids *pids, const char *text)
{
    uint64_t pid;

    if (!parse_count(text, INT32_MAX, &pid))
        return false;
    pids->list = realloc(pids->list, (pids->n + 1) * sizeof *pids->list);
    if (pids->list == NULL)
        tool_no_memory();
    pids->list[pids->n++] = (pid_t)pid;
    return true;
}

/* Add a range, which can lie anywhere among the others, and join those that
 * touch: a byte is meant once. */
static bool
add_range(struct tool_ranges *ranges, const char *text)
{
    struct tool_range new;
    struct tool_range *list;
    size_t kept = 0;

    if (!tool_parse_range(text, &new.off, &new.len))
        return false;
    list = malloc((ranges->n + 1) * sizeof *list);
    if (list == NULL)
        tool_no_memory();
    for (size_t i = 0; i < ranges->n; i++) {
        struct tool_range *r = &ranges->list[i];

        if (!touch(r, &new))
            list[kept++] = *r;
        else
            new = joined(r, &new);
    }
    list[kept++] = new;
    qsort(list, kept, sizeof *list, by_offset);
    free(ranges->list);
    *ranges = (struct tool_ranges){ list, kept };
    return true;
}

static bool
parse_depth(struct tool_depth *depth, const char *text)
{
    uint64_t number = SIZE_MAX;

    depth->given = true;
    if (text != NULL && strcmp(text, "0") == 0)
        number = 0;
    else if (text != NULL && !parse_count(text, SIZE_MAX, &number))
        return false;
    depth->depth = (size_t)number;
    return true;
}

static bool
add_word(struct tool_words *words, const char *word)
{
    words->list = realloc(words->list, (words->n + 1) * sizeof *words->list);
    if (words->list == NULL)
        tool_no_memory();
    words->list[words->n++] = word;
    return *word != '\0';
}

/* What is one of some words. */
static bool
store_word(void *place, enum option_kind kind, const char *word)
{
    static const char *const keys[] = { "",     "cached", "size",
                                        "name", "dirty",  "percent", NULL };
    static const char *const whens[] = { "auto", "always", "never", NULL };
    static const char *const bys[] = { "file", "process", NULL };
    int i;

    if (kind == OPTION_SORT) {
        i = index_of(word, keys);
        *(enum tool_key *)place = (enum tool_key)i;
        return i > 0;
    }
    if (kind == OPTION_BY) {
        i = index_of(word, bys);
        *(enum tool_by *)place = (enum tool_by)i;
    } else {
        i = index_of(word, whens);
        *(enum tool_when *)place = (enum tool_when)i;
    }
    return i >= 0;
}

static bool
parse_files(size_t *files, const char *text)
{
    uint64_t number = 0;
    bool valid = parse_count(text, SIZE_MAX / 4, &number);

    *files = (size_t)number;
    return valid;
}

bool
option_store(struct tool_options *o, const struct option_row *row,
             const char *argument)
{
    void *place = (char *)o + row->place;

    switch (row->kind) {
    case OPTION_HELP:
        return true;
    case OPTION_FLAG:
        return *(bool *)place = true;
    case OPTION_SORT:
    case OPTION_COLOUR:
    case OPTION_BY:
        return store_word(place, row->kind, argument);
    case OPTION_FILES:
        return parse_files(place, argument);
    case OPTION_LOOKS:
        return parse_count(argument, UINT64_MAX, place);
    case OPTION_SECONDS:
        return parse_seconds(argument, place);
    case OPTION_SIZE:
        return tool_parse_size(argument, place);
    case OPTION_RANGE:
        return add_range(place, argument);
    case OPTION_PATTERN:
        return add_word(place, argument);
    case OPTION_NAME:
        *(const char **)place = argument;
        return true;
    case OPTION_PID:
        return add_pid(place, argument);
    case OPTION_DEPTH:
        return parse_depth(place, argument);
    }
    return false;
}

const char *
option_right(enum option_kind kind)
{
    static const char *const right[] = {
        [OPTION_SORT] = "cached, size, percent, dirty or name",
        [OPTION_COLOUR] = "always, never or auto",
        [OPTION_FILES] = "a number from 1 on",
        [OPTION_LOOKS] = "a number from 1 on",
        [OPTION_SECONDS] = "from 0.1 to 1000000",
        [OPTION_SIZE] = "a number, K, M, G, T, P or E may follow",
        [OPTION_RANGE] = "OFFSET:LENGTH, K, M, G, T, P or E may follow each",
        [OPTION_PATTERN] = "a pattern for names, such as *.log",
        [OPTION_NAME] = NULL,
        [OPTION_PID] = "the number of a process",
        [OPTION_BY] = "file or process",
        [OPTION_DEPTH] = "a number from 0 on",
    };

    return right[kind];
}
