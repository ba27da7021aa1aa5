/* SPDX-License-Identifier: MIT */
/*
 * The seam to the system: everything that the library asks of it.  Every call
 * returns 0, or what its comment says, or -errno.  Addresses and lengths handed
 * down are page-aligned, lengths never 0.
 *
 * posix*.c have what is the same everywhere.  The rest is in linux*.c; on other
 * systems it is in fallback*.c and one of bsd.c, darwin.c and none.c, which
 * configure chooses by the host.  The tests put a layer between that fails on
 * demand.
 *
 * To add a call:
 * - declare it here, with a comment that says what it returns;
 * - write it in a posix*.c, or in a linux*.c and, for all others, in a
 *   fallback*.c;
 * - name it in tests/fault/seam.def, with the errno codes it can fail with; if
 *   it can fail, write the function in fake_os.c that does so on demand, and a
 *   scenario in injection_scenarios.c that makes the call.
 *
 * To add a system: see doc/porting.
 */
#ifndef MMAPX_OS_H
#define MMAPX_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/uio.h>

#include "libmmapx.h"

/* MAP_FIXED_NOREPLACE where the system's headers have it, else 0. */
extern const int mmapx_os_fixed_noreplace;

/* Flags that act on a mapping's pages at once: MAP_POPULATE, MAP_LOCKED. */
extern const int mmapx_os_eager_map_flags;

/* MAP_NORESERVE where the system's headers have it, else 0. */
extern const int mmapx_os_noreserve;

/* The kernel maps large pages where address and file offset agree modulo
 * this; 1 where there is nothing to gain. */
extern const size_t mmapx_os_large_alignment;

struct mmapx_os_owner {
    uintptr_t uid;
    uintptr_t gid;
    bool group_writes;
    bool others_write;
};

enum mmapx_os_type {
    MMAPX_OS_FILE,   /* has a size: regular files, memfds, shared memory */
    MMAPX_OS_BLOCK,
    MMAPX_OS_CHAR,
    MMAPX_OS_NOMAP,  /* directory, FIFO, socket: nothing to map */
};

struct mmapx_os_stat {
    enum mmapx_os_type type;
    int64_t size;    /* of MMAPX_OS_FILE */
    size_t page;     /* of a mapping of it */
    struct mmapx_os_owner owner;
    uint64_t identity; /* of one object only */
    bool has_device; /* behind its file system: none lies between */
    uint32_t birth;  /* see mmapx_os_birth(); doubt_owner knows it */
    uint32_t file_system; /* its type, if doubt_owner had to ask; else 0 */
};

/* --- posix*.c ------------------------------------------------------------ */

size_t mmapx_os_page_size(void);
int mmapx_os_stat(int fd, struct mmapx_os_stat *st);
int mmapx_os_open(const char *path, bool writable); /* the descriptor */
void mmapx_os_close(int fd);
int mmapx_os_mmap(void **addr, size_t len, int prot, int flags, int fd,
                  int64_t offset);
int mmapx_os_munmap(void *addr, size_t len);
int mmapx_os_mprotect(void *addr, size_t len, int prot);
int mmapx_os_msync(void *addr, size_t len, int flags);
int mmapx_os_mlock(void *addr, size_t len);
int mmapx_os_munlock(void *addr, size_t len);
int mmapx_os_lock_limit(size_t *limit); /* SIZE_MAX: none */
int mmapx_os_mincore(void *addr, size_t len, unsigned char *vec);
int mmapx_os_set_size(int fd, int64_t size);
int mmapx_os_file_limit(int64_t *limit);
bool mmapx_os_reads_and_writes(int fd); /* may, by how it was opened */
bool mmapx_os_is_fault(int code); /* an instruction's, by its si_code */
int mmapx_os_flush(int fd); /* fsync(2), through to the device's own cache */
int mmapx_os_seek_size(int fd, int64_t *size);
int64_t mmapx_os_write_zeros(int fd, int64_t at, int64_t len); /* how many */

/* What may be done with a descriptor, MMAPX_OS_* bits. */
enum {
    MMAPX_OS_READS   = 1 << 0,
    MMAPX_OS_WRITES  = 1 << 1,
    MMAPX_OS_APPENDS = 1 << 2, /* each write goes to the end */
    MMAPX_OS_SYNCS   = 1 << 3, /* each write waits for the disk */
};
int mmapx_os_access(int fd);

/* pread(2) and pwrite(2), again after a signal: how many bytes, or -errno; and
 * the data to the disk, with what it takes to find it there. */
int64_t mmapx_os_read_at(int fd, void *buf, size_t len, int64_t off);
int64_t mmapx_os_write_at(int fd, const void *buf, size_t len, int64_t off);
int mmapx_os_flush_data(int fd);
uint64_t mmapx_os_clock(void); /* ns, from some point in time on */
void mmapx_os_pause(void); /* for a moment, in which others may get on */

/* Read up to len bytes at off into the page cache and discard them.  Returns
 * the number read, 0 at the end of the file.  Nothing comes into the page cache
 * by a descriptor that bypasses it. */
int64_t mmapx_os_read_and_discard(int fd, int64_t off, int64_t len);
bool mmapx_os_bypasses_cache(int fd);

/* Whether the mode lets the caller, whose group is gid, write: not as owner. */
bool mmapx_os_mode_lets_write(const struct mmapx_os_owner *owner,
                              uintptr_t gid);

/* Memory behind a descriptor can be sealed against these; is_sealed: against
 * one of them at least. */
enum {
    MMAPX_OS_SHRINKING = 1 << 0,
    MMAPX_OS_GROWING   = 1 << 1,
    MMAPX_OS_WRITING   = 1 << 2,
};
int mmapx_os_seal_shrink(int fd);
bool mmapx_os_is_sealed(int fd, int against);

/* The system's number for an advice of ours, or -ENOTSUP. */
int mmapx_os_advice(enum mmapx_advice advice);
int mmapx_os_madvise(void *addr, size_t len, int advice);

/* --- linux*.c; elsewhere fallback*.c ------------------------------------- */

/* The page size of a mapping of fd, where st_blksize is blksize. */
int mmapx_os_file_page_size(int fd, size_t blksize, size_t *page);

/* The page size that flags ask of anonymous memory (MAP_HUGETLB). */
int mmapx_os_anon_page_size(int flags, size_t *page);

/* Whether the mappings of files in such a file system are where large pages can
 * map them, or large pages are off: to move them would help nobody. */
bool mmapx_os_aligns_mappings(uint32_t file_system);

/* What mmap(2) means by err for fd: -ENODEV if fd cannot be mapped at all. */
int mmapx_os_translate_mmap_error(int err, int fd);

/* Whether the running kernel knows one of the system's advice numbers. */
bool mmapx_os_advice_known(int advice);

/*
 * Whether mincore(2) answers this caller truthfully.
 * may_see_residency: about a file, by its owner and mode.
 * may_see_memory: about memory that something else mapped.
 * is_told: about a file, as the kernel decides it.
 * doubt_owner: take from a file's owner and mode what the kernel does not go
 * by, or not alone.
 */
bool mmapx_os_may_see_residency(const struct mmapx_os_owner *owner);
bool mmapx_os_may_see_memory(const void *addr, size_t len);
bool mmapx_os_is_told(int fd, const struct mmapx_os_stat *st);
void mmapx_os_doubt_owner(int fd, struct mmapx_os_stat *st);

/* Where one file lies over another and both have one number: when the one that
 * the descriptor leads to was made, folded and odd, or UNTOLD; 0 elsewhere. */
enum { MMAPX_OS_UNTOLD = 2 };
uint32_t mmapx_os_birth(int fd);

/* What the page cache has of a range that is not empty; -ENOSYS where only
 * mincore(2) tells. */
int mmapx_os_cachestat(int fd, int64_t off, int64_t len,
                       struct mmapx_cache *c);

/* Move *off, if it lies in a hole, to the next data or to end, and set
 * *data_end to where those end; where nobody tells, all is data.  Whether the
 * file system lists its data: then the touch of a hole takes no memory. */
bool mmapx_os_next_data(int fd, int64_t *off, int64_t end, int64_t *data_end);

/* Where the pages of a file are that are not in the page cache: on a disk, or
 * who knows where; nowhere; or where the system swaps them to. */
enum mmapx_os_home { MMAPX_OS_ON_DISK, MMAPX_OS_IN_MEMORY, MMAPX_OS_SWAPPED };
enum mmapx_os_home mmapx_os_home(int fd);

/* Whether the file has a page cache of its own for certain: where cachestat(2)
 * finds nothing, nothing is there. */
bool mmapx_os_has_own_cache(int fd);

/* Drop whole pages from the page cache, and all that follows if they are the
 * file's last, as far as they are clean and nobody has them mapped. */
int mmapx_os_evict(int fd, int64_t off, int64_t len, bool to_end);

/* Take pages of a file out of this process's page tables, as far as that loses
 * nothing. */
void mmapx_os_unmap_file(int fd, int64_t off, int64_t end);

/* Begin to read a part of a file that is not longer than the read-ahead window;
 * -ENOTSUP where the system has no such call. */
int mmapx_os_readahead(int fd, int64_t off, int64_t len);

/* Advise several stretches by one call, from the first on as far as that can be
 * done; *done is how many.  -ENOTSUP: only one after the other. */
int mmapx_os_madvise_batch(const struct iovec *list, size_t n, int advice,
                           size_t *done);

/*
 * mremap(2), which no other system has in this form.
 * mremap: in place or, if it may move, to a place of the kernel's choice.
 * mremap_to: to a place, over what is there; the mapping may grow on the way.
 * mremap_keeping: the old place stays taken, by memory that nobody wants.
 * mremap_copy: a shared mapping once more, over what is there; it may be longer
 *     than the first.
 */
int mmapx_os_mremap(void **addr, size_t old, size_t len, bool may_move);
int mmapx_os_mremap_to(void *from, size_t old, void *to, size_t new);
int mmapx_os_mremap_keeping(void *from, size_t len, void *to);
int mmapx_os_mremap_copy(void *from, size_t len, void *to);

/* Whether certainly nothing is mapped in len bytes at addr. */
bool mmapx_os_is_free(const void *addr, size_t len);

/*
 * Divide a range into pieces that are certainly one mapping each to the kernel,
 * multiples of unit.  fn is called with the length of each, in their order, and
 * may move it away.  What it returns below 0 ends this, and is returned.
 */
int mmapx_os_pieces(const void *addr, size_t len, size_t unit,
                    int (*fn)(void *arg, size_t n), void *arg);

enum mmapx_os_lock {
    MMAPX_OS_NOT_LOCKED,
    MMAPX_OS_LOCKED,
    MMAPX_OS_LOCKED_ONFAULT,
    MMAPX_OS_LOCKED_SOMEHOW, /* which of the two is not told */
};
enum mmapx_os_lock mmapx_os_lock_of(void *addr); /* of that page */

/* Make memory zero where it is not: private memory whatever protection it has.
 * prot is that, or -1 where it is not known.  What cannot be had has nothing
 * stored. */
int mmapx_os_clear(void *addr, size_t len, int prot);

/* Whether a byte can be read without a signal, as far as that is told. */
bool mmapx_os_can_read(const void *addr);

/* What has to be known of a file that is to grow. */
struct mmapx_os_growth {
    int64_t available; /* bytes it could get; INT64_MAX: not known */
    bool is_writable;  /* the descriptor */
    bool keeps_tail;   /* what was stored past the end comes back */
    bool stacks;       /* the mapped file may lie below another one */
    bool zeros_pay;    /* written into allocated blocks, before stores */
};
int mmapx_os_growth(int fd, struct mmapx_os_growth *growth);

/* Allocate blocks past the end of a file, and maybe extend it.  -ENOTSUP where
 * the file system cannot; -EINTR after a signal, with nothing done. */
int mmapx_os_allocate(int fd, int64_t from, int64_t len);

/* Set a size that is larger than the present one. */
int mmapx_os_lengthen(int fd, int64_t size);

/* Zero what mappings have left in the file's last page past its end, as far as
 * the system lets that be done. */
int mmapx_os_clear_tail(int fd, int64_t size);

/* Memory behind a descriptor, which is returned; -ENOSYS: there is none. */
int mmapx_os_memfd(const char *name, unsigned flags);

/*
 * Pages touched by the kernel, as the caller would touch them, but with an
 * error where that would be a signal; and which ones are not mapped.
 * touch_open: a negative number where the system cannot do that.
 * touch: a byte at addr, and one each stride bytes from there on.
 * next_unmapped: narrow [*addr, *addr + *len) to the first stretch that is not
 * mapped; *len is 0 if there is none.
 */
struct mmapx_os_touch_fds {
    int from, to; /* a pipe */
    int pages;    /* what the process has mapped */
};
int mmapx_os_touch_open(struct mmapx_os_touch_fds *t);
void mmapx_os_touch_close(struct mmapx_os_touch_fds *t);
int mmapx_os_touch(const struct mmapx_os_touch_fds *t, unsigned char *addr,
                   size_t len, size_t stride);
int mmapx_os_next_unmapped(const struct mmapx_os_touch_fds *t,
                           unsigned char **addr, size_t *len);

/* CPU time of the calling thread, in ns. */
uint64_t mmapx_os_cpu_time(void);

/*
 * Which pages of a private mapping are the process's own: the first runs of
 * them, in ascending order, and how many.  Fewer than were asked for: there are
 * no more.  Two may adjoin.
 * open: a descriptor, or -ENOTSUP where the system does not tell.
 */
enum { MMAPX_OS_RUNS = 64 }; /* at once */
int mmapx_os_own_pages_open(void);
int mmapx_os_own_pages(int fd, unsigned char *addr, size_t len,
                       struct iovec *runs, size_t most);

/* The size of a regular file, at any time and at little cost. */
int mmapx_os_file_size(int fd, int64_t *size);

/* Drop them, so that the file shows again; -ENOTSUP where nothing does that. */
int mmapx_os_drop(void *addr, size_t len);

/* Begin to write dirty pages of a file to the disk, where the system can do
 * that; flush_data waits for them. */
int mmapx_os_begin_write(int fd, int64_t off, int64_t len);

/* Set the time of the last change, where the file system does not do that for
 * stores to a mapping. */
void mmapx_os_note_change(int fd);

/* Narrow a range to its first pages of anonymous memory of the process's own;
 * none: *len is 0.  And the protection at an address. */
int mmapx_os_anonymous(unsigned char **addr, size_t *len);
int mmapx_os_protection(const void *addr, int *prot);

/* Private memory of zeros in the place of what is mapped. */
int mmapx_os_map_zeros(void *addr, size_t len, int prot);

/* Name anonymous memory; NULL takes the name away. */
int mmapx_os_name(void *addr, size_t len, const char *name);

int mmapx_os_mlock_onfault(void *addr, size_t len);
int mmapx_os_locked_bytes(size_t *locked); /* by this process */
bool mmapx_os_locks_unlimited(void); /* the caller, certainly */

/* Whether the mapped file certainly has no byte of the page at addr. */
bool mmapx_os_is_past_end(const void *addr);

/* --- linux.c, bsd.c, darwin.c, none.c ------------------------------------ */

int mmapx_os_device_size(int fd, int64_t *size);

/* --- bsd.c, darwin.c, none.c --------------------------------------------- */

/* Whether mincore(2) tells what is in memory, or something else. */
bool mmapx_os_mincore_is_residency(void);

#endif /* MMAPX_OS_H */
