/* SPDX-License-Identifier: MIT */
#include "fake_os.h"

#include <string.h>

#include "internal.h"

/* The real seam, from librealos.la. */
#define SEAM_CALL(NAME, name, ...)                                             \
    extern __typeof__(mmapx_os_##name) real_os_##name;
#define SEAM_ANSWER(name) extern __typeof__(mmapx_os_##name) real_os_##name;
#include "seam.def"

bool fake_ignores_address;
bool fake_misplaces;
bool fake_is_block_device;
bool fake_knows_no_advice;
bool fake_has_no_advice;
bool fake_may_not_know;
bool fake_has_no_cachestat;
struct fake_bytes fake_uncached;
struct fake_bytes fake_swapped;
struct fake_bytes fake_read;
int64_t fake_looked;
bool fake_zeros_pay;
bool fake_keeps_tail;
bool fake_stacks;
bool fake_reads_past_cache;
bool fake_ends_early;
bool fake_gets_nowhere;
bool fake_lengthens_another;
bool fake_touches_nothing;
void (*fake_unmaps_first)(void *addr, size_t len);
bool fake_all_stay;
uint64_t fake_tick = UINT64_MAX;
uint64_t fake_advice_work = UINT64_MAX;
uint64_t fake_touch_work = UINT64_MAX;
static uint64_t worked;
unsigned char fake_mincore_bits;
void (*fake_on_write)(int fd, const void *bytes, size_t len, int64_t at);
void (*fake_on_flush)(int fd);
void (*fake_on_size)(int fd, int64_t size);
bool fake_flushes = true;
bool fake_drops_nothing;
void (*fake_in_msync)(void);
void (*fake_in_flush)(void);
void (*fake_in_write)(void);
void (*fake_in_pause)(void);
struct fake_args fake_mmap_args, fake_madvise_args, fake_msync_args,
    fake_mprotect_args, fake_name_args;

static struct {
    int calls;
    int fails_at;
    int code;
    bool goes_on; /* and so do all calls after that */
} plan[FAKE_CALLS];

void
fake_reset(void)
{
    memset(plan, 0, sizeof plan);
    fake_ignores_address = false;
    fake_misplaces = false;
    fake_is_block_device = false;
    fake_knows_no_advice = false;
    fake_has_no_advice = false;
    fake_may_not_know = false;
    fake_has_no_cachestat = false;
    fake_uncached = (struct fake_bytes){ 0 };
    fake_swapped = (struct fake_bytes){ 0 };
    fake_read = (struct fake_bytes){ 0 };
    fake_looked = 0;
    fake_zeros_pay = false;
    fake_keeps_tail = false;
    fake_stacks = false;
    fake_reads_past_cache = false;
    fake_ends_early = false;
    fake_gets_nowhere = false;
    fake_lengthens_another = false;
    fake_touches_nothing = false;
    fake_unmaps_first = NULL;
    fake_all_stay = false;
    fake_tick = UINT64_MAX;
    fake_advice_work = UINT64_MAX;
    fake_touch_work = UINT64_MAX;
    fake_mincore_bits = 0;
    fake_on_write = NULL;
    fake_on_flush = NULL;
    fake_on_size = NULL;
    fake_flushes = true;
    fake_drops_nothing = false;
    fake_in_msync = NULL;
    fake_in_flush = NULL;
    fake_in_write = NULL;
    fake_in_pause = NULL;
}

void
fake_fail(enum fake_call call, int code, int nth)
{
    plan[call].fails_at = plan[call].calls + nth;
    plan[call].code = code;
    plan[call].goes_on = false;
}

void
fake_fail_from(enum fake_call call, int code, int nth)
{
    fake_fail(call, code, nth);
    plan[call].goes_on = true;
}

const char *
fake_name(enum fake_call call)
{
    static const char *const names[] = {
#define SEAM_CALL(NAME, ...) #NAME,
#include "seam.def"
    };

    return names[call];
}

int
fake_count(enum fake_call call)
{
    return plan[call].calls;
}

/* What is to happen in a call, once. */
static void
happen(void (**what)(void))
{
    void (*now)(void) = *what;

    *what = NULL;
    if (now != NULL)
        now();
}

/* -errno if this call is to fail, or 0. */
static int
planned(enum fake_call call)
{
    int calls = ++plan[call].calls;
    bool fails = calls == plan[call].fails_at
                 || (plan[call].goes_on && calls > plan[call].fails_at);

    return fails ? -plan[call].code : 0;
}

/* Those that do nothing else. */
#define SEAM_FAILS(NAME, name, params, args, ...)                              \
    int mmapx_os_##name params                                                 \
    {                                                                          \
        int r = planned(FAKE_##NAME);                                          \
                                                                               \
        return r < 0 ? r : real_os_##name args;                                \
    }
#include "seam.def"

int
mmapx_os_stat(int fd, struct mmapx_os_stat *st)
{
    int r = planned(FAKE_STAT);

    if (r == 0)
        r = real_os_stat(fd, st);
    if (r == 0 && fake_is_block_device)
        st->type = MMAPX_OS_BLOCK;
    return r;
}

/* An address that is free and one page off from what suits the offset. */
static void *
wrong_place(size_t len, int64_t offset)
{
    size_t unit = mmapx_os_large_alignment;
    void *area = NULL;
    uintptr_t at;

    if (real_os_mmap(&area, len + 2 * unit, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        < 0)
        return NULL;
    real_os_munmap(area, len + 2 * unit);
    at = ((uintptr_t)area + unit) & ~(uintptr_t)(unit - 1);
    at += (uintptr_t)offset & (unit - 1);
    return (void *)(at + mmapx_os_page_size());
}

int
mmapx_os_mmap(void **addr, size_t len, int prot, int flags, int fd,
              int64_t offset)
{
    int r = planned(FAKE_MMAP);

    fake_mmap_args = (struct fake_args){ *addr, len, flags };
    if (r < 0 && fake_unmaps_first != NULL && (flags & MAP_FIXED) != 0) {
        real_os_munmap(*addr, len);
        fake_unmaps_first(*addr, len);
    }
    if (fake_ignores_address) {
        *addr = NULL;
        flags &= ~mmapx_os_fixed_noreplace;
    }
    if (fake_misplaces && *addr == NULL && fd >= 0)
        *addr = wrong_place(len, offset);
    return r < 0 ? r : real_os_mmap(addr, len, prot, flags, fd, offset);
}

bool
mmapx_os_aligns_mappings(uint32_t file_system)
{
    return !fake_misplaces && real_os_aligns_mappings(file_system);
}

int
mmapx_os_mprotect(void *addr, size_t len, int prot)
{
    int r = planned(FAKE_MPROTECT);

    fake_mprotect_args = (struct fake_args){ addr, len, prot };
    return r < 0 ? r : real_os_mprotect(addr, len, prot);
}

int
mmapx_os_msync(void *addr, size_t len, int flags)
{
    int r = planned(FAKE_MSYNC);

    fake_msync_args = (struct fake_args){ addr, len, flags };
    happen(&fake_in_msync);
    return r < 0 ? r : real_os_msync(addr, len, flags);
}

int
mmapx_os_mincore(void *addr, size_t len, unsigned char *vec)
{
    int r = planned(FAKE_MINCORE);

    if (r == 0)
        r = real_os_mincore(addr, len, vec);
    for (size_t i = 0; r == 0 && i < len / mmapx_os_page_size(); i++)
        vec[i] |= fake_mincore_bits;
    return r;
}

int
mmapx_os_madvise(void *addr, size_t len, int advice)
{
    int r = planned(FAKE_MADVISE);

    worked += fake_advice_work * (len >> 20);
    fake_madvise_args = (struct fake_args){ addr, len, advice };
    return r < 0 ? r : real_os_madvise(addr, len, advice);
}

int
mmapx_os_madvise_batch(const struct iovec *list, size_t n, int advice,
                       size_t *done)
{
    int r = planned(FAKE_MADVISE_BATCH);

    *done = 0;
    if (r == 0 && fake_drops_nothing)
        r = -ENOTSUP;
    return r < 0 ? r : real_os_madvise_batch(list, n, advice, done);
}

int
mmapx_os_readahead(int fd, int64_t off, int64_t len)
{
    int r = planned(FAKE_READAHEAD);

    fake_read = (struct fake_bytes){ off, off + len };
    return r < 0 ? r : real_os_readahead(fd, off, len);
}

int64_t
mmapx_os_read_at(int fd, void *buf, size_t len, int64_t off)
{
    int r = planned(FAKE_READ_AT);

    if (r < 0 || fake_gets_nowhere)
        return r;
    return real_os_read_at(fd, buf, len, off);
}

int64_t
mmapx_os_write_at(int fd, const void *buf, size_t len, int64_t off)
{
    int r = planned(FAKE_WRITE_AT);

    if (r < 0)
        happen(&fake_in_write);
    if (r == 0 && fake_on_write != NULL)
        fake_on_write(fd, buf, len, off);
    if (r < 0 || fake_gets_nowhere)
        return r;
    return real_os_write_at(fd, buf, len, off);
}

int
mmapx_os_flush_data(int fd)
{
    int r = planned(FAKE_FLUSH_DATA);

    happen(&fake_in_flush);
    if (r == 0 && fake_on_flush != NULL)
        fake_on_flush(fd);
    return r < 0 || !fake_flushes ? r : real_os_flush_data(fd);
}

int
mmapx_os_begin_write(int fd, int64_t off, int64_t len)
{
    int r = planned(FAKE_BEGIN_WRITE);
    void (*other)(void) = fake_in_flush;

    fake_in_flush = NULL;
    if (other != NULL)
        other();
    return r < 0 ? r : real_os_begin_write(fd, off, len);
}

int
mmapx_os_drop(void *addr, size_t len)
{
    return fake_drops_nothing ? -ENOTSUP : real_os_drop(addr, len);
}

int
mmapx_os_growth(int fd, struct mmapx_os_growth *growth)
{
    int r = planned(FAKE_GROWTH);

    if (r == 0)
        r = real_os_growth(fd, growth);
    if (r < 0)
        return r;
    growth->zeros_pay = fake_zeros_pay;
    growth->keeps_tail |= fake_keeps_tail;
    growth->stacks = fake_stacks;
    return r;
}

int
mmapx_os_lengthen(int fd, int64_t size)
{
    int r = planned(FAKE_LENGTHEN);

    return r < 0 || fake_lengthens_another ? r : real_os_lengthen(fd, size);
}

int
mmapx_os_set_size(int fd, int64_t size)
{
    int r = planned(FAKE_SET_SIZE);

    if (r == 0 && fake_on_size != NULL)
        fake_on_size(fd, size);
    return r < 0 ? r : real_os_set_size(fd, size);
}

int
mmapx_os_allocate(int fd, int64_t from, int64_t len)
{
    int r = planned(FAKE_ALLOCATE);

    if (r == 0)
        return real_os_allocate(fd, from, len);
    /* As some file systems do it: half-way. */
    real_os_set_size(fd, from + len / 2);
    return r;
}

int
mmapx_os_advice(enum mmapx_advice advice)
{
    return fake_has_no_advice ? -ENOTSUP : real_os_advice(advice);
}

bool
mmapx_os_advice_known(int advice)
{
    return !fake_knows_no_advice && real_os_advice_known(advice);
}

bool
mmapx_os_may_see_residency(const struct mmapx_os_owner *owner)
{
    return !fake_may_not_know && real_os_may_see_residency(owner);
}

/* All kernels have names here. */
int
mmapx_os_name(void *addr, size_t len, const char *name)
{
    (void)name;
    fake_name_args = (struct fake_args){ addr, len, 0 };
    return planned(FAKE_NAME);
}

bool
mmapx_os_is_told(int fd, const struct mmapx_os_stat *st)
{
    return !fake_may_not_know && real_os_is_told(fd, st);
}

bool
mmapx_os_has_own_cache(int fd)
{
    return !fake_stacks
           && (fake_uncached.end != 0 || real_os_has_own_cache(fd));
}

/* The pages from the one of off to that of end - 1. */
static uint64_t
pages(int64_t off, int64_t end)
{
    int64_t page = (int64_t)mmapx_os_page_size();

    return off < end ? (uint64_t)((end - 1) / page - off / page + 1) : 0;
}

/* The pages of a part that some bytes are in. */
static uint64_t
pages_of(const struct fake_bytes *bytes, int64_t off, int64_t end)
{
    int64_t from = off > bytes->off ? off : bytes->off;
    int64_t to = end < bytes->end ? end : bytes->end;

    return pages(from, to);
}

/* What no test says anything of is to be read as from a disk. */
enum mmapx_os_home
mmapx_os_home(int fd)
{
    (void)fd;
    return fake_swapped.end != 0 ? MMAPX_OS_SWAPPED : MMAPX_OS_ON_DISK;
}

int
mmapx_os_cachestat(int fd, int64_t off, int64_t len, struct mmapx_cache *c)
{
    int r = planned(FAKE_CACHESTAT);

    if (off + len > fake_looked)
        fake_looked = off + len;
    if (fake_has_no_cachestat)
        return -ENOSYS;
    if (r == 0 && fake_swapped.end != 0) {
        *c = (struct mmapx_cache){ .known = MMAPX_CACHE_CACHED
                                            | MMAPX_CACHE_EVICTED };
        c->cached = pages(off, off + len);
        c->evicted = pages_of(&fake_swapped, off, off + len);
        return 0;
    }
    if (r == 0 && fake_uncached.end != 0) {
        *c = (struct mmapx_cache){ .known = MMAPX_CACHE_CACHED };
        c->cached = pages(off, off + len)
                    - pages_of(&fake_uncached, off, off + len);
        return 0;
    }
    if (r == 0)
        r = real_os_cachestat(fd, off, len, c);
    if (r == 0 && fake_all_stay)
        c->dirty = 0;
    return r;
}

int64_t
mmapx_os_read_and_discard(int fd, int64_t off, int64_t len)
{
    int r = planned(FAKE_READ_AND_DISCARD);

    fake_read = (struct fake_bytes){ off, off + len };
    if (r == 0 && fake_ends_early)
        return 0;
    return r < 0 ? r : real_os_read_and_discard(fd, off, len);
}

bool
mmapx_os_bypasses_cache(int fd)
{
    return fake_reads_past_cache || real_os_bypasses_cache(fd);
}

int
mmapx_os_evict(int fd, int64_t off, int64_t len, bool to_end)
{
    int r = planned(FAKE_EVICT);

    return r < 0 || fake_all_stay ? r : real_os_evict(fd, off, len, to_end);
}

void
mmapx_os_unmap_file(int fd, int64_t off, int64_t end)
{
    planned(FAKE_UNMAP_FILE);
    real_os_unmap_file(fd, off, end);
}

void
mmapx_os_pause(void)
{
    if (fake_in_pause != NULL)
        fake_in_pause();
    real_os_pause();
}

uint64_t
mmapx_os_clock(void)
{
    static uint64_t now;

    if (fake_tick == UINT64_MAX)
        return real_os_clock();
    now += fake_tick;
    return now;
}

int64_t
mmapx_os_write_zeros(int fd, int64_t at, int64_t len)
{
    int r = planned(FAKE_WRITE_ZEROS);

    if (r < 0)
        happen(&fake_in_write);
    if (fake_gets_nowhere)
        return 0;
    if (r == 0)
        return real_os_write_zeros(fd, at, len);
    /* As a disk that becomes full meanwhile: half-way. */
    real_os_set_size(fd, at + len / 2);
    return r;
}

int
mmapx_os_touch(const struct mmapx_os_touch_fds *t, unsigned char *addr,
               size_t len, size_t stride)
{
    int r = planned(FAKE_TOUCH);

    worked += fake_touch_work * (len >> 20);
    if (r == 0 && !fake_touches_nothing)
        r = real_os_touch(t, addr, len, stride);
    return r;
}

uint64_t
mmapx_os_cpu_time(void)
{
    return fake_touch_work == UINT64_MAX ? real_os_cpu_time() : worked;
}

