/* SPDX-License-Identifier: MIT */
/*
 * One mapping is told of a lost write: which others report it.  The seam fails
 * where a disk would.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "fake_os.h"
#include "internal.h"
#include "support.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static struct mmapx
map_of(int fd)
{
    struct mmapx m;

    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    return m;
}

static int
sync_all(struct mmapx *m)
{
    return mmapx_sync(m, 0, MMAPX_TO_END, MS_SYNC);
}

/* The kernel tells this mapping that something was lost, and no other. */
static void
lose(struct mmapx *m, int code)
{
    fake_fail(FAKE_MSYNC, code, 1);
    errno = 0;
    ck_assert_int_eq(sync_all(m), -1);
    ck_assert_int_eq(errno, code);
    fake_reset();
}

START_TEST(every_mapping_of_the_file)
{
    int fd = temp_file(3 * page_size());
    int other_fd = dup(fd);
    struct mmapx a = map_of(fd), b = map_of(fd), c = map_of(other_fd);
    struct mmapx d = map_of(fd);
    struct mmapx stranger = map_of(temp_file(page_size()));
    struct mmapx part;

    OK(mmapx_map_region(&part, fd, (int64_t)page_size() + 5, 7, PROT_READ, MAP_SHARED));
    lose(&a, ENOSPC);
    FAILS(ENOSPC, sync_all(&a));
    FAILS(ENOSPC, sync_all(&b));
    FAILS(ENOSPC, sync_all(&b));
    FAILS(ENOSPC, mmapx_sync_file(&c, other_fd, 0, MMAPX_TO_END));
    FAILS(ENOSPC, mmapx_sync(&d, 0, 0, MS_ASYNC));
    FAILS(ENOSPC, sync_all(&part));
    OK(sync_all(&stranger));
}
END_TEST

/* One that another mapping has reported does not keep what can be written from
 * being written, and is not told a second time after a reset. */
START_TEST(the_first_report_writes_as_well)
{
    int fd = temp_file(page_size());
    struct mmapx a = map_of(fd), b = map_of(fd);

    lose(&a, EIO);
    FAILS(EIO, mmapx_sync_file(&b, fd, 0, MMAPX_TO_END));
    ck_assert_int_eq(fake_count(FAKE_MSYNC), 1);
    ck_assert_int_eq(fake_count(FAKE_FLUSH), 1);
    FAILS(EIO, mmapx_sync_file(&b, fd, 0, MMAPX_TO_END));
    ck_assert_int_eq(fake_count(FAKE_MSYNC), 1);
    ck_assert_int_eq(fake_count(FAKE_FLUSH), 1);
}
END_TEST

/* What msync(2) says first does not keep fsync(2)'s report for later. */
START_TEST(both_reports_are_used_up)
{
    int fd = temp_file(page_size());
    struct mmapx a = map_of(fd);

    fake_fail(FAKE_MSYNC, EIO, 1);
    fake_fail(FAKE_FLUSH, EIO, 1);
    FAILS(EIO, mmapx_sync_file(&a, fd, 0, MMAPX_TO_END));
    OK(mmapx_sync_reset(&a));
    OK(mmapx_sync_file(&a, fd, 0, MMAPX_TO_END));
}
END_TEST

START_TEST(each_until_its_own_reset)
{
    int fd = temp_file(page_size());
    struct mmapx a = map_of(fd), b = map_of(fd), c = map_of(fd);

    lose(&a, EIO);
    OK(mmapx_sync_reset(&c)); /* before it has reported */
    OK(sync_all(&c));
    OK(mmapx_sync_reset(&a));
    OK(sync_all(&a));
    FAILS(EIO, sync_all(&b));
    OK(sync_all(&a));
    OK(mmapx_sync_reset(&b));
    OK(sync_all(&b));
    OK(sync_all(&a));

    /* A later one is another one. */
    lose(&b, ENOSPC);
    FAILS(ENOSPC, sync_all(&a));
    FAILS(ENOSPC, sync_all(&c));
}
END_TEST

START_TEST(made_afterwards)
{
    int fd = temp_file(page_size());
    struct mmapx a = map_of(fd);
    struct mmapx b;

    lose(&a, EIO);
    b = map_of(fd);
    OK(sync_all(&b));
    OK(mmapx_sync_file(&b, fd, 0, MMAPX_TO_END));
    FAILS(EIO, sync_all(&a));
    OK(mmapx_unmap(&a));
    a = map_of(fd);
    OK(sync_all(&a));
}
END_TEST

START_TEST(copies)
{
    int fd = temp_file(page_size());
    struct mmapx a = map_of(fd);
    struct mmapx copied = a;

    lose(&a, EIO);
    FAILS(EIO, sync_all(&copied));
    OK(mmapx_sync_reset(&a));
    FAILS(EIO, sync_all(&copied));
    copied = a;
    OK(sync_all(&copied));
}
END_TEST

START_TEST(by_the_descriptor)
{
    int fd = temp_file(page_size());
    struct mmapx a = map_of(fd), b = map_of(fd);

    fake_fail(FAKE_FLUSH, EDQUOT, 1);
    FAILS(EDQUOT, mmapx_sync_file(&a, fd, 0, 1));
    FAILS(EDQUOT, sync_all(&b));
}
END_TEST

/* That a descriptor is the mapping's is not checked; what its fsync(2) says is
 * about its own file. */
START_TEST(by_a_strange_descriptor)
{
    int fd = temp_file(page_size());
    int strange_fd = temp_file(page_size());
    struct mmapx a = map_of(fd), b = map_of(fd);
    struct mmapx stranger = map_of(strange_fd);

    fake_fail(FAKE_FLUSH, EIO, 1);
    FAILS(EIO, mmapx_sync_file(&a, strange_fd, 0, 1));
    FAILS(EIO, sync_all(&a));
    FAILS(EIO, sync_all(&stranger));
    OK(sync_all(&b));
}
END_TEST

/* What is wrong with a call is nobody's loss. */
START_TEST(wrong_calls)
{
    int fd = temp_file(page_size());
    struct mmapx a = map_of(fd), b = map_of(fd);

    fake_fail(FAKE_MSYNC, EINTR, 1);
    FAILS(EINTR, sync_all(&a));
    FAILS(EBADF, mmapx_sync_file(&a, -1, 0, 1));
    FAILS(EINVAL, mmapx_sync(&a, 0, 1, -1));
    OK(sync_all(&b));
    OK(sync_all(&a));
}
END_TEST

START_TEST(private_and_anonymous_mappings)
{
    int fd = temp_file(page_size());
    struct mmapx a = map_of(fd);
    struct mmapx own, anon;

    OK(mmapx_map(&own, fd, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    OK(mmapx_map_anon(&anon, 100, PROT_READ | PROT_WRITE, MAP_SHARED));
    lose(&a, EIO);
    OK(sync_all(&own));
    OK(sync_all(&anon));
    lose(&anon, EIO);
    OK(mmapx_sync_reset(&a));
    OK(sync_all(&a));
    lose(&own, ENOSPC); /* by its file's descriptor, say */
    FAILS(ENOSPC, sync_all(&a));
}
END_TEST

/* Nobody knows which file a view is of. */
START_TEST(views)
{
    int fd = temp_file(page_size());
    struct mmapx a = map_of(fd);
    struct mmapx stranger = map_of(temp_file(page_size()));
    struct mmapx before, after;

    OK(mmapx_view(&before, a.addr, a.len));
    lose(&a, EIO);
    OK(mmapx_view(&after, a.addr, a.len));
    FAILS(EIO, sync_all(&before));
    OK(sync_all(&after));
    OK(sync_all(&stranger));
    lose(&after, ENOSPC);
    FAILS(ENOSPC, sync_all(&stranger));
    OK(mmapx_sync_reset(&stranger));
    OK(sync_all(&stranger));
    FAILS(EIO, sync_all(&a)); /* still the first one */
}
END_TEST

/* Two mappings of each of n files; all are lost but the last. */
static void
check_files(int n, bool last_reports)
{
    struct mmapx *a = malloc(sizeof *a * (size_t)n);
    struct mmapx *b = malloc(sizeof *b * (size_t)n);
    /* 32-bit handles have so few bits of a file's identity that some files of
     * so many are taken for one another. */
    bool can_tell = sizeof(uintptr_t) > 4;
    struct mmapx young;

    ck_assert(a != NULL && b != NULL);
    for (int i = 0; i < n; i++) {
        int fd = temp_file(1);

        a[i] = map_of(fd);
        b[i] = map_of(fd);
        close(fd);
    }
    for (int i = 0; i < n - 1; i++)
        lose(&a[i], i % 2 == 0 ? EIO : ENOSPC);
    for (int i = 0; i < n - 1; i++) {
        errno = 0;
        ck_assert_int_eq(sync_all(&b[i]), -1);
        if (!last_reports && can_tell)
            ck_assert_int_eq(errno, i % 2 == 0 ? EIO : ENOSPC);
    }
    if (last_reports || can_tell)
        ck_assert_int_eq(sync_all(&b[n - 1]), last_reports ? -1 : 0);

    /* However many there were, a reset ends it and a new handle is clean. */
    for (int i = 0; i < n; i++) {
        OK(mmapx_sync_reset(&b[i]));
        OK(sync_all(&b[i]));
    }
    young = map_of(temp_file(1));
    OK(sync_all(&young));
    free(a);
    free(b);
}

START_TEST(many_files)
{
    check_files(300, false);
}
END_TEST

/* More than the table has room for: a report too many, and none too few.  Where
 * some files are taken for one another it takes more of them. */
START_TEST(too_many_files)
{
    check_files(sizeof(uintptr_t) > 4 ? 1200 : 3000, true);
}
END_TEST

/* One file that fails all the time uses nothing up. */
START_TEST(many_losses_of_one_file)
{
    int fd = temp_file(1);
    struct mmapx a = map_of(fd), b = map_of(fd);
    struct mmapx stranger = map_of(temp_file(1));

    for (int i = 0; i < 10000; i++) {
        lose(&a, EIO);
        OK(mmapx_sync_reset(&a));
    }
    OK(sync_all(&stranger));
    FAILS(EIO, sync_all(&b));
    OK(sync_all(&a));
}
END_TEST

/* The numbers of losses go round on 32-bit systems.  A file is told of its own
 * loss however long its last one is ago. */
START_TEST(long_after_the_last_one)
{
    int fd = temp_file(1);
    struct mmapx a = map_of(fd), often = map_of(temp_file(1));
    struct mmapx b;

    lose(&a, EIO);
    for (int i = 0; i < 20000; i++)
        mmapx_i_lose(mmapx_i_identity(&often), -EIO);
    b = map_of(fd);
    mmapx_i_lose(mmapx_i_identity(&b), -ENOSPC);
    FAILS(ENOSPC, sync_all(&b));
}
END_TEST

START_TEST(a_child)
{
    int fd = temp_file(page_size());
    struct mmapx a = map_of(fd), b = map_of(fd);
    int status;
    pid_t child;

    lose(&a, EIO);
    child = fork();
    if (child == 0) {
        bool right = sync_all(&b) == -1 && errno == EIO
                     && mmapx_sync_reset(&b) == 0 && sync_all(&b) == 0;

        _exit(right ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    FAILS(EIO, sync_all(&b));
}
END_TEST

/* --- Side by side --------------------------------------------------------- */

/* All together fewer than half of the numbers that 32-bit systems have. */
enum { THREADS = 4, LOSSES = 4000 };

static bool go;

/* Each thread loses writes of a file of its own and of one of all; what it has
 * lost itself it has to find, at once. */
static void *
lose_often(void *arg)
{
    struct mmapx own = *(struct mmapx *)arg;
    intptr_t missed = 0;

    while (!__atomic_load_n(&go, __ATOMIC_ACQUIRE))
        ;
    for (int i = 0; i < LOSSES; i++) {
        mmapx_i_forget_losses(&own);
        mmapx_i_lose(mmapx_i_identity(&own), -EIO);
        if (mmapx_i_lost(&own) != -EIO)
            missed++;
    }
    return (void *)missed;
}

START_TEST(threads)
{
    struct mmapx m[THREADS];
    pthread_t thread[THREADS];
    void *missed;

    for (int i = 0; i < THREADS; i++)
        m[i] = i < 2 ? map_of(temp_file(1)) : m[0];
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(
            pthread_create(&thread[i], NULL, lose_often, &m[i]), 0);
    __atomic_store_n(&go, true, __ATOMIC_RELEASE);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(thread[i], &missed), 0);
        ck_assert_ptr_null(missed);
    }
    FAILS(EIO, sync_all(&m[0]));
    FAILS(EIO, sync_all(&m[1]));
}
END_TEST

/* --- Parts ---------------------------------------------------------------- */

/* A mapping of two pages, as two parts. */
static struct mmapx
first_part(int fd, struct mmapx *rest)
{
    struct mmapx m = map_of(fd);

    OK(mmapx_split(&m, page_size(), rest));
    return m;
}

/* What either part remembers the whole does. */
START_TEST(parts_that_remember)
{
    int fd = temp_file(2 * page_size());
    struct mmapx rest, m = first_part(fd, &rest);

    lose(&rest, ENOSPC);
    OK(mmapx_sync_reset(&m));
    OK(mmapx_join(&m, &rest));
    FAILS(ENOSPC, sync_all(&m));

    m = first_part(fd, &rest);
    lose(&m, EIO);
    OK(mmapx_sync_reset(&rest));
    OK(mmapx_join(&m, &rest));
    FAILS(EIO, sync_all(&m));
}
END_TEST

/* What either part has not been told yet the whole is. */
START_TEST(parts_that_have_not_been_told)
{
    int fd = temp_file(2 * page_size());
    struct mmapx other = map_of(fd), rest, m;

    for (int first = 0; first < 2; first++) {
        m = first_part(fd, &rest);
        OK(mmapx_sync_reset(&other));
        lose(&other, EIO);
        OK(mmapx_sync_reset(first != 0 ? &m : &rest));
        OK(mmapx_join(&m, &rest));
        FAILS(EIO, sync_all(&m));
        OK(mmapx_sync_reset(&m));
        OK(sync_all(&m));
    }
}
END_TEST

/* --- Old and new ---------------------------------------------------------- */

/* What the file had lost before it was mapped is not among what came since. */
START_TEST(a_loss_before_the_mapping)
{
    int fd = temp_file(page_size());
    struct mmapx a = map_of(fd), b;
    struct mmapx stranger = map_of(temp_file(page_size()));

    lose(&a, EIO);
    b = map_of(fd);
    lose(&stranger, ENOSPC);
    OK(sync_all(&b));
    FAILS(EIO, sync_all(&a));
}
END_TEST

/* Numbers come round.  A handle that is so old that nobody can tell how many
 * losses there were reports one. */
START_TEST(a_handle_older_than_the_numbers)
{
    struct mmapx a = map_of(temp_file(page_size()));

    a.reserved[MMAPX_I_ERROR]++;
    FAILS(EIO, sync_all(&a));
    OK(mmapx_sync_reset(&a));
    OK(sync_all(&a));
}
END_TEST

/* A descriptor that nobody can look at after its disk has failed may be of the
 * mapped file, and counts as that. */
/* A write by a descriptor that waits for the disk may be told of what a
 * mapping has lost. */
START_TEST(by_a_write_that_waits)
{
    static const int codes[] = { ENOSPC, EFBIG };
    char path[PATH_MAX];
    int fd = temp_named(path, page_size());
    struct mmapx a = map_of(fd), own;

    OK(mmapx_map(&own, fd, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    *(char *)own.addr = 'x';
    for (int waits = 0; waits < 2; waits++) {
        if (waits != 0)
            fd = open(path, O_RDWR | O_SYNC);
        for (size_t i = 0; i < 2; i++) {
            bool is_told = waits != 0 && codes[i] == ENOSPC;

            fake_fail(FAKE_WRITE_AT, codes[i], 1);
            FAILS(codes[i], mmapx_commit(&own, fd, 0, MMAPX_TO_END));
            fake_reset();
            if (is_told)
                FAILS(ENOSPC, sync_all(&a));
            else
                OK(sync_all(&a));
            OK(mmapx_sync_reset(&a));
        }
    }
    ck_assert_int_eq(unlink(path), 0);
}
END_TEST

START_TEST(a_flush_of_what_cannot_be_looked_at)
{
    int fd = temp_file(page_size());
    struct mmapx a = map_of(fd), b = map_of(fd);

    fake_fail(FAKE_FLUSH, EIO, 1);
    fake_fail(FAKE_STAT, EIO, 1);
    FAILS(EIO, mmapx_sync_file(&a, fd, 0, MMAPX_TO_END));
    fake_reset();
    FAILS(EIO, sync_all(&a));
    FAILS(EIO, sync_all(&b));
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("loss");

    ADD_TEST(s, every_mapping_of_the_file);
    ADD_TEST(s, the_first_report_writes_as_well);
    ADD_TEST(s, both_reports_are_used_up);
    ADD_TEST(s, each_until_its_own_reset);
    ADD_TEST(s, made_afterwards);
    ADD_TEST(s, by_a_write_that_waits);
    ADD_TEST(s, copies);
    ADD_TEST(s, by_the_descriptor);
    ADD_TEST(s, by_a_strange_descriptor);
    ADD_TEST(s, wrong_calls);
    ADD_TEST(s, private_and_anonymous_mappings);
    ADD_TEST(s, views);
    ADD_TEST(s, many_files);
    ADD_TEST(s, too_many_files);
    ADD_TEST(s, many_losses_of_one_file);
    ADD_TEST(s, long_after_the_last_one);
    ADD_TEST(s, a_child);
    ADD_TEST(s, threads);
    ADD_TEST(s, parts_that_remember);
    ADD_TEST(s, parts_that_have_not_been_told);
    ADD_TEST(s, a_loss_before_the_mapping);
    ADD_TEST(s, a_handle_older_than_the_numbers);
    ADD_TEST(s, a_flush_of_what_cannot_be_looked_at);
    return s;
}
