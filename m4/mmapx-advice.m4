# SPDX-License-Identifier: MIT

# MMAPX_CHECK_ADVICE
# ------------------
# Define MMAPX_OS_MADV_<NAME> for each advice that the library knows: the
# system's own constant; on Linux, whose C libraries lag behind the kernel, the
# kernel's number where the constant is missing; else -1.  A system without
# madvise() has posix_madvise() for the harmless ones.
# Counts in $mmapx_advice_found what the system has of $mmapx_advice_asked.
AC_DEFUN([MMAPX_CHECK_ADVICE], [
AC_CHECK_DECLS([madvise], [], [], [[#include <sys/mman.h>]])
mmapx_advice_asked=0
mmapx_advice_found=0
_MMAPX_ADVICE([NORMAL], [0], [harmless])
_MMAPX_ADVICE([RANDOM], [1], [harmless])
_MMAPX_ADVICE([SEQUENTIAL], [2], [harmless])
_MMAPX_ADVICE([WILLNEED], [3], [harmless])
_MMAPX_ADVICE([DONTNEED], [4])
_MMAPX_ADVICE([FREE], [8])
_MMAPX_ADVICE([REMOVE], [9])
_MMAPX_ADVICE([DONTFORK], [10])
_MMAPX_ADVICE([DOFORK], [11])
_MMAPX_ADVICE([MERGEABLE], [12])
_MMAPX_ADVICE([UNMERGEABLE], [13])
_MMAPX_ADVICE([HUGEPAGE], [14])
_MMAPX_ADVICE([NOHUGEPAGE], [15])
_MMAPX_ADVICE([DONTDUMP], [16], [], [NOCORE])
_MMAPX_ADVICE([DODUMP], [17], [], [CORE])
_MMAPX_ADVICE([WIPEONFORK], [18])
_MMAPX_ADVICE([KEEPONFORK], [19])
_MMAPX_ADVICE([COLD], [20])
_MMAPX_ADVICE([PAGEOUT], [21])
_MMAPX_ADVICE([POPULATE_READ], [22])
_MMAPX_ADVICE([POPULATE_WRITE], [23])
_MMAPX_ADVICE([DONTNEED_LOCKED], [24])
_MMAPX_ADVICE([COLLAPSE], [25])
_MMAPX_ADVICE([GUARD_INSTALL], [102])
_MMAPX_ADVICE([GUARD_REMOVE], [103])
])

# _MMAPX_ADVICE(NAME, LINUX-NUMBER, [harmless], [NAME-ELSEWHERE])
AC_DEFUN([_MMAPX_ADVICE], [
AC_CHECK_DECL([MADV_$1],
    [mmapx_advice=MADV_$1],
    [AS_CASE([$host_os], [linux*], [mmapx_advice=$2], [mmapx_advice=-1])],
    [[#include <sys/mman.h>]])
m4_ifval([$4],
    [AC_CHECK_DECL([MADV_$4], [mmapx_advice=MADV_$4], [],
        [[#include <sys/mman.h>]])])
m4_ifval([$3],
    [AS_IF([test "x$ac_cv_have_decl_madvise" != xyes],
        [mmapx_advice=POSIX_MADV_$1])],
    [AS_IF([test "x$ac_cv_have_decl_madvise" != xyes], [mmapx_advice=-1])])
# macOS has a MADV_PAGEOUT in its header that it keeps for itself.
AS_CASE([$host_os:$1], [darwin*:PAGEOUT], [mmapx_advice=-1])
mmapx_advice_asked=`expr $mmapx_advice_asked + 1`
AS_IF([test "$mmapx_advice" != -1],
    [mmapx_advice_found=`expr $mmapx_advice_found + 1`])
AC_DEFINE_UNQUOTED([MMAPX_OS_MADV_$1], [$mmapx_advice],
    [The system's number for MMAPX_MADV_$1, or -1.])
])
