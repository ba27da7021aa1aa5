/* SPDX-License-Identifier: MIT */
#include "failures.h"

#include <string.h>
#include <unistd.h>

#include "internal.h"

void
check_failures(const struct failure *failures, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct failure *failure = &failures[i];
        size_t mappings;
        struct fixture f;
        struct mmapx before;
        int next;

        set_up(&f);
        before = f.m;
        mappings = count_mappings();
        next = dup(f.fd);
        close(next);
        fake_fail(failure->call, failure->code, 1);
        errno = 0;
        ck_assert_msg(failure->run(&f) == -1, "case %zu succeeded", i);
        ck_assert_msg(errno == failure->expected, "case %zu: %s, not %s", i,
                      errno_name(errno), errno_name(failure->expected));
        ck_assert_msg(memcmp(&f.m, &before, sizeof before) == 0,
                      "case %zu changed the handle", i);
        ck_assert_msg(count_mappings() == mappings,
                      "case %zu changed the address space", i);
        ck_assert_msg(lseek(f.fd, 0, SEEK_END) == (off_t)f.m.len,
                      "case %zu changed the file", i);
        ck_assert_msg(f.memfd == UNTOUCHED_FD, "case %zu stored a descriptor",
                      i);
        ck_assert_msg(dup(f.fd) == next, "case %zu left a descriptor", i);
        close(next);
        fake_reset();
        OK(mmapx_unmap(&f.m));
        close(f.fd);
    }
}
