/* SPDX-License-Identifier: MIT */
/* Has much, and nothing of what the library asks. */
#ifndef FAKE_SYS_DISK_H
#define FAKE_SYS_DISK_H

#include <sys/types.h>

#endif
