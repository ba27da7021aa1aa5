/* SPDX-License-Identifier: MIT */
/* What the machine's memory is used for, as far as files are concerned. */
#ifndef TOOL_MEMINFO_H
#define TOOL_MEMINFO_H

#include <stdbool.h>
#include <stdint.h>

/* In bytes. */
struct meminfo {
    bool known;
    int64_t page_cache; /* of files: without what memory's own file systems
                         * have, and without block devices */
    int64_t shared;     /* tmpfs, memfds, shared memory */
    int64_t buffers;    /* of block devices: mostly metadata */
    int64_t files;      /* of files and block devices, on the lists of what the
                         * kernel takes back when memory is short */
    int64_t total;      /* the memory there is; -1 if it is not told */
    int64_t available;  /* for new work, also what would be given back; or -1 */
};

void meminfo_read(struct meminfo *m);

#endif /* TOOL_MEMINFO_H */
