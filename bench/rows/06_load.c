/* SPDX-License-Identifier: MIT */
/* Row 6: bringing a file into the cache. */
#include "rows/rows.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Bytes of a line of the processor's caches. */
enum { LINE = 64 };

struct load {
    const struct file *file;
    void (*prepare)(const struct file *f); /* before each sample */
};

/* Every second MiB is cached, and nothing else.  It is read anew each time,
 * since nobody can drop a half of a huge page. */
static void
halve(const struct file *f)
{
    file_evict(f);
    posix_fadvise(f->fd, 0, 0, POSIX_FADV_RANDOM);
    for (size_t at = MIB; at < f->size; at += 2 * MIB)
        if (pread(f->fd, file_buffer(), MIB, (off_t)at) != MIB)
            die("%s", f->path);
    posix_fadvise(f->fd, 0, 0, POSIX_FADV_NORMAL);
}

static void
leave(const struct file *f)
{
    (void)f;
}

/* But for what others on the machine may have needed meanwhile. */
static bool
is_cached(const struct file *f)
{
    return file_cached(f) >= f->size / page_size() / 100 * 99;
}

static bool
our_load(void *arg, long loops, struct sample *s)
{
    const struct load *job = arg;
    struct timer t;

    job->prepare(job->file);
    timer_start(&t);
    if (mmapx_cache_load(job->file->fd, 0, -1) != 0)
        return false;
    timer_stop(&t, loops, s);
    return is_cached(job->file);
}

static bool
run_load(const struct load *job, const char *const *argv, struct sample *s)
{
    char output[1024];

    job->prepare(job->file);
    return command_run(argv, s, output, sizeof output)
           && is_cached(job->file);
}

static bool
vmtouch_load(void *arg, long loops, struct sample *s)
{
    const struct load *job = arg;
    const char *argv[] = { "vmtouch", "-t", job->file->path, NULL };

    (void)loops;
    return run_load(job, argv, s);
}

static bool
tool_load(void *arg, long loops, struct sample *s)
{
    const struct load *job = arg;
    const char *argv[] = { opt.tool, "load", job->file->path, NULL };

    (void)loops;
    return run_load(job, argv, s);
}

/* What a program does by itself: read it all, as it comes. */
static bool
read_load(void *arg, long loops, struct sample *s)
{
    static char buf[128 << 10];
    const struct load *job = arg;
    off_t at = 0;
    ssize_t n;
    struct timer t;

    job->prepare(job->file);
    timer_start(&t);
    while ((n = pread(job->file->fd, buf, sizeof buf, at)) > 0)
        at += n;
    timer_stop(&t, loops, s);
    return is_cached(job->file);
}

static void
load_contest(const struct file *f, void (*prepare)(const struct file *f),
             const char *state, const char *what, double goal)
{
    struct load job = { f, prepare };
    struct contest *c = contest_new("6", state, f->size, "load %s, %s",
                                    bytes_text((double)f->size), what);
    int ours = contest_add(c, "mmapx_cache_load", our_load, &job);
    int tool = contest_add(c, "mmapx load", opt.tool != NULL ? tool_load : NULL,
                           &job);
    int vmtouch = contest_add(c, "vmtouch -t",
                              command_exists("vmtouch") ? vmtouch_load : NULL,
                              &job);
    int plain = contest_add(c, "read by 128 KiB", read_load, &job);

    c->loops = 1;
    contest_run(c);
    compare(c, ours, vmtouch, TIME_RATIO, goal);
    compare(c, tool, vmtouch, TIME_RATIO, goal);
    compare(c, ours, plain, TIME_RATIO, NO_GOAL);
    contest_end(c);
}

/* --- What it is good for afterwards --------------------------------------- */

/* Touch each page of a fresh mapping, as a program does that has the file
 * mapped: another line of each, since the first lines of all pages share a few
 * places in the processor's caches, and to wait for these is not what is
 * measured. */
static bool
touch_pages(const struct file *f, struct sample *s)
{
    char *p = mmap(NULL, f->size, PROT_READ, MAP_SHARED, f->fd, 0);
    size_t page = page_size();
    struct timer t;

    if (p == MAP_FAILED)
        return false;
    timer_start(&t);
    for (size_t i = 0, line = 0; i < f->size; i += page, line += LINE)
        (void)*(const volatile char *)(p + i + line % page);
    timer_stop(&t, 1, s);
    munmap(p, f->size);
    return true;
}

/* The second time: in a virtual machine the first access to memory that a
 * device has filled waits for the host, whatever the folios are. */
static bool
touch_after(runner *load, void *arg, struct sample *s)
{
    const struct load *job = arg;

    return load(arg, 1, s) && touch_pages(job->file, s)
           && touch_pages(job->file, s);
}

static bool
touch_after_ours(void *arg, long loops, struct sample *s)
{
    (void)loops;
    return touch_after(our_load, arg, s);
}

static bool
touch_after_vmtouch(void *arg, long loops, struct sample *s)
{
    (void)loops;
    return touch_after(vmtouch_load, arg, s);
}

static bool
touch_after_read(void *arg, long loops, struct sample *s)
{
    (void)loops;
    return touch_after(read_load, arg, s);
}

static void
touch_contest(const struct file *f)
{
    struct load job = { f, file_evict };
    struct contest *c = contest_new("6", "-", f->size,
                                    "touch %s that was loaded",
                                    bytes_text((double)f->size));
    int ours = contest_add(c, "mmapx_cache_load", touch_after_ours, &job);
    int vmtouch = contest_add(c, "vmtouch -t",
                              command_exists("vmtouch") ? touch_after_vmtouch
                                                        : NULL,
                              &job);
    int plain = contest_add(c, "read by 128 KiB, as cat", touch_after_read,
                            &job);

    c->loops = 1;
    contest_run(c);
    compare(c, ours, vmtouch, TIME_RATIO, 0.1);
    compare(c, ours, plain, TIME_RATIO, 0.5);
    contest_end(c);
}

void
row_load(void)
{
    size_t size = fitting(opt.quick ? 64 * MIB : GIB, true, "6");
    const char *dir = loop_disk("6", size);
    struct file f;

    if (dir == NULL)
        return;
    note("row 6: on a loop device with a read-ahead of 128 KiB");
    if (file_make(&f, dir, "load", size, WRITTEN)) {
        load_contest(&f, file_evict, "-", "cold", 0.65);
        touch_contest(&f);
        load_contest(&f, halve, "-", "half of it cached", 0.8);
        if (file_set(&f, STATE_S))
            load_contest(&f, leave, "S", "cached already", 0.2);
        file_drop(&f);
    }
    loop_drop();
}
