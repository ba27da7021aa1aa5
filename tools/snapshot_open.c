/* SPDX-License-Identifier: MIT */
/* Where a snapshot is read from: a file, a FIFO or standard input. */
#include "tool.h"
#include "interrupt.h"
#include "screen.h"
#include "snapshot_format.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Why a snapshot cannot be read from there, or NULL.  A device may have no end,
 * and to open it may start something. */
static const char *
refusal(const struct stat *st)
{
    if (S_ISREG(st->st_mode) || S_ISFIFO(st->st_mode))
        return NULL;
    return S_ISDIR(st->st_mode) ? strerror(EISDIR)
                                : "Neither a regular file nor a FIFO";
}

static FILE *
refused(const char *path, const char *why)
{
    fputs("mmapx: ", stderr);
    tool_name(stderr, path);
    fprintf(stderr, ": %s\n", why);
    return NULL;
}

static FILE *
failed(const char *path)
{
    if (tool_interrupted == 0)
        tool_failed(path, errno);
    return NULL;
}

/* What comes next from a pipe: a number of bytes, 0 at the end, or -1. */
static ssize_t
read_some(int fd, char *buf, size_t n)
{
    ssize_t some = -1;

    do {
        tool_wait_readable(fd);
        if (tool_interrupted == 0)
            some = read(fd, buf, n);
    } while (tool_interrupted == 0 && some < 0 && errno == EINTR);
    return some;
}

/* What has come from a pipe. */
struct intake {
    size_t begun; /* bytes of the first line */
    size_t at;    /* bytes of the line that it is in */
    char kind;    /* the byte that this line begins with */
    bool ended;
};

/* Whether a byte may be the next one of a snapshot. */
static bool
may_follow(struct intake *in, char byte)
{
    static const char begin[] = SNAPSHOT_FIRST_LINE "\n";
    static const char file[] = "file ", end[] = "end ";
    size_t at = in->at++;

    if (in->begun < sizeof begin - 1) {
        in->at = 0;
        return byte == begin[in->begun++];
    }
    if (at == 0 && in->ended)
        return false;
    if (at == 0)
        in->kind = byte;
    if (byte == '\n') {
        in->ended = in->kind == 'e';
        in->at = 0;
    }
    if (in->kind == 'f' && at < sizeof file - 1)
        return byte == file[at];
    if (in->kind == 'e' && at < sizeof end - 1)
        return byte == end[at];
    return at < SNAPSHOT_LINE
           && (at > 0 || isdigit((unsigned char)byte) || byte == '-');
}

static bool
may_go_on(struct intake *in, const char *buf, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!may_follow(in, buf[i]))
            return false;
    return true;
}

/* What comes, in a file without a name.  There need not be an end: after what
 * no snapshot has, nothing more is taken, and the reader finds that place. */
static FILE *
copy_of(int fd)
{
    FILE *copy = tmpfile();
    struct intake in = { .at = 0 };
    char buf[65536];
    ssize_t n;
    int error;

    if (copy == NULL)
        return NULL;
    while ((n = read_some(fd, buf, sizeof buf)) > 0) {
        if (fwrite(buf, 1, (size_t)n, copy) != (size_t)n)
            break;
        if (!may_go_on(&in, buf, (size_t)n)) {
            n = 0;
            break;
        }
    }
    if (n == 0 && fseeko(copy, 0, SEEK_SET) == 0)
        return copy;
    error = errno;
    fclose(copy);
    errno = error;
    return NULL;
}

static FILE *
open_named(const char *path)
{
    struct stat st;
    FILE *in = NULL;
    int fd = -1;

    if (stat(path, &st) == 0) {
        if (refusal(&st) != NULL)
            return refused(path, refusal(&st));
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    }
    if (fd >= 0 && fstat(fd, &st) == 0 && refusal(&st) != NULL) {
        close(fd);
        return refused(path, refusal(&st));
    }
    if (fd >= 0)
        in = fdopen(fd, "r");
    return in != NULL ? in : failed(path);
}

FILE *
snapshot_open(const char *path)
{
    FILE *in = strcmp(path, "-") == 0 ? stdin : open_named(path);
    FILE *copy;

    if (in == NULL || fseeko(in, 0, SEEK_CUR) == 0)
        return in;
    copy = copy_of(fileno(in));
    if (copy == NULL)
        failed(path);
    if (in != stdin)
        fclose(in);
    return copy;
}
