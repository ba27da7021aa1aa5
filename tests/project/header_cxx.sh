#!/bin/sh
# SPDX-License-Identifier: MIT
# The header is strict C++11 and its functions have C linkage.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:=.}/tests/lib/tap.sh"

if [ "${CXX:-none}" = none ]; then
    skip_all 'there is no C++ compiler (Debian: g++)'
fi

tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tap_output" "$tmp"' EXIT

flags=$(library_flags)

# CXX may bring options.
# shellcheck disable=SC2086
compile() {
    $CXX -std=c++11 -pedantic-errors -Wall -Wextra -Werror $flags \
        -I"$srcdir/include" -c -o "$tmp/header_cxx.o" \
        "$srcdir/tests/project/header_cxx.cc"
}

# shellcheck disable=SC2086
link() {
    ./libtool --tag=CC --mode=link $CXX $flags -o "$tmp/header_cxx" \
        "$tmp/header_cxx.o" libmmapx.la
}

run() {
    ./libtool --mode=execute "$tmp/header_cxx"
}

check 'the header compiles as C++11' compile
check 'a C++ program links' link
check 'and runs' run
finish
