/* SPDX-License-Identifier: MIT */
/*
 * Going through a tree of directories.
 *
 * Files are visited while their directory is read; the names of directories in
 * it are kept, and entered when it has been read.  So one directory is open for
 * reading at a time, and handles of a few above it are kept.  The others are
 * found again by "..", which has to be the directory that it was, or by their
 * names.  Neither depth nor the length of a path takes descriptors
 * or stack.
 *
 * Nothing in a directory that is a symbolic link is followed, unless that is
 * asked for, so that whoever can write there leads the program nowhere else.
 */
#include "tool.h"
#include "interrupt.h"
#include "open.h"
#include "walk.h"

#include <dirent.h>
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The handles of so many levels are kept, and those of directories in which a
 * link was followed: their ".." is another one. */
enum { KEPT_LEVELS = 12, MOST_LINKS = 24 };

struct identity {
    dev_t device;
    ino_t inode;
};

/* A directory that the walk is in. */
struct walk_level {
    struct identity id;
    int handle;      /* -1 if it was given up */
    bool by_link;
    size_t path_len; /* of its own path */
    char *names;     /* of directories in it: a mark, the name and a NUL each */
    size_t used;
    size_t room;
    size_t next;
};

/* How the name of a directory was found. */
enum { PLAIN = 'd', LINK = 'l' };

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

static void
shorten_path(struct walk *w, size_t len)
{
    w->path_len = len;
    w->path[len] = '\0';
}

/* Go down by a name; the length is what shorten_path() goes back to. */
static size_t
lengthen_path(struct walk *w, const char *name)
{
    size_t before = w->path_len;

    if (before > 0 && w->path[before - 1] != '/')
        append_to_path(w, "/");
    append_to_path(w, name);
    return before;
}

void
walk_begin(struct walk *w, const char *path)
{
    w->path_len = 0;
    append_to_path(w, path);
    w->root = w->path_len;
    while (w->root > 1 && path[w->root - 1] == '/')
        w->root--;
}

void
walk_failed(struct walk *w, int error)
{
    w->status = w->quiet ? TOOL_FAILED : tool_failed(w->path, error);
}

/* --- What was seen -------------------------------------------------------- */

static int
compare(const void *a, const void *b)
{
    const struct identity *x = a;
    const struct identity *y = b;

    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    return x->inode < y->inode ? -1 : x->inode > y->inode;
}

/* False if it is there already. */
static bool
insert(void **tree, const struct stat *st)
{
    struct identity *id = malloc(sizeof *id);
    struct identity **found;

    if (id == NULL)
        tool_no_memory();
    *id = (struct identity){ st->st_dev, st->st_ino };
    found = tsearch(id, tree, compare);
    if (found == NULL)
        tool_no_memory();
    if (*found != id)
        free(id);
    return *found == id;
}

static void
delete(void **tree, const struct identity *id)
{
    struct identity **found = tfind(id, tree, compare);
    struct identity *old = found != NULL ? *found : NULL;

    if (old != NULL)
        tdelete(old, tree, compare);
    free(old);
}

/* Whether a file was there before; only one with several names can have been,
 * or any where links are followed. */
static bool
is_seen(struct walk *w, const struct stat *st)
{
    if (S_ISBLK(st->st_mode) || (st->st_nlink < 2 && !w->o->follow))
        return false;
    return !insert(&w->seen, st);
}

/* --- Files ---------------------------------------------------------------- */

/* Nobody reads what is written after a reader has gone. */
bool
walk_is_over(const struct walk *w)
{
    return tool_interrupted != 0 || w->status == TOOL_STOPPED
           || ferror(stdout) != 0;
}

void
walk_file(struct walk *w, int handle, const struct stat *st)
{
    struct tool_file file = { .path = w->path,
                              .root = w->root,
                              .by_links = w->links > 0 };
    int error;
    int status = TOOL_OK;

    if (!is_seen(w, st)) {
        error = open_file(&file, handle, st);
        if (error != 0) {
            walk_failed(w, error);
        } else {
            status = w->visit(&file, w->arg);
            close(file.fd);
        }
    }
    if (status != TOOL_OK)
        w->status = status;
    close(handle);
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

/* Go back to the level above. */
static void
leave(struct walk *w)
{
    struct walk_level *left = &w->levels[--w->depth];
    struct walk_level *level = left - 1;
    struct stat st;

    delete(&w->above, &left->id);
    w->links -= left->by_link;
    free(left->names);
    if (w->depth > 0) {
        shorten_path(w, level->path_len);
        if (level->handle < 0 && left->handle >= 0)
            take(level, open_look(left->handle, "..", false, &st));
        if (level->handle < 0 && level->next < level->used)
            find_by_names(w);
    }
    if (left->handle >= 0)
        close(left->handle);
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

/* An entry that is gone, or something else by now, is none; a link that leads
 * nowhere is one. */
static void
entry(struct walk *w, const char *name, enum type type)
{
    struct walk_level *level = &w->levels[w->depth - 1];
    bool follow = w->o->follow;
    struct stat st;
    int handle;

    if (type == DIRECTORY_TYPE) {
        keep_name(level, PLAIN, name);
        return;
    }
    if (type == OTHER_TYPE || (type == LINK_TYPE && !follow))
        return;
    handle = open_look(level->handle, name, follow, &st);
    if (handle < 0) {
        if ((errno != ENOENT || type == LINK_TYPE) && errno != OPEN_OTHER
            && (errno != ELOOP || follow))
            walk_failed(w, errno);
    } else if (S_ISREG(st.st_mode)) {
        walk_file(w, handle, &st);
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
        before = lengthen_path(w, e->d_name);
        entry(w, e->d_name, type_of(e));
        shorten_path(w, before);
    }
}

/* The handle is the level's from now on. */
static void
add_level(struct walk *w, int handle, const struct stat *st, bool by_link)
{
    if (w->depth == w->levels_room) {
        w->levels_room = 2 * w->levels_room + 16;
        w->levels = realloc(w->levels, w->levels_room * sizeof *w->levels);
        if (w->levels == NULL)
            tool_no_memory();
    }
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

/* Whether a directory is one to go into.  With -L many links can lead to the
 * same one, which is gone through once. */
static bool
is_wanted(struct walk *w, const struct stat *st, bool by_link)
{
    if (w->depth > 0 && w->o->one_file_system
        && st->st_dev != w->levels[0].id.device)
        return false;
    if ((by_link && w->links == MOST_LINKS) || !insert(&w->above, st)) {
        walk_failed(w, ELOOP);
        return false;
    }
    if (w->o->follow && !insert(&w->seen, st)) {
        delete(&w->above, &(struct identity){ st->st_dev, st->st_ino });
        return false;
    }
    return true;
}

static void
enter(struct walk *w, int handle, const struct stat *st, bool by_link)
{
    DIR *stream;
    int fd;

    if (!is_wanted(w, st, by_link)) {
        close(handle);
        return;
    }
    add_level(w, handle, st, by_link);
    fd = open_directory(handle);
    stream = fd >= 0 ? fdopendir(fd) : NULL;
    if (stream != NULL) {
        entries(w, stream);
        closedir(stream);
        return;
    }
    if (errno != ENOENT)
        walk_failed(w, errno);
    if (fd >= 0)
        close(fd);
}

/* Go into the next directory in the last level. */
static void
descend(struct walk *w)
{
    struct walk_level *level = &w->levels[w->depth - 1];
    bool by_link = level->names[level->next] == LINK;
    const char *name = level->names + level->next + 1;
    size_t before = lengthen_path(w, name);
    size_t depth = w->depth;
    struct stat st;
    int handle = open_look(level->handle, name, by_link, &st);

    level->next += strlen(name) + 2;
    if (handle >= 0 && S_ISDIR(st.st_mode)) {
        enter(w, handle, &st, by_link);
    } else if (handle >= 0) {
        close(handle);
        walk_failed(w, ENOTDIR);
    } else if (errno != ENOENT) { /* else it has gone since */
        walk_failed(w, errno);
    }
    if (w->depth == depth)
        shorten_path(w, before);
}

void
walk_tree(struct walk *w, int handle, const struct stat *st)
{
    enter(w, handle, st, false);
    while (w->depth > 0) {
        const struct walk_level *level = &w->levels[w->depth - 1];

        if (level->next < level->used && !walk_is_over(w))
            descend(w);
        else
            leave(w);
    }
}

static void
free_tree(void **tree)
{
    while (*tree != NULL)
        delete(tree, *(struct identity **)*tree);
}

void
walk_free(struct walk *w)
{
    free_tree(&w->seen);
    free_tree(&w->above);
    free(w->levels);
    free(w->path);
}
