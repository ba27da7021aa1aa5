/* SPDX-License-Identifier: MIT */
/* Files, and what of them the page cache holds in folios of which size. */
#include "harness/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From headers that clash with others, or that are too old. */
enum {
    CACHESTAT            = 451,
    SET_READ_AHEAD       = 0x1262, /* BLKRASET */
    ADVICE_POPULATE_READ = 22,
};

/* Bytes of memory and of disk that are left to others. */
static const uint64_t SPARED = (uint64_t)1 << 30;
/* What the files take at most, all together. */
static const uint64_t MOST_DISK = (uint64_t)10 << 30;

static void *buffer;
enum { BUFFER = 2 << 20 };

static unsigned char *
get_buffer(void)
{
    if (buffer == NULL && posix_memalign(&buffer, BUFFER, BUFFER) != 0)
        die("posix_memalign");
    return buffer;
}

/* --- Making them --------------------------------------------------------- */

size_t
fitting(size_t wanted_size, bool warm, const char *row)
{
    uint64_t disk = machine_disk();
    uint64_t memory = machine_available();
    size_t size = wanted_size;

    if (disk > MOST_DISK + SPARED)
        disk = MOST_DISK + SPARED;
    while (size > MIB
           && (size + SPARED > disk || (warm && size + SPARED > memory)))
        size /= 2;
    if (size < wanted_size)
        note("row %s: %s instead of %s, for want of %s", row,
             bytes_text((double)size), bytes_text((double)wanted_size),
             wanted_size + SPARED > disk ? "disk" : "memory");
    return size;
}

/* Data that no compression and no search for holes makes less of. */
static bool
write_all(int fd, size_t size, size_t step)
{
    unsigned char *data = get_buffer();

    for (size_t i = 0; i < step; i += 8) {
        uint64_t word = random_below(UINT64_MAX);

        memcpy(data + i, &word, 8);
    }
    for (size_t done = 0; done < size; done += step)
        if (pwrite(fd, data, step, (off_t)done) != (ssize_t)step)
            return false;
    return fsync(fd) == 0;
}

bool
file_make(struct file *f, const char *dir, const char *name, size_t size,
          enum content content)
{
    bool made;

    snprintf(f->path, sizeof f->path, "%s/%s", dir, name);
    f->size = size;
    f->fd = open(f->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (f->fd < 0)
        die("%s", f->path);
    if (content == SPARSE)
        made = ftruncate(f->fd, (off_t)size) == 0;
    else if (content == ALLOCATED)
        made = posix_fallocate(f->fd, 0, (off_t)size) == 0;
    else
        made = write_all(f->fd, size, size < BUFFER ? size : BUFFER);
    if (!made) {
        note("%s of %s: %s", f->path, bytes_text((double)size),
             strerror(errno));
        file_drop(f);
    }
    return made;
}

void
file_drop(struct file *f)
{
    close(f->fd);
    unlink(f->path);
    f->fd = -1;
}

/* --- What is cached ------------------------------------------------------ */

/* By cachestat(2), not by the library: it is the referee here. */
uint64_t
file_cached(const struct file *f)
{
    struct {
        uint64_t off, len;
    } range = { 0, 0 };
    struct {
        uint64_t cached, dirty, writeback, evicted, recently_evicted;
    } found = { 0, 0, 0, 0, 0 };

    if (syscall(CACHESTAT, f->fd, &range, &found, 0) < 0)
        return UINT64_MAX;
    return found.cached;
}

/* Pages that were touched a moment ago may still wait in a list of the CPU's:
 * once more takes them. */
void
file_evict(const struct file *f)
{
    for (int i = 0; i < 4; i++) {
        posix_fadvise(f->fd, 0, 0, POSIX_FADV_DONTNEED);
        if (file_cached(f) == 0)
            return;
        fsync(f->fd);
    }
}

/* --- Folio sizes --------------------------------------------------------- */

/* Advice makes the read-ahead use folios of 2 MiB. */
static bool
fill_large(const struct file *f)
{
    char *p = mmap(NULL, f->size, PROT_READ, MAP_SHARED, f->fd, 0);
    bool filled;

    if (p == MAP_FAILED)
        return false;
    madvise(p, f->size, MADV_HUGEPAGE);
    filled = madvise(p, f->size, ADVICE_POPULATE_READ) == 0;
    munmap(p, f->size);
    return filled;
}

/* A write makes folios of its own size; they stay when they are clean. */
static bool
fill_medium(const struct file *f)
{
    return write_all(f->fd, f->size, MIB);
}

/* Without read-ahead each page gets a folio. */
static bool
fill_small(const struct file *f, size_t from, size_t len)
{
    bool filled = true;

    posix_fadvise(f->fd, 0, 0, POSIX_FADV_RANDOM);
    for (size_t done = 0; done < len && filled; done += MIB) {
        size_t n = len - done < MIB ? len - done : MIB;

        filled = pread(f->fd, get_buffer(), n, (off_t)(from + done))
                 == (ssize_t)n;
    }
    posix_fadvise(f->fd, 0, 0, POSIX_FADV_NORMAL);
    return filled;
}

/* One percent, in pieces; a piece may be met twice. */
static bool
fill_some(const struct file *f, size_t piece)
{
    bool filled = true;

    for (size_t done = 0; done < f->size / 100 && filled; done += piece)
        filled = fill_small(f, (size_t)random_below(f->size / piece) * piece,
                            piece);
    return filled;
}

static bool
fill(const struct file *f, enum state state)
{
    switch (state) {
    case STATE_L:
        return fill_large(f);
    case STATE_M:
        return fill_medium(f);
    case STATE_S:
        return fill_small(f, 0, f->size);
    case STATE_RANDOM:
        return fill_some(f, page_size());
    case STATE_CLUSTERED:
        return fill_some(f, MIB);
    default:
        return true;
    }
}

const char *
state_name(enum state state)
{
    static const char *const names[] = {
        [STATE_EMPTY] = "-",  [STATE_L] = "L",      [STATE_M] = "M",
        [STATE_S] = "S",      [STATE_RANDOM] = "1r", [STATE_CLUSTERED] = "1c",
    };

    return names[state];
}

/* --- Checking that the state is what it should be ------------------------ */

enum {
    ORDERS         = 12,
    PRESENT        = 63, /* bits of /proc/self/pagemap's and */
    COMPOUND_HEAD  = 15, /* /proc/kpageflags' words */
    COMPOUND_TAIL  = 16,
};
#define FRAME_MASK (((uint64_t)1 << 55) - 1)

struct frames {
    int map, flags;
};

static uint64_t
word_at(int fd, uint64_t index)
{
    uint64_t word = 0;

    return pread(fd, &word, 8, (off_t)(index * 8)) == 8 ? word : 0;
}

/* The folio's pages from a page frame on, as a power of two. */
static int
order_of(const struct frames *in, uint64_t frame)
{
    int order = 0;

    /* A tail's head is at most so far away as the folio is long. */
    while ((word_at(in->flags, frame) >> COMPOUND_TAIL & 1) != 0)
        frame--;
    if ((word_at(in->flags, frame) >> COMPOUND_HEAD & 1) == 0)
        return 0;
    while (order + 1 < ORDERS
           && (word_at(in->flags, frame + ((uint64_t)1 << order))
               >> COMPOUND_TAIL & 1) != 0)
        order++;
    return order;
}

/* Look at pages here and there.  False: only root sees frames. */
static bool
sample_orders(const struct file *f, unsigned *orders, unsigned samples)
{
    struct frames in = { open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC),
                         open("/proc/kpageflags", O_RDONLY | O_CLOEXEC) };
    bool seen = in.map >= 0 && in.flags >= 0;

    for (unsigned i = 0; i < samples && seen; i++) {
        uint64_t page = random_below(f->size / page_size());
        volatile char *p = mmap(NULL, page_size(), PROT_READ, MAP_SHARED, f->fd,
                                (off_t)(page * page_size()));
        uint64_t word;

        if (p == MAP_FAILED)
            break;
        (void)*p;
        word = word_at(in.map, (uintptr_t)p / page_size());
        seen = (word >> PRESENT & 1) != 0 && (word & FRAME_MASK) != 0;
        if (seen)
            orders[order_of(&in, word & FRAME_MASK)]++;
        munmap((void *)(uintptr_t)p, page_size());
    }
    close(in.map);
    close(in.flags);
    return seen;
}

/* How many percent of a sample are in folios of the size that is meant. */
static unsigned
right_percent(enum state state, const unsigned *orders, unsigned samples)
{
    size_t size = state == STATE_L ? 2 * MIB : state == STATE_M ? MIB
                                                                : page_size();
    int order = 0;

    while (page_size() << order < size)
        order++;
    return orders[order] * 100 / samples;
}

static void
report_state(const struct file *f, enum state state)
{
    enum { SAMPLES = 200 };
    unsigned orders[ORDERS] = { 0 };
    uint64_t cached = file_cached(f);
    size_t page = page_size();
    double percent = (double)cached * (double)page * 100 / (double)f->size;
    bool whole = state == STATE_L || state == STATE_M || state == STATE_S;
    const char *size = bytes_text((double)f->size);

    if (cached == UINT64_MAX)
        percent = -1;
    if (!whole)
        note("state %s of %s: %.2f %% cached", state_name(state), size,
             percent);
    else if (sample_orders(f, orders, SAMPLES))
        note("state %s of %s: %.2f %% cached, %u %% of a sample in folios of "
             "that size", state_name(state), size, percent,
             right_percent(state, orders, SAMPLES));
    else
        note("state %s of %s: %.2f %% cached, folios not verified (needs root)",
             state_name(state), size, percent);
}

bool
file_fill(const struct file *f, enum state state)
{
    file_evict(f);
    return fill(f, state);
}

bool
file_set(const struct file *f, enum state state)
{
    if (out_of_time())
        return false;
    if (!file_fill(f, state)) {
        note("state %s: %s", state_name(state), strerror(errno));
        return false;
    }
    report_state(f, state);
    return true;
}

/* --- A disk with the usual read-ahead ------------------------------------ */

static struct {
    struct file backing;
    char path[32];
    char dir[400];
    int device;
} disk = { .device = -1 };

/* The device goes with its last user: the mount, which is in a namespace of
 * this process's own, and this descriptor. */
static bool
attach_loop(const char *row)
{
    struct loop_config config = { .fd = (uint32_t)disk.backing.fd };
    int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    int number = control < 0 ? -1 : ioctl(control, LOOP_CTL_GET_FREE);

    if (control >= 0)
        close(control);
    if (number < 0) {
        skip(row, "no loop device to be had");
        return false;
    }
    snprintf(disk.path, sizeof disk.path, "/dev/loop%d", number);
    disk.device = open(disk.path, O_RDWR | O_CLOEXEC);
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO;
    if (disk.device < 0
        || ioctl(disk.device, LOOP_CONFIGURE, &config) < 0
        || ioctl(disk.device, SET_READ_AHEAD, 256UL) < 0) {
        skip(row, "%s: %s", disk.path, strerror(errno));
        return false;
    }
    return true;
}

static bool
mount_loop(const char *row)
{
    const char *mkfs[] = { "mkfs.ext4", "-q", "-F", "-m", "0", disk.path,
                           NULL };
    struct sample s;
    char output[256];

    if (!command_run(mkfs, &s, output, sizeof output)) {
        skip(row, "mkfs.ext4 failed (Debian: e2fsprogs)");
        return false;
    }
    snprintf(disk.dir, sizeof disk.dir, "%s/disk", opt.dir);
    if (mkdir(disk.dir, 0700) < 0 || unshare(CLONE_NEWNS) < 0
        || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0
        || mount(disk.path, disk.dir, "ext4", 0, NULL) < 0) {
        skip(row, "mount: %s", strerror(errno));
        return false;
    }
    return true;
}

const char *
loop_disk(const char *row, size_t size)
{
    if (geteuid() != 0) {
        skip(row, "a loop device with a read-ahead of 128 KiB needs root");
        return NULL;
    }
    /* With room for the file system itself.  Blocks that were never written
     * would be read without I/O, but the file writes all of its own. */
    if (!file_make(&disk.backing, opt.dir, "disk.img",
                   size + size / 8 + 64 * MIB, ALLOCATED))
        return NULL;
    if (attach_loop(row) && mount_loop(row))
        return disk.dir;
    loop_drop();
    return NULL;
}

void
loop_drop(void)
{
    umount2(disk.dir, MNT_DETACH);
    rmdir(disk.dir);
    if (disk.device >= 0)
        close(disk.device);
    disk.device = -1;
    file_drop(&disk.backing);
}
