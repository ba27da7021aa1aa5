/* SPDX-License-Identifier: MIT */
/*
 * Output for Prometheus.
 *
 * All samples of a metric stand together, no two have the same labels, and all
 * is UTF-8, as OpenMetrics 1.0 wants it.
 */
#include "tool.h"
#include "libmmapx.h"
#include "meminfo.h"
#include "openmetrics.h"
#include "screen.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
print_head(const char *name, const char *help)
{
    printf("# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

/* --- Labels --------------------------------------------------------------- */

/* Bytes of the UTF-8 character at text; 0 if there is none. */
static size_t
character(const unsigned char *text)
{
    static const struct {
        unsigned char mask, lead;
        uint32_t least;
    } forms[] = {
        { 0x80, 0x00, 0 },    { 0xe0, 0xc0, 0x80 },
        { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 },
    };
    uint32_t code;
    size_t n = 0;

    while (n < 4 && (text[0] & forms[n].mask) != forms[n].lead)
        n++;
    if (n == 4)
        return 0;
    code = text[0] & (unsigned char)~forms[n].mask;
    for (size_t i = 1; i <= n; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3fu);
    }
    return code < forms[n].least || code > 0x10ffff
                   || (code >= 0xd800 && code <= 0xdfff)
               ? 0
               : n + 1;
}

static bool to_terminal;

/* The same, but 0 also for what a terminal would act on. */
static size_t
harmless(const char *text)
{
    size_t n = character((const unsigned char *)text);

    if (to_terminal && *text != '\n' && *text != '\\' && n > 0
        && !tool_is_shown(text, n))
        return 0;
    return n;
}

static bool
is_harmless(const char *path)
{
    size_t n = 1;

    for (; *path != '\0' && n > 0; path += n)
        n = harmless(path);
    return n > 0;
}

static void
print_character(const char *c, size_t n, bool plain)
{
    if (*c == '\n')
        fputs("\\n", stdout);
    else if (*c == '\\' && !plain)
        fputs("\\\\\\\\", stdout);
    else if (*c == '\\' || *c == '"')
        printf("\\%c", *c);
    else
        fwrite(c, 1, n, stdout);
}

/* Bytes that are no UTF-8, or harmful, are written as in C, and so is each
 * backslash of such a name.  Their backslashes are escaped in turn.  A label of
 * its own says so, because a name could look the same. */
static void
print_labels(const char *path)
{
    bool plain = is_harmless(path);

    fputs("{path=\"", stdout);
    while (*path != '\0') {
        size_t n = harmless(path);

        if (n == 0)
            printf("\\\\%03o", (unsigned char)*path);
        else
            print_character(path, n, plain);
        path += n > 0 ? n : 1;
    }
    fputs(plain ? "\"}" : "\",encoding=\"octal\"}", stdout);
}

/* --- Samples -------------------------------------------------------------- */

static int
by_path(const void *a, const void *b)
{
    return strcmp(((const struct openmetrics_row *)a)->path,
                  ((const struct openmetrics_row *)b)->path);
}

/* What is not known has no sample. */
static void
print_sample(const char *name, const struct openmetrics_row *row, bool known,
             int64_t bytes)
{
    if (!known)
        return;
    fputs(name, stdout);
    print_labels(row->path);
    printf(" %" PRId64 "\n", bytes);
}

/* A file can have been named twice. */
static size_t
leave_out_doubles(struct openmetrics_row *rows, size_t n)
{
    size_t kept = 0;

    if (n > 1)
        qsort(rows, n, sizeof *rows, by_path);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || strcmp(rows[kept - 1].path, rows[i].path) != 0)
            rows[kept++] = rows[i];
    return kept;
}

static void
print_page_cache(void)
{
    static const char name[] = "mmapx_page_cache_bytes";
    struct meminfo memory;

    meminfo_read(&memory);
    if (!memory.known)
        return;
    print_head(name, "Memory that holds pages of files, tmpfs excluded.");
    printf("%s %" PRId64 "\n", name, memory.page_cache);
}

void
openmetrics_print(struct openmetrics_row *rows, size_t n)
{
    static const struct {
        const char *name, *help;
        unsigned bit; /* 0: always known */
        size_t place;
    } metrics[] = {
        { "mmapx_file_size_bytes", "Size of the file.", 0,
          offsetof(struct survey, size) },
        { "mmapx_file_cached_bytes", "How much of the file is in memory.",
          MMAPX_CACHE_CACHED, offsetof(struct survey, cached) },
        { "mmapx_file_dirty_bytes",
          "How much of the file is in memory and not yet written back.",
          MMAPX_CACHE_DIRTY, offsetof(struct survey, dirty) },
        { "mmapx_file_recently_evicted_bytes",
          "How much was evicted so recently that memory is short for it.",
          MMAPX_CACHE_RECENTLY_EVICTED,
          offsetof(struct survey, recently_evicted) },
    };

    to_terminal = isatty(STDOUT_FILENO) == 1;
    n = leave_out_doubles(rows, n);
    for (size_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++) {
        unsigned bit = metrics[i].bit;

        print_head(metrics[i].name, metrics[i].help);
        for (size_t j = 0; j < n; j++) {
            const struct survey *s = rows[j].survey;
            int64_t bytes;

            memcpy(&bytes, (const char *)s + metrics[i].place, sizeof bytes);
            print_sample(metrics[i].name, &rows[j],
                         bit == 0 || (s->known & bit) != 0, bytes);
        }
    }
    print_page_cache();
    puts("# EOF");
}
