#!/bin/sh
# SPDX-License-Identifier: MIT
# Each page about functions has an example, which is a whole program that
# compiles without a warning and does its work on a file.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:=.}/tests/lib/tap.sh"

tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tap_output" "$tmp"' EXIT

flags=$(library_flags)

# extract PAGE PROGRAM: the text of the literal displays in EXAMPLES.  The only
# escapes that C needs there are those of the backslash and the minus.
extract() {
    awk '/^\.Sh / { on = $2 == "EXAMPLES"; next }
         on && /^\.Bd -literal/ { text = 1; next }
         /^\.Ed/ { text = 0 }
         text' "$1" >"$tmp/text" &&
        grep -q '^#include <libmmapx\.h>$' "$tmp/text" &&
        sed -e 's/\\-/-/g' -e 's/\\e/\\/g' "$tmp/text" >"$2" &&
        ! sed 's/\\[e-]//g' "$tmp/text" | grep '[\]'
}

# CC may bring options.
# shellcheck disable=SC2086
compiles() {
    extract "$1" "$tmp/example.c" &&
        $CC -std=gnu11 -Wall -Wextra -Wshadow -Werror $flags \
            -I"$srcdir/include" -c -o "$tmp/example.o" "$tmp/example.c" &&
        ./libtool --tag=CC --mode=link $CC $flags -o "$tmp/example" \
            "$tmp/example.o" libmmapx.la
}

# With as many arguments as it asks for, and the first is a file.  What it
# makes lies beside that file.
runs() {
    awk 'BEGIN { for (i = 0; i < 10000; i++) print "a line of many" }' \
        >"$tmp/file"
    case $(sed -n 's/.*(argc != \([0-9]\)).*/\1/p' "$tmp/example.c") in
    3) set -- "$tmp/file" 'one more line' ;;
    2) set -- "$tmp/file" ;;
    *) set -- ;;
    esac
    libtool=$PWD/libtool
    (cd "$tmp" && "$libtool" --mode=execute ./example "$@" </dev/null)
}

for page in "$srcdir"/doc/libmmapx.7 "$srcdir"/doc/*.3; do
    grep -q '^\.so ' "$page" && continue
    name=$(basename "$page")
    name="${name%.*}(${name##*.})"
    rm -f "$tmp/example"
    check "the example of $name compiles" compiles "$page"
    check 'and runs' runs
done
finish
