/* SPDX-License-Identifier: MIT */
/* Several threads that go through trees at once. */
#include "tool.h"
#include "crew.h"
#include "threads.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* Descriptors that a member needs at most, and those that the program has. */
enum { DESCRIPTORS = 18, OTHERS = 16 };

enum { MOST_MEMBERS = 64 };

size_t
crew_size(size_t asked)
{
    size_t n = asked != 0 ? asked : threads_processors();
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0
        && limit.rlim_cur < OTHERS + n * DESCRIPTORS)
        n = limit.rlim_cur > OTHERS
                ? (size_t)(limit.rlim_cur - OTHERS) / DESCRIPTORS
                : 0;
    if (n > MOST_MEMBERS)
        n = MOST_MEMBERS;
    return n > 1 ? 1 + threads_fitting(n - 1) : 1;
}

void
crew_begin(struct crew *crew,
           void (*work)(struct crew *crew, struct crew_task *task,
                        size_t member),
           void *arg)
{
    *crew = (struct crew){ .work = work, .arg = arg };
    pthread_mutex_init(&crew->lock, NULL);
    pthread_cond_init(&crew->changed, NULL);
}

bool
crew_is_idle(struct crew *crew)
{
    return atomic_load_explicit(&crew->wanted, memory_order_relaxed) > 0;
}

void
crew_give(struct crew *crew, const char *path, int handle,
          const struct stat *st, void *arg)
{
    struct crew_task *task = malloc(sizeof *task);

    if (task == NULL)
        tool_no_memory();
    *task = (struct crew_task){ .path = strdup(path), .handle = handle,
                                .st = *st, .arg = arg };
    if (task->path == NULL)
        tool_no_memory();
    pthread_mutex_lock(&crew->lock);
    task->next = crew->tasks;
    crew->tasks = task;
    atomic_fetch_sub(&crew->wanted, 1);
    pthread_cond_signal(&crew->changed);
    pthread_mutex_unlock(&crew->lock);
}

/* The next task, or NULL when there will be no more. */
static struct crew_task *
take(struct crew *crew)
{
    struct crew_task *task;

    pthread_mutex_lock(&crew->lock);
    crew->working--;
    atomic_fetch_add(&crew->wanted, 1);
    while (crew->tasks == NULL && crew->working > 0)
        pthread_cond_wait(&crew->changed, &crew->lock);
    task = crew->tasks;
    if (task != NULL) {
        crew->tasks = task->next;
        crew->working++;
    } else {
        pthread_cond_broadcast(&crew->changed);
    }
    pthread_mutex_unlock(&crew->lock);
    return task;
}

struct member {
    struct crew *crew;
    size_t number;
    pthread_t thread;
    bool started;
};

static void *
work(void *arg)
{
    struct member *m = arg;
    struct crew_task *task;

    while ((task = take(m->crew)) != NULL) {
        m->crew->work(m->crew, task, m->number);
        free(task->path);
        free(task);
    }
    return NULL;
}

void
crew_run(struct crew *crew, size_t members)
{
    struct member all[MOST_MEMBERS] = { { .crew = crew } };

    crew->working = (int)members;
    for (size_t i = 1; i < members; i++) {
        all[i] = (struct member){ .crew = crew, .number = i };
        all[i].started = threads_start(&all[i].thread, work, &all[i]);
        if (all[i].started)
            continue;
        pthread_mutex_lock(&crew->lock);
        crew->working--;
        pthread_mutex_unlock(&crew->lock);
    }
    work(&all[0]);
    for (size_t i = 1; i < members; i++)
        if (all[i].started)
            pthread_join(all[i].thread, NULL);
    pthread_cond_destroy(&crew->changed);
    pthread_mutex_destroy(&crew->lock);
}
