#!/bin/sh
# SPDX-License-Identifier: MIT
# make check-musl: the whole suite with musl.
# shellcheck source=tests/platforms/common.sh
. "$(dirname "$0")/common.sh"

need musl-gcc musl-tools

# The kernel's own headers, without those of the C library beside them.
mkdir -p kernel
for dir in linux asm-generic; do
    ln -sf "/usr/include/$dir" kernel/
done
ln -sf "/usr/include/$(gcc -print-multiarch)/asm" kernel/asm

own_check check musl-gcc
# $check is two words.
# shellcheck disable=SC2086
"$sources/configure" --enable-werror --enable-tests --disable-command \
    CC=musl-gcc CXX=none \
    CFLAGS='-g -O2' CPPFLAGS="-idirafter $PWD/kernel" $check
make -j"$jobs"
make -j"$jobs" check
