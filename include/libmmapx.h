/* SPDX-License-Identifier: MIT */
/*
 * libmmapx - memory-mapped files and devices
 *
 * A struct mmapx describes one mapping.  The caller provides it, a map call
 * fills it in, mmapx_unmap() ends it.  The calls in between take a byte range
 * of the mapping: an offset from m.addr and a length.  Neither has to be a
 * multiple of a page.
 *
 *     struct mmapx m;
 *
 *     if (mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED) == 0) {
 *         memcpy(m.addr, "edited", 6);
 *         if (mmapx_sync(&m, 0, 6, MS_SYNC) != 0)
 *             perror("sync");
 *         mmapx_unmap(&m);
 *     }
 *
 * Unless its comment says otherwise, a function returns 0, or -1 with errno
 * set; after a failure the handle, the mapping and the file are as they were.
 * No function prints, exits, allocates memory or keeps a descriptor open: fd
 * may be closed as soon as the call returns.
 *
 * Protection (PROT_*), map flags (MAP_*) and sync flags (MS_*) are the
 * system's own, from <sys/mman.h>.  File offsets are int64_t on every system;
 * the header names no type whose width depends on the caller's flags.
 *
 * Threads: calls on different mappings never interfere, unless they resize one
 * file or commit to it through one journal.  On one mapping the calls that take
 * a const struct mmapx * and mmapx_sync() may run at the same time.  Every
 * other call needs the mapping to itself, with two exceptions: while
 * mmapx_resize() grows a mapping within its room, other threads may use the
 * bytes that they had and make the calls that take a const handle; while
 * mmapx_commit() or mmapx_commit_atomic() runs, they may read the bytes.  No
 * call is a cancellation point.
 *
 * Signals: no function is async-signal-safe.  A handler must not jump out of a
 * call, except out of the function that mmapx_guard() runs: later calls might
 * never return.
 *
 * The manual pages, beginning with libmmapx(7), say the same at length.
 */
#ifndef LIBMMAPX_H
#define LIBMMAPX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header; mmapx_version() has the library's. */
#define MMAPX_VERSION_MAJOR 0
#define MMAPX_VERSION_MINOR 2
#define MMAPX_VERSION_PATCH 0

/* --- The handle ---------------------------------------------------------- */

/*
 * One mapping.  Read addr and len directly; write to neither.  The handle may
 * be moved and copied like any struct (one copy is the owner and is passed to
 * the calls that change the mapping).  Size and offsets are part of the ABI.
 */
struct mmapx {
    void     *addr;        /* first byte asked for; not NULL while mapped */
    size_t    len;         /* bytes asked for; may be 0 */
    uintptr_t reserved[6]; /* the library's own */
};

/* An unmapped handle.  Range calls on it fail with EINVAL. */
#define MMAPX_INIT { NULL, 0, { 0 } }

/* As a length: to the end of the object, or of the mapping. */
#define MMAPX_TO_END SIZE_MAX

/* --- Mapping ------------------------------------------------------------- */

/*
 * mmapx_map: map all of the object open as fd.
 * mmapx_map_region: map len bytes of it, from byte offset on.
 *
 * offset  any byte offset >= 0; it need not be aligned.  m->addr points at
 *         the byte asked for.
 * len     bytes, or MMAPX_TO_END for the object's size less offset.  The size
 *         is that of this moment.  Past the end is allowed as in mmap(2).
 * prot    PROT_* bits, as for mmap(2).
 * flags   MAP_* bits, as for mmap(2).  With MAP_ANONYMOUS fd and offset are
 *         ignored.
 *
 * With an empty file, offset at the end, or len 0 the call succeeds: m->len is
 * 0 and m->addr must not be read.  What *m held before is ignored.
 *
 * Errors:
 * EACCES     fd is not open for reading; or prot and MAP_SHARED ask for
 *            writing, and fd is not open for writing or the file is
 *            append-only
 * EAGAIN     MAP_LOCKED, or MCL_FUTURE of mlockall(2), above RLIMIT_MEMLOCK;
 *            or the file is locked
 * EBADF      fd is not an open descriptor, or was opened with O_PATH
 * EINVAL     m is NULL; offset is negative; MMAPX_TO_END with MAP_ANONYMOUS;
 *            MAP_FIXED or MAP_FIXED_NOREPLACE; flags name no mapping type;
 *            MAP_HUGETLB and a file that has no huge pages, or a size of them
 *            that the system does not have; or MAP_SHARED and a block device
 *            that has become read-only since fd was opened for writing
 * EIO        the size of the device could not be read, or the file system has
 *            been shut down after an error
 * ENFILE     the system's limit on open files (shared anonymous memory and
 *            huge pages need one)
 * ENODEV     the object cannot be mapped: a directory, a FIFO, a socket, the
 *            text of procfs or sysfs; MAP_SHARED and a file that FUSE serves
 *            with direct_io; or a character device and MMAPX_TO_END
 * ENOMEM     no room in the address space; too many mappings; RLIMIT_AS or
 *            RLIMIT_DATA; writable private memory that exceeds what the system
 *            may commit; or no huge pages
 * ENOTSUP    a flag that MAP_SHARED_VALIDATE rejects, or anonymous memory with
 *            MAP_HUGETLB where the size of a huge page cannot be found out
 * ENXIO      offset is past the end, with MMAPX_TO_END
 * EOVERFLOW  offset + len cannot be represented, len exceeds PTRDIFF_MAX, or
 *            the object does not fit into the address space
 * EPERM      PROT_EXEC on a file system mounted noexec, a seal on a memfd,
 *            MAP_LOCKED and a RLIMIT_MEMLOCK of 0, or MAP_HUGETLB without
 *            permission
 * EROFS      PROT_WRITE and MAP_SHARED, and the file system went read-only
 *            after an error
 * ETXTBSY    PROT_WRITE and MAP_SHARED, and the file is used for swapping
 *
 * The driver of a device, or a network file system, may fail with errors of
 * its own.  Since 0.1.
 */
int mmapx_map(struct mmapx *m, int fd, int prot, int flags);
int mmapx_map_region(struct mmapx *m, int fd, int64_t offset, size_t len,
                     int prot, int flags);

/*
 * mmapx_map_region() with an address for the first byte asked for.
 *
 * addr    a hint; NULL lets the system choose.  With MAP_FIXED it is exact
 *         and replaces whatever is mapped there, at the caller's risk; with
 *         MAP_FIXED_NOREPLACE it is exact and replaces nothing, also on
 *         kernels that do not know the flag.  Neither flag has an effect on
 *         an empty mapping.
 *
 * Errors: those of mmapx_map_region(), and
 * EEXIST     MAP_FIXED_NOREPLACE and something is mapped there
 * EINVAL     an exact addr that differs from offset modulo the page size, or
 *            is NULL
 * EPERM      an exact addr below the lowest that the system allows, or
 *            MAP_FIXED over sealed memory
 * ENOMEM     an exact range that is outside the address space
 *
 * Since 0.1.
 */
int mmapx_map_at(struct mmapx *m, void *addr, int fd, int64_t offset,
                 size_t len, int prot, int flags);

/*
 * Map all of the file at path: open it (O_CLOEXEC, O_NOCTTY and O_NONBLOCK;
 * for writing only where prot and MAP_SHARED ask for it), map, close.
 *
 * The close drops this process's POSIX record locks on that file, as any
 * close of it does.
 *
 * Errors: those of mmapx_map() except EBADF, those of open(2), and
 * EINVAL     path is NULL, or MAP_ANONYMOUS
 * ENODEV     path is a socket, a directory, or a device that is not there
 *
 * Since 0.1.
 */
int mmapx_map_path(struct mmapx *m, const char *path, int prot, int flags);

/*
 * Map len bytes of zeroed anonymous memory; MAP_ANONYMOUS is added to flags,
 * which say MAP_PRIVATE or MAP_SHARED and whatever else mmap(2) takes.
 *
 * Errors: EAGAIN, EINVAL (also MMAPX_TO_END), ENFILE, ENOMEM, ENOTSUP (the
 * size of a huge page cannot be found out), EOVERFLOW (len exceeds
 * PTRDIFF_MAX) and EPERM as in mmapx_map().  Since 0.1.
 */
int mmapx_map_anon(struct mmapx *m, size_t len, int prot, int flags);

/*
 * A handle on len bytes at addr that something else has mapped, for the range
 * calls.  It makes no system call and checks nothing: the caller makes sure
 * that the memory is mapped and stays so.  mmapx_unmap() only clears the
 * handle.  Bytes around the view belong to somebody else, so its edges never
 * count as page edges.
 *
 * Errors:
 * EINVAL     m or addr is NULL, or len is MMAPX_TO_END
 * EOVERFLOW  len exceeds PTRDIFF_MAX, or addr + len wraps around or lies
 *            behind the start of the address space's last page
 *
 * Since 0.1.
 */
int mmapx_view(struct mmapx *m, void *addr, size_t len);

/*
 * End the mapping and clear the handle.  For an unmapped handle it does
 * nothing and returns 0.  It writes nothing back and reports no lost write:
 * where that matters, call mmapx_sync() first.
 *
 * Errors:
 * EINVAL     m is NULL
 * ENOMEM     the system merged the mapping with a neighbour and has no room
 *            to split them (vm.max_map_count)
 * EPERM      the memory is sealed (mseal(2))
 *
 * Since 0.1.
 */
int mmapx_unmap(struct mmapx *m);

/*
 * Returns the page size of this mapping in bytes: that of its huge pages if it
 * has them.  For NULL, an unmapped handle and a view it is the system's.
 * Never fails.  Since 0.1.
 */
size_t mmapx_page_size(const struct mmapx *m);

/* Returns the library's version as "MAJOR.MINOR.PATCH".  Never fails.
 * Since 0.1. */
const char *mmapx_version(void);

/* --- Advice -------------------------------------------------------------- */

/*
 * The advice of madvise(2) under names and numbers that are the same on every
 * system; they are translated where the system's own differ.
 *
 * Take RANDOM and SEQUENTIAL back, by NORMAL, after the first read of a file
 * that the program goes on using: since Linux 6.3 or so touches of a mapping
 * with one of them do not count as use, so pages that are used all the time are
 * dropped first.  To go on reading at random see mmapx_prefetch(3), "The hot
 * set".
 */
enum mmapx_advice {
    MMAPX_MADV_NORMAL         = 0,   /* no special treatment */
    MMAPX_MADV_RANDOM         = 1,   /* no read-ahead */
    MMAPX_MADV_SEQUENTIAL     = 2,   /* more read-ahead */
    MMAPX_MADV_WILLNEED       = 3,   /* start reading */
    MMAPX_MADV_DONTNEED       = 4,   /* drop the pages; loses private data */
    MMAPX_MADV_FREE           = 8,   /* drop them when memory is short */
    MMAPX_MADV_REMOVE         = 9,   /* punch a hole into the object */
    MMAPX_MADV_DONTFORK       = 10,  /* not in a child */
    MMAPX_MADV_DOFORK         = 11,  /* undo DONTFORK */
    MMAPX_MADV_MERGEABLE      = 12,  /* share equal pages (KSM) */
    MMAPX_MADV_UNMERGEABLE    = 13,  /* undo MERGEABLE */
    MMAPX_MADV_HUGEPAGE       = 14,  /* use huge pages */
    MMAPX_MADV_NOHUGEPAGE     = 15,  /* do not */
    MMAPX_MADV_DONTDUMP       = 16,  /* not in a core dump */
    MMAPX_MADV_DODUMP         = 17,  /* undo DONTDUMP */
    MMAPX_MADV_WIPEONFORK     = 18,  /* zeros in a child */
    MMAPX_MADV_KEEPONFORK     = 19,  /* undo WIPEONFORK */
    MMAPX_MADV_COLD           = 20,  /* reclaim these first */
    MMAPX_MADV_PAGEOUT        = 21,  /* reclaim these now */
    MMAPX_MADV_POPULATE_READ  = 22,  /* fault in for reading */
    MMAPX_MADV_POPULATE_WRITE = 23,  /* fault in for writing */
    MMAPX_MADV_DONTNEED_LOCKED = 24, /* DONTNEED, also where locked */
    MMAPX_MADV_COLLAPSE       = 25,  /* make huge pages now */
    MMAPX_MADV_GUARD_INSTALL  = 102, /* a touch is SIGSEGV; loses data */
    MMAPX_MADV_GUARD_REMOVE   = 103  /* undo GUARD_INSTALL */
};

/*
 * Give advice about bytes off to off + len of the mapping.
 *
 * What an edge inside a page means depends on the advice:
 * - DONTNEED (except on a shared mapping that has no pages which
 *   mmapx_guard_zeros() has replaced), FREE, REMOVE, WIPEONFORK,
 *   DONTNEED_LOCKED and GUARD_INSTALL act only on the pages that lie whole
 *   inside the range.  The mapping's own edges count as page edges, but not
 *   for REMOVE and not for a view.
 * - DONTFORK, DOFORK, DONTDUMP, DODUMP and GUARD_REMOVE need page edges or
 *   the mapping's own edges.
 * - All other advice acts on every page that the range touches.
 *
 * Advice over a range is not atomic: if the kernel fails half-way, the first
 * part has been advised.
 *
 * Errors:
 * EACCES     REMOVE and a file that was not open for writing
 * EAGAIN     the kernel is short of a resource, for example of mappings
 *            (vm.max_map_count), or COLLAPSE found the pages in use
 * EBADF      WILLNEED and memory that is no file, on kernels that are old or
 *            have no swapping
 * EBUSY      COLLAPSE: the huge page would exceed a limit on the memory of a
 *            control group
 * EFAULT     POPULATE_*: past the end of the file, no space, an I/O error, or
 *            a page with GUARD_INSTALL
 * EHWPOISON  POPULATE_*: a page with a hardware error
 * EINTR      a signal came before it was done
 * EINVAL     m is NULL or unmapped; a bad range; a number that is not in the
 *            enum; an edge that has to be a page edge; a kind of mapping
 *            that the advice does not apply to; or pages that are locked
 * EIO        an I/O error while pages were read in, or REMOVE failed
 * ENOMEM     part of the range is no longer mapped, or no memory
 * ENOSPC     REMOVE: the file system needs a block to write its books
 * ENOTSUP    this system, kernel or file system has no such advice
 * EPERM      a seal on the memory or on the memfd forbids it, or REMOVE and a
 *            file that is append-only or immutable
 * EROFS      REMOVE: the file system went read-only after an error
 * ETXTBSY    REMOVE and the file is used for swapping
 *
 * Since 0.1.
 */
int mmapx_advise(const struct mmapx *m, size_t off, size_t len,
                 enum mmapx_advice advice);

/*
 * Returns 1 if the running kernel knows the advice, else 0, also for a number
 * that is not in the enum.  Never fails.  Since 0.1.
 */
int mmapx_advice_supported(enum mmapx_advice advice);

/* --- Names --------------------------------------------------------------- */

/*
 * Name a mapping of anonymous memory.  /proc/PID/maps and /proc/PID/smaps show
 * the name.
 *
 * name    at most 79 printable ASCII characters, none of them \ ` $ [ or ], of
 *         which the kernel keeps a copy.  NULL takes the name away.
 *
 * The whole mapping gets the name, and so does what it grows by, except in a
 * room.  For a view, each page that it touches gets the name.
 *
 * Errors, with names as they were, except that after EAGAIN and ENOMEM a part
 * may have the new one:
 * EAGAIN     the kernel is short of memory or of mappings (vm.max_map_count)
 * EINVAL     m is NULL or unmapped, or name is too long or has other
 *            characters
 * ENOMEM     part of the memory is no longer mapped
 * ENOTSUP    a mapping of a file, a device or huge pages, or of shared memory
 *            before Linux 6.2; or the system has no names for memory (Linux
 *            since 5.17 if built with CONFIG_ANON_VMA_NAME)
 *
 * Since 0.2.
 */
int mmapx_name(const struct mmapx *m, const char *name);

/* --- Residency ----------------------------------------------------------- */

/*
 * Which pages of a range are in memory.  The answer may be stale before the
 * call returns, unless the pages are locked.  Ranges round outward.
 *
 * The kernel tells a caller who neither owns a file nor may write it that all
 * of it is in memory.  These calls fail with EPERM then.  They decide by the
 * file's owner and mode when it was mapped, and by the caller's user, groups
 * and capabilities now.  If they cannot be sure, as with an access control
 * list or an owner on overlayfs, they fail with EPERM.  The calls that take a
 * descriptor ask the kernel.
 *
 * mmapx_residency: store one byte for each page in vec, 1 resident or 0 not.
 *     nvec  the room in vec; mmapx_page_count() says how much is needed.  vec
 *           may be NULL if none is.  After ERANGE vec is as it was; after
 *           ENOMEM a part of it may be filled in.
 * mmapx_page_count: the number of pages that the range touches, of this
 *     mapping's page size; 0 for an empty or a bad range.  Never fails.
 * mmapx_resident_count: store in *pages how many of them are resident.
 * mmapx_resident_run: describe the run of equal pages that begins at byte off.
 *     The next one begins at run->off + run->len; at the end of the mapping
 *     run->len is 0.
 *
 * Count and run allocate nothing, whatever the size of the mapping.
 *
 * Errors:
 * EAGAIN     the kernel is short of a resource
 * EINVAL     m is NULL or unmapped; a bad range; vec, pages or run is NULL
 * ENOMEM     part of the range is no longer mapped
 * ENOSYS     the system cannot tell (it has no mincore(2))
 * EPERM      the system would not tell this caller the truth (on FreeBSD
 *            nobody, unless vm.mincore_mapped is 0); or the library cannot
 *            find out who is asking, because no descriptor is left
 * ERANGE     nvec is too small
 *
 * Since 0.1.
 */
int mmapx_residency(const struct mmapx *m, size_t off, size_t len,
                    unsigned char *vec, size_t nvec);
size_t mmapx_page_count(const struct mmapx *m, size_t off, size_t len);
int mmapx_resident_count(const struct mmapx *m, size_t off, size_t len,
                         size_t *pages);

struct mmapx_run {
    size_t off;      /* bytes from m->addr: what was asked for */
    size_t len;      /* bytes; ends on a page edge or with the mapping */
    int    resident; /* 1 in memory, 0 not */
};

int mmapx_resident_run(const struct mmapx *m, size_t off,
                       struct mmapx_run *run);

/* --- Locking and protection ---------------------------------------------- */

#define MMAPX_LOCK_ONFAULT 1 /* lock pages as they come in */

/*
 * mmapx_lock: keep the pages of a range in memory; returns when they are
 * there.  It fails if one cannot be read, where mlock(2) would never return.
 *     flags  0, or MMAPX_LOCK_ONFAULT: lock the pages that the caller has
 *            touched through the mapping, and the others when the caller
 *            touches them.  Pages that are merely in the page cache are not
 *            locked.
 * mmapx_unlock: let the system evict them again.
 *
 * Both round outward.  Locks do not nest: one unlock undoes any number of
 * locks, and a lock that fails leaves its range unlocked, also the part that
 * an earlier one had locked.
 *
 * Errors:
 * EAGAIN     some of the pages could not be locked, or the kernel is short of
 *            a resource: too many mappings (vm.max_map_count)
 * EFAULT     without MMAPX_LOCK_ONFAULT: a page of a file cannot be read,
 *            finds the disk full, or has MMAPX_MADV_GUARD_INSTALL; or it lies
 *            past the end of a file whose size cannot be found out
 * EHWPOISON  a page with a hardware error
 * EINVAL     m is NULL or unmapped; a bad range; unknown flags
 * ENOMEM     RLIMIT_MEMLOCK would be exceeded; without MMAPX_LOCK_ONFAULT:
 *            past the end of the file, PROT_NONE, or anonymous memory with
 *            MMAPX_MADV_GUARD_INSTALL; part of the range is no longer mapped;
 *            or no memory
 * ENOTSUP    the system or kernel has no MMAPX_LOCK_ONFAULT
 * EPERM      RLIMIT_MEMLOCK is 0
 *
 * mmapx_unlock fails with EINVAL and ENOMEM only.  Since 0.1.
 */
int mmapx_lock(const struct mmapx *m, size_t off, size_t len, int flags);
int mmapx_unlock(const struct mmapx *m, size_t off, size_t len);

/*
 * Store the limit on locked memory (SIZE_MAX: none) and how much the process
 * has locked, both in bytes.  Either pointer may be NULL.  The limit does not
 * bind a privileged process.  *locked may be stale at once if other threads
 * lock.
 *
 * Errors, with *limit and *locked unchanged:
 * ENOTSUP    locked is not NULL and the system does not tell (on Linux: /proc
 *            cannot be read: not mounted, or no descriptor left)
 *
 * Since 0.1.
 */
int mmapx_lock_limit(size_t *limit, size_t *locked);

/*
 * Set the protection of a range to prot, PROT_* bits.  Its edges must be page
 * edges or the mapping's own.  The call is not atomic: if the kernel fails
 * half-way, the first part has the new protection.  If the whole mapping had
 * one protection, the call then restores it.  In a view, and in a mapping with
 * several protections, the first part stays changed.
 *
 * Errors:
 * EACCES     PROT_WRITE on a shared mapping of a file not open for writing, or
 *            of a memfd that is sealed against it; or PROT_EXEC on a file
 *            system mounted noexec
 * EINVAL     m is NULL or unmapped; a bad range; an edge inside a page; bits
 *            in prot that the system rejects
 * ENOMEM     part of the range is no longer mapped; too many mappings
 *            (vm.max_map_count); or writable private memory that exceeds what
 *            the system may commit
 * EPERM      the memory is sealed (mseal(2))
 *
 * Since 0.1.
 */
int mmapx_protect(struct mmapx *m, size_t off, size_t len, int prot);

/* --- The page cache ------------------------------------------------------ */

/* Pages of the system, as mmapx_page_size(NULL) says. */
struct mmapx_cache {
    uint64_t pages;            /* of the range */
    uint64_t cached;           /* in memory */
    uint64_t dirty;            /* of these, not yet written back */
    uint64_t writeback;        /* and being written back now */
    uint64_t evicted;          /* in memory before, as far as is remembered */
    uint64_t recently_evicted; /* so recently that memory must be short */
    unsigned known;            /* MMAPX_CACHE_* bits: which of these, except
                                * pages, the system knows */
};

#define MMAPX_CACHE_CACHED           1
#define MMAPX_CACHE_DIRTY            2
#define MMAPX_CACHE_WRITEBACK        4
#define MMAPX_CACHE_EVICTED          8
#define MMAPX_CACHE_RECENTLY_EVICTED 16

/* Bytes of a file that are all in memory or all not. */
struct mmapx_cache_run {
    int64_t off;
    int64_t len;
    int     cached; /* 1 in memory, 0 not */
};

/*
 * Ask what the page cache holds of the regular file or block device open as
 * fd, no matter which process brought it in.  No mapping remains.  The cost
 * follows what is cached and not the size of the file, if the system has
 * cachestat(2) (Linux 6.5) and the file system keeps pages for each file.  If
 * it may lay files over others (overlayfs, FUSE), a count of zero is not
 * believed, and mincore(2) is asked about the file below.
 *
 * off     bytes, >= 0
 * len     bytes; to the end: -1 or MMAPX_TO_END.  What lies past the end has
 *         no pages.
 *
 * mmapx_cache_stat: count the pages.  A page counts if the range touches it.
 *     A number that the system does not know is 0, and its bit in known is not
 *     set.
 * mmapx_cache_run: describe the run that begins at off; the next one begins at
 *     its end.  At the end of the file len is 0.
 * mmapx_cache_runs: describe as many runs of the range as there is room for:
 *     *n is the number of entries that runs has, at least 1, and becomes the
 *     number stored.  The first begins at off (none is stored for an empty
 *     range), each other one where the one before it ends; they are cached and
 *     not cached in turn.  If the range goes on, call again from the end of
 *     the last one.  This is far cheaper than one call for each run, with room
 *     for some thousand.
 *
 * The answers may be stale before the call returns.
 *
 * Errors, with *c, *run and *n unchanged:
 * EACCES     fd is not open for reading, and only mincore(2) can tell
 * EAGAIN     the kernel is short of a resource
 * EBADF      fd is not an open descriptor, or was opened with O_PATH
 * EINVAL     off is negative, or len is and not -1; c, run, runs or n is NULL;
 *            *n is 0
 * EIO        the size of the device could not be read
 * ENODEV     fd is no regular file or block device, or is never cached: text of
 *            procfs or sysfs, or a file that FUSE serves with direct_io
 * ENOMEM     no memory, no room in the address space or too many mappings
 * ENOSYS     the system cannot tell: it has no mincore(2)
 * ENOTSUP    a file of huge pages, which is no cache of anything
 * EOVERFLOW  off + len cannot be represented, or the file is too large for a
 *            32-bit system that has mincore(2) alone
 * EPERM      the system would not tell this caller the truth
 *
 * Since 0.1.
 */
int mmapx_cache_stat(int fd, int64_t off, int64_t len, struct mmapx_cache *c);
int mmapx_cache_run(int fd, int64_t off, struct mmapx_cache_run *run);
int mmapx_cache_runs(int fd, int64_t off, int64_t len,
                     struct mmapx_cache_run *runs, size_t *n);

/*
 * mmapx_cache_load: bring a range of a file into the page cache, in the
 *     largest units that the file system has.  Returns when its data are
 *     there.  It does not read again what is there already, and leaves out
 *     holes if the file system tells of them, because these need no disk.  The
 *     system may evict pages again at any time unless they are locked.  If the
 *     file will be changed at random through a mapping, call
 *     mmapx_cache_prefetch() for all of it first: that begins to read single
 *     pages, and a store then makes only one dirty.
 * mmapx_cache_evict: drop the range from the page cache, also where this
 *     process has it mapped.  It is advice.  These pages stay: dirty ones
 *     (fsync(2) first); those that are locked, in use or mapped by another
 *     process; those of a file system that lives in memory; those in a larger
 *     unit of the cache that reaches out of the range, but not out of the
 *     file; and a few of those that a process with several threads has mapped.
 *     mmapx_cache_stat() tells what is left.
 *
 * off and len are as above; the range is rounded outward to pages.  To show
 * progress or to stop, call them for one part after the other.
 *
 * Errors:
 * EACCES     mmapx_cache_load: fd was opened with O_DIRECT, not for reading
 * EAGAIN     the kernel is short of a resource
 * EBADF      fd is not an open descriptor, was opened with O_PATH, or is not
 *            open for reading (mmapx_cache_load)
 * EINVAL     off is negative, or len is and not -1
 * EIO        an I/O error, or the size of the device could not be read
 * EHWPOISON  mmapx_cache_load by a descriptor with O_DIRECT: a page with a
 *            hardware error
 * ENODEV     fd is no regular file or block device, or is never cached: text of
 *            procfs or sysfs, or a file that FUSE serves with direct_io
 * ENOMEM     no memory
 * ENOTSUP    a file of huge pages
 * EOVERFLOW  off + len cannot be represented
 *
 * A network file system may fail with errors of its own.  Since 0.1.
 */
int mmapx_cache_load(int fd, int64_t off, int64_t len);
int mmapx_cache_evict(int fd, int64_t off, int64_t len);

/* --- Reading ahead ------------------------------------------------------- */

/* Bytes of a mapping, from its addr on. */
struct mmapx_range {
    size_t off;
    size_t len; /* or MMAPX_TO_END */
};

/* Bytes of a file. */
struct mmapx_cache_range {
    int64_t off;
    int64_t len; /* or -1 or MMAPX_TO_END: to the end of the file */
};

/*
 * Begin to read many small places at once, and do not wait for them.  A
 * program that knows which places it will need next calls this some places
 * ahead, so that the device works on all of them while the program uses the
 * ones before.
 *
 * mmapx_prefetch: places of a mapping.
 * mmapx_cache_prefetch: places of the regular file or block device open as fd.
 *     Holes in a range of more than 128 KiB are left out where the file system
 *     tells of them.
 *
 * ranges  n of them, in any order.  Each is rounded outward to pages.  Parts
 *         past the end of the file are left out.
 *
 * Both may wait for a place in the device's queue, but not for the data.  A
 * place that cannot be read is no error here; a later access to it fails.  If
 * memory is short, a few of the places are not in memory at the access, which
 * then waits.
 *
 * It matters as much how a program touches what it has prefetched: see
 * mmapx_prefetch(3), "The hot set".
 *
 * Errors, before anything is begun:
 * EBADF      fd is not an open descriptor, or was opened with O_PATH
 * EINVAL     m is NULL or unmapped; ranges is NULL and n is not 0; a range
 *            that is not inside the mapping; off is negative, len is and not
 *            -1, or off + len cannot be represented (mmapx_cache_prefetch)
 * EIO        the size of the device could not be read
 * ENODEV     fd is no regular file or block device
 * ENOMEM     no memory
 * ENOTSUP    the system cannot read ahead, or fd is a file of huge pages
 *
 * A network file system may fail with errors of its own.  Since 0.2.
 */
int mmapx_prefetch(const struct mmapx *m, const struct mmapx_range *ranges,
                   size_t n);
int mmapx_cache_prefetch(int fd, const struct mmapx_cache_range *ranges,
                         size_t n);

/* --- Sync ---------------------------------------------------------------- */

/*
 * mmapx_sync: write a range of a shared mapping back to its file.  Rounds
 * outward.
 *     flags  exactly one of MS_SYNC (returns when the data is written; on
 *            Linux it then survives a power failure) and MS_ASYNC (the system
 *            may start; Linux starts nothing).  MS_INVALIDATE may be added.
 * mmapx_sync_file: the same with MS_SYNC, and then the whole file open as fd,
 *     its metadata and the device's own cache (fsync, on macOS F_FULLFSYNC).
 *     fd is any descriptor of the mapped file.  On tmpfs and ramfs only the
 *     first store through a mapping sets the time of the last change; there
 *     this call sets it.
 * mmapx_sync_reset: forget the writes that were lost so far.
 *
 * A lost write is sticky.  The kernel reports a failed write-back once for
 * each open of the file and forgets it, although the bytes never reached the
 * disk.  If the sync of one mapping gets such a report, every shared mapping
 * of that file that the process has at that moment reports the loss: its next
 * sync and all later ones, also for an empty range, fail with that errno until
 * mmapx_sync_reset() is called for its handle.  Call that only after writing
 * the data again.  A mapping that is made afterwards does not report it.  The
 * library cannot know of a report that a sync of another process, or an
 * fsync(2) of the program itself, got.  mmapx_sync(3) says exactly what a
 * success means.
 *
 * Errors:
 * EBADF      fd is not an open descriptor, or was opened with O_PATH
 *            (mmapx_sync_file)
 * EBUSY      MS_INVALIDATE and pages of the range are locked
 * EINTR      a signal came before it was done
 * EINVAL     m is NULL or unmapped; a bad range; flags other than the above;
 *            memory or fd of a kind that cannot be synced
 * ENOMEM     part of the range is no longer mapped
 * Any other errno is a lost write, and sticky.  So is one of these if it comes
 * from the disk and not from the arguments.  Usually it is
 * EDQUOT     the user's quota of blocks is used up
 * EIO        an I/O error
 * ENOSPC     the disk is full
 * EROFS      the file system went read-only after an error
 *
 * Since 0.1.
 */
int mmapx_sync(struct mmapx *m, size_t off, size_t len, int flags);
int mmapx_sync_file(struct mmapx *m, int fd, size_t off, size_t len);
int mmapx_sync_reset(struct mmapx *m);

/* --- Commit -------------------------------------------------------------- */

/*
 * mmapx_commit: write the changes of a private mapping into its file.
 *
 * The kernel never writes the pages of a private mapping.  The file changes
 * when this call writes to it and not before.  mmapx_advise() with
 * MMAPX_MADV_DONTNEED takes changes back.  A page counts as changed once the
 * process has a copy of its own: because it stored to the page, or because the
 * page was locked or populated for writing while it was writable.
 *
 * The call writes the changed pages of the range, which rounds outward, and no
 * others, in ascending order, as far as they belong to the mapping and to the
 * file.  The file never grows.  Then the call waits until they are on the disk
 * (fdatasync, on macOS F_FULLFSYNC), and drops the copies, so that their
 * memory is free again and the mapping shows the file.  Bytes that were stored
 * behind the file's end, in the rest of its last page or in pages after it,
 * are not written and are gone then.
 *     fd  the mapped file, open for writing
 * After a failure nothing is dropped: all changes are still in the mapping, a
 * part of them may be in the file, and another call writes all of them.  The
 * call fails as well if another sync or commit of the file in this process was
 * told of a lost write meanwhile.  If the data did not reach the disk, that is
 * a lost write for the shared mappings of the file (see mmapx_sync()).  While
 * the call runs, other threads may read the range and may not store to it.  It
 * does not look at a journal.
 *
 * mmapx_commit_atomic: the same, all or nothing also if the power fails.  The
 *     changes are in the journal and on the disk before the file is touched.
 *     journal  a regular file of the caller's, open for reading and writing,
 *              that belongs to this one file; it is empty before and after;
 *              only one atomic commit or recovery may use it at a time, of
 *              whichever mapping or process
 *     A journal that is not empty is first dealt with as mmapx_recover() does,
 *     except for an empty range, which leaves the journal as it is.
 *     After a failure the journal is emptied if no byte of the file was
 *     written, and stays if a part may have been.  Call mmapx_recover(), or
 *     this again, before anything else writes to the file: the recovery writes
 *     the journal's bytes over what mmapx_commit() or pwrite(2) wrote in
 *     between.
 * mmapx_recover: call it before the file is used again.  It completes a commit
 *     whose journal is whole, and discards a journal that is torn.  Returns 1
 *     if a commit was completed, 0 if there was none.
 *     fd  the file, open for writing
 *
 * Errors:
 * EBADF      fd is not open for writing; journal is not open for reading and
 *            writing; or fd cannot be read, and the system does not tell what
 *            has changed
 * EDQUOT     the user's quota of blocks is used up
 * EFAULT     the file was cut while it was written; or a changed page is
 *            PROT_NONE or broken memory, and any page of the range where the
 *            system does not tell what has changed (see mmapx_changed_run)
 * EFBIG      a change lies behind RLIMIT_FSIZE in the file, the journal would
 *            exceed RLIMIT_FSIZE, or RLIMIT_FSIZE is below the 64 bytes that
 *            are written to empty a journal; nothing was written, unless the
 *            file has grown meanwhile
 * EINVAL     m is NULL or unmapped; a bad range; a mapping that is shared,
 *            anonymous, of a character device, or a view; fd is not the mapped
 *            file, or is of a copy that overlayfs or its like has made of it,
 *            or may have made where nothing tells when a file was made; a
 *            descriptor with O_APPEND; fd has O_DIRECT and the change does
 *            not fit it, or there is a journal.  For journal: it is not a
 *            regular file, has O_DIRECT or is the file itself; or its content
 *            is no journal, one of a newer version, or of a file of another
 *            length
 * EIO        an I/O error
 * ENOSPC     the disk is full
 * ENOTSUP    huge pages of hugetlbfs; or mmapx_guard_zeros() has replaced
 *            pages, and the system does not tell which
 * EPERM      the file is sealed against writing, or the journal is sealed
 *            against writing, growing or shrinking; one of them is immutable or
 *            append-only; or the block device is read-only
 * EROFS      the file system went read-only after an error
 * ETXTBSY    the file, or the journal, is used for swapping
 *
 * Never EINTR.  Since 0.2.
 */
int mmapx_commit(struct mmapx *m, int fd, size_t off, size_t len);
int mmapx_commit_atomic(struct mmapx *m, int fd, int journal, size_t off,
                        size_t len);
int mmapx_recover(int fd, int journal);

/*
 * Describe the run of pages of a private mapping that begins at byte off and
 * whose pages are all changed or all not: run->resident is 1 or 0.  The next
 * run begins at run->off + run->len; at the end of the mapping run->len is 0.
 *
 * Errors:
 * EINVAL     m is NULL or unmapped; off is outside; run is NULL; a mapping
 *            that is shared, anonymous, of a character device, or a view
 * ENOTSUP    the system does not tell (no /proc, a process that may not be
 *            dumped, no more file can be opened), or huge pages of hugetlbfs
 *
 * Since 0.2.
 */
int mmapx_changed_run(const struct mmapx *m, size_t off,
                      struct mmapx_run *run);

/* --- Surviving SIGBUS ---------------------------------------------------- */

/*
 * Access to a mapping raises SIGBUS if somebody has truncated its file, or if
 * the disk is full or fails.  These calls report that as an error instead.
 *
 * mmapx_guard: run fn(arg).  A fault inside the mapping unwinds to this call,
 *     which fails with EIO.  Otherwise it returns the value that fn returned,
 *     which should be >= 0 so that the two can be told apart.
 * mmapx_read: copy len bytes at off out of the mapping, into buf.
 * mmapx_write: copy len bytes from buf into the mapping, at off.
 *     Both copy the bytes before the first missing page and return their
 *     number, as pread(2) and pwrite(2) do; 0 at the end of the mapping.  len
 *     is cut to the mapping's end.  mmapx_write() never changes the mapping
 *     beyond the bytes that it reports; mmapx_read() may change the rest of
 *     buf.
 *
 * The guard unwinds by siglongjmp(3), which releases no lock that fn took and
 * runs no C++ destructor.  fn has to return.  If fn leaves the guard by a jump
 * or an exception, the guard is over, and a later fault is not caught; that is
 * certain only if the stack has been used since.  Guards nest, in each thread
 * separately, and an inner one leaves faults in other mappings to the outer
 * ones.
 *
 * A guard covers the mapping as m describes it at the time of the fault: fn
 * may resize the mapping, and m has to stay where it is.  After a caught fault
 * the thread has the signal mask, the floating-point environment and, on x86,
 * the protection keys that it had when the guard or the copy began, and its
 * alternate stack.
 *
 * The first call installs a handler for SIGBUS, for the whole process.  A
 * signal that is not a fault in a guarded mapping of the thread goes to the
 * handler that was there before; if there was none, it has its default effect,
 * or is ignored if it was ignored before.  If the program installs another
 * handler later, that one gets the signals, unless it calls the one that it
 * replaced; see mmapx_guard_rearm().  libmmapx(7) names the other calls that
 * install the handler where the system lacks something.
 *
 * A guard unblocks SIGBUS while it runs.  mmapx_read() and mmapx_write() check
 * the signal mask only until they have once found SIGBUS unblocked in the
 * thread.  A thread that blocks SIGBUS later must copy inside mmapx_guard(),
 * or a fault kills the process.
 *
 * If a file ends inside a page, the rest of that page reads as zeros, and
 * mmapx_read() counts them.  fstat(2) says how many bytes the file has.
 *
 * Errors:
 * EACCES     mmapx_read: no part of the mapping may be read; mmapx_write: the
 *            mapping, or a part of the range, may not be written
 * EINVAL     m is NULL or unmapped; off is past the end; fn is NULL; or buf
 *            is, and there is a byte to be copied
 * EIO        a fault occurred in the mapping; for copies, in the first byte's
 *            page
 *
 * Since 0.1.
 */
int mmapx_guard(const struct mmapx *m, int (*fn)(void *arg), void *arg);
ssize_t mmapx_read(const struct mmapx *m, size_t off, void *buf, size_t len);
ssize_t mmapx_write(const struct mmapx *m, size_t off, const void *buf,
                    size_t len);

/*
 * Run fn(arg) as mmapx_guard() does, but do not unwind: a missing page of the
 * mapping is replaced by zeros, and fn goes on.  So locks and C++ destructors
 * in fn are safe.  Returns the value that fn returned.
 *
 * The new page is private memory of the process.  It keeps the protection, is
 * no part of the file any more, and never reaches it: mmapx_sync() leaves it
 * out.  The handle remembers that there are such pages, so pass the handle
 * that the program uses for the mapping later.  The pages are gone when the
 * range is mapped anew.  If there is no room for a new page
 * (vm.max_map_count), the fault is treated like one in another mapping: an
 * outer guard gets it, or the earlier handler.
 *
 * A system call that gets an address in a missing page fails with EFAULT.
 *
 * faults  the number of pages that this call has replaced
 *
 * Errors, with *faults unchanged:
 * EINVAL     m is NULL or unmapped; fn or faults is NULL
 *
 * Since 0.2.
 */
int mmapx_guard_zeros(const struct mmapx *m, int (*fn)(void *arg), void *arg,
                      size_t *faults);

/*
 * Make the library's handler for SIGBUS the process's own again, if something
 * has replaced it; SIG_DFL and SIG_IGN count.  Returns 1 if it had been
 * replaced, and 0 if not or if it was installed only now.
 *
 * The other handler then gets each signal that is not for a guard.  If that
 * one passes the signal back, or puts back the library's handler, the signal
 * goes to the handler before both, and in the end has its default effect.
 *
 * No failure is known.
 *
 * Since 0.2.
 */
int mmapx_guard_rearm(void);

/*
 * Returns 0 if an access to the mapping provably cannot raise SIGBUS, else 1.
 * It returns 0 for anonymous memory, and for a mapping that lies inside a
 * memfd which is sealed against shrinking; but 1 for huge pages, whose pool
 * can run out, and for a view.  Broken memory can fault anywhere, and so can
 * the first touch of a memfd's page if the system refuses to overcommit
 * (vm.overcommit_memory 2).  A seal is permanent, so a 0 does not become stale
 * before the mapping is resized.
 *
 * fd      a descriptor of the mapped object; with -1, or one of something
 *         else, no seal is known
 *
 * Errors:
 * EINVAL     m is NULL or unmapped
 *
 * Since 0.1.
 */
int mmapx_can_fault(const struct mmapx *m, int fd);

/*
 * Make new shared memory of len zeroed bytes, map it for reading and writing,
 * and store its descriptor in *fd, for the caller to pass to other processes
 * and to close.  The memory is sealed against shrinking, so that no process
 * can make another fault, and the descriptor is closed on exec.
 *
 * name    shows up in /proc; at most 249 bytes
 * flags   0, or flags of memfd_create(2), such as MFD_HUGETLB
 *
 * Errors, with *fd unchanged:
 * EACCES     vm.memfd_noexec does not allow memfds with these flags
 * EAGAIN     MCL_FUTURE of mlockall(2), above RLIMIT_MEMLOCK
 * EFBIG      len exceeds what a memfd can have, or RLIMIT_FSIZE
 * EINVAL     m, fd or name is NULL; len is MMAPX_TO_END; name is too long;
 *            unknown flags
 * EMFILE     the process's limit on open files
 * ENFILE     the system's limit on open files
 * ENODEV     flags ask for a size of huge pages that the system does not have
 * ENOMEM     no memory, no huge pages, or no room in the address space
 * ENOSYS     the system has no memfd that can be sealed
 * EOVERFLOW  len exceeds PTRDIFF_MAX
 * EPERM      flags ask for huge pages without permission
 *
 * Since 0.1.
 */
int mmapx_map_memfd(struct mmapx *m, int *fd, const char *name, size_t len,
                    unsigned flags);

/* --- Growing ------------------------------------------------------------- */

#define MMAPX_RESIZE_MAYMOVE 1 /* m->addr may change */
#define MMAPX_RESIZE_FILE    2 /* resize the file too */
#define MMAPX_RESIZE_SPARSE  4 /* with FILE: allocate no blocks */
#define MMAPX_RESIZE_CUT     8 /* with FILE: the file ends with the mapping */

/*
 * Give the mapping len bytes, more or fewer; its offset in the file stays.
 *
 * len     bytes, or MMAPX_TO_END for what the object has from the mapping's
 *         offset on at this moment
 * fd      a descriptor of the mapped object, open for writing with FILE; may
 *         be -1 with neither FILE nor MMAPX_TO_END.  The call looks at it only
 *         if it needs it
 *
 * With FILE the file is afterwards at least as long as the mapping needs.
 * A mapping that grows, or stays as it is, never makes the file shorter.  A
 * mapping that shrinks cuts a file that ends with it or inside it.  A file
 * that goes on behind the mapping is cut only with CUT; then the file ends
 * where the mapping ends after every call that succeeds.
 *
 * Growing allocates the file's blocks, so that the call fails with ENOSPC if
 * the disk is full, instead of a SIGBUS later; with SPARSE it does not
 * allocate.  A signal does not end the call.  On Linux, where blocks stay in
 * their place (ext4, XFS), steps of 64 KiB to 16 MiB are also written with
 * zeros in the page cache, so that storing to them is fast; not by a
 * descriptor with O_APPEND, O_DIRECT, O_DSYNC or O_SYNC.  New bytes are zero:
 * those of anonymous memory, and those that FILE has added to a file, also in
 * the last page of a private mapping (except for bytes that were stored past
 * the end of a tmpfs file, into its last page, before the file became
 * append-only).
 *
 * The mapping grows before the file, and the file is cut after the mapping has
 * become shorter.  After a failure both are as they were, with three
 * exceptions.  A file of huge pages may stay longer, because mapping it past
 * its end extends it.  If there is no address space or memory for both places
 * of a mapping that moves, or on Linux before 5.13, the mapping may stay in its
 * new place.  A mapping that protection, advice or locks have split may
 * neither move as a whole nor go back, for want of memory or of mappings:
 * m->addr and m->len say what the handle still has.  Nobody else may resize the
 * file at the same time.
 *
 * The new part has the protection, the advice and the lock of the mapping's
 * old last page; in a room (mmapx_reserve()) it has no advice.  If the mapping
 * has pages that mmapx_guard_zeros() has replaced, it grows with fd: the new
 * part is mapped from it, without advice, and the replaced pages stay as they
 * are.  The pages of the new part of a locked mapping are brought in and
 * locked.  If one of them cannot be read, the call does not fail, and the new
 * part is locked on fault.  If /proc cannot be read, Linux does not tell how
 * the last page is locked: then the new part is locked on fault if
 * mmapx_lock() has locked any part of the mapping so, and brought in if not.
 *
 * Without FILE a mapping may grow past the end of its file.
 *
 * Errors:
 * EACCES     on a system without mremap(2), with huge pages, with pages that
 *            mmapx_guard_zeros() has replaced, and for a private file mapping
 *            in a room: fd does not allow what the mapping allows
 * EAGAIN     the mapping is locked and RLIMIT_MEMLOCK would be exceeded
 * EBADF      fd is not an open descriptor, or is not open for writing and the
 *            file's size has to change
 * EDQUOT     the user's quota of blocks is used up
 * EFBIG      the file would exceed RLIMIT_FSIZE or what its file system takes
 * EINVAL     m is NULL, unmapped or a view; unknown flags; SPARSE or CUT
 *            without FILE; fd is needed and is of another object, or of a copy
 *            that overlayfs or its like has made of it, or may have made where
 *            nothing tells when a file was made; FILE without CUT, a mapping
 *            that shrinks and a file that goes on behind it; FILE and an object
 *            that has no size to be set, or one of huge pages that the size
 *            would cut
 * EIO        an I/O error
 * EMFILE     the mapping has several protections, and no descriptor is left by
 *            which Linux tells that of the last page: in a room, or if bytes
 *            have to become zero in a page that may not be writable
 * ENFILE     the same because of the system's limit on open files
 * ENODEV     MMAPX_TO_END and a character device
 * ENOMEM     no room behind the mapping, without MAYMOVE; no room at all;
 *            RLIMIT_AS or RLIMIT_DATA; writable private memory that exceeds
 *            what the system may commit; too many mappings (vm.max_map_count);
 *            or part of what is to be cut is no longer mapped
 * ENOSPC     the disk is full; what was allocated is given back
 * ENOTSUP    growing shared memory that is anonymous or of a character device,
 *            or private memory that its driver made for good; a private file
 *            mapping in a room, or a mapping with pages that
 *            mmapx_guard_zeros() has replaced, without fd; the protection
 *            that EMFILE names is needed, and /proc is not mounted; on a
 *            system without mremap(2), and with huge pages: the mapping is of
 *            no file, has several protections, fd is -1, or there is no room
 *            and private pages that may have been written would be lost
 * ENXIO      MMAPX_TO_END and the object ends before the mapping's offset
 * EOVERFLOW  len exceeds PTRDIFF_MAX, or offset + len cannot be represented
 * EPERM      there is a seal on the memfd, the memory is sealed (mseal(2)),
 *            the file is immutable, or the file is append-only and is to be
 *            cut; an append-only file grows only if the file system can
 *            allocate
 * EROFS      the file system went read-only after an error
 * ETXTBSY    the file is used for swapping
 *
 * Since 0.1; MMAPX_RESIZE_CUT since 0.2.
 */
int mmapx_resize(struct mmapx *m, int fd, size_t len, int flags);

/* --- Room and parts ------------------------------------------------------ */

/*
 * mmapx_reserve: make address space behind the mapping its own, so that it
 *     grows without moving.  What is reserved takes no memory, counts for
 *     RLIMIT_AS (and for RLIMIT_MEMLOCK under mlockall(MCL_FUTURE)), and is
 *     not to be touched.
 *     room   bytes from m->addr on, the mapping's own included; rounded up to
 *            pages.  With less than before the rest is given up, with m->len
 *            or less all of it.
 *     flags  0, or MMAPX_RESIZE_MAYMOVE: m->addr may change.  Without it the
 *            space behind the mapping has to be free, which is rare on Linux:
 *            reserve right after mapping, with MAYMOVE.
 * mmapx_room: returns the bytes from m->addr on that are the mapping's own:
 *     m->len if nothing is reserved, 0 for a handle that is NULL or unmapped.
 *     Never fails.
 *
 * mmapx_resize() to any length within the room neither moves the mapping nor
 * fails for lack of address space, and the part that it cuts off becomes room
 * again.  The new part has the protection and the lock of the mapping's old
 * last page and no advice.  A shared mapping needs no descriptor for that, a
 * private one of a file does.  If a mapping grows beyond its room, the room
 * becomes larger if the space behind it is free; if not, the mapping moves
 * with MMAPX_RESIZE_MAYMOVE and has no room then, or mmapx_resize() fails with
 * ENOMEM.  mmapx_unmap() ends the room too.
 *
 * While one thread grows a mapping within its room, others may use the bytes
 * that they had: m->addr is not stored (except when an empty mapping grows),
 * and m->len is stored atomically, with release.  Calls that take a const
 * handle may run meanwhile.  Read m->len atomically beside a growth.
 * Shrinking needs the mapping to itself.
 *
 * Errors, with the mapping and its room unchanged, except that a mapping of
 * several parts may lose its room (mmapx_reserve(3)):
 * EAGAIN     pages are locked as they are mapped (mlockall(2)) and
 *            RLIMIT_MEMLOCK would be exceeded
 * EINVAL     m is NULL, unmapped or a view; unknown flags
 * ENOMEM     the space behind the mapping is not free, without MAYMOVE; no
 *            address space; RLIMIT_AS; too many mappings (vm.max_map_count)
 * ENOTSUP    shared anonymous memory, huge pages of anonymous memory, a
 *            character device; with MAYMOVE: a system without mremap(2), and a
 *            file of huge pages on Linux before 5.16
 * EOVERFLOW  room exceeds PTRDIFF_MAX (as MMAPX_TO_END does), or offset + room
 *            cannot be represented
 * EPERM      the memory is sealed (mseal(2))
 *
 * Since 0.2.
 */
int mmapx_reserve(struct mmapx *m, size_t room, int flags);
size_t mmapx_room(const struct mmapx *m);

/*
 * mmapx_split: make two handles of one mapping.  m keeps the bytes [0, off),
 *     and *rest, whatever it held, gets [off, len) and the room.  m->addr +
 *     off has to be a page edge in memory, and 0 < off < m->len.
 * mmapx_join: make one handle again.  next has to begin where m ends, on a
 *     page edge in memory and in the object; m must not have room, and gets
 *     next's.  *next becomes unmapped.  If the protections differ, the whole
 *     is as if it had been protected in parts.
 *
 * Each part is unmapped, protected, resized and synced by itself: to unmap the
 * head or the middle of a mapping, split and unmap.  Both parts remember a
 * lost write that the mapping remembers, and the whole one that a part
 * remembers.  The left part cannot grow in place.  Two map_anon calls give two
 * objects.
 *
 * Neither makes a system call.  Both need the mapping to themselves.
 *
 * Errors, with both handles unchanged:
 * EINVAL     a pointer is NULL; both are the same; an unmapped or empty
 *            handle, or a view; off is 0, not less than m->len or no page
 *            edge; the handles do not adjoin, or not as parts of one object
 *            mapped in one way; m has room
 *
 * Since 0.2.
 */
int mmapx_split(struct mmapx *m, size_t off, struct mmapx *rest);
int mmapx_join(struct mmapx *m, struct mmapx *next);

/* --- Population ---------------------------------------------------------- */

#define MMAPX_POPULATE_READ  1 /* for reading */
#define MMAPX_POPULATE_WRITE 2 /* for writing: copies private pages */

/*
 * Bring the pages of a range in and map them; returns when they are there.
 * Rounds outward.  The system may evict pages again at any time unless they
 * are locked.
 *
 * flags   MMAPX_POPULATE_READ or MMAPX_POPULATE_WRITE.  The latter changes no
 *         byte, but makes the pages dirty, allocates a file's holes and gives
 *         a private mapping its own copies.
 *
 * The call works in steps of 32 MiB, or of 256 MiB where huge pages are
 * mapped.  Signals are handled between them and do not end it.  To show
 * progress or to stop, call it for one part after the other.  After an error
 * the pages before the failing one may be there, and some of those after it.
 * On a kernel without the advice POPULATE_* it touches the pages, in a guard.
 * It first reads what is not in memory, in large units and whatever advice the
 * mapping has; for single pages call mmapx_prefetch() before.
 *
 * Errors:
 * EACCES     the mapping may not be read, or written, or is of a device whose
 *            memory the kernel does not populate
 * EFAULT     past the end of the file; the disk is full; an I/O error; a page
 *            with MMAPX_MADV_GUARD_INSTALL
 * EHWPOISON  a page with a hardware error
 * EINVAL     m is NULL or unmapped; a bad range; flags are neither of the two
 * ENOMEM     part of the range is no longer mapped, or no memory
 * ENOTSUP    a kernel without the advice POPULATE_*, and a view or a mapping
 *            with several protections
 *
 * Since 0.1.
 */
int mmapx_populate(const struct mmapx *m, size_t off, size_t len, int flags);

#ifdef __cplusplus
}
#endif

#endif /* LIBMMAPX_H */
