/* SPDX-License-Identifier: MIT */
/* Sums over files, of all and of each directory. */
#include "tool.h"
#include "sums.h"

#include <stdlib.h>
#include <string.h>

void
sums_begin(struct sums *sums)
{
    *sums = (struct sums){ .survey.known = ~0u };
}

/* What is known of a sum is what is known of all of its parts. */
static void
add_survey(struct survey *sum, const struct survey *s)
{
    sum->size = tool_sum(sum->size, s->size);
    sum->cached = tool_sum(sum->cached, s->cached);
    sum->dirty = tool_sum(sum->dirty, s->dirty);
    sum->writeback = tool_sum(sum->writeback, s->writeback);
    sum->evicted = tool_sum(sum->evicted, s->evicted);
    sum->recently_evicted
        = tool_sum(sum->recently_evicted, s->recently_evicted);
}

void
sums_add_file(struct sums *sums, const struct survey *s)
{
    sums->files++;
    add_survey(&sums->survey, s);
    if (s->known == 0)
        sums->unknown++;
    else
        sums->survey.known &= s->known;
}

void
sums_add(struct sums *sums, const struct sums *more)
{
    sums->files += more->files;
    sums->unknown += more->unknown;
    add_survey(&sums->survey, &more->survey);
    sums->survey.known &= more->survey.known;
}

struct survey
sums_total(const struct sums *sums)
{
    struct survey total = sums->survey;

    if (sums->files > 0 && sums->files == sums->unknown)
        total.known = 0;
    return total;
}

/* --- Directories ---------------------------------------------------------- */

struct sums_dir {
    struct sums_dir *above;
    char *name; /* in the directory above; without one, the path */
    size_t users;
    struct sums sums;
};

struct sums_dir *
sums_dir_new(struct sums_dir *above, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = above != NULL && slash != NULL ? slash + 1 : path;
    struct sums_dir *dir = malloc(sizeof *dir);

    if (dir == NULL)
        tool_no_memory();
    *dir = (struct sums_dir){
        .above = above, .name = strdup(name), .users = 1
    };
    if (dir->name == NULL)
        tool_no_memory();
    sums_begin(&dir->sums);
    sums_dir_use(above);
    return dir;
}

void
sums_dir_use(struct sums_dir *dir)
{
    if (dir != NULL)
        dir->users++;
}

void
sums_dir_add(struct sums_dir *dir, const struct sums *more)
{
    if (dir != NULL)
        sums_add(&dir->sums, more);
}

/* The path is put together at last: in a deep tree many directories are not
 * complete, and all their paths would be long. */
static char *
path_of(const struct sums_dir *dir)
{
    size_t n = 1;
    char *path, *at;

    for (const struct sums_dir *d = dir; d != NULL; d = d->above)
        n += strlen(d->name) + 1;
    path = malloc(n);
    if (path == NULL)
        tool_no_memory();
    at = path + n - 1;
    *at = '\0';
    for (const struct sums_dir *d = dir; d != NULL; d = d->above) {
        size_t len = strlen(d->name);

        /* What was named can end with a slash. */
        if (d != dir && d->name[len > 0 ? len - 1 : 0] != '/')
            *--at = '/';
        at -= len;
        memcpy(at, d->name, len);
    }
    memmove(path, at, strlen(at) + 1);
    return path;
}

struct sums_dir *
sums_dir_above(const struct sums_dir *dir)
{
    return dir != NULL ? dir->above : NULL;
}

void
sums_dir_leave(struct sums_dir *dir, struct largest *largest)
{
    while (dir != NULL && --dir->users == 0) {
        struct sums_dir *next = dir->above;
        struct largest_row row = { .name = path_of(dir),
                                   .survey = sums_total(&dir->sums),
                                   .files = dir->sums.files };

        largest_add(largest, &row);
        sums_dir_add(next, &dir->sums);
        free(row.name);
        free(dir->name);
        free(dir);
        dir = next;
    }
}
