/* SPDX-License-Identifier: MIT */
/* A disk's size is in its label only. */
#ifndef FAKE_SYS_DKIO_H
#define FAKE_SYS_DKIO_H

#include <sys/ioccom.h>

#endif
