#!/bin/sh
# SPDX-License-Identifier: MIT
# The units for systemd are right, as far as systemd-analyze can tell, name
# options and commands that exist, and do their work under a manager that is
# started for this test alone.
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

# A timer does what its description and the manual say: "every minute".
timers_as_said() {
    for timer in "$srcdir/$made/"*.timer; do
        unit=${timer##*/}
        every=$(sed -n -e 's/^OnUnitActiveSec=1min$/every minute/p' \
            -e 's/^OnUnitActiveSec=\(.*\)min$/every \1 minutes/p' "$timer")
        grep "^Description=.* $every " "$timer" &&
            sed -n -e 's/\\-/-/g' \
                -e "/^\.It Pa ${unit%.timer} .*\.timer\$/{n;p;}" \
                "$srcdir/doc/mmapx.service.7" | grep " ${every}[,.]" || return
    done
}

# --- A manager of the test's own ----------------------------------------------

# In a name space of its own, with a /run of its own.  "db" has one file.
cat >"$tmp/manager.sh" <<'SHELL'
mount -t tmpfs none /run && mkdir -p /run/systemd/system || exit 99
export XDG_RUNTIME_DIR=/run/manager HOME="$1" XDG_CONFIG_HOME="$1/config"
mkdir -m 700 "$XDG_RUNTIME_DIR"
"$2" --user --log-target=console >"$1/said" 2>&1 &
manager=$!
tries=0
until systemctl --user is-system-running >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] && kill -0 "$manager" 2>/dev/null || exit 99
    sleep 0.1
done
shift 2
"$@"
result=$?
kill "$manager"
wait "$manager"
exit "$result"
SHELL
systemd=
for systemd in /lib/systemd/systemd /usr/lib/systemd/systemd; do
    [ -x "$systemd" ] && break
done
managed() {
    timeout 120 unshare -m sh "$tmp/manager.sh" "$tmp" "$systemd" "$@"
}

# The units with the program, the configuration and the snapshots where the test
# has them.  A manager that is not the first process cannot keep services from
# the rest of the system, so that part of them is not tried.
install_units() {
    mkdir -p "$tmp/config/systemd/user" "$tmp/data" "$tmp/state" &&
        echo data >"$tmp/data/file" &&
        echo "MMAPX_PATHS=$tmp/data" >"$tmp/db.conf" || return
    for unit in $units; do
        sed -e "/^\[Service\]/a StandardError=append:$tmp/said" \
            -e "s|^\(ExecStart=\)[^ ]*|\1$PWD/tools/mmapx|" \
            -e "s|^\(EnvironmentFile=-*\).*|\1$tmp/db.conf|" \
            -e "s|/var/lib/mmapx|$tmp/state|" -e '/^StateDirectory/d' \
            -e '/^Protect/d' -e '/^Private/d' -e '/^Restrict[A-Z].*=/d' \
            -e '/^SystemCall/d' -e '/^Memory/d' -e '/^LockPersonality/d' \
            "$made/$unit@.service" >"$tmp/config/systemd/user/$unit@.service" ||
            return
    done
}

# shellcheck disable=SC2016 # It is that shell which expands.
works() {
    install_units || return
    managed sh -ec '
        failed() {
            systemctl --user show -p ExecMainCode -p ExecMainStatus "mmapx-*"
        }
        trap failed EXIT
        systemctl --user start mmapx-snapshot@db
        grep "/data/file\$" "$1/state/db.snapshot"
        systemctl --user start mmapx-restore@db
        systemctl --user show -p Result mmapx-restore@db | grep =success
        systemctl --user start mmapx-lock@db
        systemctl --user show -p ActiveState mmapx-lock@db | grep =active
        systemctl --user reload mmapx-lock@db
        pid=$(systemctl --user show -p MainPID mmapx-lock@db | sed "s/.*=//")
        grep "VmLck:.* [1-9]" "/proc/$pid/status"
        systemctl --user stop mmapx-lock@db
        systemctl --user show -p Result mmapx-lock@db | grep =success
        ' sh "$tmp"
    result=$?
    cat "$tmp/said"
    return "$result"
}

check 'the paths are filled in' filled_in
check 'the units use options that exist' options_exist
check 'timers start their service as often as they say' timers_as_said
if command -v systemd-analyze >/dev/null; then
    check 'systemd-analyze verifies the units' verify
else
    skip 'systemd-analyze verifies the units' 'there is no systemd-analyze'
fi
if [ "$(id -u)" -eq 0 ] && [ -x "$systemd" ] && managed true; then
    check 'a manager runs them, less the sandbox' works
else
    skip 'a manager runs them, less the sandbox' \
        'it takes root, systemd, and a name space for mounts'
fi
finish
