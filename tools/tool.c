/* SPDX-License-Identifier: MIT */
/* Complaints, and sums. */
#include "tool.h"
#include "open.h"
#include "progress.h"
#include "screen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int64_t
tool_sum(int64_t a, int64_t b)
{
    return a > INT64_MAX - b ? INT64_MAX : a + b;
}

void
tool_no_memory(void)
{
    fputs("mmapx: out of memory\n", stderr);
    exit(TOOL_FAILED);
}

const char *
tool_error(int error)
{
    switch (error) {
    case TOOL_DIRECTORY:
        return "Is a directory; -r looks into it";
    case OPEN_OTHER:
        return "Neither a regular file nor a block device";
    case ENODEV:
        return "Cannot be mapped";
    default:
        return strerror(error);
    }
}

int
tool_failed(const char *path, int error)
{
    progress_hide();
    /* So that the two streams, shown together, are in the order of files. */
    fflush(stdout);
    fputs("mmapx: ", stderr);
    tool_name(stderr, path);
    fprintf(stderr, ": %s\n", tool_error(error));
    return TOOL_FAILED;
}
