/* SPDX-License-Identifier: MIT */
#ifndef FAKE_BSD_UNISTD_H
#define FAKE_BSD_UNISTD_H

#include_next <unistd.h>

int fdatasync(int);

#endif
