/* SPDX-License-Identifier: MIT */
/* Which rows there are, and one after the other of them. */
#include "harness/base.h"

#include <stdlib.h>
#include <string.h>

#include "harness/clock.h"
#include "harness/directory.h"
#include "harness/machine.h"
#include "rows/rows.h"

static const struct row {
    const char *name;
    void (*run)(void);
    const char *text;
} rows[] = {
    { "1", row_map, "map and unmap" },
    { "1c", row_calls, "advise, protect, lock, sync of a small range" },
    { "2-3", row_residency, "residency: vector, count, list of runs" },
    { "4", row_sparse, "count and list of a sparse file of 1 TiB" },
    { "5", row_populate, "populate what is cached" },
    { "6", row_load, "load into the cache" },
    { "7", row_guard, "guarded copies and scans" },
    { "8", row_evict, "evict what is mapped" },
    { "9", row_resize, "growing and appending" },
    { "10", row_sync, "sync of pages dirtied at random" },
    { "11", row_status, "status of 20,000 files" },
    { "12", row_prefetch, "records begun ahead" },
    { "13", row_little_memory, "a file of eight times the memory" },
    { "14", row_commit, "private changes into the file" },
    { "15", row_populate_cold, "populate what is not in the cache" },
    { "16", row_trees, "trees of many small files" },
    { "17", row_far, "files far away" },
    { "18", row_restore, "restore what a snapshot says" },
    { "19", row_no_cachestat, "count and list without cachestat(2)" },
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static void
list(void)
{
    for (int i = 0; i < ROWS; i++)
        printf("%-4s %s\n", rows[i].name, rows[i].text);
}

static void
check_name(const char *name)
{
    for (int i = 0; i < ROWS; i++)
        if (strcmp(rows[i].name, name) == 0)
            return;
    fprintf(stderr, "bench: there is no row %s; --list shows them\n", name);
    exit(2);
}

static bool
wanted(const char *row)
{
    for (int i = 0; i < opt.row_count; i++)
        if (strcmp(opt.rows[i], row) == 0)
            return true;
    return opt.row_count == 0;
}

int
main(int argc, char *argv[])
{
    if (argc > 2 && strcmp(argv[1], WITHOUT_CACHESTAT) == 0)
        run_without_cachestat(argv + 2);
    options_read(argc, argv);
    for (int i = 0; i < opt.row_count; i++)
        check_name(opt.rows[i]);
    if (opt.list) {
        list();
        return 0;
    }

    random_begin(opt.seed);
    directory_make();
    clock_begin();
    machine_print();
    peers_look();
    print_heading();
    for (int i = 0; i < ROWS; i++)
        if (wanted(rows[i].name) && !out_of_time())
            rows[i].run();
        else if (wanted(rows[i].name))
            skip(rows[i].name, "out of time");
    note("took %ld s", clock_seconds());
    return contests_were_wrong() ? 1 : 0;
}
