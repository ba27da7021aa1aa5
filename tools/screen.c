/* SPDX-License-Identifier: MIT */
/* What a stream leads to, and how to write names and sizes to it. */
#include "tool.h"
#include "screen.h"

#include <inttypes.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

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

void
tool_screen_of(struct tool_screen *screen, FILE *stream, enum tool_when colour)
{
    const char *term = getenv("TERM");
    bool terminal = isatty(fileno(stream)) == 1;

    *screen = (struct tool_screen){ .stream = stream };
    if (terminal)
        measure(screen, fileno(stream));
    screen->colour = colour == TOOL_ALWAYS
                     || (colour == TOOL_AUTO && terminal && !is_set("NO_COLOR")
                         && term != NULL && strcmp(term, "dumb") != 0);
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

/* What the locale does not print, be it no character at all, is escaped. */
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
        mbstate_t state = { 0 };
        wchar_t wc = L'\0';
        size_t n = mbrtowc(&wc, name, left, &state);
        bool valid = n <= left;
        bool plain = valid && wc != L'\\' && iswprint((wint_t)wc) != 0;
        int width = plain ? wcwidth(wc) : -1;

        if (!valid)
            n = 1;
        if (width >= 0 && out != NULL)
            fwrite(name, 1, n, out);
        if (width >= 0)
            columns += (size_t)width;
        for (size_t i = 0; width < 0 && i < n; i++)
            columns += escape(out, (unsigned char)name[i]);
        name += n;
        left -= n;
    }
    return columns;
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
