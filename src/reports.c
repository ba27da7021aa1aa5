/* SPDX-License-Identifier: MIT */
/*
 * Calls that the kernel may tell of a lost write.  If two run side by side, it
 * tells one, and the other succeeds.  So the calls that are running are noted,
 * and one that has succeeded waits until those that ran beside it have noted
 * what they were told: then loss.c knows it.
 *
 * Each call has a place of its own while it runs.  A child of fork(2) finds
 * places of threads that it does not have: they show their process, and are as
 * good as free.
 */
#include "internal.h"

#include <unistd.h>

/* Calls that may run at once; one more waits for a place. */
enum { CALLS = 64 };

/* Who makes the call: the file, the process, and 1; or 0 for nobody.  On
 * 32-bit systems the process is not known whole. */
enum { FILE_SHIFT = sizeof(uintptr_t) > 4 ? 23 : 18 };
#define PROCESS (((uintptr_t)1 << FILE_SHIFT) - 1)

static struct {
    uintptr_t who;
    uintptr_t thread;
    uintptr_t turn; /* how many calls have ended here */
} calls[CALLS];

/* Its address tells threads apart. */
static __thread char here MMAPX_TLS_MODEL;

/* The process is asked for each time: a signal handler may fork between the
 * beginning of a call and the wait for others, and return in the child. */
static uintptr_t
who_calls(uintptr_t file)
{
    return file << FILE_SHIFT | ((uintptr_t)getpid() << 1 & PROCESS) | 1;
}

static bool
is_running(uintptr_t found, uintptr_t who)
{
    return found != 0 && ((found ^ who) & PROCESS) == 0;
}

/* Nobody knows which file a view is of. */
static bool
is_of_file(uintptr_t found, uintptr_t who)
{
    found >>= FILE_SHIFT;
    who >>= FILE_SHIFT;
    return found == who || found == 0 || who == 0;
}

/* The number of a file, for these calls; 0 stands for any file. */
uintptr_t
mmapx_i_file_of(const struct mmapx *m)
{
    return mmapx_i_kind(m) == MMAPX_I_VIEW ? 0 : mmapx_i_identity(m) + 1;
}

static bool
take(size_t i, uintptr_t who)
{
    uintptr_t found = __atomic_load_n(&calls[i].who, __ATOMIC_SEQ_CST);

    if (is_running(found, who)
        || !__atomic_compare_exchange_n(&calls[i].who, &found, who, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        return false;
    __atomic_store_n(&calls[i].thread, (uintptr_t)&here, __ATOMIC_SEQ_CST);
    return true;
}

/* A call begins that may be told of a loss of the file.  Returns its place. */
size_t
mmapx_i_report_begin(uintptr_t file)
{
    uintptr_t who = who_calls(file);
    size_t i = 0;

    while (!take(i, who)) {
        i = (i + 1) % CALLS;
        if (i == 0)
            mmapx_os_pause();
    }
    return i;
}

/* It has ended, and what it was told is noted. */
void
mmapx_i_report_end(size_t i)
{
    __atomic_add_fetch(&calls[i].turn, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&calls[i].who, 0, __ATOMIC_SEQ_CST);
}

/*
 * Wait for the calls that are running now, and not for those that begin
 * meanwhile.  One of this thread's own has been interrupted by a signal, and
 * would not end.
 */
void
mmapx_i_report_await(uintptr_t file)
{
    uintptr_t who = who_calls(file);

    for (size_t i = 0; i < CALLS; i++) {
        uintptr_t turn = __atomic_load_n(&calls[i].turn, __ATOMIC_SEQ_CST);
        uintptr_t found = __atomic_load_n(&calls[i].who, __ATOMIC_SEQ_CST);

        if (!is_running(found, who) || !is_of_file(found, who)
            || __atomic_load_n(&calls[i].thread, __ATOMIC_SEQ_CST)
                   == (uintptr_t)&here)
            continue;
        while (__atomic_load_n(&calls[i].turn, __ATOMIC_SEQ_CST) == turn)
            mmapx_os_pause();
    }
}

/*
 * A write has failed, -errno.  Through a descriptor that waits for the disk,
 * that may have been the report of a loss, also of bytes that others wrote.
 * The errors that are left out are about the arguments, and come before it.
 */
void
mmapx_i_report_write(int fd, int r)
{
    struct mmapx_os_stat st;
    int access;

    if (r >= 0 || r == -EBADF || r == -EFAULT || r == -EFBIG || r == -EINTR
        || r == -EINVAL || r == -EPERM)
        return;
    access = mmapx_os_access(fd);
    if (access >= 0 && (access & MMAPX_OS_SYNCS) != 0
        && mmapx_os_stat(fd, &st) == 0)
        mmapx_i_lose(mmapx_i_known_identity(&st), r);
}
