/* SPDX-License-Identifier: MIT */
/*
 * Which processes map which files.
 *
 * The device that stands in maps is not always the one of stat(2): btrfs and
 * overlayfs have others.  So each file is looked at once, by the first mapping
 * of it, and what maps says is only the key by which it is found again.
 */
#include "tool.h"
#include "identity.h"
#include "who.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file by what stat(2) says of it. */
struct file {
    struct identity id;
    struct who who;
    struct who locks;
};

/* The same by what maps says. */
struct alias {
    struct identity id;
    struct file *file;
};

static struct {
    void *files;   /* a tree */
    void *aliases; /* another one */
    struct who_process **processes;
    size_t n;
    size_t closed;
    bool hidden;
} all;

/* The node of a tree that is equal to one which is given up if it is not
 * new. */
static void *
insert(void **tree, void *node)
{
    void **found = tsearch(node, tree, identity_compare);

    if (found == NULL)
        tool_no_memory();
    if (*found != node)
        free(node);
    return *found;
}

static void *
allocate(size_t bytes)
{
    void *p = calloc(1, bytes);

    if (p == NULL)
        tool_no_memory();
    return p;
}

/* --- Looking -------------------------------------------------------------- */

struct looking {
    const struct proc *p;
    struct who_process *process;
};

static struct file *
file_of(const struct proc *p, const struct proc_map *map)
{
    struct file *file = allocate(sizeof *file);
    struct stat st;
    int handle = proc_look(p, map, &st);

    file->id.device = handle >= 0 ? st.st_dev : map->device;
    file->id.inode = handle >= 0 ? st.st_ino : map->inode;
    if (handle >= 0)
        close(handle);
    return insert(&all.files, file);
}

static void
add(struct who *who, struct who_process *process)
{
    if (who->n > 0 && who->list[who->n - 1] == process)
        return;
    who->list = tool_grow(who->list, who->n, &who->room,
                          sizeof(struct who_process *));
    who->list[who->n++] = process;
}

static void
look_at_map(const struct proc_map *map, void *arg)
{
    const struct looking *looking = arg;
    struct alias *new = allocate(sizeof *new);
    struct alias *alias;

    new->id = (struct identity){ map->device, map->inode };
    alias = insert(&all.aliases, new);
    if (alias->file == NULL)
        alias->file = file_of(looking->p, map);
    add(&alias->file->who, looking->process);
}

/* What has ended meanwhile maps nothing. */
static void
look_at(pid_t pid)
{
    struct who_process *process;
    struct looking looking;
    struct proc p;
    int error = proc_open(&p, pid);

    if (error == 0) {
        process = allocate(sizeof *process);
        process->pid = pid;
        memcpy(process->name, p.name, sizeof process->name);
        all.processes[all.n++] = process;
        looking = (struct looking){ &p, process };
        error = proc_each_map(&p, look_at_map, &looking);
        proc_close(&p);
    }
    if (error != 0 && error != ESRCH)
        all.closed++;
}

static int
by_number(const void *a, const void *b)
{
    pid_t x = *(const pid_t *)a;
    pid_t y = *(const pid_t *)b;

    return x < y ? -1 : x > y;
}

int
who_look(void)
{
    pid_t *pids;
    size_t n;
    int error;

    who_forget();
    error = proc_list(&pids, &n);
    if (error == 0) {
        qsort(pids, n, sizeof *pids, by_number);
        all.processes = allocate(n * sizeof(struct who_process *));
    }
    for (size_t i = 0; i < n; i++)
        look_at(pids[i]);
    free(pids);
    all.hidden = error == 0 && proc_hides();
    return error;
}

const struct who *
who_maps(dev_t device, ino_t inode)
{
    struct file key = { .id = { device, inode } };
    struct file **found = tfind(&key, &all.files, identity_compare);

    return found != NULL ? &(*found)->who : NULL;
}

/* --- Locks ---------------------------------------------------------------- */

static void
look_at_lock(const struct proc_map *map, void *arg)
{
    const struct looking *looking = arg;
    struct alias key = { .id = { map->device, map->inode } };
    struct alias **found = tfind(&key, &all.aliases, identity_compare);

    if (map->locked && found != NULL)
        add(&(*found)->file->locks, looking->process);
}

/* All that a process has locked is noted at once, since that takes long. */
static void
look_for_locks(struct who_process *process)
{
    struct looking looking;
    struct proc p;

    if (process->asked_for_locks || proc_open(&p, process->pid) != 0)
        return;
    process->asked_for_locks = true;
    looking = (struct looking){ &p, process };
    proc_each_locked(&p, look_at_lock, &looking);
    proc_close(&p);
}

const struct who *
who_locks(dev_t device, ino_t inode)
{
    struct file key = { .id = { device, inode } };
    struct file **found = tfind(&key, &all.files, identity_compare);

    if (found == NULL)
        return NULL;
    for (size_t i = 0; i < (*found)->who.n; i++)
        look_for_locks((*found)->who.list[i]);
    return &(*found)->locks;
}

void
who_add(struct who *who, const struct who *more)
{
    for (size_t i = 0; more != NULL && i < more->n; i++) {
        size_t j = 0;

        while (j < who->n && who->list[j] != more->list[i])
            j++;
        if (j == who->n)
            add(who, more->list[i]);
    }
}

size_t
who_closed(void)
{
    return all.closed;
}

bool
who_hidden(void)
{
    return all.hidden;
}

void
who_forget(void)
{
    while (all.aliases != NULL) {
        struct alias *alias = *(struct alias **)all.aliases;

        tdelete(alias, &all.aliases, identity_compare);
        free(alias);
    }
    while (all.files != NULL) {
        struct file *file = *(struct file **)all.files;

        tdelete(file, &all.files, identity_compare);
        free(file->who.list);
        free(file->locks.list);
        free(file);
    }
    for (size_t i = 0; i < all.n; i++)
        free(all.processes[i]);
    free(all.processes);
    all.processes = NULL;
    all.n = all.closed = 0;
}
