/* SPDX-License-Identifier: MIT */
#ifndef FAKE_ERRNO_H
#define FAKE_ERRNO_H

extern int *fake_errno(void);
#define errno (*fake_errno())

enum {
    EPERM = 1, ENOENT = 2, EINTR = 4, EIO = 5, ENXIO = 6, EBADF = 9,
    ENOMEM = 12, EACCES = 13, EFAULT = 14, EBUSY = 16, EEXIST = 17,
    ENODEV = 19, EISDIR = 21, EINVAL = 22, ENFILE = 23, EMFILE = 24,
    ENOTTY = 25, EFBIG = 27, ENOSPC = 28, ESPIPE = 29, ERANGE = 34,
    EAGAIN = 35, EOPNOTSUPP = 45, EOVERFLOW = 84, ECANCELED = 85,
    ENOTSUP = 86, ENOSYS = 78, ELOOP = 62,
};

/* Macros they are, for #ifdef. */
#define EPERM EPERM
#define EAGAIN EAGAIN
#define EOPNOTSUPP EOPNOTSUPP
#define ENOTSUP ENOTSUP

#endif
