/* SPDX-License-Identifier: MIT */
/* The protection of ranges. */
#include "internal.h"

/* Whether the whole mapping has the protection already. */
static bool
has_protection(const struct mmapx *m, int prot)
{
    int known = prot & (PROT_READ | PROT_WRITE | PROT_EXEC);

    return !mmapx_i_has_any(m, MMAPX_I_MIXED)
           && mmapx_i_protection(m) == known;
}

int
mmapx_i_protect(struct mmapx *m, size_t off, size_t len, int prot)
{
    struct mmapx_i_span span;
    int r = mmapx_i_span(m, off, len, MMAPX_I_EXACT, &span);

    if (r < 0 || span.len == 0)
        return r;
    r = mmapx_os_mprotect(span.addr, span.len, prot);
    /* mprotect(2) can fail half-way: at a gap, a seal or the limit on mappings.
     * Restore the old protection, because mmapx_read() and mmapx_write() trust
     * the handle. */
    if ((r == -ENOMEM || r == -EPERM) && !mmapx_i_has_any(m, MMAPX_I_MIXED))
        mmapx_os_mprotect(span.addr, span.len, mmapx_i_protection(m));
    if (r < 0 || mmapx_i_kind(m) == MMAPX_I_VIEW)
        return r;
    if (span.len == mmapx_i_extent(m)) {
        mmapx_i_set_protection(m, prot);
    } else if (!has_protection(m, prot)) {
        mmapx_i_set_flags(m, MMAPX_I_MIXED);
        if ((prot & PROT_WRITE) != 0)
            mmapx_i_set_flags(m, MMAPX_I_MAY_HAVE_PRIVATE_PAGES);
    }
    return 0;
}

int
mmapx_protect(struct mmapx *m, size_t off, size_t len, int prot)
{
    return mmapx_i_result(mmapx_i_protect(m, off, len, prot));
}
