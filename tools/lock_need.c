/* SPDX-License-Identifier: MIT */
/* How much memory it takes to lock files, before one is locked.  To find out
 * while they are being locked could take the time to read most of them, and the
 * memory of others. */
#include "tool.h"
#include "files.h"
#include "held.h"
#include "interrupt.h"
#include "lock_need.h"
#include "need.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct adding {
    const struct tool_options *o;
    bool looks; /* at what is in memory */
    int64_t bytes;
    struct need need;
};

static void
add_part(struct adding *a, const struct tool_file *file, int64_t off,
         int64_t len)
{
    a->bytes = tool_sum(a->bytes, len);
    if (a->looks)
        need_look(&a->need, file, off, len);
    else
        a->need.absent = tool_sum(a->need.absent, need_round(len));
}

static void
add_cost(struct adding *a)
{
    a->need.absent = tool_sum(a->need.absent, HELD_COST);
}

static int
add_file(const struct tool_file *file, void *arg)
{
    struct adding *a = arg;
    size_t n;
    const struct tool_range *ranges = tool_ranges(a->o, &n);

    if (tool_is_remainder(file->path))
        return TOOL_OK;
    add_cost(a);
    for (size_t i = 0; i < n; i++)
        add_part(a, file, ranges[i].off,
                 tool_range_of(&ranges[i], file->size));
    return TOOL_OK;
}

static void
add_entry(struct adding *a, const struct lock_entry *e)
{
    struct tool_file file = { .path = e->path, .fd = -1 };
    struct stat st;
    int handle = open_look_along(e->path, &st);

    if (handle >= 0 && open_file(&file, handle, &st) == 0) {
        add_cost(a);
        for (size_t i = 0; i < e->n && e->parts[i].off < file.size; i++) {
            struct tool_range part = { e->parts[i].off, e->parts[i].len };

            add_part(a, &file, part.off, tool_range_of(&part, file.size));
        }
        close(file.fd);
    }
    if (handle >= 0)
        close(handle);
}

static void
add_all(struct adding *a, const struct lock_list *list)
{
    if (a->o->files0 != NULL || a->o->paths[0] != NULL || a->o->pids.n > 0)
        tool_files_quietly(a->o, add_file, a);
    for (size_t i = 0; i < list->n && tool_interrupted == 0; i++)
        add_entry(a, &list->entries[i]);
}

struct lock_need
lock_need(const struct tool_options *o, const struct lock_list *list)
{
    struct adding a = { .o = o };

    add_all(&a, list);
    return (struct lock_need){ a.bytes, a.need.absent };
}

/* More than all memory could have. */
static bool
is_hopeless(int64_t needed, const struct memory *memory)
{
    return needed > tool_sum(memory->available, memory->total);
}

bool
lock_all_fit(const struct tool_options *o, const struct lock_list *list,
             const struct lock_need *all, struct memory *memory)
{
    int64_t needed = all->needed;

    memory_look(memory);
    if (needed > memory->available && !is_hopeless(needed, memory)) {
        struct adding a = { .o = o, .looks = true };

        add_all(&a, list);
        needed = need_of(&a.need, memory);
    }
    if (needed <= memory->available || tool_interrupted != 0)
        return true;
    memory_complain(memory, NULL, "locked", needed, o->bytes);
    fputs("mmapx: --force locks them all the same\n", stderr);
    return false;
}
