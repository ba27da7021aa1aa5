/* SPDX-License-Identifier: MIT */
/* The header alone, first, as strict C99: what is frozen of it. */
#include <libmmapx.h>

#include <stdio.h>
#include <string.h>

#define FROZEN(name, condition) typedef char frozen_##name[(condition) ? 1 : -1]

FROZEN(handle, sizeof(struct mmapx) == 8 * sizeof(void *));
FROZEN(addr, offsetof(struct mmapx, addr) == 0);
FROZEN(len, offsetof(struct mmapx, len) == sizeof(void *));
FROZEN(reserved, offsetof(struct mmapx, reserved) == 2 * sizeof(void *));
FROZEN(run, sizeof(struct mmapx_run) == 3 * sizeof(void *));
FROZEN(to_end, MMAPX_TO_END == (size_t)-1);
FROZEN(onfault, MMAPX_LOCK_ONFAULT == 1);

static const struct {
    enum mmapx_advice advice;
    int number;
} advices[] = {
    { MMAPX_MADV_NORMAL, 0 },
    { MMAPX_MADV_RANDOM, 1 },
    { MMAPX_MADV_SEQUENTIAL, 2 },
    { MMAPX_MADV_WILLNEED, 3 },
    { MMAPX_MADV_DONTNEED, 4 },
    { MMAPX_MADV_FREE, 8 },
    { MMAPX_MADV_REMOVE, 9 },
    { MMAPX_MADV_DONTFORK, 10 },
    { MMAPX_MADV_DOFORK, 11 },
    { MMAPX_MADV_MERGEABLE, 12 },
    { MMAPX_MADV_UNMERGEABLE, 13 },
    { MMAPX_MADV_HUGEPAGE, 14 },
    { MMAPX_MADV_NOHUGEPAGE, 15 },
    { MMAPX_MADV_DONTDUMP, 16 },
    { MMAPX_MADV_DODUMP, 17 },
    { MMAPX_MADV_WIPEONFORK, 18 },
    { MMAPX_MADV_KEEPONFORK, 19 },
    { MMAPX_MADV_COLD, 20 },
    { MMAPX_MADV_PAGEOUT, 21 },
    { MMAPX_MADV_POPULATE_READ, 22 },
    { MMAPX_MADV_POPULATE_WRITE, 23 },
    { MMAPX_MADV_DONTNEED_LOCKED, 24 },
    { MMAPX_MADV_COLLAPSE, 25 },
    { MMAPX_MADV_GUARD_INSTALL, 102 },
    { MMAPX_MADV_GUARD_REMOVE, 103 },
};

int
main(void)
{
    struct mmapx m = MMAPX_INIT;
    char version[32];
    int wrong = 0;
    size_t i;

    printf("1..3\n");
    for (i = 0; i < sizeof advices / sizeof advices[0]; i++)
        wrong += (int)advices[i].advice != advices[i].number;
    printf("%s 1 - the numbers of advice\n", wrong ? "not ok" : "ok");
    sprintf(version, "%d.%d.%d", MMAPX_VERSION_MAJOR, MMAPX_VERSION_MINOR,
            MMAPX_VERSION_PATCH);
    wrong = strcmp(version, mmapx_version()) != 0;
    printf("%s 2 - header and library are of one version\n",
           wrong ? "not ok" : "ok");
    wrong = mmapx_unmap(&m) != 0;
    printf("%s 3 - MMAPX_INIT is an unmapped handle\n",
           wrong ? "not ok" : "ok");
    return 0;
}
