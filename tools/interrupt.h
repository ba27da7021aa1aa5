/* SPDX-License-Identifier: MIT */
/* Leaving cleanly when a signal comes. */
#ifndef TOOL_INTERRUPT_H
#define TOOL_INTERRUPT_H

#include <signal.h>

extern volatile sig_atomic_t tool_interrupted; /* the signal, or 0 */

/* The same, also after a command that ends so has cleared the other. */
extern volatile sig_atomic_t tool_signalled;

/* From now on SIGINT, SIGTERM and SIGHUP set both, and what is still written to
 * somebody who does not read is lost. */
void tool_catch_signals(void);

/* Something else than a standard stream is written to, or nothing if -1. */
void tool_writes_to(int fd);

/* From now on SIGHUP sets this instead, unless it comes because the terminal is
 * gone; then it ends the work as before. */
extern volatile sig_atomic_t tool_hung_up;
void tool_catch_hangup(void);

/* Wait so many seconds, or without an end if they are negative, or until a
 * signal is caught. */
void tool_wait(double seconds);

/* Wait until there is something to read, or until a signal is caught. */
void tool_wait_readable(int fd);

/* Die by the signal that was caught, for the caller's sake. */
void tool_end_by_signal(void);

#endif /* TOOL_INTERRUPT_H */
