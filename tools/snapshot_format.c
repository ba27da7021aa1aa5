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
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* --- Writing -------------------------------------------------------------- */

void
snapshot_write_begin(FILE *out)
{
    fputs(SNAPSHOT_FIRST_LINE "\n", out);
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

/* The number of the format that the line which was read last names, if it is
 * the first line of a snapshot. */
static const char *
format_of(const struct snapshot_reader *r)
{
    const size_t n = sizeof SNAPSHOT_NAME - 1;

    if (r->number != 1 || strncmp(r->line, SNAPSHOT_NAME, n) != 0)
        return NULL;
    return r->line[n + strspn(r->line + n, "0123456789")] == '\0' ? r->line + n
                                                                  : NULL;
}

void
snapshot_complain(const struct snapshot_reader *r, const char *name)
{
    const char *format = format_of(r);

    if (r->error != 0) {
        tool_failed(name, r->error);
        return;
    }
    begin_complaint(name);
    if (format != NULL && strcmp(r->line, SNAPSHOT_FIRST_LINE) != 0) {
        fprintf(stderr, ": a snapshot in format %s, and this mmapx reads"
                " format " SNAPSHOT_FORMAT " only\n", format);
        return;
    }
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
    if (strcmp(r->line, SNAPSHOT_FIRST_LINE) != 0)
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
