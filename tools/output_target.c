/* SPDX-License-Identifier: MIT */
/* Where a link leads that is to be written to. */
#include "tool.h"
#include "output.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The real path of the directory in which a name stands, allocated, or NULL. */
static char *
directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *dir, *real;

    if (slash == NULL)
        return realpath(".", NULL);
    dir = strndup(path, (size_t)(slash + 1 - path));
    if (dir == NULL)
        tool_no_memory();
    real = realpath(dir, NULL);
    free(dir);
    return real;
}

/* Whether the system has the open files of a process there. */
static bool
has_descriptors(const char *dir, bool *own)
{
    char *self = realpath("/proc/self", NULL);
    size_t n = self != NULL ? strlen(self) : 0;
    size_t end = strlen(dir);

    *own = n > 0 && strncmp(dir, self, n) == 0 && dir[n] == '/';
    free(self);
    return strncmp(dir, "/proc/", 6) == 0 && end > 3
           && strcmp(dir + end - 3, "/fd") == 0;
}

/* Look whether a path is the name of an open file. */
static void
look_for_descriptor(struct output_target *t)
{
    const char *slash = strrchr(t->path, '/');
    const char *name = slash != NULL ? slash + 1 : t->path;
    char *dir = directory_of(t->path);
    bool own;

    if (dir != NULL && isdigit((unsigned char)*name)
        && name[strspn(name, "0123456789")] == '\0'
        && has_descriptors(dir, &own)) {
        t->is_open = true;
        t->fd = own ? (int)strtol(name, NULL, 10) : -1;
    }
    free(dir);
}

/* One link further.  False at the end. */
static bool
follow(struct output_target *t)
{
    char text[PATH_MAX];
    ssize_t n = readlink(t->path, text, sizeof text - 1);
    const char *slash = strrchr(t->path, '/');
    size_t dir = slash != NULL ? (size_t)(slash + 1 - t->path) : 0;
    char *path;

    if (n <= 0)
        return false;
    text[n] = '\0';
    if (text[0] == '/')
        dir = 0;
    path = malloc(dir + (size_t)n + 1);
    if (path == NULL)
        tool_no_memory();
    memcpy(path, t->path, dir);
    memcpy(path + dir, text, (size_t)n + 1);
    free(t->path);
    t->path = path;
    return true;
}

void
output_find_target(struct output_target *t, const char *path)
{
    enum { MOST_LINKS = 40 };

    *t = (struct output_target){ .path = strdup(path), .fd = -1 };
    if (t->path == NULL)
        tool_no_memory();
    for (int i = 0; i < MOST_LINKS; i++) {
        look_for_descriptor(t);
        if (t->is_open || !follow(t))
            return;
    }
}
