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

/* Who makes the call: the file, the process, and 1; or 0 for nobody.  The
 * process is not known whole. */
enum { FILE_SHIFT = sizeof(uintptr_t) > 4 ? 23 : 18 };
#define PROCESS (((uintptr_t)1 << FILE_SHIFT) - 1)

struct mmapx_i_call {
    uintptr_t who;
    uintptr_t thread;
    uintptr_t turn; /* how many calls have ended here */
};

/* A list that is only ever added to.  All of one block fits on any page. */
enum { CALLS = 64 };
static struct block {
    struct block *next;
    struct mmapx_i_call calls[CALLS];
} first;

/* Its address tells threads apart. */
static __thread char here MMAPX_TLS_MODEL;

/* The process is asked for each time: a signal handler may fork between the
 * beginning of a call and the wait for others, and return in the child. */
static uintptr_t
who_calls(uintptr_t file)
{
    return file << FILE_SHIFT | (mmapx_i_process() << 1 & PROCESS) | 1;
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
take(struct mmapx_i_call *call, uintptr_t who)
{
    uintptr_t found = __atomic_load_n(&call->who, __ATOMIC_SEQ_CST);

    if (is_running(found, who)
        || !__atomic_compare_exchange_n(&call->who, &found, who, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        return false;
    __atomic_store_n(&call->thread, (uintptr_t)&here, __ATOMIC_SEQ_CST);
    return true;
}

/* The block behind one that is full: a new one at the end of the list.  Without
 * memory for one, a call waits for a place. */
static struct block *
next_block(struct block *block)
{
    struct block *next = __atomic_load_n(&block->next, __ATOMIC_ACQUIRE);
    void *added = NULL;

    if (next != NULL)
        return next;
    if (mmapx_os_mmap(&added, mmapx_os_page_size(), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        < 0) {
        mmapx_os_pause();
        return &first;
    }
    for (; !__atomic_compare_exchange_n(&block->next, &next, added, false,
                                        __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
         block = next, next = NULL)
        ;
    return added;
}

/* A call begins that may be told of a loss of the file.  Returns its place. */
struct mmapx_i_call *
mmapx_i_report_begin(uintptr_t file)
{
    uintptr_t who = who_calls(file);

    for (struct block *block = &first;; block = next_block(block))
        for (size_t i = 0; i < CALLS; i++)
            if (take(&block->calls[i], who))
                return &block->calls[i];
}

/* It has ended, and what it was told is noted. */
void
mmapx_i_report_end(struct mmapx_i_call *call)
{
    __atomic_add_fetch(&call->turn, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&call->who, 0, __ATOMIC_SEQ_CST);
}

/*
 * One of this thread's own has been interrupted by a signal, and would not end.
 * The turn may have been looked at when the call had already added to it, and
 * was about to leave its place: then the turn does not change any more.
 */
static void
await(const struct mmapx_i_call *call, uintptr_t who)
{
    uintptr_t turn = __atomic_load_n(&call->turn, __ATOMIC_SEQ_CST);
    uintptr_t found = __atomic_load_n(&call->who, __ATOMIC_SEQ_CST);

    if (!is_running(found, who) || !is_of_file(found, who)
        || __atomic_load_n(&call->thread, __ATOMIC_SEQ_CST)
               == (uintptr_t)&here)
        return;
    while (__atomic_load_n(&call->turn, __ATOMIC_SEQ_CST) == turn
           && __atomic_load_n(&call->who, __ATOMIC_SEQ_CST) == found)
        mmapx_os_pause();
}

/* Wait for the calls that are running now, and not for those that begin
 * meanwhile. */
void
mmapx_i_report_await(uintptr_t file)
{
    uintptr_t who = who_calls(file);

    for (const struct block *block = &first; block != NULL;
         block = __atomic_load_n(&block->next, __ATOMIC_ACQUIRE))
        for (size_t i = 0; i < CALLS; i++)
            await(&block->calls[i], who);
}

/*
 * A write has ended, with a number of bytes or -errno.  Through a descriptor
 * that waits for the disk, an error may have been the report of a loss, also of
 * bytes that others wrote.  The errors that are left out are about the
 * arguments, and come before it.
 */
void
mmapx_i_report_write(struct mmapx_i_call *call, int fd, uintptr_t identity,
                     int64_t r)
{
    int access = 0;

    if (r < 0 && r != -EBADF && r != -EFAULT && r != -EFBIG && r != -EINTR
        && r != -EINVAL && r != -EPERM)
        access = mmapx_os_access(fd);
    if (access > 0 && (access & MMAPX_OS_SYNCS) != 0)
        mmapx_i_lose(identity, (int)r);
    mmapx_i_report_end(call);
}

/* pwrite(2) to the file with that identity: how many bytes, or -errno. */
int64_t
mmapx_i_write_some(int fd, uintptr_t identity, const void *from, size_t len,
                   int64_t at)
{
    struct mmapx_i_call *call = mmapx_i_report_begin(identity + 1);
    int64_t n = mmapx_os_write_at(fd, from, len, at);

    mmapx_i_report_write(call, fd, identity, n);
    return n;
}
