/* SPDX-License-Identifier: MIT */
/* A control group with little memory, for this process. */
#ifndef MMAPX_BENCH_GROUP_H
#define MMAPX_BENCH_GROUP_H

#include "harness/base.h"

/* Go into a group that may use so many bytes of memory; false (and a line that
 * says why) where that cannot be had. */
bool group_enter(const char *row, size_t limit);
void group_leave(void);

#endif /* MMAPX_BENCH_GROUP_H */
