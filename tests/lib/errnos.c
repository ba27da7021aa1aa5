/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdio.h>

#define NAMED(code) { code, #code }

static const struct {
    int code;
    const char *name;
} names[] = {
    NAMED(EACCES),
    NAMED(EAGAIN),
    NAMED(EBADF),
    NAMED(EBUSY),
    NAMED(ECANCELED),
    NAMED(EDQUOT),
    NAMED(EEXIST),
    NAMED(EFAULT),
    NAMED(EFBIG),
    NAMED(EINTR),
    NAMED(EINVAL),
    NAMED(EIO),
    NAMED(EISDIR),
    NAMED(ELOOP),
    NAMED(EMFILE),
    NAMED(ENAMETOOLONG),
    NAMED(ENFILE),
    NAMED(ENODEV),
    NAMED(ENOENT),
    NAMED(ENOMEM),
    NAMED(ENOSPC),
    NAMED(ENOSYS),
    NAMED(ENOTDIR),
    NAMED(ENOTSUP),
    NAMED(ENOTTY),
    NAMED(ENXIO),
    NAMED(EOVERFLOW),
    NAMED(EPERM),
    NAMED(ERANGE),
    NAMED(EROFS),
    NAMED(ESPIPE),
    NAMED(ESTALE),
    NAMED(ETXTBSY),
#ifdef EHWPOISON
    NAMED(EHWPOISON),
#endif
};

const char *
errno_name(int code)
{
    /* Several in one message, also of several threads. */
    static _Thread_local char other[4][32];
    static _Thread_local unsigned next;
    char *text = other[next++ % 4];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].code == code)
            return names[i].name;
    snprintf(text, sizeof other[0], "errno %d", code);
    return text;
}
