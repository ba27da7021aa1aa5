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
};

void meminfo_read(struct meminfo *m);

#endif /* TOOL_MEMINFO_H */
