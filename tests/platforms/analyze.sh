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
files=
for file in "$sources"/src/*.c; do
    case ${file##*/} in
    os_bsd.c | os_darwin.c | os_none.c | os_plain.c) ;;
    *) files="$files $file" ;;
    esac
done
flags="-std=gnu11 -DHAVE_CONFIG_H -I. -I$sources/include -I$sources/src"

# The lists are split.
for file in $files; do
    echo "gcc -fanalyzer ${file##*/}"
    # shellcheck disable=SC2086
    gcc -fanalyzer -O2 -Wall -Wextra -Werror $flags -c -o analyzed.o "$file"
done

echo clang-tidy
# shellcheck disable=SC2086
clang-tidy --quiet --config-file="$sources/.clang-tidy" $files -- $flags

# invalidFunctionArgBool: "!" of a byte is an int in C, and right for memchr().
echo cppcheck
# shellcheck disable=SC2086
cppcheck --quiet --std=c11 --enable=warning,performance,portability \
    --suppress=invalidFunctionArgBool --suppress=missingIncludeSystem \
    --error-exitcode=1 -DHAVE_CONFIG_H -D__linux__ -D__GNUC__ -I. \
    -I"$sources/include" -I"$sources/src" $files

echo scan-build
scan-build --status-bugs -o scan "$sources/configure" CC=clang >scan.log 2>&1
scan-build --status-bugs -o scan make -j"$jobs" >scan.log 2>&1 || {
    tail -n 40 scan.log
    exit 1
}
grep -i 'no bugs found' scan.log
