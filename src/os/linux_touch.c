/* SPDX-License-Identifier: MIT */
/* Linux: pages that the kernel touches, and which ones are not mapped. */
#include "../internal.h"
#include "held.h"
#include "linux_missing.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* Pages for one system call; as many bytes fit any pipe. */
enum { TOUCHES = 192 };

int
mmapx_os_next_unmapped(const struct mmapx_os_touch_fds *t,
                       unsigned char **addr, size_t *len)
{
    struct linux_page_region found = { 0, 0, 0 };
    struct linux_pm_scan_arg scan = {
        .size = sizeof scan,
        .start = (uintptr_t)*addr,
        .end = (uintptr_t)*addr + *len,
        .vec = (uintptr_t)&found,
        .vec_len = 1,
        .category_inverted = PAGE_IS_PRESENT,
        .category_mask = PAGE_IS_PRESENT,
        .return_mask = PAGE_IS_PRESENT,
    };

    /* By number: C libraries disagree about the type of a request. */
    if (syscall(SYS_ioctl, t->pages, PAGEMAP_SCAN, &scan) < 0)
        return -errno;
    *addr = (unsigned char *)(uintptr_t)found.start;
    *len = (size_t)(found.end - found.start);
    return 0;
}

int
mmapx_os_touch_open(struct mmapx_os_touch_fds *t)
{
    unsigned char *nowhere = NULL;
    size_t len = 0;
    int ends[2];

    t->pages = held_open("/proc/thread-self/pagemap", O_RDONLY | O_CLOEXEC);
    if (t->pages < 0)
        return -errno;
    /* Kernels before 6.7 cannot look for what is not mapped. */
    if (mmapx_os_next_unmapped(t, &nowhere, &len) < 0
        || pipe2(ends, O_CLOEXEC) < 0) {
        held_close(t->pages);
        return -ENOTSUP;
    }
    t->from = ends[0];
    t->to = ends[1];
    return 0;
}

void
mmapx_os_touch_close(struct mmapx_os_touch_fds *t)
{
    held_close(t->from);
    held_close(t->to);
    held_close(t->pages);
}

/* Hand the bytes to a pipe, and take them out again. */
int
mmapx_os_touch(const struct mmapx_os_touch_fds *t, unsigned char *addr,
               size_t len, size_t stride)
{
    struct iovec bytes[TOUCHES];
    char sink[TOUCHES];
    bool whole = true;

    for (size_t at = 0; at < len && whole;) {
        ssize_t done;
        int n = 0;

        for (; n < TOUCHES && at < len; n++, at += stride)
            bytes[n] = (struct iovec){ addr + at, 1 };
        done = held_writev(t->to, bytes, n);
        if (done < 0)
            return -errno;
        whole = held_read(t->from, sink, (size_t)done) == done && done == n;
    }
    return whole ? 0 : -EFAULT;
}

/* The kernel stops at a stretch that it cannot do, and tells how many bytes lie
 * before it.  Kernels before 6.14 know no descriptor for the caller itself. */
int
mmapx_os_madvise_batch(const struct iovec *list, size_t n, int advice,
                       size_t *done)
{
    ssize_t bytes = (ssize_t)syscall(SYS_process_madvise, PIDFD_SELF_THREAD,
                                     list, n, advice, 0u);

    *done = 0;
    if (bytes < 0)
        return errno == ENOMEM ? -errno : -ENOTSUP;
    for (; *done < n && (size_t)bytes >= list[*done].iov_len; (*done)++)
        bytes -= (ssize_t)list[*done].iov_len;
    return 0;
}

uint64_t
mmapx_os_cpu_time(void)
{
    struct timespec t = { 0, 0 };

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}
