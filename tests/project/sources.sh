#!/bin/sh
# SPDX-License-Identifier: MIT
# What the sources promise of themselves.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:=.}/tests/lib/tap.sh"

# Everything that was written by hand, in a checkout or an unpacked archive.
# A checkout has generated files too; their directories are left out.
sources() {
    (
        cd "$srcdir" || exit
        for dir in src include tests tools examples bench fuzz; do
            if [ -d "$dir" ]; then
                find "$dir" -type f \( -name '*.[ch]' -o -name '*.cc' \
                    -o -name '*.sh' -o -name '*.map' \)
            fi
        done
        for file in m4/mmapx-*.m4 configure.ac Makefile.am \
            */Makemodule.am bootstrap .ci/run; do
            if [ -f "$file" ]; then
                echo "$file"
            fi
        done
    ) | LC_ALL=C sort
}

texts() {
    sources
    (
        cd "$srcdir" || exit
        for file in README NEWS CONTRIBUTING PACKAGERS SECURITY COPYING \
            doc/* doc/site/* pkgconfig/*.in cmake/*.in examples/*/* \
            packaging/* packaging/*/* packaging/debian/*/*; do
            if [ -f "$file" ]; then
                echo "$file"
            fi
        done
    )
}

# in_all LIST COMMAND...: run it with the files as arguments, in $srcdir.
in_all() {
    list=$1
    shift
    "$list" | (cd "$srcdir" && xargs "$@")
}

# grep says 1 for nothing found; xargs makes that 123, as it does of an error.
none() {
    "$@" >"$tap_output.found"
    sed 's/^/found: /' "$tap_output.found"
    if [ -s "$tap_output.found" ]; then
        rm -f "$tap_output.found"
        return 1
    fi
    rm -f "$tap_output.found"
}

there_are_some() {
    test "$(sources | wc -l)" -ge 20 && sources | grep '^src/map\.c$'
}

no_licence() {
    in_all sources grep -L 'SPDX-License-Identifier: MIT'
}

code() {
    sources | grep -E '^(src|include|tools|examples)/.*\.(c|h|cc)$'
}

seam_or_code() {
    code | grep -v '^src/os/\([a-z_]*\.c\|context\.h\|cpu\.h\|held\.h\)$'
}

system_if() {
    systems='__linux__|__APPLE__|__FreeBSD__|__DragonFly__|__NetBSD__'
    systems="$systems|__OpenBSD__|__sun|_AIX|__CYGWIN__|__HAIKU__|HAVE_"
    in_all seam_or_code grep -n -E "# *(el)?if.*($systems)" |
        grep -v -E '#if(def HAVE_CONFIG_H| defined\(HAVE_CONFIG_H\))$'
}

long_lines() {
    in_all code awk 'length > 80 { print FILENAME ":" FNR }'
}

white_space() {
    in_all texts grep -n -E '[[:space:]]+$' /dev/null
}

tabs() {
    in_all code grep -n "$(printf '\t')" /dev/null
}

# The objects of both halves, for whichever kind of library was built.
objects() {
    find . \( -path './.libs/*' -o -path './src/*' \) \
        \( -name 'libmmapx.so' -o -name 'libmmapx.a' -o -path './src/*.o' \)
}

forbidden_calls() {
    # NM may bring options.
    # shellcheck disable=SC2046,SC2086
    $NM -u $(objects) | awk '{ print $NF }' | sed 's/@.*//' | grep -x -E \
        '_*(malloc|calloc|realloc|reallocarray|free|posix_memalign|strdup|aligned_alloc|v?f?printf|v?dprintf|v?asprintf|f?puts|f?putc|putchar|fwrite|perror|syslog|abort|assert_fail|exit|_?Exit|quick_exit)(_chk)?' |
        LC_ALL=C sort -u
}

# What is longer has more than one subject.
long_files() {
    (cd "$srcdir" && wc -l src/*.[ch] src/os/*.[ch] tools/*.[ch] fuzz/*.[ch]) |
        awk '$1 > 400 && $2 != "total"'
}

# A test that does without config.h may have other types of these names.
types_of_two_sizes() {
    (cd "$srcdir" && grep -n -E \
        '\b(off|rlim|ino|blkcnt)_t\b|struct (stat|rlimit|dirent)\b' tests/lib/*.h)
}

check 'the sources are found' there_are_some
check 'each file names its licence' none no_licence
check 'no #if on a system outside src/os/' none system_if
check 'no line is longer than 80 columns' none long_lines
check 'no source is longer than 400 lines' none long_files
check 'no tab in C' none tabs
check 'no white space at the end of a line' none white_space
check 'headers of the tests mean one thing to each program' \
    none types_of_two_sizes
if [ "${NM:-none}" = none ]; then
    skip 'the library allocates, prints and exits nowhere' 'there is no nm'
else
    check 'the objects are found' test -n "$(objects)"
    check 'the library allocates, prints and exits nowhere' \
        none forbidden_calls
fi

# In any other call of these a thread can be cancelled: see src/os/held.h.
bare_calls() {
    (cd "$srcdir" && grep -nE "$1" src/*.c src/os/*.c) |
        grep -v 'held_\|:[[:space:]]*/\?\*'
}
check 'no call of the library can be cancelled' none bare_calls \
    '\b(open|openat|close|read|write|p?readv?|p?writev?|f(data)?sync|msync|(posix_)?fallocate|pause|poll|nanosleep|usleep)\('
finish
