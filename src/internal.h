/* SPDX-License-Identifier: MIT */
/*
 * What the sources share.  mmapx_i_ begins the names that the library keeps to
 * itself, mmapx_os_ those of the seam; what is exported begins with mmapx_
 * alone.  These functions return 0 or -errno; the public ones hand that to
 * mmapx_i_result().
 */
#ifndef MMAPX_INTERNAL_H
#define MMAPX_INTERNAL_H

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Everything is built hidden; the public header alone is seen outside. */
#if defined __GNUC__
#pragma GCC visibility push(default)
#endif
#include "libmmapx.h"
#if defined __GNUC__
#pragma GCC visibility pop
#endif

#include "handle.h"
#include "range.h"

/* map.c */
int mmapx_i_map(struct mmapx *m, int fd, int64_t offset, size_t len, int prot,
                int flags);
int mmapx_i_unmap(struct mmapx *m);
int mmapx_i_object_size(int fd, const struct mmapx_os_stat *st, int64_t *size);
int mmapx_i_length_to_end(int fd, const struct mmapx_os_stat *st,
                          int64_t offset, size_t *len);
bool mmapx_i_is_representable(int64_t offset, size_t len);

/* loss.c: lost writes, -errno each. */
void mmapx_i_forget_losses(struct mmapx *m);
int mmapx_i_remembered(const struct mmapx *m);
void mmapx_i_join_losses(struct mmapx *m, const struct mmapx *other);
int mmapx_i_remember(struct mmapx *m, int r);
int mmapx_i_lost(const struct mmapx *m);
bool mmapx_i_has_lost(const struct mmapx *m);
void mmapx_i_made_up_for(struct mmapx *m, uintptr_t number);
uintptr_t mmapx_i_last_loss(void);
int mmapx_i_lost_since(uintptr_t identity, uintptr_t number);
int mmapx_i_lose_of(struct mmapx *m, int r);
void mmapx_i_lose(uintptr_t identity, int r);

/* reports.c: calls that may be told of one, while they run.  file: a number. */
uintptr_t mmapx_i_file_of(const struct mmapx *m);
struct mmapx_i_call *mmapx_i_report_begin(uintptr_t file);
void mmapx_i_report_end(struct mmapx_i_call *call);
void mmapx_i_report_await(uintptr_t file);
void mmapx_i_report_write(struct mmapx_i_call *call, int fd,
                          uintptr_t identity, int64_t r);
int64_t mmapx_i_write_some(int fd, uintptr_t identity, const void *from,
                           size_t len, int64_t at);

/* process.c */
uintptr_t mmapx_i_process(void);

/* advise.c */
int mmapx_i_madvise(const struct mmapx_i_span *span, enum mmapx_advice advice);

/* residency.c: how many of n pages mincore(2) has found in memory. */
size_t mmapx_i_resident(const unsigned char *vec, size_t n);

/* read_in.c: read what is missing of a mapping's pages, whatever its advice is,
 * before they are populated.  Loose: they are locked on fault for certain, or
 * not at all. */
void mmapx_i_read_in(const struct mmapx *m, const struct mmapx_i_span *span,
                     bool loose);

/* populate.c: the call of the same name, also of what is loose. */
int mmapx_i_populate(const struct mmapx *m, size_t off, size_t len, int how,
                     bool loose);

/* protect.c */
int mmapx_i_protect(struct mmapx *m, size_t off, size_t len, int prot);

/* cache.c */
int mmapx_i_cache_size(int fd, int64_t *size);
int mmapx_i_cache_range(int fd, int64_t *off, int64_t len, int64_t *end);
int mmapx_i_cache_probe(int fd, int r);
int mmapx_i_cache_count(int fd, int64_t off, int64_t end,
                        struct mmapx_cache *c);

/* data.c: as mmapx_os_next_data(), but of a file in memory the next part of
 * which some is swapped out. */
bool mmapx_i_next_data(int fd, int64_t *off, int64_t end, int64_t *data_end);

/* cache_scan.c: the first runs that touch bytes off to end, *n of them at most;
 * how many were found. */
int mmapx_i_cache_scan(int fd, int64_t off, int64_t end,
                       struct mmapx_cache_run *runs, size_t *n);

/* cache_window.c: pages n of a file that is mapped for the moment; is_true: 0,
 * or -EPERM where the caller is told that all of it is cached, always. */
struct mmapx_i_window {
    void *addr;
    size_t len;
};
int mmapx_i_window_open(struct mmapx_i_window *w, int fd, int64_t off,
                        int64_t end);
void mmapx_i_window_close(struct mmapx_i_window *w);
int mmapx_i_window_look(struct mmapx_i_window *w, size_t page, size_t n,
                        unsigned char *vec);
int mmapx_i_window_is_true(int fd);

/* cache_window.c: have a longer vector than one of n bytes, if there is memory.
 * Returns its length. */
size_t mmapx_i_vector_map(unsigned char **vec, size_t n);
void mmapx_i_vector_unmap(unsigned char *vec);

/* place.c */
int mmapx_i_map_there(unsigned char *place, size_t n, int prot, int flags,
                      int fd, int64_t offset);
int mmapx_i_map_over(unsigned char *place, size_t n, int prot, int flags,
                     int fd, int64_t offset);
int mmapx_i_take(unsigned char *place, size_t n);
int mmapx_i_take_back(unsigned char *place, size_t n);
int mmapx_i_take_some(size_t n, uintptr_t like, unsigned char **place);

/* resize.c */
int mmapx_i_stat_object(const struct mmapx *m, int fd,
                        struct mmapx_os_stat *st);

/* resize_file.c: what is to become of a file, and of nothing where new is
 * old. */
struct mmapx_i_file_change {
    int fd;
    int64_t old;
    int64_t new;
    bool sparse;
    struct mmapx_os_growth growth;
};
int mmapx_i_check_file_limit(int64_t size);
int mmapx_i_check_file_change(const struct mmapx_i_file_change *change);
int mmapx_i_change_file(const struct mmapx_i_file_change *change);

/* resize_map.c: a mapping that grows, and can be given back. */
struct mmapx_i_growth {
    struct mmapx_i_place old;
    struct mmapx_i_place now;
    bool may_fail; /* what comes after it: keep the old place */
    bool is_lost;  /* the old place may be another thread's by now */
    bool is_copy;  /* the old mapping is still there, whole */
    bool was_hole; /* the room has got a hole: it is given up */
    bool is_torn;  /* it could not move back: now has what is in one place */
    bool by_fd;    /* some pages are not the object's: extend none of them, and
                    * map the new part from fd */
    int fd;
    enum mmapx_os_lock lock; /* of the old last page */
    bool is_loose;           /* that is locked on fault meanwhile */
};
int mmapx_i_drop(const struct mmapx_i_place *place, size_t keep);
int mmapx_i_grow(const struct mmapx *m, int fd, size_t new, bool may_move,
                 struct mmapx_i_growth *g);
void mmapx_i_grow_failed(struct mmapx *m, const struct mmapx_i_growth *g);
void mmapx_i_grow_undo(struct mmapx *m, struct mmapx_i_growth *g);
void mmapx_i_grow_done(struct mmapx *m, const struct mmapx_i_growth *g,
                       size_t len);

/* resize_move.c */
int mmapx_i_relocate(const struct mmapx *m, struct mmapx_i_growth *g,
                     size_t extent, size_t room);
bool mmapx_i_move_back(struct mmapx_i_growth *g, unsigned char *from,
                       size_t len, unsigned char *to);

/* resize_lock.c: the lock of what grows. */
void mmapx_i_loosen_lock(const struct mmapx *m, struct mmapx_i_growth *g);
void mmapx_i_tighten_lock(const struct mmapx *m,
                          const struct mmapx_i_growth *g);
int mmapx_i_lock_like(const struct mmapx_i_growth *g, unsigned char *place,
                      size_t n);
void mmapx_i_lock_new(const struct mmapx *m, const struct mmapx_i_growth *g);

/* lock.c: mark a range to be locked as it comes in, or -ENOTSUP; and lock what
 * a file lies behind, which may be unreadable. */
int mmapx_i_lock_on_fault(void *addr, size_t len);
int mmapx_i_lock_file(const struct mmapx *m, size_t off, size_t len,
                      const struct mmapx_i_span *span);

/* resize_anew.c */
int mmapx_i_last_protection(const struct mmapx *m, unsigned char *end);
int mmapx_i_map_new(const struct mmapx *m, const struct mmapx_i_growth *g,
                    void **place, size_t n);
int mmapx_i_grow_anew(const struct mmapx *m, int fd, struct mmapx_i_growth *g,
                      size_t new, bool may_move);

/* reserve.c */
int mmapx_i_grow_in_room(const struct mmapx *m, int fd, size_t new,
                         bool may_move, struct mmapx_i_growth *g);

/* zeros.c: the pages that mmapx_guard_zeros() has replaced. */
int mmapx_i_replaced(const struct mmapx *m, struct mmapx_i_span *span);

/* guard.c: mmapx_guard(), with fn's value apart from the error. */
int mmapx_i_guard(const struct mmapx *m, int (*fn)(void *arg), void *arg,
                  int *value);

/* result.c */
int mmapx_i_result(int r);

#endif /* MMAPX_INTERNAL_H */
