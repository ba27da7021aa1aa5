# SPDX-License-Identifier: MIT
# What the calls cost: a map of a file is fstat and mmap, every verb one system
# call, an empty range none.
. "${srcdir:-.}/tests/lib/tap.sh"

trace=$(mktemp) || exit 99
trap 'rm -f "$trace" "$trace.raw" "$tap_output"' EXIT

# The leak checker traces too, and only one can.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
export ASAN_OPTIONS

# There mapping asks who owns the file below.
case $(stat -f -c %T . 2>/dev/null) in
overlay* | fuse* | UNKNOWN*)
    skip_all "this file system may lay its files over others"
    ;;
esac

command -v strace >/dev/null 2>&1 || skip_all "strace is not installed"
./libtool --mode=execute strace -o "$trace.raw" tests/unit/syscalls \
    >"$tap_output" 2>&1 || {
    grep -q 'ptrace' "$tap_output" && skip_all "this user may not trace"
    sed 's/^/# /' "$tap_output"
    echo 'Bail out! tests/unit/syscalls failed'
    exit 1
}

# "verb call call..." a line.  C libraries ask for an fstat in several ways.  A
# file system without a device of its own is asked what it is.
awk -F'(' '
    /^write\(-1, / { split($0, part, "\""); printf "\n%s", part[2]; on = 1; next }
    /^(fstat|fstat64|newfstatat|statx)\(/ { $1 = "fstat" }
    /^mmap2\(/ { $1 = "mmap" }
    /^syscall_0x1c3\(/ { $1 = "cachestat" } # to an older strace
    /^(fstatfs(64)?|utimensat(_time64)?)\(/ { next } # tmpfs
    on { printf " %s", $1 }
    END { print "" }
' "$trace.raw" >"$trace"

# makes VERB CALL...: the verb makes these system calls and no other.
makes() {
    check "$1" grep -qx "$*" "$trace"
}

makes map_region fstat mmap munmap
makes map_anon mmap
makes view
makes unmap_view
makes map fstat mmap
makes advise madvise
if [ "$(uname -s)" = Linux ] && [ "$(id -u)" -eq 0 ]; then
    # whether the kernel tells this user all
    makes residency capget mincore
elif [ "$(uname -s)" = Linux ] && [ "$(id -u)" -eq 65534 ]; then
    # whether this user is really this user, and who is asking
    makes residency openat read close openat read close capget pipe2 fstat \
        close close mincore
elif [ "$(uname -s)" = Linux ]; then
    # who is asking
    makes residency capget pipe2 fstat close close mincore
else
    skip residency "the question of who asks is the system's own"
fi
makes resident_count mincore
if grep -a __asan_init tests/unit/syscalls tests/unit/.libs/syscalls \
    >/dev/null 2>&1; then
    skip lock "the sanitizer makes mlock do nothing"
    skip unlock "the sanitizer makes munlock do nothing"
else
    makes lock mlock2 madvise mlock
    makes unlock munlock
fi
makes protect mprotect
if grep -qx 'sync madvise msync' "$trace"; then
    # the first one has a page emptied in children
    makes sync_file msync fsync
else
    # an older kernel
    makes sync madvise getpid msync getpid
    makes sync_file getpid msync getpid getpid fsync getpid
fi
if grep -qE '(cachestat|syscall_0x1c3)\(.*(ENOSYS|EPERM)' "$trace.raw"; then
    skip cache_stat "the system has no cachestat(2)"
else
    makes cache_stat fstat cachestat
fi
makes empty
makes unmap munmap
finish
