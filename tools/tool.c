/* SPDX-License-Identifier: MIT */
/* Complaints, and sums. */
#include "tool.h"
#include "open.h"
#include "progress.h"
#include "said.h"
#include "screen.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

int64_t
tool_sum(int64_t a, int64_t b)
{
    return a > INT64_MAX - b ? INT64_MAX : a + b;
}

static void
name_limit(const char *name, const struct rlimit *limit)
{
    char size[24];

    if (limit->rlim_cur != RLIM_INFINITY)
        fprintf(stderr, ", %s is %s", name,
                tool_size(size, (int64_t)limit->rlim_cur, false));
}

/* The limits are not the only reasons, but those that somebody can change. */
void
tool_no_memory(void)
{
    struct rlimit limit;

    fputs("mmapx: out of memory", stderr);
    if (getrlimit(RLIMIT_AS, &limit) == 0)
        name_limit("RLIMIT_AS", &limit);
    if (getrlimit(RLIMIT_DATA, &limit) == 0)
        name_limit("RLIMIT_DATA", &limit);
    putc('\n', stderr);
    exit(TOOL_FAILED);
}

void *
tool_grow(void *list, size_t n, size_t *room, size_t size)
{
    enum { FIRST = 4 };

    if (n < *room)
        return list;
    *room = 2 * *room + FIRST;
    list = realloc(list, *room * size);
    if (list == NULL)
        tool_no_memory();
    return list;
}

bool
tool_is_below(const char *path, const char *dir)
{
    size_t n = strlen(dir);

    return n > 0 && strncmp(path, dir, n) == 0
           && (dir[n - 1] == '/' || path[n] == '/' || path[n] == '\0');
}

const char *
tool_error(int error)
{
    switch (error) {
    case TOOL_DIRECTORY:
        return "Is a directory; -r looks into it";
    case TOOL_ENDED:
        return "Has ended, and uses no file any more (a zombie)";
    case TOOL_GONE:
        return "Ended while its files were looked at; some may be missing";
    case TOOL_KERNEL_THREAD:
        return "Is a part of the kernel, and uses no file";
    case OPEN_OTHER:
        return "Neither a regular file nor a block device";
    case ENODEV:
        return "Cannot be mapped";
    default:
        return strerror(error);
    }
}

/* The system says it once, to the caller that writes; a stream keeps only that
 * there was something. */
int
tool_flush(void)
{
    static int error;

    if (fflush(stdout) != 0 && error == 0)
        error = errno;
    return error == 0 && ferror(stdout) ? EIO : error;
}

static tool_listener *diverted;

void
tool_divert(tool_listener *listener)
{
    diverted = listener;
}

bool
tool_is_diverted(void)
{
    return diverted != NULL;
}

void
tool_say(const char *line)
{
    if (diverted != NULL) {
        diverted(NULL, line, false);
        return;
    }
    progress_hide();
    tool_flush();
    fprintf(stderr, "mmapx: %s\n", line);
}

/* In a tree: how often permission was denied, and how often that is said. */
enum { SAID_REFUSALS = 10 };
static bool counts_refusals;
static size_t refusals;

static bool
is_one_too_many(int error)
{
    return counts_refusals && (error == EACCES || error == EPERM)
           && ++refusals > SAID_REFUSALS;
}

void
tool_note(const char *path, const char *matter, const char *more)
{
    progress_hide();
    /* So that the two streams, shown together, are in the order of files. */
    tool_flush();
    fputs("mmapx: ", stderr);
    tool_name(stderr, *path != '\0' ? path : "''");
    fprintf(stderr, ": %s%s%s\n", matter, *more != '\0' ? " " : "", more);
}

int
tool_failed(const char *path, int error)
{
    if (diverted != NULL)
        diverted(path, tool_error(error), true);
    else if (!said_before(path, error) && !is_one_too_many(error))
        tool_note(path, tool_error(error), "");
    return TOOL_FAILED;
}

void
tool_left_out(const char *path, const char *option)
{
    char matter[64];

    snprintf(matter, sizeof matter, "left out by %s", option);
    if (diverted != NULL)
        diverted(path, matter, false);
    else if (!said_before(path, TOOL_LEFT_OUT))
        tool_note(path, matter, "");
}

void
tool_refusals_begin(void)
{
    counts_refusals = true;
    refusals = 0;
}

void
tool_refusals_end(const char *path)
{
    counts_refusals = false;
    if (refusals <= SAID_REFUSALS)
        return;
    progress_hide();
    tool_flush();
    fputs("mmapx: ", stderr);
    tool_name(stderr, path);
    fprintf(stderr, ": permission was denied %zu more times below it\n",
            refusals - SAID_REFUSALS);
}
