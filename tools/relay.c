/* SPDX-License-Identifier: MIT */
/*
 * Working on what waits in a queue ahead of its turn, by several threads.
 *
 * There are two ways.  Where the work is a matter of the processor, one thread
 * for each other processor takes several places at a time, so that it seldom
 * has to be woken, and the first thread works on one too instead of waiting.
 *
 * Where each piece of work is a question to a server, as many as possible have
 * to be asked at once.  When the work turns out to take long, many threads take
 * one place each, and the first thread only waits.
 */
#include "tool.h"
#include "pace.h"
#include "relay.h"
#include "threads.h"

#include <stdint.h>

/* Places that a thread takes at a time, where there is room for four times as
 * many; and how many were worked on before a thread is worth its start. */
enum { BATCH = 16, MANY = 64 };

/* Work that takes so many seconds a place waits for somebody, if that is so
 * several times in a row: once alone may have waited for a processor, or for a
 * block of inodes.  It does not any more when so many places were quick. */
static const double LONG = 200e-6;
enum { IN_A_ROW = 3, QUICK = 512 };

#define NONE SIZE_MAX

/* How many places a thread takes at a time. */
static size_t
batch(const struct relay *r)
{
    size_t n = r->room / 4 < BATCH ? r->room / 4 : BATCH;

    return r->is_slow || n == 0 ? 1 : n;
}

/* Learn from n places that took so many seconds together. */
static void
learn(struct relay *r, size_t n, double seconds)
{
    if (seconds > LONG * (double)n) {
        r->quick = 0;
        r->long_ones++;
    } else {
        r->quick += n;
        r->long_ones = 0;
    }
    if (r->long_ones >= IN_A_ROW)
        r->is_slow = true;
    else if (r->quick >= QUICK)
        r->is_slow = false;
}

/* --- Threads -------------------------------------------------------------- */

static bool
is_done(const struct relay *r, size_t place)
{
    return atomic_load(&r->done[place % r->room]);
}

/* Take up to so many places that are not done; *from is the first of them.
 * Returns how many. */
static size_t
claim(struct relay *r, size_t most, size_t *from)
{
    size_t n = 0;

    while (r->begun < r->end && is_done(r, r->begun))
        r->begun++;
    *from = r->begun;
    while (n < most && r->begun < r->end && !is_done(r, r->begun)) {
        r->begun++;
        n++;
    }
    return n;
}

/* Work on places that were taken.  The lock is held before and afterwards. */
static void
work_on(struct relay *r, size_t from, size_t n)
{
    double began;

    pthread_mutex_unlock(&r->lock);
    began = tool_seconds();
    for (size_t place = from; place < from + n; place++) {
        r->work(r->arg, place);
        atomic_store(&r->done[place % r->room], true);
        if (atomic_load(&r->awaited) == place) {
            pthread_mutex_lock(&r->lock);
            pthread_cond_signal(&r->is_done);
            pthread_mutex_unlock(&r->lock);
        }
    }
    began = tool_seconds() - began;
    pthread_mutex_lock(&r->lock);
    learn(r, n, began);
}

/* What is left when nothing more is added is little, and the first thread's. */
static void *
run_thread(void *arg)
{
    struct relay *r = arg;

    pthread_mutex_lock(&r->lock);
    while (!r->over) {
        size_t most = batch(r);
        size_t from = 0;
        size_t n = r->end - r->begun < most ? 0 : claim(r, most, &from);

        if (n > 0)
            work_on(r, from, n);
        else
            pthread_cond_wait(&r->is_added, &r->lock);
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

/* How many threads the work has shown to be of use.  One file is none. */
static size_t
useful_threads(const struct relay *r)
{
    if (r->is_slow && r->end > 0)
        return r->most_threads;
    return r->end >= MANY ? r->helpers : 0;
}

/* The lock is held, unless this starts the first one. */
static void
start_threads(struct relay *r)
{
    size_t n = useful_threads(r);

    while (r->threads < n
           && threads_start(&r->thread[r->threads], run_thread, r))
        r->threads++;
    if (r->threads < n)
        r->most_threads = r->helpers = r->threads;
}

static void
stop_threads(struct relay *r)
{
    pthread_mutex_lock(&r->lock);
    r->over = true;
    pthread_cond_broadcast(&r->is_added);
    pthread_mutex_unlock(&r->lock);
    while (r->threads > 0)
        pthread_join(r->thread[--r->threads], NULL);
}

/* --- The queue ------------------------------------------------------------ */

void
relay_begin(struct relay *r, size_t room, size_t jobs, bool shares,
            void (*work)(void *arg, size_t place), void *arg)
{
    size_t processors = threads_processors();
    size_t most = jobs > 0 && jobs < RELAY_THREADS ? jobs : RELAY_THREADS;
    size_t helpers = shares || jobs > 0 ? processors - 1 : 0;

    if (most > room)
        most = room;
    most = jobs == 1 ? 0 : threads_fitting(most);
    *r = (struct relay){ .work = work,
                         .arg = arg,
                         .room = room,
                         .awaited = NONE,
                         .most_threads = most,
                         .helpers = helpers < most ? helpers : most,
                         .is_slow = jobs > processors };
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->is_added, NULL);
    pthread_cond_init(&r->is_done, NULL);
}

bool
relay_is_shared(struct relay *r)
{
    if (r->threads == 0)
        start_threads(r);
    return r->threads > 0;
}

/* Work here and now.  Returns how many seconds that took. */
static double
work_now(struct relay *r, size_t place)
{
    double began = tool_seconds();

    r->work(r->arg, place);
    return tool_seconds() - began;
}

void
relay_add(struct relay *r, bool shared)
{
    double seconds = shared ? 0 : work_now(r, r->end);

    atomic_store(&r->done[r->end % r->room], !shared);
    pthread_mutex_lock(&r->lock);
    if (!shared)
        learn(r, 1, seconds);
    r->end++;
    if (r->threads > 0 && r->threads < useful_threads(r))
        start_threads(r);
    if (r->end - r->begun >= batch(r))
        pthread_cond_signal(&r->is_added);
    pthread_mutex_unlock(&r->lock);
}

/* Wait until the first place is done, or work on it, and maybe on others. */
static void
wait_for_first(struct relay *r)
{
    pthread_mutex_lock(&r->lock);
    while (!is_done(r, r->first)) {
        size_t from = 0;
        size_t n = r->is_slow && r->begun > r->first ? 0 : claim(r, 1, &from);

        if (n > 0) {
            work_on(r, from, n);
            continue;
        }
        atomic_store(&r->awaited, r->first);
        while (!is_done(r, r->first))
            pthread_cond_wait(&r->is_done, &r->lock);
        atomic_store(&r->awaited, NONE);
    }
    pthread_mutex_unlock(&r->lock);
}

size_t
relay_take(struct relay *r)
{
    if (!is_done(r, r->first))
        wait_for_first(r);
    /* One that is done and was never taken by a thread is not theirs any more:
     * the next one gets its place. */
    pthread_mutex_lock(&r->lock);
    if (r->begun == r->first)
        r->begun++;
    pthread_mutex_unlock(&r->lock);
    return r->first++;
}

void
relay_end(struct relay *r)
{
    if (r->threads > 0)
        stop_threads(r);
    pthread_mutex_destroy(&r->lock);
    pthread_cond_destroy(&r->is_added);
    pthread_cond_destroy(&r->is_done);
}
