#!/bin/sh
# SPDX-License-Identifier: MIT
# make check-options: the library and the programs of the suite that look at
# memory, with every level of optimisation, link-time optimisation, the
# hardening that distributions add, and as a static library alone.
# shellcheck source=tests/platforms/common.sh
. "$(dirname "$0")/common.sh"

# Not the tests in shell: they look at the sources, or run long.
programs='tests/check_advise tests/check_errno tests/check_guard
    tests/check_kernel tests/check_lock tests/check_map tests/check_memfd
    tests/check_populate tests/check_protect tests/check_range
    tests/check_residency tests/check_resize tests/check_sync
    tests/check_threads tests/fuzz.sh'
hard='-O2 -D_FORTIFY_SOURCE=3 -fstack-protector-strong'
hard="$hard -fstack-clash-protection -fcf-protection"

# run NAME CC CFLAGS ARGUMENT...
run() {
    name=$1
    cc=$2
    flags=$3
    shift 3
    echo "options: $name: $cc $flags $*"
    rm -rf build
    mkdir build
    (cd build &&
        "$sources/configure" --enable-werror --enable-tests CC="$cc" \
            CFLAGS="-g $flags" "$@" &&
        make -j"$jobs" &&
        make -j"$jobs" check TESTS="$programs") >"$name.log" 2>&1 || {
        tail -n 60 "$name.log"
        echo "options: $name failed"
        exit 1
    }
    sed -n 's/^# \(PASS\|SKIP\|FAIL\): */\1 /p' "$name.log" | tr '\n' ' '
    echo
}

need clang clang
for cc in gcc clang; do
    for level in 0 1 2 3; do
        run "$cc-O$level" "$cc" "-O$level"
    done
done
run gcc-lto gcc '-O2 -flto'
run gcc-hard gcc "$hard" LDFLAGS='-Wl,-z,relro,-z,now'
run gcc-static gcc -O2 --disable-shared
run gcc-shared gcc -O2 --disable-static
