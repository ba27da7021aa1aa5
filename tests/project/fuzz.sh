#!/bin/sh
# SPDX-License-Identifier: MIT
# What fuzzing has found worth keeping, and a little that is new.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:=.}/tests/lib/tap.sh"

# The sanitizer is not to take SIGBUS from the guard.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}handle_sigbus=0
export ASAN_OPTIONS

[ -x fuzz/replay ] || skip_all 'the model is one of Linux'
fuzz/replay >"$tap_output" 2>&1
[ $? -ne 77 ] || skip_all 'an emulator, or a kernel before 5.14, is no model'

corpus() {
    test $# -ge 20 && fuzz/replay "$@"
}

check 'the corpus' corpus "$srcdir"/fuzz/corpus/*
check 'random calls' fuzz/replay -r 100000 1
check 'on files of the disk' env MMAPX_FUZZ_DIR="${TMPDIR:-/tmp}" \
    fuzz/replay -r 5000 2

# What older kernels and filters lack.
lacking=cachestat,pagemap_scan,process_madvise
if tests/platforms/without $lacking true; then
    check "without $lacking" tests/platforms/without $lacking \
        fuzz/replay -r 20000 3
else
    skip "without $lacking" 'there are no filters of system calls'
fi

parsers() {
    test $# -ge 20 && fuzz/parsers "$@"
}
check "the command's parsers" parsers "$srcdir"/fuzz/parsers-corpus/*
finish
