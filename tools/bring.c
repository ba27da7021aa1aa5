/* SPDX-License-Identifier: MIT */
/*
 * Bringing parts of a file into memory, those parts and little else.
 *
 * A long part goes through mmapx_cache_load(), which reads ahead.  Where parts
 * are short, what is read ahead of them is more than they are, so the system is
 * told not to; then many of them are asked for before the first is waited for.
 */
#include "tool.h"
#include "bring.h"
#include "interrupt.h"
#include "libmmapx.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* A part of so many bytes is long; so many are read between two looks at the
 * signals; and so many of short parts wait for each other. */
enum { LONG_PART = 2 << 20, LONG_STEP = 8 << 20, WAITING = 4 << 20 };

void
bring_begin(struct bring *b, const struct tool_file *file,
            struct progress *progress)
{
    *b = (struct bring){ .file = file,
                         .progress = progress,
                         .advice = POSIX_FADV_NORMAL };
}

static void
advise(struct bring *b, int advice)
{
    if (b->advice != advice)
        posix_fadvise(b->file->fd, 0, 0, advice);
    b->advice = advice;
}

static int
long_part(struct bring *b, int64_t off, int64_t len)
{
    advise(b, POSIX_FADV_NORMAL);
    for (int64_t n; len > 0; off += n, len -= n) {
        if (tool_interrupted != 0)
            return EINTR;
        /* Up to a multiple, so that no large folio is cut. */
        n = LONG_STEP - off % LONG_STEP;
        n = n < len ? n : len;
        if (mmapx_cache_load(b->file->fd, off, n) < 0)
            return errno;
        progress_add(b->progress, b->file->path, n);
    }
    return 0;
}

/* Read and forget, as far as the file reaches. */
static int
read_part(int fd, int64_t off, int64_t len)
{
    static char scratch[128 << 10];
    ssize_t n = 1;

    for (; len > 0 && n > 0; off += n, len -= n) {
        size_t some = len < (int64_t)sizeof scratch ? (size_t)len
                                                    : sizeof scratch;

        n = pread(fd, scratch, some, (off_t)off);
        if (n < 0 && errno == EINTR && tool_interrupted == 0)
            n = 1, off--, len++; /* again */
    }
    return n < 0 ? errno : 0;
}

int
bring_end(struct bring *b)
{
    int error = 0;

    if (b->n > 0)
        advise(b, POSIX_FADV_RANDOM);
    for (size_t i = 0; i < b->n && b->n > 1; i++)
        posix_fadvise(b->file->fd, (off_t)b->parts[i].off,
                      (off_t)b->parts[i].len, POSIX_FADV_WILLNEED);
    for (size_t i = 0; i < b->n && error == 0; i++) {
        const struct bring_part *part = &b->parts[i];

        if (tool_interrupted != 0)
            return EINTR;
        error = read_part(b->file->fd, part->off, part->len);
        if (error == 0)
            progress_add(b->progress, b->file->path, part->len);
    }
    b->n = 0;
    b->bytes = 0;
    return error;
}

int
bring_part(struct bring *b, int64_t off, int64_t len)
{
    int error;

    if (len < LONG_PART) {
        b->parts[b->n++] = (struct bring_part){ off, len };
        b->bytes += len;
        return b->n == BRING_PARTS || b->bytes >= WAITING ? bring_end(b) : 0;
    }
    error = bring_end(b);
    return error != 0 ? error : long_part(b, off, len);
}

void
bring_next_data(int fd, int64_t *off, int64_t end, int64_t *data_end)
{
#if defined(SEEK_DATA) && defined(SEEK_HOLE)
    off_t data = lseek(fd, (off_t)*off, SEEK_DATA);
    off_t hole = data >= 0 ? lseek(fd, data, SEEK_HOLE) : -1;

    if (data < 0 && errno == ENXIO) {
        *off = *data_end = end;
    } else if (data < 0 || hole < data) {
        *data_end = end;
    } else {
        *off = data < end ? data : end;
        *data_end = hole < end ? hole : end;
    }
#else
    (void)fd;
    (void)off;
    *data_end = end;
#endif
}
