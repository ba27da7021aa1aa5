/* SPDX-License-Identifier: MIT */
/* What /proc tells about processes and the files that they use. */
#ifndef TOOL_PROC_H
#define TOOL_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

enum { PROC_NAME = 64 };

/* A process.  The directory stays that of this process, also when the system
 * gives its number to another one. */
struct proc {
    pid_t pid;
    int dir;
    char name[PROC_NAME]; /* of the program, as ps(1) has it */
};

/* A file that a process uses. */
struct proc_file {
    const char *path; /* with " (deleted)" behind it if it has no name */
    bool mapped;      /* else it is open */
    int handle;       /* as from open_look(); the visitor closes it */
    int error;        /* why there is no handle, or 0 */
    struct stat st;
};

/* A line of maps for something that has an inode. */
struct proc_map {
    const char *range; /* in hexadecimal, as in map_files */
    const char *path;
    bool deleted;
    bool locked;       /* only proc_each_locked() tells */
    dev_t device;      /* not always the one of stat(2) */
    ino_t inode;
};

/* The numbers of all processes that can be seen, allocated.  Returns 0 or an
 * errno. */
int proc_list(pid_t **pids, size_t *n);

/* Whether the system hides processes from this user. */
bool proc_hides(void);

/* Returns 0 or an errno, ESRCH if there is no such process. */
int proc_open(struct proc *p, pid_t pid);
void proc_close(struct proc *p);

/* The same for a process that somebody has named: what can use no file is a
 * failure too, TOOL_ENDED or TOOL_KERNEL_THREAD. */
int proc_open_named(struct proc *p, pid_t pid);

/* Whether a process has ended since it was opened. */
bool proc_has_ended(const struct proc *p);

/* Whether other files can have its paths here, because file systems are mounted
 * for it which are not for us. */
bool proc_has_own_mounts(const struct proc *p);

/* What complaints call a process: "process 1". */
enum { PROC_TITLE = sizeof "process -2147483648" };
const char *proc_title(char title[static PROC_TITLE], pid_t pid);

/* Call fn for each mapping of a file.  Returns 0 or an errno. */
int proc_each_map(const struct proc *p,
                  void (*fn)(const struct proc_map *map, void *arg), void *arg);

/* The same, which takes longer, with what is locked. */
int proc_each_locked(const struct proc *p,
                     void (*fn)(const struct proc_map *map, void *arg),
                     void *arg);

/* The file that a mapping is of, as open_look() does it. */
int proc_look(const struct proc *p, const struct proc_map *map,
              struct stat *st);

/* What a visitor does with a file that it does not want. */
void proc_drop(const struct proc_file *file);

/* Whether a mapping has gone since maps was read. */
bool proc_map_is_gone(const struct proc *p, const struct proc_map *map);

/* Call fn once for each regular file and block device that a process has open
 * or mapped.  Returns 0 or an errno, or TOOL_GONE if the process has ended by
 * then: some may be missing. */
int proc_each_file(const struct proc *p,
                   void (*fn)(const struct proc_file *file, void *arg),
                   void *arg);

#endif /* TOOL_PROC_H */
