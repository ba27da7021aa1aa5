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

# list_of DIRECTORY deb|deb-src SUITE: what apt_of DIRECTORY is to look at, on
# the machine's own mirror of Debian or on $MIRROR.
list_of() {
    case $3 in
    *-security) label=Debian-Security ;;
    *) label=Debian ;;
    esac
    # shellcheck disable=SC2016 # apt expands that.
    mirror=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' \
        'Created-By: Packages' 'Origin: Debian' "Label: $label" | sed 1q)}
    keys=/usr/share/keyrings/debian-archive-keyring.gpg
    mkdir -p "$1/apt"
    echo "$2 [signed-by=$keys] $mirror $3 main" >"$1/apt/sources.list"
}

# apt_of DIRECTORY COMMAND...: with lists of its own, below that directory.
apt_of() {
    lists=$PWD/$1/apt
    command=$2
    shift 2
    mkdir -p "$lists/lists/partial" "$lists/archives/partial"
    "$command" -o APT::Architecture=amd64 -o APT::Architectures=amd64 \
        -o Dir::Etc::SourceList="$lists/sources.list" \
        -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$lists/lists" \
        -o Dir::Cache="$lists" -o Dir::State::status=/dev/null \
        -o Acquire::Languages=none -o APT::Sandbox::User=root "$@"
}

# jansson_sources DIRECTORY: Debian's source package of Jansson, unpacked and
# with a configure in DIRECTORY/jansson.
jansson_sources() {
    list_of "$1" deb-src "$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)"
    apt_of "$1" apt-get update || return
    (cd "$1" && apt_of . apt-get source --download-only jansson) || return
    mkdir "$1/jansson"
    tar -xf "$1"/jansson_*.orig.tar.* -C "$1/jansson" --strip-components=1 ||
        return
    (cd "$1/jansson" && autoreconf -fi)
}
