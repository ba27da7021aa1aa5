# SPDX-License-Identifier: MIT
# Sourced by the tests of the command: what their assertions are made of.
# shellcheck source=tests/lib/tap.sh
. "$srcdir/tests/lib/tap.sh"

dir=$(mktemp -d "${TMPDIR:-/tmp}/mmapx-tool.XXXXXX") || exit 99
trap 'rm -rf "$tap_output" "$dir"' EXIT
trap 'exit 1' HUP INT TERM

mmapx=$PWD/tools/mmapx
out=$dir/out
err=$dir/err
system_page=$(getconf PAGESIZE 2>/dev/null || echo 65536)
# Of larger blocks only whole ones are in memory.
page=$system_page
: >"$out"
block=$(stat -c %o "$out" 2>/dev/null || echo 0)
if [ "$block" -gt "$page" ] && [ "$block" -le 65536 ]; then
    page=$block
fi
# Not where the least of files takes megabytes, as on tmpfs with huge pages.
need_small_blocks() {
    [ "$block" -le 65536 ] ||
        skip_all "blocks of $block bytes are more than these tests count in"
}
# need_processes FILE: those that python3 makes, and what they have in memory.
need_processes() {
    [ -r /proc/self/maps ] || skip_all 'there is no /proc'
    command -v python3 >/dev/null || skip_all 'there is no python3'
    if "$mmapx" status "$1" 2>&1 | grep -q 'Function not implemented'; then
        skip_all 'this system does not tell what is in memory'
    fi
}
tab=$(printf '\t')
escape=$(printf '\033')
unset COLUMNS NO_COLOR POSIXLY_CORRECT
LC_ALL=C
TERM=xterm
export LC_ALL TERM

# Where a file lies over another the kernel does not tell what is dirty, and
# each page is looked at.
case $(stat -f -c %t "$dir" 2>/dev/null) in
794c7630 | 65735546) over=yes clean='?' ;;
*) over=no clean=- ;;
esac

# The C library's texts: glibc's and, after the "|", musl's.  For grep -E.
loop_text='(Too many levels|Symbolic link loop)'
io_text='(Input/output|I/O) error'
files_text='(Too many open files|No file descriptors available)'

# A hang is a failure; where it cannot be made one it stays a hang.
if ! command -v timeout >/dev/null; then
    timeout() {
        shift
        "$@"
    }
fi

# be_traced: from now on $mmapx is the program, and not libtool's script, which
# opens and executes things itself.  A sanitizer cannot look for leaks where
# there is a tracer already.
be_traced() {
    if [ -x tools/.libs/mmapx ]; then
        mmapx=$PWD/tools/.libs/mmapx
        LD_LIBRARY_PATH=$PWD/.libs
        export LD_LIBRARY_PATH
    fi
    ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
    export ASAN_OPTIONS
}

# run WANTED ARGUMENT...: the exit status; the output is kept.
run() {
    wanted=$1
    shift
    timeout 60 "$mmapx" "$@" >"$out" 2>"$err" </dev/null
    got=$?
    cat "$out" "$err"
    [ "$got" -eq "$wanted" ] || { echo "exit $got, not $wanted"; return 1; }
}

# rows: what a table on standard output has below its heading.
rows() {
    sed 1d "$out"
}

# check_cached DESCRIPTION COMMAND...: as check, of how much is in memory.  A
# kernel may take a clean page away at any moment, and write what is dirty.  So
# what fails is tried again after "refill": a test that does not bring in itself
# what it looks at defines it, and has the pages there once more.
check_cached() {
    description=$1
    shift
    check "$description" with_refills "$@"
}
refill() {
    :
}
with_refills() {
    for _ in 1 2 3 4; do
        "$@" && return
        echo 'once more, since pages may have gone:'
        refill
    done
    "$@"
}

# lines FILE NUMBER
lines() {
    [ "$(wc -l <"$1")" -eq "$2" ] || { echo "$1: not $2 lines"; return 1; }
}

# row_is TEXT: the table has this one row, and nothing was complained of.
row_is() {
    lines "$out" 2 && lines "$err" 0 || return 1
    [ "$(rows)" = "$1" ] || { echo "not: $1"; return 1; }
}

# complains REGEX: one line on stderr, nothing on stdout.
complains() {
    lines "$out" 0 && lines "$err" 1 && grep -q "^mmapx: $1\$" "$err"
}

# bytes FILE CACHED SIZE PERCENT: what "status -b" prints of a file.
bytes() {
    run 0 status -b "$1" || return 1
    set -- "$2 $3 $4" "$(rows | awk '{ print $1, $2, $3 }')"
    [ "$1" = "$2" ] || { echo "'$2', not '$1'"; return 1; }
}

# bar REGEX: the bar of the only row in the output.
bar() {
    lines "$out" 2 && grep -q "  \\[$1\\]  " "$out"
}

# json PYTHON: it is true of "all", the lines of the output as python3 reads them.
json() {
    python3 -c "
import json, sys, base64
all = [json.loads(line) for line in open('$out')]
page = $page
assert ($1), all
"
}

# pages NUMBER: so many pages of data.
pages() {
    dd if=/dev/zero bs="$page" count="$1" 2>/dev/null | tr '\0' x
}

# put FILE FIRST NUMBER: data in so many pages of a file, from one of them on.
put() {
    pages "$3" | dd of="$1" bs="$page" seek="$2" conv=notrunc 2>/dev/null
}

# has_loop: losetup(8) can make a loop device here.  That it names one that is
# free does not mean that this has a name in /dev: a chroot's may be missing.
has_loop() {
    [ "$(id -u)" -eq 0 ] && pages 1 >"$dir/disk" &&
        device=$(losetup -f --show "$dir/disk" 2>/dev/null) &&
        losetup -d "$device"
}

# remove PATH...: also where what is open stays in its directory, by another
# name, until it is closed (FUSE, NFS).
remove() {
    for _ in $(seq 100); do
        rm -rf "$@" 2>/dev/null && return
        sleep 0.05
    done
    rm -rf "$@"
}

# sparse FILE NUMBER: a file of so many pages of which none was ever touched.
sparse() {
    rm -f "$1"
    dd if=/dev/null of="$1" bs="$page" seek="$2" 2>/dev/null
}

# --- Where the tests run ------------------------------------------------------

# as_other COMMAND...: as somebody who is not privileged.
if [ "$(id -u)" -eq 0 ]; then
    as_other() {
        setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
    }
else
    as_other() {
        "$@"
    }
fi
# The program may be in a directory that is closed to others.
chmod 755 "$dir"
if as_other "$mmapx" --version >/dev/null 2>&1; then
    other=yes
else
    other=no
fi

# A locale with Unicode, or nothing.
utf8=
for locale in C.UTF-8 C.utf8 en_US.UTF-8; do
    if [ "$(LC_ALL=$locale locale charmap 2>/dev/null)" = UTF-8 ]; then
        utf8=$locale
        break
    fi
done

# on_terminal COMMAND: its output there.
on_terminal() {
    SHELL=/bin/sh script -qec "$1" /dev/null </dev/null >"$out" 2>"$err"
    cat "$out"
}
if script -qec 'test -t 1' /dev/null </dev/null >/dev/null 2>&1; then
    terminal=yes
else
    terminal=no
fi

if ! [ -x "$mmapx" ]; then
    skip_all 'the command is not built'
fi
