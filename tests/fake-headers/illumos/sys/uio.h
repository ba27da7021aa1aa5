/* SPDX-License-Identifier: MIT */
#ifndef FAKE_SYS_UIO_H
#define FAKE_SYS_UIO_H

#include <sys/types.h>

struct iovec {
    caddr_t iov_base;
#ifdef __LP64__
    size_t iov_len;
#else
    long iov_len;
#endif
};

ssize_t readv(int, const struct iovec *, int);
ssize_t writev(int, const struct iovec *, int);
ssize_t preadv(int, const struct iovec *, int, off_t);
ssize_t pwritev(int, const struct iovec *, int, off_t);

#endif
