/* SPDX-License-Identifier: MIT */
/* Trees of many small files, and commands that go through them. */
#include "rows/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
name_file(char *path, size_t room, const char *dir, size_t i)
{
    snprintf(path, room, "%s/d%zu/f%zu", dir, i / TREE_DIR, i);
}

static bool
make_file(const char *path, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    bool made = fd >= 0
                && write(fd, file_buffer(), size) == (ssize_t)size;

    if (fd >= 0)
        close(fd);
    return made;
}

static bool
make_hole(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    char byte;
    bool made = fd >= 0 && ftruncate(fd, 1) == 0 && read(fd, &byte, 1) == 1;

    if (fd >= 0)
        close(fd);
    return made;
}

/* Without a largest size the files are holes. */
static bool
make_tree(const char *row, const char *dir, size_t n, size_t least, size_t most)
{
    bool made = mkdir(dir, 0700) == 0;
    char path[512];

    for (size_t i = 0; i < n && made; i++) {
        snprintf(path, sizeof path, "%s/d%zu", dir, i / TREE_DIR);
        if (i % TREE_DIR == 0)
            made = mkdir(path, 0700) == 0;
        name_file(path, sizeof path, dir, i);
        if (made && most > 0)
            made = make_file(path, least + random_below(most - least + 1));
        else if (made)
            made = make_hole(path);
    }
    if (!made)
        skip(row, "%s: %s", dir, strerror(errno));
    return made;
}

bool
tree_make(const char *row, const char *dir, size_t n, size_t least, size_t most)
{
    memset(file_buffer(), 't', most);
    return make_tree(row, dir, n, least, most);
}

bool
tree_make_holes(const char *row, const char *dir, size_t n)
{
    return make_tree(row, dir, n, 0, 0);
}

void
tree_remove(const char *dir, size_t n)
{
    char path[512];

    for (size_t i = 0; i < n; i++) {
        name_file(path, sizeof path, dir, i);
        unlink(path);
    }
    for (size_t i = 0; i < n; i += TREE_DIR) {
        snprintf(path, sizeof path, "%s/d%zu", dir, i / TREE_DIR);
        rmdir(path);
    }
    rmdir(dir);
}

static bool
run(const struct tree_job *job, const char *const *argv, struct sample *s)
{
    char output[1024];

    return (job->prepare == NULL || job->prepare())
           && command_run(argv, s, output, sizeof output);
}

bool
tree_ours(void *arg, long loops, struct sample *s)
{
    const struct tree_job *job = arg;
    const char *argv[6] = { opt.tool };

    (void)loops;
    for (size_t i = 0; job->tool[i] != NULL; i++)
        argv[i + 1] = job->tool[i];
    return run(job, argv, s);
}

bool
tree_theirs(void *arg, long loops, struct sample *s)
{
    const struct tree_job *job = arg;

    (void)loops;
    return run(job, job->peer, s);
}

void
tree_contest(const char *row, const char *state, struct tree_job *job,
             size_t size, const char *work, int rounds, double goal)
{
    struct contest *c = contest_new(row, state, size, "%s", work);
    char ours_name[32], theirs_name[32];
    int ours, theirs;

    snprintf(ours_name, sizeof ours_name, "mmapx %s", job->tool[0]);
    snprintf(theirs_name, sizeof theirs_name, "%s%s%s", job->peer[0],
             job->peer[1][0] == '-' ? " " : "",
             job->peer[1][0] == '-' ? job->peer[1] : "");
    ours = contest_add(c, ours_name, opt.tool != NULL ? tree_ours : NULL, job);
    theirs = contest_add(c, theirs_name,
                         command_exists(job->peer[0]) ? tree_theirs : NULL,
                         job);
    if (rounds > 0)
        c->rounds = rounds;
    c->loops = 1;
    contest_run(c);
    compare(c, ours, theirs, TIME_RATIO, goal);
    contest_end(c);
}
