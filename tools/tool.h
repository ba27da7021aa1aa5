/* SPDX-License-Identifier: MIT */
/* What every part of the command needs: how it ends, and how it complains. */
#ifndef TOOL_H
#define TOOL_H

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit statuses. */
enum {
    TOOL_OK,
    TOOL_FAILED, /* for some file the answer is missing */
    TOOL_USAGE,
    TOOL_STOPPED, /* inside: failed, and nothing else is to be tried */
};

/* The sum of two numbers of bytes, at most the largest there is. */
int64_t tool_sum(int64_t a, int64_t b);

/* Say that there is no memory left, and exit. */
_Noreturn void tool_no_memory(void);

/* Have room for one more behind the n of a list, which has room for *room of so
 * many bytes each: the list, which may have moved.  An empty one is NULL. */
void *tool_grow(void *list, size_t n, size_t *room, size_t size);

/* In place of an errno. */
enum {
    TOOL_DIRECTORY = -1, /* -r is missing */
    TOOL_ENDED = -2,     /* a process that its parent has not yet noticed */
    TOOL_KERNEL_THREAD = -3,
    TOOL_GONE = -4,      /* a process, while it was looked at */
    TOOL_LEFT_OUT = -5,  /* by an option: no failure */
};

/* Whether a path is that of a directory or of something in it, by the text. */
bool tool_is_below(const char *path, const char *dir);

/* Why nothing can be said of a file: error is an errno. */
const char *tool_error(int error);

/* Hand on what was printed on stdout.  Returns 0 or, now and ever after, the
 * errno of the first failure. */
int tool_flush(void);

/* Hand what is to be said on stderr to a function instead, since a screen would
 * be written over; NULL: say it again.  path is NULL where it is about no file
 * alone.  failed: it is why nothing can be said of the file. */
typedef void tool_listener(const char *path, const char *matter, bool failed);
void tool_divert(tool_listener *listener);
bool tool_is_diverted(void);

/* Say a line that is about no file alone. */
void tool_say(const char *line);

/* Say on stderr that an option leaves a file out. */
void tool_left_out(const char *path, const char *option);

/* Say something about a file on stderr that is no failure: the matter, and what
 * else there is to it.  Not where that is handed to a function. */
void tool_note(const char *path, const char *matter, const char *more);

/* Say on stderr why nothing can be said of a file. */
int tool_failed(const char *path, int error);

/* From here to the end only the first few are named that permission is denied
 * for; how many more there were is said in the end.  In a tree of others' files
 * they could be all. */
void tool_refusals_begin(void);
void tool_refusals_end(const char *path);

#endif /* TOOL_H */
