#!/bin/sh
# SPDX-License-Identifier: MIT
# No function of the library takes much of its caller's stack: threads may have
# 16 KiB of it.  The compiler says how much each one takes.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:=.}/tests/lib/tap.sh"

most=4000
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tap_output" "$tmp"' EXIT

frames() {
    # $CC may be several words
    # shellcheck disable=SC2086
    ${CC:-cc} -DHAVE_CONFIG_H -I. -I"$srcdir/include" -I"$srcdir/src" -O2 \
        -fstack-usage -c -o "$tmp/object.o" "$1"
}

# shellcheck disable=SC2015 # Either of the two is missing.
frames "$srcdir/src/range.c" >/dev/null 2>&1 && [ -s "$tmp/object.su" ] ||
    skip_all "this compiler does not tell how large a frame is"

# "file:line:column:function <tab> bytes <tab> kind" a line
is_small() {
    rm -f "$tmp/object.su"
    frames "$1" && awk -F'\t' -v most="$most" '
        $2 > most || $3 == "dynamic" { print $1 " takes " $2 " bytes"; bad = 1 }
        END { exit bad }' "$tmp/object.su"
}

system=$(uname -s)
for source in "$srcdir"/src/*.c "$srcdir"/src/os/cpu.c \
    "$srcdir"/src/os/posix*.c "$srcdir"/src/os/linux*.c; do
    name=${source#"$srcdir/"}
    case $system:$name in
    Linux:* | *:src/[a-z_]*.c | *:src/os/cpu.c | *:src/os/posix*.c)
        check "$name: no frame of more than $most bytes" is_small "$source"
        ;;
    esac
done
finish
