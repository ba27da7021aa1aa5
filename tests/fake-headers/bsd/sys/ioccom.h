/* SPDX-License-Identifier: MIT */
#ifndef FAKE_SYS_IOCCOM_H
#define FAKE_SYS_IOCCOM_H

/* Read from the kernel: the type's size is a part of the number. */
#define _IOR(group, number, type)                                         \
    ((unsigned long)(0x40000000 | (sizeof(type) & 0x1fff) << 16           \
                     | (group) << 8 | (number)))

#endif
