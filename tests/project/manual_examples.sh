#!/bin/sh
# SPDX-License-Identifier: MIT
# Each page about functions has an example, and doc/migrating and README have
# some.  Each is a whole program that compiles without a warning and does its
# work on a file.
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

# program TEXT NUMBER: of the programs that a text shows, indented by 4.
program() {
    awk -v number="$2" '
        /^    #include <libmmapx\.h>$/ { on = ++n == number }
        /^[^ ]|^    cc / { on = 0 }
        on { sub(/^    /, ""); print }' "$1"
}

programs_of() {
    grep -c '^    #include <libmmapx\.h>$' "$1"
}

# build COMPILER OPTION...: CC and CXX may bring options.
# shellcheck disable=SC2086
build() {
    compiler=$1
    shift
    $compiler "$@" -Wall -Wextra -Werror $flags -I"$srcdir/include" \
        -c -o "$tmp/example.o" "$tmp/example.c" &&
        ./libtool --tag=CC --mode=link $compiler $flags -o "$tmp/example" \
            "$tmp/example.o" libmmapx.la
}

compiles() {
    extract "$1" "$tmp/example.c" && build "$CC" -std=gnu11 -Wshadow
}

compiles_as_shown() {
    [ -s "$tmp/example.c" ] && build "$@"
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

for text in README doc/migrating; do
    number=0
    while [ "$number" -lt "$(programs_of "$srcdir/$text")" ]; do
        number=$((number + 1))
        name="program $number of $text"
        rm -f "$tmp/example"
        program "$srcdir/$text" "$number" >"$tmp/example.c"
        if ! grep -q '^class ' "$tmp/example.c"; then
            check "$name compiles" compiles_as_shown "$CC" -std=gnu11 \
                -Wshadow
        elif [ "${CXX:-none}" = none ]; then
            skip "$name compiles" 'there is no C++ compiler (Debian: g++)'
            continue
        else
            check "$name compiles" compiles_as_shown "$CXX" -x c++ -std=c++11
        fi
        check 'and runs' runs
    done
done
finish
