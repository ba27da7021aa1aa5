/* SPDX-License-Identifier: MIT */
/* Memory that cannot shrink: made here, or recognised. */
#include "internal.h"

static int
map_new(struct mmapx *m, int fd, size_t len)
{
    struct mmapx_os_stat st;
    size_t size = len;
    int r = mmapx_os_stat(fd, &st);

    /* hugetlbfs takes only sizes of whole pages. */
    if (r == 0 && st.page != mmapx_os_page_size())
        size = mmapx_i_round_up(len, st.page);
    if (r == 0)
        r = mmapx_i_check_file_limit((int64_t)size);
    if (r == 0)
        r = mmapx_os_set_size(fd, (int64_t)size);
    if (r == 0)
        r = mmapx_os_seal_shrink(fd);
    if (r == 0)
        r = mmapx_i_map(m, fd, 0, len, PROT_READ | PROT_WRITE, MAP_SHARED);
    return r;
}

static int
map_memfd(struct mmapx *m, int *fd, const char *name, size_t len,
          unsigned flags)
{
    int made;
    int r;

    if (m == NULL || fd == NULL || name == NULL || len == MMAPX_TO_END)
        return -EINVAL;
    if (len > PTRDIFF_MAX)
        return -EOVERFLOW;
    made = mmapx_os_memfd(name, flags);
    if (made < 0)
        return made;
    r = map_new(m, made, len);
    if (r < 0)
        mmapx_os_close(made);
    else
        *fd = made;
    return r;
}

/* Whether every byte of the mapping lies in a file that is never truncated. */
static bool
is_in_sealed_file(const struct mmapx *m, int fd)
{
    struct mmapx_os_stat st;

    return mmapx_i_kind(m) == MMAPX_I_FILE && mmapx_os_stat(fd, &st) == 0
           && mmapx_i_is_object(m, &st)
           && mmapx_os_is_sealed(fd, MMAPX_OS_SHRINKING)
           && mmapx_i_offset(m) <= st.size
           && (int64_t)mmapx_i_len(m) <= st.size - mmapx_i_offset(m);
}

static int
can_fault(const struct mmapx *m, int fd)
{
    size_t len = 0;
    int r = mmapx_i_range(m, 0, &len);
    bool small;

    if (r < 0)
        return r;
    /* Huge pages come from a pool, and a fault that finds it empty is SIGBUS
     * too, in a copy after fork(2) for example. */
    small = mmapx_i_page_size(m) == mmapx_os_page_size();
    if (small && mmapx_i_kind(m) == MMAPX_I_ANON)
        return 0;
    return !(small && is_in_sealed_file(m, fd));
}

int
mmapx_map_memfd(struct mmapx *m, int *fd, const char *name, size_t len,
                unsigned flags)
{
    return mmapx_i_result(map_memfd(m, fd, name, len, flags));
}

int
mmapx_can_fault(const struct mmapx *m, int fd)
{
    return mmapx_i_result(can_fault(m, fd));
}
