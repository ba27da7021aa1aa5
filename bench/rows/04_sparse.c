/* SPDX-License-Identifier: MIT */
/* Row 4: a sparse file of 1 TiB. */
#include "rows/residency.h"

void
row_sparse(void)
{
    size_t size = opt.quick ? 16 * GIB : TIB;
    struct file f;
    struct residency job = { &f, NULL, size, NULL };
    struct contest *c;
    int count, list, vmtouch;

    if (!file_make(&f, opt.dir, "sparse", size, SPARSE))
        return;
    if (opt.quick)
        note("row 4: 16 GiB instead of 1 TiB, so the ratio is 64 times higher");
    c = contest_new("4", "-", size, "sparse file of %s",
                    bytes_text((double)size));
    count = contest_add(c, "mmapx_cache_stat", run_our_count, &job);
    list = contest_add(c, "mmapx_cache_runs", run_our_list, &job);
    vmtouch = contest_add(c, "vmtouch",
                          command_exists("vmtouch") ? run_vmtouch_count : NULL,
                          &job);
    c->loops = 1;
    c->answers_differ = true; /* the one counts, the other lists */
    contest_run(c);
    compare(c, count, vmtouch, TIME_RATIO, 0.0001);
    compare(c, list, vmtouch, TIME_RATIO, 0.0001);
    contest_end(c);
    residency_series(&job, "-");
    file_drop(&f);
}
