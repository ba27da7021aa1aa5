/* SPDX-License-Identifier: MIT */
/*
 * The library as it is against a kernel that refuses: by a filter of system
 * calls, as containers have them, by a limit, or because there are too many
 * mappings.  What a seam can play is in check_errno.c.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "support.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static int fd;         /* of a file of three pages */
static struct mmapx m; /* all of it, shared, for reading and writing */

static void
set_up(void)
{
    fd = temp_file(3 * page_size());
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
}

/* --- A filter of system calls --------------------------------------------- */

/* A system call that is denied; of one with an argument number only those where
 * its lower half has that value, or unless it has. */
struct denied {
    long number; /* -1: this machine does not have it */
    int argument;
    uint32_t value;
    bool unless;
};

enum { ANY = -1 };

static uint32_t
offset_of(int argument)
{
    uint32_t at = (uint32_t)offsetof(struct seccomp_data, args)
                  + (uint32_t)argument * 8;

    return at + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0);
}

/* From here on, in this process for good.  False where there are no filters. */
static bool
set_filter(const struct denied *d, uint32_t action)
{
    struct sock_filter whatever[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)d->number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_filter by_argument[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)d->number, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset_of(d->argument)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, d->value, d->unless ? 1 : 0,
                 d->unless ? 0 : 1),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { sizeof whatever / sizeof whatever[0],
                                  whatever };

    if (d->argument != ANY) {
        program.len = sizeof by_argument / sizeof by_argument[0];
        program.filter = by_argument;
    }
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
           && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

static bool
deny(const struct denied *d, int code)
{
    return d->number == -1
           || set_filter(d, SECCOMP_RET_ERRNO | (uint32_t)code);
}

static bool
filters(void *arg)
{
    (void)arg;
    return deny(&(struct denied){ SYS_getppid, ANY, 0, false }, ENOSYS)
           && syscall(SYS_getppid) == -1 && errno == ENOSYS;
}

static void
need_filters(void)
{
    need_the_kernel();
    if (!in_child(filters, NULL))
        SKIP("there are no filters of system calls");
}

/* The numbers that go by several names. */
#ifdef SYS_mmap2
#define NUMBER_MMAP SYS_mmap2
#else
#define NUMBER_MMAP SYS_mmap
#endif
#ifdef SYS_ftruncate64
#define NUMBER_FTRUNCATE SYS_ftruncate64
#else
#define NUMBER_FTRUNCATE SYS_ftruncate
#endif
#ifdef SYS_fcntl64
#define NUMBER_FCNTL SYS_fcntl64
#else
#define NUMBER_FCNTL SYS_fcntl
#endif
#ifdef SYS_fstatfs64
#define NUMBER_FSTATFS SYS_fstatfs64
#else
#define NUMBER_FSTATFS SYS_fstatfs
#endif
#ifdef SYS__llseek
#define NUMBER_LSEEK SYS__llseek
#define LSEEK_WHENCE 4
#else
#define NUMBER_LSEEK SYS_lseek
#define LSEEK_WHENCE 2
#endif
#ifdef SYS_mlock2
#define NUMBER_MLOCK2 SYS_mlock2
#else
#define NUMBER_MLOCK2 (-1)
#endif

static int
map_again(void)
{
    struct mmapx n;

    return mmapx_map(&n, fd, PROT_READ, MAP_SHARED);
}

static int
map_anon(void)
{
    struct mmapx n;

    return mmapx_map_anon(&n, 10, PROT_READ, MAP_PRIVATE);
}

static int
unmap(void)
{
    return mmapx_unmap(&m);
}

static int
advise(void)
{
    return mmapx_advise(&m, 0, MMAPX_TO_END, MMAPX_MADV_WILLNEED);
}

static int
count(void)
{
    size_t pages;

    return mmapx_resident_count(&m, 0, MMAPX_TO_END, &pages);
}

static int
lock(void)
{
    return mmapx_lock(&m, 0, 1, 0);
}

static int
lock_on_fault(void)
{
    return mmapx_lock(&m, 0, 1, MMAPX_LOCK_ONFAULT);
}

static int
unlock(void)
{
    return mmapx_unlock(&m, 0, 1);
}

static int
limit(void)
{
    size_t bytes;

    return mmapx_lock_limit(&bytes, NULL);
}

static int
protect(void)
{
    return mmapx_protect(&m, 0, MMAPX_TO_END, PROT_READ);
}

static int
sync_some(void)
{
    return mmapx_sync(&m, 0, 1, MS_SYNC);
}

static int
sync_file(void)
{
    return mmapx_sync_file(&m, fd, 0, 1);
}

static int
populate(void)
{
    return mmapx_populate(&m, 0, MMAPX_TO_END, MMAPX_POPULATE_READ);
}

static int
grow(void)
{
    return mmapx_resize(&m, fd, 5 * page_size(), MMAPX_RESIZE_MAYMOVE);
}

static int
shrink(void)
{
    return mmapx_resize(&m, fd, page_size(), 0);
}

static int
grow_both(void)
{
    return mmapx_resize(&m, fd, 5 * page_size(),
                        MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE);
}

static int
grow_both_sparse(void)
{
    return mmapx_resize(&m, fd, 5 * page_size(),
                        MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE
                            | MMAPX_RESIZE_SPARSE);
}

static int
shrink_both(void)
{
    return mmapx_resize(&m, fd, page_size(), MMAPX_RESIZE_FILE);
}

static int
map_memfd(void)
{
    struct mmapx n;
    int memfd;

    return mmapx_map_memfd(&n, &memfd, "test", 10, 0);
}

static int
nothing(void *arg)
{
    (void)arg;
    return 0;
}

static int
guard(void)
{
    return mmapx_guard(&m, nothing, NULL);
}

static int
read_one(void)
{
    char byte;

    return mmapx_read(&m, 0, &byte, 1) == 1 ? 0 : -1;
}

/* 0 as the outcome is success; -1 is that errno itself. */
static const struct refusal {
    struct denied denied;
    int code;
    int (*run)(void);
    int outcome;
} refusals[] = {
    { { NUMBER_MMAP, ANY, 0, false }, ENOSYS, map_again, -1 },
    /* musl makes ENOMEM of EPERM here. */
    { { NUMBER_MMAP, ANY, 0, false }, EAGAIN, map_anon, -1 },
    { { NUMBER_MMAP, ANY, 0, false }, EPERM, map_memfd, -1 },
    { { SYS_munmap, ANY, 0, false }, EPERM, unmap, -1 },
    { { SYS_munmap, ANY, 0, false }, ENOMEM, shrink, -1 },
    { { SYS_madvise, ANY, 0, false }, ENOSYS, advise, ENOTSUP },
    { { SYS_madvise, ANY, 0, false }, EPERM, advise, -1 },
    { { SYS_madvise, ANY, 0, false }, ENOSYS, populate, 0 },
    { { SYS_madvise, ANY, 0, false }, EINVAL, populate, 0 },
    { { SYS_mincore, ANY, 0, false }, ENOSYS, count, -1 },
    { { SYS_mincore, ANY, 0, false }, EPERM, count, -1 },
    { { SYS_mlock, ANY, 0, false }, EPERM, lock, -1 },
    { { SYS_mlock, ANY, 0, false }, EAGAIN, lock, -1 },
    { { NUMBER_MLOCK2, ANY, 0, false }, ENOSYS, lock_on_fault, ENOTSUP },
    { { SYS_munlock, ANY, 0, false }, ENOMEM, unlock, -1 },
    { { SYS_prlimit64, 1, RLIMIT_MEMLOCK, false }, EPERM, limit, -1 },
    { { SYS_mprotect, ANY, 0, false }, ENOMEM, protect, -1 },
    { { SYS_msync, ANY, 0, false }, ENOSYS, sync_some, -1 },
    { { SYS_fsync, ANY, 0, false }, EIO, sync_file, -1 },
    /* No mremap(2): as on other systems. */
    { { SYS_mremap, ANY, 0, false }, ENOSYS, grow, 0 },
    { { SYS_mremap, ANY, 0, false }, EPERM, grow, -1 },
    { { SYS_fallocate, ANY, 0, false }, ENOSPC, grow_both, -1 },
    { { SYS_prlimit64, 1, RLIMIT_FSIZE, false }, EPERM, grow_both, -1 },
    { { NUMBER_FTRUNCATE, ANY, 0, false }, EIO, grow_both_sparse, -1 },
    { { NUMBER_FTRUNCATE, ANY, 0, false }, EPERM, shrink_both, -1 },
    { { SYS_munmap, ANY, 0, false }, EPERM, shrink_both, 0 },
    { { SYS_memfd_create, ANY, 0, false }, ENOSYS, map_memfd, -1 },
    { { NUMBER_FCNTL, 1, 1033, false }, EPERM, map_memfd, -1 },
    { { SYS_rt_sigaction, ANY, 0, false }, EPERM, guard, -1 },
    { { SYS_rt_sigaction, ANY, 0, false }, ENOSYS, read_one, -1 },
    /* The second of the two: the first one only looks. */
    { { SYS_rt_sigaction, 1, 0, true }, EPERM, guard, -1 },
};

static bool
is_refused(void *arg)
{
    const struct refusal *f = arg;
    int outcome = f->outcome == -1 ? f->code : f->outcome;
    struct mmapx before = m;
    int r;

    if (!deny(&f->denied, f->code))
        return false;
    errno = 0;
    r = f->run();
    if (outcome == 0)
        return r == 0;
    /* The second word knows of lost writes, and that there was one. */
    if (f->run == sync_some || f->run == sync_file)
        before.reserved[1] = m.reserved[1];
    return r == -1 && errno == outcome && memcmp(&m, &before, sizeof m) == 0
           && lseek(fd, 0, SEEK_END) == (off_t)(3 * page_size());
}

/* A sanitizer makes these do nothing. */
static bool
is_lock(const struct refusal *f)
{
    return f->denied.number == SYS_mlock || f->denied.number == SYS_munlock;
}

START_TEST(filtered_calls)
{
    need_filters();
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        if (refusals[i].denied.number == -1
            || (under_sanitizer() && is_lock(&refusals[i])))
            continue;
        set_up();
        ck_assert_msg(in_child(is_refused, (void *)(uintptr_t)&refusals[i]),
                      "refusal %zu", i);
        OK(mmapx_unmap(&m));
        close(fd);
    }
}
END_TEST

/* What was written to private memory is not lost where there is no mremap. */
static bool
grows_without_mremap(void *arg)
{
    unsigned char *byte = m.addr;
    int room = *(int *)arg;

    *byte = 'x';
    if (!deny(&(struct denied){ SYS_mremap, ANY, 0, false }, ENOSYS))
        return false;
    errno = 0;
    if (mmapx_resize(&m, fd, 3 * page_size(), MMAPX_RESIZE_MAYMOVE) != 0)
        return room == 0 && errno == ENOTSUP && *byte == 'x';
    return room > 0 && m.addr == byte && *byte == 'x'
           && byte[2 * page_size()] == pattern(2 * page_size());
}

START_TEST(growing_behind_a_filter)
{
    size_t page = page_size();

    need_filters();
    fd = temp_file(3 * page);
    for (int room = 0; room <= 2; room += 2) {
        struct mmapx area;

        OK(mmapx_map_anon(&area, 4 * page, PROT_NONE, MAP_PRIVATE));
        OK(mmapx_map_at(&m, area.addr, fd, 0, page, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_FIXED));
        if (room > 0)
            ck_assert_int_eq(munmap((char *)area.addr + page, 2 * page), 0);
        ck_assert(in_child(grows_without_mremap, &room));
    }
}
END_TEST

/* --- What the seam asks for beside the call itself ------------------------ */

static bool
forbid_descriptors(struct rlimit *before)
{
    struct rlimit none;

    if (getrlimit(RLIMIT_NOFILE, before) != 0)
        return false;
    none = *before;
    none.rlim_cur = 0;
    return setrlimit(RLIMIT_NOFILE, &none) == 0;
}

/* Without a descriptor /proc cannot be read. */
static bool
no_proc(void *arg)
{
    struct rlimit before;
    size_t locked;
    struct mmapx n, view;
    size_t pages;
    bool good;

    (void)arg;
    OK(mmapx_view(&view, m.addr, m.len));
    if (!forbid_descriptors(&before))
        return false;
    FAILS(ENOTSUP, mmapx_lock_limit(NULL, &locked));
    /* Without knowing what is mapped the rest is evicted all the same. */
    OK(mmapx_cache_evict(fd, 0, -1));
#ifdef MAP_HUGETLB
    FAILS(ENOTSUP, mmapx_map_anon(&n, 10, PROT_READ,
                                  MAP_PRIVATE | MAP_HUGETLB));
#endif
    (void)n;
    /* Root may know of everybody's; but is it root? */
    FAILS(EPERM, mmapx_resident_count(&view, 0, MMAPX_TO_END, &pages));
    good = setrlimit(RLIMIT_NOFILE, &before) == 0;
    return good && (!is_root() || mmapx_resident_count(&view, 0, MMAPX_TO_END,
                                                       &pages) == 0);
}

START_TEST(without_proc)
{
    need_the_kernel();
    set_up();
    ck_assert(in_child(no_proc, NULL));
}
END_TEST

/* A file of an id that may be anybody's: the answer is in /proc. */
static bool
no_map_of_ids(void *arg)
{
    struct rlimit before;
    size_t pages;

    (void)arg;
    if (mmapx_resident_count(&m, 0, 1, &pages) != 0
        || !forbid_descriptors(&before))
        return false;
    FAILS(EPERM, mmapx_resident_count(&m, 0, 1, &pages));
    return setrlimit(RLIMIT_NOFILE, &before) == 0;
}

START_TEST(without_the_map_of_ids)
{
    need_the_kernel();
    fd = temp_file(10);
    if (!is_root() || fchown(fd, 65534, 65534) != 0)
        SKIP("a file of the overflow id needs root");
    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    if (!in_child(no_map_of_ids, NULL))
        SKIP("a user namespace that does not have all ids");
}
END_TEST

/* /proc can be opened, and what is read of it is nothing. */
static bool
unreadable_proc(void *arg)
{
    int next = dup(fd);
    struct denied reads = { SYS_read, 0, (uint32_t)next, false };
    struct mmapx view;
    size_t locked, pages;

    (void)arg;
    close(next);
    OK(mmapx_view(&view, m.addr, m.len));
    if (!deny(&reads, EIO))
        return false;
    FAILS(ENOTSUP, mmapx_lock_limit(NULL, &locked));
    if (geteuid() != 0)
        FAILS(EPERM, mmapx_resident_count(&view, 0, 1, &pages));
    /* What is opened after this is read under another number. */
    return dup(fd) == next;
}

START_TEST(a_proc_that_says_nothing)
{
    need_filters();
    set_up();
    ck_assert(in_child(unreadable_proc, NULL));
    ck_assert(in_child_as_nobody(unreadable_proc, NULL));
}
END_TEST

static bool
no_file_system(void *arg)
{
    (void)arg;
    if (!deny(&(struct denied){ NUMBER_FSTATFS, ANY, 0, false }, EIO))
        return false;
    FAILS(EIO, map_again());
    return true;
}

/* A file with large blocks is asked for its file system. */
START_TEST(an_unknown_file_system)
{
    need_filters();
    fd = (int)syscall(SYS_memfd_create, "huge", 4u /* MFD_HUGETLB */);
    if (fd < 0)
        SKIP("no files of huge pages");
    ck_assert(in_child(no_file_system, NULL));
}
END_TEST

static bool
no_capget(void *arg)
{
    size_t pages;

    (void)arg;
    if (mmapx_resident_count(&m, 0, 1, &pages) != 0
        || !deny(&(struct denied){ SYS_capget, ANY, 0, false }, EPERM))
        return false;
    FAILS(EPERM, mmapx_resident_count(&m, 0, 1, &pages));
    return true;
}

/* Root's right to know is a capability, and in doubt it has none. */
START_TEST(unknown_capabilities)
{
    need_filters();
    fd = temp_file(10);
    if (!is_root() || fchown(fd, 1234, 1234) != 0)
        SKIP("a file of somebody else needs root");
    OK(mmapx_map(&m, fd, PROT_READ, MAP_SHARED));
    if (!in_child(no_capget, NULL))
        SKIP("this root has not all capabilities");
}
END_TEST

/* The way of old kernels: the end is found by seeking, there and back. */
static const int whences[] = { SEEK_CUR, SEEK_END, SEEK_SET };

static bool
no_device_size(void *arg)
{
    const int *whence = arg;
    struct denied ioctls = { SYS_ioctl, 0, (uint32_t)fd, false };
    struct denied seeks = { NUMBER_LSEEK, LSEEK_WHENCE, (uint32_t)*whence,
                            false };

    if (!deny(&ioctls, ENOTTY) || map_again() != 0 || !deny(&seeks, EINVAL))
        return false;
    FAILS(EIO, map_again());
    return true;
}

START_TEST(a_device_that_tells_no_size)
{
    need_filters();
    fd = loop_device(temp_file(16 * page_size()));
    for (size_t i = 0; i < 3; i++)
        ck_assert(in_child(no_device_size, (void *)(uintptr_t)&whences[i]));
}
END_TEST

/* More pieces that were never written than are asked about at once. */
START_TEST(many_unwritten_pieces)
{
    enum { PIECES = 40 };
    off_t page = (off_t)page_size();
    struct mmapx_cache c;
    int file = temp_file(0);

    for (int i = 0; i < PIECES; i++)
        if (fallocate(file, 0, 2 * i * page, page) != 0)
            SKIP("this file system allocates nothing unwritten");
    ck_assert_int_eq(pwrite(file, "x", 1, 2 * PIECES * page), 1);
    ck_assert_int_eq(fsync(file), 0);
    OK(mmapx_cache_evict(file, 0, -1));
    OK(mmapx_cache_load(file, 0, -1));
    OK(mmapx_cache_stat(file, 2 * PIECES * page, -1, &c));
    ck_assert_uint_eq(c.cached, 1);
}
END_TEST

/* --- The handler, while somebody is installing it ------------------------- */

/* A filter stops two system calls by a signal: that of the thread at work
 * inside sigaction(2), and that of the one that waits in sched_yield(2). */
static enum { START, INSTALLING, WAITING } stage;
static bool forks; /* the thread at work does, half-way */
static int child_status = -1;

static void *
guard_in_thread(void *arg)
{
    (void)arg;
    return (void *)(intptr_t)guard();
}

static void
on_sigsys(int sig, siginfo_t *info, void *context)
{
    pid_t pid;

    (void)sig, (void)context;
    if (info->si_syscall == SYS_sched_yield) {
        __atomic_store_n(&stage, WAITING, __ATOMIC_SEQ_CST);
        return;
    }
    if (__atomic_load_n(&stage, __ATOMIC_SEQ_CST) != START)
        return;
    __atomic_store_n(&stage, INSTALLING, __ATOMIC_SEQ_CST);
    if (forks) {
        pid = fork();
        if (pid == 0)
            _exit(guard() == 0 ? 0 : 1);
        while (waitpid(pid, &child_status, 0) < 0 && errno == EINTR)
            ;
        return;
    }
    while (__atomic_load_n(&stage, __ATOMIC_SEQ_CST) != WAITING)
        ;
}

static bool
trap_the_handler(void)
{
    struct sigaction act = { .sa_flags = SA_SIGINFO | SA_NODEFER };
    /* With nothing to store the old action in, and nothing new: the look. */
    struct denied looks = { SYS_rt_sigaction, 1, 0, false };
    struct denied yields = { SYS_sched_yield, ANY, 0, false };

    act.sa_sigaction = on_sigsys;
    sigemptyset(&act.sa_mask);
    return sigaction(SIGSYS, &act, NULL) == 0
           && set_filter(&looks, SECCOMP_RET_TRAP)
           && set_filter(&yields, SECCOMP_RET_TRAP);
}

static bool
two_at_once(void *arg)
{
    pthread_t first;
    void *value;

    (void)arg;
    if (!trap_the_handler()
        || pthread_create(&first, NULL, guard_in_thread, NULL) != 0)
        return false;
    while (__atomic_load_n(&stage, __ATOMIC_SEQ_CST) == START)
        ;
    return guard() == 0 && pthread_join(first, &value) == 0 && value == NULL
           && __atomic_load_n(&stage, __ATOMIC_SEQ_CST) == WAITING;
}

static bool
fork_half_way(void *arg)
{
    (void)arg;
    forks = true;
    return trap_the_handler() && guard() == 0 && child_status == 0;
}

START_TEST(two_threads_install_the_handler)
{
    need_filters();
    if (under_tsan())
        SKIP("ThreadSanitizer delays signals");
    set_up();
    ck_assert(in_child(two_at_once, NULL));
}
END_TEST

START_TEST(a_fork_while_the_handler_is_installed)
{
    need_filters();
    if (under_tsan())
        SKIP("ThreadSanitizer delays signals");
    set_up();
    ck_assert(in_child(fork_half_way, NULL));
}
END_TEST

/* --- Too many mappings ---------------------------------------------------- */

/* Pages, every second one of another protection, until there are no more. */
static bool
use_up_mappings(void)
{
    const size_t most = 200000;
    size_t page = page_size();
    char *area = mmap(NULL, most * page, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (area == MAP_FAILED)
        return false;
    for (size_t i = 1; i < most; i += 2)
        if (mprotect(area + i * page, page, PROT_READ) != 0)
            return errno == ENOMEM;
    return false;
}

static bool
too_many(void *arg)
{
    size_t page = page_size();
    struct mmapx before = m;

    (void)arg;
    if (!use_up_mappings())
        return false;
    FAILS(ENOMEM, mmapx_protect(&m, page, page, PROT_READ));
    FAILS(EAGAIN, mmapx_advise(&m, page, page, MMAPX_MADV_RANDOM));
    if (mmapx_lock(&m, page, page, 0) == 0 || errno != EPERM)
        FAILS(ENOMEM, mmapx_lock(&m, page, page, 0));
    FAILS(ENOMEM, shrink_both());
    return memcmp(&m, &before, sizeof m) == 0
           && lseek(fd, 0, SEEK_END) == (off_t)(3 * page)
           && *(volatile unsigned char *)m.addr == pattern(0)
           && mmapx_unmap(&m) == 0;
}

static long
most_mappings(void)
{
    FILE *f = fopen("/proc/sys/vm/max_map_count", "r");
    long most = -1;

    if (f != NULL) {
        if (fscanf(f, "%ld", &most) != 1)
            most = -1;
        fclose(f);
    }
    return most;
}

START_TEST(too_many_mappings)
{
    need_the_kernel();
    if (under_sanitizer())
        SKIP("the sanitizer needs mappings of its own");
    if (most_mappings() < 0 || most_mappings() > 150000)
        SKIP("vm.max_map_count is not told or too large to be used up");
    set_up();
    ck_assert(in_child(too_many, NULL));
}
END_TEST

/* A limit on the address space. */
static bool
no_space(void *arg)
{
    struct rlimit none = { 0, 0 };
    struct mmapx before = m;

    (void)arg;
    if (setrlimit(RLIMIT_AS, &none) != 0)
        return false;
    FAILS(ENOMEM, map_again());
    FAILS(ENOMEM, map_anon());
    FAILS(ENOMEM, grow());
    FAILS(ENOMEM, grow_both());
    FAILS(ENOMEM, grow_both_sparse());
    return memcmp(&m, &before, sizeof m) == 0
           && lseek(fd, 0, SEEK_END) == (off_t)(3 * page_size())
           && shrink() == 0;
}

START_TEST(no_address_space)
{
    need_the_kernel();
    if (under_sanitizer())
        SKIP("the sanitizer needs address space");
    set_up();
    ck_assert(in_child(no_space, NULL));
}
END_TEST
#endif /* __linux__ */

#ifndef __linux__
START_TEST(filtered_calls)
{
    SKIP("a matter of Linux");
}
END_TEST
#endif

Suite *
suite(void)
{
    Suite *s = suite_create("kernel");

    ADD_TEST(s, filtered_calls);
#ifdef __linux__
    ADD_TEST(s, growing_behind_a_filter);
    ADD_TEST(s, without_proc);
    ADD_TEST(s, without_the_map_of_ids);
    ADD_TEST(s, a_proc_that_says_nothing);
    ADD_TEST(s, an_unknown_file_system);
    ADD_TEST(s, unknown_capabilities);
    ADD_TEST(s, a_device_that_tells_no_size);
    ADD_TEST(s, many_unwritten_pieces);
    ADD_TEST(s, two_threads_install_the_handler);
    ADD_TEST(s, a_fork_while_the_handler_is_installed);
    ADD_TEST(s, too_many_mappings);
    ADD_TEST(s, no_address_space);
#endif
    return s;
}
