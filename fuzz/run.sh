#!/bin/sh
# SPDX-License-Identifier: MIT
# make fuzz: the model under libFuzzer for $FUZZ_SECONDS, beginning with the
# committed corpus, and then $FUZZ_CALLS random calls, both with the sanitizers
# for addresses and undefined behaviour.  The command's parsers have a fifth of
# the time in addition.
#
#     run.sh SOURCES BUILD      where the sources are, and config.h
#
# What it finds is left in fuzz.dir/, in the directory it is called in: inputs
# that reach something new in corpus/, those that fail in crash-* or
# replay.failed.  Each is replayed by "fuzz/replay FILE".  For AFL++:
#
#     afl-clang-fast ... fuzz/{model,world,draw,calls_*,stdin}.c LIBRARY-SOURCES
#     afl-fuzz -i fuzz/corpus -o out ./a.out
set -eu

srcdir=$(cd "$1" && pwd)
build=$(cd "$2" && pwd)
: "${FUZZ_CC:=clang}" "${FUZZ_SECONDS:=600}" "${FUZZ_CALLS:=10000000}"

mkdir -p fuzz.dir/corpus fuzz.dir/parsers-corpus
cd fuzz.dir
flags="-g -O1 -fno-omit-frame-pointer -fno-sanitize-recover=all
    -DHAVE_CONFIG_H -I$build -I$srcdir/include -I$srcdir/src"
model="$srcdir/fuzz/model.c $srcdir/fuzz/world.c $srcdir/fuzz/draw.c"
for file in "$srcdir"/fuzz/calls_*.c; do
    model="$model $file"
done
library=
for file in "$srcdir"/src/*.c "$srcdir"/src/os/cpu.c \
    "$srcdir"/src/os/posix*.c "$srcdir"/src/os/linux*.c; do
    library="$library $file"
done

# The lists are split.
# shellcheck disable=SC2086
$FUZZ_CC $flags -fsanitize=fuzzer,address,undefined -o libfuzzer \
    $model "$srcdir/fuzz/libfuzzer.c" $library
# shellcheck disable=SC2086
$FUZZ_CC $flags -fsanitize=address,undefined -o replay \
    $model "$srcdir/fuzz/replay.c" $library
# shellcheck disable=SC2086
$FUZZ_CC $flags -fsanitize=fuzzer,address,undefined -o parsers \
    -I"$srcdir/tools" "$srcdir/fuzz/parsers.c" \
    "$srcdir/tools/interrupt.c" "$srcdir/tools/pace.c" \
    "$srcdir/tools/progress.c" "$srcdir/tools/said.c" "$srcdir/tools/screen.c" \
    "$srcdir/tools/snapshot_format.c" "$srcdir/tools/tool.c" \
    "$srcdir/tools/units.c"

./parsers -max_total_time=$((FUZZ_SECONDS / 5)) -max_len=400 \
    -print_final_stats=1 parsers-corpus "$srcdir/fuzz/parsers-corpus"
./libfuzzer -max_total_time="$FUZZ_SECONDS" -max_len=600 -handle_bus=0 \
    -print_final_stats=1 corpus "$srcdir/fuzz/corpus"
./replay -r "$FUZZ_CALLS" "${FUZZ_SEED:-$(date +%s)}"
