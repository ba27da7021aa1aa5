/* SPDX-License-Identifier: MIT */
/*
 * Opening files ahead of their turn.
 *
 * While a file is worked on, the ones behind it are opened and begun, so that
 * the disk has something to do; they are taken back in the order in which they
 * came.  On a disk one thread does that well: what it waits for are blocks of
 * many inodes each.  Where each name and each file is a question to a server,
 * as many as possible have to be asked at once, and threads do it; they are
 * started when opening turns out to take long.
 */
#include "tool.h"
#include "ahead.h"
#include "filter.h"
#include "pace.h"
#include "threads.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Files ahead, each of which has a descriptor and maybe a directory's: not more
 * than an eighth of what the process may have. */
enum { MOST_FILES = 32, LEAST_FILES = 2, SHARE = 8 };

/* Bytes of all their paths, of which one alone may have more. */
enum { MOST_PATHS = 1 << 20 };

/* Opening that takes so many seconds waits for somebody, if that is so for
 * several files in a row: one alone may have waited for a processor, or for a
 * block of inodes. */
static const double LONG = 200e-6;
enum { IN_A_ROW = 3 };

/* What files are looked up in, while there are some. */
struct directory {
    int fd;
    size_t users;
};

struct slot {
    struct ahead_file f;
    size_t path_size;
    struct directory *directory;
    int dir;
    bool done;
    void *note[AHEAD_NOTE / sizeof(void *)];
};

struct ahead {
    const struct tool_options *o;
    tool_beginner *begin;
    void *arg;
    struct slot slots[MOST_FILES]; /* a ring */
    size_t room;
    size_t first; /* counted on and on; so are those below */
    size_t opened;
    size_t end;
    size_t path_sizes; /* of all files that wait */
    char *taken;       /* the path of the file that was taken last */
    int dir;
    struct directory *directory; /* the same for threads, once it is needed */
    size_t long_ones;            /* files in a row that took long to open */
    size_t most_threads;
    bool is_asked_for; /* that many threads */
    size_t threads;
    pthread_t thread[MOST_FILES];
    pthread_mutex_t lock; /* held for what follows, opened, end and done */
    pthread_cond_t is_added;
    pthread_cond_t is_done;
    bool over;
};

/* --- A file --------------------------------------------------------------- */

/* A name in a directory was filtered when it was read there. */
static const char *
filter(const struct tool_options *o, const struct ahead_file *f)
{
    const char *option = NULL;

    if (f->is_named)
        option = filter_name(o, f->path, S_ISDIR(f->st.st_mode));
    if (option == NULL && S_ISREG(f->st.st_mode))
        option = filter_size(o, f->st.st_size);
    return option;
}

void
ahead_open(struct ahead_file *f, const struct tool_options *o, int dir)
{
    if (f->handle < 0)
        f->handle = f->along
                        ? open_look_along(f->path, &f->st)
                        : open_look(dir, f->path + f->name, f->follow, &f->st);
    f->is_found = f->handle >= 0;
    if (!f->is_found) {
        f->error = errno;
        return;
    }
    f->filter = filter(o, f);
    if (f->filter == NULL && !f->looks)
        f->error = open_file(&f->file, f->handle, &f->st);
    close(f->handle);
}

static void
open_ahead(const struct ahead *a, struct slot *slot)
{
    struct ahead_file *f = &slot->f;

    ahead_open(f, a->o, slot->dir);
    if (f->error == 0 && f->filter == NULL && a->begin != NULL)
        a->begin(&f->file, a->arg);
}

static void
fill(struct slot *slot, const struct ahead_file *f)
{
    slot->f = *f;
    slot->f.path = strdup(f->path);
    if (slot->f.path == NULL)
        tool_no_memory();
    slot->path_size = strlen(f->path) + 1;
    slot->f.file.path = slot->f.path;
    slot->f.file.note = slot->note;
    memset(slot->note, 0, sizeof slot->note);
    if (f->note_size > 0)
        memcpy(slot->note, f->file.note, f->note_size);
    slot->done = false;
}

/* --- Directories ---------------------------------------------------------- */

static void
leave_directory(struct directory *d)
{
    if (d != NULL && --d->users == 0) {
        close(d->fd);
        free(d);
    }
}

void
ahead_directory(struct ahead *a, int dir)
{
    leave_directory(a->directory);
    a->directory = NULL;
    a->dir = dir;
}

/* Have a directory stay open for as long as a thread may need it.  False if
 * there are no descriptors left. */
static bool
keep_directory(struct ahead *a, struct slot *slot)
{
    slot->directory = NULL;
    slot->dir = a->dir;
    if (a->dir == AT_FDCWD)
        return true;
    if (a->directory == NULL) {
        int fd = fcntl(a->dir, F_DUPFD_CLOEXEC, 0);

        if (fd < 0)
            return false;
        a->directory = malloc(sizeof *a->directory);
        if (a->directory == NULL)
            tool_no_memory();
        *a->directory = (struct directory){ .fd = fd, .users = 1 };
    }
    a->directory->users++;
    slot->directory = a->directory;
    slot->dir = a->directory->fd;
    return true;
}

/* --- Threads -------------------------------------------------------------- */

static void *
run_thread(void *arg)
{
    struct ahead *a = arg;

    pthread_mutex_lock(&a->lock);
    while (!a->over) {
        struct slot *slot;

        if (a->opened == a->end) {
            pthread_cond_wait(&a->is_added, &a->lock);
            continue;
        }
        slot = &a->slots[a->opened++ % a->room];
        if (slot->done)
            continue;
        pthread_mutex_unlock(&a->lock);
        open_ahead(a, slot);
        pthread_mutex_lock(&a->lock);
        slot->done = true;
        pthread_cond_signal(&a->is_done);
    }
    pthread_mutex_unlock(&a->lock);
    return NULL;
}

static void
start_threads(struct ahead *a)
{
    while (a->threads < a->most_threads
           && threads_start(&a->thread[a->threads], run_thread, a))
        a->threads++;
    a->most_threads = a->threads;
}

static void
stop_threads(struct ahead *a)
{
    pthread_mutex_lock(&a->lock);
    a->over = true;
    pthread_cond_broadcast(&a->is_added);
    pthread_mutex_unlock(&a->lock);
    while (a->threads > 0)
        pthread_join(a->thread[--a->threads], NULL);
}

/* --- The queue ------------------------------------------------------------ */

static size_t
room_for_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0
        || limit.rlim_cur >= (rlim_t)MOST_FILES * SHARE)
        return MOST_FILES;
    return limit.rlim_cur >= (rlim_t)LEAST_FILES * SHARE
               ? (size_t)(limit.rlim_cur / SHARE)
               : LEAST_FILES;
}

struct ahead *
ahead_new(const struct tool_options *o, tool_beginner *begin, void *arg)
{
    struct ahead *a = calloc(1, sizeof *a);

    if (a == NULL)
        tool_no_memory();
    a->o = o;
    a->begin = begin;
    a->arg = arg;
    a->room = room_for_descriptors();
    a->dir = AT_FDCWD;
    a->is_asked_for = o->jobs > 1;
    a->most_threads = o->jobs == 1 ? 0 : o->jobs == 0 ? a->room : o->jobs;
    if (a->most_threads > a->room)
        a->most_threads = a->room;
    a->most_threads = threads_fitting(a->most_threads);
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->is_added, NULL);
    pthread_cond_init(&a->is_done, NULL);
    return a;
}

bool
ahead_has_room(const struct ahead *a)
{
    return a->end == a->first
           || (a->end - a->first < a->room && a->path_sizes < MOST_PATHS);
}

bool
ahead_has_file(const struct ahead *a)
{
    return a->first < a->end;
}

/* Open a file here and now, and find out how long that takes. */
static void
open_now(struct ahead *a, struct slot *slot)
{
    double began = tool_seconds();

    slot->directory = NULL;
    slot->dir = a->dir;
    open_ahead(a, slot);
    slot->done = true;
    a->opened++;
    a->end++;
    a->long_ones = tool_seconds() - began > LONG ? a->long_ones + 1 : 0;
}

/* Whether what was opened has shown that threads are of use. */
static bool
wants_threads(const struct ahead *a)
{
    return a->most_threads > 0 && a->threads == 0 && a->end > 0
           && (a->is_asked_for || a->long_ones >= IN_A_ROW);
}

void
ahead_add(struct ahead *a, const struct ahead_file *f)
{
    struct slot *slot = &a->slots[a->end % a->room];

    fill(slot, f);
    a->path_sizes += slot->path_size;
    if (wants_threads(a))
        start_threads(a);
    if (a->threads == 0) {
        open_now(a, slot);
        return;
    }
    if (!keep_directory(a, slot)) {
        open_ahead(a, slot);
        slot->done = true;
    }
    pthread_mutex_lock(&a->lock);
    a->end++;
    pthread_cond_signal(&a->is_added);
    pthread_mutex_unlock(&a->lock);
}

struct ahead_file *
ahead_take(struct ahead *a)
{
    struct slot *slot = &a->slots[a->first % a->room];

    if (a->threads > 0) {
        pthread_mutex_lock(&a->lock);
        while (!slot->done)
            pthread_cond_wait(&a->is_done, &a->lock);
        /* One that was opened without the threads is not theirs any more: the
         * next file gets its place. */
        if (a->opened == a->first)
            a->opened++;
        pthread_mutex_unlock(&a->lock);
    }
    a->first++;
    a->path_sizes -= slot->path_size;
    free(a->taken);
    a->taken = slot->f.path;
    leave_directory(slot->directory);
    slot->directory = NULL;
    return &slot->f;
}

void
ahead_free(struct ahead *a)
{
    if (a->threads > 0)
        stop_threads(a);
    ahead_directory(a, AT_FDCWD);
    free(a->taken);
    pthread_mutex_destroy(&a->lock);
    pthread_cond_destroy(&a->is_added);
    pthread_cond_destroy(&a->is_done);
    free(a);
}
