/* SPDX-License-Identifier: MIT */
/* Faults that become errors, and faults that must not. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "support.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

/* A mapping of four pages of a file that has only one. */
static struct mmapx
short_file(int prot, int flags)
{
    int fd;
    struct mmapx m;

    need_fault_addresses();
    fd = temp_file(page_size());
    OK(mmapx_map_region(&m, fd, 0, 4 * page_size(), prot, flags));
    close(fd);
    return m;
}

/* The first byte that is not there. */
static unsigned char *
hole_in(const struct mmapx *m)
{
    return (unsigned char *)m->addr + page_size();
}

static int
load_byte(void *p)
{
    return *(volatile unsigned char *)p;
}

static int
store_byte(void *p)
{
    *(volatile unsigned char *)p = 1;
    return 0;
}

static int
return_seven(void *arg)
{
    (void)arg;
    return 7;
}

/* The status that a child ends with, or minus the signal that ended it. */
static int
child_status(void (*fn)(void))
{
    int status;
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        alarm(100); /* against handlers that never end */
        fn();
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* --- The guard ------------------------------------------------------------ */

START_TEST(a_fault_is_an_error)
{
    struct mmapx m = short_file(PROT_READ | PROT_WRITE, MAP_SHARED);
    struct mmapx p = short_file(PROT_READ | PROT_WRITE, MAP_PRIVATE);

    ck_assert_int_eq(mmapx_guard(&m, return_seven, NULL), 7);
    ck_assert_int_eq(mmapx_guard(&m, load_byte, m.addr), pattern(0));
    for (int i = 0; i < 3; i++) {
        FAILS(EIO, mmapx_guard(&m, load_byte, hole_in(&m)));
        FAILS(EIO, mmapx_guard(&m, store_byte, hole_in(&m)));
        FAILS(EIO, mmapx_guard(&p, load_byte, hole_in(&p)));
        FAILS(EIO, mmapx_guard(&m, load_byte, (char *)m.addr + m.len - 1));
    }
    ck_assert_int_eq(mmapx_guard(&m, return_seven, NULL), 7);
}
END_TEST

START_TEST(bad_arguments)
{
    struct mmapx m = short_file(PROT_READ, MAP_SHARED);
    struct mmapx unmapped = MMAPX_INIT;
    char buf[1];

    FAILS(EINVAL, mmapx_guard(NULL, return_seven, NULL));
    FAILS(EINVAL, mmapx_guard(&unmapped, return_seven, NULL));
    FAILS(EINVAL, mmapx_guard(&m, NULL, NULL));
    FAILS(EINVAL, mmapx_read(NULL, 0, buf, 1));
    FAILS(EINVAL, mmapx_read(&unmapped, 0, buf, 1));
    FAILS(EINVAL, mmapx_read(&m, 0, NULL, 1));
    FAILS(EINVAL, mmapx_read(&m, m.len + 1, buf, 1));
    FAILS(EINVAL, mmapx_read(&m, SIZE_MAX, buf, 1));
    FAILS(EINVAL, mmapx_write(NULL, 0, buf, 1));
    FAILS(EINVAL, mmapx_write(&unmapped, 0, buf, 1));
    FAILS(EINVAL, mmapx_write(&m, 0, NULL, 1));
    FAILS(EINVAL, mmapx_write(&m, m.len + 1, buf, 1));
}
END_TEST

/* What is nested faults in the mapping it names, wherever it stands. */
struct nest {
    struct mmapx outer;
    struct mmapx inner;
    unsigned char *touched;
    int inner_result;
    int inner_errno;
};

static int
nest(void *arg)
{
    struct nest *n = arg;

    errno = 0;
    n->inner_result = mmapx_guard(&n->inner, load_byte, n->touched);
    n->inner_errno = errno;
    return 5;
}

START_TEST(guards_nest)
{
    struct nest n = { .outer = short_file(PROT_READ, MAP_SHARED),
                      .inner = short_file(PROT_READ, MAP_SHARED) };

    n.touched = hole_in(&n.inner);
    ck_assert_int_eq(mmapx_guard(&n.outer, nest, &n), 5);
    ck_assert_int_eq(n.inner_result, -1);
    ck_assert_int_eq(n.inner_errno, EIO);

    n.inner_result = 99;
    n.touched = hole_in(&n.outer);
    FAILS(EIO, mmapx_guard(&n.outer, nest, &n));
    ck_assert_int_eq(n.inner_result, 99);

    /* Both name the same mapping: the inner one has it. */
    n.inner = n.outer;
    ck_assert_int_eq(mmapx_guard(&n.outer, nest, &n), 5);
    ck_assert_int_eq(n.inner_errno, EIO);
}
END_TEST

static int
read_inside(void *arg)
{
    const struct mmapx *m = arg;
    char buf[10];

    return mmapx_read(m, page_size(), buf, 10) == -1 && errno == EIO
                   && mmapx_read(m, 0, buf, 10) == 10
               ? 3
               : 4;
}

START_TEST(a_copy_inside_a_guard)
{
    struct mmapx m = short_file(PROT_READ, MAP_SHARED);

    ck_assert_int_eq(mmapx_guard(&m, read_inside, &m), 3);
}
END_TEST

/* --- What stays a death --------------------------------------------------- */

static struct mmapx guarded, foreign;

/* A guard that is over must not stand in the way either. */
static void
touch_foreign(void)
{
    signal(SIGBUS, SIG_DFL);
    mmapx_guard(&foreign, return_seven, NULL);
    mmapx_guard(&guarded, load_byte, hole_in(&foreign));
}

static void
touch_bare(void)
{
    signal(SIGBUS, SIG_DFL);
    load_byte(hole_in(&guarded));
}

static void
touch_after_guard(void)
{
    signal(SIGBUS, SIG_DFL);
    mmapx_guard(&guarded, return_seven, NULL);
    mmapx_guard(&guarded, load_byte, hole_in(&guarded));
    load_byte(hole_in(&guarded));
}

static void
touch_ignored(void)
{
    signal(SIGBUS, SIG_IGN);
    touch_after_guard();
}

static void
touch_protected(void)
{
    signal(SIGSEGV, SIG_DFL);
    mprotect(guarded.addr, page_size(), PROT_NONE);
    mmapx_guard(&guarded, load_byte, guarded.addr);
}

static void
kill_inside(void)
{
    signal(SIGBUS, SIG_DFL);
    mmapx_guard(&guarded, return_seven, NULL);
    kill(getpid(), SIGBUS);
}

static _Noreturn void
kill_ignored(void)
{
    signal(SIGBUS, SIG_IGN);
    mmapx_guard(&guarded, return_seven, NULL);
    kill(getpid(), SIGBUS);
    _exit(42);
}

START_TEST(faults_that_are_not_ours)
{
    guarded = short_file(PROT_READ, MAP_SHARED);
    foreign = short_file(PROT_READ, MAP_SHARED);
    /* The control: this is what happens without us. */
    ck_assert_int_eq(child_status(touch_bare), -SIGBUS);
    ck_assert_int_eq(child_status(touch_foreign), -SIGBUS);
    ck_assert_int_eq(child_status(touch_after_guard), -SIGBUS);
    ck_assert_int_eq(child_status(touch_ignored), -SIGBUS);
    ck_assert_int_eq(child_status(touch_protected), -SIGSEGV);
    ck_assert_int_eq(child_status(kill_inside), -SIGBUS);
    ck_assert_int_eq(child_status(kill_ignored), 42);
}
END_TEST

/* --- Handlers that were there before -------------------------------------- */

static volatile sig_atomic_t seen;
static void *volatile seen_addr;
static volatile sig_atomic_t seen_blocked;

static void
repair(void)
{
    struct mmapx m;

    /* Let the instruction go on. */
    if (mmapx_map_at(&m, hole_in(&foreign), -1, 0, page_size(),
                     PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED)
        != 0)
        _exit(9);
}

static bool
is_blocked(int sig)
{
    sigset_t mask;

    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    return sigismember(&mask, sig) == 1;
}

static void
info_handler(int sig, siginfo_t *info, void *context)
{
    (void)context;
    seen = seen + (sig == SIGBUS);
    seen_addr = info->si_addr;
    seen_blocked = is_blocked(SIGBUS) + 2 * is_blocked(SIGUSR1);
    repair();
}

static void
plain_handler(int sig)
{
    seen = seen + (sig == SIGBUS);
    repair();
}

static int
touch_own_then_foreign(void *arg)
{
    (void)arg;
    return load_byte(hole_in(&foreign));
}

START_TEST(an_earlier_handler_gets_its_faults)
{
    struct sigaction act = { .sa_flags = SA_SIGINFO };

    guarded = short_file(PROT_READ, MAP_SHARED);
    foreign = short_file(PROT_READ, MAP_SHARED);
    sigemptyset(&act.sa_mask);
    sigaddset(&act.sa_mask, SIGUSR1);
    act.sa_sigaction = info_handler;
    ck_assert_int_eq(sigaction(SIGBUS, &act, NULL), 0);

    FAILS(EIO, mmapx_guard(&guarded, load_byte, hole_in(&guarded)));
    ck_assert_int_eq(seen, 0);
    ck_assert_int_eq(mmapx_guard(&guarded, touch_own_then_foreign, NULL), 0);
    ck_assert_int_eq(seen, 1);
    ck_assert_ptr_eq(seen_addr, hole_in(&foreign));
    ck_assert_int_eq(seen_blocked, 3);
    ck_assert(!is_blocked(SIGBUS));
    if (!under_tsan()) /* which runs handlers with every signal blocked */
        ck_assert(!is_blocked(SIGUSR1));
    FAILS(EIO, mmapx_guard(&guarded, load_byte, hole_in(&guarded)));
    kill(getpid(), SIGBUS);
    ck_assert_int_eq(seen, 2);
}
END_TEST

/* An error that the kernel has found in passing is nobody's access, whatever
 * the address that comes with it. */
#if defined __linux__ && defined BUS_MCEERR_AO
static int
find_an_error(void *arg)
{
    siginfo_t info;

    memset(&info, 0, sizeof info);
    info.si_signo = SIGBUS;
    info.si_code = BUS_MCEERR_AO;
    info.si_addr = arg;
    return (int)syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid),
                        SIGBUS, &info);
}
#endif

START_TEST(an_error_found_in_passing)
{
#if defined __linux__ && defined BUS_MCEERR_AO
    struct sigaction act = { .sa_flags = SA_SIGINFO };

    need_the_kernel();
    guarded = short_file(PROT_READ, MAP_SHARED);
    foreign = short_file(PROT_READ, MAP_SHARED);
    sigemptyset(&act.sa_mask);
    act.sa_sigaction = info_handler;
    ck_assert_int_eq(sigaction(SIGBUS, &act, NULL), 0);
    ck_assert_int_eq(mmapx_guard(&guarded, find_an_error, guarded.addr), 0);
    ck_assert_int_eq(seen, 1);
    ck_assert_ptr_eq(seen_addr, guarded.addr);
#else
    SKIP("a matter of Linux");
#endif
}
END_TEST

START_TEST(an_earlier_plain_handler)
{
    guarded = short_file(PROT_READ, MAP_SHARED);
    foreign = short_file(PROT_READ, MAP_SHARED);
    signal(SIGBUS, plain_handler);
    ck_assert_int_eq(mmapx_guard(&guarded, touch_own_then_foreign, NULL), 0);
    ck_assert_int_eq(seen, 1);
    FAILS(EIO, mmapx_guard(&guarded, load_byte, hole_in(&guarded)));
}
END_TEST

/* A handler that lets its signal in again may be guarded itself. */
static volatile ssize_t copied;

static void
handler_that_copies(int sig, siginfo_t *info, void *context)
{
    char c;

    (void)sig;
    (void)info;
    (void)context;
    copied = mmapx_read(&guarded, page_size(), &c, 1);
    repair();
}

START_TEST(a_fault_inside_an_earlier_handler)
{
    struct sigaction act = { .sa_flags = SA_SIGINFO | SA_NODEFER };
    char c;

    if (under_tsan())
        SKIP("the sanitizer runs handlers with every signal blocked");
    guarded = short_file(PROT_READ, MAP_SHARED);
    foreign = short_file(PROT_READ, MAP_SHARED);
    sigemptyset(&act.sa_mask);
    act.sa_sigaction = handler_that_copies;
    ck_assert_int_eq(sigaction(SIGBUS, &act, NULL), 0);
    ck_assert_int_eq(mmapx_read(&guarded, 0, &c, 1), 1);
    ck_assert_int_eq(mmapx_guard(&guarded, touch_own_then_foreign, NULL), 0);
    ck_assert_int_eq(copied, -1);
}
END_TEST

/* A handler for one signal only must not be called for ever. */
static void
note_and_return(int sig)
{
    (void)sig;
    if (write(2, "", 0) != 0 || seen++ > 0)
        _exit(9);
}

static void
touch_with_one_shot(void)
{
    struct sigaction act = { .sa_flags = (int)SA_RESETHAND };

    sigemptyset(&act.sa_mask);
    act.sa_handler = note_and_return;
    sigaction(SIGBUS, &act, NULL);
    mmapx_guard(&guarded, touch_own_then_foreign, NULL);
}

/* It has had its one signal, and the guard still stands. */
static void
repair_in_one_shot(void)
{
    struct sigaction act = { .sa_flags = (int)SA_RESETHAND };

    sigemptyset(&act.sa_mask);
    act.sa_handler = plain_handler;
    sigaction(SIGBUS, &act, NULL);
    if (mmapx_guard(&guarded, touch_own_then_foreign, NULL) == 0
        && mmapx_guard(&guarded, load_byte, hole_in(&guarded)) == -1)
        _exit(42);
}

START_TEST(an_earlier_handler_for_one_shot)
{
    guarded = short_file(PROT_READ, MAP_SHARED);
    foreign = short_file(PROT_READ, MAP_SHARED);
    ck_assert_int_eq(child_status(touch_with_one_shot), -SIGBUS);
    ck_assert_int_eq(child_status(repair_in_one_shot), 42);
}
END_TEST

/* --- Masks, stacks, children ---------------------------------------------- */

static void
block(int how)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGBUS);
    pthread_sigmask(how, &set, NULL);
}

START_TEST(sigbus_blocked)
{
    struct mmapx m = short_file(PROT_READ | PROT_WRITE, MAP_SHARED);
    char buf[10];

    block(SIG_BLOCK);
    FAILS(EIO, mmapx_guard(&m, load_byte, hole_in(&m)));
    ck_assert(is_blocked(SIGBUS));
    ck_assert_int_eq(mmapx_guard(&m, return_seven, NULL), 7);
    ck_assert(is_blocked(SIGBUS));
    FAILS(EIO, mmapx_read(&m, page_size(), buf, 10));
    ck_assert(is_blocked(SIGBUS));
    ck_assert_int_eq(mmapx_read(&m, page_size() - 5, buf, 10), 5);
    FAILS(EIO, mmapx_write(&m, page_size(), buf, 10));
    ck_assert(is_blocked(SIGBUS));
    block(SIG_UNBLOCK);
    FAILS(EIO, mmapx_read(&m, page_size(), buf, 10));
    /* After that, a guard is as good as ever. */
    block(SIG_BLOCK);
    FAILS(EIO, mmapx_guard(&m, load_byte, hole_in(&m)));
    ck_assert(is_blocked(SIGBUS));
}
END_TEST

/* A copy inside a guard of such a thread finds SIGBUS unblocked, and must not
 * take that for the thread's own doing. */
static int
copy_one(void *arg)
{
    char c;

    return (int)mmapx_read(arg, 0, &c, 1);
}

START_TEST(sigbus_blocked_around_a_guard)
{
    struct mmapx m = short_file(PROT_READ, MAP_SHARED);
    char buf[10];

    block(SIG_BLOCK);
    ck_assert_int_eq(mmapx_guard(&m, copy_one, &m), 1);
    ck_assert(is_blocked(SIGBUS));
    FAILS(EIO, mmapx_read(&m, page_size(), buf, 10));
}
END_TEST

/* What fn does to the mask is its own affair. */
static int
block_usr1(void *arg)
{
    sigset_t set;

    (void)arg;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    return pthread_sigmask(SIG_BLOCK, &set, NULL);
}

START_TEST(the_mask_that_fn_sets)
{
    struct mmapx m = short_file(PROT_READ, MAP_SHARED);

    block(SIG_BLOCK);
    ck_assert_int_eq(mmapx_guard(&m, block_usr1, NULL), 0);
    ck_assert(is_blocked(SIGUSR1));
    ck_assert(is_blocked(SIGBUS));
}
END_TEST

/* Other signals are left alone. */
START_TEST(the_mask_is_kept)
{
    struct mmapx m = short_file(PROT_READ, MAP_SHARED);
    sigset_t set;

    if (under_tsan())
        SKIP("the sanitizer runs handlers with every signal blocked");
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    FAILS(EIO, mmapx_guard(&m, load_byte, hole_in(&m)));
    ck_assert(is_blocked(SIGUSR1));
    ck_assert(!is_blocked(SIGUSR2));
    ck_assert(!is_blocked(SIGBUS));
}
END_TEST

static void *volatile handlers_stack;

static void
note_stack(int sig)
{
    char here;

    (void)sig;
    handlers_stack = &here;
    repair();
}

START_TEST(on_an_alternate_stack)
{
    struct mmapx m = short_file(PROT_READ, MAP_SHARED);
    static char room[1 << 16];
    stack_t stack = { .ss_sp = room, .ss_size = sizeof room };
    stack_t now;
    char *at;

    signal(SIGBUS, note_stack);
    guarded = foreign = short_file(PROT_READ, MAP_SHARED);
    ck_assert_int_eq(sigaltstack(&stack, NULL), 0);
    for (int i = 0; i < 3; i++) {
        FAILS(EIO, mmapx_guard(&m, load_byte, hole_in(&m)));
        ck_assert_int_eq(sigaltstack(NULL, &now), 0);
        ck_assert_int_eq(now.ss_flags & SS_ONSTACK, 0);
    }
    ck_assert_int_eq(mmapx_guard(&m, touch_own_then_foreign, NULL), 0);
    at = handlers_stack;
    if (!under_sanitizer()) /* which may keep locals elsewhere */
        ck_assert(at >= room && at < room + sizeof room);
}
END_TEST

static int
fork_inside(void *arg)
{
    const struct mmapx *m = arg;
    int status;
    pid_t pid = fork();

    if (pid == 0)
        return load_byte(hole_in(m)); /* unwinds to the child's guard */
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

START_TEST(fork_in_the_middle)
{
    struct mmapx m = short_file(PROT_READ, MAP_SHARED);
    pid_t self = getpid();
    int r = mmapx_guard(&m, fork_inside, &m);

    if (getpid() != self)
        _exit(r == -1 && errno == EIO ? 31 : 32);
    ck_assert_int_eq(r, 31);
    FAILS(EIO, mmapx_guard(&m, load_byte, hole_in(&m)));
}
END_TEST

/* --- Copies --------------------------------------------------------------- */

START_TEST(copies)
{
    size_t page = page_size();
    int fd = temp_file(3 * page);
    char *buf = malloc(4 * page);
    struct mmapx m;

    OK(mmapx_map_region(&m, fd, 10, MMAPX_TO_END, PROT_READ | PROT_WRITE,
                        MAP_SHARED));
    ck_assert_int_eq(mmapx_read(&m, 0, buf, m.len), (ssize_t)m.len);
    check_pattern(buf, 10, m.len);
    ck_assert_int_eq(mmapx_read(&m, 5, buf, 7), 7);
    check_pattern(buf, 15, 7);
    ck_assert_int_eq(mmapx_read(&m, m.len - 3, buf, page), 3);
    ck_assert_int_eq(mmapx_read(&m, m.len, buf, 1), 0);
    ck_assert_int_eq(mmapx_read(&m, 3, NULL, 0), 0);
    ck_assert_int_eq(mmapx_read(&m, 0, buf, MMAPX_TO_END), (ssize_t)m.len);

    ck_assert_int_eq(mmapx_write(&m, 5, "edited", 6), 6);
    ck_assert_int_eq(pread(fd, buf, 6, 15), 6);
    ck_assert_mem_eq(buf, "edited", 6);
    ck_assert_int_eq(mmapx_write(&m, m.len - 2, "edited", 6), 2);
    ck_assert_int_eq(mmapx_write(&m, m.len, "edited", 6), 0);
    ck_assert_int_eq(mmapx_write(&m, 0, NULL, 0), 0);
    free(buf);
}
END_TEST

/* The count is exact to the page that faults, wherever memcpy(3) begins. */
START_TEST(copies_that_fault)
{
    size_t page = page_size();
    size_t pages = 64;
    int fd = temp_file(pages * page);
    unsigned char *buf = malloc(pages * page);
    struct mmapx m;

    need_native();
    OK(mmapx_map_region(&m, fd, 7, MMAPX_TO_END, PROT_READ | PROT_WRITE,
                        MAP_SHARED));
    for (size_t left = pages; left-- > 0;) {
        /* Of the last page of the file all bytes are there. */
        size_t there = left * page - (left > 0 ? 7 : 0);

        ck_assert_int_eq(ftruncate(fd, (off_t)(left * page)), 0);
        memset(buf, 0, m.len);
        if (left == 0) {
            FAILS(EIO, mmapx_read(&m, 0, buf, m.len));
            FAILS(EIO, mmapx_write(&m, 0, buf, m.len));
            continue;
        }
        ck_assert_int_eq(mmapx_read(&m, 0, buf, m.len), (ssize_t)there);
        check_pattern(buf, 7, there);
        ck_assert_int_eq(mmapx_write(&m, 0, buf, m.len), (ssize_t)there);
        ck_assert_int_eq(mmapx_read(&m, there - 1, buf, 2), 1);
        FAILS(EIO, mmapx_read(&m, there, buf, 1));
    }
    free(buf);
}
END_TEST

/* A page that is missing, and others around it that are not: nothing behind it
 * is written to, whatever the length and wherever memcpy() would begin. */
START_TEST(a_gap_is_not_written_across)
{
    enum { PAGES = 4, GAP = 1 };
    static const size_t lengths[] = { 1, 7, 31, 100, 300, 1000, 4000, 8000 };
    size_t page = page_size();
    int nothing = temp_file(0);
    unsigned char *buf = malloc(PAGES * page);
    unsigned char *zeros = calloc(PAGES, page);
    struct mmapx m, view;
    unsigned char *p;

    need_native();
    OK(mmapx_map_anon(&m, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    p = m.addr;
    ck_assert_ptr_eq(mmap(p + GAP * page, page, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_FIXED, nothing, 0),
                     p + GAP * page);
    OK(mmapx_view(&view, p, m.len));
    memset(buf, 'x', PAGES * page);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
        for (size_t k = 0; k <= 100; k++) {
            /* From before the gap, and from its last bytes on. */
            ck_assert_int_eq(mmapx_write(&view, GAP * page - k, buf,
                                         k + page + lengths[i]),
                             k > 0 ? (ssize_t)k : -1);
            FAILS(EIO, mmapx_write(&view, (GAP + 1) * page - 1 - k, buf,
                                   1 + k + lengths[i]));
            ck_assert_mem_eq(p + (GAP + 1) * page, zeros, 2 * page);
        }
    free(zeros);
    free(buf);
}
END_TEST

START_TEST(copies_against_the_protection)
{
    size_t page = page_size();
    char path[PATH_MAX];
    int fd = temp_named(path, 3 * page);
    int ro = open(path, O_RDONLY);
    char buf[1] = { 'x' };
    struct mmapx m, v;

    need_native();
    unlink(path);
    OK(mmapx_map(&m, ro, PROT_READ, MAP_SHARED));
    FAILS(EACCES, mmapx_write(&m, 0, buf, 1));
    OK(mmapx_unmap(&m));
    OK(mmapx_map(&m, fd, PROT_NONE, MAP_SHARED));
    FAILS(EACCES, mmapx_read(&m, 0, buf, 1));
    FAILS(EACCES, mmapx_write(&m, 0, buf, 1));

    /* The protection is followed, also of a part. */
    OK(mmapx_protect(&m, 0, MMAPX_TO_END, PROT_READ | PROT_WRITE));
    ck_assert_int_eq(mmapx_write(&m, 0, buf, 1), 1);
    OK(mmapx_protect(&m, page, page, PROT_READ));
    if (mmapx_advice_supported(MMAPX_MADV_POPULATE_WRITE)) {
        ck_assert_int_eq(mmapx_write(&m, 0, buf, 1), 1);
        FAILS(EACCES, mmapx_write(&m, page, buf, 1));
        ck_assert_int_eq(mmapx_write(&m, 2 * page, buf, 1), 1);
        OK(mmapx_view(&v, (char *)m.addr + page, page));
        FAILS(EACCES, mmapx_write(&v, 0, buf, 1));
        OK(mmapx_view(&v, m.addr, page));
        ck_assert_int_eq(mmapx_write(&v, 0, buf, 1), 1);
    }
    OK(mmapx_protect(&m, 0, MMAPX_TO_END, PROT_READ));
    FAILS(EACCES, mmapx_write(&m, 0, buf, 1));
    OK(mmapx_protect(&m, 0, MMAPX_TO_END, PROT_NONE));
    OK(mmapx_protect(&m, page, page, PROT_READ));
    ck_assert_int_eq(mmapx_read(&m, page, buf, 1), 1);
    close(fd);
}
END_TEST

/* --- Threads -------------------------------------------------------------- */

/* Readers of one file that another thread cuts and restores all the time: each
 * read is data or EIO. */
enum { READERS = 8, TRUNCATIONS = 100000 };

static struct {
    struct mmapx m;
    int fd;
    bool stop;
    bool wrong;
    size_t faults;
} arena;

static int
sum(void *arg)
{
    const unsigned char *p = arg;
    int total = 0;

    for (size_t i = 0; i < arena.m.len; i += 512)
        total += ((const volatile unsigned char *)p)[i];
    return total;
}

static void *
reader(void *arg)
{
    size_t n = (size_t)arg;
    unsigned char buf[512];

    while (!__atomic_load_n(&arena.stop, __ATOMIC_RELAXED)) {
        size_t off = (n++ * 4099) % (arena.m.len - sizeof buf);
        ssize_t r = n % 8 == 0 ? mmapx_guard(&arena.m, sum, arena.m.addr)
                               : mmapx_read(&arena.m, off, buf, sizeof buf);

        if (r < 0 && errno == EIO)
            __atomic_fetch_add(&arena.faults, 1, __ATOMIC_RELAXED);
        else if (r < 0)
            __atomic_store_n(&arena.wrong, true, __ATOMIC_RELAXED);
    }
    return NULL;
}

static size_t
truncations(void)
{
    return under_valgrind() ? TRUNCATIONS / 1000
           : under_sanitizer() ? TRUNCATIONS / 20
                               : TRUNCATIONS;
}

/* Wait until some reader has met the file as it is. */
static void
wait_for_fault(void)
{
    size_t before = __atomic_load_n(&arena.faults, __ATOMIC_RELAXED);

    while (__atomic_load_n(&arena.faults, __ATOMIC_RELAXED) == before)
        sched_yield();
}

static void
cut_and_restore(size_t times, bool waits)
{
    off_t size = (off_t)(4 * page_size());

    for (size_t i = 0; i < times; i++) {
        if (ftruncate(arena.fd, i % 3 == 0 ? 0 : size / 4) != 0)
            abort();
        if (waits && i % 100 == 0)
            wait_for_fault();
        if (ftruncate(arena.fd, size) != 0)
            abort();
    }
}

START_TEST(threads_and_truncation)
{
    pthread_t threads[READERS];
    /* Where memory is the disk: on others it may take minutes. */
    char path[] = "/dev/shm/mmapx-test-XXXXXX";

    need_native();
    arena.fd = mkstemp(path);
    if (arena.fd >= 0)
        unlink(path);
    else
        arena.fd = temp_file(0);
    ck_assert_int_eq(ftruncate(arena.fd, (off_t)(4 * page_size())), 0);
    OK(mmapx_map(&arena.m, arena.fd, PROT_READ, MAP_SHARED));
    for (size_t i = 0; i < READERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, reader, (void *)i),
                         0);
    cut_and_restore(truncations(), true);
    __atomic_store_n(&arena.stop, true, __ATOMIC_RELAXED);
    for (size_t i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
    ck_assert(!arena.wrong);
    ck_assert_uint_ge(arena.faults, truncations() / 100);
}
END_TEST

static void *
bare_reader(void *arg)
{
    (void)arg;
    for (;;)
        sum(arena.m.addr);
    return NULL;
}

/* The control: what the same scene does to a program that maps by itself. */
static _Noreturn void
read_bare(void)
{
    pthread_t thread;

    signal(SIGBUS, SIG_DFL);
    if (pthread_create(&thread, NULL, bare_reader, NULL) != 0)
        _exit(8);
    for (;;)
        cut_and_restore(1000, false);
}

START_TEST(the_same_without_a_guard)
{
    arena.fd = temp_file(4 * page_size());
    OK(mmapx_map(&arena.m, arena.fd, PROT_READ, MAP_SHARED));
    ck_assert_int_eq(child_status(read_bare), -SIGBUS);
}
END_TEST

/* --- Loaded at run time --------------------------------------------------- */

/* The library of the build, by what dlopen(3) finds in it. */
static struct {
    void *handle;
    int (*guard)(const struct mmapx *m, int (*fn)(void *arg), void *arg);
    pthread_mutex_t start;
    bool right;
} loaded = { .start = PTHREAD_MUTEX_INITIALIZER };

/* This thread is older than the library and its thread-local storage. */
static void *
use_loaded(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&loaded.start);
    errno = 0;
    loaded.right = loaded.guard(&guarded, load_byte, hole_in(&guarded)) == -1
                   && errno == EIO;
    return NULL;
}

static void
touch_after_close(void)
{
    signal(SIGBUS, SIG_DFL);
    loaded.guard(&guarded, load_byte, hole_in(&guarded));
    dlclose(loaded.handle);
    load_byte(hole_in(&guarded));
}

/* A copy of the library, because this program is linked with it. */
static bool
copy_library(const char *path)
{
    char buf[8192];
    FILE *from = fopen(".libs/libmmapx.so", "r");
    FILE *to = fopen(path, "w");
    size_t n;

    if (from == NULL || to == NULL)
        return false;
    while ((n = fread(buf, 1, sizeof buf, from)) > 0)
        fwrite(buf, 1, n, to);
    fclose(from);
    return fclose(to) == 0;
}

START_TEST(a_library_that_is_loaded)
{
    char path[PATH_MAX];
    pthread_t thread;

    if (under_sanitizer())
        SKIP("the sanitizer's run-time does not go into the library");
    close(temp_named(path, 0));
    guarded = short_file(PROT_READ, MAP_SHARED);
    if (!copy_library(path)) {
        unlink(path);
        SKIP("no shared library was built");
    }
    pthread_mutex_lock(&loaded.start);
    ck_assert_int_eq(pthread_create(&thread, NULL, use_loaded, NULL), 0);
    loaded.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    unlink(path);
    ck_assert_msg(loaded.handle != NULL, "%s", dlerror());
    *(void **)&loaded.guard = dlsym(loaded.handle, "mmapx_guard");
    ck_assert_ptr_nonnull(*(void **)&loaded.guard);
    pthread_mutex_unlock(&loaded.start);
    pthread_join(thread, NULL);
    ck_assert(loaded.right);
    /* The handler outlives the library's user. */
    ck_assert_int_eq(child_status(touch_after_close), -SIGBUS);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("guard");

    ADD_TEST(s, a_fault_is_an_error);
    ADD_TEST(s, bad_arguments);
    ADD_TEST(s, guards_nest);
    ADD_TEST(s, a_copy_inside_a_guard);
    ADD_TEST(s, faults_that_are_not_ours);
    ADD_TEST(s, an_earlier_handler_gets_its_faults);
    ADD_TEST(s, an_error_found_in_passing);
    ADD_TEST(s, an_earlier_plain_handler);
    ADD_TEST(s, a_fault_inside_an_earlier_handler);
    ADD_TEST(s, an_earlier_handler_for_one_shot);
    ADD_TEST(s, sigbus_blocked);
    ADD_TEST(s, sigbus_blocked_around_a_guard);
    ADD_TEST(s, the_mask_that_fn_sets);
    ADD_TEST(s, the_mask_is_kept);
    ADD_TEST(s, on_an_alternate_stack);
    ADD_TEST(s, fork_in_the_middle);
    ADD_TEST(s, copies);
    ADD_TEST(s, copies_that_fault);
    ADD_TEST(s, a_gap_is_not_written_across);
    ADD_TEST(s, copies_against_the_protection);
    ADD_TEST(s, threads_and_truncation);
    ADD_TEST(s, the_same_without_a_guard);
    ADD_TEST(s, a_library_that_is_loaded);
    return s;
}
