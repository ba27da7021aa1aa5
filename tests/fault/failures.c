/* SPDX-License-Identifier: MIT */
#include "failures.h"

#include <string.h>
#include <unistd.h>

#include "internal.h"

/* Whether a mapping that was divided can become one again.  The parts stay
 * apart on a file system that wants to know of each mapping (FUSE). */
static bool
parts_merge(int fd)
{
    size_t page = page_size();
    size_t before;
    char *p = mmap(NULL, 2 * page, PROT_READ, MAP_SHARED, fd, 0);
    bool merge;

    ck_assert_ptr_ne(p, MAP_FAILED);
    before = count_mappings();
    OK(mprotect(p + page, page, PROT_NONE));
    OK(mprotect(p + page, page, PROT_READ));
    merge = count_mappings() == before;
    munmap(p, 2 * page);
    return merge;
}

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
        ck_assert_msg(count_mappings() == mappings || !parts_merge(f.fd),
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
