# SPDX-License-Identifier: MIT

# MMAPX_CHECK_MREMAP
# ------------------
# Define MMAPX_MREMAP_LINUX or MMAPX_MREMAP_NETBSD to 1 by the shape of
# mremap(), which two systems have and each in its own way.
# Sets mmapx_cv_mremap to "linux", "netbsd" or "no".
AC_DEFUN([MMAPX_CHECK_MREMAP], [
AC_CACHE_CHECK([for the shape of mremap], [mmapx_cv_mremap], [
    mmapx_cv_mremap=no
    AC_LINK_IFELSE([AC_LANG_PROGRAM([[
            #include <sys/mman.h>
            void *mremap(void *, size_t, size_t, int, ...);]],
        [[return mremap(0, 0, 0, MREMAP_MAYMOVE) == 0;]])],
        [mmapx_cv_mremap=linux],
        [AC_LINK_IFELSE([AC_LANG_PROGRAM([[
                #include <sys/mman.h>
                void *mremap(void *, size_t, void *, size_t, int);]],
            [[return mremap(0, 0, 0, 0, 0) == 0;]])],
            [mmapx_cv_mremap=netbsd])])])
AS_CASE([$mmapx_cv_mremap],
    [linux], [AC_DEFINE([MMAPX_MREMAP_LINUX], [1],
        [mremap() takes old, old length, new length, flags.])],
    [netbsd], [AC_DEFINE([MMAPX_MREMAP_NETBSD], [1],
        [mremap() takes old, old length, new, new length, flags.])])
])
