#!/bin/sh
# SPDX-License-Identifier: MIT
# Build the peers that can be built here, and run the benchmark with them.
# "make bench" calls it as
#     bench/run.sh SOURCE BUILD [ARGUMENT...]
# with the two top directories; CC and CXX come from make.  A peer that is not
# built is named by the benchmark, with the package that it needs.
set -u

source=$1
build=$2
shift 2
mkdir -p "$build/bench/peers-built" || exit 1
peers=$(cd "$build/bench/peers-built" && pwd) || exit 1
log=$build/bench/peers.log
: >"$log"

# build_peer NAME COMMAND...: which writes to $peers/NAME.
build_peer() {
    name=$1
    shift
    rm -f "$peers/$name"
    "$@" >>"$log" 2>&1 || rm -f "$peers/$name"
}

# pkg-config's answers are lists of words, as is a compiler with its options.
# shellcheck disable=SC2046,SC2086
build_c() {
    build_peer "$1" ${CC:-cc} -O2 $(pkg-config --cflags "$2" 2>>"$log") \
        -o "$peers/$1" "$source/bench/peers/$1.c" \
        $(pkg-config --libs "$2" 2>>"$log")
}

build_c glib glib-2.0
build_c apr apr-1
# shellcheck disable=SC2086
build_peer boost ${CXX:-c++} -O2 -o "$peers/boost" \
    "$source/bench/peers/boost.cc" -lboost_iostreams
build_peer go env GO111MODULE=off GOCACHE="$peers/go-cache" \
    go build -o "$peers/go" "$source/bench/peers/peer.go"
rm -f "$peers/python"
if command -v python3 >/dev/null; then
    cp "$source/bench/peers/peer.py" "$peers/python"
    chmod +x "$peers/python"
fi

# libtool's, which finds the library that was just built.
ln -sf ../ours "$peers/ours"

# For mkfs.
PATH=$PATH:/usr/sbin:/sbin
MMAPX_COMMIT=$(git -C "$source" describe --always --dirty 2>/dev/null)
export MMAPX_COMMIT
# The command itself: what libtool puts in its place is a shell script, and a
# shell takes longer to start than the command to do its work.
top=$(cd "$build" && pwd) || exit 1
tool=$top/tools/mmapx
if [ -x "$top/tools/.libs/mmapx" ]; then
    tool=$top/tools/.libs/mmapx
    LD_LIBRARY_PATH=$top/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    export LD_LIBRARY_PATH
fi
exec "$build/bench/bench" --peers="$peers" --tool="$tool" "$@"
