/* SPDX-License-Identifier: MIT */
/* What a stream leads to, and how to write names and sizes to it. */
#include "tool.h"
#include "screen.h"

#include <inttypes.h>
#include <langinfo.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>
#ifdef FPENDING_IN_STDIO_EXT
#include <stdio_ext.h>
#endif

static bool
is_set(const char *variable)
{
    const char *value = getenv(variable);

    return value != NULL && *value != '\0';
}

/* A number that the environment has, or 0. */
static size_t
variable(const char *name)
{
    const char *value = getenv(name);
    long number = value != NULL ? strtol(value, NULL, 10) : 0;

    return number > 0 ? (size_t)number : 0;
}

static void
measure(struct tool_screen *screen, int fd)
{
    struct winsize size = { 0 };

    if (ioctl(fd, TIOCGWINSZ, &size) < 0)
        size = (struct winsize){ 0 };
    screen->columns = variable("COLUMNS");
    screen->rows = variable("LINES");
    if (screen->columns == 0)
        screen->columns = size.ws_col > 0 ? size.ws_col : 80;
    if (screen->rows == 0)
        screen->rows = size.ws_row > 0 ? size.ws_row : 24;
}

bool
tool_can_draw(FILE *stream)
{
    const char *term = getenv("TERM");

    return isatty(fileno(stream)) == 1 && term != NULL && *term != '\0'
           && strcmp(term, "dumb") != 0;
}

void
tool_screen_of(struct tool_screen *screen, FILE *stream, enum tool_when colour)
{
    bool draws = tool_can_draw(stream);

    *screen = (struct tool_screen){ .stream = stream };
    if (draws)
        measure(screen, fileno(stream));
    screen->colour = colour == TOOL_ALWAYS
                     || (colour == TOOL_AUTO && draws && !is_set("NO_COLOR"));
    screen->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

void
tool_paint(const struct tool_screen *screen, int colour)
{
    if (screen->colour)
        fprintf(screen->stream, "\033[%dm", colour);
}

void
tool_unpaint(const struct tool_screen *screen)
{
    if (screen->colour)
        fputs("\033[0m", screen->stream);
}

/* Bytes of output that wait; some lines have as many if nobody tells. */
static size_t
waiting(void)
{
#ifdef FPENDING_IN_STDIO_EXT
    return __fpending(stdout);
#else
    enum { LINES = 8 };
    static unsigned lines;

    return ++lines % LINES == 0 ? PIPE_BUF : 0;
#endif
}

/* A few lines at a time are handed on.  A pipe takes PIPE_BUF bytes whole or
 * not at all, so that a program that is interrupted leaves no part of a line to
 * the reader: there has to be room for one more line. */
void
tool_end_line(void)
{
    putchar('\n');
    if (waiting() > PIPE_BUF / 4 * 3)
        tool_flush();
}

/* A byte as in a C string.  Returns the columns. */
static size_t
escape(FILE *out, unsigned char byte)
{
    static const char letters[] = "abtnvfr"; /* from 7 on */
    char text[8];
    int n;

    if (byte == '\\')
        n = snprintf(text, sizeof text, "\\\\");
    else if (byte >= 7 && byte <= 13)
        n = snprintf(text, sizeof text, "\\%c", letters[byte - 7]);
    else
        n = snprintf(text, sizeof text, "\\%03o", byte);
    if (out != NULL)
        fputs(text, out);
    return (size_t)n;
}

/* Whether a name looks the same in every locale. */
static bool
is_plain(const char *name)
{
    while (*name >= ' ' && *name <= '~' && *name != '\\')
        name++;
    return *name == '\0';
}

/* What the locale prints, but which changes how the rest of a line looks, or is
 * not seen at all: marks of direction, separators of lines, signs of format,
 * and all that Unicode's property Default_Ignorable_Code_Point names. */
static bool
is_hidden(wchar_t wc)
{
    static const struct {
        wchar_t first;
        wchar_t last;
    } hidden[] = {
        { 0xad, 0xad },       { 0x34f, 0x34f },     { 0x61c, 0x61c },
        { 0x115f, 0x1160 },   { 0x17b4, 0x17b5 },   { 0x180b, 0x180f },
        { 0x200b, 0x200f },   { 0x2028, 0x202e },   { 0x2060, 0x206f },
        { 0x3164, 0x3164 },   { 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff },
        { 0xffa0, 0xffa0 },   { 0xfff0, 0xfffb },   { 0x13430, 0x13438 },
        { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
    };

    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++)
        if (wc >= hidden[i].first && wc <= hidden[i].last)
            return true;
    return false;
}

static bool
is_shown(wchar_t wc)
{
    return wc != L'\\' && iswprint((wint_t)wc) != 0 && !is_hidden(wc);
}

bool
tool_is_shown(const char *character, size_t n)
{
    mbstate_t state = { 0 };
    wchar_t wc = L'\0';

    return mbrtowc(&wc, character, n, &state) == n && is_shown(wc);
}

/* One character, or a byte that is none.  Returns the bytes it has, and in
 * *columns what it takes.  What the locale does not print is escaped. */
static size_t
print_character(FILE *out, const char *name, size_t left, size_t *columns)
{
    mbstate_t state = { 0 };
    wchar_t wc = L'\0';
    size_t n = mbrtowc(&wc, name, left, &state);
    bool valid = n <= left;
    bool plain = valid && is_shown(wc);
    int width = plain ? wcwidth(wc) : -1;

    if (!valid)
        n = 1;
    *columns = width >= 0 ? (size_t)width : 0;
    if (width >= 0 && out != NULL)
        fwrite(name, 1, n, out);
    for (size_t i = 0; width < 0 && i < n; i++)
        *columns += escape(out, (unsigned char)name[i]);
    return n;
}

size_t
tool_name(FILE *out, const char *name)
{
    size_t left = strlen(name);
    size_t columns = 0;

    if (is_plain(name)) {
        if (out != NULL)
            fwrite(name, 1, left, out);
        return left;
    }
    while (left > 0) {
        size_t some;
        size_t n = print_character(out, name, left, &some);

        columns += some;
        name += n;
        left -= n;
    }
    return columns;
}

/* No name has more bytes to a column on average, unless somebody means to waste
 * time. */
void
tool_name_end(FILE *out, const char *name, size_t columns)
{
    enum { BYTES_A_COLUMN = 8 };
    size_t left = strlen(name);
    size_t most = columns * BYTES_A_COLUMN;
    size_t all;

    if (left > most) {
        name += left - most;
        left = most;
    }
    while (((unsigned char)*name & 0xc0) == 0x80) {
        name++;
        left--;
    }
    all = tool_name(NULL, name);
    while (all > columns && left > 0) {
        size_t some;
        size_t n = print_character(NULL, name, left, &some);

        all -= some;
        name += n;
        left -= n;
    }
    tool_name(out, name);
}

/* As much of a name as there is room for, its beginning.  Returns the
 * columns. */
static size_t
name_begin(FILE *out, const char *name, size_t columns)
{
    size_t left = strlen(name);
    size_t used = 0;

    while (left > 0) {
        size_t some;
        size_t n = print_character(NULL, name, left, &some);

        if (used + some > columns)
            break;
        print_character(out, name, left, &some);
        used += some;
        name += n;
        left -= n;
    }
    return used;
}

void
tool_name_cut(const struct tool_screen *screen, const char *name,
              size_t columns)
{
    size_t dots = screen->utf8 ? 1 : 3;
    size_t begin = columns > dots ? (columns - dots) / 3 : 0;

    if (columns == 0 || tool_name(NULL, name) <= columns) {
        tool_name(screen->stream, name);
        return;
    }
    begin = name_begin(screen->stream, name, begin);
    fputs(screen->utf8 ? "\u2026" : "...", screen->stream);
    if (columns > begin + dots)
        tool_name_end(screen->stream, name, columns - begin - dots);
}

const char *
tool_size(char buf[static 24], int64_t bytes, bool exact)
{
    static const char units[] = "BKMGTPE";
    double value = (double)bytes;
    size_t unit = 0;

    /* 1023.5 and more would be printed as 1024. */
    for (; value >= 1023.5; unit++)
        value /= 1024;
    if (exact)
        snprintf(buf, 24, "%" PRId64, bytes);
    else if (unit > 0 && value < 9.95)
        snprintf(buf, 24, "%d.%d%c", (int)(value * 10 + 0.5) / 10,
                 (int)(value * 10 + 0.5) % 10, units[unit]);
    else
        snprintf(buf, 24, "%d%c", (int)(value + 0.5), units[unit]);
    return buf;
}
