/* SPDX-License-Identifier: MIT */
/* Advice about ranges of a mapping. */
#include "internal.h"

/* What becomes of an edge inside a page. */
enum edge {
    UNKNOWN,
    HINT,         /* harmless: act on the page */
    LOSES,        /* loses data: leave the page alone */
    LOSES_UNSHARED, /* loses data, but not that of shared pages */
    LOSES_OBJECT, /* loses the object's data, also beyond the mapping's edges */
    EXACT,        /* undoes or splits: refuse */
};

/* Which mappings it can act on. */
enum target {
    ANY,
    PRIVATE_ANON,
    SHARED,
};

/* Which pages it can act on. */
enum pages {
    EVERY_PAGE,
    SMALL_PAGES,
};

/* Every advice there is; what is not here never reaches the kernel. */
static const struct rule {
    unsigned char edge;
    unsigned char target;
    unsigned char pages;
} rules[] = {
    /* advice                        edge, target, pages */
    [MMAPX_MADV_NORMAL]          = { HINT, ANY, EVERY_PAGE },
    [MMAPX_MADV_RANDOM]          = { HINT, ANY, EVERY_PAGE },
    [MMAPX_MADV_SEQUENTIAL]      = { HINT, ANY, EVERY_PAGE },
    [MMAPX_MADV_WILLNEED]        = { HINT, ANY, EVERY_PAGE },
    [MMAPX_MADV_DONTNEED]        = { LOSES_UNSHARED, ANY, EVERY_PAGE },
    [MMAPX_MADV_FREE]            = { LOSES, PRIVATE_ANON, SMALL_PAGES },
    [MMAPX_MADV_REMOVE]          = { LOSES_OBJECT, SHARED, EVERY_PAGE },
    [MMAPX_MADV_DONTFORK]        = { EXACT, ANY, EVERY_PAGE },
    [MMAPX_MADV_DOFORK]          = { EXACT, ANY, EVERY_PAGE },
    [MMAPX_MADV_MERGEABLE]       = { HINT, ANY, EVERY_PAGE },
    [MMAPX_MADV_UNMERGEABLE]     = { HINT, ANY, EVERY_PAGE },
    [MMAPX_MADV_HUGEPAGE]        = { HINT, ANY, EVERY_PAGE },
    [MMAPX_MADV_NOHUGEPAGE]      = { HINT, ANY, EVERY_PAGE },
    [MMAPX_MADV_DONTDUMP]        = { EXACT, ANY, EVERY_PAGE },
    [MMAPX_MADV_DODUMP]          = { EXACT, ANY, EVERY_PAGE },
    [MMAPX_MADV_WIPEONFORK]      = { LOSES, PRIVATE_ANON, SMALL_PAGES },
    [MMAPX_MADV_KEEPONFORK]      = { HINT, ANY, EVERY_PAGE },
    [MMAPX_MADV_COLD]            = { HINT, ANY, SMALL_PAGES },
    [MMAPX_MADV_PAGEOUT]         = { HINT, ANY, SMALL_PAGES },
    [MMAPX_MADV_POPULATE_READ]   = { HINT, ANY, EVERY_PAGE },
    [MMAPX_MADV_POPULATE_WRITE]  = { HINT, ANY, EVERY_PAGE },
    [MMAPX_MADV_DONTNEED_LOCKED] = { LOSES, ANY, EVERY_PAGE },
    [MMAPX_MADV_COLLAPSE]        = { HINT, ANY, EVERY_PAGE },
    [MMAPX_MADV_GUARD_INSTALL]   = { LOSES, ANY, SMALL_PAGES },
    [MMAPX_MADV_GUARD_REMOVE]    = { EXACT, ANY, SMALL_PAGES },
};

static const struct rule *
rule_of(enum mmapx_advice advice)
{
    size_t i = (size_t)advice;

    if (i >= sizeof rules / sizeof rules[0] || rules[i].edge == UNKNOWN)
        return NULL;
    return &rules[i];
}

/* Only the kernel knows what lies behind a view or a device mapping (/dev/zero
 * gives anonymous memory), so let it decide. */
static bool
can_act_on(const struct rule *rule, const struct mmapx *m)
{
    enum mmapx_i_kind kind = mmapx_i_kind(m);
    bool shared = mmapx_i_has_any(m, MMAPX_I_SHARED);

    if (kind == MMAPX_I_VIEW)
        return true;
    if (rule->pages == SMALL_PAGES
        && mmapx_i_page_size(m) != mmapx_os_page_size())
        return false;
    switch (rule->target) {
    case PRIVATE_ANON:
        return kind != MMAPX_I_FILE && !shared;
    case SHARED:
        return shared;
    default:
        return true;
    }
}

/* Pages that mmapx_guard_zeros() has replaced are private, whatever the mapping
 * is. */
static bool
is_all_shared(const struct mmapx *m)
{
    return mmapx_i_has_any(m, MMAPX_I_SHARED)
           && !mmapx_i_has_any(m, MMAPX_I_REPLACED);
}

static enum mmapx_i_rounding
rounding_of(const struct rule *rule, const struct mmapx *m)
{
    switch (rule->edge) {
    case LOSES_OBJECT:
        return MMAPX_I_INWARD_PAGES;
    case LOSES:
        return MMAPX_I_INWARD;
    case LOSES_UNSHARED:
        return is_all_shared(m) ? MMAPX_I_OUTWARD : MMAPX_I_INWARD;
    case EXACT:
        return MMAPX_I_EXACT;
    default:
        return MMAPX_I_OUTWARD;
    }
}

/* madvise(2), with -ENOTSUP where system, kernel or file system do not have the
 * advice.  Old kernels report unknown advice as EINVAL, as they do a wrong
 * mapping. */
int
mmapx_i_madvise(const struct mmapx_i_span *span, enum mmapx_advice advice)
{
    int native = mmapx_os_advice(advice);
    int r = native;

    if (native >= 0)
        r = mmapx_os_madvise(span->addr, span->len, native);
    if (r == -ENOSYS || r == -EOPNOTSUPP
        || (r == -EINVAL && !mmapx_os_advice_known(native)))
        return -ENOTSUP;
    return r;
}

/* Whether it makes mappings of parts of one. */
static bool
may_split(enum mmapx_advice advice)
{
    return advice <= MMAPX_MADV_SEQUENTIAL
           || (advice >= MMAPX_MADV_DONTFORK
               && advice <= MMAPX_MADV_KEEPONFORK);
}

/* Older kernels say ENOMEM of too many mappings, as they do of a part that is
 * not mapped.  msync(2) says that of the latter only, and MS_ASYNC does not
 * write. */
static bool
is_all_mapped(const struct mmapx_i_span *span)
{
    return mmapx_os_msync(span->addr, span->len, MS_ASYNC) == 0;
}

static int
advise(const struct mmapx *m, size_t off, size_t len, enum mmapx_advice advice)
{
    const struct rule *rule = rule_of(advice);
    struct mmapx_i_span span;
    int native;
    int r;

    if (rule == NULL)
        return -EINVAL;
    r = mmapx_i_range(m, off, &len);
    if (r < 0)
        return r;
    if (!can_act_on(rule, m))
        return -EINVAL;
    native = mmapx_os_advice(advice);
    if (native < 0)
        return native;
    r = mmapx_i_span(m, off, len, rounding_of(rule, m), &span);
    if (r < 0 || span.len == 0)
        return r;
    r = mmapx_i_madvise(&span, advice);
    if (r == -ENOMEM && may_split(advice) && is_all_mapped(&span))
        return -EAGAIN;
    return r == -ENODEV ? -EINVAL : r;
}

int
mmapx_advise(const struct mmapx *m, size_t off, size_t len,
             enum mmapx_advice advice)
{
    return mmapx_i_result(advise(m, off, len, advice));
}

int
mmapx_advice_supported(enum mmapx_advice advice)
{
    int native = rule_of(advice) != NULL ? mmapx_os_advice(advice) : -1;

    return native >= 0 && mmapx_os_advice_known(native);
}
