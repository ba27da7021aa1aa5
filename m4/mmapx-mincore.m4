# SPDX-License-Identifier: MIT

# MMAPX_CHECK_MINCORE
# -------------------
# Define MMAPX_MINCORE_VEC to the type that mincore()'s vector points at, if
# the system has mincore().  It is found by declaring the function again:
# another type is an error in every compiler, where an assignment to a pointer
# to the function is only a warning in some.
# Sets mmapx_cv_mincore_vec to the type or to "no".
AC_DEFUN([MMAPX_CHECK_MINCORE], [
AC_CACHE_CHECK([for the type of mincore's vector], [mmapx_cv_mincore_vec], [
    mmapx_cv_mincore_vec=no
    for mmapx_vec in "unsigned char" "char"; do
        for mmapx_addr in "void *" "const void *" "caddr_t"; do
            AC_LINK_IFELSE([AC_LANG_PROGRAM([[
                    #include <sys/types.h>
                    #include <sys/mman.h>
                    int mincore($mmapx_addr, size_t, $mmapx_vec *);]],
                [[return mincore(0, 0, 0);]])],
                [mmapx_cv_mincore_vec=$mmapx_vec
                 break 2])
        done
    done])
AS_IF([test "x$mmapx_cv_mincore_vec" != xno],
    [AC_DEFINE_UNQUOTED([MMAPX_MINCORE_VEC], [$mmapx_cv_mincore_vec],
        [What the vector of mincore() points at, if there is mincore().])])
])
