/* SPDX-License-Identifier: MIT */
/* Pages that are replaced by zeros, under code that goes on. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "faults.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct mmapx m;

static int
sum_up(void *arg)
{
    const volatile unsigned char *p = m.addr;
    int sum = 0;

    (void)arg;
    for (size_t i = 0; i < m.len; i++)
        sum += p[i];
    return sum;
}

static int
sum_of_pattern(size_t len)
{
    int sum = 0;

    for (size_t i = 0; i < len; i++)
        sum += pattern(i);
    return sum;
}

/* --- What fn sees, and the file does not ---------------------------------- */

START_TEST(zeros_are_read)
{
    static const int flags[] = { MAP_SHARED, MAP_PRIVATE };
    static const int prots[] = { PROT_READ, PROT_READ | PROT_WRITE };
    size_t faults;

    need_to_go_on();
    for (size_t i = 0; i < 4; i++) {
        m = short_file(prots[i % 2], flags[i / 2]);
        faults = 99;
        ck_assert_int_eq(mmapx_guard_zeros(&m, sum_up, NULL, &faults),
                         sum_of_pattern(page_size()));
        ck_assert_uint_eq(faults, 3);
        /* They stay, for everybody. */
        ck_assert_int_eq(sum_up(NULL), sum_of_pattern(page_size()));
        ck_assert_int_eq(mmapx_guard_zeros(&m, sum_up, NULL, &faults),
                         sum_of_pattern(page_size()));
        ck_assert_uint_eq(faults, 0);
        OK(mmapx_unmap(&m));
    }
}
END_TEST

static int
fill_up(void *arg)
{
    (void)arg;
    memset(m.addr, 'x', m.len);
    return 0;
}

START_TEST(what_is_stored_stays_in_memory)
{
    size_t page = page_size();
    int fd = temp_file(4 * page);
    unsigned char *buf = malloc(4 * page);
    size_t faults;

    need_to_go_on();
    need_fault_addresses();
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    ck_assert_int_eq(ftruncate(fd, (off_t)page), 0);
    ck_assert_int_eq(mmapx_guard_zeros(&m, fill_up, NULL, &faults), 0);
    ck_assert_uint_eq(faults, 3);
    ck_assert_int_eq(ftruncate(fd, (off_t)(4 * page)), 0);
    OK(mmapx_sync_file(&m, fd, 0, MMAPX_TO_END));
    ck_assert_int_eq(pread(fd, buf, 4 * page, 0), (ssize_t)(4 * page));
    for (size_t i = 0; i < 4 * page; i++) {
        ck_assert_int_eq(buf[i], i < page ? 'x' : 0);
        ck_assert_int_eq(((char *)m.addr)[i], 'x');
    }
    OK(mmapx_unmap(&m));
    free(buf);
}
END_TEST

/* Such a page is private, also in a shared mapping: advice that drops it does
 * so only where all of it is meant. */
START_TEST(what_is_stored_is_not_dropped_by_half)
{
    static const int flags[] = { MAP_SHARED, MAP_PRIVATE };
    static const enum mmapx_advice advice[]
        = { MMAPX_MADV_DONTNEED, MMAPX_MADV_DONTNEED_LOCKED };
    size_t page = page_size();
    size_t faults;

    need_to_go_on();
    for (int i = 0; i < 4; i++) {
        enum mmapx_advice drop = advice[i / 2];

        if (!mmapx_advice_supported(drop))
            continue;
        m = short_file(PROT_READ | PROT_WRITE, flags[i % 2]);
        ck_assert_int_eq(mmapx_guard_zeros(&m, fill_up, NULL, &faults), 0);
        OK(mmapx_advise(&m, page + 1, 1, drop));
        OK(mmapx_advise(&m, 2 * page - 1, 2, drop));
        OK(mmapx_advise(&m, 1, page, drop));
        OK(mmapx_advise(&m, 3 * page + 1, page - 2, drop));
        for (size_t n = page; n < m.len; n++)
            ck_assert_int_eq(((char *)m.addr)[n], 'x');
        OK(mmapx_advise(&m, 2 * page - 1, page + 2, drop));
        for (size_t n = page; n < m.len; n++)
            if (n / page != 2)
                ck_assert_int_eq(((char *)m.addr)[n], 'x');
        OK(mmapx_unmap(&m));
    }
}
END_TEST

START_TEST(bad_arguments)
{
    struct mmapx unmapped = MMAPX_INIT;
    size_t faults = 99;

    m = short_file(PROT_READ, MAP_SHARED);
    FAILS(EINVAL, mmapx_guard_zeros(NULL, return_seven, NULL, &faults));
    FAILS(EINVAL, mmapx_guard_zeros(&unmapped, return_seven, NULL, &faults));
    FAILS(EINVAL, mmapx_guard_zeros(&m, NULL, NULL, &faults));
    FAILS(EINVAL, mmapx_guard_zeros(&m, return_seven, NULL, NULL));
    ck_assert_uint_eq(faults, 99);
    ck_assert_int_eq(mmapx_guard_zeros(&m, return_seven, NULL, &faults), 7);
    ck_assert_uint_eq(faults, 0);
}
END_TEST

/* --- Protections ---------------------------------------------------------- */

START_TEST(the_protection_is_kept)
{
    size_t page = page_size();
    size_t faults;
    char *p;

    need_to_go_on();
    m = short_file(PROT_READ | PROT_WRITE, MAP_SHARED);
    p = m.addr;
    OK(mmapx_protect(&m, 2 * page, page, PROT_READ));
    ck_assert_int_eq(mmapx_guard_zeros(&m, sum_up, NULL, &faults),
                     sum_of_pattern(page));
    ck_assert_uint_eq(faults, 3);
    p[page] = 1;
    p[3 * page] = 1;
    ck_assert(store_kills(p + 2 * page));
    m = short_file(PROT_READ, MAP_SHARED);
    ck_assert_int_eq(mmapx_guard_zeros(&m, sum_up, NULL, &faults),
                     sum_of_pattern(page));
    ck_assert(store_kills(hole_in(&m)));
}
END_TEST

/* Memory that something else has mapped. */
START_TEST(a_view)
{
    size_t page = page_size();
    struct mmapx whole = short_file(PROT_READ | PROT_WRITE, MAP_SHARED);
    size_t faults;

    need_to_go_on();
    OK(mmapx_view(&m, (char *)whole.addr + page + 10, page));
    ck_assert_int_eq(mmapx_guard_zeros(&m, sum_up, NULL, &faults), 0);
    ck_assert_uint_eq(faults, 2);
    ck_assert_int_eq(mmapx_guard_zeros(&m, fill_up, NULL, &faults), 0);
    ck_assert_uint_eq(faults, 0);
    FAILS(EIO, mmapx_guard(&whole, load_byte, (char *)whole.addr + 3 * page));
}
END_TEST

/* --- Beside other guards -------------------------------------------------- */

static int
zeros_inside(void *arg)
{
    size_t faults;
    int r = mmapx_guard_zeros(&m, load_byte, arg, &faults);

    return r == 0 && faults == 1 ? 3 : 4;
}

static int
guard_inside(void *arg)
{
    char c;

    if (mmapx_guard(&m, load_byte, arg) != -1 || errno != EIO)
        return 4;
    if (mmapx_read(&m, (size_t)((char *)arg - (char *)m.addr), &c, 1) != -1
        || errno != EIO)
        return 5;
    return 3;
}

START_TEST(zeros_and_guards_nest)
{
    size_t faults;

    need_to_go_on();
    m = short_file(PROT_READ, MAP_SHARED);
    ck_assert_int_eq(mmapx_guard(&m, zeros_inside, hole_in(&m)), 3);
    m = short_file(PROT_READ, MAP_SHARED);
    ck_assert_int_eq(mmapx_guard_zeros(&m, guard_inside, hole_in(&m), &faults),
                     3);
    ck_assert_uint_eq(faults, 0);
}
END_TEST

/* Each has the faults in its own mapping. */
static struct mmapx other;

static int
touch_both(void *arg)
{
    (void)arg;
    return load_byte(hole_in(&m)) + load_byte(hole_in(&other));
}

static int
zeros_for_other(void *arg)
{
    size_t *faults = arg;

    return mmapx_guard_zeros(&other, touch_both, NULL, faults);
}

START_TEST(each_its_own)
{
    size_t inner, outer;

    need_to_go_on();
    m = short_file(PROT_READ, MAP_SHARED);
    other = short_file(PROT_READ, MAP_SHARED);
    ck_assert_int_eq(mmapx_guard_zeros(&m, zeros_for_other, &inner, &outer), 0);
    ck_assert_uint_eq(inner, 1);
    ck_assert_uint_eq(outer, 1);
}
END_TEST

static void
touch_foreign(void)
{
    size_t faults;

    signal(SIGBUS, SIG_DFL);
    mmapx_guard_zeros(&m, load_byte, hole_in(&other), &faults);
}

static void
touch_beside_a_view(void)
{
    struct mmapx view;
    size_t faults;

    signal(SIGBUS, SIG_DFL);
    mmapx_view(&view, hole_in(&other), 0);
    mmapx_guard_zeros(&view, load_byte, view.addr, &faults);
}

static void
touch_afterwards(void)
{
    size_t faults;

    signal(SIGBUS, SIG_DFL);
    mmapx_guard_zeros(&m, return_seven, NULL, &faults);
    load_byte(hole_in(&m));
}

START_TEST(faults_that_are_not_ours)
{
    m = short_file(PROT_READ, MAP_SHARED);
    other = short_file(PROT_READ, MAP_SHARED);
    ck_assert_int_eq(child_status(touch_foreign), -SIGBUS);
    ck_assert_int_eq(child_status(touch_beside_a_view), -SIGBUS);
    ck_assert_int_eq(child_status(touch_afterwards), -SIGBUS);
}
END_TEST

/* A system call gets an error, and nothing is replaced. */
static int
hand_to_a_call(void *arg)
{
    int ends[2];

    if (pipe(ends) != 0)
        return 9;
    errno = 0;
    return write(ends[1], arg, 1) == -1 && errno == EFAULT
                   && read(ends[0], arg, 0) <= 0
               ? 3
               : 4;
}

START_TEST(a_system_call)
{
    size_t faults;

    m = short_file(PROT_READ | PROT_WRITE, MAP_SHARED);
    ck_assert_int_eq(
        mmapx_guard_zeros(&m, hand_to_a_call, hole_in(&m), &faults), 3);
    ck_assert_uint_eq(faults, 0);
}
END_TEST

/* --- What has to be given back -------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int destroyed;

static void
destroy(int *object)
{
    destroyed += *object;
}

static int
with_a_lock(void *arg)
{
    __attribute__((cleanup(destroy))) int object = 1;
    char *heap = malloc(100);

    pthread_mutex_lock(&lock);
    heap[0] = (char)load_byte(arg);
    pthread_mutex_unlock(&lock);
    free(heap);
    return object;
}

START_TEST(locks_and_destructors)
{
    size_t faults;

    need_to_go_on();
    m = short_file(PROT_READ, MAP_SHARED);
    ck_assert_int_eq(mmapx_guard_zeros(&m, with_a_lock, hole_in(&m), &faults),
                     1);
    ck_assert_uint_eq(faults, 1);
    ck_assert_int_eq(destroyed, 1);
    ck_assert_int_eq(pthread_mutex_trylock(&lock), 0);
}
END_TEST

/* --- A compositor and its clients ----------------------------------------- */

/* Each client has a pool, which it may cut at any time.  Accesses nest, in one
 * pool and in several, and only who has cut its own is to blame. */
static struct pool {
    struct mmapx m;
    size_t faults; /* of all accesses */
} cut, whole;

static int
access_pool(struct pool *p, int (*fn)(void *arg), void *arg)
{
    size_t faults = 0;
    int r = mmapx_guard_zeros(&p->m, fn, arg, &faults);

    p->faults += faults;
    return r;
}

/* How many of its pages have something else than zeros. */
static int
look_at_pool(void *arg)
{
    const struct pool *p = arg;
    int pages = 0;

    for (size_t i = 0; i < p->m.len; i += page_size()) {
        const volatile unsigned char *c = (unsigned char *)p->m.addr + i;

        pages += (c[1] | c[2] | c[3]) != 0;
    }
    return pages;
}

static int
access_again(void *arg)
{
    return access_pool(arg, look_at_pool, arg);
}

/* From one to the other, as a surface is drawn on a screen. */
static int
copy_pools(void *arg)
{
    (void)arg;
    memcpy(whole.m.addr, cut.m.addr, cut.m.len);
    return 0;
}

static int
access_whole(void *arg)
{
    return access_pool(&whole, copy_pools, arg);
}

START_TEST(a_compositor)
{
    size_t page = page_size();
    int fd = temp_file(4 * page);

    need_to_go_on();
    OK(mmapx_map(&whole.m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    cut.m = short_file(PROT_READ, MAP_SHARED);
    ck_assert_int_eq(access_pool(&cut, access_again, &cut), 1);
    ck_assert_uint_eq(cut.faults, 3);
    ck_assert_int_eq(access_pool(&whole, access_again, &whole), 4);
    ck_assert_uint_eq(whole.faults, 0);

    cut.m = short_file(PROT_READ, MAP_SHARED);
    cut.faults = 0;
    ck_assert_int_eq(access_pool(&cut, access_whole, NULL), 0);
    ck_assert_uint_eq(cut.faults, 3);
    ck_assert_uint_eq(whole.faults, 0);
    check_pattern(whole.m.addr, 0, page);
    for (size_t i = page; i < whole.m.len; i++)
        ck_assert_int_eq(((unsigned char *)whole.m.addr)[i], 0);
}
END_TEST

static void
put_byte(int fd, size_t at)
{
    ck_assert_int_eq(pwrite(fd, "x", 1, (off_t)at), 1);
}

/* Who is to blame is blamed once.  The client gives its pool what it has taken
 * from it, which changes nothing of the zeros, and makes it larger: the
 * compositor follows, and the pool is cut once more. */
START_TEST(a_pool_that_is_cut_and_grows)
{
    size_t page = page_size();
    int fd = temp_file(4 * page);

    need_to_go_on();
    cut.faults = 0;
    OK(mmapx_map(&cut.m, fd, PROT_READ, MAP_SHARED));
    OK(ftruncate(fd, (off_t)page));
    ck_assert_int_eq(access_pool(&cut, look_at_pool, &cut), 1);
    ck_assert_uint_eq(cut.faults, 3);
    ck_assert_int_eq(access_pool(&cut, access_again, &cut), 1);
    ck_assert_uint_eq(cut.faults, 3);

    OK(ftruncate(fd, (off_t)(8 * page)));
    put_byte(fd, 2 * page + 1);
    put_byte(fd, 5 * page + 1);
    put_byte(fd, 7 * page + 1);
    ck_assert_int_eq(access_pool(&cut, look_at_pool, &cut), 1);
    OK(mmapx_resize(&cut.m, fd, 8 * page, MMAPX_RESIZE_MAYMOVE));
    ck_assert_int_eq(access_pool(&cut, look_at_pool, &cut), 3);
    ck_assert_uint_eq(cut.faults, 3);

    OK(ftruncate(fd, (off_t)(6 * page)));
    ck_assert_int_eq(access_pool(&cut, look_at_pool, &cut), 2);
    ck_assert_uint_eq(cut.faults, 5);
    OK(mmapx_unmap(&cut.m));
}
END_TEST

/* --- Where it cannot be done ---------------------------------------------- */

/* Mappings of a page each, that the kernel cannot join, until there are no
 * more: then the fault is not ours. */
static size_t
map_limit(void)
{
    FILE *f = fopen("/proc/sys/vm/max_map_count", "r");
    unsigned long limit = 0;

    if (f != NULL && fscanf(f, "%lu", &limit) != 1)
        limit = 0;
    if (f != NULL)
        fclose(f);
    return limit;
}

static void
use_all_mappings(void)
{
    for (int i = 0;; i++)
        if (mmap(NULL, page_size(), i % 2 == 0 ? PROT_READ : PROT_NONE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
            == MAP_FAILED)
            break;
}

static int
zeros_without_room(void *arg)
{
    size_t faults = 0;

    return mmapx_guard_zeros(&m, load_byte, arg, &faults) == 0 ? 4 : 5;
}

static _Noreturn void
fault_without_room(void)
{
    int r;

    use_all_mappings();
    r = mmapx_guard(&m, zeros_without_room, hole_in(&m) + page_size());
    _exit(r == -1 && errno == EIO ? 42 : r);
}

static void
die_without_room(void)
{
    size_t faults;

    signal(SIGBUS, SIG_DFL);
    use_all_mappings();
    mmapx_guard_zeros(&m, load_byte, hole_in(&m) + page_size(), &faults);
}

START_TEST(no_more_mappings)
{
    need_the_kernel();
    if (under_sanitizer())
        SKIP("the sanitizer needs mappings of its own");
    if (map_limit() == 0 || map_limit() > 300000)
        SKIP("no limit on mappings, or a high one");
    m = short_file(PROT_READ, MAP_SHARED);
    ck_assert_int_eq(child_status(fault_without_room), 42);
    ck_assert_int_eq(child_status(die_without_room), -SIGBUS);
}
END_TEST

/* --- Other objects -------------------------------------------------------- */

/* A disk that is full: the page can be read, and not stored to. */
static int
store_everywhere(void *arg)
{
    (void)arg;
    for (size_t i = 0; i < m.len; i += page_size())
        ((volatile char *)m.addr)[i] = 'x';
    return 0;
}

START_TEST(a_full_disk)
{
    size_t page = page_size();
    int fd = tiny_tmpfs_file(16 * page);
    size_t faults;

    need_to_go_on();
    ck_assert_int_eq(ftruncate(fd, (off_t)(64 * page)), 0);
    OK(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    ck_assert_int_eq(mmapx_guard_zeros(&m, store_everywhere, NULL, &faults), 0);
    ck_assert_uint_ge(faults, 48);
    ck_assert_uint_lt(faults, 64);
    for (size_t i = 0; i < m.len; i += page)
        ck_assert_int_eq(((char *)m.addr)[i], 'x');
}
END_TEST

START_TEST(huge_pages)
{
    int fd;
    size_t faults;

    need_to_go_on();
    need_native();
    if (mmapx_map_memfd(&other, &fd, "huge", 4, 0x0004 /* MFD_HUGETLB */) != 0)
        SKIP("no huge pages");
    OK(mmapx_map_region(&m, fd, 0, 3 * mmapx_page_size(&other), PROT_READ,
                        MAP_SHARED));
    ck_assert_int_eq(mmapx_guard_zeros(&m, sum_up, NULL, &faults), 0);
    ck_assert_uint_eq(faults, 2);
    OK(mmapx_unmap(&m));
    OK(mmapx_unmap(&other));
}
END_TEST

/* --- Threads -------------------------------------------------------------- */

enum { THREADS = 8, PAGES = 2000 };

/* Wait until all threads have come as far.  macOS has no pthread_barrier_t. */
static void
wait_for_all(void)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static pthread_cond_t all_are_here = PTHREAD_COND_INITIALIZER;
    static size_t arrived;
    size_t round;

    pthread_mutex_lock(&mutex);
    round = arrived++ / THREADS;
    if (arrived % THREADS == 0)
        pthread_cond_broadcast(&all_are_here);
    while (arrived / THREADS == round)
        pthread_cond_wait(&all_are_here, &mutex);
    pthread_mutex_unlock(&mutex);
}

static int
store_own_byte(void *arg)
{
    volatile unsigned char *p = arg;

    *p = (unsigned char)(*p + 1);
    return 0;
}

static void *
store_in_each_page(void *arg)
{
    size_t total = 0;

    for (size_t i = 0; i < PAGES; i++) {
        unsigned char *page = (unsigned char *)m.addr + i * page_size();
        size_t faults;

        if (i % 50 == 0)
            wait_for_all();
        if (mmapx_guard_zeros(&m, store_own_byte, page + (size_t)arg, &faults)
            != 0)
            abort();
        total += faults;
    }
    return (void *)total;
}

/* What one thread stores in a page is not lost when another replaces it. */
START_TEST(threads_in_one_page)
{
    pthread_t threads[THREADS];
    int fd = temp_file(0);
    size_t total = 0;
    void *value;

    need_to_go_on();
    need_native();
    OK(mmapx_map_region(&m, fd, 0, PAGES * page_size(), PROT_READ | PROT_WRITE,
                        MAP_SHARED));
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, store_in_each_page,
                                        (void *)i),
                         0);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &value);
        total += (size_t)value;
    }
    ck_assert_uint_eq(total, PAGES);
    for (size_t i = 0; i < PAGES; i++)
        for (size_t k = 0; k < THREADS; k++)
            ck_assert_int_eq(
                ((unsigned char *)m.addr)[i * page_size() + k], 1);
}
END_TEST

/* Readers of a file that somebody cuts and restores all the time. */
static int file;
static bool stop;

static int
look_around(void *arg)
{
    size_t step = (size_t)arg * 512 + 511;
    int bad = 0;

    for (size_t i = 0; i < m.len; i += step) {
        unsigned char c = ((volatile unsigned char *)m.addr)[i];

        bad += c != 0 && c != 'f';
    }
    return bad;
}

static void *
read_all_the_time(void *arg)
{
    size_t bad = 0;

    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        struct mmapx mine;
        size_t faults;

        if ((size_t)arg % 2 == 0) {
            bad += mmapx_guard_zeros(&m, look_around, arg, &faults) != 0;
            continue;
        }
        /* With a mapping of its own, which begins anew. */
        if (mmapx_map(&mine, file, PROT_READ, MAP_SHARED) != 0)
            return (void *)1;
        if (mine.len > 0)
            bad += mmapx_guard_zeros(&mine, load_byte,
                                     (char *)mine.addr + mine.len - 1, &faults)
                   < 0;
        mmapx_unmap(&mine);
    }
    return (void *)bad;
}

static size_t
truncations(void)
{
    return under_valgrind() ? 100 : under_sanitizer() ? 2000 : 20000;
}

START_TEST(threads_and_truncation)
{
    char path[] = "/dev/shm/mmapx-test-XXXXXX";
    size_t page = page_size();
    char *full = malloc(8 * page);
    pthread_t threads[THREADS];
    void *bad;

    need_to_go_on();
    need_native();
    file = mkstemp(path);
    if (file >= 0)
        unlink(path);
    else
        file = temp_file(0);
    memset(full, 'f', 8 * page);
    ck_assert_int_eq(pwrite(file, full, 8 * page, 0), (ssize_t)(8 * page));
    OK(mmapx_map(&m, file, PROT_READ | PROT_WRITE, MAP_SHARED));
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_all_the_time,
                                        (void *)i),
                         0);
    for (size_t i = 0; i < truncations(); i++)
        if (ftruncate(file, i % 3 == 0 ? 0 : (off_t)page) != 0
            || ftruncate(file, (off_t)(8 * page)) != 0
            || pwrite(file, full, page, (off_t)(i % 8 * page)) < 0)
            abort();
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &bad);
        ck_assert_ptr_null(bad);
    }
    free(full);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("guard_zeros");

    ADD_TEST(s, zeros_are_read);
    ADD_TEST(s, what_is_stored_stays_in_memory);
    ADD_TEST(s, what_is_stored_is_not_dropped_by_half);
    ADD_TEST(s, bad_arguments);
    ADD_TEST(s, the_protection_is_kept);
    ADD_TEST(s, a_view);
    ADD_TEST(s, zeros_and_guards_nest);
    ADD_TEST(s, each_its_own);
    ADD_TEST(s, faults_that_are_not_ours);
    ADD_TEST(s, a_system_call);
    ADD_TEST(s, locks_and_destructors);
    ADD_TEST(s, a_compositor);
    ADD_TEST(s, a_pool_that_is_cut_and_grows);
    ADD_TEST(s, no_more_mappings);
    ADD_TEST(s, a_full_disk);
    ADD_HUGE_TEST(s, huge_pages);
    ADD_TEST(s, threads_in_one_page);
    ADD_TEST(s, threads_and_truncation);
    return s;
}
