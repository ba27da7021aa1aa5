/* SPDX-License-Identifier: MIT */
#ifndef FAKE_SCHED_H
#define FAKE_SCHED_H

int sched_yield(void);

#endif
