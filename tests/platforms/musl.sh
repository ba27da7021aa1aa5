#!/bin/sh
# SPDX-License-Identifier: MIT
# make check-musl: the whole suite with musl, and with the command, if the
# machine's mirror of Debian has the source package of Jansson.
# shellcheck source=tests/platforms/common.sh
. "$(dirname "$0")/common.sh"

need musl-gcc musl-tools

# The kernel's own headers, without those of the C library beside them.
mkdir -p kernel
for dir in linux asm-generic; do
    ln -sf "/usr/include/$dir" kernel/
done
ln -sf "/usr/include/$(gcc -print-multiarch)/asm" kernel/asm

# get_jansson: built with musl, below jansson/root.
get_jansson() {
    jansson_sources jansson || return
    (
        prefix=$PWD/jansson/root
        cd jansson/jansson || exit
        ./configure -q CC=musl-gcc --disable-shared --prefix="$prefix" &&
            make -s -j"$jobs" -C src install
    )
}

if get_jansson >jansson.log 2>&1; then
    jansson=$PWD/jansson/root
    command="JANSSON_CFLAGS=-I$jansson/include JANSSON_LIBS=$jansson/lib/libjansson.a"
else
    echo 'musl: SKIP: the command: there is no source package of Jansson here'
    tail -n 5 jansson.log
    command=--disable-command
fi

own_check check musl-gcc
# $check and $command are two words.
# shellcheck disable=SC2086
"$sources/configure" --enable-werror --enable-tests $command \
    CC=musl-gcc CXX=none \
    CFLAGS='-g -O2' CPPFLAGS="-idirafter $PWD/kernel" $check
make -j"$jobs"
make -j"$jobs" check
