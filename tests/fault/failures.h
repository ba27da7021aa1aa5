/* SPDX-License-Identifier: MIT */
/* Calls that fail because one call of the seam does. */
#ifndef MMAPX_TESTS_FAILURES_H
#define MMAPX_TESTS_FAILURES_H

#include "support.h"

#include "fake_calls.h"
#include "fake_os.h"

/* One call, one failure below it, and what comes of it. */
struct failure {
    fixture_call *run;
    enum fake_call call;
    int code;
    int expected;
};

/* Assert the errno of each of them, and that nothing else has changed: handle,
 * address space, file, descriptors. */
void check_failures(const struct failure *failures, size_t n);

#define CHECK_FAILURES(failures)                                               \
    check_failures(failures, sizeof(failures) / sizeof(failures)[0])

#endif /* MMAPX_TESTS_FAILURES_H */
