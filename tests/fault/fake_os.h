/* SPDX-License-Identifier: MIT */
/* A seam that does what the real one does, and fails when it is told to. */
#ifndef MMAPX_TESTS_FAKE_OS_H
#define MMAPX_TESTS_FAKE_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fake_call {
#define SEAM_CALL(NAME, ...) FAKE_##NAME,
#include "seam.def"
    FAKE_CALLS,
};

/* The name of a call, for messages. */
const char *fake_name(enum fake_call call);

/* Everything real again, and the counts at 0. */
void fake_reset(void);

/* The nth call from now on, counted from 1, fails with an errno; or that one
 * and all after it. */
void fake_fail(enum fake_call call, int code, int nth);
void fake_fail_from(enum fake_call call, int code, int nth);

/* How often a call was made since the reset. */
int fake_count(enum fake_call call);

extern bool fake_ignores_address; /* mmap(2) takes every address for a hint */
extern bool fake_misplaces;       /* where large pages do not fit */
extern bool fake_is_block_device; /* whatever is looked at */
extern bool fake_knows_no_advice; /* the kernel, when it is asked */
extern bool fake_has_no_advice;   /* the system, in its headers */
extern bool fake_may_not_know;    /* the caller, what is resident */
extern bool fake_has_no_cachestat;
extern bool fake_stacks; /* the file system, one on another */
struct fake_bytes {
    int64_t off;
    int64_t end;
};
/* If end is not 0, these bytes of every file are not cached, and all others
 * are.  A page is one of them if one of its bytes is. */
extern struct fake_bytes fake_uncached;
/* The same of what is swapped out, of a file in memory. */
extern struct fake_bytes fake_swapped;
extern int64_t fake_looked; /* the end of what cachestat(2) was asked about */
extern struct fake_bytes fake_read; /* what was asked for last, to be read in */
extern bool fake_zeros_pay;        /* where files grow by small steps */
extern bool fake_keeps_tail;       /* every file system */
extern bool fake_reads_past_cache; /* every descriptor */
extern bool fake_ends_early;       /* the file, where it is read */
extern bool fake_gets_nowhere; /* reading and writing at a place: no byte */
extern bool fake_lengthens_another; /* file than the mapped one */
extern bool fake_touches_nothing;   /* but says that it does */
/* As kernels before 6.12: what cannot be mapped over is unmapped first, and
 * then another thread runs. */
extern void (*fake_unmaps_first)(void *addr, size_t len);
extern bool fake_all_stay;         /* pages that are evicted, clean ones */
extern uint64_t fake_tick;         /* ns from one look at the clock to the next;
                                    * UINT64_MAX: the real ones */
extern uint64_t fake_advice_work; /* ns of the thread's for a MiB, by advice */
extern uint64_t fake_touch_work;  /* and by touching; UINT64_MAX: the real */
extern unsigned char fake_mincore_bits; /* put into every entry of a vector */
/* What is written to files, before it happens. */
extern void (*fake_on_write)(int fd, const void *bytes, size_t len, int64_t at);
extern void (*fake_on_flush)(int fd);
extern void (*fake_on_size)(int fd, int64_t size);
extern bool fake_flushes;       /* else it only says so */
extern bool fake_drops_nothing; /* as where no advice does it */
extern void (*fake_in_msync)(void);     /* another thread, while one syncs */
extern void (*fake_in_flush)(void);     /* or flushes, or begins to */
extern void (*fake_in_write)(void);     /* or fails to write */
extern void (*fake_in_pause)(void);     /* or waits for another */

/* What the seam was handed last. */
struct fake_args {
    void *addr;
    size_t len;
    int flags; /* or the system's number of an advice, or a protection */
};
extern struct fake_args fake_mmap_args, fake_madvise_args, fake_msync_args,
    fake_mprotect_args, fake_name_args;

#endif /* MMAPX_TESTS_FAKE_OS_H */
