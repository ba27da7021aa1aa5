/* SPDX-License-Identifier: MIT */
#ifndef FAKE_SETJMP_H
#define FAKE_SETJMP_H

typedef long sigjmp_buf[16];

int sigsetjmp(sigjmp_buf, int) __attribute__((returns_twice));
_Noreturn void siglongjmp(sigjmp_buf, int);

#endif
