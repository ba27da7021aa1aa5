/* SPDX-License-Identifier: MIT */
/* A run: the operations, and what is left of them in the end. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "model.h"
#include "world.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int next_fd; /* while nothing has been left open */

#if defined __has_feature
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#if defined __SANITIZE_ADDRESS__
#define WITH_ASAN 1
#endif

/* The sanitizer's do nothing.  The library is to find these, also if it is a
 * shared one. */
#ifdef WITH_ASAN
#pragma GCC visibility push(default)
int
mlock(const void *addr, size_t len)
{
    return (int)syscall(SYS_mlock, addr, len);
}

int
munlock(const void *addr, size_t len)
{
    return (int)syscall(SYS_munlock, addr, len);
}
#pragma GCC visibility pop
#endif


/* --- /proc/self/maps ------------------------------------------------------ */

static int
protection_in(const char *perms)
{
    return (perms[0] == 'r' ? PROT_READ : 0)
           | (perms[1] == 'w' ? PROT_WRITE : 0)
           | (perms[2] == 'x' ? PROT_EXEC : 0);
}

/* One line, for one region: count its pages and look at each. */
static size_t
check_line(const struct region *r, uintptr_t from, uintptr_t to,
           const char *perms, size_t offset)
{
    size_t found = 0;

    for (size_t p = 0; r->used && p < r->pages; p++) {
        const unsigned char *byte = memory(r, p);
        uintptr_t at = (uintptr_t)byte;

        if (at < from || at >= to)
            continue;
        found++;
        if (protection_in(perms) != r->page[p].prot
            || (perms[3] == 's') != r->shared)
            fail("page %zu of region %zu is %.4s", p,
                 (size_t)(r - regions), perms);
        if (r->file != NULL
            && offset + (at - from) != (r->first + p) * page)
            fail("page %zu of region %zu has another offset", p,
                 (size_t)(r - regions));
    }
    return found;
}

static void
check_mappings(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    size_t pages = 0;
    size_t found = 0;
    char line[512];

    doing = "maps";
    if (maps == NULL)
        return;
    for (size_t i = 0; i < REGIONS; i++)
        pages += regions[i].used ? regions[i].pages : 0;
    while (fgets(line, sizeof line, maps) != NULL) {
        unsigned long from, to, offset;
        char perms[8];
        size_t here = 0;

        if (sscanf(line, "%lx-%lx %7s %lx", &from, &to, perms, &offset) != 4)
            continue;
        for (size_t i = 0; i < REGIONS; i++)
            here += check_line(&regions[i], from, to, perms, offset);
        found += here;
        if (strstr(line, "mmapx-model") != NULL && here * page != to - from)
            fail("left behind: %s", line);
    }
    fclose(maps);
    if (found != pages)
        fail("%zu pages are mapped, not %zu", found, pages);
}

/* --- A run ---------------------------------------------------------------- */

static void (*const operations[])(void) = {
    do_map,       do_map,        do_map_anon,    do_view,      do_unmap,
    do_write,     do_write,      do_write,       do_read,      do_guard,
    do_dontneed,  do_dontneed,   do_free,        do_remove,    do_hint,
    do_protect,   do_protect,    do_lock,        do_unlock,    do_populate,
    do_residency, do_sync,       do_truncate,    do_pwrite,    do_resize,
    do_resize,    do_resize,     do_exact_advice, do_guard_pages,
    do_map_at,    do_bad_advice, do_bad_handle,  do_can_fault, do_memfd,
    do_cache,     do_cache_bad,  do_load,        do_evict,     do_lock_limit,
    do_guard_zeros, do_guard_rearm,
    do_prefetch,  do_cache_prefetch, do_reserve, do_reserve, do_split,
    do_split,     do_join,       do_join,
    do_name,
    do_commit,    do_commit,     do_changed,
};

/* Twice, the second time to be read alone. */
static void
open_file(struct file *f)
{
    const char *dir = getenv("MMAPX_FUZZ_DIR");
    char path[4096];

    if (dir != NULL) {
        snprintf(path, sizeof path, "%s/mmapx-model-XXXXXX", dir);
        f->fd = mkstemp(path);
    } else {
        f->fd = (int)syscall(SYS_memfd_create, "mmapx-model", 0u);
        snprintf(path, sizeof path, "/proc/self/fd/%d", f->fd);
    }
    f->read_only = open(path, O_RDONLY | O_CLOEXEC);
    if (dir != NULL)
        unlink(path);
    need(f->fd >= 0 && f->read_only >= 0);
}

/* All that the mappings could be, at once. */
static bool
has_lock_limit(void)
{
    size_t len = (size_t)REGIONS * REGION_PAGES * page;
    void *p = mmap(NULL, len, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool works;

    need(p != MAP_FAILED);
    works = mlock(p, len) == 0;
    need(munmap(p, len) == 0);
    return !works;
}

/* An emulator takes advice that there is not, and old kernels cannot populate:
 * the model is of neither. */
bool
model_fits(void)
{
    return madvise(NULL, 0, 12345) != 0
           && mmapx_advice_supported(MMAPX_MADV_POPULATE_READ);
}

static void
set_up_once(void)
{
    if (page != 0)
        return;
    page = (size_t)sysconf(_SC_PAGESIZE);
    lock_is_limited = has_lock_limit();
    on_disk = getenv("MMAPX_FUZZ_DIR") != NULL;
    has_proc = access("/proc/self/maps", R_OK) == 0;
    need((zeroes = calloc(1, page)) != NULL
         && (copy = calloc(REGION_PAGES, page)) != NULL);
    for (size_t i = 0; i < REGIONS; i++)
        for (size_t p = 0; p < REGION_PAGES; p++)
            need((regions[i].page[p].own = calloc(1, page)) != NULL);
    for (size_t i = 0; i < FILES; i++) {
        open_file(&files[i]);
        files[i].bytes = calloc(2 * REGION_PAGES, page);
        need(files[i].bytes != NULL);
    }
}

static void
begin_run(void)
{
    doing = "the beginning";
    need(strtoul(mmapx_version(), NULL, 10) == MMAPX_VERSION_MAJOR);
    set_up_once();
    for (size_t i = 0; i < FILES; i++) {
        struct file *f = &files[i];

        /* From nothing, so that nothing comes back. */
        need(ftruncate(f->fd, 0) == 0);
        f->size = i * 3 * page + i;
        f->reserved = false;
        memset(f->bytes, 0, 2 * REGION_PAGES * page);
        for (size_t k = 0; k < f->size; k++)
            f->bytes[k] = (unsigned char)(k % 253 + i + 1);
        need(pwrite(f->fd, f->bytes, f->size, 0) == (ssize_t)f->size);
    }
    next_fd = dup(files[0].fd);
    close(next_fd);
}

/* What had no access is made readable, so that its bytes can be seen. */
static void
end_run(void)
{
    doing = "the end";
    check_all();
    check_mappings();
    for (size_t i = 0; i < REGIONS; i++) {
        struct region *r = &regions[i];

        if (!r->used)
            continue;
        for (size_t p = 0; p < r->pages; p++) {
            if (r->page[p].locked)
                maybe_own(r, p);
            r->page[p].prot = PROT_READ;
        }
        doing = "the end";
        need(mprotect(memory(r, 0), r->pages * page, PROT_READ) == 0);
        check_region(r);
    }
    for (size_t i = 0; i < REGIONS; i++)
        end_region(&regions[i]);
    check_mappings();
    if (dup(files[0].fd) != next_fd)
        fail("a descriptor was left open");
    close(next_fd);
}

void
model_run(const uint8_t *data, size_t size)
{
    begin_input(data, size);
    begin_run();
    while (input_is_left())
        operations[take_below(sizeof operations / sizeof operations[0])]();
    end_run();
}
