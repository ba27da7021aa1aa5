/* SPDX-License-Identifier: MIT */
/* Private changes on their way into the file: commit.c and journal.c. */
#ifndef MMAPX_COMMIT_H
#define MMAPX_COMMIT_H

#include "internal.h"

/* changes.c: the changed pages of a span, in ascending order. */
struct mmapx_i_changes {
    const struct mmapx *m;
    struct mmapx_i_span rest; /* not looked at yet */
    int pages; /* says which pages are changed; negative: comparing does */
    int fd;    /* of the file, to compare with; negative: there is none */
    struct iovec runs[MMAPX_OS_RUNS]; /* what has been said */
    size_t n_runs, at_run;
    size_t asks_for; /* so many the next time */
    bool knows_all;  /* there are no more behind them */
};

int mmapx_i_changes_begin(struct mmapx_i_changes *c, const struct mmapx *m,
                          const struct mmapx_i_span *span, int fd);
int mmapx_i_leave_out_replaced(const struct mmapx *m, struct mmapx_i_span *run,
                               unsigned char **next);
int mmapx_i_changes_next(struct mmapx_i_changes *c, struct mmapx_i_span *run);
void mmapx_i_changes_end(struct mmapx_i_changes *c);
int64_t mmapx_i_place_of(const struct mmapx *m, const unsigned char *addr);

/* commit.c: a range of a mapping, and the file that its changes belong to. */
struct mmapx_i_commit {
    const struct mmapx *m;
    int fd;
    struct mmapx_i_span span;
    int compares_with; /* fd if it can be read, else -1 */
    int64_t limit;     /* no byte is written behind it */
    uintptr_t since;   /* the last loss before it began */
    bool has_compared; /* some of it, as the system did not tell */
    struct mmapx_os_stat st;
};

/* Changed bytes and their place in the file. */
struct mmapx_i_piece {
    const unsigned char *from;
    size_t len;
    int64_t at;
};

int mmapx_i_commit_begin(struct mmapx_i_commit *c, struct mmapx *m, int fd,
                         size_t off, size_t len);
int mmapx_i_commit_walk(struct mmapx_i_commit *c,
                        int (*fn)(void *arg, const struct mmapx_i_piece *piece),
                        void *arg);
void mmapx_i_commit_ended(const struct mmapx_i_commit *c, struct mmapx *m,
                          int r);
int mmapx_i_target_size(int fd, enum mmapx_os_type type, int64_t *size);
int mmapx_i_check_target(int fd, int needed, struct mmapx_os_stat *st);
int mmapx_i_write_all(int fd, uintptr_t identity, const void *from, size_t len,
                      int64_t at);
int mmapx_i_flush_file(int fd, uintptr_t identity, uintptr_t since);

/* changes.c */
void mmapx_i_commit_drop(const struct mmapx_i_commit *c);

/* commit.c: bytes of a file that were written, in ascending order, and that the
 * disk has not been told to take. */
struct mmapx_i_written {
    int fd;
    uintptr_t identity;
    int64_t from;
    size_t len; /* without what lies between them */
};
int mmapx_i_note_written(struct mmapx_i_written *w, int64_t at, size_t len);

#endif /* MMAPX_COMMIT_H */
