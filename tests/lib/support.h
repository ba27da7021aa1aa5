/* SPDX-License-Identifier: MIT */
/* What the tests share.  Each program defines suite() and links main(). */
#ifndef MMAPX_TESTS_SUPPORT_H
#define MMAPX_TESTS_SUPPORT_H

#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "libmmapx.h"

/* Not every system has it, and none has to. */
#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif

Suite *suite(void);

/* A test is a case of its own, so that the report has its name. */
#define ADD_TEST(suite, test)                                                  \
    do {                                                                       \
        TCase *tcase_ = tcase_create(#test);                                   \
        tcase_add_test(tcase_, test);                                          \
        tcase_set_timeout(tcase_, 300);                                         \
        suite_add_tcase(suite, tcase_);                                        \
    } while (0)

/* The same with a few huge pages in the system's pool, if this is root. */
#define ADD_HUGE_TEST(suite, test)                                             \
    do {                                                                       \
        TCase *tcase_ = tcase_create(#test);                                   \
        tcase_add_test(tcase_, test);                                          \
        tcase_add_unchecked_fixture(tcase_, fill_huge_pool,                    \
                                    restore_huge_pool);                        \
        suite_add_tcase(suite, tcase_);                                        \
    } while (0)

/* Leave the test: it cannot be done here, and the report says why. */
#define SKIP(...) ck_abort_msg("SKIP: " __VA_ARGS__)

/* An errno by its name, to say what came instead of the right one. */
const char *errno_name(int code);

#define OK(call)                                                               \
    ck_assert_msg((call) == 0, "%s: %s", #call, errno_name(errno))

#define FAILS(code, call)                                                      \
    do {                                                                       \
        errno = 0;                                                             \
        ck_assert_msg((call) == -1, "%s succeeded", #call);                    \
        ck_assert_msg(errno == (code), "%s: %s, not %s", #call,                \
                      errno_name(errno), #code);                                                  \
    } while (0)

/* A map call that fails with code and leaves the handle m alone. */
#define MAP_FAILS(code, m, call)                                               \
    do {                                                                       \
        struct mmapx before_;                                                  \
        memset(&(m), 0x5a, sizeof(m));                                         \
        before_ = (m);                                                         \
        FAILS(code, call);                                                     \
        ck_assert_mem_eq(&(m), &before_, sizeof(m));                           \
    } while (0)

size_t page_size(void);

/* The byte that stands at offset i of every file made here. */
unsigned char pattern(size_t i);

/* A new file of size bytes of the pattern, open for reading and writing and
 * already without a name. */
int temp_file(size_t size);

/* The same with a name, which is written to path (PATH_MAX bytes). */
int temp_named(char *path, size_t size);

/* Skip unless RLIMIT_MEMLOCK can be set to so many bytes by anybody. */
void need_memlock(size_t bytes);

/* Set it, for good. */
bool limit_memlock(size_t bytes);

/* Kill the process, which is a child, if it writes to a file behind so many
 * bytes; SIZE_MAX: let it write again.  Check and coverage write files, too. */
bool limit_files(size_t bytes);

/* The most descriptors that may be open: those that are stay.  Returns what it
 * was. */
uint64_t limit_descriptors(uint64_t most);

/* Have blocks for len bytes at off that nobody has written, or skip. */
void reserve_blocks(int fd, size_t off, size_t len);

/* Have a page of a file whole in memory.  One that was written in part is not,
 * nor after read(2) where blocks are smaller than pages. */
void touch_page(int fd, size_t off);

/* Skip where single pages of a file cannot be in memory. */
void need_small_blocks(int fd);

/* Assert that len bytes at p are the pattern's from offset on. */
void check_pattern(const void *p, size_t offset, size_t len);

/* Run fn in a child, as nobody if this is root: true if it returned true. */
bool in_child_as_nobody(bool (*fn)(void *arg), void *arg);
bool in_child(bool (*fn)(void *arg), void *arg);

/* Whether a child that stores a byte at p, or loads it, is killed by SIGSEGV. */
bool store_kills(void *p);
bool load_kills(const void *p);

/* Whether nothing of a file is mapped at p any more.  A sanitizer may have
 * mapped memory of its own there meanwhile. */
bool is_given_back(const void *p, int fd);

bool is_root(void);

/* Whether the file lies on overlayfs or FUSE, which may stand before another
 * file: the library looks at each page there. */
bool is_stacked(int fd);
bool under_valgrind(void);
void skip_under_valgrind(const char *reason);

/* SKIP where a handler of SIGBUS cannot go on where the fault was: the registers
 * that valgrind gives back are not those of the fault. */
void need_to_go_on(void);

/* SKIP where qemu-user answers in the kernel's place, and otherwise; where
 * valgrind does so too. */
void need_native(void);
void need_the_kernel(void);
bool under_emulator(void);

/* SKIP where a fault does not come with its address: qemu-user 7.2 for s390x. */
void need_fault_addresses(void);
bool under_sanitizer(void);
bool under_tsan(void);

/* The lines of /proc/self/maps; 0 where they tell nothing. */
size_t count_mappings(void);

/* Their addresses, protections and files, without the stack and the heap,
 * which come and go with the test; empty where they tell nothing. */
void read_mappings(char *text, size_t size);

/* Have mounts of one's own, with the rights of root over them; false where that
 * takes more rights than there are. */
bool enter_mount_namespace(void);

/* A file without a name in a file system that nobody else sees; SKIPs for the
 * reason where that cannot be mounted. */
int file_of_own_mount(const char *source, const char *type, const char *options,
                      const char *reason);

/* The same in a tmpfs of size bytes. */
int tiny_tmpfs_file(size_t size);

void fill_huge_pool(void);
void restore_huge_pool(void);

/* A loop device over fd, as a descriptor; SKIPs where there is
 * none.  Its backing goes when both are closed. */
int loop_device(int fd);

/* Take the file behind a loop device away, so that reads of the device fail;
 * SKIPs where the kernel reads zeros instead (6.1 does). */
void lose_backing(int file, int device);

/* Whether nothing but appending changes the file, by its attribute; SKIPs where
 * that cannot be set. */
void set_append_only(int fd, bool on);

/* Give a user rights of his own to the file, 4 to read and 2 to write, whatever
 * its mode says; SKIPs where there are no such lists. */
void set_acl(int fd, unsigned uid, unsigned rights);

/* A mapping of a page that a driver has made and that stays as it is; SKIPs
 * where there is none. */
void map_driver_page(struct mmapx *m);

#endif /* MMAPX_TESTS_SUPPORT_H */
