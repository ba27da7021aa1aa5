# SPDX-License-Identifier: MIT

# MMAPX_COMPILER_FLAGS
# --------------------
# Collect in MMAPX_CFLAGS what the compiler takes of hidden visibility and the
# warnings that the sources are free of; --enable-werror makes them errors.
AC_DEFUN([MMAPX_COMPILER_FLAGS], [
AC_ARG_ENABLE([werror],
    [AS_HELP_STRING([--enable-werror], [treat compiler warnings as errors])],
    [], [enable_werror=no])
MMAPX_CFLAGS=
for mmapx_flag in -fvisibility=hidden -Wall -Wextra -Wcast-align -Wconversion \
        -Wformat=2 -Wmissing-prototypes -Wpointer-arith -Wshadow \
        -Wstrict-prototypes -Wundef -Wwrite-strings; do
    _MMAPX_TRY_FLAG([$mmapx_flag])
done
AS_IF([test "x$enable_werror" != xno], [_MMAPX_TRY_FLAG([-Werror])])
AC_SUBST([MMAPX_CFLAGS])
])

# _MMAPX_TRY_FLAG(FLAG)
AC_DEFUN([_MMAPX_TRY_FLAG], [
AC_MSG_CHECKING([whether the compiler takes $1])
mmapx_save_CFLAGS=$CFLAGS
CFLAGS="$CFLAGS -Werror $1"
AC_COMPILE_IFELSE([AC_LANG_PROGRAM()],
    [AC_MSG_RESULT([yes])
     AS_VAR_APPEND([MMAPX_CFLAGS], [" $1"])],
    [AC_MSG_RESULT([no])])
CFLAGS=$mmapx_save_CFLAGS
])

# MMAPX_VERSION_SCRIPT
# --------------------
# Set the conditional VERSION_SCRIPT if the linker takes one.
AC_DEFUN([MMAPX_VERSION_SCRIPT], [
AC_CACHE_CHECK([whether the linker takes a version script],
    [mmapx_cv_version_script], [
    mmapx_save_LDFLAGS=$LDFLAGS
    LDFLAGS="$LDFLAGS -shared -fPIC -Wl,--version-script=conftest.map"
    echo 'V { global: f; local: *; };' > conftest.map
    AC_LINK_IFELSE([AC_LANG_SOURCE([[int f(void); int f(void) { return 0; }]])],
        [mmapx_cv_version_script=yes], [mmapx_cv_version_script=no])
    rm -f conftest.map
    LDFLAGS=$mmapx_save_LDFLAGS])
AM_CONDITIONAL([VERSION_SCRIPT], [test "$mmapx_cv_version_script" = yes])
])

# MMAPX_CHECK_Z(WORD)
# -------------------
# Add -z WORD to MMAPX_Z, the linker's flags for the shared library, if the
# linker takes it.
AC_DEFUN([MMAPX_CHECK_Z], [
AC_CACHE_CHECK([whether the linker takes -z $1], [mmapx_cv_z_$1], [
    mmapx_save_LDFLAGS=$LDFLAGS
    LDFLAGS="$LDFLAGS -shared -fPIC -Wl,-z,$1"
    AC_LINK_IFELSE([AC_LANG_SOURCE([[int f(void); int f(void) { return 0; }]])],
        [mmapx_cv_z_$1=yes], [mmapx_cv_z_$1=no])
    LDFLAGS=$mmapx_save_LDFLAGS])
AS_IF([test "$mmapx_cv_z_$1" = yes], [MMAPX_Z="$MMAPX_Z -Wl,-z,$1"])
AC_SUBST([MMAPX_Z])
])
