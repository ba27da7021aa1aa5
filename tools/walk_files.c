/* SPDX-License-Identifier: MIT */
/*
 * The files that a walk finds.
 *
 * Those of a directory are visited in the order of their inodes, in which they
 * mostly lie on the disk; the others in the order in which they were named.
 * Complaints come in the same order.
 */
#include "tool.h"
#include "ahead.h"
#include "walk_files.h"
#include "walk_levels.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Names that are sorted together: more of them would take memory, and would
 * hardly lie closer together. */
enum { MOST_NAMES = 1024 };

struct entry {
    ino_t inode;
    size_t name; /* where it begins */
};

struct walk_names {
    struct entry entries[MOST_NAMES];
    size_t n;
    char *names;
    size_t used;
    size_t room;
};

void
walk_files_begin(struct walk *w)
{
    w->ahead = ahead_new(w->o, w->begin, w->arg);
}

void
walk_files_free(struct walk *w)
{
    if (w->ahead != NULL)
        ahead_free(w->ahead);
    if (w->names != NULL)
        free(w->names->names);
    free(w->names);
}

/* --- Visiting ------------------------------------------------------------- */

void
walk_complain(struct walk *w, int error)
{
    if (w->hooks != NULL)
        w->hooks->failed(w, error);
    else
        w->status = w->quiet ? TOOL_FAILED : tool_failed(w->path, error);
}

void
walk_note(const struct walk *w, const char *option)
{
    if (w->o->verbose && !w->quiet)
        tool_left_out(w->path, option);
}

/* A file in a directory that is gone, or something else by now, is none.  FUSE
 * and network file systems go by its name even after it was found. */
static bool
is_none(const struct walk *w, const struct ahead_file *f)
{
    if (f->is_named)
        return false;
    return f->is_found ? f->error == EISDIR || f->error == ENOENT
                             || f->error == ESTALE
                       : f->error == ENOENT || f->error == OPEN_OTHER
                             || (f->error == ELOOP && !w->o->follow);
}

static int
visit_open(struct walk *w, const struct ahead_file *f)
{
    int status = TOOL_OK;

    if (!walk_is_over(w) && !walk_is_seen(w, &f->st))
        status = w->visit(&f->file, w->arg);
    close(f->file.fd);
    return status;
}

static void
visit(struct walk *w, const struct ahead_file *f)
{
    int status = TOOL_OK;

    if (f->filter == NULL && f->error == 0)
        status = visit_open(w, f);
    else if (walk_is_over(w))
        return;
    else if (f->filter != NULL)
        walk_note(w, f->filter);
    else if (!is_none(w, f))
        walk_complain(w, f->error == EISDIR ? TOOL_DIRECTORY : f->error);
    if (status != TOOL_OK)
        w->status = status;
}

/* The path of the walk is another one meanwhile. */
static void
visit_first(struct walk *w)
{
    struct ahead_file *f = ahead_take(w->ahead);
    char *path = w->path;

    w->path = f->path;
    visit(w, f);
    w->path = path;
}

void
walk_files_finish(struct walk *w)
{
    while (w->ahead != NULL && ahead_has_file(w->ahead))
        visit_first(w);
}

/* --- Adding --------------------------------------------------------------- */

/* A file that is to be looked up in a directory, or has been. */
static void
add(struct walk *w, int dir, struct ahead_file *f)
{
    f->path = w->path;
    f->file.path = w->path;
    f->file.root = w->root;
    f->file.by_links = w->links > 0;
    f->follow = f->is_named || w->o->follow;
    if (w->ahead == NULL) {
        ahead_open(f, w->o, dir);
        visit(w, f);
        return;
    }
    while (!ahead_has_room(w->ahead))
        visit_first(w);
    ahead_add(w->ahead, f);
}

void
walk_files_add_named(struct walk *w)
{
    struct ahead_file f = { .is_named = true, .handle = -1 };

    if (w->ahead != NULL)
        ahead_directory(w->ahead, AT_FDCWD);
    add(w, AT_FDCWD, &f);
}

void
walk_file(struct walk *w, int handle, const struct stat *st)
{
    struct ahead_file f = { .st = *st, .handle = handle };

    add(w, -1, &f);
}

void
walk_files_keep(struct walk *w, const char *name, ino_t inode)
{
    struct walk_names *names = w->names;
    size_t n = strlen(name) + 1;

    if (names == NULL)
        names = w->names = calloc(1, sizeof *names);
    if (names == NULL)
        tool_no_memory();
    if (names->used + n > names->room) {
        names->room = 2 * (names->used + n);
        names->names = realloc(names->names, names->room);
        if (names->names == NULL)
            tool_no_memory();
    }
    names->entries[names->n++] = (struct entry){ inode, names->used };
    memcpy(names->names + names->used, name, n);
    names->used += n;
}

static int
by_inode(const void *a, const void *b)
{
    ino_t x = ((const struct entry *)a)->inode;
    ino_t y = ((const struct entry *)b)->inode;

    return x < y ? -1 : x > y;
}

void
walk_files_add_kept(struct walk *w)
{
    const struct walk_level *level = &w->levels[w->depth - 1];
    struct walk_names *names = w->names;

    if (names == NULL)
        return;
    qsort(names->entries, names->n, sizeof names->entries[0], by_inode);
    if (w->ahead != NULL)
        ahead_directory(w->ahead, level->handle);
    for (size_t i = 0; i < names->n && !walk_is_over(w); i++) {
        struct ahead_file f = { .handle = -1 };
        const char *name = names->names + names->entries[i].name;
        size_t before = walk_lengthen_path(w, name);

        f.name = w->path_len - strlen(name);
        add(w, level->handle, &f);
        walk_shorten_path(w, before);
    }
    names->n = names->used = 0;
}

void
walk_files_add_many(struct walk *w)
{
    if (w->names != NULL && w->names->n == MOST_NAMES)
        walk_files_add_kept(w);
}
