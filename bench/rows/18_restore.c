/* SPDX-License-Identifier: MIT */
/* Row 18: restoring what a snapshot says. */
#include "rows/tree.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char snapshot[512];

struct job {
    struct file *files;
    size_t n;
    double noted; /* bytes */
};

static void
evict_all(const struct job *job)
{
    for (size_t i = 0; i < job->n; i++)
        file_evict(&job->files[i]);
}

static double
cached_bytes(const struct job *job)
{
    uint64_t pages = 0;

    for (size_t i = 0; i < job->n; i++)
        pages += file_cached(&job->files[i]);
    pages *= page_size();
    return (double)pages;
}

static bool
restore(void *arg, long loops, struct sample *s)
{
    const struct job *job = arg;
    const char *argv[] = { opt.tool, "restore", snapshot, NULL };
    char output[1024];

    (void)loops;
    evict_all(job);
    command_run(argv, s, output, sizeof output);
    s->bytes = cached_bytes(job);
    /* But for what others on the machine may have needed meanwhile. */
    return s->bytes >= job->noted * 0.99;
}

/* All of the files, as a program does that does not know which parts. */
static bool
read_all(void *arg, long loops, struct sample *s)
{
    const struct job *job = arg;
    struct timer t;

    (void)loops;
    evict_all(job);
    timer_start(&t);
    for (size_t i = 0; i < job->n; i++) {
        off_t at = 0;
        ssize_t n;

        while ((n = pread(job->files[i].fd, file_buffer(), 128 * KIB, at)) > 0)
            at += n;
    }
    timer_stop(&t, 1, s);
    s->bytes = job->noted;
    return true;
}

/* Note what is in memory now, of everything in the directory. */
static bool
note_all(struct job *job, const char *dir)
{
    const char *argv[] = { opt.tool, "snapshot", "-r", "-o", snapshot, dir,
                           NULL };
    char output[1024];
    struct sample s;

    job->noted = cached_bytes(job);
    return command_run(argv, &s, output, sizeof output);
}

static void
restore_contest(struct job *job, const char *work, double size, double goal)
{
    struct contest *c = contest_new("18", "-", (size_t)size, "%s", work);
    int ours = contest_add(c, "mmapx restore", restore, job);
    int theirs = contest_add(c, "read all, as cat", read_all, job);

    c->loops = 1;
    contest_run(c);
    compare(c, ours, theirs, TIME_RATIO, goal);
    compare(c, ours, theirs, BYTES_RATIO, 1.1);
    contest_end(c);
}

/* --- Every second page ---------------------------------------------------- */

static void
read_page(const struct file *f, size_t page)
{
    if (pread(f->fd, file_buffer(), page_size(), (off_t)(page * page_size()))
        <= 0)
        die("%s", f->path);
}

static void
second_pages(const char *dir, size_t size)
{
    struct file f;
    struct job job = { .files = &f, .n = 1 };
    char work[64];

    if (!file_make(&f, dir, "pages", size, WRITTEN))
        return;
    file_evict(&f);
    posix_fadvise(f.fd, 0, 0, POSIX_FADV_RANDOM);
    for (size_t page = 0; page < size / page_size(); page += 2)
        read_page(&f, page);
    posix_fadvise(f.fd, 0, 0, POSIX_FADV_NORMAL);
    snprintf(work, sizeof work, "restore every second page of %s",
             bytes_text((double)size));
    if (note_all(&job, dir))
        restore_contest(&job, work, (double)size, 1.1);
    file_drop(&f);
}

/* --- As a database has them ----------------------------------------------- */

/* Many small files and a few large ones: catalogues, tables, indexes. */
static size_t
size_of(size_t i)
{
    return i % 100 == 0 ? 16 * MIB : i % 10 == 0 ? 512 * KIB
                                                 : 8 * KIB * (1 + i % 5);
}

/* The small ones as a whole, of the others every third 64 KiB. */
static void
use(const struct file *f)
{
    size_t step = f->size > 64 * KIB ? 192 * KIB : 64 * KIB;

    posix_fadvise(f->fd, 0, 0, POSIX_FADV_RANDOM);
    for (size_t at = 0; at < f->size; at += step)
        if (pread(f->fd, file_buffer(), 64 * KIB, (off_t)at) <= 0)
            die("%s", f->path);
    posix_fadvise(f->fd, 0, 0, POSIX_FADV_NORMAL);
}

static void
database(const char *dir)
{
    enum { FILES = 1000 };
    static struct file files[FILES];
    struct job job = { .files = files, .n = 0 };
    double size = 0;

    while (job.n < FILES) {
        struct file *f = &files[job.n];
        char name[24];

        snprintf(name, sizeof name, "%zu", job.n);
        if (!file_make(f, dir, name, size_of(job.n), ALLOCATED)
            || !file_write(f, f->size < MIB ? f->size : MIB))
            break;
        size += (double)f->size;
        job.n++;
        file_evict(f);
        use(f);
    }
    if (job.n == FILES && note_all(&job, dir))
        restore_contest(&job, "restore 1000 files of a database", size, 1.1);
    while (job.n > 0)
        file_drop(&files[--job.n]);
}

void
row_restore(void)
{
    size_t size = fitting(opt.quick ? 128 * MIB : GIB, true, "18");
    char files[512];
    const char *dir;

    if (opt.tool == NULL) {
        skip("18", "the command mmapx is not given (--tool)");
        return;
    }
    dir = loop_disk("18", size > 512 * MIB ? size : 512 * MIB);
    if (dir == NULL)
        return;
    snprintf(files, sizeof files, "%s/files", dir);
    snprintf(snapshot, sizeof snapshot, "%s/snapshot", dir);
    if (mkdir(files, 0700) == 0) {
        second_pages(files, size);
        database(files);
    }
    unlink(snapshot);
    loop_drop();
}
