#!/bin/sh
# SPDX-License-Identifier: MIT
# The header, the version script and what is built name the same functions.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:=.}/tests/lib/tap.sh"

shared=.libs/libmmapx.so
static=.libs/libmmapx.a
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tap_output" "$tmp"' EXIT

# The functions that the header declares: what stands before a parenthesis,
# outside of comments.
sed -e 's|/\*.*\*/||' -e '/\/\*/,/\*\//d' "$srcdir/include/libmmapx.h" |
    sed -n 's/^[a-z].*[ *]\(mmapx_[a-z0-9_]*\)(.*/\1/p' |
    LC_ALL=C sort >"$tmp/header"

# The version script's names; src/libmmapx.map has one a line.
awk '/global:/ { on = 1; next }
     /local:/ || /^}/ { on = 0 }
     on { sub(/;.*/, ""); gsub(/[ \t]/, ""); if ($0 != "") print }' \
    "$srcdir/src/libmmapx.map" | LC_ALL=C sort >"$tmp/map"

same_as_map() {
    test -s "$1" && diff "$tmp/map" "$1"
}

# A symbol's name without its version; the version is a symbol itself.
shared_symbols() {
    # NM may bring options.
    # shellcheck disable=SC2086
    $NM -D --defined-only "$shared" >"$tmp/nm" || return
    awk '$2 != "A" { sub(/@.*/, "", $NF); print $NF }' "$tmp/nm" |
        LC_ALL=C sort -u >"$tmp/shared"
}

shared_is_map() {
    shared_symbols && same_as_map "$tmp/shared"
}

has_a_version() {
    test -s "$tmp/nm" &&
        ! grep -v -E ' A |@@MMAPX_[0-9]+\.[0-9]+$' "$tmp/nm"
}

# __odr_asan.* is the address sanitizer's, __x86.* gcc's own on i386.
static_is_clean() {
    # shellcheck disable=SC2086
    $NM -g --defined-only "$static" >"$tmp/nm.a" || return
    grep -q ' T mmapx_map$' "$tmp/nm.a" &&
        ! awk 'NF == 3 { print $3 }' "$tmp/nm.a" |
            grep -v -e '^mmapx_' -e '^__odr_asan\.' -e '^__x86\.'
}

static_has_map() {
    awk 'NF == 3 && $2 == "T" { print $3 }' "$tmp/nm.a" |
        LC_ALL=C sort >"$tmp/static"
    ! LC_ALL=C comm -23 "$tmp/map" "$tmp/static" | grep .
}

check 'the header declares what the version script lists' \
    same_as_map "$tmp/header"

if [ "${NM:-none}" = none ]; then
    skip 'the shared library' 'there is no nm'
    skip 'the static library' 'there is no nm'
    finish
fi

if [ -f "$shared" ]; then
    check 'the shared library exports what the version script lists' \
        shared_is_map
    check 'each export has a version' has_a_version
else
    skip 'the shared library' "$shared was not built"
fi

if [ -f "$static" ]; then
    check 'the static library defines no name without the prefix' \
        static_is_clean
    check 'the static library has what the version script lists' \
        static_has_map
else
    skip 'the static library' "$static was not built"
fi
finish
