#!/bin/sh
# SPDX-License-Identifier: MIT
# "make check-scenes": a database that is written to, its cache noted, the power
# lost, the cache restored.
#
# A PostgreSQL server of the test's own runs on a socket in a temporary
# directory.  fincore(1) says what is in memory.  How long the first reads take
# after "mmapx restore", and after "vmtouch -t" of the same relations, is
# printed and not asserted.
# shellcheck source=tests/lib/tap.sh
. "${srcdir:=.}/tests/lib/tap.sh"

mmapx=$PWD/tools/mmapx
[ -x "$mmapx" ] || skip_all 'the command is not built'
for tool in fincore python3; do
    command -v "$tool" >/dev/null || skip_all "there is no $tool"
done
for pg in /usr/lib/postgresql/*/bin "$(dirname "$(command -v postgres)")"; do
    [ -x "$pg/initdb" ] && [ -x "$pg/postgres" ] && found=$pg
done 2>/dev/null
[ -n "${found:-}" ] || skip_all 'there is no PostgreSQL (Debian: postgresql)'
pg=$found
command -v pgbench >/dev/null || [ -x "$pg/pgbench" ] ||
    skip_all 'there is no pgbench (Debian: postgresql-contrib or postgresql)'
PATH=$pg:$PATH

# The server refuses to run as root.
if [ "$(id -u)" -eq 0 ]; then
    as_server() {
        setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
    }
else
    as_server() {
        "$@"
    }
fi

dir=$(mktemp -d "${TMPDIR:-/tmp}/mmapx-scene.XXXXXX") || exit 99
chmod 755 "$dir"
mkdir "$dir/run" "$dir/data"
[ "$(id -u)" -ne 0 ] || chown 65534:65534 "$dir/run" "$dir/data"
chmod 700 "$dir/data"
HOME=$dir/run
PGHOST=$dir/run
PGUSER=scene
PGDATABASE=postgres
export HOME PGHOST PGUSER PGDATABASE

postmaster() {
    sed -n 1p "$dir/data/postmaster.pid" 2>/dev/null
}

# All processes of the server at once, as a power cut ends them.
crash() {
    server=$(postmaster)
    [ -n "$server" ] || return 0
    children=$(cat "/proc/$server/task/$server/children" 2>/dev/null)
    # The list is split.
    # shellcheck disable=SC2086
    kill -9 "$server" $children 2>/dev/null
    for process in $server $children; do
        while kill -0 "$process" 2>/dev/null; do
            [ "$(sed -n 's/^State:[^A-Z]*\(.\).*/\1/p' \
                "/proc/$process/status" 2>/dev/null)" != Z ] || break
        done
    done
    rm -f "$dir/data/postmaster.pid" "$dir"/run/.s.PGSQL.*
    wait 2>/dev/null
}
trap 'crash; rm -rf "$tap_output" "$dir"' EXIT
trap 'exit 1' HUP INT TERM

start_server() {
    as_server postgres -D "$dir/data" -c listen_addresses= -k "$dir/run" \
        -c shared_buffers=8MB -c autovacuum=off >>"$dir/log" 2>&1 &
    for _ in $(seq 600); do
        psql -qAtc 'select 1' >/dev/null 2>&1 && return 0
        sleep 0.1
    done
    cat "$dir/log"
    return 1
}

# cached FILE...: bytes in memory, as fincore has it.
cached() {
    fincore -b -n -o res "$@" | awk '{ n += $1 } END { print n + 0 }'
}

sizes() {
    stat -c %s "$@" | awk '{ n += $1 } END { print n + 0 }'
}

snapshot() {
    "$mmapx" snapshot -r -o "$dir/snapshot" "$dir/data"
}

prepare() {
    as_server initdb -D "$dir/data" -U "$PGUSER" -A trust -E UTF8 \
        --no-locale --no-sync >"$dir/log" 2>&1 || { cat "$dir/log"; return 1; }
    start_server && pgbench -qi -s 10 >/dev/null 2>&1 || return 1
    psql -qAtc "select pg_relation_filepath(oid) from pg_class
        where relname in ('pgbench_accounts', 'pgbench_accounts_pkey')" \
        >"$dir/relations" &&
        [ "$(wc -l <"$dir/relations")" -eq 2 ]
}

# The table and the index that are read.
hot() {
    sed "s|^|$dir/data/|" "$dir/relations"
}

# Snapshots beside a writer, as a timer takes them: the last one counts.
snapshots_while_written() {
    pgbench -c 2 -T 6 >/dev/null 2>&1 &
    writer=$!
    for _ in 1 2 3 4 5; do
        snapshot || return 1
        sleep 0.5
    done
    wait "$writer"
    snapshot
}

# Rows come after the snapshot, so that the files have other sizes.
grow() {
    psql -qc "insert into pgbench_accounts
        select 2000000 + n, 1, 0, '' from generate_series(1, 20000) n;
        checkpoint"
}

# evict_all: nothing is in memory any more, says fincore.
evict_all() {
    "$mmapx" evict -r --sync "$dir/data" >/dev/null || return 1
    # shellcheck disable=SC2046
    left=$(cached $(hot))
    [ "$left" -eq 0 ] || { echo "$left bytes stay in memory"; return 1; }
}

power_cut() {
    # shellcheck disable=SC2046
    before=$(cached $(hot))
    crash
    evict_all
}

# Nearly all that was there is there again, though the files have grown.
restores() {
    "$mmapx" restore "$dir/snapshot" || return 1
    # shellcheck disable=SC2046
    set -- "$(cached $(hot))" "$(sizes $(hot))"
    echo "$1 bytes of $2 are in memory, $before were before"
    [ $((100 * $1)) -ge $((95 * before)) ]
}

# first_reads: milliseconds for the first 1,000 reads after a start.
first_reads() {
    start_server || return 1
    pgbench -S -n -t 1000 --random-seed=1 2>/dev/null |
        sed -n 's/^latency average = \([0-9.]*\) ms$/\1/p'
    crash
}

# In turns, so that the machine's moods meet both.
compare() {
    for _ in 1 2 3; do
        evict_all && "$mmapx" restore "$dir/snapshot" >/dev/null || return 1
        first_reads >>"$dir/after-restore" || return 1
        evict_all || return 1
        # shellcheck disable=SC2046
        vmtouch -q -t $(hot) || return 1
        first_reads >>"$dir/after-vmtouch" || return 1
    done
    for way in restore vmtouch; do
        sort -n "$dir/after-$way" | sed -n 2p
    done | tr '\n' ' ' | {
        read -r ours theirs
        echo "# a read after restore $ours ms, after vmtouch -t $theirs ms," \
            "ratio $(awk "BEGIN { printf \"%.2f\", $ours / $theirs }")"
    } >&3
}

exec 3>&1
check 'a server with data' prepare
check 'snapshots beside a writer' snapshots_while_written
check 'rows that come after the snapshot' grow
check 'the power is cut, and the cache is empty' power_cut
check 'restore brings the table and the index back' restores
if command -v vmtouch >/dev/null; then
    check 'the first reads after it, beside vmtouch -t' compare
else
    skip 'the first reads after it, beside vmtouch -t' 'there is no vmtouch'
fi
finish
