/* SPDX-License-Identifier: MIT */
/*
 * What the kernel knows of each page of a file: /proc/kpageflags and
 * /proc/kpagecount, by the numbers of page frames.  The only way to these
 * numbers is to map the pages, and to ask about the own page table.
 */
#include "tool.h"
#include "interrupt.h"
#include "libmmapx.h"
#include "stay.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Bytes that are mapped at a time, and pages that are asked about at once. */
enum { WINDOW = 256 << 20, PAGES = 512 };

/* Documentation/admin-guide/mm/pagemap.rst */
static const uint64_t frame_mask = (UINT64_C(1) << 55) - 1;
static const uint64_t present = UINT64_C(1) << 63;
static const uint64_t dirty = 1 << 4 | 1 << 8; /* or being written back */
static const uint64_t locked = UINT64_C(1) << 33 | 1 << 18;

/* Opened for the first file that needs them, since most others do too. */
static struct tables {
    int pagemap;
    int flags;
    int count;
    bool opened;
    int error; /* why they cannot be, or 0 */
} tables;

static int
open_tables(void)
{
    struct tables *t = &tables;

    if (t->opened)
        return t->error;
    t->opened = true;
    t->pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    t->flags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
    t->count = open("/proc/kpagecount", O_RDONLY | O_CLOEXEC);
    t->error = t->pagemap < 0 || t->flags < 0 || t->count < 0 ? errno : 0;
    return t->error;
}

void
stay_close_tables(void)
{
    const int fds[] = { tables.pagemap, tables.flags, tables.count };

    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (tables.opened && fds[i] >= 0)
            close(fds[i]);
    tables = (struct tables){ 0 };
}

/* So many numbers of a table.  Returns 0 or an errno. */
static int
read_numbers(int fd, uint64_t first, uint64_t *numbers, size_t n)
{
    size_t bytes = n * sizeof *numbers;
    ssize_t got = pread(fd, numbers, bytes, (off_t)(first * sizeof *numbers));

    if (got < 0)
        return errno;
    return (size_t)got == bytes ? 0 : EIO;
}

/* Frames that follow one another.  One mapping of each is this program's. */
static int
count_frames(struct stay_pages *pages, uint64_t first, size_t n)
{
    uint64_t flags[PAGES], counts[PAGES];
    int error = read_numbers(tables.flags, first, flags, n);

    if (error == 0)
        error = read_numbers(tables.count, first, counts, n);
    for (size_t i = 0; i < n && error == 0; i++) {
        if ((flags[i] & dirty) != 0)
            pages->dirty++;
        else if ((flags[i] & locked) != 0)
            pages->locked++;
        else if (counts[i] > 1)
            pages->mapped++;
    }
    return error;
}

/* So many pages that this program has mapped, from an address on. */
static int
count_mapped(struct stay_pages *pages, uintptr_t addr, size_t n)
{
    uint64_t entries[PAGES];
    int error = read_numbers(tables.pagemap, addr / mmapx_page_size(NULL),
                             entries, n);

    for (size_t i = 0, run; i < n && error == 0; i += run) {
        uint64_t frame = entries[i] & frame_mask;

        run = 1;
        if ((entries[i] & present) == 0)
            continue;
        if (frame == 0)
            return EPERM;
        while (i + run < n && entries[i + run] == entries[i] + run)
            run++;
        error = count_frames(pages, frame, run);
    }
    return error;
}

/* A run of resident pages of a mapping.  What cannot be had has gone. */
static int
count_run(struct stay_pages *pages, const struct mmapx *m,
          const struct mmapx_run *run)
{
    size_t page = mmapx_page_size(NULL);
    size_t end = run->off + run->len;
    uintptr_t base = (uintptr_t)m->addr;
    int error = 0;

    for (size_t n, off = run->off; off < end && error == 0; off += n) {
        uintptr_t addr = (base + off) / page * page;

        n = PAGES * page - (base + off - addr);
        n = n < end - off ? n : end - off;
        if (tool_interrupted != 0)
            return EINTR;
        if (mmapx_populate(m, off, n, MMAPX_POPULATE_READ) == 0)
            error = count_mapped(pages, addr,
                                 (base + off + n - addr + page - 1) / page);
    }
    return error;
}

static int
count_window(struct stay_pages *pages, const struct work_file *f, int64_t off,
             int64_t len)
{
    struct mmapx m;
    struct mmapx_run run = { .len = 0 };
    int error = 0;

    if (mmapx_map_region(&m, f->file->fd, off, (size_t)len, PROT_READ,
                         MAP_SHARED)
        < 0)
        return errno;
    for (size_t at = 0; at < m.len && error == 0; at = run.off + run.len) {
        if (mmapx_resident_run(&m, at, &run) < 0)
            error = errno;
        else if (run.resident)
            error = count_run(pages, &m, &run);
    }
    mmapx_unmap(&m);
    return error;
}

int
stay_count_pages(struct stay_pages *pages, const struct work_file *f)
{
    int64_t end = f->off + f->len;
    int error = open_tables();

    *pages = (struct stay_pages){ 0 };
    for (int64_t n, off = f->off; off < end && error == 0; off += n) {
        n = end - off < WINDOW ? end - off : WINDOW;
        error = count_window(pages, f, off, n);
    }
    return error;
}
