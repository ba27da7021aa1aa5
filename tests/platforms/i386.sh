#!/bin/sh
# SPDX-License-Identifier: MIT
# make check-i386: the whole suite as a program of 32 bits, with files larger
# than its address space.
# shellcheck source=tests/platforms/common.sh
. "$(dirname "$0")/common.sh"

# gcc-12-multilib, unlike gcc-multilib, does not conflict with cross compilers,
# and does not make /usr/include/asm either.
after="-idirafter /usr/include/$(gcc -print-multiarch)"

printf '#include <stdio.h>\nint main(void) { return 0; }\n' >try.c
# The flag is two words, and so is $check.
# shellcheck disable=SC2086
gcc -m32 $after -o try try.c || {
    echo 'i386: gcc -m32 does not work' \
        '(Debian: gcc-12-multilib libc6-dev-i386)' >&2
    exit 1
}
./try
# shellcheck disable=SC2086
own_check check gcc -m32 $after
# shellcheck disable=SC2086
"$sources/configure" --enable-werror --enable-tests --disable-command \
    CC="gcc -m32 $after" CXX=none \
    CFLAGS='-g -O2' $check
make -j"$jobs"
make -j"$jobs" check
