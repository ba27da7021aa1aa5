/* SPDX-License-Identifier: MIT */
/* A directory for the files, which goes however the benchmark ends. */
#ifndef MMAPX_BENCH_DIRECTORY_H
#define MMAPX_BENCH_DIRECTORY_H

#include "harness/base.h"

/* Make it in opt.dir, and let that be its name. */
void directory_make(void);

#endif /* MMAPX_BENCH_DIRECTORY_H */
