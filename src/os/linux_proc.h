/* SPDX-License-Identifier: MIT */
/* Reading /proc: its lines, its numbers, and the list of mappings. */
#ifndef MMAPX_OS_LINUX_PROC_H
#define MMAPX_OS_LINUX_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An open file, read a buffer at a time. */
struct mmapx_os_proc {
    int fd;
    size_t at;
    size_t end;
    char buf[1024];
};

bool mmapx_os_proc_open(struct mmapx_os_proc *in, const char *path);
void mmapx_os_proc_close(struct mmapx_os_proc *in);

/* The next line, cut to what fits; false at the end. */
bool mmapx_os_proc_line(struct mmapx_os_proc *in, char *line, size_t size);

/* The number in a line "key:  123", or the bytes of a line "key:  123 kB". */
int mmapx_os_proc_number(const char *path, const char *key, size_t *number);
int mmapx_os_proc_bytes(const char *path, const char *key, size_t *bytes);

/* One line of /proc/self/maps: "begin-end perms offset major:minor inode". */
struct mmapx_os_mapping {
    uint64_t begin;
    uint64_t end;
    uint64_t offset;
    uint64_t inode; /* 0: no file */
    unsigned major; /* and the device, as the list has it */
    unsigned minor;
    bool shared;
    int prot;
};

struct mmapx_os_mapping mmapx_os_proc_mapping(const char *line);

/* In the open list /proc/self/maps: the mapping at an address, or the first one
 * behind it.  Addresses have to ascend.  A signal handler may call this. */
bool mmapx_os_proc_find(struct mmapx_os_proc *in, uintptr_t addr,
                        struct mmapx_os_mapping *map);

#endif /* MMAPX_OS_LINUX_PROC_H */
