/* SPDX-License-Identifier: MIT */
/* Files far away: a file system that waits before it answers. */
#ifndef MMAPX_BENCH_SLOW_H
#define MMAPX_BENCH_SLOW_H

#include "harness/base.h"

/*
 * Mount it; its directory, or NULL (and a line that says why).  It has DIRS
 * directories, d0 and so on, with so many files each, f0 and so on, of so many
 * bytes, all zeros.  Each request of the kernel takes so many ns, however many
 * there are at once.
 */
struct slow {
    long delay;
    size_t dirs;
    size_t files;
    size_t size;
};
const char *slow_mount(const char *row, const struct slow *what);

/* Unmount it, and with that forget all of it; mounted again it is cold. */
void slow_unmount(void);

#endif /* MMAPX_BENCH_SLOW_H */
