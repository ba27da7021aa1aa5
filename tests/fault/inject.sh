#!/bin/sh
# SPDX-License-Identifier: MIT
# The library against a kernel whose calls fail once or always, at a time that
# the test chooses, which a filter of system calls cannot do.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:=.}/tests/lib/tap.sh"

trace=$(mktemp) || exit 99
trap 'rm -f "$trace" "$tap_output"' EXIT

command -v strace >/dev/null 2>&1 || skip_all 'strace is not installed'
if grep -a -E '__(asan|tsan)_init' tests/fault/inject tests/fault/.libs/inject \
    >/dev/null 2>&1; then
    skip_all "the sanitizer's own system calls would be counted too"
fi
./libtool --mode=execute strace -o "$trace" -e trace=msync \
    -e inject=msync:error=EIO:when=1..2 tests/fault/inject sync \
    >"$tap_output" 2>&1 || {
    grep -q 'ptrace' "$tap_output" && skip_all 'this user may not trace'
    skip_all "strace cannot inject: $(sed 1q "$tap_output")"
}

# gives WHAT-STRACE-INJECTS VERB OUTCOME OUTCOME: the verb's two turns.
gives() {
    call=${1%%:*}
    injection=$1
    shift
    check "$injection: $*" says "$call" "$injection" "$@"
}

# The call has to fail: else it was not made, and the test is worth nothing.
says() {
    call=$1
    injection=$2
    verb=$3
    shift 3
    said=$(./libtool --mode=execute strace -o "$trace" -e "trace=$call" \
        -e "inject=$injection" tests/fault/inject "$verb") || return
    echo "$said"
    grep INJECTED "$trace" && test "$said" = "$*"
}

# The kernel tells it once, and the library remembers it.
for code in EIO ENOSPC EDQUOT; do
    gives "msync:error=$code:when=1" sync "$code" "$code"
    gives "msync:error=$code:when=1" sync_file "$code" "$code"
    gives "fsync:error=$code:when=1" sync_file "$code" "$code"
done
# What is ambiguous is asked again: once is a lost write, twice a wrong call.
for code in EBUSY EINVAL ENOMEM; do
    gives "msync:error=$code:when=1" sync "$code" "$code"
    gives "msync:error=$code:when=1..2" sync "$code" ok
done
gives 'fsync:error=EINVAL:when=1' sync_file EINVAL EINVAL
gives 'fsync:error=EINVAL:when=1..2' sync_file EINVAL ok
gives 'msync:error=EINTR:when=1' sync EINTR ok
gives 'fsync:error=EINTR:when=1' sync_file EINTR ok

gives 'madvise:error=EAGAIN:when=1' advise EAGAIN ok
gives 'madvise:error=ENOSYS:when=1' advise ENOTSUP ok
# The second call finds that the kernel knows the advice, or that it does not.
gives 'madvise:error=EINVAL:when=1' advise EINVAL ok
gives 'madvise:error=EINVAL:when=1..2' advise ENOTSUP ok
gives 'madvise:error=EINTR:when=1..3' populate ok ok
gives 'madvise:error=EFAULT:when=1' populate EFAULT ok
gives 'madvise:error=EINVAL:when=1..2' populate ok ok
gives 'mincore:error=EAGAIN:when=1' count EAGAIN ok
gives 'mlock2:error=EAGAIN:when=1' lock EAGAIN ok
# PAGEMAP_SCAN is missing before 6.7.
gives 'ioctl:error=ENOTTY' commit ok ok
gives 'pwrite64:error=EINTR:when=1' commit ok ok
gives 'pwrite64:error=ENOSPC:when=1' commit ENOSPC ok
gives 'fdatasync:error=EINTR:when=1' commit ok ok
gives 'fdatasync:error=EIO:when=1' commit EIO ok

# Growing extends the mapping, or moves it, and then allocates.
gives 'fallocate:error=EINTR:when=1..3' grow ok ok
gives 'fallocate:error=ENOSPC:when=1' grow ENOSPC ok
gives 'fallocate:error=EOPNOTSUPP' grow ok ok
gives 'mremap:error=ENOMEM:when=1' grow ok ok
gives 'mremap:error=ENOMEM:when=1..4' grow ENOMEM ok
gives 'mremap:error=ENOSYS' grow ok ok
# With 32 bits it has another name.
gives '/^ftruncate:error=EIO:when=2' shrink EIO ok
finish
