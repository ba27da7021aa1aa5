/* SPDX-License-Identifier: MIT */
#ifndef FAKE_SYS_DISK_H
#define FAKE_SYS_DISK_H

#include <sys/ioccom.h>
#include <sys/types.h>

#define DIOCGMEDIASIZE _IOR('d', 129, off_t)

#endif
