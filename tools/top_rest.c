/* SPDX-License-Identifier: MIT */
/* mmapx top: what the page cache has besides the files that were found, as far
 * as that is known. */
#include "tool.h"
#include "screen.h"
#include "top.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *
size(const struct top *top, char buf[static 24], int64_t bytes)
{
    return tool_size(buf, bytes, top->o->bytes);
}

/* Mounted file systems that were left out, but could be looked at. */
static void
print_left_out(const struct top *top)
{
    bool some = false;

    for (size_t i = 0; i < top->mounts.n; i++) {
        const struct mount *mount = &top->mounts.list[i];

        if (mount->kind != FS_NETWORK || mount->chosen)
            continue;
        fputs(some ? ", " : "not looked at (-a does): ", stdout);
        tool_name(stdout, mount->dir);
        printf(" (%s)", mount->type);
        some = true;
    }
    if (some)
        putchar('\n');
}

static void
print_unexplained(const struct top *top, int64_t rest)
{
    char some[24], shared[24], buffers[24];

    if (rest > 0)
        printf("not found: %s, the remainder: metadata, and files left out,"
               " hidden or new\n", size(top, some, rest));
    printf("apart from it: %s in tmpfs and shared memory, %s of block devices"
           " (metadata)\n", size(top, shared, top->memory.shared),
           size(top, buffers, top->memory.buffers));
}

void
top_print_rest(const struct top *top, int64_t explained)
{
    const struct meminfo *memory = &top->memory;
    const struct sums *deleted = &top->all.deleted;
    char some[24], all[24], part[8];

    if (memory->known && memory->page_cache > 0)
        printf("page cache: %s, of which %s (%s) are in these files\n",
               size(top, all, memory->page_cache), size(top, some, explained),
               top_percent(part, explained, memory->page_cache));
    if (deleted->files > 0)
        printf("deleted, but still in use: %s in %" PRIu64 " file%s\n",
               size(top, some, deleted->survey.cached), deleted->files,
               deleted->files == 1 ? "" : "s");
    if (!top->machine || top->o->by != TOOL_BY_FILE)
        return;
    if (memory->known)
        print_unexplained(top, memory->page_cache - explained);
    print_left_out(top);
}

static void
print_count(uint64_t n, const char *one, const char *many, const char **between)
{
    if (n == 0)
        return;
    fprintf(stderr, "%s%" PRIu64 " %s", *between, n, n == 1 ? one : many);
    *between = ", ";
}

void
top_print_closed(const struct top_part *all)
{
    const char *between = "mmapx: not known to this user: ";

    if (all->closed_files + all->closed_dirs + all->closed_processes == 0
        && !all->hidden_processes)
        return;
    tool_flush();
    print_count(all->closed_files, "file", "files", &between);
    print_count(all->closed_dirs, "directory and what is in it",
                "directories and what is in them", &between);
    print_count(all->closed_processes, "process and what it has open",
                "processes and what they have open", &between);
    if (all->hidden_processes)
        fprintf(stderr, "%shidden processes and what they have open", between);
    putc('\n', stderr);
}
