/* SPDX-License-Identifier: MIT */
/* Linux: which kind of file system a descriptor's file is in. */
#ifndef MMAPX_LINUX_FS_H
#define MMAPX_LINUX_FS_H

#include <stdbool.h>
#include <stdint.h>

/* The kernel's number for the type, 0 if it is not told.  For a device it is
 * that of the file system which has the name: devtmpfs says TMPFS_MAGIC. */
uint32_t mmapx_os_fs_type(int fd);

/* Whether the pages of a file there are those of the inode that the descriptor
 * leads to. */
bool mmapx_os_fs_has_own_cache(uint32_t type);

#endif /* MMAPX_LINUX_FS_H */
