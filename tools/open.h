/* SPDX-License-Identifier: MIT */
/* Opening what was looked at, and nothing else. */
#ifndef TOOL_OPEN_H
#define TOOL_OPEN_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

struct tool_file {
    const char *path;
    size_t root;   /* bytes of the path that were named; the rest was found */
    bool by_links; /* through symbolic links */
    int fd;
    int64_t size;
    dev_t device;
    ino_t inode;
    bool is_dense;  /* has no holes for certain */
    bool is_device; /* in no file system: its name is in that of /dev */
    void *note;    /* see tool_files_ahead() in files.h */
};

/* The errno for what is no file, which the system never opens one with. */
enum { OPEN_OTHER = ENOTBLK };

/* To be called before there are several threads. */
void open_prepare(void);

/*
 * Look at a name in a directory (AT_FDCWD: the working one) without opening
 * what is there.  A symbolic link is followed only if it is to be.  Returns a
 * handle, to be closed, of a regular file, a block device or a directory; or -1
 * and errno: ELOOP for a link that is not followed, OPEN_OTHER for anything
 * else.
 */

int open_look(int dir, const char *name, bool follow, struct stat *st);

/* The same for a path of any length from the root on, no part of which may be a
 * link.  What is on a pseudo file system is no file here: to read it may take
 * something away from others. */
int open_look_along(const char *path, struct stat *st);

/* The same for a path of any length, of which so many bytes were named and may
 * lead through links.  The rest was found in directories. */
int open_look_below(const char *path, size_t root, bool follow,
                    struct stat *st);

/* Whether an errno of that, or of open_file(), means that the file has gone: it
 * has no name, or something else is there by now. */
bool open_is_gone(int error);

/* Open the file that a handle stands for, of which open_look() has said what it
 * is.  Returns 0 or an errno: EISDIR for a directory. */
int open_file(struct tool_file *file, int handle, const struct stat *st);

/* Another descriptor of an open file, or -1 and errno.  On overlayfs it is one
 * of the copy if the file was written to meanwhile. */
int open_again(int fd);

/* A descriptor to read a directory's entries by, or -1 and errno. */
int open_directory(int handle);

/* The path of an open file from the root on, without links and allocated; or
 * NULL and errno, ENOENT if the file has no name any more.  It may have any
 * length if the file was found in a directory. */
char *open_real_path(const struct tool_file *file);

#endif /* TOOL_OPEN_H */
