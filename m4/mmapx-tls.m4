# SPDX-License-Identifier: MIT

# MMAPX_CHECK_TLS
# ---------------
# Define MMAPX_TLS_MODEL to an attribute for thread-local variables that a
# signal handler reads.  glibc allocates those of a library that was loaded by
# dlopen() when they are first accessed, unless they are of the initial-exec
# model; musl allocates them when the library is loaded and refuses that model.
AC_DEFUN([MMAPX_CHECK_TLS], [
AC_CACHE_CHECK([for the model of thread-local storage], [mmapx_cv_tls], [
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[
            #include <limits.h>
            #ifndef __GLIBC__
            #error "not glibc"
            #endif
            static __thread int i __attribute__((tls_model("initial-exec")));]],
        [[return i;]])],
        [mmapx_cv_tls=initial-exec], [mmapx_cv_tls=default])])
AS_IF([test "$mmapx_cv_tls" = initial-exec],
    [mmapx_model='__attribute__((tls_model("initial-exec")))'],
    [mmapx_model=])
AC_DEFINE_UNQUOTED([MMAPX_TLS_MODEL], [$mmapx_model],
    [An attribute for thread-local variables that a signal handler reads.])
])
