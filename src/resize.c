/* SPDX-License-Identifier: MIT */
/*
 * Growing and shrinking: the mapping, and its file with it.
 *
 * The mapping grows before the file does, and the file is cut after the mapping
 * has let go of its tail: whatever fails, both can be given back.
 */
#include "internal.h"

enum {
    ALL_FLAGS = MMAPX_RESIZE_MAYMOVE | MMAPX_RESIZE_FILE | MMAPX_RESIZE_SPARSE
                | MMAPX_RESIZE_CUT,
    FILE_FLAGS = MMAPX_RESIZE_SPARSE | MMAPX_RESIZE_CUT,
};

/* Look at the file, and at whether it is the mapping's. */
int
mmapx_i_stat_object(const struct mmapx *m, int fd, struct mmapx_os_stat *st)
{
    int r = mmapx_os_stat(fd, st);

    if (r < 0)
        return r;
    return mmapx_i_is_object(m, st) && !mmapx_i_is_copy(m, fd) ? 0 : -EINVAL;
}

/* --- New bytes are zero --------------------------------------------------- */

/* Bytes of one of the mapping's pages, counted from its base, and the page's
 * protection: -1 where it is not known. */
struct stretch {
    size_t from;
    size_t to;
    int prot;
};

static int
clear(unsigned char *base, const struct stretch *bytes)
{
    if (bytes->from >= bytes->to)
        return 0;
    return mmapx_os_clear(base + bytes->from, bytes->to - bytes->from,
                          bytes->prot);
}

/* A private copy of the file's last page has what was stored past its end. */
static void
find_copied_tail(const struct mmapx *m, size_t extent, size_t len, int64_t size,
                 struct stretch *bytes)
{
    size_t head = mmapx_i_head(m);
    int64_t at = size - (mmapx_i_offset(m) - (int64_t)head);
    size_t end = head + len;

    if (at < 0 || (uint64_t)at >= extent)
        return;
    bytes->from = (size_t)at;
    bytes->to = mmapx_i_round_up(bytes->from, mmapx_i_page_size(m));
    if (bytes->to > end)
        bytes->to = end;
}

/*
 * What is cleared once the file has grown: that has to be possible, which it is
 * if the protection is known, or the page can be stored to as it is.
 */
static int
find_protection(unsigned char *base, size_t page, struct stretch *bytes)
{
    struct mmapx_i_span span
        = { mmapx_i_round_down(base + bytes->from, page), page };
    int r = mmapx_os_protection(span.addr, &bytes->prot);

    if (r < 0 && mmapx_i_madvise(&span, MMAPX_MADV_POPULATE_WRITE) == 0)
        return 0;
    return r;
}

/*
 * Memory has kept what was stored behind its length, into its last page; so
 * have copies of a file's.  That of memory, which is nobody's, is cleared here,
 * and that of a file is found, before anything else changes.
 */
static int
prepare_new_bytes(const struct mmapx *m, size_t len,
                  const struct mmapx_i_file_change *file, struct stretch *bytes)
{
    struct mmapx_i_place place = mmapx_i_place(m);
    size_t extent = mmapx_i_extent_of(m, len);
    bool is_mixed = mmapx_i_has_any(m, MMAPX_I_MIXED);
    bool is_shared = mmapx_i_has_any(m, MMAPX_I_SHARED);

    *bytes = (struct stretch){
        .prot = is_mixed ? -1 : mmapx_i_protection(m),
    };
    if (mmapx_i_kind(m) == MMAPX_I_ANON) {
        /* Shared memory does not get more pages, and others may have it. */
        if (is_shared && extent > place.extent)
            return 0;
        bytes->from = m->len;
        bytes->to = len < place.extent ? len : place.extent;
        return clear(place.base, bytes);
    }
    if (is_shared || file->new <= file->old)
        return 0;
    find_copied_tail(m, extent < place.extent ? extent : place.extent, len,
                     file->old, bytes);
    if (!is_mixed || bytes->from >= bytes->to)
        return 0;
    return find_protection(place.base, mmapx_i_page_size(m), bytes);
}

/* The file's new size, with what is new at a base cleared. */
static int
change_file(const struct mmapx_i_file_change *file, unsigned char *base,
            const struct stretch *bytes)
{
    int r = mmapx_i_change_file(file);

    if (r < 0 || file->new <= file->old)
        return r;
    r = clear(base, bytes);
    if (r < 0)
        mmapx_os_set_size(file->fd, file->old);
    return r;
}

/* --- Longer --------------------------------------------------------------- */

/*
 * A descriptor of a copy of the mapped file may not have been recognised.  Then
 * the mapping has not become longer with it.
 */
static bool
is_copied_up(const struct mmapx *m, const struct mmapx_i_growth *g,
             const struct mmapx_i_file_change *file)
{
    int64_t start = mmapx_i_offset(m) - (int64_t)mmapx_i_head(m);
    int64_t page = (int64_t)mmapx_i_page_size(m);
    int64_t last = (file->new - 1) / page * page;

    if (!file->growth.stacks || last < file->old
        || mmapx_i_has_any(m, MMAPX_I_MIXED)
        || !mmapx_i_has_any(m, MMAPX_I_PROT_R))
        return false;
    return !mmapx_os_can_read(g->now.base + (last - start));
}

static int
lengthen_file(const struct mmapx *m, const struct mmapx_i_growth *g,
              const struct mmapx_i_file_change *file,
              const struct stretch *bytes)
{
    int r = change_file(file, g->now.base, bytes);

    if (r < 0 || file->new <= file->old || !is_copied_up(m, g, file))
        return r;
    mmapx_os_set_size(file->fd, file->old);
    return -EINVAL;
}

static int
lengthen(struct mmapx *m, int fd, size_t len, bool may_move,
         const struct mmapx_i_file_change *file, const struct stretch *bytes)
{
    struct mmapx_i_growth g = { .may_fail = file->new != file->old };
    int r = mmapx_i_grow(m, fd, mmapx_i_extent_of(m, len), may_move, &g);

    if (r < 0) {
        mmapx_i_grow_failed(m, &g);
        return r;
    }
    r = lengthen_file(m, &g, file, bytes);
    if (r < 0) {
        mmapx_i_grow_undo(m, &g);
        return r;
    }
    mmapx_i_grow_done(m, &g, len);
    return 0;
}

/* --- Shorter -------------------------------------------------------------- */

/*
 * Until the file is known to have its new size the mapping's tail is only made
 * inaccessible, so that it can come back whole.
 */
static int
shorten_both(struct mmapx *m, size_t len,
             const struct mmapx_i_file_change *file,
             const struct stretch *bytes)
{
    struct mmapx_i_place place = mmapx_i_place(m);
    size_t keep = mmapx_i_extent_of(m, len);
    unsigned char *tail = place.base + keep;
    size_t n = place.extent - keep;
    bool hides = n > 0 && !mmapx_i_has_any(m, MMAPX_I_MIXED);
    int r = hides ? mmapx_os_mprotect(tail, n, PROT_NONE) : 0;

    if (r == 0)
        r = change_file(file, place.base, bytes);
    if (r < 0) {
        if (hides)
            mmapx_os_mprotect(tail, n, mmapx_i_protection(m));
        return r;
    }
    /* The file's end is gone and cannot be given back.  A tail that cannot be
     * unmapped stays behind, and the handle no longer knows of it. */
    mmapx_i_drop(&place, keep);
    place.extent = keep;
    mmapx_i_set_place(m, &place, len);
    return 0;
}

static int
shorten(struct mmapx *m, size_t len, const struct mmapx_i_file_change *file,
        const struct stretch *bytes)
{
    struct mmapx_i_place place = mmapx_i_place(m);
    size_t keep = mmapx_i_extent_of(m, len);
    int r;

    if (file->new != file->old)
        return shorten_both(m, len, file, bytes);
    r = mmapx_i_drop(&place, keep);
    if (r < 0)
        return r;
    place.extent = keep;
    mmapx_i_set_place(m, &place, len);
    return 0;
}

/* --- The call ------------------------------------------------------------- */

/*
 * The size that the file is to have.  A call that makes the mapping no shorter
 * makes the file no shorter either, and what goes on behind the mapping is cut
 * only if the caller asks for that.
 */
static int
plan_file(const struct mmapx *m, size_t len, int flags,
          struct mmapx_i_file_change *file)
{
    int64_t end = mmapx_i_offset(m) + (int64_t)len;
    bool goes_on = file->old > mmapx_i_offset(m) + (int64_t)m->len;

    file->sparse = (flags & MMAPX_RESIZE_SPARSE) != 0;
    file->new = end;
    if (end >= file->old || (flags & MMAPX_RESIZE_CUT) != 0)
        return 0;
    if (len >= m->len)
        file->new = file->old;
    return len < m->len && goes_on ? -EINVAL : 0;
}

/* A file of huge pages has whole ones, and grows when it is mapped. */
static int
check_file(const struct mmapx *m, const struct mmapx_i_file_change *file)
{
    int64_t page = (int64_t)mmapx_i_page_size(m);

    if (page != (int64_t)mmapx_os_page_size() && file->new % page != 0)
        return -EINVAL;
    return mmapx_i_check_file_change(file);
}

static int
resize_to(struct mmapx *m, int fd, size_t len, int flags,
          struct mmapx_i_file_change *file)
{
    bool may_move = (flags & MMAPX_RESIZE_MAYMOVE) != 0;
    struct stretch bytes;
    int r = 0;

    if (!mmapx_i_is_representable(mmapx_i_offset(m), len))
        return -EOVERFLOW;
    if ((flags & MMAPX_RESIZE_FILE) != 0) {
        r = plan_file(m, len, flags, file);
        if (r == 0 && file->new != file->old)
            r = mmapx_os_growth(fd, &file->growth);
        if (r == 0)
            r = check_file(m, file);
    }
    if (r == 0)
        r = prepare_new_bytes(m, len, file, &bytes);
    if (r < 0)
        return r;
    if (len < m->len)
        return shorten(m, len, file, &bytes);
    return lengthen(m, fd, len, may_move, file, &bytes);
}

static int
resize(struct mmapx *m, int fd, size_t len, int flags)
{
    bool both = (flags & MMAPX_RESIZE_FILE) != 0;
    struct mmapx_i_file_change file = { .fd = fd };
    struct mmapx_os_stat st;
    size_t none = 0;
    int r = mmapx_i_range(m, 0, &none);

    if (r < 0)
        return r;
    if ((flags & ~ALL_FLAGS) != 0 || mmapx_i_kind(m) == MMAPX_I_VIEW
        || (!both && (flags & FILE_FLAGS) != 0))
        return -EINVAL;
    if (both || len == MMAPX_TO_END) {
        r = mmapx_i_stat_object(m, fd, &st);
        if (r < 0)
            return r;
        if (both && st.type != MMAPX_OS_FILE)
            return -EINVAL;
        file.old = file.new = both ? st.size : 0;
    }
    if (len == MMAPX_TO_END)
        r = mmapx_i_length_to_end(fd, &st, mmapx_i_offset(m), &len);
    return r < 0 ? r : resize_to(m, fd, len, flags, &file);
}

int
mmapx_resize(struct mmapx *m, int fd, size_t len, int flags)
{
    return mmapx_i_result(resize(m, fd, len, flags));
}
