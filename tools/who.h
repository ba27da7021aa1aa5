/* SPDX-License-Identifier: MIT */
/* Which processes map which files. */
#ifndef TOOL_WHO_H
#define TOOL_WHO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "proc.h"

struct who_process {
    pid_t pid;
    char name[PROC_NAME];
    bool asked_for_locks;
};

/* Those that map a file, ascending by number. */
struct who {
    struct who_process **list;
    size_t n;
    size_t room;
};

/* Look at all processes.  Returns 0 or an errno. */
int who_look(void);

/* Who maps a file, as it was at the last look; NULL: nobody that is known. */
const struct who *who_maps(dev_t device, ino_t inode);

/* Who has locked some of it; NULL as above. */
const struct who *who_locks(dev_t device, ino_t inode);

/* Add those who are not in a list yet; more may be NULL. */
void who_add(struct who *who, const struct who *more);

/* How many processes have not let this one look, and whether there may be
 * others which the system hides. */
size_t who_closed(void);
bool who_hidden(void);

/* Forget everything. */
void who_forget(void);

/* --- who_print.c ---------------------------------------------------------- */

/* Print "NAME (NUMBER), NAME (NUMBER) and 2 more", with so many names.  Returns
 * the columns that it takes; a NULL stream prints nothing. */
size_t who_print(FILE *out, const struct who *who, size_t named);

/* How many names, at most so many, fit into so many columns; 0: any number of
 * them. */
size_t who_fitting(const struct who *who, size_t most, size_t columns);

#endif /* TOOL_WHO_H */
