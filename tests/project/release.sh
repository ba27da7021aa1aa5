#!/bin/sh
# SPDX-License-Identifier: MIT
# Everything that names the version names the same one.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:=.}/tests/lib/tap.sh"

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

# The number in the soname: CURRENT - AGE of libtool's three.
soname() {
    sed -n 's/^libmmapx_la_LDFLAGS = .*-version-info \([0-9:]*\).*/\1/p' \
        "$srcdir/Makefile.am" | awk -F : '{ print $1 - $3 }'
}

# The newest node; a release may do without one of its own.
newest_node() {
    sed -n 's/^MMAPX_\([0-9.]*\) .*/\1/p' "$srcdir/src/libmmapx.map" |
        sed -n '$p'
}

node_is_not_later() {
    awk -v node="$(newest_node)" -v version="$VERSION" 'BEGIN {
        split(node, n, "."); split(version, v, ".")
        exit !(n[1] < v[1] || n[1] == v[1] && n[2] <= v[2])
    }'
}

# Each distribution calls the library by its soname somewhere.
packages_follow_soname() {
    so=$(soname)
    debian=$srcdir/packaging/debian
    is "$(sed -n 's/^Package: \(libmmapx[0-9]*\)$/\1/p' "$debian/control")" \
        "libmmapx$so" &&
        test -f "$debian/libmmapx$so.install" &&
        is "$(sed -n 1p "$debian/libmmapx$so.symbols")" \
            "libmmapx.so.$so libmmapx$so #MINVER#" &&
        grep -F -x "%{_libdir}/libmmapx.so.$so*" \
            "$srcdir/packaging/rpm/libmmapx.spec.in" &&
        grep -F "soname='libmmapx.so.$so'" "$srcdir/abi/libmmapx.abi.xml"
}

# Debian asks for a node by the release that brought it.
symbols_have_nodes() {
    sed -n 's/^MMAPX_\([0-9.]*\) .*/ (symver)MMAPX_\1 \1.0/p' \
        "$srcdir/src/libmmapx.map" | diff - "$tap_output.symbols"
}

# The archive's date as packages write it: "22 Nov 2026" and "Nov 22 2026".
package_dates() {
    dist_date | awk -F - '{
        split("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", month, " ")
        print $3, month[$2 + 0], $1
        print month[$2 + 0], $3, $1
    }'
}

packages_have_date() {
    package_dates >"$tap_output.dates"
    grep "^ -- .*, $(sed -n 1p "$tap_output.dates") " \
        "$srcdir/packaging/debian/changelog" &&
        grep "^\* [A-Z][a-z][a-z] $(sed -n 2p "$tap_output.dates") " \
            "$srcdir/packaging/rpm/libmmapx.spec.in"
}

debian_version() {
    sed -n '1s/^libmmapx (\([0-9.]*\)-[0-9]*) .*/\1/p' \
        "$srcdir/packaging/debian/changelog"
}

check "the header's macros" \
    is "$(macro MAJOR).$(macro MINOR).$(macro PATCH)" "$VERSION"
check 'the newest entry of NEWS' is "$(news 1)" "$VERSION"
check "that entry's date and the archive's" is "$(news 2)" "$(dist_date)"
if [ -x tools/mmapx ]; then
    check "the command's --version" \
        is "$(./tools/mmapx --version 2>&1 | sed -n 1p)" \
        "mmapx (libmmapx) $VERSION"
else
    skip "the command's --version" 'the command is not built'
fi
check 'mmapx.pc' \
    is "$(sed -n 's/^Version: //p' pkgconfig/mmapx.pc)" "$VERSION"
check 'libmmapx.pc' \
    is "$(sed -n 's/^Version: //p' pkgconfig/libmmapx.pc)" "$VERSION"
check 'the version file for CMake' \
    grep -q -F -x "set(PACKAGE_VERSION \"$VERSION\")" \
    cmake/mmapx-config-version.cmake
check "Debian's changelog" is "$(debian_version)" "$VERSION"
check "the packages have the archive's date" packages_have_date
rm -f "$tap_output.dates"
check 'no node of the version script is of a later release' node_is_not_later
check 'the packages have the number of the soname' packages_follow_soname
grep '^ (symver)' "$srcdir/packaging/debian/libmmapx$(soname).symbols" \
    >"$tap_output.symbols"
check "Debian's symbols are the version script's nodes" symbols_have_nodes
rm -f "$tap_output.symbols"
finish
