/* SPDX-License-Identifier: MIT */
/*
 * Which files the arguments mean.
 *
 * Directories are gone through by descriptors and not by paths, and nothing in
 * them is followed that is a symbolic link, so that whoever can write there
 * leads the program nowhere else.  Memory is needed for the depth of a tree,
 * for files with several names, and with -L for all files.
 */
#include "tool.h"
#include "files.h"
#include "interrupt.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A directory that is being looked into, and the one it lies in. */
struct level {
    const struct level *above;
    dev_t device;
    ino_t inode;
};

struct walk {
    const struct tool_options *o;
    int (*visit)(const struct tool_file *file, void *arg);
    void *arg;
    bool quiet; /* complain of nothing */
    int status;
    void *seen; /* a tree of struct identity */
    char *path; /* of what is looked at */
    size_t path_len;
    size_t path_room;
};

struct identity {
    dev_t device;
    ino_t inode;
};

/* Neither a FIFO's writer nor a device is to notice. */
enum { OPEN = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK };

static void
fail(struct walk *w, int error)
{
    w->status = w->quiet ? TOOL_FAILED : tool_failed(w->path, error);
}

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

static void
shorten_path(struct walk *w, size_t len)
{
    w->path_len = len;
    w->path[len] = '\0';
}

/* --- Files ---------------------------------------------------------------- */

static int
compare(const void *a, const void *b)
{
    const struct identity *x = a;
    const struct identity *y = b;

    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    return x->inode < y->inode ? -1 : x->inode > y->inode;
}

/* Whether a file was there before; only one with several names can have been,
 * or any where links are followed. */
static bool
is_seen(struct walk *w, const struct stat *st)
{
    struct identity *id;
    struct identity **found;

    if (S_ISBLK(st->st_mode) || (st->st_nlink < 2 && !w->o->follow))
        return false;
    id = malloc(sizeof *id);
    if (id == NULL)
        tool_no_memory();
    *id = (struct identity){ st->st_dev, st->st_ino };
    found = tsearch(id, &w->seen, compare);
    if (found == NULL)
        tool_no_memory();
    if (*found == id)
        return false;
    free(id);
    return true;
}

/* 0, or the errno for an object that is not looked at. */
static int
refusal(const struct stat *st)
{
    if (S_ISREG(st->st_mode) || S_ISBLK(st->st_mode))
        return 0;
    if (S_ISLNK(st->st_mode))
        return ELOOP; /* as open(2) with O_NOFOLLOW says */
    return S_ISDIR(st->st_mode) ? EISDIR : ENODEV;
}

/* Make a file of an open descriptor, or close it.  Returns 0 or an errno. */
static int
identify(struct tool_file *file, int fd, struct stat *st)
{
    int error = fstat(fd, st) < 0 ? errno : refusal(st);

    file->fd = fd;
    file->device = st->st_dev;
    file->inode = st->st_ino;
    file->size = st->st_size;
    if (error == 0 && S_ISBLK(st->st_mode)) {
        file->size = lseek(fd, 0, SEEK_END);
        if (file->size < 0)
            error = errno;
    }
    if (error != 0)
        close(fd);
    return error;
}

static int
open_at(struct tool_file *file, int dir, const char *name, bool follow,
        struct stat *st)
{
    int fd = openat(dir, name, OPEN | (follow ? 0 : O_NOFOLLOW));

    *st = (struct stat){ 0 };
    return fd < 0 ? errno : identify(file, fd, st);
}

int
tool_open(struct tool_file *file, const char *path, bool follow)
{
    struct stat st;
    int error;

    file->path = path;
    if (fstatat(AT_FDCWD, path, &st, follow ? 0 : AT_SYMLINK_NOFOLLOW) < 0)
        return errno;
    /* Other things are not even opened: there are devices that start
     * something. */
    error = refusal(&st);
    return error != 0 ? error : open_at(file, AT_FDCWD, path, follow, &st);
}

static void
visit(struct walk *w, struct tool_file *file, const struct stat *st)
{
    file->path = w->path;
    if (!is_seen(w, st) && w->visit(file, w->arg) != TOOL_OK)
        w->status = TOOL_FAILED;
    close(file->fd);
}

/* --- Directories ---------------------------------------------------------- */

static void directory(struct walk *w, int dir, const char *name, bool follow,
                      const struct level *above);

/* What lies in a directory.  Its type may be known already, and only files and
 * directories are looked at. */
static void
entry(struct walk *w, int dir, const struct dirent *e,
      const struct level *above)
{
    bool follow = w->o->follow;
    struct tool_file file = { .fd = -1 };
    struct stat st;
    int error;

#ifdef DT_REG
    bool is_file = e->d_type == DT_REG;
    bool unknown = e->d_type == DT_UNKNOWN || e->d_type == DT_DIR
                   || (follow && e->d_type == DT_LNK);

    if (!is_file && !unknown)
        return;
#else
    bool is_file = false;
#endif
    if (!is_file) {
        if (fstatat(dir, e->d_name, &st, follow ? 0 : AT_SYMLINK_NOFOLLOW)
            < 0) {
            fail(w, errno);
            return;
        }
        if (S_ISDIR(st.st_mode)) {
            directory(w, dir, e->d_name, follow, above);
            return;
        }
        if (!S_ISREG(st.st_mode))
            return;
    }
    error = open_at(&file, dir, e->d_name, follow, &st);
    if (error == 0)
        visit(w, &file, &st);
    else if (error != ENOENT || follow) /* else it has gone since */
        fail(w, error);
}

static bool
is_above(const struct level *level, const struct stat *st)
{
    while (level != NULL
           && (level->device != st->st_dev || level->inode != st->st_ino))
        level = level->above;
    return level != NULL;
}

static void
entries(struct walk *w, DIR *stream, const struct level *level)
{
    const struct dirent *e;

    while (tool_interrupted == 0) {
        size_t before;

        errno = 0;
        e = readdir(stream);
        if (e == NULL)
            break;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        before = lengthen_path(w, e->d_name);
        entry(w, dirfd(stream), e, level);
        shorten_path(w, before);
        errno = 0;
    }
    if (tool_interrupted == 0 && errno != 0)
        fail(w, errno);
}

static void
directory(struct walk *w, int dir, const char *name, bool follow,
          const struct level *above)
{
    int fd = openat(dir, name, OPEN | O_DIRECTORY | (follow ? 0 : O_NOFOLLOW));
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    struct level level = { .above = above };
    struct stat st;

    if (stream == NULL || fstat(fd, &st) < 0) {
        fail(w, errno);
    } else if (is_above(above, &st)) {
        fail(w, ELOOP);
    } else if (!w->o->one_file_system || above == NULL
               || st.st_dev == above->device) {
        level.device = st.st_dev;
        level.inode = st.st_ino;
        entries(w, stream, &level);
    }
    if (stream != NULL)
        closedir(stream);
    else if (fd >= 0)
        close(fd);
}

/* --- Arguments ------------------------------------------------------------ */

/* What somebody has named is followed if it is a link. */
static void
argument(struct walk *w, const char *path)
{
    struct tool_file file = { .fd = -1 };
    struct stat st;
    int error;

    shorten_path(w, 0);
    append_to_path(w, path);
    error = stat(path, &st) < 0 ? errno : refusal(&st);
    if (error == EISDIR && w->o->recurse) {
        directory(w, AT_FDCWD, path, true, NULL);
        return;
    }
    if (error == 0)
        error = open_at(&file, AT_FDCWD, path, true, &st);
    if (error == 0)
        visit(w, &file, &st);
    else
        fail(w, error);
}

/* Names that end with a NUL each, from a file or standard input. */
static void
arguments_from(struct walk *w, const char *from)
{
    bool standard = strcmp(from, "-") == 0;
    FILE *in = standard ? stdin : fopen(from, "re");
    char *name = NULL;
    size_t room = 0;

    shorten_path(w, 0);
    append_to_path(w, from);
    if (in == NULL) {
        fail(w, errno);
        return;
    }
    errno = 0;
    while (tool_interrupted == 0 && getdelim(&name, &room, '\0', in) >= 0) {
        argument(w, name);
        errno = 0;
    }
    if (ferror(in)) {
        shorten_path(w, 0);
        append_to_path(w, from);
        fail(w, errno);
    }
    free(name);
    if (!standard)
        fclose(in);
}

static int
walk(struct walk *w)
{
    const struct tool_options *o = w->o;

    append_to_path(w, "");
    if (o->files0 != NULL)
        arguments_from(w, o->files0);
    else
        for (char **path = o->paths; *path != NULL && tool_interrupted == 0;
             path++)
            argument(w, *path);
    while (w->seen != NULL) {
        struct identity *id = *(struct identity **)w->seen;

        tdelete(id, &w->seen, compare);
        free(id);
    }
    free(w->path);
    return w->status;
}

int
tool_files(const struct tool_options *o,
           int (*visit_file)(const struct tool_file *file, void *arg),
           void *arg)
{
    struct walk w = { .o = o, .visit = visit_file, .arg = arg };

    return walk(&w);
}

int64_t
tool_range_of(const struct tool_options *o, int64_t size)
{
    int64_t left = size > o->range.off ? size - o->range.off : 0;

    return o->range.len == -1 || o->range.len > left ? left : o->range.len;
}

struct sum {
    const struct tool_options *o;
    int64_t bytes;
};

static int
add_size(const struct tool_file *file, void *arg)
{
    struct sum *sum = arg;

    sum->bytes += tool_range_of(sum->o, file->size);
    return TOOL_OK;
}

int64_t
tool_total_size(const struct tool_options *o)
{
    struct sum sum = { .o = o };
    struct walk w = { .o = o, .visit = add_size, .arg = &sum, .quiet = true };
    struct stat st;

    /* What can be read only once is not to be read for this. */
    if (o->files0 != NULL
        && (strcmp(o->files0, "-") == 0 || stat(o->files0, &st) < 0
            || !S_ISREG(st.st_mode)))
        return -1;
    walk(&w);
    return sum.bytes;
}
