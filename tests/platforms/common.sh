# SPDX-License-Identifier: MIT
# Sourced by the scripts of this directory, which are called
#
#     SCRIPT SOURCES
#
# in an empty directory, with sources that have a configure and have not been
# configured.  Sets $sources and $jobs.
set -eu

sources=$(cd "$1" && pwd)
jobs=$(nproc 2>/dev/null || echo 2)
[ "$jobs" -le 4 ] || jobs=4

# need COMMAND PACKAGE: it is there, or the script ends loudly.
need() {
    if ! command -v "$1" >/dev/null 2>&1; then
        echo "${0##*/}: $1 is not installed (Debian: $2)" >&2
        exit 1
    fi
}

# The programs of the suite, as make calls them.
unit_programs() {
    (cd "$sources" && ls tests/unit/check_*.c tests/fault/check_*.c) |
        sed 's/\.c$//'
}

# Those of them that threads and signals have to do with.
thread_programs() {
    unit_programs | grep -E '/check_(commit_p|copy|guard|loss|memfd|populate)' &&
        unit_programs | grep -E '/check_(reserve|resize|split|sync|thr)'
}

# own_check DIRECTORY CC...: build the stand-in for Check in a directory, and
# set $check to what tells configure.
own_check() {
    dir=$1
    shift
    mkdir -p "$dir"
    "$@" -g -O1 -Wall -Wextra -c -o "$dir/check.o" \
        "$sources/tests/platforms/check.c"
    cp "$sources/tests/platforms/check.h" "$dir/"
    # shellcheck disable=SC2034 # It is for the script.
    check="CHECK_CFLAGS=-I$PWD/$dir CHECK_LIBS=$PWD/$dir/check.o"
}
