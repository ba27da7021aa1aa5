/* SPDX-License-Identifier: MIT */
#ifndef FAKE_SYS_DKIO_H
#define FAKE_SYS_DKIO_H

#include <sys/ioccom.h>
#include <sys/types.h>

#define DIOCGMEDIASIZE _IOR('d', 132, off_t)

#endif
