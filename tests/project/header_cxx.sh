#!/bin/sh
# SPDX-License-Identifier: MIT
# The header is strict C++11, and C89 and C++98 take it; its functions have C
# linkage, and a function in C++ goes on behind a fault.
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
        -I"$srcdir/include" -c -o "$tmp/$1.o" "$srcdir/tests/project/$1.cc"
}

# shellcheck disable=SC2086
link() {
    ./libtool --tag=CC --mode=link $CXX $flags -o "$tmp/$1" "$tmp/$1.o" \
        libmmapx.la -lpthread
}

run() {
    ./libtool --mode=execute "$tmp/$1"
}

goes_on() {
    compile guard_cxx && link guard_cxx && run guard_cxx
}

# by LANGUAGE COMPILER...: it takes the header alone.
by() {
    standard=$1
    shift
    echo '#include <libmmapx.h>' >"$tmp/alone.h"
    "$@" "-std=$standard" -pedantic-errors -Wall -Werror -I"$srcdir/include" \
        -fsyntax-only "$tmp/alone.h"
}

check 'the header compiles as C++11' compile header_cxx
# shellcheck disable=SC2086
check 'and as C++98' by c++98 $CXX -x c++
# shellcheck disable=SC2086
check 'and as C89' by c89 ${CC:-cc} -x c
check 'a C++ program links' link header_cxx
check 'and runs' run header_cxx
check 'locks and destructors are given back behind a fault' goes_on
finish
