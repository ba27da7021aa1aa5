/* SPDX-License-Identifier: MIT */
/* Lines beside the table, numbers for people, and words for JSON. */
#include "harness/output.h"

#include <stdarg.h>
#include <string.h>

#include "harness/options.h"

/* --- Numbers for people -------------------------------------------------- */

static char *
next_text(void)
{
    static char texts[8][24];
    static int at;

    at = (at + 1) % 8;
    return texts[at];
}

/* Three digits that count. */
static const char *
scaled(double value, double step, const char *const *units, int n)
{
    char *text = next_text();
    double size = value < 0 ? -value : value;
    int i = 0;

    while (i + 1 < n && size >= step) {
        size /= step;
        value /= step;
        i++;
    }
    snprintf(text, 24, size < 10 ? "%.2f %s" : size < 100 ? "%.1f %s"
                                                          : "%.0f %s",
             value, units[i]);
    return text;
}

const char *
time_text(double ns)
{
    static const char *const units[] = { "ns", "us", "ms", "s" };

    return scaled(ns, 1000, units, 4);
}

/* Whole sizes without a fraction. */
const char *
bytes_text(double bytes)
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
    uint64_t whole = bytes < 0 ? 0 : (uint64_t)bytes;
    int i = 0;

    while (i < 4 && whole >= 1024 && whole % 1024 == 0) {
        whole /= 1024;
        i++;
    }
    if (whole < 1024) {
        char *text = next_text();

        snprintf(text, 24, "%u %s", (unsigned)whole, units[i]);
        return text;
    }
    return scaled(bytes, 1024, units, 5);
}

const char *
ratio_text(double ratio)
{
    char *text = next_text();

    snprintf(text, 24, ratio < 0.001 ? "%.6f" : ratio < 0.1 ? "%.4f" : "%.3f",
             ratio);
    return text;
}

const char *
count_text(double count)
{
    char *text = next_text();

    snprintf(text, 24, "%.0f", count);
    return text;
}

/* --- JSON ---------------------------------------------------------------- */

void
json_string(FILE *out, const char *s)
{
    putc('"', out);
    for (; *s != '\0'; s++) {
        if (*s == '"' || *s == '\\')
            putc('\\', out);
        if ((unsigned char)*s >= ' ')
            putc(*s, out);
    }
    putc('"', out);
}

void
json_pair(const char *name, const char *value)
{
    fprintf(opt.json, ",\"%s\":", name);
    json_string(opt.json, value);
}

/* --- Lines --------------------------------------------------------------- */

static void
line(const char *type, const char *row, const char *text)
{
    if (opt.table != NULL) {
        fprintf(opt.table, "# %s%s%s%s\n", row, row[0] != '\0' ? ": " : "",
                strcmp(type, "skip") == 0 ? "SKIPPED: " : "", text);
        fflush(opt.table);
    }
    if (opt.json != NULL) {
        fprintf(opt.json, "{\"type\":\"%s\"", type);
        json_pair("row", row);
        json_pair("text", text);
        fprintf(opt.json, "}\n");
        fflush(opt.json);
    }
}

void
note(const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    line("note", "", text);
}

void
skip(const char *row, const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    line("skip", row, text);
}
