/* SPDX-License-Identifier: MIT */
/* What a look says about files, for a line of the screen. */
#ifndef TOOL_WATCH_NOTES_H
#define TOOL_WATCH_NOTES_H

#include <stdbool.h>
#include <stddef.h>

/* Room for a note, and for all that notes_text() makes. */
enum { NOTE_ROOM = 384, NOTES_ROOM = 512 };

struct notes {
    size_t errors;
    size_t remarks;
    char error[NOTE_ROOM]; /* the last one */
    char remark[NOTE_ROOM];
};

/* A note is an error or a remark. */
void notes_add(struct notes *n, const char *path, const char *matter,
               bool is_error);

/* "2 errors: NAME: No such file or directory"; or nothing.  Returns the
 * bytes. */
size_t notes_text(const struct notes *n, char text[static NOTES_ROOM]);

#endif /* TOOL_WATCH_NOTES_H */
