/* SPDX-License-Identifier: MIT */
/*
 * The text of a snapshot.  It may come from anywhere: lines are read into a
 * buffer of fixed size, and no number or path is taken that none could have.
 */
#include "tool.h"
#include "interrupt.h"
#include "snapshot_format.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* --- Writing -------------------------------------------------------------- */

static const char first_line[] = "mmapx snapshot 1";

void
snapshot_write_begin(FILE *out)
{
    fprintf(out, "%s\n", first_line);
}

/* Whatever would not stand on a line, or would do something to a terminal of
 * any kind, and the escape. */
static void
write_path(FILE *out, const char *path)
{
    for (; *path != '\0'; path++) {
        unsigned char byte = (unsigned char)*path;

        if (byte < 32 || byte > 126 || byte == '\\')
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

/* --- Reading -------------------------------------------------------------- */

/* False at the end, and for a line that is none. */
bool
snapshot_line(struct snapshot_reader *r)
{
    size_t n = 0;

    r->number++;
    if (fgets(r->line, sizeof r->line, r->in) != NULL)
        n = strlen(r->line);
    if (n > 0 && r->line[n - 1] == '\n') {
        r->line[n - 1] = '\0';
        return true;
    }
    r->line[0] = '\0';
    return false;
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
    return to - path < PATH_MAX;
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

/* "OFFSET LENGTH", behind everything that was before. */
bool
snapshot_run(const char *line, int64_t *off, int64_t *len)
{
    return parse_decimal(&line, ' ', off) && parse_decimal(&line, '\0', len)
           && *len > 0 && *len <= INT64_MAX - *off;
}

/* One file's lines, of which the first has been read; up to the next line that
 * is no run.  False if something is wrong with them. */
static bool
check_file(struct snapshot_reader *r, off_t at, snapshot_note *note, void *arg,
           int64_t *total)
{
    int64_t end = 0;
    int64_t size, off, len;
    const char *path = snapshot_file(r->line, &size);
    bool counts = path != NULL && note(path, size, at, arg);

    if (path == NULL)
        return false;
    while (snapshot_line(r) && isdigit((unsigned char)r->line[0])) {
        if (!snapshot_run(r->line, &off, &len) || off < end || len > size - off)
            return false;
        end = off + len;
        if (counts)
            *total += len;
    }
    return end > 0;
}

/* The last line says how many files there are. */
bool
snapshot_check(struct snapshot_reader *r, snapshot_note *note, void *arg,
               int64_t *total)
{
    uint64_t files = 0;
    char end[32];

    if (!snapshot_line(r) || strcmp(r->line, first_line) != 0)
        return false;
    snapshot_line(r);
    while (strncmp(r->line, "file ", 5) == 0 && tool_interrupted == 0) {
        off_t at = ftello(r->in) - (off_t)strlen(r->line) - 1;

        if (!check_file(r, at, note, arg, total))
            return false;
        files++;
    }
    if (tool_interrupted != 0)
        return false;
    snprintf(end, sizeof end, "end %" PRIu64, files);
    return strcmp(r->line, end) == 0 && !snapshot_line(r) && feof(r->in);
}
