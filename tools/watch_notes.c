/* SPDX-License-Identifier: MIT */
/* What tools/watch_notes.h says. */
#include "tool.h"
#include "watch_notes.h"

#include <stdio.h>
#include <string.h>

/* More of a path than a screen shows; the matter behind it is whole. */
enum { PATH_ROOM = NOTE_ROOM - 128 };

void
notes_add(struct notes *n, const char *path, const char *matter, bool is_error)
{
    char *note = is_error ? n->error : n->remark;
    size_t len = strlen(path);
    const char *dots = "";

    if (len > PATH_ROOM) {
        dots = "...";
        path += len - PATH_ROOM;
        while (((unsigned char)*path & 0xc0) == 0x80)
            path++;
    }
    *(is_error ? &n->errors : &n->remarks) += 1;
    snprintf(note, NOTE_ROOM, "%s%s: %s", dots, path, matter);
}

static void
count(char text[static 32], size_t n, const char *what)
{
    snprintf(text, 32, "%zu %s%s", n, what, n == 1 ? "" : "s");
}

/* What is wrong goes before what was asked for. */
size_t
notes_text(const struct notes *n, char text[static NOTES_ROOM])
{
    char errors[32], remarks[32];

    count(errors, n->errors, "error");
    count(remarks, n->remarks, "remark");
    *text = '\0';
    if (n->errors > 0)
        snprintf(text, NOTES_ROOM, "%s: %s%s%s", errors, n->error,
                 n->remarks > 0 ? ", " : "", n->remarks > 0 ? remarks : "");
    else if (n->remarks > 0)
        snprintf(text, NOTES_ROOM, "%s: %s", remarks, n->remark);
    return strlen(text);
}
