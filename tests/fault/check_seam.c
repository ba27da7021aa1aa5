/* SPDX-License-Identifier: MIT */
/*
 * The seam itself, as src/os/os.h describes it, where Linux refuses, is old, or
 * cannot be asked: what no call of the library shows, or not by itself.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "filters.h"

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

#ifdef __linux__
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "os/linux_missing.h"
#include "os/linux_proc.h"

enum { RW = PROT_READ | PROT_WRITE };

/* What a child is handed. */
struct subject {
    int fd;
    unsigned char *p;
    int code;
    struct denied denied;
    struct mmapx_os_stat st;
};

/* In a child, whose filter refuses in one way; and in the other way. */
static void
passes_refused(bool (*fn)(void *arg), struct subject *s)
{
    static const int codes[] = { EPERM, ENOSYS };

    for (size_t i = 0; i < 2; i++) {
        s->code = codes[i];
        ck_assert(in_child(fn, s));
    }
}

/* --- Without what is asked for -------------------------------------------- */

static uint64_t descriptors;

/* Let nothing be opened, and again. */
static void
forbid_descriptors(void)
{
    descriptors = limit_descriptors(0);
}

static void
allow_descriptors(void)
{
    limit_descriptors(descriptors);
}

/* What is opened next cannot be read, until dup(2) has taken its number: which
 * is to be done before the child ends and adds to what coverage has. */
static bool
next_is_unreadable(int fd)
{
    int next = dup(fd);

    close(next);
    return deny(&(struct denied){ SYS_read, 0, (uint32_t)next, false }, EIO);
}

static bool
deny_request(unsigned long request, int code)
{
    return deny(&(struct denied){ SYS_ioctl, 1, (uint32_t)request, false },
                code);
}

static unsigned char *
map_pages(size_t n, int prot)
{
    void *p = mmap(NULL, n * page_size(), prot, MAP_PRIVATE | MAP_ANONYMOUS,
                   -1, 0);

    ck_assert_ptr_ne(p, MAP_FAILED);
    return p;
}

/* --- What is mapped ------------------------------------------------------- */

/* What is noted about pieces.  After the first one nothing can be opened. */
struct pieces {
    size_t len[64];
    size_t n;
    size_t most;
    bool is_frugal;
};

static int
note_piece(void *arg, size_t n)
{
    struct pieces *pieces = arg;

    pieces->len[pieces->n++] = n;
    if (pieces->is_frugal && pieces->n == 1)
        forbid_descriptors();
    return pieces->n == pieces->most ? -ECANCELED : 0;
}

static size_t
first_piece(const void *p, size_t len)
{
    struct pieces pieces = { .most = 1 };

    ck_assert_int_eq(
        mmapx_os_pieces(p, len, page_size(), note_piece, &pieces), -ECANCELED);
    return pieces.len[0];
}

static bool
divides(void *arg)
{
    enum { PIECES = 60 }; /* more than are read at once */
    struct pieces pieces = { .is_frugal = true };
    size_t page = page_size();
    unsigned char *p = map_pages(2 * PIECES, RW);

    for (size_t i = 0; i < PIECES; i += 2)
        ck_assert_int_eq(mprotect(p + 2 * i * page, 2 * page, PROT_READ), 0);
    if (arg != NULL && !deny_request(PROCMAP_QUERY, ENOTTY))
        return false;
    ck_assert_int_eq(mmapx_os_pieces(p, 2 * PIECES * page, page, note_piece,
                                     &pieces),
                     0);
    allow_descriptors();
    ck_assert_uint_eq(pieces.n, PIECES);
    for (size_t i = 0; i < PIECES; i++)
        ck_assert_uint_eq(pieces.len[i], 2 * page);
    return true;
}

/* The list is opened once: to read it anew for each piece takes minutes. */
START_TEST(pieces_of_a_list_that_is_read_once)
{
    need_the_kernel();
    ck_assert(in_child(divides, NULL));
}
END_TEST

START_TEST(pieces_of_a_text_that_is_read_once)
{
    static int text;

    need_filters();
    ck_assert(in_child(divides, &text));
}
END_TEST

START_TEST(what_is_free)
{
    size_t page = page_size();
    unsigned char *p;

    need_the_kernel();
    p = map_pages(5, PROT_READ);
    ck_assert_int_eq(munmap(p + page, 2 * page), 0);
    ck_assert(mmapx_os_is_free(p + page, page));
    ck_assert(mmapx_os_is_free(p + page, 2 * page));
    ck_assert(!mmapx_os_is_free(p + page, 3 * page));
    ck_assert(!mmapx_os_is_free(p, page));
    ck_assert(!mmapx_os_is_free(p + 4 * page, page));
    /* Behind the last mapping of all. */
    ck_assert(mmapx_os_is_free((void *)(UINTPTR_MAX - page + 1), page));
    forbid_descriptors();
    ck_assert(!mmapx_os_is_free(p + page, page));
    allow_descriptors();
}
END_TEST

static bool
reads_no_list(void *arg)
{
    size_t page = page_size();
    unsigned char *p = map_pages(3, RW);
    unsigned char *found = p;
    size_t len = 3 * page;
    int prot, fd = *(int *)arg;

    if (!next_is_unreadable(fd) || !deny_request(PROCMAP_QUERY, ENOTTY))
        return false;
    ck_assert(!mmapx_os_is_free((void *)(UINTPTR_MAX - page + 1), page));
    ck_assert_uint_eq(first_piece(p, 3 * page), page);
    ck_assert_int_eq(mmapx_os_anonymous(&found, &len), 0);
    ck_assert_uint_eq(len, 0);
    ck_assert_int_eq(mmapx_os_protection(p, &prot), -ENOMEM);
    ck_assert(!mmapx_os_may_see_memory(p, page));
    mmapx_os_unmap_file(fd, 0, (int64_t)page);
    return dup(fd) > fd;
}

/* In doubt nothing is free, a page is one, and nothing is anonymous. */
START_TEST(a_list_that_cannot_be_read)
{
    int fd = temp_file(page_size());

    need_filters();
    ck_assert(in_child(reads_no_list, &fd));
}
END_TEST

START_TEST(a_list_that_cannot_be_opened)
{
    size_t page = page_size();
    unsigned char *p;
    size_t len = page;
    char path[PATH_MAX];
    int prot, fd = temp_named(path, page);
    int writes = open(path, O_WRONLY);

    unlink(path);
    close(fd);
    ck_assert_int_ge(writes, 0);
    need_the_kernel();
    p = map_pages(3, RW);
    forbid_descriptors();
    mmapx_os_unmap_file(writes, 0, (int64_t)page); /* leaves all as it is */
    ck_assert_uint_eq(first_piece(p, 3 * page), page);
    ck_assert_int_eq(mmapx_os_anonymous(&p, &len), -ENOTSUP);
    ck_assert_int_eq(mmapx_os_protection(p, &prot), -EMFILE);
    ck_assert(!mmapx_os_is_past_end(p));
    ck_assert_int_eq(mmapx_os_own_pages_open(), -ENOTSUP);
    allow_descriptors();
    ck_assert_uint_ge(first_piece(p, 3 * page), 3 * page);
}
END_TEST

/* A mapping's line is longer than what is kept of it, by its file's name. */
START_TEST(a_line_that_is_long)
{
    size_t page = page_size();
    char path[PATH_MAX], name[201];
    int prot, fd = temp_named(path, 4 * page);
    unsigned char *p;

    need_the_kernel();
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    ck_assert_uint_lt(strlen(path) + sizeof name, sizeof path);
    strcpy(strrchr(path, '/') + 1, name);
    unlink(path);
    close(fd);
    fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    ck_assert_int_ge(fd, 0);
    unlink(path);
    ck_assert_int_eq(ftruncate(fd, (off_t)(4 * page)), 0);
    p = mmap(NULL, 4 * page, RW, MAP_SHARED, fd, 0);
    ck_assert_ptr_ne(p, MAP_FAILED);
    ck_assert_int_eq(mprotect(p + 2 * page, page, PROT_READ), 0);
    ck_assert_uint_eq(first_piece(p, 4 * page), 2 * page);
    ck_assert(!mmapx_os_is_free(p, page));
    ck_assert_int_eq(mmapx_os_protection(p + 2 * page, &prot), 0);
    ck_assert_int_eq(prot, PROT_READ);
}
END_TEST

/* A protection is that of a page, and of none where none is mapped. */
START_TEST(the_protection_of_a_gap)
{
    size_t page = page_size();
    unsigned char *p;
    int prot;

    need_the_kernel();
    p = map_pages(3, PROT_READ);
    ck_assert_int_eq(mmapx_os_protection(p, &prot), 0);
    ck_assert_int_eq(prot, PROT_READ);
    ck_assert_int_eq(munmap(p + page, page), 0);
    ck_assert_int_eq(mmapx_os_protection(p + page, &prot), -ENOMEM);
}
END_TEST

/* --- Past the end --------------------------------------------------------- */

static bool
knows_the_end(void *arg)
{
    size_t page = page_size();
    unsigned char *p = arg;

    ck_assert(!mmapx_os_is_past_end(p));
    ck_assert(mmapx_os_is_past_end(p + page));
    return true;
}

static bool
knows_no_end(void *arg)
{
    return !mmapx_os_is_past_end(arg);
}

/* The file is looked at by a link for the privileged, or by its path, if it
 * still has that. */
START_TEST(the_end_of_a_mapped_file)
{
    size_t page = page_size();
    char path[PATH_MAX];
    int fd = temp_named(path, 10);
    unsigned char *p, *memory;

    need_the_kernel();
    ck_assert_int_eq(fchmod(fd, 0644), 0);
    p = mmap(NULL, 2 * page, PROT_READ, MAP_SHARED, fd, 0);
    ck_assert_ptr_ne(p, MAP_FAILED);
    ck_assert(in_child(knows_the_end, p));
    ck_assert(in_child_as_nobody(knows_the_end, p));
    unlink(path);
    ck_assert(in_child_as_nobody(knows_no_end, p + page));
    memory = map_pages(3, PROT_READ);
    ck_assert(in_child_as_nobody(knows_no_end, memory));
    ck_assert_int_eq(munmap(memory + page, page), 0);
    ck_assert(!mmapx_os_is_past_end(memory + page));
    ck_assert(!mmapx_os_is_past_end((void *)(UINTPTR_MAX - page + 1)));
    /* What is mapped there now is another file. */
    close(open(path, O_RDWR | O_CREAT | O_EXCL, 0644));
    ck_assert(in_child_as_nobody(knows_no_end, p + page));
    unlink(path);
}
END_TEST

/* --- Locks ---------------------------------------------------------------- */

START_TEST(what_is_locked)
{
    size_t page = page_size();
    unsigned char *p;

    need_the_kernel();
    need_memlock(4 * page);
    if (under_sanitizer())
        SKIP("the sanitizer locks nothing");
    p = map_pages(3, RW);
    ck_assert_int_eq(mmapx_os_lock_of(p), MMAPX_OS_NOT_LOCKED);
    ck_assert_int_eq(mmapx_os_mlock(p, page), 0);
    ck_assert_int_eq(mmapx_os_lock_of(p), MMAPX_OS_LOCKED);
    if (mmapx_os_mlock_onfault(p + page, page) == 0) {
        ck_assert_int_eq(mmapx_os_lock_of(p + page), MMAPX_OS_LOCKED_ONFAULT);
        /* Only /proc tells of which kind the lock is. */
        forbid_descriptors();
        ck_assert_int_eq(mmapx_os_lock_of(p + page), MMAPX_OS_LOCKED_SOMEHOW);
        allow_descriptors();
    }
    ck_assert_int_eq(munmap(p, 3 * page), 0);
    ck_assert_int_eq(mmapx_os_lock_of(p), MMAPX_OS_NOT_LOCKED);
}
END_TEST

static bool
finds_no_flags(void *arg)
{
    const struct subject *locked = arg;

    return mmapx_os_mlock_onfault(locked->p, page_size()) == 0
           && next_is_unreadable(locked->fd)
           && mmapx_os_lock_of(locked->p) == MMAPX_OS_LOCKED_SOMEHOW
           && dup(locked->fd) >= 0;
}

START_TEST(flags_that_cannot_be_read)
{
    struct subject locked = { .fd = temp_file(1) };

    need_filters();
    need_memlock(4 * page_size());
    if (under_sanitizer())
        SKIP("the sanitizer locks nothing");
    locked.p = map_pages(1, RW);
    if (mmapx_os_mlock_onfault(locked.p, page_size()) < 0)
        SKIP("no lock on fault");
    ck_assert(in_child(finds_no_flags, &locked));
}
END_TEST

/* --- Zeros ---------------------------------------------------------------- */

/* Private memory whose bytes are not zero, from the second one on. */
static unsigned char *
map_private_bytes(int prot)
{
    size_t page = page_size();
    unsigned char *p = map_pages(2, RW);

    memset(p + 1, 'x', 2 * page - 1);
    ck_assert_int_eq(mprotect(p, 2 * page, prot), 0);
    return p;
}

static bool
is_clear(unsigned char *p, size_t from, size_t to)
{
    ck_assert_int_eq(mprotect(p, 2 * page_size(), RW), 0);
    for (size_t i = 0; i < 2 * page_size(); i++)
        if (p[i] != (i > 0 && (i < from || i >= to) ? 'x' : 0))
            return false;
    return true;
}

START_TEST(zeros_into_any_memory)
{
    static const int prots[] = { RW, PROT_READ, PROT_NONE };
    size_t page = page_size();

    need_the_kernel();
    for (size_t i = 0; i < 2 * sizeof prots / sizeof prots[0]; i++) {
        int prot = prots[i / 2];
        unsigned char *p = map_private_bytes(prot);
        int found;

        ck_assert_int_eq(mmapx_os_clear(p, page + 7, i % 2 == 0 ? prot : -1),
                         0);
        ck_assert_int_eq(mmapx_os_protection(p, &found), 0);
        ck_assert_int_eq(found, prot);
        ck_assert_msg(is_clear(p, 0, page + 7), "case %zu", i);
    }
}
END_TEST

/* Where /proc cannot be opened the protection has to be known. */
START_TEST(zeros_without_proc)
{
    size_t page = page_size();
    unsigned char *p, *other;

    need_the_kernel();
    p = map_private_bytes(PROT_NONE);
    other = map_private_bytes(PROT_NONE);
    forbid_descriptors();
    ck_assert_int_eq(mmapx_os_clear(p + 1, page, PROT_NONE), 0);
    ck_assert_int_eq(mmapx_os_clear(other, page, -1), -EMFILE);
    allow_descriptors();
    ck_assert(load_kills(p));
    ck_assert(is_clear(p, 1, page + 1));
    ck_assert(load_kills(other));
    ck_assert(is_clear(other, 0, 0));
}
END_TEST

static bool
cannot_clear(void *arg)
{
    unsigned char *p = arg;
    int r;

    forbid_descriptors();
    if (!deny(&(struct denied){ SYS_mprotect, 2, RW, false }, EACCES))
        return false;
    r = mmapx_os_clear(p, page_size(), PROT_NONE);
    allow_descriptors();
    return r == -EACCES;
}

START_TEST(zeros_that_cannot_be_stored)
{
    unsigned char *p;

    need_filters();
    p = map_private_bytes(PROT_NONE);
    ck_assert(in_child(cannot_clear, p));
    ck_assert(is_clear(p, 0, 0));
}
END_TEST

/* Filters that do not let the kernel copy, and no /proc: a pipe does it, or the
 * processor.  And memory that can be read and not written. */
static bool
clears_by_itself(void *arg)
{
    const struct subject *s = arg;
    size_t page = page_size();
    int r;

    forbid_descriptors();
    if (!deny(&(struct denied){ SYS_process_vm_writev, ANY, 0, false }, EFAULT)
        || mmapx_os_clear(s->p + page, page, RW) != -ENOMEM
        || !deny(&(struct denied){ SYS_process_vm_readv, ANY, 0, false },
                 s->code))
        return false;
    r = mmapx_os_clear(s->p, page, PROT_NONE);
    allow_descriptors();
    return r == (mmapx_advice_supported(MMAPX_MADV_POPULATE_READ) ? 0 : -EMFILE)
           && mmapx_os_clear(s->p, page, PROT_NONE) == 0;
}

START_TEST(zeros_that_no_system_call_stores)
{
    size_t page = page_size();
    struct subject s = { .code = EPERM };

    need_filters();
    for (int i = 0; i < 2; i++) {
        s.p = mmap(NULL, 2 * page, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        ck_assert_ptr_ne(s.p, MAP_FAILED);
        memset(s.p + 1, 'x', 2 * page - 1);
        ck_assert(in_child(clears_by_itself, &s));
        ck_assert(is_clear(s.p, 0, page));
        s.code = ENOSYS;
    }
}
END_TEST

static const struct denied copying[] = {
    { SYS_process_vm_readv, ANY, 0, false },
    { SYS_process_vm_writev, ANY, 0, false },
};

static bool
no_copying(int code)
{
    return deny(&copying[0], code) && deny(&copying[1], code);
}

/* The protection stays as it is, and the memory is cleared through a pipe. */
static bool
clears_through_a_pipe(void *arg)
{
    const struct subject *s = arg;
    int prot = -1;

    return no_copying(s->code) && mmapx_os_clear(s->p + 5, 7, PROT_READ) == 0
           && mmapx_os_protection(s->p, &prot) == 0 && prot == PROT_READ
           && is_clear(s->p, 5, 12);
}

START_TEST(zeros_through_a_pipe)
{
    struct subject s = { 0 };

    need_filters();
    s.p = map_private_bytes(PROT_READ);
    passes_refused(clears_through_a_pipe, &s);
}
END_TEST

/* With and without descriptors, by which the kernel could copy. */
static bool
has_nothing_stored(void *arg)
{
    const struct subject *s = arg;
    size_t page = page_size();
    int r;

    if (!no_copying(s->code) || mmapx_os_clear(s->p, page, RW) != 0
        || mmapx_os_can_read(s->p) || !mmapx_os_can_read(s->p - page))
        return false;
    forbid_descriptors();
    r = mmapx_os_clear(s->p, page, PROT_NONE);
    allow_descriptors();
    return r
           == (mmapx_advice_supported(MMAPX_MADV_POPULATE_READ) ? 0 : -EMFILE);
}

/* What lies past the end of a file cannot be had. */
START_TEST(zeros_where_nothing_can_be_had)
{
    size_t page = page_size();
    struct subject s = { 0 };

    need_filters();
    s.p = mmap(NULL, 2 * page, RW, MAP_PRIVATE, temp_file(1), 0);
    ck_assert_ptr_ne(s.p, MAP_FAILED);
    s.p += page;
    passes_refused(has_nothing_stored, &s);
}
END_TEST

START_TEST(what_can_be_read)
{
    size_t page = page_size();
    unsigned char *p;

    need_the_kernel();
    p = mmap(NULL, 2 * page, PROT_READ, MAP_SHARED, temp_file(1), 0);
    ck_assert_ptr_ne(p, MAP_FAILED);
    ck_assert(mmapx_os_can_read(p));
    ck_assert(!mmapx_os_can_read(p + page));
}
END_TEST

/* Where nobody can tell, it can: without descriptors a pipe cannot either. */
static bool
can_read_behind_a_filter(void *arg)
{
    const struct subject *s = arg;
    bool without;

    if (!no_copying(s->code) || !mmapx_os_can_read(s->p)
        || mmapx_os_can_read(s->p + page_size()))
        return false;
    forbid_descriptors();
    without = mmapx_os_can_read(s->p);
    allow_descriptors();
    return without;
}

START_TEST(what_can_be_read_behind_a_filter)
{
    struct subject s = { 0 };

    need_filters();
    s.p = mmap(NULL, 2 * page_size(), PROT_READ, MAP_SHARED, temp_file(1), 0);
    ck_assert_ptr_ne(s.p, MAP_FAILED);
    passes_refused(can_read_behind_a_filter, &s);
}
END_TEST

/* --- Touching ------------------------------------------------------------- */

static bool
opens_no_toucher(void *arg)
{
    const struct denied *d = arg;
    struct mmapx_os_touch_fds touch;
    int r;

    if (d == NULL)
        forbid_descriptors();
    else if (!deny(d, ENOTTY))
        return false;
    r = mmapx_os_touch_open(&touch);
    if (d == NULL)
        allow_descriptors();
    return r == (d == NULL ? -EMFILE : -ENOTSUP);
}

START_TEST(what_touching_needs)
{
    struct denied denied[]
        = { { SYS_ioctl, 1, (uint32_t)PAGEMAP_SCAN, false },
            { SYS_pipe2, ANY, 0, false } };
    struct mmapx_os_touch_fds touch;

    need_filters();
    if (mmapx_os_touch_open(&touch) < 0)
        SKIP("this kernel cannot list pages");
    mmapx_os_touch_close(&touch);
    ck_assert(in_child(opens_no_toucher, NULL));
    ck_assert(in_child(opens_no_toucher, &denied[0]));
    ck_assert(in_child(opens_no_toucher, &denied[1]));
}
END_TEST

static bool
takes_nothing_out(void *arg)
{
    struct mmapx_os_touch_fds touch;
    unsigned char *p = map_pages(3, PROT_READ);

    (void)arg;
    if (mmapx_os_touch_open(&touch) < 0
        || !deny(&(struct denied){ SYS_read, 0, (uint32_t)touch.from, false },
                 EIO))
        return false;
    return mmapx_os_touch(&touch, p, 3 * page_size(), page_size()) == -EFAULT;
}

/* A byte that is not touched fails the whole. */
START_TEST(a_touch_that_stops)
{
    size_t page = page_size();
    struct mmapx_os_touch_fds touch;
    unsigned char *p;

    need_filters();
    if (mmapx_os_touch_open(&touch) < 0)
        SKIP("this kernel cannot list pages");
    p = mmap(NULL, 400 * page, PROT_READ, MAP_SHARED, temp_file(2 * page), 0);
    ck_assert_ptr_ne(p, MAP_FAILED);
    ck_assert_int_eq(mmapx_os_touch(&touch, p, 2 * page, page), 0);
    ck_assert_int_eq(mmapx_os_touch(&touch, p, 4 * page, page), -EFAULT);
    ck_assert_int_eq(mmapx_os_touch(&touch, p, 400 * page, page), -EFAULT);
    ck_assert_int_eq(mmapx_os_touch(&touch, p + 2 * page, page, page),
                     -EFAULT);
    mmapx_os_touch_close(&touch);
    ck_assert(in_child(takes_nothing_out, NULL));
}
END_TEST

static bool
advises_no_batch(void *arg)
{
    int code = *(int *)arg;
    struct iovec list = { map_pages(1, PROT_READ), page_size() };
    size_t done = 7;
    int r;

    if (!deny(&(struct denied){ SYS_process_madvise, ANY, 0, false }, code))
        return false;
    r = mmapx_os_madvise_batch(&list, 1, MADV_WILLNEED, &done);
    return done == 0 && r == (code == ENOMEM ? -ENOMEM : -ENOTSUP);
}

START_TEST(a_batch_that_is_refused)
{
    int codes[] = { ENOSYS, EPERM, EBADF, ENOMEM };

    need_filters();
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        ck_assert(in_child(advises_no_batch, &codes[i]));
}
END_TEST

/* --- Pages of the process's own ------------------------------------------- */

enum { OWN_PAGES = 300 };

/* A private mapping of a file: pages that nobody has touched, pages of the
 * file, and pages 140 to 142 and the last, which are the process's own. */
static unsigned char *
map_own_pages(void)
{
    size_t page = page_size();
    int fd = temp_file(OWN_PAGES * page);
    unsigned char *p = mmap(NULL, OWN_PAGES * page, RW, MAP_PRIVATE, fd, 0);

    ck_assert_ptr_ne(p, MAP_FAILED);
    for (size_t i = 100; i < 150; i++)
        ck_assert_int_eq(((volatile unsigned char *)p)[i * page],
                         pattern(i * page));
    for (size_t i = 140; i < 143; i++)
        p[i * page] = 'o';
    p[(OWN_PAGES - 1) * page] = 'o';
    close(fd);
    return p;
}

static bool
finds_own_pages(int fd, unsigned char *p)
{
    size_t page = page_size();
    struct iovec runs[MMAPX_OS_RUNS];
    int n = mmapx_os_own_pages(fd, p, OWN_PAGES * page, runs, MMAPX_OS_RUNS);

    if (n < 0)
        return false;
    ck_assert_int_eq(n, 2);
    ck_assert_ptr_eq(runs[0].iov_base, p + 140 * page);
    ck_assert_uint_eq(runs[0].iov_len, 3 * page);
    ck_assert_ptr_eq(runs[1].iov_base, p + (OWN_PAGES - 1) * page);
    ck_assert_uint_eq(runs[1].iov_len, page);
    n = mmapx_os_own_pages(fd, p, OWN_PAGES * page, runs, 1);
    ck_assert_int_eq(n, 1);
    ck_assert_ptr_eq(runs[0].iov_base, p + 140 * page);
    return mmapx_os_own_pages(fd, p, 140 * page, runs, 1) == 0;
}

static bool
finds_them_by_entries(void *arg)
{
    const struct subject *own = arg;

    return deny_request(PAGEMAP_SCAN, own->code)
           && finds_own_pages(own->fd, own->p);
}

static bool
finds_none(void *arg)
{
    const struct subject *own = arg;
    struct iovec run;

    return deny_request(PAGEMAP_SCAN, own->code)
           && mmapx_os_own_pages(own->fd, own->p, page_size(), &run, 1)
                  == -ENOTSUP;
}

/* No entry, or no whole one. */
static bool
reads_no_entry(void *arg)
{
    const struct subject *own = arg;
    struct iovec run;

    return deny_request(PAGEMAP_SCAN, ENOTTY)
           && deny(&(struct denied){ SYS_pread64, 0, (uint32_t)own->fd, false },
                   own->code)
           && mmapx_os_own_pages(own->fd, own->p, page_size(), &run, 1)
                  == -ENOTSUP;
}

/* Kernels before 6.7, and filters, do not list them: their entries are read. */
START_TEST(own_pages_by_entries)
{
    static const int codes[] = { ENOTTY, EINVAL, EPERM, ENOSYS };
    struct subject own = { .fd = mmapx_os_own_pages_open() };

    need_filters();
    if (own.fd < 0)
        SKIP("the system does not tell which pages are its own");
    own.p = map_own_pages();
    ck_assert(finds_own_pages(own.fd, own.p));
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        own.code = codes[i];
        ck_assert(in_child(finds_them_by_entries, &own));
    }
    own.code = EIO;
    ck_assert(in_child(finds_none, &own));
    ck_assert(in_child(reads_no_entry, &own));
    own.code = 0;
    ck_assert(in_child(reads_no_entry, &own));
}
END_TEST

/* Kernels before 5.18 do not drop what is locked. */
static bool
drops_from_a_lock(void *arg)
{
    size_t page = page_size(), before, after;
    unsigned char *p = arg;

    if (!deny(&(struct denied){ SYS_madvise, 2, 24 /* DONTNEED_LOCKED */,
                                false },
              EINVAL))
        return false;
    ck_assert_int_eq(mmapx_os_mlock(p, page), 0);
    ck_assert_int_eq(mmapx_os_locked_bytes(&before), 0);
    *p = 'x';
    ck_assert_int_eq(mmapx_os_drop(p, page), 0);
    ck_assert_int_eq(*p, pattern(0));
    ck_assert_int_eq(mmapx_os_locked_bytes(&after), 0);
    ck_assert_uint_eq(after, before);

    *p = 'x';
    if (!deny(&(struct denied){ SYS_munlock, ANY, 0, false }, EPERM))
        return false;
    ck_assert_int_eq(mmapx_os_drop(p, page), -EPERM);
    return *p == 'x';
}

START_TEST(pages_that_are_dropped_from_a_lock)
{
    size_t page = page_size();
    unsigned char *p;

    need_filters();
    need_memlock(4 * page);
    if (under_sanitizer())
        SKIP("the sanitizer locks nothing");
    p = mmap(NULL, page, RW, MAP_PRIVATE, temp_file(page), 0);
    ck_assert_ptr_ne(p, MAP_FAILED);
    ck_assert(in_child(drops_from_a_lock, p));
}
END_TEST

/* --- Descriptors ---------------------------------------------------------- */

/* What is asked of a descriptor that another thread has closed. */
START_TEST(a_descriptor_that_is_closed)
{
    struct mmapx_os_growth growth;
    int64_t size;

    ck_assert_int_eq(mmapx_os_growth(-1, &growth), -EBADF);
    ck_assert(!mmapx_os_has_own_cache(-1));
    ck_assert(!mmapx_os_reads_and_writes(-1));
    ck_assert(!mmapx_os_bypasses_cache(-1));
    ck_assert_int_eq(mmapx_os_translate_mmap_error(-EIO, -1), -EIO);
    ck_assert_int_eq(mmapx_os_device_size(-1, &size), -EIO);
    ck_assert_int_eq(mmapx_os_file_size(-1, &size), -EBADF);
    ck_assert_int_eq(mmapx_os_write_zeros(-1, 0, 10), -EBADF);
    mmapx_os_note_change(-1);
    mmapx_os_unmap_file(-1, 0, 10);
}
END_TEST

/* Some C libraries have fstat(3) ask by statx(2) as well. */
static bool
has_size_without_statx(void *arg)
{
    int fd = *(int *)arg;
    struct stat sb;
    int64_t size = 0;

#ifdef SYS_statx
    if (!deny(&(struct denied){ SYS_statx, ANY, 0, false }, ENOSYS))
        return false;
#endif
    return fstat(fd, &sb) != 0
           || (mmapx_os_file_size(fd, &size) == 0 && size == 12345);
}

START_TEST(the_size_on_an_old_kernel)
{
    int fd = temp_file(12345);
    int64_t size = 0;

    need_filters();
    ck_assert_int_eq(mmapx_os_file_size(fd, &size), 0);
    ck_assert_int_eq(size, 12345);
    ck_assert(in_child(has_size_without_statx, &fd));
}
END_TEST

static bool
grows_nowhere(void *arg)
{
    struct mmapx_os_growth growth;

    return deny(&(struct denied){ NUMBER_FSTATFS, ANY, 0, false }, EIO)
           && mmapx_os_growth(*(int *)arg, &growth) == -EIO;
}

START_TEST(a_file_system_that_is_not_told)
{
    int fd = temp_file(1);

    need_filters();
    ck_assert(in_child(grows_nowhere, &fd));
}
END_TEST

/* A file to which one may only append becomes longer by its blocks. */
static bool
may_only_append(void *arg)
{
    int fd = *(int *)arg;

    if (!deny(&(struct denied){ NUMBER_FTRUNCATE, ANY, 0, false }, EPERM))
        return false;
    ck_assert_int_eq(mmapx_os_lengthen(fd, 5000), 0);
    ck_assert_int_eq(lseek(fd, 0, SEEK_END), 5000);
    return deny(&(struct denied){ SYS_fallocate, ANY, 0, false }, ENOSYS)
           && mmapx_os_lengthen(fd, 6000) == -EPERM
           && mmapx_os_allocate(fd, 6000, 1) == -ENOTSUP
           && lseek(fd, 0, SEEK_END) == 5000;
}

START_TEST(a_file_that_cannot_be_set_to_a_size)
{
    int fd = temp_file(1);

    need_filters();
    if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 1) != 0)
        SKIP("this file system cannot allocate");
    ck_assert(in_child(may_only_append, &fd));
}
END_TEST

static bool
allocates_by_itself(void *arg)
{
    const struct subject *s = arg;

    return deny(&(struct denied){ SYS_fallocate, ANY, 0, false }, s->code)
           && mmapx_os_allocate(s->fd, 1, 1) == -ENOTSUP;
}

/* A filter is not a seal, whatever it says. */
START_TEST(blocks_that_are_refused)
{
    struct subject s = { .fd = temp_file(1) };

    need_filters();
    passes_refused(allocates_by_itself, &s);

    s.fd = mmapx_os_memfd("sealed", MFD_ALLOW_SEALING);
    if (s.fd < 0)
        SKIP("no memory behind a descriptor");
    ck_assert_int_eq(fcntl(s.fd, F_ADD_SEALS, F_SEAL_GROW), 0);
    ck_assert_int_eq(mmapx_os_allocate(s.fd, 1, 1), -EPERM);
}
END_TEST

/* --- What is stored past the end ------------------------------------------ */

/* A descriptor's own memory of a page, of which the file has 10 bytes; all of
 * them and the next one are 'a'. */
static void
make_tail(struct subject *tail)
{
    tail->fd = mmapx_os_memfd("tail", MFD_ALLOW_SEALING);
    if (tail->fd < 0)
        SKIP("no memory behind a descriptor");
    ck_assert_int_eq(ftruncate(tail->fd, 10), 0);
    tail->p = mmap(NULL, page_size(), RW, MAP_SHARED, tail->fd, 0);
    ck_assert_ptr_ne(tail->p, MAP_FAILED);
    memset(tail->p, 'a', 11);
}

static bool
clears_what_it_cannot_see(void *arg)
{
    const struct subject *tail = arg;

    return deny(&tail->denied, EPERM) && mmapx_os_clear_tail(tail->fd, 10) == 0
           && tail->p[10] == 0 && tail->p[9] == 'a';
}

/* In doubt there is something. */
START_TEST(a_tail_that_cannot_be_looked_at)
{
    struct denied denied[]
        = { { SYS_process_vm_readv, ANY, 0, false },
            { NUMBER_MMAP, 3, MAP_SHARED, false } };
    struct subject tail;

    need_filters();
    for (size_t i = 0; i < sizeof denied / sizeof denied[0]; i++) {
        make_tail(&tail);
        tail.denied = denied[i];
        ck_assert(in_child(clears_what_it_cannot_see, &tail));
        close(tail.fd);
    }
}
END_TEST

static bool
clears_without_a_hole(void *arg)
{
    const struct subject *tail = arg;

    return deny(&(struct denied){ SYS_fallocate, ANY, 0, false }, tail->code)
           && deny(&tail->denied, tail->code)
           && mmapx_os_clear_tail(tail->fd, 10) == 0 && tail->p[10] == 0
           && tail->p[9] == 'a' && lseek(tail->fd, 0, SEEK_END) == 10;
}

/* By stores; if the page cannot be mapped, not for reading, not for writing, or
 * not be stored to, by setting the size. */
START_TEST(a_tail_in_which_no_hole_is_punched)
{
    const struct denied others[] = {
        { -1, ANY, 0, false },
        { NUMBER_MMAP, 3, MAP_SHARED, false },
        { SYS_mprotect, 2, PROT_READ, false },
        { SYS_mprotect, 2, RW, false },
        { SYS_process_vm_readv, ANY, 0, false },
    };
    struct subject tail;

    need_filters();
    for (size_t i = 0; i < 2 * sizeof others / sizeof others[0]; i++) {
        make_tail(&tail);
        tail.denied = others[i / 2];
        tail.code = i % 2 == 0 ? EPERM : ENOSYS;
        ck_assert_msg(in_child(clears_without_a_hole, &tail), "case %zu", i);
        ck_assert_int_eq(munmap(tail.p, page_size()), 0);
        close(tail.fd);
    }
}
END_TEST

/* A seal lets nobody store, or punch a hole. */
START_TEST(a_tail_that_is_sealed)
{
    int seals[] = { F_SEAL_FUTURE_WRITE, F_SEAL_WRITE };
    struct subject tail;
    char bytes[2];

    need_the_kernel();
    for (size_t i = 0; i < 2; i++) {
        make_tail(&tail);
        if (seals[i] == F_SEAL_WRITE)
            ck_assert_int_eq(munmap(tail.p, page_size()), 0);
        if (fcntl(tail.fd, F_ADD_SEALS, seals[i]) != 0)
            SKIP("this kernel does not have that seal");
        ck_assert_int_eq(mmapx_os_clear_tail(tail.fd, 10), 0);
        ck_assert_int_eq(ftruncate(tail.fd, 11), 0);
        ck_assert_int_eq(pread(tail.fd, bytes, 2, 9), 2);
        ck_assert_mem_eq(bytes, "a", 2);
        close(tail.fd);
    }
}
END_TEST

/* --- Times ---------------------------------------------------------------- */

/* Set to the beginning of all time, and moved on from there. */
static bool
moves_time(int fd)
{
    struct stat sb;

    mmapx_os_note_change(fd);
    return fstat(fd, &sb) == 0 && sb.st_mtime > 0;
}

static void
set_back(int fd)
{
    struct timespec past[2] = { { 0, 0 }, { 0, 0 } };

    ck_assert_int_eq(futimens(fd, past), 0);
}

static bool
does_not_own_it(void *arg)
{
    return moves_time(*(int *)arg);
}

START_TEST(files_in_memory)
{
    char dir[] = "/tmp/mmapx-test-XXXXXX";
    char path[sizeof dir + 8];
    /* In a user namespace there is nobody else. */
    bool has_others = geteuid() == 0;
    int fd = tiny_tmpfs_file(page_size());

    set_back(fd);
    ck_assert(moves_time(fd));
    set_back(fd);
    ck_assert_int_eq(fchmod(fd, 0666), 0);
    ck_assert(!has_others || in_child_as_nobody(does_not_own_it, &fd));
    close(fd);

    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/file", dir);
    if (mount("none", dir, "ramfs", 0, NULL) != 0) {
        rmdir(dir);
        return; /* that takes more rights than tmpfs */
    }
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    umount2(dir, MNT_DETACH);
    rmdir(dir);
    ck_assert_int_ge(fd, 0);
    set_back(fd);
    ck_assert(moves_time(fd));
}
END_TEST

/* Its name may be in a file system in memory; the device is not. */
START_TEST(a_device_that_has_its_name_in_memory)
{
    int device = loop_device(temp_file(page_size()));
    bool moved;

    set_back(device);
    moved = moves_time(device);
    ck_assert_int_eq(futimens(device, NULL), 0);
    ck_assert(!moved);
}
END_TEST

/* --- Who is told ---------------------------------------------------------- */

static bool
maps_nothing_shared(void *arg)
{
    const struct subject *file = arg;

    return deny(&(struct denied){ NUMBER_MMAP, 3, MAP_SHARED, false }, EACCES)
           && !mmapx_os_is_told(file->fd, &file->st);
}

/* In doubt nobody is: where no page behind the end can be mapped, because there
 * is no such number or because the file cannot be, and where no end is told. */
START_TEST(who_is_told)
{
    struct subject file = { .fd = temp_file(10) };
    struct mmapx_os_stat st;
    int memory;

    need_filters();
    ck_assert_int_eq(mmapx_os_stat(file.fd, &file.st), 0);
    ck_assert(mmapx_os_is_told(file.fd, &file.st));
    ck_assert(in_child(maps_nothing_shared, &file));
    file.st.type = MMAPX_OS_BLOCK;
    ck_assert(!mmapx_os_is_told(-1, &file.st));

    memory = mmapx_os_memfd("large", 0);
    if (memory < 0 || ftruncate(memory, INT64_MAX) != 0)
        SKIP("no file can be as large as numbers go");
    ck_assert_int_eq(mmapx_os_stat(memory, &st), 0);
    ck_assert(!mmapx_os_is_told(memory, &st));
    st.size = INT64_MAX - 1;
    ck_assert(!mmapx_os_is_told(memory, &st));
}
END_TEST

static bool
cannot_ask_for_ids(void *arg)
{
    struct mmapx_os_owner owner = { .uid = 1234, .gid = 1234 };
    bool sees;

    (void)arg;
    forbid_descriptors();
    sees = mmapx_os_may_see_residency(&owner);
    allow_descriptors();
    return !sees;
}

START_TEST(a_caller_whose_ids_are_not_told)
{
    need_the_kernel();
    ck_assert(in_child_as_nobody(cannot_ask_for_ids, NULL));
}
END_TEST

static bool
believes_the_mode(void *arg)
{
    int code = *(int *)arg;
    int fd = temp_file(1);
    struct mmapx_os_stat st;

    if (fchmod(fd, 0666) != 0 || mmapx_os_stat(fd, &st) < 0
        || !deny(&(struct denied){ SYS_faccessat2, ANY, 0, false }, code))
        return false;
    mmapx_os_doubt_owner(fd, &st);
    return st.owner.others_write == (code == ENOSYS || code == EINVAL);
}

/* A kernel that cannot be asked is none that says no. */
START_TEST(a_mode_that_may_be_half_the_truth)
{
    int codes[] = { ENOSYS, EINVAL, EACCES };
    int fd;

    need_filters();
    fd = temp_file(1);
    if (is_stacked(fd))
        SKIP("the kernel may go by the mode of the file below");
    close(fd);
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        ck_assert(in_child(believes_the_mode, &codes[i]));
}
END_TEST

/* --- Groups --------------------------------------------------------------- */

enum { OURS = 4711, MANY_GROUPS = 300 };

static bool
is_in_groups(void *arg)
{
    static gid_t groups[MANY_GROUPS];
    struct mmapx_os_owner owner = { .gid = OURS };
    bool in_it = *(int *)arg == OURS;
    size_t n = *(int *)arg == MANY_GROUPS ? MANY_GROUPS : 2;
    bool many = n == MANY_GROUPS;

    for (size_t i = 0; i < n; i++)
        groups[i] = (gid_t)(5000 + i);
    if (in_it)
        groups[1] = OURS;
    if (setgroups(n, groups) != 0)
        return false;
    for (int i = 0; i < 4; i++) {
        owner.group_writes = i % 2 != 0;
        owner.others_write = i / 2 != 0;
        ck_assert_int_eq(mmapx_os_mode_lets_write(&owner, OURS),
                         owner.group_writes);
        ck_assert_int_eq(mmapx_os_mode_lets_write(&owner, 1),
                         in_it  ? owner.group_writes
                         : many ? owner.group_writes && owner.others_write
                                : owner.others_write);
    }
    return true;
}

/* The class of a caller with more groups than are looked at is not known: what
 * it may is what both may. */
START_TEST(groups)
{
    int cases[] = { OURS, 1, MANY_GROUPS };

    if (!is_root())
        SKIP("groups are root's to set");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert(in_child(is_in_groups, &cases[i]));
}
END_TEST

/* --- Limits --------------------------------------------------------------- */

static bool
has_high_limit(void *arg)
{
    struct rlimit limit = { (rlim_t)INT64_MAX + 1, RLIM_INFINITY };
    int64_t bytes = 0;
    int r;

    (void)arg;
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return false;
    r = mmapx_os_file_limit(&bytes);
    /* Not every write of the kernel's sees that this is no limit. */
    limit.rlim_cur = RLIM_INFINITY;
    return setrlimit(RLIMIT_FSIZE, &limit) == 0 && r == 0
           && bytes == INT64_MAX;
}

START_TEST(a_limit_above_all_sizes)
{
    struct rlimit limit;

    if (sizeof(rlim_t) < 8 || getrlimit(RLIMIT_FSIZE, &limit) != 0
        || limit.rlim_max != RLIM_INFINITY)
        SKIP("the limit cannot be as high");
    ck_assert(in_child(has_high_limit, NULL));
}
END_TEST

/* Without memory for it less is read at once. */
static bool
reads_with_little_memory(void *arg)
{
    int fd = *(int *)arg;
    struct rlimit before, none;
    int64_t n;

    if (getrlimit(RLIMIT_AS, &before) != 0)
        return false;
    none = before;
    none.rlim_cur = 0;
    if (setrlimit(RLIMIT_AS, &none) != 0)
        return false;
    n = mmapx_os_read_and_discard(fd, 0, 1 << 20);
    return setrlimit(RLIMIT_AS, &before) == 0 && n > 0 && n < 1 << 20;
}

START_TEST(reading_with_little_memory)
{
    int fd = temp_file(1 << 20);

    need_the_kernel();
    if (under_sanitizer())
        SKIP("the sanitizer needs address space");
    ck_assert(in_child(reads_with_little_memory, &fd));
}
END_TEST

/* Filters that refuse to read and write several pieces at once. */
static bool
moves_one_piece(void *arg)
{
    const struct subject *s = arg;
    int64_t most = 1 << 20;
    int64_t n, zeros;

    if (!deny(&(struct denied){ SYS_preadv, ANY, 0, false }, s->code)
        || !deny(&(struct denied){ SYS_pwritev, ANY, 0, false }, s->code))
        return false;
    n = mmapx_os_read_and_discard(s->fd, 5, most);
    zeros = mmapx_os_write_zeros(s->fd, 0, most);
    return n > 0 && n < most && zeros > 0 && zeros < most
           && mmapx_os_read_and_discard(s->fd, 5, 7) == 7
           && mmapx_os_write_zeros(s->fd, 5, 7) == 7
           && mmapx_os_read_and_discard(s->fd, most, most) == 0
           && mmapx_os_read_and_discard(-1, 0, 7) == -EBADF
           && mmapx_os_write_zeros(-1, 0, 7) == -EBADF;
}

START_TEST(one_piece_at_a_time)
{
    struct subject s = { .fd = temp_file(1 << 20), .code = EPERM };
    char byte = 'x';

    need_filters();
    ck_assert(in_child(moves_one_piece, &s));
    ck_assert_int_eq(pread(s.fd, &byte, 1, 1), 1);
    ck_assert_int_eq(byte, 0);
    s.code = ENOSYS;
    ck_assert(in_child(moves_one_piece, &s));
    ck_assert_int_eq(lseek(s.fd, 0, SEEK_END), 1 << 20);
}
END_TEST

/* --- Names ---------------------------------------------------------------- */

/* A kernel that gives names, or a filter that says so. */
static bool
gives_names(void *arg)
{
    return deny(&(struct denied){ SYS_prctl, 0, PR_SET_VMA, false }, 0)
           && mmapx_os_name(arg, page_size(), "name") == 0;
}

START_TEST(a_kernel_with_names)
{
    need_filters();
    ck_assert(in_child(gives_names, map_pages(1, PROT_READ)));
}
END_TEST

/* --- Evicting what is mapped ---------------------------------------------- */

/* Kernels before 6.11 have to be read the list to find what it calls a file. */
static bool
unmaps_by_the_list(void *arg)
{
    const struct subject *mapped = arg;
    size_t page = page_size();
    struct mmapx_os_touch_fds touch;
    unsigned char *at = mapped->p;
    size_t len = 2 * page;

    if (!deny_request(PROCMAP_QUERY, ENOTTY))
        return false;
    ck_assert_int_eq(*(volatile unsigned char *)at, pattern(0));
    ck_assert_int_eq(((volatile unsigned char *)at)[page], pattern(page));
    mmapx_os_unmap_file(mapped->fd, 0, (int64_t)page);
    if (mmapx_os_touch_open(&touch) < 0)
        return true; /* nobody can tell */
    ck_assert_int_eq(mmapx_os_next_unmapped(&touch, &at, &len), 0);
    mmapx_os_touch_close(&touch);
    return at == mapped->p && len >= page;
}

START_TEST(a_mapping_that_is_found_in_the_list)
{
    size_t page = page_size();
    struct subject mapped = { .fd = temp_file(2 * page) };

    need_filters();
    mapped.p = mmap(NULL, 2 * page, PROT_READ, MAP_SHARED, mapped.fd, 0);
    ck_assert_ptr_ne(mapped.p, MAP_FAILED);
    ck_assert(in_child(unmaps_by_the_list, &mapped));
}
END_TEST
#endif /* __linux__ */

#ifndef __linux__
START_TEST(what_is_free)
{
    SKIP("a matter of Linux");
}
END_TEST
#endif

Suite *
suite(void)
{
    Suite *s = suite_create("seam");

    ADD_TEST(s, pieces_of_a_list_that_is_read_once);
    ADD_TEST(s, pieces_of_a_text_that_is_read_once);
    ADD_TEST(s, what_is_free);
#ifdef __linux__
    ADD_TEST(s, a_list_that_cannot_be_read);
    ADD_TEST(s, a_list_that_cannot_be_opened);
    ADD_TEST(s, a_line_that_is_long);
    ADD_TEST(s, the_protection_of_a_gap);
    ADD_TEST(s, the_end_of_a_mapped_file);
    ADD_TEST(s, what_is_locked);
    ADD_TEST(s, flags_that_cannot_be_read);
    ADD_TEST(s, zeros_into_any_memory);
    ADD_TEST(s, zeros_without_proc);
    ADD_TEST(s, zeros_that_cannot_be_stored);
    ADD_TEST(s, zeros_that_no_system_call_stores);
    ADD_TEST(s, zeros_through_a_pipe);
    ADD_TEST(s, zeros_where_nothing_can_be_had);
    ADD_TEST(s, what_can_be_read);
    ADD_TEST(s, what_can_be_read_behind_a_filter);
    ADD_TEST(s, what_touching_needs);
    ADD_TEST(s, a_touch_that_stops);
    ADD_TEST(s, a_batch_that_is_refused);
    ADD_TEST(s, own_pages_by_entries);
    ADD_TEST(s, pages_that_are_dropped_from_a_lock);
    ADD_TEST(s, a_descriptor_that_is_closed);
    ADD_TEST(s, the_size_on_an_old_kernel);
    ADD_TEST(s, a_file_system_that_is_not_told);
    ADD_TEST(s, a_file_that_cannot_be_set_to_a_size);
    ADD_TEST(s, blocks_that_are_refused);
    ADD_TEST(s, a_tail_that_cannot_be_looked_at);
    ADD_TEST(s, a_tail_in_which_no_hole_is_punched);
    ADD_TEST(s, a_tail_that_is_sealed);
    ADD_TEST(s, files_in_memory);
    ADD_TEST(s, a_device_that_has_its_name_in_memory);
    ADD_TEST(s, who_is_told);
    ADD_TEST(s, a_caller_whose_ids_are_not_told);
    ADD_TEST(s, a_mode_that_may_be_half_the_truth);
    ADD_TEST(s, groups);
    ADD_TEST(s, a_limit_above_all_sizes);
    ADD_TEST(s, reading_with_little_memory);
    ADD_TEST(s, one_piece_at_a_time);
    ADD_TEST(s, a_kernel_with_names);
    ADD_TEST(s, a_mapping_that_is_found_in_the_list);
#endif
    return s;
}
