/* SPDX-License-Identifier: MIT */
/* Failures below mmapx_guard_zeros(): the fault is not ours, then. */
#include "failures.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

#include "calls.h"

static unsigned char *
hole(void)
{
    return (unsigned char *)m.addr + m.len;
}

static int
load(void *arg)
{
    return *(volatile unsigned char *)arg;
}

static size_t faults;

static int
zeros(void *arg)
{
    return mmapx_guard_zeros(&m, load, arg, &faults) == 0 ? 3 : 4;
}

/* A page more than the file has, behind a seam that does not fail. */
static void
set_up_hole(void)
{
    size_t page = mmapx_os_page_size();

    if (under_valgrind())
        SKIP("valgrind does not go on after a handler of SIGBUS");
    set_up();
    OK(mmapx_unmap(&m));
    OK(mmapx_map_region(&m, fd, 0, 8 * page, PROT_READ | PROT_WRITE,
                        MAP_SHARED));
    m.len -= page;
    faults = 99;
}

START_TEST(no_room_for_zeros)
{
    static const int codes[] = { ENOMEM, EAGAIN, EPERM, EINVAL };

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        set_up_hole();
        fake_fail(FAKE_MAP_ZEROS, codes[i], 1);
        FAILS(EIO, mmapx_guard(&m, zeros, hole() - 1));
        ck_assert_uint_eq(faults, 99);
        ck_assert(!mmapx_i_has_any(&m, MMAPX_I_REPLACED));
        ck_assert_int_eq(mmapx_guard(&m, zeros, hole() - 1), 3);
        ck_assert_uint_eq(faults, 1);
        ck_assert(mmapx_i_has_any(&m, MMAPX_I_REPLACED));
    }
}
END_TEST

/* Where the handle does not know the protection it has to be looked up. */
START_TEST(no_protection_is_told)
{
    size_t page = mmapx_os_page_size();

    set_up_hole();
    OK(mmapx_protect(&m, 0, page, PROT_READ));
    fake_fail(FAKE_PROTECTION, ENOTSUP, 1);
    FAILS(EIO, mmapx_guard(&m, zeros, hole() - 1));
    ck_assert_uint_eq(faults, 99);
    if (mmapx_guard(&m, zeros, hole() - 1) != 3)
        SKIP("the system does not tell the protection");
    ck_assert_uint_eq(faults, 1);
}
END_TEST

/* Which pages were replaced. */
START_TEST(the_pages_that_were_replaced)
{
    size_t page = mmapx_os_page_size();
    struct mmapx_i_span span, all;
    unsigned char *at;

    set_up_hole();
    all = (struct mmapx_i_span){ m.addr, 8 * page };
    span = all;
    OK(mmapx_i_replaced(&m, &span));
    ck_assert_uint_eq(span.len, 0);
    at = (unsigned char *)m.addr + 5 * page;
    ck_assert_int_eq(mmapx_guard(&m, zeros, at), 3);
    span = all;
    if (mmapx_i_replaced(&m, &span) == -ENOTSUP)
        SKIP("the system does not tell");
    ck_assert_ptr_eq(span.addr, at);
    ck_assert_uint_eq(span.len, page);
    span = (struct mmapx_i_span){ at + page, 2 * page };
    OK(mmapx_i_replaced(&m, &span));
    ck_assert_uint_eq(span.len, 0);
    fake_fail(FAKE_ANONYMOUS, ENOTSUP, 1);
    span = all;
    ck_assert_int_eq(mmapx_i_replaced(&m, &span), -ENOTSUP);
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("errno_guard");

    ADD_TEST(s, no_room_for_zeros);
    ADD_TEST(s, no_protection_is_told);
    ADD_TEST(s, the_pages_that_were_replaced);
    return s;
}
