/* SPDX-License-Identifier: MIT */
/* What the machine's memory is used for, as far as files are concerned. */
#include "tool.h"
#include "meminfo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
meminfo_read(struct meminfo *m)
{
    static const char *const keys[] = { "Cached:", "Shmem:", "Buffers:" };
    int64_t bytes[] = { -1, -1, -1 };
    FILE *in = fopen("/proc/meminfo", "re");
    char line[128];

    *m = (struct meminfo){ 0 };
    if (in == NULL)
        return;
    while (fgets(line, sizeof line, in) != NULL)
        for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
            if (strncmp(line, keys[i], strlen(keys[i])) == 0)
                bytes[i] = strtoll(line + strlen(keys[i]), NULL, 10) * 1024;
    fclose(in);
    if (bytes[0] < 0)
        return;
    m->known = true;
    m->shared = bytes[1] > 0 ? bytes[1] : 0;
    m->buffers = bytes[2] > 0 ? bytes[2] : 0;
    /* The two are not counted at the same moment. */
    m->page_cache = bytes[0] > m->shared ? bytes[0] - m->shared : 0;
}
