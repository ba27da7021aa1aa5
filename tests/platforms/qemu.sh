#!/bin/sh
# SPDX-License-Identifier: MIT
# make check-qemu: the programs of the suite, cross-built and static, on
# emulated machines: 64 and 32 bits, and bytes in the other order.
#
# The system calls are those of the kernel that is there, as far as the
# emulator passes them on; what it answers itself, and otherwise, is skipped by
# the tests (need_the_kernel).
# shellcheck source=tests/platforms/common.sh
. "$(dirname "$0")/common.sh"

programs="tests/project/header_c $(unit_programs)"
failed=

# build HOST QEMU: and test, in the present directory.  Its output is a log.
build() {
    own_check check "$1-gcc"
    # $check is two words.
    # shellcheck disable=SC2086
    "$sources/configure" --enable-werror --enable-tests --disable-command \
        --host="$1" \
        --disable-shared CXX=none CFLAGS='-g -O2' LDFLAGS=-static $check
    make -j"$jobs" LDFLAGS=-all-static
    make -k -j"$jobs" check LDFLAGS=-all-static TESTS="$programs" \
        LOG_COMPILER="$2"
}

# run HOST QEMU
run() {
    need "$1-gcc" "gcc-$1"
    need "$2" qemu-user
    mkdir -p "$1"
    code=0
    # "if" would have it go on after an error.
    set +e
    (set -e && cd "$1" && build "$1" "$2") >"$1.log" 2>&1
    code=$?
    set -e
    if [ "$code" -eq 0 ]; then
        echo "qemu: $1 passed"
    else
        echo "qemu: $1 FAILED"
        failed="$failed $1"
        grep -A4 '^not ok' "$1"/tests/*/*.log || tail -n 30 "$1.log"
    fi
    sed -n 's/^# \(PASS\|SKIP\|FAIL\|ERROR\): */\1 /p' "$1.log" | tr '\n' ' '
    echo
}

if [ $# -gt 1 ]; then
    shift
    while [ $# -gt 1 ]; do
        run "$1" "$2"
        shift 2
    done
else
    run aarch64-linux-gnu qemu-aarch64
    run arm-linux-gnueabihf qemu-arm
    run s390x-linux-gnu qemu-s390x
    run riscv64-linux-gnu qemu-riscv64
    run powerpc64le-linux-gnu qemu-ppc64le
fi
[ -z "$failed" ]
