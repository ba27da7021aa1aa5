/* SPDX-License-Identifier: MIT */
#ifndef FAKE_SYS_IOCTL_H
#define FAKE_SYS_IOCTL_H

#include <sys/ioccom.h>

int ioctl(int, unsigned long, ...);

#endif
