/* SPDX-License-Identifier: MIT */
/* Records that are written through a mapping and acknowledged when they should
 * be safe: shared by the tests of what a crash leaves. */
#ifndef MMAPX_TESTS_RECORDS_H
#define MMAPX_TESTS_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libmmapx.h"

enum {
    RECORD = 700,
    SLOT = 5000, /* bytes from one to the next, across pages */
    SLOTS = 61,
};

enum way {
    BY_SYNC,           /* into a file that is there, mmapx_sync() */
    BY_SYNC_FILE,      /* the same, mmapx_sync_file() */
    BY_GROWING,        /* mmapx_resize() with FILE, mmapx_sync_file() */
    BY_GROWING_SPARSE, /* with SPARSE too, mmapx_sync() */
    NOT_AT_ALL,        /* no sync: to see that a loss is noticed */
    BY_COMMIT,         /* a private mapping, mmapx_commit() */
    BY_COMMIT_ATOMIC,  /* the same, mmapx_commit_atomic() */
};

/* The file that mmapx_commit_atomic() needs. */
extern int records_journal;

/* Whether the mapping is a private one. */
bool is_private_way(enum way way);

void fill_record(unsigned char *record, uint32_t number);
bool is_record(const unsigned char *record, uint32_t number);

/* Where in the file a record belongs. */
size_t record_at(enum way way, uint32_t number);

/* Write one, and 0 when it is safe. */
int write_record(struct mmapx *m, int fd, enum way way, uint32_t number);

#endif /* MMAPX_TESTS_RECORDS_H */
