/* SPDX-License-Identifier: MIT */
/* Making, viewing and ending mappings. */
#include "internal.h"

/* MAP_FIXED_NOREPLACE is 0 where the system does not have it. */
static bool
is_exact(int flags)
{
    return (flags & (MAP_FIXED | mmapx_os_fixed_noreplace)) != 0;
}

/*
 * mmap(2) at exactly addr without replacing anything.  Kernels that do not
 * know MAP_FIXED_NOREPLACE take addr for a hint; with MAP_FIXED beside it they
 * would clobber what is there.  A hint that is not followed although nothing is
 * there lies outside the address space.
 */
static int
map_noreplace(void **addr, size_t len, int prot, int flags, int fd,
              int64_t offset)
{
    void *wanted = *addr;
    int r = mmapx_os_mmap(addr, len, prot, flags & ~MAP_FIXED, fd, offset);

    if (r < 0 || *addr == wanted)
        return r;
    mmapx_os_munmap(*addr, len);
    return mmapx_os_is_free(wanted, len) ? -ENOMEM : -EEXIST;
}

/*
 * Move a mapping that the kernel placed to where huge pages can map it, if it
 * covers a huge page of the object.  Most file systems see to that themselves;
 * overlayfs and block devices do not.  The mapping moves, rather than be made
 * twice: nobody has to lock, or to commit, its memory twice.  A better place is
 * a wish: where there is none it stays.
 */
static void
make_congruent(void **addr, size_t len, int flags, uint32_t file_system,
               int64_t offset)
{
    size_t unit = mmapx_os_large_alignment;
    size_t lead = (size_t)-offset & (unit - 1);
    unsigned char *place;

    if ((((uintptr_t)*addr - (uintptr_t)offset) & (unit - 1)) == 0
        || len < lead + unit || (flags & mmapx_os_eager_map_flags) != 0
        || mmapx_os_aligns_mappings(file_system)
        || mmapx_i_take_some(len, (uintptr_t)offset, &place) < 0)
        return;
    if (mmapx_os_mremap_to(*addr, len, place, len) == 0)
        *addr = place;
    else
        mmapx_os_munmap(place, len);
}

/*
 * Map len bytes of an object into *m.  addr is a hint or, with flags that make
 * it exact, the address.
 */
static int
map_object(struct mmapx *m, void *addr, size_t len, int prot, int flags,
           const struct mmapx_i_object *obj)
{
    size_t head = (size_t)obj->offset & (obj->page_size - 1);
    int64_t offset = obj->offset - (int64_t)head;
    bool noreplace = (flags & mmapx_os_fixed_noreplace) != 0;
    size_t extent;
    void *base = NULL;
    int r;

    if (len == 0) {
        /* One page that nobody reads: it shows that the object can be
         * mapped, and is there to grow. */
        flags &= ~(MAP_FIXED | mmapx_os_fixed_noreplace
                   | mmapx_os_eager_map_flags);
        noreplace = false;
        extent = obj->page_size;
    } else {
        extent = mmapx_i_round_up(head + len, obj->page_size);
    }

    if (is_exact(flags)) {
        base = mmapx_i_round_down(addr, obj->page_size);
        if (base == NULL || (uintptr_t)addr - (uintptr_t)base != head)
            return -EINVAL;
    } else if ((uintptr_t)addr > head) {
        base = mmapx_i_round_down((unsigned char *)addr - head, obj->page_size);
    }

    r = noreplace
            ? map_noreplace(&base, extent, prot, flags, obj->fd, offset)
            : mmapx_os_mmap(&base, extent, prot, flags, obj->fd, offset);
    if (r < 0)
        return obj->fd < 0 ? r : mmapx_os_translate_mmap_error(r, obj->fd);
    if (addr == NULL && obj->kind == MMAPX_I_FILE)
        make_congruent(&base, extent, flags, obj->file_system, offset);

    mmapx_i_fill(m, (unsigned char *)base + (len == 0 ? 0 : head), len, prot,
                 flags, obj);
    return 0;
}

/* Each call makes another object, so that parts of two are told apart. */
static int
map_anon(struct mmapx *m, void *addr, size_t len, int prot, int flags)
{
    static unsigned last;
    struct mmapx_i_object obj = { .kind = MMAPX_I_ANON, .fd = -1 };
    int r;

    if (len == MMAPX_TO_END)
        return -EINVAL;
    if (len > PTRDIFF_MAX)
        return -EOVERFLOW;
    r = mmapx_os_anon_page_size(flags, &obj.page_size);
    if (r < 0)
        return r;
    obj.identity = __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED)
                   & (UINTPTR_MAX >> MMAPX_I_IDENTITY_SHIFT);
    return map_object(m, addr, len, prot, flags, &obj);
}

/* The bytes that an object has. */
int
mmapx_i_object_size(int fd, const struct mmapx_os_stat *st, int64_t *size)
{
    *size = st->size;
    if (st->type == MMAPX_OS_BLOCK)
        return mmapx_os_device_size(fd, size);
    return st->type == MMAPX_OS_FILE ? 0 : -ENODEV;
}

/* The length of the object from offset to its end. */
int
mmapx_i_length_to_end(int fd, const struct mmapx_os_stat *st, int64_t offset,
                      size_t *len)
{
    int64_t size;
    bool fits;
    int r = mmapx_i_object_size(fd, st, &size);

    if (r < 0)
        return r;
    if (offset > size)
        return -ENXIO;
    *len = (size_t)(size - offset);
    fits = size - offset <= PTRDIFF_MAX
           && mmapx_i_is_representable(offset, *len);
    return fits ? 0 : -EOVERFLOW;
}

/* Whether offset + len fits int64_t, its page number fits size_t (mmap2() takes
 * page numbers on 32-bit systems) and the offset fits the handle. */
bool
mmapx_i_is_representable(int64_t offset, size_t len)
{
    return len <= PTRDIFF_MAX && (int64_t)len <= INT64_MAX - offset
           && offset <= mmapx_i_max_offset()
           && (uint64_t)(offset + (int64_t)len) / mmapx_os_page_size()
                  <= SIZE_MAX;
}

static int
map_fd(struct mmapx *m, void *addr, int fd, int64_t offset, size_t len,
       int prot, int flags)
{
    struct mmapx_os_stat st;
    int r;

    if (m == NULL)
        return -EINVAL;
    if ((flags & MAP_ANONYMOUS) != 0)
        return map_anon(m, addr, len, prot, flags);
    if (offset < 0)
        return -EINVAL;
    if (len != MMAPX_TO_END && !mmapx_i_is_representable(offset, len))
        return -EOVERFLOW;

    r = mmapx_os_stat(fd, &st);
    if (r < 0)
        return r;
    if (st.type == MMAPX_OS_NOMAP)
        return -ENODEV;
    if (len == MMAPX_TO_END) {
        r = mmapx_i_length_to_end(fd, &st, offset, &len);
        if (r < 0)
            return r;
    }
    mmapx_os_doubt_owner(fd, &st);

    struct mmapx_i_object obj = {
        .kind = st.type == MMAPX_OS_CHAR ? MMAPX_I_DEVICE : MMAPX_I_FILE,
        .page_size = st.page,
        .fd = fd,
        .offset = offset,
        .owner = st.owner,
        .identity = mmapx_i_known_identity(&st),
        .birth = st.birth,
        .file_system = st.file_system,
    };
    return map_object(m, addr, len, prot, flags, &obj);
}

/* The calls that take no address take no flag that makes one exact. */
int
mmapx_i_map(struct mmapx *m, int fd, int64_t offset, size_t len, int prot,
            int flags)
{
    if (is_exact(flags))
        return -EINVAL;
    return map_fd(m, NULL, fd, offset, len, prot, flags);
}

static int
map_path(struct mmapx *m, const char *path, int prot, int flags)
{
    bool writes = (flags & MAP_SHARED) != 0 && (prot & PROT_WRITE) != 0;
    int fd;
    int r;

    if (m == NULL || path == NULL || (flags & MAP_ANONYMOUS) != 0
        || is_exact(flags))
        return -EINVAL;
    fd = mmapx_os_open(path, writes);
    if (fd < 0)
        return fd;
    r = map_fd(m, NULL, fd, 0, MMAPX_TO_END, prot, flags);
    mmapx_os_close(fd);
    return r;
}

static int
view(struct mmapx *m, void *addr, size_t len)
{
    /* A range in the last page of all would have no end to round to. */
    uintptr_t last = UINTPTR_MAX - (mmapx_os_page_size() - 1);
    struct mmapx_i_object obj = {
        .kind = MMAPX_I_VIEW,
        .page_size = mmapx_os_page_size(),
        /* A view has no file offset; this is the distance from its page's
         * start, so that mmapx_i_head() works. */
        .offset = (int64_t)((uintptr_t)addr & (mmapx_os_page_size() - 1)),
    };

    if (m == NULL || addr == NULL || len == MMAPX_TO_END)
        return -EINVAL;
    if (len > PTRDIFF_MAX || (uintptr_t)addr > last
        || len > last - (uintptr_t)addr)
        return -EOVERFLOW;
    mmapx_i_fill(m, addr, len, PROT_READ | PROT_WRITE, 0, &obj);
    mmapx_i_set_flags(m, MMAPX_I_MIXED); /* nobody knows */
    return 0;
}

int
mmapx_i_unmap(struct mmapx *m)
{
    if (m == NULL)
        return -EINVAL;
    if (mmapx_i_kind(m) != MMAPX_I_UNMAPPED
        && mmapx_i_kind(m) != MMAPX_I_VIEW) {
        int r = mmapx_os_munmap(mmapx_i_base(m), mmapx_i_whole(m));

        if (r < 0)
            return r;
    }
    *m = (struct mmapx)MMAPX_INIT;
    return 0;
}

int
mmapx_map(struct mmapx *m, int fd, int prot, int flags)
{
    return mmapx_i_result(
        mmapx_i_map(m, fd, 0, MMAPX_TO_END, prot, flags));
}

int
mmapx_map_region(struct mmapx *m, int fd, int64_t offset, size_t len,
                 int prot, int flags)
{
    return mmapx_i_result(mmapx_i_map(m, fd, offset, len, prot, flags));
}

int
mmapx_map_at(struct mmapx *m, void *addr, int fd, int64_t offset, size_t len,
             int prot, int flags)
{
    return mmapx_i_result(map_fd(m, addr, fd, offset, len, prot, flags));
}

int
mmapx_map_path(struct mmapx *m, const char *path, int prot, int flags)
{
    return mmapx_i_result(map_path(m, path, prot, flags));
}

int
mmapx_map_anon(struct mmapx *m, size_t len, int prot, int flags)
{
    return mmapx_i_result(
        mmapx_i_map(m, -1, 0, len, prot, flags | MAP_ANONYMOUS));
}

int
mmapx_view(struct mmapx *m, void *addr, size_t len)
{
    return mmapx_i_result(view(m, addr, len));
}

int
mmapx_unmap(struct mmapx *m)
{
    return mmapx_i_result(mmapx_i_unmap(m));
}

size_t
mmapx_page_size(const struct mmapx *m)
{
    if (m == NULL || mmapx_i_kind(m) == MMAPX_I_UNMAPPED)
        return mmapx_os_page_size();
    return mmapx_i_page_size(m);
}

const char *
mmapx_version(void)
{
    return PACKAGE_VERSION;
}
