/* SPDX-License-Identifier: MIT */
/* A disk with the read-ahead that most have. */
#ifndef MMAPX_BENCH_DISK_H
#define MMAPX_BENCH_DISK_H

#include "harness/base.h"
#include "harness/files.h"

/* A file system on a loop device with a read-ahead of 128 KiB; its directory,
 * or NULL (and a line that says why). */
const char *loop_disk(const char *row, size_t size);
/* Another read-ahead, in bytes, of the files that are opened from now on. */
bool loop_read_ahead(size_t bytes);
/* Unmount it and mount it again: the kernel knows nothing of it any more. */
bool loop_remount(void);
void loop_drop(void);

/* Bytes that a file's disk has been given to write since it was there. */
double disk_written(const struct file *f);

#endif /* MMAPX_BENCH_DISK_H */
