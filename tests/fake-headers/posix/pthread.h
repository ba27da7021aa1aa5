/* SPDX-License-Identifier: MIT */
#ifndef FAKE_PTHREAD_H
#define FAKE_PTHREAD_H

#define PTHREAD_CANCEL_ENABLE 0
#define PTHREAD_CANCEL_DISABLE 1

int pthread_setcancelstate(int, int *);

#endif
