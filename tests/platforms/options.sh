#!/bin/sh
# SPDX-License-Identifier: MIT
# make check-options: the library and the programs of the suite that look at
# memory, with every level of optimisation, link-time optimisation, the
# hardening that distributions add, the sanitizers, as a static or a shared
# library alone, and without the command; these are installed too.
# RUNS="gcc-lto clang-lto" takes these of the runs below.
# shellcheck source=tests/platforms/common.sh
. "$(dirname "$0")/common.sh"

# Not the tests in shell: they look at the sources, or run long.
programs="$(unit_programs) tests/project/fuzz.sh"
hard='-O2 -D_FORTIFY_SOURCE=3 -fstack-protector-strong'
hard="$hard -fstack-clash-protection -fcf-protection"

failed=
installed=

# build CC CFLAGS ARGUMENT...: and test, in the present directory.
build() {
    cc=$1
    flags=$2
    shift 2
    "$sources/configure" --enable-werror --enable-tests CC="$cc" \
        CFLAGS="-g $flags" "$@"
    make -j"$jobs"
    make -j"$jobs" check TESTS="$programs"
    if [ -n "$installed" ]; then
        make install DESTDIR="$PWD/installed"
        make installcheck DESTDIR="$PWD/installed"
    fi
}

# run NAME CC CFLAGS ARGUMENT...: the programs $programs.
run() {
    name=$1
    shift
    case " ${RUNS:-$name} " in
    *" $name "*) ;;
    *) return ;;
    esac
    echo "options: $name: $*"
    rm -rf build
    mkdir build
    # "if" would have it go on after an error.
    set +e
    (set -e && cd build && build "$@") >"$name.log" 2>&1
    code=$?
    set -e
    if [ "$code" -ne 0 ]; then
        echo "options: $name FAILED"
        failed="$failed $name"
        grep -A4 '^not ok' build/tests/*/*.log ||
            grep -A4 'installcheck: FAILED' "$name.log" ||
            tail -n 30 "$name.log"
    fi
    sed -n 's/^# \(PASS\|SKIP\|FAIL\|ERROR\): */\1 /p' "$name.log" |
        tr '\n' ' '
    echo
}

need clang clang
need ld.lld lld
need llvm-ar llvm
for cc in gcc clang; do
    for level in 0 1 2 3; do
        run "$cc-O$level" "$cc" "-O$level"
    done
done
# Across files gcc 12 takes an errno for one that may be 0, and what a failed
# call leaves unset for used.
run gcc-lto gcc '-O2 -flto -Wno-maybe-uninitialized'
run clang-lto clang '-O2 -flto' LDFLAGS=-fuse-ld=lld \
    AR=llvm-ar RANLIB=llvm-ranlib
run gcc-hard gcc "$hard" LDFLAGS='-Wl,-z,relro,-z,now'
installed=yes
run gcc-static gcc -O2 --disable-shared
run gcc-shared gcc -O2 --disable-static
run gcc-library gcc -O2 --disable-command
installed=
both='-O1 -fsanitize=address,undefined -fno-sanitize-recover=all'
run gcc-sanitized gcc "$both"
run clang-sanitized clang "$both"
# To this one the rest is nothing new.
programs=$(thread_programs)
run gcc-threads gcc '-O1 -fsanitize=thread'
run clang-threads clang '-O1 -fsanitize=thread'
[ -z "$failed" ]
