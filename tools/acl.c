/* SPDX-License-Identifier: MIT */
/*
 * Access control lists, which grant more than the mode of a file tells.
 *
 * Linux has them as an attribute, so no library is needed to copy one.
 */
#include "tool.h"
#include "acl.h"

#ifdef ACL_IN_XATTR

#include <errno.h>
#include <stdbool.h>
#include <sys/types.h>
#include <sys/xattr.h>

static const char name[] = "system.posix_acl_access";

enum { MOST = 65536 }; /* bytes of an attribute */

/* The file has no list, or its file system has none. */
static bool
is_without(int error)
{
    return error == ENODATA || error == ENOTSUP;
}

/* A new file can have got a list from its directory. */
static int
drop(int fd)
{
    if (fgetxattr(fd, name, NULL, 0) < 0)
        return is_without(errno) ? 0 : -1;
    return fremovexattr(fd, name);
}

int
acl_copy(int fd, const char *old)
{
    char list[MOST];
    ssize_t n = lgetxattr(old, name, list, sizeof list);

    if (n < 0)
        return is_without(errno) ? drop(fd) : -1;
    return fsetxattr(fd, name, list, (size_t)n, 0);
}

#else

int
acl_copy(int fd, const char *old)
{
    (void)fd, (void)old;
    return 0;
}

#endif
