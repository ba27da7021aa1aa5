#!/bin/sh
# SPDX-License-Identifier: MIT
# Everything that names the version names the same one.
# shellcheck source=tests/tap.sh
. "${srcdir:=.}/tests/tap.sh"

header=$srcdir/include/libmmapx.h

# is WHAT IT-SHOULD-BE
is() {
    test "$1" = "$2" || {
        echo "'$1', not '$2'"
        return 1
    }
}

macro() {
    sed -n "s/^#define MMAPX_VERSION_$1 //p" "$header"
}

# libmmapx VERSION (DATE), the newest first.
news() {
    sed -n "s/^libmmapx \([0-9.]*\) (\([0-9-]*\))\$/\\$1/p" "$srcdir/NEWS" |
        sed -n 1p
}

dist_date() {
    sed -n 's/^MMAPX_REPRODUCIBLE_DIST(\[\(.*\)\])$/\1/p' \
        "$srcdir/configure.ac"
}

check "the header's macros" \
    is "$(macro MAJOR).$(macro MINOR).$(macro PATCH)" "$VERSION"
check 'the newest entry of NEWS' is "$(news 1)" "$VERSION"
check "that entry's date and the archive's" is "$(news 2)" "$(dist_date)"
check "the command's --version" \
    is "$(./tools/mmapx --version 2>&1 | sed -n 1p)" \
    "mmapx (libmmapx) $VERSION"
check 'mmapx.pc' \
    is "$(sed -n 's/^Version: //p' pkgconfig/mmapx.pc)" "$VERSION"
check 'libmmapx.pc' \
    is "$(sed -n 's/^Version: //p' pkgconfig/libmmapx.pc)" "$VERSION"
finish
