/* SPDX-License-Identifier: MIT */
/* Names for memory, in the list of a process's mappings. */
#include "internal.h"

#include <string.h>

/* Bytes without the null one: the kernel's limit. */
enum { LONGEST = 79 };

/* The kernel's rule.  It is checked here so that the kernel's EINVAL means that
 * it knows of no names. */
static bool
is_name(const char *name)
{
    size_t len = 0;

    for (; name[len] != '\0'; len++)
        if (len == LONGEST || name[len] < ' ' || name[len] > '~'
            || strchr("\\`$[]", name[len]) != NULL)
            return false;
    return true;
}

static int
set_name(const struct mmapx *m, const char *name)
{
    int r;

    if (m == NULL || mmapx_i_kind(m) == MMAPX_I_UNMAPPED
        || (name != NULL && !is_name(name)))
        return -EINVAL;
    if (mmapx_i_kind(m) == MMAPX_I_FILE || mmapx_i_kind(m) == MMAPX_I_DEVICE)
        return -ENOTSUP;
    if (mmapx_i_is_empty_view(m))
        return 0;
    r = mmapx_os_name(mmapx_i_base(m), mmapx_i_extent(m), name);
    /* EBADF: a file lies behind it, also one of the kernel's own. */
    if (r == -EINVAL || r == -EBADF || r == -ENOSYS || r == -EPERM)
        return -ENOTSUP;
    return r;
}

int
mmapx_name(const struct mmapx *m, const char *name)
{
    return mmapx_i_result(set_name(m, name));
}
