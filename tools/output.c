/* SPDX-License-Identifier: MIT */
/*
 * A file that is written whole or not at all.
 *
 * A new file beside a regular one takes its place in one step.  Nothing else is
 * ever replaced: that would destroy a device, a FIFO or a link, so these are
 * written through.  Where a link leads to a regular file, that is replaced.
 */
#include "tool.h"
#include "acl.h"
#include "interrupt.h"
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WRITE = O_WRONLY | O_CLOEXEC | O_NOCTTY };

/* A snapshot tells the names in private directories. */
enum { PRIVATE = 0600 };

/* The old file's owner, mode and list of rights.  What others may is left out
 * if it would be others than before.  The mode comes last: until then it keeps
 * a list that the directory gave from granting anything. */
static int
take_over(int fd, const struct stat *old, const char *path)
{
    struct stat st;
    mode_t mode = PRIVATE;

    if (old != NULL) {
        mode = old->st_mode & 0777;
        if (fstat(fd, &st) < 0)
            return -1;
        if (((st.st_uid != old->st_uid || st.st_gid != old->st_gid)
             && fchown(fd, old->st_uid, old->st_gid) < 0)
            || acl_copy(fd, path) < 0)
            mode &= 0700;
    }
    return fchmod(fd, mode);
}

/* --- A new file ----------------------------------------------------------- */

/* Room for the name of a descriptor. */
enum { LINK_ROOM = sizeof "/proc/self/fd/-2147483648" };

static void
descriptor_name(char name[static LINK_ROOM], int fd)
{
    snprintf(name, LINK_ROOM, "/proc/self/fd/%d", fd);
}

/* A file without a name vanishes with a program that is killed.  Only by /proc
 * can everybody give it one in the end. */
static int
open_nameless(const struct output *out)
{
#ifdef O_TMPFILE
    char *dir = strdup(out->path);
    char name[LINK_ROOM];
    char *slash;
    int fd;

    if (dir == NULL)
        tool_no_memory();
    slash = strrchr(dir, '/');
    if (slash != NULL)
        slash[1] = '\0';
    fd = open(slash != NULL ? dir : ".", O_TMPFILE | WRITE, PRIVATE);
    free(dir);
    if (fd < 0)
        return -1;
    descriptor_name(name, fd);
    if (access(name, F_OK) == 0)
        return fd;
    close(fd);
#else
    (void)out;
#endif
    return -1;
}

/* A new file beside the one that it is to replace. */
static int
open_beside(struct output *out, const struct stat *old)
{
    size_t room = strlen(out->path) + sizeof OUTPUT_SUFFIX;
    int fd, error;

    out->replaces = old != NULL;
    if (old != NULL)
        out->old = *old;
    fd = open_nameless(out);
    out->new_name = malloc(room);
    if (out->new_name == NULL)
        tool_no_memory();
    snprintf(out->new_name, room, "%s" OUTPUT_SUFFIX, out->path);
    out->nameless = fd >= 0;
    if (fd < 0)
        fd = mkstemp(out->new_name);
    if (fd >= 0 && take_over(fd, old, out->path) == 0)
        return fd;
    error = errno;
    if (fd >= 0 && !out->nameless)
        unlink(out->new_name);
    if (fd >= 0)
        close(fd);
    free(out->new_name);
    out->new_name = NULL;
    errno = error;
    return -1;
}

/* Give a file without a name the one that it is renamed from.  Somebody may
 * have taken it. */
static int
give_name(struct output *out)
{
    enum { TRIES = 100 };
    char *digits = out->new_name + strlen(out->new_name) - OUTPUT_RANDOM;
    char name[LINK_ROOM];
    struct timespec now;

    descriptor_name(name, fileno(out->stream));
    for (int i = 0; i < TRIES; i++) {
        clock_gettime(CLOCK_REALTIME, &now);
        snprintf(digits, OUTPUT_RANDOM + 1, "%06lx",
                 (unsigned long)now.tv_nsec & 0xffffff);
        if (linkat(AT_FDCWD, name, AT_FDCWD, out->new_name, AT_SYMLINK_FOLLOW)
            == 0) {
            out->nameless = false;
            return 0;
        }
        if (errno != EEXIST)
            break;
    }
    return -1;
}

/* --- What is there already ------------------------------------------------ */

/* Where a link leads to a regular file, that one is to be replaced, under its
 * own name. */
static bool
takes_target(struct output *out, const struct stat *st)
{
    struct stat at_end;
    char *real = realpath(out->path, NULL);

    if (real == NULL || lstat(real, &at_end) < 0
        || at_end.st_dev != st->st_dev || at_end.st_ino != st->st_ino) {
        free(real);
        return false;
    }
    free(out->path);
    out->path = real;
    return true;
}

/* What has been opened already keeps its place and what it has: this program's
 * own by its descriptor, that of another process at its end. */
static int
open_through(const struct output *out, const struct output_target *target)
{
    int flags;

    if (target->fd < 0)
        return open(out->path, WRITE | O_APPEND);
    flags = fcntl(target->fd, F_GETFL);
    if (flags >= 0 && (flags & O_ACCMODE) == O_RDONLY) {
        errno = EBADF;
        return -1;
    }
    return flags < 0 ? -1 : fcntl(target->fd, F_DUPFD_CLOEXEC, 0);
}

/* From now on a write waits.  Returns the descriptor. */
static int
wait_for_room(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags >= 0)
        fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
    return fd;
}

/*
 * Whether a link may be followed here is the system's decision.  The file that
 * it leads to need not be there.  What is a device or a FIFO notices each time
 * that it is opened, so it stays open.
 */
static int
open_end_of_link(struct output *out, struct output_target *target)
{
    struct stat st;
    int fd = open(out->path, WRITE | O_APPEND | O_NONBLOCK);

    if (fd < 0 && errno == ENOENT) {
        free(out->path);
        out->path = target->path;
        target->path = NULL;
        return open_beside(out, NULL);
    }
    if (fd < 0) /* ENXIO: a FIFO that nobody reads yet */
        return open(out->path, WRITE | O_APPEND);
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && takes_target(out, &st)) {
        close(fd);
        return open_beside(out, &st);
    }
    return wait_for_room(fd);
}

static int
open_link(struct output *out)
{
    struct output_target target;
    int fd, error;

    output_find_target(&target, out->path);
    fd = target.is_open ? open_through(out, &target)
                        : open_end_of_link(out, &target);
    error = errno;
    free(target.path);
    errno = error;
    return fd;
}

int
output_open(struct output *out, const char *path)
{
    struct stat st;
    int fd, error;

    *out = (struct output){ .path = strdup(path) };
    if (out->path == NULL)
        tool_no_memory();
    if (lstat(path, &st) < 0)
        fd = errno == ENOENT && *path != '\0' ? open_beside(out, NULL) : -1;
    else if (S_ISREG(st.st_mode))
        fd = open_beside(out, &st);
    else
        fd = S_ISLNK(st.st_mode) ? open_link(out) : open(path, WRITE);
    if (fd >= 0 && fstat(fd, &out->id) == 0)
        out->stream = fdopen(fd, "w");
    if (out->stream != NULL) {
        tool_writes_to(fd);
        return 0;
    }
    error = errno;
    if (fd >= 0)
        close(fd);
    if (fd >= 0 && out->new_name != NULL && !out->nameless)
        unlink(out->new_name);
    free(out->new_name);
    free(out->path);
    return error;
}

/* Pipes and devices need not be able to. */
static bool
synced(const struct output *out)
{
    return fsync(fileno(out->stream)) == 0
           || (out->new_name == NULL
               && (errno == EINVAL || errno == EROFS || errno == ENOTSUP));
}

/* Somebody may have put something else there since. */
static bool
may_replace(const char *path)
{
    struct stat st;

    if (lstat(path, &st) < 0)
        return errno == ENOENT;
    errno = EEXIST;
    return S_ISREG(st.st_mode);
}

/* Put the new file into its place.  Returns 0 or an errno. */
static int
replace(struct output *out)
{
    if (out->nameless && give_name(out) < 0)
        return errno;
    return may_replace(out->path) && rename(out->new_name, out->path) == 0
               ? 0
               : errno;
}

int
output_close(struct output *out, bool good)
{
    int error = 0;

    errno = 0; /* a write that failed some time ago has left none */
    if (fflush(out->stream) != 0 || ferror(out->stream)
        || (good && !synced(out)))
        error = errno != 0 ? errno : EIO;
    good = good && error == 0;
    if (good && out->new_name != NULL)
        error = replace(out);
    if (out->new_name != NULL && !out->nameless && (!good || error != 0))
        unlink(out->new_name);
    tool_writes_to(-1);
    if (fclose(out->stream) != 0 && error == 0)
        error = errno;
    free(out->new_name);
    free(out->path);
    return error;
}
