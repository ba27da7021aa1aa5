/* SPDX-License-Identifier: MIT */
/* Failures below the syncs, which are remembered. */
#include "failures.h"

#include <string.h>

#include "internal.h"

START_TEST(wrong_syncs_are_not_sticky)
{
    static const struct failure failures[] = {
        { run_sync, FAKE_MSYNC, EINTR, EINTR },
        { run_sync_file, FAKE_MSYNC, EINTR, EINTR },
        { run_sync_file, FAKE_FLUSH, EBADF, EBADF },
        { run_sync_file, FAKE_FLUSH, EINTR, EINTR },
    };

    CHECK_FAILURES(failures); /* which finds the handle unchanged */
}
END_TEST

static void
check_sticky(fixture_call *run, enum fake_call call, int code)
{
    struct fixture f;

    set_up(&f);
    fake_fail(call, code, 1);
    FAILS(code, run(&f));
    FAILS(code, run_sync(&f));
    FAILS(code, run_sync_file(&f));
    FAILS(code, mmapx_sync(&f.m, 0, 0, MS_SYNC));
    FAILS(code, mmapx_sync(&f.m, 3, 5, MS_ASYNC));
    FAILS(EINVAL, mmapx_sync(&f.m, 0, 1, -1));
    /* The first failure stays the one that is told. */
    fake_fail(call, code == EIO ? ENOSPC : EIO, 1);
    FAILS(code, run(&f));
    OK(mmapx_sync_reset(&f.m));
    fake_reset();
    OK(run_sync(&f));
    OK(run_sync_file(&f));
    OK(mmapx_unmap(&f.m));
}

START_TEST(failed_syncs_are_sticky)
{
    static const int codes[] = { EIO, ENOSPC, EDQUOT, ESTALE, EROFS,
                                 EBUSY, EINVAL, ENOMEM };

    /* The last three say that the call is wrong, if they are said again. */
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        check_sticky(run_sync, FAKE_MSYNC, codes[i]);
        check_sticky(run_sync_file, FAKE_MSYNC, codes[i]);
        check_sticky(run_sync_file, FAKE_FLUSH, codes[i]);
    }
}
END_TEST

/* A new mapping in the same handle begins with a clean record. */
START_TEST(a_new_mapping_has_not_failed)
{
    struct fixture f;

    set_up(&f);
    fake_fail(FAKE_MSYNC, EIO, 1);
    FAILS(EIO, run_sync(&f));
    OK(mmapx_unmap(&f.m));
    OK(run_map(&f));
    OK(run_sync(&f));
}
END_TEST

static struct fixture *beside;

/* In another sync of the same mapping. */
static void
fail_with_enospc(void)
{
    fake_fail(FAKE_MSYNC, ENOSPC, 1);
    FAILS(ENOSPC, run_sync(beside));
}

/* Two threads fail; the first one to be told is the one that is remembered. */
START_TEST(failures_side_by_side)
{
    struct fixture f;

    set_up(&f);
    fake_fail(FAKE_MSYNC, EIO, 1);
    beside = &f;
    fake_in_msync = fail_with_enospc;
    FAILS(EIO, run_sync(&f));
    fake_reset();
    FAILS(ENOSPC, run_sync(&f));
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("errno_sync");

    ADD_TEST(s, wrong_syncs_are_not_sticky);
    ADD_TEST(s, failed_syncs_are_sticky);
    ADD_TEST(s, a_new_mapping_has_not_failed);
    ADD_TEST(s, failures_side_by_side);
    return s;
}
