#!/bin/sh
# SPDX-License-Identifier: MIT
# make coverage: which lines and branches of src/ the suite runs through.
#
# Builds the sources that lie in $1 anew, there, runs the suite, and prints
# gcovr's tables.  Fails below the limits; doc/testing says what is left.
set -eu

cd "$1"
command -v gcovr >/dev/null || {
    echo 'coverage: gcovr is not installed (Debian: gcovr)' >&2
    exit 1
}

# A test writes its counts as the user that it has become.
umask 0
flags='-g -O0 --coverage -fprofile-update=atomic'
wrap='-Wl,--wrap=_exit -Wl,--wrap=raise -Wl,--wrap=sigaction'

./configure --enable-tests --disable-shared CC="${CC:-gcc}" CFLAGS="$flags"
${CC:-gcc} -O1 -c -o tests/project/coverage.o tests/project/coverage.c
wrap="$wrap $PWD/tests/project/coverage.o"
${MAKE:-make} -j2 LDFLAGS="$wrap"
# The tests' failures are told at the end: the tables are of use all the same.
code=0
${MAKE:-make} -j2 check LDFLAGS="$wrap" || code=1

# What configure compiled is not of interest.  The seam's sources are compiled
# once more behind the fake seam; gcovr adds up what ran of both.
rm -f ./*conftest*.gc*
gcovr -r . --filter src/ --branches .
gcovr -r . --filter src/ --print-summary --fail-under-line 99.8 \
    --fail-under-branch 95 . || code=1
exit "$code"
