/* SPDX-License-Identifier: MIT */
#include "failures.h"

#include <string.h>
#include <unistd.h>

#include "internal.h"

#include "calls.h"

void
check_failures(const struct failure *failures, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct failure *f = &failures[i];
        size_t mappings;
        struct mmapx before;
        int next;

        set_up();
        before = m;
        mappings = count_mappings();
        next = dup(fd);
        close(next);
        fake_fail(f->call, f->code, 1);
        errno = 0;
        ck_assert_msg(f->run() == -1, "case %zu succeeded", i);
        ck_assert_msg(errno == f->expected, "case %zu: %s, not %s", i,
                      errno_name(errno), errno_name(f->expected));
        ck_assert_msg(memcmp(&m, &before, sizeof m) == 0,
                      "case %zu changed the handle", i);
        ck_assert_msg(count_mappings() == mappings,
                      "case %zu changed the address space", i);
        ck_assert_msg(lseek(fd, 0, SEEK_END) == (off_t)m.len,
                      "case %zu changed the file", i);
        ck_assert_msg(memfd == 77, "case %zu stored a descriptor", i);
        ck_assert_msg(dup(fd) == next, "case %zu left a descriptor", i);
        close(next);
        fake_reset();
        OK(mmapx_unmap(&m));
        close(fd);
    }
}
