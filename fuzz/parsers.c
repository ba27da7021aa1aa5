/* SPDX-License-Identifier: MIT */
/*
 * What the command reads that somebody else may have written: snapshots, and
 * sizes and ranges.  Under libFuzzer; with -DREPLAY it reads files.
 */
#include "tool.h"
#include "snapshot_format.h"
#include "units.h"

#include <stdio.h>
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
    const uint8_t *data;
    size_t size;
};

/* Where an entry is said to begin, it does; a right one is read again in the
 * same way. */
static void
note(const struct snapshot_entry *e, void *arg)
{
    struct seen *seen = arg;
    struct snapshot_reader r = { .in = NULL };
    int64_t size, off = 0, len = 0, bytes = 0;

    must(e->at >= 0 && (size_t)e->at + 5 <= seen->size);
    must(memcmp(seen->data + e->at, "file ", 5) == 0);
    must(e->bytes >= 0 && (e->path != NULL || e->bad > 0));
    must(e->path == NULL || e->path[0] == '/');
    if (e->bad != 0)
        return;
    r.in = fmemopen((void *)(uintptr_t)seen->data, seen->size, "r");
    if (r.in == NULL || fseeko(r.in, e->at, SEEK_SET) != 0)
        abort();
    must(snapshot_line(&r) == SNAPSHOT_FILE);
    must(strcmp(snapshot_file(r.line, &size), e->path) == 0 && size >= 0);
    while (snapshot_line(&r) == SNAPSHOT_RUN) {
        must(snapshot_run(r.line, &off, &len));
        bytes = tool_sum(bytes, len);
    }
    must(bytes == e->bytes);
    snapshot_close(&r);
}

static void
snapshot(const uint8_t *data, size_t size)
{
    struct snapshot_reader r = { .in = NULL };
    struct seen seen = { .data = data, .size = size };

    r.in = fmemopen((void *)(uintptr_t)data, size, "r");
    if (r.in == NULL)
        return;
    snapshot_check(&r, note, &seen);
    must(r.number > 0 && strlen(r.line) <= SNAPSHOT_LINE);
    snapshot_close(&r);
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
