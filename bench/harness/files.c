/* SPDX-License-Identifier: MIT */
/* Files to work on, and how much of them the page cache holds. */
#include "harness/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/machine.h"
#include "harness/output.h"

/* cachestat(2), which C libraries are too old for. */
enum { CACHESTAT = 451 };

/* Bytes of memory and of disk that are left to others. */
static const uint64_t SPARED = (uint64_t)1 << 30;
/* What the files take at most, all together. */
static const uint64_t MOST_DISK = (uint64_t)10 << 30;

unsigned char *
file_buffer(void)
{
    static void *buffer;

    if (buffer == NULL
        && posix_memalign(&buffer, FILE_BUFFER, FILE_BUFFER) != 0)
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
bool
file_write(const struct file *f, size_t step)
{
    unsigned char *data = file_buffer();

    for (size_t i = 0; i < step; i += 8) {
        uint64_t word = random_below(UINT64_MAX);

        memcpy(data + i, &word, 8);
    }
    for (size_t done = 0; done < f->size; done += step)
        if (pwrite(f->fd, data, step, (off_t)done) != (ssize_t)step)
            return false;
    return fsync(f->fd) == 0;
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
        made = file_write(f, size < FILE_BUFFER ? size : FILE_BUFFER);
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
