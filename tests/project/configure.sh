#!/bin/sh
# SPDX-License-Identifier: MIT
# What configure looks for is what the sources ask.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:=.}/tests/lib/tap.sh"

tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tap_output" "$tmp"' EXIT

# The words of our own checks as autoconf makes macros of them.  The header
# that a check includes is not what it looks for.
sed -e 's/#.*include <[^>]*>//' -e '/^#/d' \
    "$srcdir"/m4/mmapx-*.m4 "$srcdir/configure.ac" |
    sed 's|[/.]|_|g; s/[^A-Za-z0-9_]\{1,\}/\
/g' | sed 's/^_*//' | tr '[:lower:]' '[:upper:]' |
    LC_ALL=C sort -u >"$tmp/words"

# The macros of config.h that come from them: autoconf adds some of its own.
grep -o -E '^#undef (HAVE|MMAPX|SIZEOF)_[A-Z0-9_]+' "$srcdir/config.h.in" |
    sed 's/.* //' |
    while read -r macro; do
        name=${macro#HAVE_}
        case $macro in
        HAVE_*) grep -q -x "${name#DECL_}" "$tmp/words" && echo "$macro" ;;
        *) echo "$macro" ;;
        esac
    done >"$tmp/made"

code() {
    for dir in src tools tests bench fuzz examples; do
        find "$srcdir/$dir" -name '*.[ch]' -o -name '*.cc'
    done
}

there_are_some() {
    grep -x HAVE_DECL_PREADV "$tmp/made" &&
        grep -x HAVE_SYS_DISK_H "$tmp/made" &&
        grep -x HAVE_PTHREAD_SETCANCELSTATE "$tmp/made" &&
        grep -x MMAPX_OS_MADV_COLD "$tmp/made" &&
        ! grep -x HAVE_UNISTD_H "$tmp/made"
}

each_is_asked() {
    code | xargs grep -h -o -w -E '(HAVE|MMAPX|SIZEOF)_[A-Z0-9_]+' |
        LC_ALL=C sort -u >"$tmp/asked"
    LC_ALL=C sort "$tmp/made" | LC_ALL=C comm -23 - "$tmp/asked" >"$tmp/dead"
    sed 's/^/no source asks: /' "$tmp/dead"
    ! [ -s "$tmp/dead" ]
}

# HAVE_CONFIG_H comes from the command line.
each_is_made() {
    code | xargs grep -h -E '^#.*if.*HAVE_' | grep -o -E 'HAVE_[A-Z0-9_]+' |
        grep -v -x HAVE_CONFIG_H | LC_ALL=C sort -u >"$tmp/asked"
    LC_ALL=C sort "$tmp/made" | LC_ALL=C comm -13 - "$tmp/asked" >"$tmp/lacks"
    sed 's/^/configure does not look for: /' "$tmp/lacks"
    [ -s "$tmp/asked" ] && ! [ -s "$tmp/lacks" ]
}

check 'the checks are found' there_are_some
check 'a source asks for each thing that configure looks for' each_is_asked
check 'configure looks for each thing that a source asks for' each_is_made
finish
