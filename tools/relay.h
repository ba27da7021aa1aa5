/* SPDX-License-Identifier: MIT */
/*
 * Working on what waits in a queue ahead of its turn, by several threads.
 *
 * What waits has places, which are counted on and on; a caller has as many of
 * them as there is room for, in a ring.
 */
#ifndef TOOL_RELAY_H
#define TOOL_RELAY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum { RELAY_ROOM = 128, RELAY_THREADS = 32 };

struct relay {
    void (*work)(void *arg, size_t place); /* in any thread, in any order */
    void *arg;
    size_t room;
    size_t first;
    size_t begun; /* those before it have been taken by a thread */
    size_t end;
    atomic_bool done[RELAY_ROOM];
    atomic_size_t awaited; /* the place that the first thread waits for */
    size_t most_threads;
    size_t helpers; /* as many as there are processors for the work */
    size_t threads;
    pthread_t thread[RELAY_THREADS];
    pthread_mutex_t lock; /* held for what follows, begun and end */
    pthread_cond_t is_added;
    pthread_cond_t is_done;
    bool is_slow;     /* the work waits for somebody */
    size_t long_ones; /* in a row: looks at the clock that took long */
    size_t quick;     /* in a row: places that did not */
    bool over;
};

/* With room for so many, RELAY_ROOM at most.  jobs is how many threads work: 1
 * is none but the caller's, 0 is as many as it takes.  In that case work that
 * waits for nobody is other processors' only if shares says so. */
void relay_begin(struct relay *r, size_t room, size_t jobs, bool shares,
                 void (*work)(void *arg, size_t place), void *arg);

/* Whether what is added next is for other threads to work on. */
bool relay_is_shared(struct relay *r);

/* Add the place r->end, for which there has to be room: for other threads, if
 * relay_is_shared() has just said so, or it is worked on here and now. */
void relay_add(struct relay *r, bool shared);

/* Take the first place away, when it has been worked on.  There has to be
 * one. */
size_t relay_take(struct relay *r);

/* No place may be left. */
void relay_end(struct relay *r);

#endif /* TOOL_RELAY_H */
