/* SPDX-License-Identifier: MIT */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "filters.h"

#ifdef __linux__
#include <sys/syscall.h>
#include <unistd.h>

static bool
filters(void *arg)
{
    (void)arg;
    return deny(&(struct denied){ SYS_getppid, ANY, 0, false }, ENOSYS)
           && syscall(SYS_getppid) == -1 && errno == ENOSYS;
}

void
need_filters(void)
{
    need_the_kernel();
    if (!in_child(filters, NULL))
        SKIP("there are no filters of system calls");
}
#endif /* __linux__ */
