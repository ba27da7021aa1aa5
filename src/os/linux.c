/* SPDX-License-Identifier: MIT */
/* Linux, with whichever C library. */
#include "../internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

/* From linux/magic.h, linux/capability.h, linux/mman.h and their like, which C
 * libraries do not all pass on and which clash with their own headers. */
enum {
    PROC_MAGIC = 0x9fa0,
    CAPABILITY_VERSION_3 = 0x20080522,
    CAPABILITY_FOWNER = 3,
    LOCK_ONFAULT = 1,
    MEMFD_CLOEXEC = 1,
    MEMFD_ALLOW_SEALING = 2,
    KEEP_SIZE = 1,
    PUNCH_HOLE_KEEP_SIZE = 3,
    GET_SEALS = 1034,
    ADD_SEALS = 1033,
    SEAL_SHRINK = 2,
    PAGEOUT = 21,
    EXTENT_UNWRITTEN = 0x800,
    HUGE_SIZE_SHIFT = 26,
    HUGE_SIZE_MASK = 0x3f,
};
#define HUGETLBFS_MAGIC_NUMBER 0x958458f6u
#define GET_EXTENTS            _IOWR('f', 11, char[32])

/* What the kernel shows for a user or group that has no place in the caller's
 * user namespace (the default of kernel.overflowuid and overflowgid). */
enum { OVERFLOW_ID = 65534 };

/* The size of a huge page on most machines, and the alignment at which the
 * kernel's own file systems place large mappings. */
const size_t mmapx_os_congruence = (size_t)2 << 20;

/* --- Reading /proc, without stdio because that allocates ----------------- */

struct reader {
    int fd;
    size_t at;
    size_t end;
    char buf[1024];
};

static bool
reader_open(struct reader *in, const char *path)
{
    in->fd = open(path, O_RDONLY | O_CLOEXEC);
    in->at = in->end = 0;
    return in->fd >= 0;
}

static int
next_char(struct reader *in)
{
    if (in->at == in->end) {
        ssize_t n = read(in->fd, in->buf, sizeof in->buf);

        if (n <= 0)
            return -1;
        in->at = 0;
        in->end = (size_t)n;
    }
    return (unsigned char)in->buf[in->at++];
}

/* The next line, cut to what fits; false at the end. */
static bool
next_line(struct reader *in, char *line, size_t size)
{
    size_t n = 0;
    int c;

    while ((c = next_char(in)) >= 0 && c != '\n')
        if (n + 1 < size)
            line[n++] = (char)c;
    line[n] = '\0';
    return c >= 0 || n > 0;
}

/* The number in a line "key:  123". */
static int
proc_number(const char *path, const char *key, size_t *number)
{
    struct reader in;
    char line[128];
    bool found = false;

    if (!reader_open(&in, path))
        return -ENOTSUP;
    while (!found && next_line(&in, line, sizeof line))
        found = strncmp(line, key, strlen(key)) == 0;
    close(in.fd);
    if (!found)
        return -ENOTSUP;
    *number = (size_t)strtoull(line + strlen(key), NULL, 10);
    return 0;
}

/* That of a line "key:  123 kB", in bytes. */
static int
proc_bytes(const char *path, const char *key, size_t *bytes)
{
    int r = proc_number(path, key, bytes);

    if (r == 0)
        *bytes *= 1024;
    return r;
}

/* --- Page sizes ---------------------------------------------------------- */

/* Huge pages are hugetlbfs's alone, but other file systems have large blocks
 * too: the extra question is for those only. */
int
mmapx_os_file_page(int fd, size_t blksize, size_t *page)
{
    struct statfs fs;

    *page = mmapx_os_page_size();
    if (blksize <= *page)
        return 0;
    if (fstatfs(fd, &fs) < 0)
        return -errno;
    if ((unsigned)fs.f_type == HUGETLBFS_MAGIC_NUMBER)
        *page = (size_t)fs.f_bsize;
    return 0;
}

int
mmapx_os_anon_page(int flags, size_t *page)
{
    unsigned shift = (unsigned)flags >> HUGE_SIZE_SHIFT & HUGE_SIZE_MASK;

    *page = mmapx_os_page_size();
    if ((flags & MAP_HUGETLB) == 0)
        return 0;
    if (shift == 0)
        return proc_bytes("/proc/meminfo", "Hugepagesize:", page);
    if (shift >= sizeof(size_t) * 8 - 1)
        return -EINVAL;
    *page = (size_t)1 << shift;
    return 0;
}

/* --- Objects ------------------------------------------------------------- */

/* Of some text in procfs the kernel says EIO instead of ENODEV; from another
 * file system that is a real error. */
int
mmapx_os_mmap_error(int err, int fd)
{
    struct statfs fs;

    if (err == -EIO && fstatfs(fd, &fs) == 0 && fs.f_type == PROC_MAGIC)
        return -ENODEV;
    return err;
}

int
mmapx_os_device_size(int fd, int64_t *size)
{
    uint64_t bytes;

    /* By number: C libraries disagree about the type of a request. */
    if (syscall(SYS_ioctl, fd, BLKGETSIZE64, &bytes) < 0)
        return mmapx_os_seek_size(fd, size);
    *size = (int64_t)bytes;
    return 0;
}

/* --- The page cache ------------------------------------------------------ */

/* Newer than many C libraries, and by one distance from this call on every
 * machine, however its numbers begin. */
#ifdef SYS_pidfd_open
enum { CACHESTAT = SYS_pidfd_open + 17 };
#else
enum { CACHESTAT = -1 };
#endif

struct cachestat_range {
    uint64_t off;
    uint64_t len;
};

struct cachestat {
    uint64_t cached;
    uint64_t dirty;
    uint64_t writeback;
    uint64_t evicted;
    uint64_t recently_evicted;
};

static int
cachestat(int fd, int64_t off, int64_t len, struct cachestat *st)
{
    struct cachestat_range range = { (uint64_t)off, (uint64_t)len };

    return syscall(CACHESTAT, fd, &range, st, 0) < 0 ? -errno : 0;
}

/* A sandbox refuses the call as the kernel refuses a caller who may not know;
 * but the kernel looks at the descriptor first. */
int
mmapx_os_cachestat(int fd, int64_t off, int64_t len, struct mmapx_cache *c)
{
    struct cachestat st = { 0 };
    int r = cachestat(fd, off, len, &st);

    if (r == -EPERM && cachestat(-1, off, len, &st) == -EPERM)
        return -ENOSYS;
    if (r == 0)
        *c = (struct mmapx_cache){
            .cached = st.cached,
            .dirty = st.dirty,
            .writeback = st.writeback,
            .evicted = st.evicted,
            .recently_evicted = st.recently_evicted,
            .known = MMAPX_CACHE_CACHED | MMAPX_CACHE_DIRTY
                     | MMAPX_CACHE_WRITEBACK | MMAPX_CACHE_EVICTED
                     | MMAPX_CACHE_RECENTLY_EVICTED,
        };
    return r;
}

/* The list of a file's extents, as the ioctl knows it. */
struct extent {
    uint64_t logical; /* bytes from the beginning of the file */
    uint64_t physical;
    uint64_t length;
    uint64_t reserved64[2];
    uint32_t flags;
    uint32_t reserved[3];
};

enum { EXTENTS = 32 };

struct extents {
    uint64_t start;
    uint64_t length;
    uint32_t flags;
    uint32_t found;
    uint32_t room;
    uint32_t reserved;
    struct extent list[EXTENTS];
};

/*
 * By the file system's list of extents.  lseek(2) with SEEK_DATA would do as
 * well, but it moves the position of a descriptor that is not ours alone.
 * What is allocated and was never written reads as a hole does.
 */
void
mmapx_os_next_data(int fd, int64_t *off, int64_t end, int64_t *data_end)
{
    struct extents extents = { .start = (uint64_t)*off,
                               .length = (uint64_t)(end - *off),
                               .room = EXTENTS };
    const struct extent *extent = extents.list;
    uint64_t begin = (uint64_t)end;
    uint64_t stop = (uint64_t)end;

    *data_end = end;
    if (syscall(SYS_ioctl, fd, GET_EXTENTS, &extents) < 0)
        return;
    for (uint32_t i = 0; i < extents.found; i++, extent++) {
        bool first = begin == (uint64_t)end;

        if ((extent->flags & EXTENT_UNWRITTEN) != 0)
            continue;
        if (!first && extent->logical != stop)
            break;
        if (first)
            begin = extent->logical;
        stop = extent->logical + extent->length;
    }
    /* So many that were never written: there may be more behind them. */
    if (begin == (uint64_t)end && extents.found == EXTENTS)
        begin = stop = extent[-1].logical + extent[-1].length;
    if (begin > (uint64_t)*off)
        *off = begin < (uint64_t)end ? (int64_t)begin : end;
    if (stop < (uint64_t)end)
        *data_end = (int64_t)stop;
}

/* One line of /proc/self/maps: "begin-end perms offset major:minor inode". */
struct mapping {
    uint64_t begin;
    uint64_t end;
    uint64_t offset;
    uint64_t inode; /* 0: no file */
    bool shared;
};

static char *
after_word(char *text)
{
    text += strspn(text, " ");
    return text + strcspn(text, " ");
}

static struct mapping
parse_mapping(const char *line)
{
    struct mapping map;
    char *rest;

    map.begin = strtoull(line, &rest, 16);
    map.end = strtoull(rest + (*rest == '-'), &rest, 16);
    rest = after_word(rest);
    map.shared = rest[-1] == 's';
    map.offset = strtoull(rest, &rest, 16);
    map.inode = strtoull(after_word(rest), NULL, 10);
    return map;
}

static bool
has_one_thread(void)
{
    size_t threads;

    return proc_number("/proc/thread-self/status", "Threads:", &threads) == 0
           && threads == 1;
}

/*
 * Take the pages of a file out of this process's page tables, as far as that
 * loses nothing: pages that somebody has mapped are not evicted.  Mappings are
 * known by the inode alone, since btrfs and overlayfs show another device here
 * than to stat(2); one of another file is merely faulted in again.
 *
 * MADV_DONTNEED would lose what exists nowhere else: what a private mapping was
 * written to, or anything at all that another thread has put in the place of
 * the mapping since it was listed.  MADV_PAGEOUT never does, takes longer, and
 * may leave some pages.  Threads are counted before the list is read: one might
 * map something and end.  An address that is none here is an emulator's.
 */
static void
unmap_pages(int fd, uint64_t off, uint64_t end)
{
    int shared_advice = has_one_thread() ? MADV_DONTNEED : PAGEOUT;
    struct reader in;
    struct stat sb;
    char line[128];

    if (fstat(fd, &sb) < 0 || !reader_open(&in, "/proc/thread-self/maps"))
        return;
    while (next_line(&in, line, sizeof line)) {
        struct mapping map = parse_mapping(line);
        uint64_t from = off > map.offset ? off - map.offset : 0;
        uint64_t to = end > map.offset ? end - map.offset : 0;
        uint64_t len = map.end - map.begin;

        if (to > len)
            to = len;
        if (map.inode == sb.st_ino && from < to
            && (uintptr_t)map.end == map.end)
            mmapx_os_madvise((void *)(uintptr_t)(map.begin + from),
                             (size_t)(to - from),
                             map.shared ? shared_advice : PAGEOUT);
    }
    close(in.fd);
}

int
mmapx_os_evict(int fd, int64_t off, int64_t len)
{
    unmap_pages(fd, (uint64_t)off, (uint64_t)off + (uint64_t)len);
    return -posix_fadvise(fd, (off_t)off, (off_t)len, POSIX_FADV_DONTNEED);
}

/* --- Growing, and memory that cannot shrink ------------------------------- */

int
mmapx_os_mremap(void **addr, size_t old, size_t len, bool may_move)
{
    void *p = mremap(*addr, old, len, may_move ? MREMAP_MAYMOVE : 0);

    if (p == MAP_FAILED)
        return -errno;
    *addr = p;
    return 0;
}

int
mmapx_os_move(void *from, size_t len, void *to)
{
    void *p = mremap(from, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, to);

    return p == MAP_FAILED ? -errno : 0;
}

/* Up to 1 MiB in one call, so that the page cache makes large folios.  The
 * zeros are never written to: they are one page of the system's. */
static int
write_zeros(int fd, int64_t at, int64_t len)
{
    static unsigned char zeros[64 << 10];
    struct iovec part[16];
    size_t want = 0;
    int n = 0;

    for (; n < 16 && len > 0; n++) {
        size_t size = len < (int64_t)sizeof zeros ? (size_t)len : sizeof zeros;

        part[n] = (struct iovec){ zeros, size };
        want += size;
        len -= (int64_t)size;
    }
    /* The file grows with what is written: at no time does somebody see a
     * length whose zeros would still overwrite what he stores. */
    return pwritev(fd, part, n, (off_t)at) == (ssize_t)want ? (int)want : -EIO;
}

int
mmapx_os_extend(int fd, int64_t from, int64_t len)
{
    int flags = fcntl(fd, F_GETFL);
    int64_t end = from + len;
    int n = 0;

    /* A write that goes past the cache, or waits for the disk. */
    if (flags < 0 || (flags & (O_DIRECT | O_DSYNC)) != 0)
        return -ENOTSUP;
    if (fallocate(fd, KEEP_SIZE, (off_t)from, (off_t)len) < 0)
        return -errno;
    for (; from < end && n >= 0; from += n)
        n = write_zeros(fd, from, end - from);
    return n < 0 ? n : 0;
}

/*
 * tmpfs brings back what was stored past the end of the file, in its last page
 * or huge page, when the file grows.  Punching a hole there makes it zero and
 * leaves the size alone.  File systems that cannot do that are not tmpfs.
 */
int
mmapx_os_clear_tail(int fd, int64_t size)
{
    int r;

    do
        r = fallocate(fd, PUNCH_HOLE_KEEP_SIZE, (off_t)size,
                      (off_t)mmapx_os_congruence);
    while (r < 0 && errno == EINTR);
    return r < 0 && errno == EBADF ? -EBADF : 0;
}

/* By number: older C libraries do not have it. */
int
mmapx_os_memfd(const char *name, unsigned flags)
{
    long fd = syscall(SYS_memfd_create, name,
                      flags | MEMFD_CLOEXEC | MEMFD_ALLOW_SEALING);

    return fd < 0 ? -errno : (int)fd;
}

int
mmapx_os_seal_shrink(int fd)
{
    return fcntl(fd, ADD_SEALS, SEAL_SHRINK) < 0 ? -errno : 0;
}

bool
mmapx_os_is_sealed(int fd)
{
    int seals = fcntl(fd, GET_SEALS);

    return seals >= 0 && (seals & SEAL_SHRINK) != 0;
}

/* --- Advice -------------------------------------------------------------- */

/* The kernel looks at the number before it finds the range empty. */
bool
mmapx_os_advice_known(int advice)
{
    return mmapx_os_madvise(NULL, 0, advice) == 0;
}

/* --- Who may know what is resident --------------------------------------- */

/* Whether the caller's user namespace has all ids, so that none overflows. */
static bool
ids_are_mapped(const char *map)
{
    struct reader in;
    char line[64];
    bool found = false;

    if (!reader_open(&in, map))
        return false;
    while (!found && next_line(&in, line, sizeof line)) {
        char *rest;
        unsigned long long inside = strtoull(line, &rest, 10);

        strtoull(rest, &rest, 10); /* outside */
        found = inside == 0 && strtoull(rest, NULL, 10) >= UINT32_MAX;
    }
    close(in.fd);
    return found;
}

/* An overflow id may be anybody's who is not in the namespace, also where the
 * namespace has such an id of its own. */
static bool
id_is_somebodys(const char *map, uintptr_t id)
{
    return id != OVERFLOW_ID || ids_are_mapped(map);
}

/* The capability that makes the kernel take the caller for a file's owner. */
static bool
acts_as_owner(void)
{
    struct {
        uint32_t version;
        int pid;
    } header = { CAPABILITY_VERSION_3, 0 };
    struct {
        uint32_t effective, permitted, inheritable;
    } data[2] = { { 0, 0, 0 }, { 0, 0, 0 } };

    return syscall(SYS_capget, &header, data) == 0
           && (data[0].effective >> CAPABILITY_FOWNER & 1) != 0;
}

/*
 * The kernel's rule: the owner, a caller with CAP_FOWNER, and those whom the
 * mode lets write.  It goes by the file-system ids, not the effective ones;
 * an id that does not exist sets none and brings back the present one.
 */
bool
mmapx_os_may_know(const struct mmapx_os_owner *owner)
{
    if (!id_is_somebodys("/proc/self/uid_map", owner->uid)
        || !id_is_somebodys("/proc/self/gid_map", owner->gid))
        return false;
    return (uid_t)setfsuid((uid_t)-1) == owner->uid || acts_as_owner()
           || mmapx_os_mode_lets_write(owner, (gid_t)setfsgid((gid_t)-1));
}

/* Whether no file lies behind the memory, so that it is the process's own. */
static bool
is_anonymous(uintptr_t begin, uintptr_t end)
{
    struct reader in;
    char line[128];

    if (!reader_open(&in, "/proc/thread-self/maps"))
        return false;
    /* They are by address.  What no line tells of stays in doubt. */
    while (begin < end && next_line(&in, line, sizeof line)) {
        struct mapping map = parse_mapping(line);

        if (map.end <= begin)
            continue;
        if (map.begin > begin || map.inode != 0)
            break;
        begin = (uintptr_t)map.end;
    }
    close(in.fd);
    return begin >= end;
}

bool
mmapx_os_may_know_memory(const void *addr, size_t len)
{
    uintptr_t begin = (uintptr_t)addr;

    return is_anonymous(begin, begin + len)
           || (acts_as_owner()
               && ids_are_mapped("/proc/self/uid_map"));
}

/* --- Touching ------------------------------------------------------------ */

/* From linux/fs.h, since 6.7. */
struct scan {
    uint64_t size, flags;
    uint64_t start, end, walk_end;
    uint64_t vec, vec_len, max_pages;
    uint64_t inverted, all_of, any_of, returned;
};
struct scan_region {
    uint64_t start, end, categories;
};
enum { PAGE_PRESENT = 1 << 3 };

/* Pages for one system call; as many bytes fit any pipe. */
enum { TOUCHES = 256 };

int
mmapx_os_unmapped(const struct mmapx_os_toucher *t, unsigned char **addr,
                  size_t *len)
{
    struct scan_region found = { 0, 0, 0 };
    struct scan scan = {
        .size = sizeof scan,
        .start = (uintptr_t)*addr,
        .end = (uintptr_t)*addr + *len,
        .vec = (uintptr_t)&found,
        .vec_len = 1,
        .inverted = PAGE_PRESENT,
        .all_of = PAGE_PRESENT,
        .returned = PAGE_PRESENT,
    };

    /* By number: C libraries disagree about the type of a request. */
    if (syscall(SYS_ioctl, t->pages, _IOWR('f', 16, struct scan), &scan) < 0)
        return -errno;
    *addr = (unsigned char *)(uintptr_t)found.start;
    *len = (size_t)(found.end - found.start);
    return 0;
}

int
mmapx_os_toucher_open(struct mmapx_os_toucher *t)
{
    unsigned char *nowhere = NULL;
    size_t len = 0;
    int ends[2];

    t->pages = open("/proc/thread-self/pagemap", O_RDONLY | O_CLOEXEC);
    if (t->pages < 0)
        return -errno;
    /* Kernels before 6.7 cannot look for what is not mapped. */
    if (mmapx_os_unmapped(t, &nowhere, &len) < 0
        || pipe2(ends, O_CLOEXEC) < 0) {
        close(t->pages);
        return -ENOTSUP;
    }
    t->from = ends[0];
    t->to = ends[1];
    return 0;
}

void
mmapx_os_toucher_close(struct mmapx_os_toucher *t)
{
    close(t->from);
    close(t->to);
    close(t->pages);
}

/* Hand the bytes to a pipe, and take them out again. */
int
mmapx_os_touch(const struct mmapx_os_toucher *t, unsigned char *addr,
               size_t len, size_t stride)
{
    struct iovec bytes[TOUCHES];
    char sink[TOUCHES];
    bool whole = true;

    for (size_t at = 0; at < len && whole;) {
        ssize_t done;
        int n = 0;

        for (; n < TOUCHES && at < len; n++, at += stride)
            bytes[n] = (struct iovec){ addr + at, 1 };
        done = writev(t->to, bytes, n);
        if (done < 0)
            return -errno;
        whole = read(t->from, sink, (size_t)done) == done && done == n;
    }
    return whole ? 0 : -EFAULT;
}

uint64_t
mmapx_os_cpu_time(void)
{
    struct timespec t = { 0, 0 };

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* --- Locking ------------------------------------------------------------- */

/* By number: glibc's mlock2 turns ENOSYS into EINVAL. */
int
mmapx_os_mlock_onfault(void *addr, size_t len)
{
#ifdef SYS_mlock2
    return syscall(SYS_mlock2, addr, len, LOCK_ONFAULT) < 0 ? -errno : 0;
#else
    (void)addr, (void)len;
    return -ENOSYS;
#endif
}

int
mmapx_os_locked(size_t *locked)
{
    return proc_bytes("/proc/thread-self/status", "VmLck:", locked);
}
