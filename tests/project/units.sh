#!/bin/sh
# SPDX-License-Identifier: MIT
# The units for systemd are right, as far as systemd-analyze can tell, and name
# options and commands that exist.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:=.}/tests/lib/tap.sh"

[ -x tools/mmapx ] || skip_all 'the command is not built'

made=packaging/systemd
umask 022
units='mmapx-lock mmapx-restore mmapx-snapshot mmapx-top'
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tap_output" "$tmp"' EXIT

# A name of an instance, and a command that exists where the unit says.
verify() {
    cp "$srcdir/$made/"*.timer "$tmp" || return
    for unit in $units; do
        sed "s|^\(ExecStart=\)[^ ]*|\1$PWD/tools/mmapx|" \
            "$made/$unit@.service" >"$tmp/$unit@.service" || return
    done
    for unit in mmapx-snapshot@db.timer mmapx-top@db.timer \
        mmapx-lock@db.service mmapx-restore@db.service \
        mmapx-snapshot@db.service mmapx-top@db.service; do
        # It looks for its manual pages, which are not installed yet.
        systemd-analyze --man=no verify "$tmp/$unit" || return
    done >"$tmp/said" 2>&1
    cat "$tmp/said"
    ! grep -F "$tmp" "$tmp/said" && ! grep 'mmapx-' "$tmp/said"
}

# Everything was filled in.
filled_in() {
    for unit in $units; do
        grep -q '^ExecStart=/.*/mmapx ' "$made/$unit@.service" || return
        ! grep '@[a-z]*@' "$made/$unit@.service" || return
    done
}

# The options in the units are options of their commands.
options_exist() {
    for unit in $units; do
        command=${unit#mmapx-}
        ./tools/mmapx "$command" --help >"$tmp/help" || return
        sed -n 's/^ExecStart=[^ ]* //p' "$made/$unit@.service" | tr ' ' '\n' |
            grep '^-[a-z-]' | while read -r option; do
            grep -q -e "$option" "$tmp/help" || echo "$command: $option"
        done
    done >"$tmp/strange"
    cat "$tmp/strange"
    ! [ -s "$tmp/strange" ]
}

check 'the paths are filled in' filled_in
check 'the units use options that exist' options_exist
if command -v systemd-analyze >/dev/null; then
    check 'systemd-analyze verifies the units' verify
else
    skip 'systemd-analyze verifies the units' 'there is no systemd-analyze'
fi
finish
