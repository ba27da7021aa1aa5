/* SPDX-License-Identifier: MIT */
/* The machine that is measured on. */
#ifndef MMAPX_BENCH_MACHINE_H
#define MMAPX_BENCH_MACHINE_H

#include "harness/base.h"

void machine_print(void); /* as the header of the table */
uint64_t machine_available(void); /* bytes of memory */
uint64_t machine_disk(void);      /* bytes free in opt.dir */

#endif /* MMAPX_BENCH_MACHINE_H */
