/* SPDX-License-Identifier: MIT */
/* Filling a handle in. */
#include "internal.h"

static unsigned
page_shift(size_t page)
{
    unsigned shift = 0;

    while (page >> shift > MMAPX_I_LEAST_PAGE)
        shift++;
    return shift;
}

/* Note the protection of the whole mapping. */
void
mmapx_i_set_protection(struct mmapx *m, int prot)
{
    m->reserved[MMAPX_I_INFO]
        &= ~(uintptr_t)(MMAPX_I_PROT_MASK | MMAPX_I_MIXED);
    if ((prot & PROT_READ) != 0)
        mmapx_i_set_flags(m, MMAPX_I_PROT_R);
    if ((prot & PROT_WRITE) != 0)
        mmapx_i_set_flags(m, MMAPX_I_PROT_W | MMAPX_I_MAY_HAVE_PRIVATE_PAGES);
    if ((prot & PROT_EXEC) != 0)
        mmapx_i_set_flags(m, MMAPX_I_PROT_X);
}

/* That protection, unless it is mixed. */
int
mmapx_i_protection(const struct mmapx *m)
{
    return (mmapx_i_has_any(m, MMAPX_I_PROT_R) ? PROT_READ : 0)
           | (mmapx_i_has_any(m, MMAPX_I_PROT_W) ? PROT_WRITE : 0)
           | (mmapx_i_has_any(m, MMAPX_I_PROT_X) ? PROT_EXEC : 0);
}

/* A new mapping, in whatever *m was before. */
void
mmapx_i_fill(struct mmapx *m, void *addr, size_t len, int prot, int flags,
             const struct mmapx_i_object *obj)
{
    uint64_t offset = (uint64_t)obj->offset;
    const struct mmapx_os_owner *owner = &obj->owner;

    *m = (struct mmapx){ .addr = addr, .len = len };
    m->reserved[MMAPX_I_INFO]
        = (uintptr_t)obj->kind
          | (uintptr_t)page_shift(obj->page_size) << MMAPX_I_PAGE_SHIFT
          | obj->identity << MMAPX_I_IDENTITY_SHIFT
          | ((flags & MAP_SHARED) != 0 ? MMAPX_I_SHARED : 0u)
          | (owner->group_writes ? MMAPX_I_GROUP_WRITES : 0u)
          | (owner->others_write ? MMAPX_I_OTHERS_WRITE : 0u);
    m->reserved[MMAPX_I_OFFSET] = (uintptr_t)offset;
    if (sizeof(uintptr_t) < sizeof offset)
        m->reserved[MMAPX_I_ERROR] = (uintptr_t)(offset >> 32)
                                     << MMAPX_I_HIGH_SHIFT;
    m->reserved[MMAPX_I_UID]
        = (uintptr_t)(owner->uid | (uint64_t)obj->birth << 32);
    m->reserved[MMAPX_I_GID] = owner->gid;
    mmapx_i_set_protection(m, prot);
    mmapx_i_forget_losses(m);
}
