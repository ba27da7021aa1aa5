/* SPDX-License-Identifier: MIT */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "support.h"

#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined __linux__
#include <linux/loop.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#endif

enum { NOBODY = 65534 };

size_t
page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

unsigned char
pattern(size_t i)
{
    return (unsigned char)(i % 251 + i / 4096 % 5);
}

void
touch_page(int fd, size_t off)
{
    size_t page = page_size();
    void *p = mmap(NULL, page, PROT_READ, MAP_SHARED, fd,
                   (off_t)(off - off % page));

    if (p == MAP_FAILED)
        return;
    (void)*(volatile unsigned char *)p;
    ck_assert_int_eq(munmap(p, page), 0);
}

int
temp_named(char *path, size_t size)
{
    const char *dir = getenv("TMPDIR");
    unsigned char buf[4096];
    int fd;

    snprintf(path, PATH_MAX, "%s/mmapx-test-XXXXXX", dir != NULL ? dir : "/tmp");
    fd = mkstemp(path);
    ck_assert_msg(fd >= 0, "%s: %s", path, errno_name(errno));
    for (size_t done = 0, n; done < size; done += n) {
        n = size - done < sizeof buf ? size - done : sizeof buf;
        for (size_t i = 0; i < n; i++)
            buf[i] = pattern(done + i);
        ck_assert_int_eq(write(fd, buf, n), (ssize_t)n);
    }
    if (size > 0)
        touch_page(fd, size - 1);
    return fd;
}

int
temp_file(size_t size)
{
    char path[PATH_MAX];
    int fd = temp_named(path, size);

    unlink(path);
    return fd;
}

void
need_memlock(size_t bytes)
{
#ifdef RLIMIT_MEMLOCK
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_MEMLOCK, &limit), 0);
    if ((uintmax_t)limit.rlim_max < bytes) /* signed on FreeBSD */
        SKIP("the hard limit on locked memory is too low");
#else
    (void)bytes;
    SKIP("the system has no limit on locked memory");
#endif
}

bool
limit_memlock(size_t bytes)
{
#ifdef RLIMIT_MEMLOCK
    struct rlimit limit = { (rlim_t)bytes, (rlim_t)bytes };

    return setrlimit(RLIMIT_MEMLOCK, &limit) == 0;
#else
    (void)bytes;
    return false;
#endif
}

bool
limit_files(size_t bytes)
{
    struct rlimit limit;

    signal(SIGXFSZ, SIG_DFL);
    if (getrlimit(RLIMIT_FSIZE, &limit) != 0)
        return false;
    limit.rlim_cur = bytes == SIZE_MAX ? limit.rlim_max : (rlim_t)bytes;
    return setrlimit(RLIMIT_FSIZE, &limit) == 0;
}

uint64_t
limit_descriptors(uint64_t most)
{
    struct rlimit limit;
    uint64_t before;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    before = limit.rlim_cur;
    limit.rlim_cur = (rlim_t)most;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    return before;
}

void
reserve_blocks(int fd, size_t off, size_t len)
{
#if defined __linux__
    /* The C library would write where the file system cannot. */
    if (fallocate(fd, 0, (off_t)off, (off_t)len) != 0)
        SKIP("this file system allocates no blocks");
#elif HAVE_DECL_POSIX_FALLOCATE
    if (posix_fallocate(fd, (off_t)off, (off_t)len) != 0)
        SKIP("this file system allocates no blocks");
#else
    (void)fd;
    (void)off;
    (void)len;
    SKIP("no posix_fallocate(3) here");
#endif
}

void
need_small_blocks(int fd)
{
    struct stat sb;

    ck_assert_int_eq(fstat(fd, &sb), 0);
    if ((size_t)sb.st_blksize > page_size())
        SKIP("blocks are larger than pages here, and whole in memory");
}

void
check_pattern(const void *p, size_t offset, size_t len)
{
    const unsigned char *byte = p;

    /* Check takes a note of each assertion, which takes its time. */
    for (size_t i = 0; i < len; i++)
        if (byte[i] != pattern(offset + i))
            ck_abort_msg("byte %zu is %u, not %u", i, byte[i],
                         pattern(offset + i));
}

/* 0 if the child's fn returned true, 1 if false, its signal if it was killed. */
static int
run_child(bool drop, bool (*fn)(void *arg), void *arg)
{
    int status;
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        if (drop && is_root()
            && (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0
                || setuid(NOBODY) != 0))
            _exit(2);
        _exit(fn(arg) ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
}

bool
in_child_as_nobody(bool (*fn)(void *arg), void *arg)
{
    return run_child(true, fn, arg) == 0;
}

bool
in_child(bool (*fn)(void *arg), void *arg)
{
    return run_child(false, fn, arg) == 0;
}

static bool
store(void *p)
{
    signal(SIGSEGV, SIG_DFL);
    *(volatile unsigned char *)p = 1;
    return true;
}

static volatile unsigned char loaded;

static bool
load(void *p)
{
    signal(SIGSEGV, SIG_DFL);
    /* valgrind leaves out a load that nobody uses. */
    loaded = *(volatile unsigned char *)p;
    return true;
}

/* valgrind may have memory of its own at a place that was given back.  A child
 * that touches it ends by the --error-exitcode that .ci/run gives. */
static bool
was_killed(int status)
{
    return status == SIGSEGV || (status == 99 && under_valgrind());
}

bool
store_kills(void *p)
{
    return was_killed(run_child(false, store, p));
}

bool
load_kills(const void *p)
{
    return was_killed(run_child(false, load, (void *)(uintptr_t)p));
}

/* Whether /proc/self/maps shows the file at an address. */
static bool
maps_show(const void *p, int fd)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    uintptr_t begin, end, at = (uintptr_t)p;
    unsigned long long inode;
    struct stat st;
    char line[512];
    bool found = false;

    ck_assert_int_eq(fstat(fd, &st), 0);
    if (maps == NULL)
        return true; /* for all that is known */
    while (!found && fgets(line, sizeof line, maps) != NULL)
        found = sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %*s %*x %*x:%*x %llu",
                       &begin, &end, &inode) == 3
                && begin <= at && at < end && inode == st.st_ino;
    fclose(maps);
    return found;
}

bool
is_given_back(const void *p, int fd)
{
    return load_kills(p) || !maps_show(p, fd);
}

bool
is_root(void)
{
    return geteuid() == 0;
}

bool
is_stacked(int fd)
{
#if defined __linux__
    struct statfs fs;

    return fstatfs(fd, &fs) == 0
           && ((unsigned)fs.f_type == 0x794c7630 /* overlayfs */
               || (unsigned)fs.f_type == 0x65735546 /* FUSE */);
#else
    (void)fd;
    return false;
#endif
}

bool
under_valgrind(void)
{
    const char *preload = getenv("LD_PRELOAD");

    return preload != NULL && strstr(preload, "vgpreload") != NULL;
}

void
skip_under_valgrind(const char *reason)
{
    if (under_valgrind())
        SKIP("%s", reason);
}

void
need_to_go_on(void)
{
    skip_under_valgrind("valgrind does not go on after a handler of SIGBUS");
}

/* The kernel refuses advice that there is not. */
bool
under_emulator(void)
{
#if defined __linux__
    return madvise(NULL, 0, 12345) == 0;
#else
    return false;
#endif
}

#if defined __linux__
static void *expected_fault;

static _Noreturn void
compare_address(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)context;
    _exit(info->si_addr == expected_fault ? 0 : 1);
}

static bool
fault_has_address(void *arg)
{
    struct sigaction act = { .sa_flags = SA_SIGINFO };

    (void)arg;
    act.sa_sigaction = compare_address;
    sigemptyset(&act.sa_mask);
    return sigaction(SIGBUS, &act, NULL) == 0
           && *(volatile char *)expected_fault == 77;
}
#endif

void
need_fault_addresses(void)
{
#if defined __linux__
    int fd;
    bool right;

    if (!under_emulator())
        return;
    fd = temp_file(1);
    expected_fault = mmap(NULL, 2 * page_size(), PROT_READ, MAP_SHARED, fd, 0);
    ck_assert(expected_fault != MAP_FAILED);
    expected_fault = (char *)expected_fault + page_size();
    right = in_child(fault_has_address, NULL);
    close(fd);
    if (!right)
        SKIP("an emulator does not say where a fault is");
#endif
}

void
need_native(void)
{
    if (under_emulator())
        SKIP("an emulator answers for the kernel here, and otherwise");
}

void
need_the_kernel(void)
{
    need_native();
    if (under_valgrind())
        SKIP("valgrind answers for the kernel here, and otherwise");
}

#ifndef __has_feature
#define __has_feature(x) 0 /* clang's way; gcc has macros */
#endif

bool
under_tsan(void)
{
#if defined __SANITIZE_THREAD__ || __has_feature(thread_sanitizer)
    return true;
#else
    return false;
#endif
}

bool
under_sanitizer(void)
{
#if defined __SANITIZE_ADDRESS__ || __has_feature(address_sanitizer)
    return true;
#else
    return under_tsan();
#endif
}

size_t
count_mappings(void)
{
    FILE *maps;
    size_t lines = 0;
    int c;

    /* These map things of their own as they go. */
    if (under_sanitizer() || under_valgrind())
        return 0;
    maps = fopen("/proc/self/maps", "r");
    if (maps == NULL)
        return 0;
    while ((c = getc(maps)) != EOF)
        lines += c == '\n';
    fclose(maps);
    return lines;
}

void
read_mappings(char *text, size_t size)
{
    FILE *maps;
    char line[512];
    size_t used = 0;

    *text = '\0';
    if (under_sanitizer() || under_valgrind())
        return;
    maps = fopen("/proc/self/maps", "r");
    if (maps == NULL)
        return;
    while (fgets(line, sizeof line, maps) != NULL && used < size) {
        if (strstr(line, "[heap]") == NULL && strstr(line, "[stack]") == NULL)
            used += (size_t)snprintf(text + used, size - used, "%s", line);
    }
    fclose(maps);
}

int
loop_device(int fd)
{
#if defined __linux__
    int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);

    if (control < 0)
        SKIP("no loop devices: they need root and /dev/loop-control");
    /* The number may be taken by somebody else before it is used. */
    for (int attempt = 0; attempt < 100; attempt++) {
        struct loop_info64 info = { .lo_flags = LO_FLAGS_AUTOCLEAR };
        char path[64];
        int number = ioctl(control, LOOP_CTL_GET_FREE);
        int device;

        snprintf(path, sizeof path, "/dev/loop%d", number);
        device = open(path, O_RDWR | O_CLOEXEC);
        if (device < 0)
            break;
        if (ioctl(device, LOOP_SET_FD, fd) == 0
            && ioctl(device, LOOP_SET_STATUS64, &info) == 0) {
            close(control);
            return device;
        }
        close(device);
    }
    close(control);
#else
    (void)fd;
#endif
    SKIP("there is no free loop device");
}

void
lose_backing(int file, int device)
{
    char byte;

    ck_assert_int_eq(fsync(file), 0);
    ck_assert_int_eq(ftruncate(file, 0), 0);
    /* The first page may be cached: it was read for partitions. */
    if (pread(device, &byte, 1, (off_t)(15 * page_size())) == 1)
        SKIP("this kernel reads zeros from a device that has lost its file");
}

void
set_append_only(int fd, bool on)
{
#if defined __linux__
    int flags[2] = { on ? 0x20 : 0, 0 };

    /* FS_IOC_SETFLAGS, whose own header has clashes: of an int, and as large as
     * a long. */
    if (ioctl(fd, _IOW('f', 2, long), flags) == 0)
        return;
#else
    (void)fd, (void)on;
#endif
    SKIP("an attribute of a file needs root, and a file system that has it");
}

/* As linux/posix_acl_xattr.h has it: a tag, the rights and the id of each entry,
 * in little endian. */
void
set_acl(int fd, unsigned uid, unsigned rights)
{
#if defined __linux__
    struct stat sb;
    unsigned char list[4 + 5 * 8];
    const unsigned nobody = UINT_MAX;
    unsigned entries[5][3];

    ck_assert_int_eq(fstat(fd, &sb), 0);
    memcpy(entries,
           (unsigned[5][3]){ { 0x01, sb.st_mode >> 6 & 7, nobody },
                             { 0x02, rights, uid },
                             { 0x04, sb.st_mode >> 3 & 7, nobody },
                             { 0x10, 6, nobody }, /* the most of these two */
                             { 0x20, sb.st_mode & 7, nobody } },
           sizeof entries);
    memcpy(list, "\2\0\0", 4);
    for (size_t i = 0; i < sizeof list - 4; i++) {
        const unsigned *entry = entries[i / 8];
        unsigned word = i % 8 < 4 ? entry[0] | entry[1] << 16 : entry[2];

        list[4 + i] = (unsigned char)(word >> i % 4 * 8);
    }
    if (fsetxattr(fd, "system.posix_acl_access", list, sizeof list, 0) == 0)
        return;
#else
    (void)fd, (void)uid, (void)rights;
#endif
    SKIP("this file system has no lists of rights");
}

/* A counter of processor time, without the headers that not all have. */
void
map_driver_page(struct mmapx *m)
{
#if defined __linux__ && defined SYS_perf_event_open
    uint32_t attributes[16] = { 1, sizeof attributes };
    int fd = (int)syscall(SYS_perf_event_open, attributes, 0, -1, -1, 0UL);

    if (fd >= 0
        && mmapx_map_region(m, fd, 0, page_size(), PROT_READ | PROT_WRITE,
                            MAP_SHARED)
               == 0)
        return;
#else
    (void)m;
#endif
    SKIP("no counter can be opened (kernel.perf_event_paranoid)");
}

#if defined __linux__
static bool
write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text, strlen(text)) >= 0;

    if (fd >= 0)
        close(fd);
    return done;
}

#endif

bool
enter_mount_namespace(void)
{
#if defined __linux__
    char users[32];
    char groups[32];

    snprintf(users, sizeof users, "0 %ld 1", (long)geteuid());
    snprintf(groups, sizeof groups, "0 %ld 1", (long)getegid());
    if (!is_root()
        && (unshare(CLONE_NEWUSER) != 0
            || !write_text("/proc/self/setgroups", "deny")
            || !write_text("/proc/self/uid_map", users)
            || !write_text("/proc/self/gid_map", groups)))
        return false;
    return unshare(CLONE_NEWNS) == 0
           && mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0;
#else
    return false;
#endif
}

int
file_of_own_mount(const char *source, const char *type, const char *options,
                  const char *reason)
{
#if defined __linux__
    char dir[] = "/tmp/mmapx-test-XXXXXX";
    char path[sizeof dir + 8];
    int fd;

    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/file", dir);
    if (!enter_mount_namespace() || mount(source, dir, type, 0, options) != 0) {
        rmdir(dir);
        SKIP("%s", reason);
    }
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    /* Nothing is left behind when the namespace goes. */
    ck_assert_int_eq(umount2(dir, MNT_DETACH), 0);
    ck_assert_int_eq(rmdir(dir), 0);
    return fd;
#else
    (void)source, (void)type, (void)options, (void)reason;
    SKIP("a matter of Linux");
#endif
}

int
tiny_tmpfs_file(size_t size)
{
    char options[32];

    snprintf(options, sizeof options, "size=%zu", size);
    return file_of_own_mount(
        "none", "tmpfs", options,
        "no tmpfs can be mounted: neither root nor a user namespace");
}

/* The pool of huge pages, locked while it is enlarged: other test programs run
 * at the same time and would put it back too early. */
static FILE *huge_pool;
static long huge_pool_before;

static void
set_huge_pool(long pages)
{
    rewind(huge_pool);
    fprintf(huge_pool, "%ld\n", pages);
    fflush(huge_pool);
}

void
fill_huge_pool(void)
{
    huge_pool = fopen("/proc/sys/vm/nr_hugepages", "r+");
    if (huge_pool == NULL)
        return;
    if (flock(fileno(huge_pool), LOCK_EX) != 0
        || fscanf(huge_pool, "%ld", &huge_pool_before) != 1) {
        fclose(huge_pool);
        huge_pool = NULL;
        return;
    }
    set_huge_pool(huge_pool_before + 8);
}

void
restore_huge_pool(void)
{
    if (huge_pool == NULL)
        return;
    set_huge_pool(huge_pool_before);
    fclose(huge_pool);
    huge_pool = NULL;
}

/* --- The report, in TAP --------------------------------------------------- */

/* A message may have several lines; in TAP each is a comment. */
static void
print_comment(const char *text)
{
    fputs("# ", stdout);
    for (; *text != '\0'; text++) {
        putchar(*text);
        if (*text == '\n')
            fputs("# ", stdout);
    }
    putchar('\n');
}

/* Whether the test passed or was skipped. */
static bool
print_result(int number, TestResult *result)
{
    const char *name = tr_tcname(result);
    const char *message = tr_msg(result);

    if (tr_rtype(result) == CK_PASS) {
        printf("ok %d - %s\n", number, name);
        return true;
    }
    if (strncmp(message, "SKIP: ", 6) == 0) {
        printf("ok %d - %s # SKIP %s\n", number, name, message + 6);
        return true;
    }
    printf("not ok %d - %s\n", number, name);
    printf("# %s:%d\n", tr_lfile(result), tr_lno(result));
    print_comment(message);
    return false;
}

int
main(void)
{
    struct rlimit no_core = { 0, 0 };
    SRunner *runner = srunner_create(suite());
    TestResult **results;
    bool good = true;
    int count;

    setrlimit(RLIMIT_CORE, &no_core);
    srunner_run_all(runner, CK_SILENT);
    results = srunner_results(runner);
    count = srunner_ntests_run(runner);
    printf("1..%d\n", count);
    for (int i = 0; i < count; i++)
        good = print_result(i + 1, results[i]) && good;
    free(results);
    srunner_free(runner);
    return good ? 0 : 1;
}
