/* SPDX-License-Identifier: MIT */
/* What tools/walk_levels.h says. */
#include "tool.h"
#include "open.h"
#include "walk_levels.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The handles of so many levels are kept, and those of directories in which a
 * link was followed: their ".." is another one. */
enum { KEPT_LEVELS = 12 };

/* --- The path ------------------------------------------------------------- */

static void
append_to_path(struct walk *w, const char *text)
{
    size_t n = strlen(text);

    if (w->path_len + n >= w->path_room) {
        w->path_room = 2 * (w->path_len + n + 1);
        w->path = realloc(w->path, w->path_room);
        if (w->path == NULL)
            tool_no_memory();
    }
    memcpy(w->path + w->path_len, text, n + 1);
    w->path_len += n;
}

void
walk_shorten_path(struct walk *w, size_t len)
{
    w->path_len = len;
    w->path[len] = '\0';
}

size_t
walk_lengthen_path(struct walk *w, const char *name)
{
    size_t before = w->path_len;

    if (before > 0 && w->path[before - 1] != '/')
        append_to_path(w, "/");
    append_to_path(w, name);
    return before;
}

/* --- Levels --------------------------------------------------------------- */

/* Give the handle of a level up if the walk has gone far below it. */
static void
give_up(struct walk *w, size_t i)
{
    struct walk_level *level = &w->levels[i];

    if (i == 0 || level->handle < 0 || level[1].by_link)
        return;
    close(level->handle);
    level->handle = -1;
}

static bool
is_level(int handle, const struct walk_level *level)
{
    struct stat st;

    return fstat(handle, &st) == 0 && st.st_dev == level->id.device
           && st.st_ino == level->id.inode;
}

/* Take a handle for a level if it is one. */
static bool
take(struct walk_level *level, int handle)
{
    if (handle >= 0 && !is_level(handle, level)) {
        close(handle);
        handle = -1;
    }
    level->handle = handle;
    return handle >= 0;
}

/* Look for a level by its name in the one above, whose handle is there. */
static int
look_below(struct walk *w, size_t i)
{
    const struct walk_level *level = &w->levels[i];
    size_t begin = level[-1].path_len;
    const char *name = w->path + begin + (w->path[begin] == '/');
    char end = w->path[level->path_len];
    struct stat st;
    int handle;

    w->path[level->path_len] = '\0';
    handle = open_look(level[-1].handle, name, level->by_link, &st);
    w->path[level->path_len] = end;
    return handle;
}

/* Find the last level again by names from where there is a handle; the first
 * one's is always.  From one on that has gone nothing more is looked at. */
static void
find_by_names(struct walk *w)
{
    size_t last = w->depth - 1;
    size_t i = last;

    while (w->levels[i].handle < 0)
        i--;
    while (i < last && take(&w->levels[i + 1], look_below(w, i + 1))) {
        if (i + KEPT_LEVELS < last)
            give_up(w, i);
        i++;
    }
    for (i++; i <= last; i++)
        w->levels[i].next = w->levels[i].used;
}

void
walk_leave(struct walk *w)
{
    struct walk_level *left = &w->levels[--w->depth];
    struct walk_level *level = left - 1;
    struct stat st;

    identity_delete(&w->above, &left->id);
    w->links -= left->by_link;
    free(left->names);
    if (w->depth > 0) {
        walk_shorten_path(w, level->path_len);
        if (level->handle < 0 && left->handle >= 0)
            take(level, open_look(left->handle, "..", false, &st));
        if (level->handle < 0 && level->next < level->used)
            find_by_names(w);
    }
    if (left->handle >= 0)
        close(left->handle);
}

void
walk_add_level(struct walk *w, int handle, const struct stat *st, bool by_link)
{
    w->levels = tool_grow(w->levels, w->depth, &w->levels_room,
                          sizeof *w->levels);
    w->levels[w->depth++] = (struct walk_level){
        .id = { st->st_dev, st->st_ino },
        .handle = handle,
        .by_link = by_link,
        .path_len = w->path_len,
    };
    w->links += by_link;
    if (w->depth > KEPT_LEVELS)
        give_up(w, w->depth - 1 - KEPT_LEVELS);
}
