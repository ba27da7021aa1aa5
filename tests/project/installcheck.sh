#!/bin/sh
# SPDX-License-Identifier: MIT
# "make installcheck": what a user of the installed library finds, by what
# pkg-config says of it and nothing else.  With DESTDIR too.
set -u

: "${srcdir:=.}" "${DESTDIR:=}" "${EXEEXT:=}" "${PKG_CONFIG:=pkg-config}"
: "${datadir:=$(dirname "$bindir")/share}" "${mandir:=$datadir/man}"

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
bad=0

# A system's own directories are directories like others here.
export PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
if [ -n "$DESTDIR" ]; then
    export PKG_CONFIG_SYSROOT_DIR="$DESTDIR"
fi
path=$DESTDIR$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}

# check DESCRIPTION COMMAND...
check() {
    name=$1
    shift
    if "$@" >"$tmp/out" 2>&1; then
        echo "installcheck: ok: $name"
    else
        echo "installcheck: FAILED: $name"
        sed 's/^/    /' "$tmp/out"
        bad=1
    fi
}

with_library() {
    LD_LIBRARY_PATH=$path DYLD_LIBRARY_PATH=$path "$@"
}

# build PROGRAM SOURCE FLAG...: CC may bring options.
build() {
    program=$tmp/$1$EXEEXT
    source=$2
    shift 2
    # shellcheck disable=SC2086
    $CC -o "$program" "$source" "$@"
}

# What pkg-config prints is a list of words.
# shellcheck disable=SC2046
build_shared() {
    flags=$($PKG_CONFIG --cflags --libs "$1") || return
    # shellcheck disable=SC2086
    build "$1" "$srcdir/tests/project/edit.c" $flags
}

# A wholly static program, or where there is no static C library one that has
# at least this library inside.
build_static() {
    flags=$($PKG_CONFIG --cflags --libs --static mmapx) || return
    # shellcheck disable=SC2086
    build static "$srcdir/tests/project/edit.c" -static $flags && return
    flags=$($PKG_CONFIG --cflags mmapx) || return
    # shellcheck disable=SC2086
    build static "$srcdir/tests/project/edit.c" $flags \
        "$DESTDIR$libdir/libmmapx.a"
}

run_shared() {
    rm -f "$tmp/file"
    with_library "$tmp/$1$EXEEXT" "$tmp/file"
}

run_static() {
    rm -f "$tmp/file"
    "$tmp/static$EXEEXT" "$tmp/file"
}

# The first example of README.
build_readme() {
    awk '/^    #include <libmmapx\.h>$/ { on = 1 }
         on { sub(/^    /, ""); print }
         on && /^}$/ { exit }' "$srcdir/README" >"$tmp/readme.c"
    flags=$($PKG_CONFIG --cflags --libs mmapx) || return
    # shellcheck disable=SC2086
    build readme "$tmp/readme.c" $flags
}

run_readme() {
    printf 'twelve bytes' >"$tmp/twelve"
    said=$(with_library "$tmp/readme$EXEEXT" "$tmp/twelve") &&
        [ "$said" = '12 bytes of 12' ] &&
        ! with_library "$tmp/readme$EXEEXT" "$tmp/missing"
}

command_says() {
    said=$(with_library "$DESTDIR$bindir/mmapx$EXEEXT" --version | sed -n 1p)
    echo "$said"
    [ "$said" = "mmapx (libmmapx) $VERSION" ]
}

# none FILE...: what goes with the command does not come without.
none() {
    for file; do
        if [ -e "$file" ]; then
            echo "$file"
            return 1
        fi
    done
}

command_runs() {
    with_library "$DESTDIR$bindir/mmapx$EXEEXT" status "$srcdir/README"
}

# The projects in examples/, by what CMake and Meson find of the library.
cmake_project() {
    cmake -S "$srcdir/examples/cmake" -B "$tmp/cmake" \
        -Dmmapx_DIR="$DESTDIR$libdir/cmake/mmapx" &&
        cmake --build "$tmp/cmake" && counts "$tmp/cmake/word_count" || return
    [ ! -f "$DESTDIR$libdir/libmmapx.a" ] ||
        counts "$tmp/cmake/word_count_static"
}

meson_project() {
    meson setup --wrap-mode=nofallback "$tmp/meson" \
        "$srcdir/examples/meson" && meson compile -C "$tmp/meson" &&
        counts "$tmp/meson/word_count"
}

counts() {
    printf 'one two\nthree\n' >"$tmp/text"
    [ "$(with_library "$1$EXEEXT" "$tmp/text")" = "2 3 14 $tmp/text" ]
}

# The project, if it wanted another release.
cmake_declines() {
    mkdir "$tmp/other" && sed "s/mmapx 0.1 REQUIRED/mmapx $1 REQUIRED/" \
        "$srcdir/examples/cmake/CMakeLists.txt" >"$tmp/other/CMakeLists.txt" &&
        ! cmake -S "$tmp/other" -B "$tmp/other/build" \
            -Dmmapx_DIR="$DESTDIR$libdir/cmake/mmapx" >"$tmp/said" 2>&1
    cat "$tmp/said"
    grep -F "version \"$1\"" "$tmp/said"
}

# "man -k" has to know each page; mandb makes its index beside the pages.
knows_manual() {
    mkdir "$tmp/man"
    cp -R "$DESTDIR$mandir"/man[137] "$tmp/man" &&
        mandb --quiet --create "$tmp/man" &&
        man -M "$tmp/man" -k mmapx >"$tmp/known" || return
    for file in "$DESTDIR$mandir"/man[137]/*mmapx*; do
        page=${file##*/}
        grep "^${page%.*} (${page##*.})  *- " "$tmp/known" || {
            echo "man -k does not know $page"
            return 1
        }
    done
}

for package in mmapx libmmapx; do
    check "$package.pc has the version" \
        test "$($PKG_CONFIG --modversion "$package")" = "$VERSION"
    check "a program by $package.pc builds" build_shared "$package"
    check 'and runs' run_shared "$package"
done
if [ -f "$DESTDIR$libdir/libmmapx.a" ]; then
    check 'a static program builds' build_static
    check 'and runs' run_static
else
    echo 'installcheck: SKIPPED: a static program (no libmmapx.a)'
fi
check "README's example builds" build_readme
check 'and edits' run_readme
if command -v cmake >/dev/null; then
    check "CMake's project builds and runs" cmake_project
    check 'and CMake declines to stand for a later release' cmake_declines 99.0
else
    echo 'installcheck: SKIPPED: a project by CMake (no cmake)'
fi
if command -v meson >/dev/null; then
    check "Meson's project builds and runs" meson_project
else
    echo 'installcheck: SKIPPED: a project by Meson (no meson)'
fi
for page in man3/mmapx_map.3 man7/libmmapx.7; do
    check "$page is there" test -s "$DESTDIR$mandir/$page"
done
set -- "$DESTDIR$mandir/man1/mmapx.1" \
    "$DESTDIR$datadir/bash-completion/completions/mmapx" \
    "$DESTDIR$datadir/zsh/site-functions/_mmapx" \
    "$DESTDIR$datadir/fish/vendor_completions.d/mmapx.fish"
if [ -x "$DESTDIR$bindir/mmapx$EXEEXT" ]; then
    check 'the command has the version' command_says
    check 'the command runs' command_runs
    for file; do
        check "${file#"$DESTDIR"} is there" test -s "$file"
    done
else
    echo 'installcheck: SKIPPED: the command (not built)'
    check 'nor are its manual page and completions there' none "$@"
fi
if command -v mandb >/dev/null; then
    check 'man -k finds each page' knows_manual
else
    echo 'installcheck: SKIPPED: man -k (no mandb)'
fi
exit "$bad"
