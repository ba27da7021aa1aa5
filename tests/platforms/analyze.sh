#!/bin/sh
# SPDX-License-Identifier: MIT
# make check-analyze: what reads the sources without running them finds nothing.
# .clang-tidy says what is left out there, and why.
# shellcheck source=tests/platforms/common.sh
. "$(dirname "$0")/common.sh"

need clang-tidy clang-tidy
need cppcheck cppcheck
need scan-build clang-tools

"$sources/configure" CC=gcc >configure.log
library=
for file in "$sources"/src/*.c "$sources"/src/os/cpu.c \
    "$sources"/src/os/posix*.c "$sources"/src/os/linux*.c; do
    library="$library $file"
done
tools=$(echo "$sources"/tools/*.c)
includes="-I. -I$sources/include -I$sources/src -I$sources/tools"
flags="-std=gnu11 -DHAVE_CONFIG_H $includes $(pkg-config --cflags jansson)"

# The lists are split.
gcc_analyze() {
    # shellcheck disable=SC2086
    xargs -n 1 -P "$jobs" \
        gcc -fanalyzer -O2 -Wall -Wextra -Werror "$@" $flags -S -o /dev/null
}

# malloc-leak: to gcc 12 whatever is allocated leaks where the command ends
# itself, or once tsearch() has it.  .ci/run has valgrind look for leaks.
echo gcc -fanalyzer
# shellcheck disable=SC2086
printf '%s\n' $library | gcc_analyze
# shellcheck disable=SC2086
printf '%s\n' $tools | gcc_analyze -Wno-analyzer-malloc-leak

echo clang-tidy
# shellcheck disable=SC2086
printf '%s\n' $library $tools | xargs -I '{}' -P "$jobs" \
    clang-tidy --quiet --config-file="$sources/.clang-tidy" '{}' -- $flags

# cppcheck 2.10 does not see what the header says of this function.
cat >noreturn.cfg <<'END'
<?xml version="1.0"?>
<def format="2">
  <function name="tool_no_memory"><noreturn>true</noreturn></function>
</def>
END

# - invalidFunctionArgBool: "!" of a byte is an int in C, and memchr() takes it.
# - legacyUninitvar: process_vm_readv() fills the buffer.
# - uninitvar: a bar of no cells is not read.
echo cppcheck
# shellcheck disable=SC2086
cppcheck -j "$jobs" --quiet --std=c11 --enable=warning,performance,portability \
    --library=./noreturn.cfg \
    --suppress=invalidFunctionArgBool --suppress=missingIncludeSystem \
    --suppress="legacyUninitvar:$sources/src/os/linux_grow.c" \
    --suppress="uninitvar:$sources/tools/table_text.c" \
    --error-exitcode=1 -DHAVE_CONFIG_H -D__linux__ -D__GNUC__ $includes \
    $library $tools

echo scan-build
scan-build --status-bugs -o scan "$sources/configure" CC=clang >scan.log 2>&1
scan-build --status-bugs -o scan make -j"$jobs" >scan.log 2>&1 || {
    tail -n 40 scan.log
    exit 1
}
grep -i 'no bugs found' scan.log
