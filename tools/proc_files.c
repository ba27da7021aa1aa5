/* SPDX-License-Identifier: MIT */
/* The files that a process has open or mapped, each once. */
#include "tool.h"
#include "identity.h"
#include "mounts.h"
#include "open.h"
#include "proc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

struct visit {
    const struct proc *p;
    void (*fn)(const struct proc_file *file, void *arg);
    void *arg;
    void *seen; /* files, by what stat(2) says */
    void *maps; /* files, by what maps says */
    bool closed; /* to the caller: there are files of which nothing is told */
};

void
proc_drop(const struct proc_file *file)
{
    if (file->handle >= 0)
        close(file->handle);
}

/* Hand a file on unless it was there before or is nothing that has pages. */
static void
hand_on(struct visit *v, struct proc_file *file)
{
    if (file->handle < 0
        || (!S_ISDIR(file->st.st_mode)
            && file_system_of(file->handle) != FS_PSEUDO
            && identity_insert(&v->seen, &file->st)))
        v->fn(file, v->arg);
    else
        proc_drop(file);
}

/* The name of what a descriptor is open on. */
static bool
read_name(int dir, const char *link, char name[PATH_MAX])
{
    ssize_t n = readlinkat(dir, link, name, PATH_MAX - 1);

    name[n > 0 ? n : 0] = '\0';
    return n > 0;
}

static void
visit_descriptor(struct visit *v, int dir, const char *name)
{
    struct proc_file file = { .handle = open_look(dir, name, true, &file.st) };
    char path[PATH_MAX];

    file.error = file.handle < 0 ? errno : 0;
    /* What was closed since, and sockets, pipes and devices. */
    if (file.error == ENOENT || file.error == OPEN_OTHER)
        return;
    file.path = path;
    if (read_name(dir, name, path))
        hand_on(v, &file);
    else if (file.handle >= 0)
        close(file.handle); /* it was closed a moment ago */
    else
        v->closed = true;
}

static int
visit_descriptors(struct visit *v)
{
    int fd = openat(v->p->dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *e;
    int error = errno;

    if (stream == NULL) {
        if (fd >= 0)
            close(fd);
        return error == ENOENT ? ESRCH : error;
    }
    errno = 0;
    while ((e = readdir(stream)) != NULL) {
        if (isdigit((unsigned char)e->d_name[0]))
            visit_descriptor(v, fd, e->d_name);
        errno = 0;
    }
    error = errno == ENOENT ? ESRCH : errno;
    closedir(stream);
    return error == 0 && v->closed ? EACCES : error;
}

static void
visit_map(const struct proc_map *map, void *arg)
{
    struct visit *v = arg;
    struct stat id = { .st_dev = map->device, .st_ino = map->inode };
    struct proc_file file = { .path = map->path, .mapped = true };

    if (!identity_insert(&v->maps, &id))
        return;
    file.handle = proc_look(v->p, map, &file.st);
    file.error = file.handle < 0 ? errno : 0;
    if (file.error != 0 && proc_map_is_gone(v->p, map))
        return;
    /* Its name is another file's by now, and the way to it is closed. */
    if (file.error == ENOENT)
        file.error = EACCES;
    /* It may be open too. */
    if (file.error == OPEN_OTHER
        || (file.error != 0 && !identity_insert(&v->seen, &id)))
        return;
    hand_on(v, &file);
}

int
proc_each_file(const struct proc *p,
               void (*fn)(const struct proc_file *file, void *arg), void *arg)
{
    struct visit v = { .p = p, .fn = fn, .arg = arg };
    int error = visit_descriptors(&v);
    int maps = proc_each_map(p, visit_map, &v);

    identity_free(&v.seen);
    identity_free(&v.maps);
    if (proc_has_ended(p))
        return TOOL_GONE;
    return error != 0 ? error : maps;
}
