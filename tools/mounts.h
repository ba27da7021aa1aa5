/* SPDX-License-Identifier: MIT */
/* File systems: of what kind they are, and where they are mounted. */
#ifndef TOOL_MOUNTS_H
#define TOOL_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum fs_kind {
    FS_REAL,    /* files that memory has a copy of */
    FS_MEMORY,  /* memory is the only place where they are */
    FS_NETWORK, /* another machine, or a program, is asked for each file */
    FS_STACKED, /* its files lie on another file system */
    FS_PSEUDO,  /* no files, but what the kernel has to say */
};

/* A line of /proc/self/mountinfo. */
struct mount_line {
    char *dir;
    char *root; /* what part of the file system it is, from its root on */
    char *type;
    char *rest; /* where it comes from, and the options of the file system */
    dev_t device;
};

/* Call fn for each line, in their order, until it returns false.  Returns 0 or
 * an errno. */
int mounts_each(bool (*fn)(const struct mount_line *line, void *arg),
                void *arg);

struct mount {
    char *dir;
    char *root; /* this and the type as in its line */
    char *type;
    dev_t device;
    enum fs_kind kind;
    bool chosen;
};

struct mounts {
    struct mount *list; /* ascending by dir, each dir once */
    size_t n, room;
};

/* All that is mounted.  Returns 0 or an errno. */
int mounts_read(struct mounts *m);
void mounts_free(struct mounts *m);

/*
 * Choose those through which each real file is found once: of several mounts of
 * a part of the same file system the one that has the others.  What is mounted
 * on "/" is chosen whatever it is.
 */
void mounts_choose(struct mounts *m, bool network);

/* What is mounted on a directory, or NULL. */
const struct mount *mounts_find(const struct mounts *m, const char *dir);

/* Whether a directory, by its real path, has a part of a file system in it
 * twice, as it is with a bind mount below what it shows. */
bool mounts_repeat(const struct mounts *m, const char *dir);

/* The kind of the file system of an open file or a handle: FS_REAL unless
 * it is known to be FS_MEMORY or FS_PSEUDO. */
enum fs_kind file_system_of(int fd);

#endif /* TOOL_MOUNTS_H */
