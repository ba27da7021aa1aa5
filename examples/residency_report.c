/* SPDX-License-Identifier: MIT */
/*
 * Print which parts of files are in memory, a line for each.
 *
 *     cc -o residency_report residency_report.c \
 *         $(pkg-config --cflags --libs mmapx)
 *     ./residency_report FILE...
 */
#include <stdio.h>

#include <libmmapx.h>

/* The runs of a mapping; each begins where the one before ends. */
static int
report_runs(const struct mmapx *m)
{
    struct mmapx_run run;

    for (size_t at = 0; at < m->len; at = run.off + run.len) {
        if (mmapx_resident_run(m, at, &run) != 0)
            return -1;
        if (run.resident)
            printf("    %zu to %zu\n", run.off, run.off + run.len);
    }
    return 0;
}

static int
report(const struct mmapx *m, const char *path)
{
    size_t pages;

    /* EPERM: the system would not tell this user the truth. */
    if (mmapx_resident_count(m, 0, MMAPX_TO_END, &pages) != 0)
        return -1;
    printf("%s: %zu of %zu pages of %zu bytes\n", path, pages,
           mmapx_page_count(m, 0, MMAPX_TO_END), mmapx_page_size(m));
    return report_runs(m);
}

int
main(int argc, char *argv[])
{
    int bad = 0;

    for (int i = 1; i < argc; i++) {
        struct mmapx m;

        /* To map reads nothing of the file. */
        if (mmapx_map_path(&m, argv[i], PROT_READ, MAP_SHARED) != 0) {
            perror(argv[i]);
            bad = 1;
            continue;
        }
        if (report(&m, argv[i]) != 0) {
            perror(argv[i]);
            bad = 1;
        }
        mmapx_unmap(&m);
    }
    return argc < 2 ? 2 : bad;
}
