/* SPDX-License-Identifier: MIT */
/* Which processes map which files. */
#ifndef TOOL_WHO_H
#define TOOL_WHO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "proc.h"

struct who_process {
    pid_t pid;
    char name[PROC_NAME];
};

/* Those that map a file, ascending by number. */
struct who {
    const struct who_process **list;
    size_t n;
    size_t room;
};

/* Look at all processes.  Returns 0 or an errno. */
int who_look(void);

/* Who maps a file, as it was at the last look; NULL: nobody that is known. */
const struct who *who_maps(dev_t device, ino_t inode);

/* How many processes have not let this one look. */
size_t who_closed(void);

/* Forget everything. */
void who_forget(void);

#endif /* TOOL_WHO_H */
