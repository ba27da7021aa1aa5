#!/bin/sh
# SPDX-License-Identifier: MIT
# "make check-abi": the library's binary interface is the one in
# abi/libmmapx.abi.xml, and a change of it would be noticed.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:=.}/tests/lib/tap.sh"

shared=.libs/libmmapx.so
base=${ABI_BASE:-$srcdir/abi/libmmapx.abi.xml}
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tap_output" "$tmp"' EXIT

command -v abidiff >/dev/null || skip_all \
    'there is no abidiff (Debian: abigail-tools)'
[ -f "$shared" ] || skip_all "$shared was not built"

# attribute NAME DESCRIPTION: of the library as a whole.
attribute() {
    sed -n "s/^<abi-corpus .* $1='\([^']*\)'.*/\1/p" "$2"
}

# describe LIBRARY INCLUDE FILE: what is not in the header is left out.
describe() {
    abidw --headers-dir "$2" --drop-private-types --out-file "$3" "$1"
}

describe "$shared" "$srcdir/include" "$tmp/built.xml" || exit 99
machine=$(attribute architecture "$base")
[ "$(attribute architecture "$tmp/built.xml")" = "$machine" ] || skip_all \
    "${base##*/} is about $machine and this is not"
soname=$(attribute soname "$tmp/built.xml")
grep -q '<abi-instr' "$tmp/built.xml" || skip_all \
    'the library has no debugging information (-g)'

# compare DESCRIPTION: any difference is a failure, and said.
compare() {
    abidiff "$base" "$1"
    code=$?
    if [ $((code & 8)) -ne 0 ]; then
        echo 'Programs that are built already would break.  See doc/RELEASING.'
    elif [ "$code" -ne 0 ]; then
        echo 'If this is meant, and only adds: make update-abi.  See'
        echo 'doc/RELEASING.'
    fi
    return "$code"
}

# changed NAME SED-SCRIPT: the library again, of sources changed by the script.
changed() {
    mkdir "$tmp/$1" && cp -R "$srcdir/include" "$srcdir/src" "$tmp/$1" ||
        return 99
    (
        cd "$tmp/$1" && chmod -R u+w . &&
            for file in include/*.h src/*.[ch] src/os/*.[ch] src/*.map; do
                sed "$2" "$file" >changed && mv changed "$file" || exit
            done
    ) || return 99
    # CC may bring options.
    # shellcheck disable=SC2086
    $CC -g -w -fPIC -shared -fvisibility=hidden -DHAVE_CONFIG_H -I. \
        -I"$tmp/$1/include" -o "$tmp/$1/libmmapx.so" "$tmp/$1"/src/*.c \
        "$tmp/$1"/src/os/cpu.c "$tmp/$1"/src/os/posix*.c \
        "$tmp/$1"/src/os/linux*.c \
        -Wl,-soname,"$soname" \
        -Wl,--version-script="$tmp/$1/src/libmmapx.map" || return 99
    describe "$tmp/$1/libmmapx.so" "$tmp/$1/include" "$tmp/$1.xml"
}

is_equal() {
    changed "$@" && compare "$tmp/$1.xml"
}

# is_caught NAME SED-SCRIPT
is_caught() {
    changed "$@" || return
    if diff -r "$srcdir/include" "$tmp/$1/include" &&
        diff "$srcdir/src/libmmapx.map" "$tmp/$1/src/libmmapx.map"; then
        echo "nothing was changed by $2"
        return 1
    fi
    ! compare "$tmp/$1.xml"
}

# says TEXT COMMAND...: it succeeds, and that is a part of what it says.
says() {
    text=$1
    shift
    "$@" >"$tmp/said"
    code=$?
    cat "$tmp/said"
    [ "$code" -eq 0 ] && grep -q -F "$text" "$tmp/said"
}

check "the ABI is that of ${base##*/}" compare "$tmp/built.xml"
check 'it is when built for this test' is_equal same ''
check 'a longer handle is caught' is_caught longer '
    s/reserved\[6\]/reserved[7]/
    s/== 8 \* sizeof(void/== 9 * sizeof(void/'
check 'members in another order are caught' is_caught order '
    /^    size_t off;.*asked for/ {
        N
        s/\(.*\)\n\(.*\)/\2\
\1/
    }'
check 'another number for an advice is caught' \
    is_caught number 's/\(MMAPX_MADV_COLD  *= \)20/\126/'
check 'a wider argument is caught' \
    is_caught argument 's/size_t len, int flags/size_t len, long flags/'
check 'a function that is gone is caught' \
    says 'would break' is_caught gone '/mmapx_view;/d'
check 'a function in another node is caught' \
    says 'would break' is_caught node 's/MMAPX_0\.1\([ ;]\)/MMAPX_99.9\1/'
check 'a function more is noticed, and no breach' \
    says 'only adds' is_caught more '
    s/mmapx_view;/&mmapx_more;/
    s/^int mmapx_view(/int mmapx_more(void);\
&/
    s/^#include "internal\.h"/&\
int __attribute__((weak)) mmapx_more(void) { return 0; }/'
finish
