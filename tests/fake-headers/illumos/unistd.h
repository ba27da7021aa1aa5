/* SPDX-License-Identifier: MIT */
/* ioctl() is here. */
#ifndef FAKE_ILLUMOS_UNISTD_H
#define FAKE_ILLUMOS_UNISTD_H

#include_next <unistd.h>

int fdatasync(int);
int ioctl(int, int, ...);

#endif
