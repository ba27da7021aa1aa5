/* SPDX-License-Identifier: MIT */
/*
 * The text of a snapshot.  It may come from anywhere: lines have a longest
 * length, and no number or path is taken that none could have.
 */
#include "tool.h"
#include "interrupt.h"
#include "screen.h"
#include "snapshot_format.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- Writing -------------------------------------------------------------- */

#define FIRST_LINE "mmapx snapshot 1"

void
snapshot_write_begin(FILE *out)
{
    fputs(FIRST_LINE "\n", out);
}

/* Whatever would not stand on a line, or would do something to a terminal of
 * any kind, and the escape. */
static bool
is_escaped(unsigned char byte)
{
    return byte < 32 || byte > 126 || byte == '\\';
}

bool
snapshot_takes(const char *path)
{
    size_t n = sizeof "file 9223372036854775807 ";

    for (; *path != '\0' && n < SNAPSHOT_LINE; path++)
        n += is_escaped((unsigned char)*path) ? 4 : 1;
    return n < SNAPSHOT_LINE;
}

static void
write_path(FILE *out, const char *path)
{
    for (; *path != '\0'; path++) {
        unsigned char byte = (unsigned char)*path;

        if (is_escaped(byte))
            fprintf(out, "\\%03o", byte);
        else
            putc(byte, out);
    }
}

void
snapshot_write_file(FILE *out, const char *path, int64_t size)
{
    fprintf(out, "file %" PRId64 " ", size);
    write_path(out, path);
    putc('\n', out);
}

void
snapshot_write_run(FILE *out, int64_t off, int64_t len)
{
    fprintf(out, "%" PRId64 " %" PRId64 "\n", off, len);
}

void
snapshot_write_end(FILE *out, uint64_t files)
{
    fprintf(out, "end %" PRIu64 "\n", files);
}

/* --- Opening -------------------------------------------------------------- */

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
    static const char begin[] = FIRST_LINE "\n";
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

/* --- Lines ---------------------------------------------------------------- */

static void
make_room(struct snapshot_reader *r, size_t n)
{
    if (n < r->room)
        return;
    r->room = 2 * n + 4096;
    r->line = realloc(r->line, r->room);
    if (r->line == NULL)
        tool_no_memory();
}

static enum snapshot_kind
kind_of(const char *line)
{
    if (isdigit((unsigned char)line[0]) || line[0] == '-')
        return SNAPSHOT_RUN;
    if (strncmp(line, "file ", 5) == 0)
        return SNAPSHOT_FILE;
    return strncmp(line, "end ", 4) == 0 ? SNAPSHOT_END : SNAPSHOT_OTHER;
}

/* A NUL becomes a character that no line has.  What is too long is not read to
 * its end, since there need not be any. */
enum snapshot_kind
snapshot_line(struct snapshot_reader *r)
{
    size_t n = 0;
    int c;

    r->number++;
    r->at = ftello(r->in);
    while ((c = getc_unlocked(r->in)) != EOF && c != '\n'
           && n < SNAPSHOT_LINE) {
        make_room(r, n + 1);
        r->line[n++] = (char)(c != '\0' ? c : '\1');
    }
    make_room(r, n);
    r->line[n] = '\0';
    if (c != EOF && c != '\n')
        return SNAPSHOT_OTHER;
    if (c == EOF && ferror(r->in))
        r->error = errno;
    if (c == EOF)
        return n == 0 && r->error == 0 ? SNAPSHOT_EOF : SNAPSHOT_OTHER;
    return kind_of(r->line);
}

static void
begin_complaint(const char *name)
{
    tool_flush();
    fputs("mmapx: ", stderr);
    tool_name(stderr, name);
}

void
snapshot_complain(const struct snapshot_reader *r, const char *name)
{
    if (r->error != 0) {
        tool_failed(name, r->error);
        return;
    }
    begin_complaint(name);
    fprintf(stderr, ": not a snapshot, or damaged in line %" PRIu64 "\n",
            r->number);
}

void
snapshot_leave_out(const struct snapshot_entry *e, const char *name)
{
    begin_complaint(name);
    fprintf(stderr, ": line %" PRIu64 " is wrong, its file is left out\n",
            e->bad);
}

void
snapshot_close(struct snapshot_reader *r)
{
    fclose(r->in);
    free(r->line);
}

/* A number up to an end that is not part of it. */
static bool
parse_decimal(const char **text, char end, int64_t *number)
{
    char *rest;
    uintmax_t n;

    if (!isdigit((unsigned char)**text))
        return false;
    errno = 0;
    n = strtoumax(*text, &rest, 10);
    if (errno != 0 || n > INT64_MAX || *rest != end)
        return false;
    *number = (int64_t)n;
    *text = rest + 1;
    return true;
}

/* Undo the escapes, in place.  False for what no snapshot has. */
static bool
unescape(char *path)
{
    const char *from = path;
    char *to = path;

    if (*path != '/')
        return false;
    while (*from != '\0') {
        unsigned byte = (unsigned char)*from++;

        if (byte < 32 || byte > 126)
            return false;
        if (byte == '\\') {
            byte = 0;
            for (int i = 0; i < 3; i++, from++) {
                if (*from < '0' || *from > '7')
                    return false;
                byte = byte * 8 + (unsigned)(*from - '0');
            }
            if (byte == 0 || byte > 255)
                return false;
        }
        *to++ = (char)byte;
    }
    *to = '\0';
    return true;
}

/* "file SIZE PATH"; the path stands in the line afterwards. */
const char *
snapshot_file(char *line, int64_t *size)
{
    static const char word[] = "file ";
    const char *rest = line + sizeof word - 1;
    char *path;

    if (strncmp(line, word, sizeof word - 1) != 0
        || !parse_decimal(&rest, ' ', size))
        return NULL;
    path = line + (rest - line);
    return unescape(path) ? path : NULL;
}

bool
snapshot_run(const char *line, int64_t *off, int64_t *len)
{
    int64_t end = *off + *len;

    return parse_decimal(&line, ' ', off) && parse_decimal(&line, '\0', len)
           && *len > 0 && *len <= INT64_MAX - *off && *off >= end;
}

int64_t
snapshot_within(int64_t size, int64_t off, int64_t len)
{
    int64_t left = size > off ? size - off : 0;

    return len < left ? len : left;
}

/* --- The whole ------------------------------------------------------------ */

/* An entry, of which the first line has been read, up to the line behind it. */
static enum snapshot_kind
read_entry(struct snapshot_reader *r, struct snapshot_entry *e)
{
    int64_t off = 0;
    int64_t len = 0;
    int64_t size = 0;
    enum snapshot_kind kind;
    const char *path = snapshot_file(r->line, &size);

    *e = (struct snapshot_entry){ .at = r->at, .size = size };
    if (path == NULL)
        e->bad = r->number;
    else if ((e->path = strdup(path)) == NULL)
        tool_no_memory();
    while ((kind = snapshot_line(r)) == SNAPSHOT_RUN
           && tool_interrupted == 0) {
        if (e->bad == 0 && !snapshot_run(r->line, &off, &len))
            e->bad = r->number;
        if (e->bad == 0)
            e->bytes = tool_sum(e->bytes, snapshot_within(size, off, len));
    }
    return kind;
}

/* The last line says how many entries there are. */
bool
snapshot_check(struct snapshot_reader *r, snapshot_note *note, void *arg)
{
    uint64_t entries = 0;
    enum snapshot_kind kind;
    char end[32];

    snapshot_line(r);
    if (strcmp(r->line, FIRST_LINE) != 0)
        return false;
    kind = snapshot_line(r);
    while (kind == SNAPSHOT_FILE && tool_interrupted == 0) {
        struct snapshot_entry e;

        kind = read_entry(r, &e);
        if ((kind == SNAPSHOT_FILE || kind == SNAPSHOT_END)
            && tool_interrupted == 0)
            note(&e, arg);
        free(e.path);
        entries++;
    }
    snprintf(end, sizeof end, "end %" PRIu64, entries);
    return tool_interrupted == 0 && kind == SNAPSHOT_END
           && strcmp(r->line, end) == 0 && snapshot_line(r) == SNAPSHOT_EOF;
}
