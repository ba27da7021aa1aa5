/* SPDX-License-Identifier: MIT */
/*
 * Going through a tree of directories.
 *
 * The files of a directory are handed on (walk_files.c) when it has been read,
 * and then the directories in it are entered.  So one directory is open for
 * reading at a time, and handles of a few above it are kept.  The others are
 * found again by "..", which has to be the directory that it was, or by their
 * names: see walk_levels.c.  Neither depth nor the length of a path takes
 * descriptors or stack.
 *
 * Nothing in a directory that is a symbolic link is followed, unless that is
 * asked for, so that nobody who can write there leads the program elsewhere.
 */
#include "tool.h"
#include "filter.h"
#include "interrupt.h"
#include "mounts.h"
#include "open.h"
#include "walk.h"
#include "walk_files.h"
#include "walk_levels.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How many links are followed on the way to a directory. */
enum { MOST_LINKS = 24 };

/* How the name of a directory was found. */
enum { PLAIN = 'd', LINK = 'l' };

void
walk_begin(struct walk *w, const char *path)
{
    w->path_len = 0;
    walk_lengthen_path(w, path);
    w->root = w->path_len;
    while (w->root > 1 && path[w->root - 1] == '/')
        w->root--;
}

void
walk_failed(struct walk *w, int error)
{
    walk_files_finish(w);
    walk_complain(w, error);
}

void
walk_left_out(struct walk *w, const char *why)
{
    walk_files_finish(w);
    walk_note(w, why);
}

/* Nobody reads what is written after a reader has gone. */
bool
walk_is_over(const struct walk *w)
{
    return tool_interrupted != 0 || w->status == TOOL_STOPPED
           || ferror(stdout) != 0;
}

bool
walk_is_seen(struct walk *w, const struct stat *st)
{
    if (w->hooks != NULL)
        return w->hooks->is_seen(w, st);
    if (S_ISBLK(st->st_mode) || (st->st_nlink < 2 && !w->o->follow))
        return false;
    return !identity_insert(&w->seen, st);
}

/* --- Directories ---------------------------------------------------------- */

static void
keep_name(struct walk_level *level, char mark, const char *name)
{
    size_t n = strlen(name) + 1;

    if (level->used + n + 1 > level->room) {
        level->room = 2 * (level->used + n + 1);
        level->names = realloc(level->names, level->room);
        if (level->names == NULL)
            tool_no_memory();
    }
    level->names[level->used++] = mark;
    memcpy(level->names + level->used, name, n);
    level->used += n;
}

enum type { FILE_TYPE, DIRECTORY_TYPE, LINK_TYPE, UNKNOWN_TYPE, OTHER_TYPE };

/* What a directory says of an entry, if it does. */
static enum type
type_of(const struct dirent *e)
{
#ifdef DT_REG
    switch (e->d_type) {
    case DT_REG:
        return FILE_TYPE;
    case DT_DIR:
        return DIRECTORY_TYPE;
    case DT_LNK:
        return LINK_TYPE;
    case DT_UNKNOWN:
        return UNKNOWN_TYPE;
    default:
        return OTHER_TYPE;
    }
#else
    (void)e;
    return UNKNOWN_TYPE;
#endif
}

/* A file whose kind the directory did not say, or had another one for. */
static void
file_after_all(struct walk *w, int handle, const struct stat *st)
{
    if (filter_name(w->o, w->path, false) == NULL)
        walk_file(w, handle, st);
    else
        close(handle);
}

/* Whether a name in a directory is a link; one that leads nowhere is an entry
 * too. */
static bool
is_link(int dir, const char *name)
{
    struct stat st;

    return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0
           && S_ISLNK(st.st_mode);
}

/* An entry that is gone, or something else by now, is none. */
static void
entry(struct walk *w, const struct dirent *e)
{
    struct walk_level *level = &w->levels[w->depth - 1];
    enum type type = type_of(e);
    const char *name = e->d_name;
    bool follow = w->o->follow;
    const char *filter;
    struct stat st;
    int handle;

    if (type == OTHER_TYPE || (type == LINK_TYPE && !follow))
        return;
    filter = filter_name(w->o, w->path, type != FILE_TYPE);
    if (filter != NULL) {
        walk_left_out(w, filter);
        return;
    }
    if (type == FILE_TYPE) {
        walk_files_keep(w, name, e->d_ino);
        return;
    }
    if (type == DIRECTORY_TYPE) {
        keep_name(level, PLAIN, name);
        return;
    }
    handle = open_look(level->handle, name, follow, &st);
    if (handle < 0) {
        int error = errno;

        if ((error != ENOENT || (follow && is_link(level->handle, name)))
            && error != OPEN_OTHER && (error != ELOOP || follow))
            walk_failed(w, error);
    } else if (S_ISREG(st.st_mode)) {
        file_after_all(w, handle, &st);
    } else {
        if (S_ISDIR(st.st_mode))
            keep_name(level, follow ? LINK : PLAIN, name);
        close(handle);
    }
}

/* Visit the files in the last level's directory, and keep the names of
 * directories. */
static void
entries(struct walk *w, DIR *stream)
{
    const struct dirent *e;

    while (!walk_is_over(w)) {
        size_t before;

        errno = 0;
        e = readdir(stream);
        if (e == NULL) {
            /* ENOENT: the directory itself has gone. */
            if (errno != 0 && errno != ENOENT)
                walk_failed(w, errno);
            return;
        }
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        before = walk_lengthen_path(w, e->d_name);
        entry(w, e);
        walk_shorten_path(w, before);
        walk_files_add_many(w);
    }
}

/* Whether a directory is one to go into.  With -L many links can lead to the
 * same one, which is gone through once. */
static bool
is_wanted(struct walk *w, int handle, const struct stat *st, bool by_link)
{
    if (w->depth > 0 && w->o->one_file_system
        && st->st_dev != w->levels[0].id.device) {
        walk_left_out(w, "--one-file-system");
        return false;
    }
    if (w->depth > 0 && st->st_dev != w->levels[w->depth - 1].id.device
        && file_system_of(handle) == FS_PSEUDO) {
        pseudo_add(&w->pseudo, w->path);
        return false;
    }
    if ((by_link && w->links == MOST_LINKS)
        || !identity_insert(&w->above, st)) {
        walk_failed(w, ELOOP);
        return false;
    }
    if (w->o->follow && !identity_insert(&w->seen, st)) {
        identity_delete(&w->above,
                        &(struct identity){ st->st_dev, st->st_ino });
        return false;
    }
    return true;
}

static void
enter(struct walk *w, int handle, const struct stat *st, bool by_link)
{
    DIR *stream;
    int fd;

    if (!is_wanted(w, handle, st, by_link)) {
        close(handle);
        return;
    }
    if (w->hooks != NULL && w->depth > 0 && w->hooks->takes(w, handle, st)) {
        identity_delete(&w->above,
                        &(struct identity){ st->st_dev, st->st_ino });
        return;
    }
    walk_add_level(w, handle, st, by_link);
    if (w->hooks != NULL)
        w->hooks->entered(w);
    fd = open_directory(handle);
    stream = fd >= 0 ? fdopendir(fd) : NULL;
    if (stream != NULL) {
        entries(w, stream);
        walk_files_add_kept(w);
        closedir(stream);
        return;
    }
    if (errno != ENOENT)
        walk_failed(w, errno);
    if (fd >= 0)
        close(fd);
}

/* Go into the next directory in the last level, or to the file that is there
 * by now. */
static void
descend(struct walk *w)
{
    struct walk_level *level = &w->levels[w->depth - 1];
    bool by_link = level->names[level->next] == LINK;
    const char *name = level->names + level->next + 1;
    size_t before = walk_lengthen_path(w, name);
    size_t depth = w->depth;
    struct stat st;
    int handle;

    level->next += strlen(name) + 2;
    if (w->hooks != NULL && w->hooks->skips(w)) {
        walk_shorten_path(w, before);
        return;
    }
    handle = open_look(level->handle, name, by_link, &st);
    if (handle >= 0 && S_ISDIR(st.st_mode)) {
        enter(w, handle, &st, by_link);
    } else if (handle >= 0) {
        file_after_all(w, handle, &st);
    } else if (errno != ENOENT && errno != OPEN_OTHER
               && (errno != ELOOP || by_link)) { /* else it has gone since */
        walk_failed(w, errno);
    }
    if (w->depth == depth)
        walk_shorten_path(w, before);
}

static void
leave(struct walk *w)
{
    if (w->hooks != NULL)
        w->hooks->left(w);
    walk_leave(w);
}

void
walk_tree(struct walk *w, int handle, const struct stat *st)
{
    /* Hooks count for themselves. */
    if (w->hooks == NULL)
        tool_refusals_begin();
    enter(w, handle, st, false);
    while (w->depth > 0) {
        const struct walk_level *level = &w->levels[w->depth - 1];

        if (level->next < level->used && !walk_is_over(w))
            descend(w);
        else
            leave(w);
    }
    if (w->hooks == NULL) {
        walk_files_finish(w); /* those that wait for their turn belong to it */
        tool_refusals_end(w->path);
    }
}

void
walk_free(struct walk *w)
{
    walk_files_free(w);
    identity_free(&w->seen);
    identity_free(&w->above);
    free(w->levels);
    free(w->path);
    pseudo_free(&w->pseudo);
}
