/* SPDX-License-Identifier: MIT */
/*
 * Opening what was looked at, and nothing else.
 *
 * Between a look at a name and its opening somebody can put something else
 * there, and there are devices that start something when they are opened, and
 * writers that wait at a FIFO.  So a name is looked up once, as a handle that
 * opens nothing (O_PATH), and what the handle stands for is opened by way of
 * /proc.  Without such handles or without /proc the handle is the open file,
 * and what it is was looked at before it was opened and is looked at again.
 */
#include "tool.h"
#include "mounts.h"
#include "open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Neither a FIFO's writer nor a terminal is to notice. */
enum { OPEN = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK };

#ifdef O_PATH
enum { HANDLE = O_PATH | O_CLOEXEC };
#else
enum { HANDLE = 0 };
#endif

/* A look is not to change the time of a file's last access. */
#ifdef O_NOATIME
enum { QUIET = O_NOATIME };
#else
enum { QUIET = 0 };
#endif

/* The directory of this process's descriptors, or -1 if that is no way. */
static int
descriptors(void)
{
#ifdef O_PATH
    static int fd = -2;

    if (fd == -2)
        fd = open("/proc/self/fd", HANDLE | O_DIRECTORY);
    return fd;
#else
    return -1;
#endif
}

void
open_prepare(void)
{
    descriptors();
}

/* Only the owner of a file can leave no trace; others leave one. */
static int
open_quietly(int dir, const char *name, int flags)
{
    int fd = openat(dir, name, flags | QUIET);

    return fd < 0 && errno == EPERM && QUIET != 0 ? openat(dir, name, flags)
                                                  : fd;
}

static bool
is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino
           && (a->st_mode & S_IFMT) == (b->st_mode & S_IFMT);
}

/* Give a descriptor up for an errno. */
static int
close_with(int fd, int error)
{
    close(fd);
    errno = error;
    return -1;
}

/* --- Looking -------------------------------------------------------------- */

/* 0, or the errno for an object that nothing is done with. */
static int
refusal(const struct stat *st)
{
    if (S_ISREG(st->st_mode) || S_ISBLK(st->st_mode) || S_ISDIR(st->st_mode))
        return 0;
    return S_ISLNK(st->st_mode) ? ELOOP : OPEN_OTHER;
}

/* Where there are no handles. */
static int
look_and_open(int dir, const char *name, bool follow, struct stat *st)
{
    struct stat opened;
    int error, fd;

    if (fstatat(dir, name, st, follow ? 0 : AT_SYMLINK_NOFOLLOW) < 0)
        return -1;
    error = refusal(st);
    if (error != 0) {
        errno = error;
        return -1;
    }
    fd = open_quietly(dir, name, OPEN | (follow ? 0 : O_NOFOLLOW));
    if (fd < 0)
        return -1;
    if (fstat(fd, &opened) < 0)
        return close_with(fd, errno);
    return is_same(&opened, st) ? fd : close_with(fd, ENOENT);
}

int
open_look(int dir, const char *name, bool follow, struct stat *st)
{
    int handle, error;

    if (descriptors() < 0)
        return look_and_open(dir, name, follow, st);
    handle = openat(dir, name, HANDLE | (follow ? 0 : O_NOFOLLOW));
    if (handle < 0)
        return -1;
    error = fstat(handle, st) < 0 ? errno : refusal(st);
    return error == 0 ? handle : close_with(handle, error);
}

/* Go on from a handle, which is given up, by the rest of a path. */
static int
look_along(int at, const char *path, bool follow, struct stat *st)
{
    char name[NAME_MAX + 1];

    while (at >= 0) {
        bool is_directory = S_ISDIR(st->st_mode);
        size_t n;
        int next;

        path += strspn(path, "/");
        n = strcspn(path, "/");
        if (n == 0)
            return at;
        if (n > NAME_MAX)
            return close_with(at, ENAMETOOLONG);
        memcpy(name, path, n);
        name[n] = '\0';
        path += n;
        next = is_directory ? open_look(at, name, follow, st) : -1;
        if (next < 0)
            return close_with(at, is_directory ? errno : ENOTDIR);
        close(at);
        at = next;
    }
    return -1;
}

int
open_look_along(const char *path, struct stat *st)
{
    int root = open_look(AT_FDCWD, "/", false, st);
    int at = look_along(root, path, false, st);

    return at >= 0 && file_system_of(at) == FS_PSEUDO
               ? close_with(at, OPEN_OTHER)
               : at;
}

int
open_look_below(const char *path, size_t root, bool follow, struct stat *st)
{
    char *named = strndup(path, root);
    int at;

    if (named == NULL)
        tool_no_memory();
    at = open_look(AT_FDCWD, named, true, st);
    free(named);
    return look_along(at, path + root, follow, st);
}

bool
open_is_gone(int error)
{
    return error == ENOENT || error == ENOTDIR || error == ELOOP
           || error == EISDIR || error == OPEN_OTHER;
}

/* --- Opening -------------------------------------------------------------- */

static int
open_handle(int handle, int flags)
{
    char name[16];

    if (descriptors() < 0)
        return fcntl(handle, F_DUPFD_CLOEXEC, 0);
    snprintf(name, sizeof name, "%d", handle);
    return open_quietly(descriptors(), name, flags);
}

int
open_file(struct tool_file *file, int handle, const struct stat *st)
{
    int error = 0;

    if (S_ISDIR(st->st_mode))
        return EISDIR;
    file->fd = open_handle(handle, OPEN);
    if (file->fd < 0)
        return errno;
    file->device = st->st_dev;
    file->inode = st->st_ino;
    file->size = st->st_size;
    file->is_dense = S_ISREG(st->st_mode)
                     && st->st_blocks >= st->st_size / 512
                                             + (st->st_size % 512 != 0);
    file->is_device = S_ISBLK(st->st_mode);
    if (file->is_device) {
        file->size = lseek(file->fd, 0, SEEK_END);
        error = file->size < 0 ? errno : 0;
    }
    if (error != 0)
        close(file->fd);
    return error;
}

int
open_again(int fd)
{
    return open_handle(fd, OPEN);
}

int
open_directory(int handle)
{
    return open_handle(handle, OPEN | O_DIRECTORY);
}

/* --- Names ---------------------------------------------------------------- */

static bool
is_name_of(const char *path, const struct tool_file *file)
{
    struct stat st;

    return lstat(path, &st) == 0 && st.st_dev == file->device
           && st.st_ino == file->inode;
}

/* What the system calls an open file, if that is its name; or NULL. */
static char *
name_of_descriptor(const struct tool_file *file)
{
    char path[PATH_MAX], name[16];
    ssize_t n;

    if (descriptors() < 0)
        return NULL;
    snprintf(name, sizeof name, "%d", file->fd);
    n = readlinkat(descriptors(), name, path, sizeof path);
    if (n <= 0 || n == (ssize_t)sizeof path)
        return NULL;
    path[n] = '\0';
    return path[0] == '/' ? strdup(path) : NULL;
}

/* The path of something that was found below what was named, behind the real
 * path of that, which is looked for once.  It can be too long for the
 * system. */
static char *
path_below(const struct tool_file *file)
{
    static char *root, *real;
    const char *rest = file->path + file->root;
    size_t n;
    char *path;

    if (root == NULL || strncmp(root, file->path, file->root) != 0
        || root[file->root] != '\0') {
        free(root);
        free(real);
        real = NULL;
        root = strndup(file->path, file->root);
        if (root != NULL)
            real = realpath(root, NULL);
    }
    if (real == NULL)
        return NULL;
    n = strcmp(real, "/") != 0 ? strlen(real) : 0;
    rest += strspn(rest, "/");
    path = malloc(n + 1 + strlen(rest) + 1);
    if (path != NULL)
        sprintf(path, "%.*s/%s", (int)n, real, rest);
    return path;
}

char *
open_real_path(const struct tool_file *file)
{
    char *path;

    if (file->path[file->root] != '\0' && !file->by_links)
        return path_below(file);
    path = name_of_descriptor(file);
    if (path == NULL)
        path = realpath(file->path, NULL);
    if (path != NULL && !is_name_of(path, file)) {
        free(path);
        errno = ENOENT;
        return NULL;
    }
    return path;
}
