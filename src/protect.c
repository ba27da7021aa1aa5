/* SPDX-License-Identifier: MIT */
/* The protection of ranges. */
#include "internal.h"

static int
protect(struct mmapx *m, size_t off, size_t len, int prot)
{
    struct mmapx_i_span span;
    int r = mmapx_i_span(m, off, len, MMAPX_I_EXACT, &span);

    return r < 0 || span.len == 0
               ? r
               : mmapx_os_mprotect(span.addr, span.len, prot);
}

int
mmapx_protect(struct mmapx *m, size_t off, size_t len, int prot)
{
    return mmapx_i_result(protect(m, off, len, prot));
}
