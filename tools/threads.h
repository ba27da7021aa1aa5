/* SPDX-License-Identifier: MIT */
/* Threads that help the first one. */
#ifndef TOOL_THREADS_H
#define TOOL_THREADS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* How many processors there are, at least one. */
size_t threads_processors(void);

/* How many of so many threads there is address space for, beside the first
 * one: the limits may be low (ulimit -v, ulimit -d). */
size_t threads_fitting(size_t wanted);

/* Start one.  Signals are for the first thread, to wake it; a thread's own
 * faults are its own, and watch gives the terminal back at one. */
bool threads_start(pthread_t *thread, void *(*run)(void *arg), void *arg);

#endif /* TOOL_THREADS_H */
