/* SPDX-License-Identifier: MIT */
/* mmapx top: going through trees of directories, several at once. */
#include "tool.h"
#include "crew.h"
#include "filter.h"
#include "identity.h"
#include "open.h"
#include "top.h"
#include "walk.h"
#include "walk_levels.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A thread. */
struct member {
    struct walk walk;
    struct top *top;
    struct crew *crew;
    struct top_part part;
    struct sums_dir *dir; /* that files are counted for */
    struct sums sums;     /* to be added to it */
    size_t depth;         /* of the tree's root below what was named */
    void **root;          /* files below what was named, if there is a set */
    bool is_new;          /* the file was not below anything else */
};

/* A tree to go through. */
struct tree {
    struct sums_dir *dir;
    size_t depth;
    bool given; /* by another thread; else its root is still looked up */
    void **root;
    const struct mount *mount;
};

/* --- Sums of directories -------------------------------------------------- */

/* How far the directory that the walk is in is below what was named. */
static size_t
depth_of(const struct member *m)
{
    return m->depth + m->walk.depth - 1;
}

/* Whether the walk is in a directory that has a sum of its own. */
static bool
has_sum(const struct member *m)
{
    return m->top->o->dirs.given && depth_of(m) <= m->top->o->dirs.depth;
}

/* Add what was counted since to the directory that it belongs to. */
static void
hand_in(struct member *m)
{
    if (m->dir != NULL && m->sums.files > 0)
        sums_dir_add(m->dir, &m->sums);
    sums_begin(&m->sums);
}

static void
entered(struct walk *w)
{
    struct member *m = w->arg;
    struct sums_dir *above = m->dir;

    if (!has_sum(m))
        return;
    pthread_mutex_lock(&m->top->lock);
    hand_in(m);
    m->dir = sums_dir_new(above, w->path);
    pthread_mutex_unlock(&m->top->lock);
}

static void
left(struct walk *w)
{
    struct member *m = w->arg;
    struct sums_dir *above = sums_dir_above(m->dir);

    if (!has_sum(m))
        return;
    pthread_mutex_lock(&m->top->lock);
    hand_in(m);
    sums_dir_leave(m->dir, &m->top->dirs);
    m->dir = above;
    pthread_mutex_unlock(&m->top->lock);
}

/* --- Hooks of the walk ---------------------------------------------------- */

/* For the machine, each file system is gone through by itself or not at all. */
static bool
skips(struct walk *w)
{
    const struct member *m = w->arg;

    return m->top->machine && mounts_find(&m->top->mounts, w->path) != NULL;
}

static struct tree *
new_tree(const struct tree *tree)
{
    struct tree *copy = malloc(sizeof *copy);

    if (copy == NULL)
        tool_no_memory();
    *copy = *tree;
    return copy;
}

static bool
takes(struct walk *w, int handle, const struct stat *st)
{
    struct member *m = w->arg;
    struct tree tree = { .dir = m->dir, .depth = depth_of(m) + 1,
                         .given = true, .root = m->root };

    if (!crew_is_idle(m->crew))
        return false;
    pthread_mutex_lock(&m->top->lock);
    sums_dir_use(m->dir);
    pthread_mutex_unlock(&m->top->lock);
    crew_give(m->crew, w->path, handle, st, new_tree(&tree));
    return true;
}

static void
failed(struct walk *w, int error)
{
    struct member *m = w->arg;
    bool in_dir = w->depth > 0
                  && w->levels[w->depth - 1].path_len == w->path_len;

    top_failed(m->top, &m->part, in_dir ? TOP_DIR : TOP_FILE, w->path, error);
}

static bool
is_seen(struct walk *w, const struct stat *st)
{
    struct member *m = w->arg;
    bool counts;

    /* One of a process may have been counted before, and one path may lead to
     * what is below another: it belongs to the sums of both. */
    m->is_new = true;
    if (st->st_nlink < 2 && m->top->o->pids.n == 0 && !m->top->repeats
        && (m->top->machine || m->top->o->paths[1] == NULL))
        return false;
    pthread_mutex_lock(&m->top->lock);
    m->is_new = identity_insert(&m->top->seen, st);
    counts = m->root != NULL ? identity_insert(m->root, st) : m->is_new;
    pthread_mutex_unlock(&m->top->lock);
    return !counts;
}

static const struct walk_hooks hooks = {
    .skips = skips,
    .takes = takes,
    .entered = entered,
    .left = left,
    .failed = failed,
    .is_seen = is_seen,
};

static int
visit(const struct tool_file *file, void *arg)
{
    struct member *m = arg;
    struct survey s;
    bool counted = m->is_new
                       ? top_count(m->top, &m->part, file, false, &s)
                       : survey_range(&s, file, 0, file->size) == 0;

    if (counted && m->dir != NULL)
        sums_add_file(&m->sums, &s);
    return TOOL_OK;
}

/* --- Trees ---------------------------------------------------------------- */

/* What is mounted there may be hidden below something else.  The subvolumes of
 * some file systems have devices of their own. */
static bool
is_hidden(const struct mount *mount, const struct stat *st)
{
    return mount != NULL && mount->device != st->st_dev
           && strcmp(mount->type, "btrfs") != 0
           && strcmp(mount->type, "bcachefs") != 0;
}

/* What somebody has named is said by its name, also if it is closed. */
static void
root_failed(struct top *top, const char *path, int error)
{
    pthread_mutex_lock(&top->lock);
    top->status = tool_failed(path, error);
    pthread_mutex_unlock(&top->lock);
}

/* A root is looked at when its turn has come, so that no more are open than
 * there are threads. */
static void
go_through_root(struct member *m, const char *path, const struct tree *tree)
{
    struct stat st;
    int handle = open_look(AT_FDCWD, path, true, &st);
    const char *filter = NULL;

    if (handle >= 0 && tree->mount == NULL)
        filter = filter_name(m->top->o, path, S_ISDIR(st.st_mode));
    if (handle < 0 && tree->mount == NULL) {
        root_failed(m->top, path, errno);
    } else if (handle < 0) {
        walk_failed(&m->walk, errno);
    } else if (filter != NULL) {
        close(handle);
        walk_left_out(&m->walk, filter);
    } else if (S_ISDIR(st.st_mode) && !is_hidden(tree->mount, &st)) {
        walk_tree(&m->walk, handle, &st);
    } else if (tree->mount == NULL) {
        walk_file(&m->walk, handle, &st);
    } else {
        close(handle); /* a file is found in its directory */
    }
}

static void
go_through(struct crew *crew, struct crew_task *task, size_t number)
{
    struct member *m = &((struct member *)crew->arg)[number];
    struct tree *tree = task->arg;

    m->dir = tree->dir;
    m->depth = tree->depth;
    m->root = tree->root;
    walk_begin(&m->walk, task->path);
    if (tree->given)
        walk_tree(&m->walk, task->handle, &task->st);
    else
        go_through_root(m, task->path, tree);
    pthread_mutex_lock(&m->top->lock);
    hand_in(m);
    sums_dir_leave(m->dir, &m->top->dirs);
    pthread_mutex_unlock(&m->top->lock);
    free(tree);
}

static void
give_root(struct crew *crew, const char *path, const struct mount *mount,
          void **root)
{
    struct tree tree = { .mount = mount, .root = root };

    crew_give(crew, path, -1, &(struct stat){ 0 }, new_tree(&tree));
}

/* The last one that is given is taken first. */
static void
give_roots(struct top *top, struct crew *crew, void **roots, size_t n)
{
    bool has_sets = n > 1 && top->o->dirs.given;

    while (n-- > 0)
        give_root(crew, top->o->paths[n], NULL, has_sets ? &roots[n] : NULL);
    if (!top->machine)
        return;
    mounts_choose(&top->mounts, top->o->network);
    for (size_t i = top->mounts.n; i > 0; i--)
        if (top->mounts.list[i - 1].chosen)
            give_root(crew, top->mounts.list[i - 1].dir,
                      &top->mounts.list[i - 1], NULL);
}

/* Whether what was named has a part of itself in it once more. */
static bool
has_repeats(const struct top *top)
{
    const char *path = *top->o->paths;
    char *real = path != NULL ? realpath(path, NULL) : NULL;
    bool repeats = real != NULL && mounts_repeat(&top->mounts, real);

    free(real);
    return repeats;
}

static size_t
count_paths(const struct tool_options *o)
{
    size_t n = 0;

    while (o->paths[n] != NULL)
        n++;
    return n;
}

void
top_trees(struct top *top)
{
    /* What is said of each file is said line by line. */
    size_t n = top->o->verbose ? 1 : crew_size(top->o->jobs);
    struct member *members = calloc(n, sizeof *members);
    size_t paths = count_paths(top->o);
    void **roots = calloc(paths + 1, sizeof *roots);
    struct crew crew;

    if (members == NULL || roots == NULL)
        tool_no_memory();
    crew_begin(&crew, go_through, members);
    for (size_t i = 0; i < n; i++) {
        members[i].walk = (struct walk){ .o = top->o, .visit = visit,
                                         .arg = &members[i], .hooks = &hooks };
        members[i].top = top;
        members[i].crew = &crew;
        top_part_begin(&members[i].part, top);
        sums_begin(&members[i].sums);
    }
    open_prepare();
    top->repeats = has_repeats(top);
    give_roots(top, &crew, roots, paths);
    crew_run(&crew, n);
    for (size_t i = 0; i < n; i++) {
        top_part_move(&top->all, &members[i].part);
        walk_free(&members[i].walk);
    }
    for (size_t i = 0; i < paths; i++)
        identity_free(&roots[i]);
    free(roots);
    free(members);
}
