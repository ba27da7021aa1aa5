/* SPDX-License-Identifier: MIT */
/*
 * Opening files ahead of their turn.
 *
 * While a file is worked on, the ones behind it are opened and begun, so that
 * the disk has something to do; they are taken back in the order in which they
 * came.  Several threads open them where that is of use (relay.c).
 */
#include "tool.h"
#include "ahead.h"
#include "filter.h"
#include "interrupt.h"
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Files ahead, each of which has a descriptor and maybe a directory's: not more
 * than an eighth of what the process may have. */
enum { LEAST_FILES = 2, SHARE = 8 };

/* Bytes of all their paths, of which one alone may have more. */
enum { MOST_PATHS = 1 << 20 };

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
    void *note[AHEAD_NOTE / sizeof(void *)];
};

struct ahead {
    const struct tool_options *o;
    tool_beginner *begin;
    void *arg;
    struct relay relay;
    struct slot slots[RELAY_ROOM];
    size_t path_sizes; /* of all files that wait */
    char *taken;       /* the path of the file that was taken last */
    int dir;
    struct directory *directory; /* the same for threads, once it is needed */
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

/* When the work has been interrupted, nothing more is to be done. */
static void
open_ahead(void *ahead, size_t place)
{
    struct ahead *a = ahead;
    struct slot *slot = &a->slots[place % a->relay.room];
    struct ahead_file *f = &slot->f;

    if (tool_interrupted != 0) {
        if (f->handle >= 0)
            close(f->handle);
        f->error = EINTR;
        return;
    }
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

/* Where a file is looked up, by a thread in a directory that stays open for as
 * long as that may take.  False if there are no descriptors left for it. */
static bool
keep_directory(struct ahead *a, struct slot *slot)
{
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

/* --- The queue ------------------------------------------------------------ */

static size_t
room_for_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0
        || limit.rlim_cur >= (rlim_t)RELAY_ROOM * SHARE)
        return RELAY_ROOM;
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
    a->dir = AT_FDCWD;
    /* To evict a file is so little work that handing it to other processors
     * takes a quarter more of it. */
    relay_begin(&a->relay, room_for_descriptors(), o->jobs,
                o->command != TOOL_EVICT, open_ahead, a);
    return a;
}

bool
ahead_has_room(const struct ahead *a)
{
    size_t n = a->relay.end - a->relay.first;

    return n == 0 || (n < a->relay.room && a->path_sizes < MOST_PATHS);
}

bool
ahead_has_file(const struct ahead *a)
{
    return a->relay.first < a->relay.end;
}

void
ahead_add(struct ahead *a, const struct ahead_file *f)
{
    struct slot *slot = &a->slots[a->relay.end % a->relay.room];

    fill(slot, f);
    a->path_sizes += slot->path_size;
    slot->directory = NULL;
    slot->dir = a->dir;
    relay_add(&a->relay, relay_is_shared(&a->relay) && keep_directory(a, slot));
}

struct ahead_file *
ahead_take(struct ahead *a)
{
    struct slot *slot = &a->slots[relay_take(&a->relay) % a->relay.room];

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
    relay_end(&a->relay);
    ahead_directory(a, AT_FDCWD);
    free(a->taken);
    free(a);
}
