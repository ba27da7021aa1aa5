# SPDX-License-Identifier: MIT

# MMAPX_CHECK_SYSTEM
# ------------------
# Choose the seam's file in src/os/ for the host and find the headers,
# functions and constants that it and posix*.c can use.  What a Linux kernel may
# have and the C library's headers may lack is in src/os/linux_missing.h.
# Sets $mmapx_os to linux, bsd, darwin or none.
AC_DEFUN([MMAPX_CHECK_SYSTEM], [
AC_REQUIRE([AC_CANONICAL_HOST])
AS_CASE([$host_os],
    [linux*], [mmapx_os=linux],
    [*bsd* | dragonfly*], [mmapx_os=bsd],
    [darwin*], [mmapx_os=darwin],
    [mmapx_os=none])
AM_CONDITIONAL([OS_LINUX], [test "$mmapx_os" = linux])
AM_CONDITIONAL([OS_BSD], [test "$mmapx_os" = bsd])
AM_CONDITIONAL([OS_DARWIN], [test "$mmapx_os" = darwin])
AM_CONDITIONAL([OS_NONE], [test "$mmapx_os" = none])

AC_CHECK_HEADERS([sys/disk.h sys/dkio.h])
AC_CHECK_DECLS([MAP_FIXED_NOREPLACE, MAP_LOCKED, MAP_POPULATE], [], [],
    [[#include <sys/mman.h>]])
AC_CHECK_DECLS([memfd_create], [], [], [[#include <sys/mman.h>]])
AC_CHECK_DECLS([posix_fadvise, posix_fallocate], [], [],
    [[#include <fcntl.h>]])
AC_CHECK_DECLS([fdatasync], [], [], [[#include <unistd.h>]])
# Without -lpthread: a library alone has no threads to cancel there.
AC_CHECK_FUNCS([pthread_setcancelstate])
# The guard blocks signals: glibc before 2.32 has that in a library of its own.
AC_SEARCH_LIBS([pthread_sigmask], [pthread])
# The command: macOS has another name for it.
AC_CHECK_MEMBER([struct stat.st_ctim], [], [AC_DEFINE([st_ctim], [st_ctimespec],
    [Define to the name of st_ctim in struct stat where it has another one.])],
    [[#include <sys/stat.h>]])
# The command: Linux tells a file system by its type there.
AC_CHECK_DECL([fstatfs], [AC_DEFINE([STATFS_IN_VFS], [1],
    [Define if <sys/vfs.h> declares fstatfs().])], [],
    [[#include <sys/vfs.h>]])
# The command: glibc and musl tell what a stream has not written yet.
AC_CHECK_DECL([__fpending], [AC_DEFINE([FPENDING_IN_STDIO_EXT], [1],
    [Define if <stdio_ext.h> declares __fpending().])], [],
    [[#include <stdio_ext.h>]])
# The command: Linux has access control lists there, and this call alone.
AC_CHECK_DECL([lgetxattr], [AC_DEFINE([ACL_IN_XATTR], [1],
    [Define if access control lists are what Linux has in <sys/xattr.h>.])], [],
    [[#include <sys/xattr.h>]])
AC_HEADER_MAJOR
AC_CHECK_DECLS([preadv], [], [], [[#include <sys/uio.h>]])
AC_CHECK_DECLS([F_FULLFSYNC], [], [], [[#include <fcntl.h>]])
AC_CHECK_DECLS([DIOCGMEDIASIZE], [], [], [[
    #include <sys/types.h>
    #ifdef HAVE_SYS_DISK_H
    #include <sys/disk.h>
    #endif
    #ifdef HAVE_SYS_DKIO_H
    #include <sys/dkio.h>
    #endif]])
])
