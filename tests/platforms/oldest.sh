#!/bin/sh
# SPDX-License-Identifier: MIT
# make check-oldest: built and run with the oldest C library that is meant to
# work, which README names: that of Debian 11 ($SUITE), in a system of its own.
# The kernel is this machine's.  Needs root, and a mirror that has the suite.
# In a namespace of its own: what is mounted there is gone when this script is,
# however it ends, and make can remove the directory without reaching /dev.
if [ "${APART:-no}" = no ]; then
    APART=yes
    export APART
    exec unshare --mount sh "$0" "$@"
fi
# shellcheck source=tests/platforms/common.sh
. "$(dirname "$0")/common.sh"

need debootstrap debootstrap
suite=${SUITE:-bullseye}
root=$PWD/root

packages=gcc,libc6-dev,make,pkg-config,check,libjansson-dev
# The list is empty if there is no other mirror.
# shellcheck disable=SC2086
debootstrap --variant=minbase --include=$packages "$suite" "$root" \
    ${MIRROR:-} >debootstrap.log 2>&1 || {
    tail -n 20 debootstrap.log
    exit 1
}
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
mount --bind /sys "$root/sys"
cp -Rp "$sources" "$root/sources" # with times, or make wants autoconf
mkdir "$root/build"

# in_root COMMAND: there, in the build directory.  TMPDIR names one of here.
in_root() {
    chroot "$root" env -u TMPDIR sh -c "cd /build && $1"
}

in_root 'ldd --version' | sed 1q
in_root '../sources/configure --enable-werror --enable-tests -q'
in_root "make -s -j$jobs"
# All are built, with the examples, and those of unit/ are run.
in_root "make -s check TESTS=\"$(unit_programs | grep /unit/ | tr '\n' ' ')\""
