/* SPDX-License-Identifier: MIT */
/* Failures below mmapx_guard_zeros(): the fault is not ours, then. */
#include "failures.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "filters.h"
#include "internal.h"

/* A mapping that goes on behind its file, and a load in it. */
struct hole {
    struct fixture f;
    unsigned char *end; /* of the mapping */
    unsigned char *at;  /* what is loaded */
    size_t faults;
};

static int
load(void *arg)
{
    const struct hole *h = arg;

    return *(volatile unsigned char *)h->at;
}

static int
zeros(void *arg)
{
    struct hole *h = arg;

    return mmapx_guard_zeros(&h->f.m, load, h, &h->faults) == 0 ? 3 : 4;
}

/* Load a byte with zeros for what is missing, below a guard. */
static int
guard_zeros(struct hole *h, unsigned char *at)
{
    h->at = at;
    return mmapx_guard(&h->f.m, zeros, h);
}

/* The handle knows all pages of the mapping except the last one. */
static void
set_up_hole(struct hole *h)
{
    size_t page = mmapx_os_page_size();
    struct mmapx *m = &h->f.m;

    need_to_go_on();
    set_up(&h->f);
    OK(mmapx_unmap(m));
    OK(mmapx_map_region(m, h->f.fd, 0, 8 * page, PROT_READ | PROT_WRITE,
                        MAP_SHARED));
    m->len -= page;
    h->end = (unsigned char *)m->addr + m->len;
    h->faults = 99;
}

START_TEST(no_room_for_zeros)
{
    struct hole h;
    static const int codes[] = { ENOMEM, EAGAIN, EPERM, EINVAL };

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        set_up_hole(&h);
        fake_fail(FAKE_MAP_ZEROS, codes[i], 1);
        FAILS(EIO, guard_zeros(&h, h.end - 1));
        ck_assert_uint_eq(h.faults, 99);
        ck_assert(!mmapx_i_has_any(&h.f.m, MMAPX_I_REPLACED));
        ck_assert_int_eq(guard_zeros(&h, h.end - 1), 3);
        ck_assert_uint_eq(h.faults, 1);
        ck_assert(mmapx_i_has_any(&h.f.m, MMAPX_I_REPLACED));
    }
}
END_TEST

/* Where the handle does not know the protection it has to be looked up. */
START_TEST(no_protection_is_told)
{
    struct hole h;
    size_t page = mmapx_os_page_size();

    set_up_hole(&h);
    OK(mmapx_protect(&h.f.m, 0, page, PROT_READ));
    fake_fail(FAKE_PROTECTION, ENOTSUP, 1);
    FAILS(EIO, guard_zeros(&h, h.end - 1));
    ck_assert_uint_eq(h.faults, 99);
    if (guard_zeros(&h, h.end - 1) != 3)
        SKIP("the system does not tell the protection");
    ck_assert_uint_eq(h.faults, 1);
}
END_TEST

/* Which pages were replaced. */
START_TEST(the_pages_that_were_replaced)
{
    struct hole h;
    size_t page = mmapx_os_page_size();
    struct mmapx_i_span span, all;
    unsigned char *at;

    set_up_hole(&h);
    all = (struct mmapx_i_span){ h.f.m.addr, 8 * page };
    span = all;
    OK(mmapx_i_replaced(&h.f.m, &span));
    ck_assert_uint_eq(span.len, 0);
    at = (unsigned char *)h.f.m.addr + 5 * page;
    ck_assert_int_eq(guard_zeros(&h, at), 3);
    span = all;
    if (mmapx_i_replaced(&h.f.m, &span) == -ENOTSUP)
        SKIP("the system does not tell");
    ck_assert_ptr_eq(span.addr, at);
    ck_assert_uint_eq(span.len, page);
    span = (struct mmapx_i_span){ at + page, 2 * page };
    OK(mmapx_i_replaced(&h.f.m, &span));
    ck_assert_uint_eq(span.len, 0);
    fake_fail(FAKE_ANONYMOUS, ENOTSUP, 1);
    span = all;
    ck_assert_int_eq(mmapx_i_replaced(&h.f.m, &span), -ENOTSUP);
}
END_TEST

/* A kernel that does not know the advice by which it is seen whether another
 * thread has replaced the page. */
static int
load_before(void *arg)
{
    const struct hole *h = arg;

    return *(volatile unsigned char *)(h->at - mmapx_os_page_size());
}

static void *
replace_elsewhere(void *arg)
{
    struct hole *h = arg;
    size_t n;

    return mmapx_guard_zeros(&h->f.m, load_before, h, &n) == 0 && n == 1
               ? h : NULL;
}

static int
replace_beside_another(void *arg)
{
    struct hole *h = arg;
    pthread_t thread;
    void *value;

    if (pthread_create(&thread, NULL, replace_elsewhere, h) != 0
        || pthread_join(thread, &value) != 0 || value == NULL)
        return 9;
    return load(h);
}

START_TEST(a_kernel_without_the_advice)
{
    struct hole h;

    set_up_hole(&h);
    h.at = (unsigned char *)h.f.m.addr + 6 * mmapx_os_page_size();
    fake_has_no_advice = true;
    ck_assert_int_eq(mmapx_guard_zeros(&h.f.m, replace_beside_another, &h,
                                       &h.faults),
                     0);
    ck_assert_uint_eq(h.faults, 1);
}
END_TEST

#ifdef __linux__
/* Before 6.11 the text is read; without /proc nothing is known. */
static bool
find_in_text(void *arg)
{
    struct hole *h = arg;
    struct mmapx *m = &h->f.m;
    unsigned char *at = (unsigned char *)m->addr + 5 * mmapx_os_page_size();
    struct mmapx_i_span span = { m->addr, 8 * mmapx_os_page_size() };
    struct denied query = { SYS_ioctl, ANY, 0, false };
    int prot;

    return deny(&query, ENOTTY) && guard_zeros(h, at) == 3
           && mmapx_i_replaced(m, &span) == 0 && span.addr == at
           && span.len == mmapx_os_page_size()
           && mmapx_os_protection(at, &prot) == 0
           && prot == (PROT_READ | PROT_WRITE)
           && mmapx_os_protection((void *)(UINTPTR_MAX & ~(uintptr_t)0xfff),
                                  &prot)
                  == -ENOMEM;
}

static bool
find_nothing(void *arg)
{
    struct hole *h = arg;
    struct mmapx *m = &h->f.m;
    struct mmapx_i_span span = { m->addr, 8 * mmapx_os_page_size() };
    int prot;

#ifdef SYS_open
    if (!deny(&(struct denied){ SYS_open, ANY, 0, false }, EACCES))
        return false;
#endif
    return guard_zeros(h, h->end - 1) == 3
           && deny(&(struct denied){ SYS_openat, ANY, 0, false }, EACCES)
           && mmapx_i_replaced(m, &span) == -ENOTSUP
           && mmapx_os_protection(m->addr, &prot) == -ENOTSUP;
}

START_TEST(the_list_of_mappings)
{
    struct hole h;

    need_filters();
    set_up_hole(&h);
    ck_assert(in_child(find_in_text, &h));
    ck_assert(in_child(find_nothing, &h));
}
END_TEST
#endif

Suite *
suite(void)
{
    Suite *s = suite_create("errno_guard");

    ADD_TEST(s, no_room_for_zeros);
    ADD_TEST(s, no_protection_is_told);
    ADD_TEST(s, the_pages_that_were_replaced);
    ADD_TEST(s, a_kernel_without_the_advice);
#ifdef __linux__
    ADD_TEST(s, the_list_of_mappings);
#endif
    return s;
}
