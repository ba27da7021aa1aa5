# SPDX-License-Identifier: MIT

# MMAPX_REPRODUCIBLE_DIST(DATE)
# -----------------------------
# Let "make dist" write the same archive wherever it runs: sorted names, no
# owners, plain modes, and SOURCE_DATE_EPOCH or else DATE for every file.
# Another tar than GNU's makes an archive all the same.
AC_DEFUN([MMAPX_REPRODUCIBLE_DIST], [
AS_IF([${TAR-tar} --version 2>/dev/null | grep GNU >/dev/null],
    [am__tar='LC_ALL=C TAR_OPTIONS="--sort=name --owner=0 --group=0 \
--numeric-owner --mode=go=rX,u+rw \
--mtime=$${SOURCE_DATE_EPOCH:+@}$${SOURCE_DATE_EPOCH:-$1T00:00Z}" '"$am__tar"])
])
