/* SPDX-License-Identifier: MIT */
#ifndef FAKE_SYS_PARAM_H
#define FAKE_SYS_PARAM_H

#include <sys/types.h>

#define DEV_BSIZE 512

#endif
