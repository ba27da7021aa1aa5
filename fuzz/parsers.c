/* SPDX-License-Identifier: MIT */
/*
 * What the command reads that somebody else may have written: snapshots, and
 * sizes and ranges.  Under libFuzzer; with -DREPLAY it reads files.
 */
#include "tool.h"
#include "snapshot_format.h"
#include "units.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool truth)
{
    if (!truth)
        abort();
}

/* A size, printed, is the same size. */
static void
sizes(const char *text)
{
    char exact[24];
    int64_t bytes, again, off, len;

    if (tool_parse_size(text, &bytes)) {
        must(bytes >= 0);
        must(tool_parse_size(tool_exact_size(exact, bytes), &again));
        must(again == bytes);
    }
    if (tool_parse_range(text, &off, &len))
        must(off >= 0 && len >= -1 && (len < 0 || len <= INT64_MAX - off));
}

struct seen {
    uint64_t files;
    const uint8_t *data;
    size_t size;
};

/* Where the file is said to begin, it does. */
static bool
note(const char *path, int64_t size, off_t at, void *arg)
{
    struct seen *seen = arg;

    must(path[0] == '/' && strlen(path) < PATH_MAX && size >= 0);
    must(at >= 0 && (size_t)at + 5 <= seen->size);
    must(memcmp(seen->data + at, "file ", 5) == 0);
    return seen->files++ % 2 == 0 && size < 1 << 20;
}

static void
snapshot(const uint8_t *data, size_t size)
{
    static struct snapshot_reader r;
    struct seen seen = { .data = data, .size = size };
    int64_t total = 0;

    r.number = 0;
    r.in = fmemopen((void *)(uintptr_t)data, size, "r");
    if (r.in == NULL)
        return;
    snapshot_check(&r, note, &seen, &total);
    must(total >= 0 && r.number > 0 && strlen(r.line) < sizeof r.line);
    fclose(r.in);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    if (text == NULL || size == 0) {
        free(text);
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    sizes(text);
    free(text);
    snapshot(data, size);
    return 0;
}

#ifdef REPLAY
int
main(int argc, char *argv[])
{
    static uint8_t data[1 << 16];

    for (int i = 1; i < argc; i++) {
        FILE *f = fopen(argv[i], "rb");
        size_t size;

        if (f == NULL) {
            perror(argv[i]);
            return 1;
        }
        size = fread(data, 1, sizeof data, f);
        fclose(f);
        fprintf(stderr, "%s\n", argv[i]);
        LLVMFuzzerTestOneInput(data, size);
    }
    return 0;
}
#endif
