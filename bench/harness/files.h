/* SPDX-License-Identifier: MIT */
/* Files to work on, and how much of them the page cache holds. */
#ifndef MMAPX_BENCH_FILES_H
#define MMAPX_BENCH_FILES_H

#include "harness/base.h"

enum content {
    SPARSE,    /* no blocks */
    ALLOCATED, /* blocks that were never written: read as zeros without I/O */
    WRITTEN,
};

struct file {
    char path[512];
    int fd;
    size_t size;
};

/* wanted bytes halved until they fit the disk and, if warm, the memory. */
size_t fitting(size_t wanted, bool warm, const char *row);

bool file_make(struct file *f, const char *dir, const char *name, size_t size,
               enum content content);
void file_drop(struct file *f);
void file_evict(const struct file *f);
uint64_t file_cached(const struct file *f); /* pages; UINT64_MAX: unknown */

/* A place for what is read and does not matter, or is to be written. */
enum { FILE_BUFFER = 2 << 20 };
unsigned char *file_buffer(void);

/* Fill the file with words that nothing makes less of, by steps of at most the
 * buffer, and wait for the disk. */
bool file_write(const struct file *f, size_t step);

#endif /* MMAPX_BENCH_FILES_H */
