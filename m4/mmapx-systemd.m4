# SPDX-License-Identifier: MIT
#
# MMAPX_WITH_SYSTEMD
#
# --with-systemdsystemunitdir[=DIR] installs the units of packaging/systemd.
# Without DIR the directory is the one that systemd's own .pc file names.
AC_DEFUN([MMAPX_WITH_SYSTEMD], [
AC_ARG_WITH([systemdsystemunitdir],
    [AS_HELP_STRING([--with-systemdsystemunitdir@<:@=DIR@:>@],
        [install the units for systemd @<:@no@:>@])],
    [], [with_systemdsystemunitdir=no])
AS_IF([test "x$with_systemdsystemunitdir" = xyes],
    [with_systemdsystemunitdir=`$PKG_CONFIG \
        --variable=systemdsystemunitdir systemd 2>/dev/null`
    AS_IF([test "x$with_systemdsystemunitdir" = x],
        [AC_MSG_ERROR([pkg-config does not know where the units of systemd \
belong; name the directory with --with-systemdsystemunitdir=DIR])])])
AS_IF([test "x$with_systemdsystemunitdir" != xno],
    [AC_SUBST([systemdsystemunitdir], [$with_systemdsystemunitdir])])
AM_CONDITIONAL([SYSTEMD],
    [test "x$with_systemdsystemunitdir" != xno \
        && test "x$enable_command" != xno])
])
