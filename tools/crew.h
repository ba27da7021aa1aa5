/* SPDX-License-Identifier: MIT */
/*
 * Several threads that go through trees at once.
 *
 * Each has a walk of its own.  Who has nothing to do gets a directory that
 * another one has come to, with everything below it.
 */
#ifndef TOOL_CREW_H
#define TOOL_CREW_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* A tree to go through. */
struct crew_task {
    struct crew_task *next;
    char *path;
    int handle;
    struct stat st;
    void *arg; /* of the caller that gave it */
};

struct crew {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct crew_task *tasks;
    atomic_int wanted; /* tasks that somebody waits for */
    int working;
    void (*work)(struct crew *crew, struct crew_task *task, size_t member);
    void *arg;
};

/* How many threads are useful: as many as there are processors, or as many as
 * are asked for, but no more than there are descriptors and address space
 * for. */
size_t crew_size(size_t asked);

void crew_begin(struct crew *crew,
                void (*work)(struct crew *crew, struct crew_task *task,
                             size_t member),
                void *arg);

/* Whether a member waits for something to do. */
bool crew_is_idle(struct crew *crew);

/* Give a tree to a thread that is free.  The handle is given up. */
void crew_give(struct crew *crew, const char *path, int handle,
               const struct stat *st, void *arg);

/* Work, with so many threads, until all is done. */
void crew_run(struct crew *crew, size_t members);

#endif /* TOOL_CREW_H */
