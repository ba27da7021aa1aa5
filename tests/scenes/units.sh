#!/bin/sh
# SPDX-License-Identifier: MIT
# "make check-scenes": the units for systemd as they are, with their sandbox,
# under a system manager.
#
# The manager is the first process of name spaces of its own, has control groups
# of its own, and knows no units but these.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:=.}/tests/lib/tap.sh"

[ "$(id -u)" -eq 0 ] || skip_all 'a system manager takes root'
[ -x tools/mmapx ] || skip_all 'the command is not built'
for systemd in /lib/systemd/systemd /usr/lib/systemd/systemd; do
    [ -x "$systemd" ] && break
done
[ -x "$systemd" ] || skip_all 'there is no systemd'

made=$PWD/packaging/systemd
program=$PWD/tools/mmapx
dir=$(mktemp -d "${TMPDIR:-/tmp}/mmapx-scene.XXXXXX") || exit 99
groups=
for group in /sys/fs/cgroup /sys/fs/cgroup/*; do
    own=$group/mmapx-scene.$$
    if [ -f "$group/cgroup.procs" ] && mkdir "$own" 2>/dev/null; then
        groups="$groups $group"
    fi
done
leave() {
    for group in $groups; do
        find "$group/mmapx-scene.$$" -depth -type d -exec rmdir {} +
    done
    rm -rf "$tap_output" "$dir"
}
trap leave EXIT
trap 'exit 1' HUP INT TERM

# "db" has one file.  The rest is what the units name, and is nothing.
mkdir "$dir/units" "$dir/data"
echo data >"$dir/data/file"
echo "MMAPX_PATHS=$dir/data" >"$dir/db.conf"
for unit in mmapx-lock mmapx-restore mmapx-snapshot; do
    sed -e "s|^\(ExecStart=\)[^ ]*|\1$program|" \
        -e "s|^\(EnvironmentFile=-*\).*|\1$dir/db.conf|" \
        "$made/$unit@.service" >"$dir/units/$unit@.service" || exit 99
done
for target in sysinit basic shutdown local-fs remote-fs multi-user; do
    printf '[Unit]\nDescription=%s\nDefaultDependencies=no\n' $target \
        >"$dir/units/$target.target"
done
cat >"$dir/units/scene.service" <<UNIT
[Unit]
Description=The scene
DefaultDependencies=no
SuccessAction=exit-force
FailureAction=exit-force
FailureActionExitStatus=1
[Service]
Type=oneshot
ExecStart=/bin/sh -ex $dir/scene
StandardOutput=append:$dir/said
StandardError=append:$dir/said
UNIT

cat >"$dir/manager" <<'SHELL'
dir=$1 systemd=$2
shift 2
# Some take no process until they are configured, and are not needed.
for group; do
    echo 0 >"$group/mmapx-scene.$PARENT/cgroup.procs"
done 2>/dev/null
exec unshare -C sh -c 'for group; do
        mount --bind "$group/mmapx-scene.$PARENT" "$group" || exit 99
    done
    mount --make-rprivate / && mount -t proc proc /proc &&
        mount -t tmpfs none /run && mkdir -p /run/systemd/system &&
        mount -t tmpfs none /var/lib || exit 99
    exec "$0" --system --unit=scene.service --log-target=console \
        --show-status=no' "$systemd" "$@"
SHELL

# managed COMMANDS: what a shell does as one of the manager's services.
managed() {
    printf '%s\n' "$1" >"$dir/scene"
    : >"$dir/said"
    # The list is split.
    # shellcheck disable=SC2086
    container=scene SYSTEMD_UNIT_PATH=$dir/units PARENT=$$ \
        timeout -s KILL 120 unshare -m -p -f -u -i --kill-child \
        sh "$dir/manager" "$dir" "$systemd" $groups >"$dir/log" 2>&1 </dev/null
    result=$?
    cat "$dir/said" "$dir/log"
    return "$result"
}
managed true >"$dir/tried" 2>&1 || {
    cat "$dir/tried" >&2
    skip_all 'no system manager can be had here'
}

# The sandbox is there: no new privileges, a filter, a root that is read only.
# shellcheck disable=SC2016 # It is that shell which expands.
sandboxed='grep "^NoNewPrivs:.*1" /proc/$pid/status
    grep "^Seccomp:.*2" /proc/$pid/status
    grep " / / ro," /proc/$pid/mountinfo'

warm_again() {
    managed "systemctl start mmapx-snapshot@db
        grep '/data/file\$' /var/lib/mmapx/db.snapshot
        test \"\$(stat -c %a /var/lib/mmapx/db.snapshot)\" = 600
        systemctl start mmapx-restore@db
        systemctl show -p Result mmapx-restore@db | grep =success"
}
check 'a snapshot is taken and restored' warm_again

kept() {
    managed "systemctl start mmapx-lock@db
        systemctl show -p ActiveState mmapx-lock@db | grep =active
        pid=\$(systemctl show -p MainPID --value mmapx-lock@db)
        grep 'VmLck:.* [1-9]' /proc/\$pid/status
        $sandboxed
        systemctl reload mmapx-lock@db
        systemctl stop mmapx-lock@db
        systemctl show -p Result mmapx-lock@db | grep =success"
}
check 'files are kept, reloaded and let go, in the sandbox' kept

# What keeps files that the caller may not write from it is no failure of ours.
nothing_else() {
    managed "echo 'MMAPX_SNAPSHOT_OPTIONS=-o $dir/data/elsewhere' >>$dir/db.conf
        ! systemctl start mmapx-snapshot@db
        test ! -e $dir/data/elsewhere"
}
check 'a snapshot writes nowhere else' nothing_else
finish
