#!/bin/sh
# SPDX-License-Identifier: MIT
# Install what the benchmark compares with, from Debian's packages: as root, or
# through sudo.
set -eu

packages='vmtouch util-linux golang-go python3 libglib2.0-dev '
packages="${packages}libboost-iostreams-dev libapr1-dev gcc g++ pkg-config "
packages="${packages}e2fsprogs"

case ${1:-} in
'') ;;
--help)
    echo 'Usage: bench/install-peers.sh'
    echo 'Installs what bench/ compares with, from Debian packages:'
    echo "    $packages"
    exit 0 ;;
*)
    echo "install-peers.sh: unknown argument: $1" >&2
    exit 2 ;;
esac

if ! command -v apt-get >/dev/null; then
    echo 'install-peers.sh: no apt-get; install by hand what is like' >&2
    echo "    $packages" >&2
    exit 1
fi
sudo=
[ "$(id -u)" -eq 0 ] || sudo=sudo

$sudo apt-get update
# The list is split.
# shellcheck disable=SC2086
$sudo env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends $packages
