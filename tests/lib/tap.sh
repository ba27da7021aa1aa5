# SPDX-License-Identifier: MIT
# Sourced by the tests in shell: one line of TAP for each assertion.  A test
# ends with "finish".

tap_count=0
tap_output=$(mktemp) || exit 99
trap 'rm -rf "$tap_output"' EXIT

# check DESCRIPTION COMMAND...: the command must succeed.
check() {
    tap_count=$((tap_count + 1))
    tap_name=$1
    shift
    if "$@" >"$tap_output" 2>&1; then
        echo "ok $tap_count - $tap_name"
    else
        echo "not ok $tap_count - $tap_name"
        sed 's/^/# /' "$tap_output"
    fi
}

# skip DESCRIPTION REASON: loudly not done.
skip() {
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1 # SKIP $2"
}

# skip_all REASON: nothing of this file can be done here.
skip_all() {
    echo "1..0 # SKIP $1"
    exit 0
}

# library_flags: those of the library's CFLAGS that decide whether objects fit
# together.
library_flags() {
    # Word by word.
    # shellcheck disable=SC2013
    for flag in $(sed -n 's/^CFLAGS = //p' Makefile); do
        case $flag in
        -fsanitize* | -fno-sanitize* | --coverage | -m*) printf ' %s' "$flag" ;;
        esac
    done
}

finish() {
    echo "1..$tap_count"
    exit 0
}
