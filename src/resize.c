/* SPDX-License-Identifier: MIT */
/* Growing and shrinking: the mapping, and its file with it. */
#include "internal.h"

enum {
    ALL_FLAGS = MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE | MMAPX_RESIZE_SPARSE,
};

/* Bytes by which a file grows that are written with zeros. */
enum {
    LEAST_ZEROED = 64 << 10, /* below, pages come one by one in any case */
    MOST_ZEROED = 16 << 20,
};

/* Look at the file, and at whether it is the mapping's. */
static int
stat_object(const struct mmapx *m, int fd, struct mmapx_os_stat *st)
{
    int r = mmapx_os_stat(fd, st);

    if (r < 0)
        return r;
    return mmapx_i_is_object(m, st) ? 0 : -EINVAL;
}

/* --- The mapping ---------------------------------------------------------- */

/* Map exactly there, where nothing is mapped yet, or fail with -ENOMEM. */
static int
map_exactly(unsigned char *place, size_t n, int prot, int flags, int fd,
            int64_t offset)
{
    void *at = place;
    int r = mmapx_os_mmap(&at, n, prot, flags | mmapx_os_fixed_noreplace, fd,
                          offset);

    if (r == -EEXIST)
        return -ENOMEM;
    if (r < 0 || at == place)
        return r;
    /* The address was taken for a hint. */
    mmapx_os_munmap(at, n);
    return -ENOMEM;
}

/*
 * Grow without mremap(2): map what is missing behind the old end or, if there
 * is no room, all of it anew.  Pages of a private mapping that were written
 * exist in the old one alone.
 */
static int
grow_by_mapping(const struct mmapx *m, int fd, unsigned char **base,
                size_t old_extent, size_t new_extent, bool may_move)
{
    int64_t offset = mmapx_i_offset(m) - (int64_t)mmapx_i_head(m);
    int flags = mmapx_i_has_any(m, MMAPX_I_SHARED) ? MAP_SHARED : MAP_PRIVATE;
    bool written = flags == MAP_PRIVATE
                   && mmapx_i_has_any(m, MMAPX_I_MAY_HAVE_PRIVATE_PAGES);
    int prot = mmapx_i_protection(m);
    struct mmapx_os_stat st;
    void *moved = NULL;
    int r;

    if (fd < 0 || mmapx_i_kind(m) != MMAPX_I_FILE
        || mmapx_i_has_any(m, MMAPX_I_MIXED))
        return -ENOTSUP;
    r = stat_object(m, fd, &st);
    if (r < 0)
        return r;
    r = map_exactly(*base + old_extent, new_extent - old_extent, prot, flags,
                    fd, offset + (int64_t)old_extent);
    if (r != -ENOMEM || !may_move)
        return r;
    if (written)
        return -ENOTSUP;
    r = mmapx_os_mmap(&moved, new_extent, prot, flags, fd, offset);
    if (r < 0)
        return r;
    r = mmapx_os_munmap(*base, old_extent);
    if (r < 0) {
        mmapx_os_munmap(moved, new_extent);
        return r;
    }
    *base = moved;
    return 0;
}

static int
grow(const struct mmapx *m, int fd, unsigned char **base, size_t old_extent,
     size_t new_extent, bool may_move)
{
    bool huge = mmapx_i_page_size(m) != mmapx_os_page_size();
    void *moved = *base;
    int r;

    /* The kernel would grow it, but not the memory behind it. */
    if (mmapx_i_kind(m) == MMAPX_I_ANON && mmapx_i_has_any(m, MMAPX_I_SHARED))
        return -ENOTSUP;
    r = mmapx_os_mremap(&moved, old_extent, new_extent, may_move);
    if (r == -ENOSYS || (r == -EINVAL && huge))
        return grow_by_mapping(m, fd, base, old_extent, new_extent, may_move);
    *base = moved;
    /* Linux cannot grow what was split by protection, advice or locks. */
    return r == -EFAULT ? -ENOTSUP : r;
}

static void
set_length(struct mmapx *m, unsigned char *base, size_t len)
{
    m->addr = base + (len > 0 ? mmapx_i_head(m) : 0);
    m->len = len;
}

static int
resize_mapping(struct mmapx *m, int fd, size_t len, bool may_move)
{
    unsigned char *base = mmapx_i_base(m);
    size_t old_extent = mmapx_i_extent(m);
    size_t new_extent = mmapx_i_extent_of(m, len);
    int r = 0;

    if (new_extent < old_extent)
        r = mmapx_os_munmap(base + new_extent, old_extent - new_extent);
    else if (new_extent > old_extent)
        r = grow(m, fd, &base, old_extent, new_extent, may_move);
    if (r == 0)
        set_length(m, base, len);
    return r;
}

/*
 * Put a mapping that has grown, and maybe moved, back to where it was.  Its
 * old place is reserved first: another thread may have mapped something there,
 * and then the mapping stays where it is.
 */
static void
undo_growth(struct mmapx *m, unsigned char *addr, size_t len)
{
    unsigned char *base;
    void *place;
    size_t extent;

    resize_mapping(m, -1, len, false);
    if (m->addr == addr)
        return;
    base = mmapx_i_base(m);
    extent = mmapx_i_extent(m);
    place = mmapx_i_round_down(addr, mmapx_i_page_size(m));
    if (map_exactly(place, extent, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                    0)
        < 0)
        return;
    if (mmapx_os_mremap_to(base, extent, place) < 0)
        mmapx_os_munmap(place, extent);
    else
        m->addr = addr;
}

/* --- The file ------------------------------------------------------------- */

/* Beyond its limit the kernel does not merely fail, it sends SIGXFSZ. */
int
mmapx_i_check_file_limit(int64_t size)
{
    int64_t limit;
    int r = mmapx_os_file_limit(&limit);

    return r == 0 && size > limit ? -EFBIG : r;
}

/*
 * Allocated blocks that have not been written come into the cache page by page,
 * as they are stored to.  What is about to be stored to anyway, a step of a log
 * or the like, is written with zeros, in large units: the stores take a quarter
 * of the time then.  To write more than that unasked would be too much.
 */
static int
allocate(int fd, int64_t from, int64_t len)
{
    if (len >= LEAST_ZEROED && len <= MOST_ZEROED
        && mmapx_os_extend_with_zeros(fd, from, len) == 0)
        return 0;
    /* Fall back to posix_fallocate(3), whose errno is also the better one to
     * report. */
    return mmapx_os_allocate(fd, from, len);
}

static int
grow_file(int fd, int64_t old_size, int64_t new_size, bool sparse)
{
    int r = mmapx_i_check_file_limit(new_size);

    if (r == 0)
        r = mmapx_os_clear_tail(fd, old_size);
    if (r < 0)
        return r;
    r = sparse ? mmapx_os_set_size(fd, new_size)
               : allocate(fd, old_size, new_size - old_size);
    /* An allocation that fails may have got half-way. */
    if (r < 0)
        mmapx_os_set_size(fd, old_size);
    return r;
}

/*
 * Shorten the mapping and then its file.  Until the file is known to be
 * shorter the mapping's tail is only made inaccessible, so that it can come
 * back whole.
 */
static int
shrink_both(struct mmapx *m, int fd, size_t len, int64_t size)
{
    size_t keep = mmapx_i_extent_of(m, len);
    size_t n = mmapx_i_extent(m) - keep;
    unsigned char *tail = mmapx_i_base(m) + keep;
    bool hide_tail = n > 0 && !mmapx_i_has_any(m, MMAPX_I_MIXED);
    int r = hide_tail ? mmapx_os_mprotect(tail, n, PROT_NONE) : 0;

    if (r == 0)
        r = mmapx_os_set_size(fd, size);
    if (r < 0) {
        if (hide_tail)
            mmapx_os_mprotect(tail, n, mmapx_i_protection(m));
        return r;
    }
    /* The file's end is gone and cannot be given back.  A tail that cannot be
     * unmapped stays behind, and the handle no longer knows of it. */
    if (resize_mapping(m, fd, len, false) < 0)
        set_length(m, mmapx_i_base(m), len);
    return 0;
}

/* Bring mapping and file to len, where the file has old_size bytes now. */
static int
resize_both(struct mmapx *m, int fd, size_t len, int flags, int64_t old_size)
{
    bool may_move = (flags & MMAPX_RESIZE_MAYMOVE) != 0;
    bool sparse = (flags & MMAPX_RESIZE_SPARSE) != 0;
    int64_t new_size = mmapx_i_offset(m) + (int64_t)len;
    unsigned char *old_addr = m->addr;
    size_t old_len = m->len;
    int r = 0;

    if (new_size < old_size && len <= old_len)
        return shrink_both(m, fd, len, new_size);
    if (new_size > old_size)
        r = grow_file(fd, old_size, new_size, sparse);
    if (r < 0)
        return r;
    r = resize_mapping(m, fd, len, may_move);
    if (r < 0) {
        if (new_size > old_size)
            mmapx_os_set_size(fd, old_size);
        return r;
    }
    if (new_size < old_size) {
        r = mmapx_os_set_size(fd, new_size);
        if (r < 0)
            undo_growth(m, old_addr, old_len);
    }
    return r;
}

static int
resize(struct mmapx *m, int fd, size_t len, int flags)
{
    bool both = (flags & MMAPX_RESIZE_FILE) != 0;
    struct mmapx_os_stat st;
    size_t none = 0;
    int r = mmapx_i_range(m, 0, &none);

    if (r < 0)
        return r;
    if ((flags & ~ALL_FLAGS) != 0 || mmapx_i_kind(m) == MMAPX_I_VIEW
        || (!both && (flags & MMAPX_RESIZE_SPARSE) != 0))
        return -EINVAL;
    if (both || len == MMAPX_TO_END) {
        r = stat_object(m, fd, &st);
        if (r < 0)
            return r;
        if (both && st.type != MMAPX_OS_FILE)
            return -EINVAL;
    }
    if (len == MMAPX_TO_END) {
        r = mmapx_i_length_to_end(fd, &st, mmapx_i_offset(m), &len);
        if (r < 0)
            return r;
    }
    if (!mmapx_i_is_representable(mmapx_i_offset(m), len))
        return -EOVERFLOW;
    if (both)
        return resize_both(m, fd, len, flags, st.size);
    return resize_mapping(m, fd, len, (flags & MMAPX_RESIZE_MAYMOVE) != 0);
}

int
mmapx_resize(struct mmapx *m, int fd, size_t len, int flags)
{
    return mmapx_i_result(resize(m, fd, len, flags));
}
