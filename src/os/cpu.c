/* SPDX-License-Identifier: MIT */
/* What the running machine has beyond what the compiler was told. */
#include "../internal.h"
#include "cpu.h"

#if defined __i386__ || defined __x86_64__
#include <cpuid.h>
#endif

unsigned mmapx_os_cpu_has;

void
mmapx_os_cpu_probe(void)
{
#if defined __i386__ || defined __x86_64__
    enum { SSE = 1 << 25, OSPKE = 1 << 4 };
    unsigned a, b, c, d;
    unsigned has = 0;

    if (__get_cpuid(1, &a, &b, &c, &d) != 0)
        has |= (d & SSE) != 0 ? MMAPX_OS_CPU_SSE : 0;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) != 0)
        has |= (c & OSPKE) != 0 ? MMAPX_OS_CPU_KEYS : 0;
    __atomic_store_n(&mmapx_os_cpu_has, has, __ATOMIC_RELAXED);
#endif
}
