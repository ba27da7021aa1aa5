/* SPDX-License-Identifier: MIT */
/* A terminal that the program has to itself for a while: the other screen, no
 * cursor, and keys as they are pressed. */
#ifndef TOOL_LIVE_H
#define TOOL_LIVE_H

#include <stdbool.h>

/*
 * Take the terminal of standard output, and keys from standard input if that is
 * a terminal and wanted, else from the terminal of the process.  It is given
 * back by live_end(), by exit(), by every signal that ends or stops the
 * program, and taken again when the program goes on.
 */
void live_begin(bool keys_from_stdin);
void live_end(void);

/* Between these two calls nothing stops the program, so that what is written
 * there is written as a whole, and not in part after the terminal has gone to
 * somebody else. */
void live_hold(void);
void live_release(void);

/* Wait at most so many seconds, or without an end if they are negative, for a
 * key.  Returns it, or 0: the time is over, a signal has come, or what was
 * pressed is no character. */
int live_key(double seconds);

/* Whether the screen has to be drawn again since this was last asked: it has
 * another size, or the terminal was taken again. */
bool live_changed(void);

/* Whether the terminal belongs to somebody else now, so that nothing is to be
 * drawn: the program was stopped, and goes on in the background. */
bool live_hidden(void);

#endif /* TOOL_LIVE_H */
