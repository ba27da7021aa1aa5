#!/bin/sh
# SPDX-License-Identifier: MIT
# make check-seams: the library compiled as for FreeBSD, NetBSD, OpenBSD,
# illumos and a system that has nothing but POSIX, by gcc and clang, against
# headers made after theirs (tests/fake-headers).  Nothing is linked or run.
# shellcheck source=tests/platforms/common.sh
. "$(dirname "$0")/common.sh"

need gcc gcc
need clang clang
headers=$sources/tests/fake-headers
warnings='-Wall -Wextra -Wcast-align -Wmissing-prototypes -Wpointer-arith
    -Wshadow -Wstrict-prototypes -Wundef -Wwrite-strings -Werror'

# compile CC SYSTEM ARGUMENT...: with that system's headers and the compiler's.
compile() {
    compiler=$1
    dirs="-I$headers/$2"
    case $2 in
    freebsd) dirs="$dirs -I$headers/bsd -D__FreeBSD__" ;;
    netbsd) dirs="$dirs -I$headers/bsd -D__NetBSD__" ;;
    openbsd) dirs="$dirs -I$headers/bsd -D__OpenBSD__" ;;
    illumos) dirs="$dirs -D__sun" ;;
    esac
    shift 2
    # The list is split.
    # shellcheck disable=SC2086
    "$compiler" -std=gnu11 -fsyntax-only -ffreestanding -nostdinc \
        -U__linux__ -U__linux -Ulinux -U__gnu_linux__ $dirs \
        -I"$headers/posix" -isystem "$("$compiler" -print-file-name=include)" \
        "$@"
}

# declares SYSTEM HEADERS TEXT: a program with it compiles, as configure finds
# out.
declares() {
    {
        for header in $2; do
            echo "#include <$header>"
        done
        echo "$3"
    } >probe.c
    compile gcc "$1" -Werror probe.c 2>/dev/null
}

# has SYSTEM HEADERS NAME: 1 if it is declared or a macro, else 0.
has() {
    if declares "$1" "$2" "int f(void);
        int f(void) {
        #ifndef $3
        (void)$3;
        #endif
        return 0; }"; then
        echo 1
    else
        echo 0
    fi
}

# mincore_vec SYSTEM: the type, or nothing.
mincore_vec() {
    [ "$(has "$1" sys/mman.h mincore)" = 1 ] || return 0
    for vec in 'unsigned char' char; do
        for addr in 'void *' 'const void *' caddr_t; do
            if declares "$1" 'sys/types.h sys/mman.h' \
                "int mincore($addr, size_t, $vec *);"; then
                echo "$vec"
                return
            fi
        done
    done
}

# advice SYSTEM: the definitions that m4/mmapx-advice.m4 comes to.
advice() {
    sed -n 's/^_MMAPX_ADVICE(\[\([A-Z_]*\)\], \[[0-9]*\]\(.*\))$/\1 \2/p' \
        "$sources/m4/mmapx-advice.m4" |
        while read -r name harmless; do
            number=-1
            if [ "$(has "$1" sys/mman.h madvise)" = 1 ]; then
                [ "$(has "$1" sys/mman.h "MADV_$name")" = 0 ] ||
                    number=MADV_$name
                case $name in
                DODUMP) elsewhere=MADV_CORE ;;
                DONTDUMP) elsewhere=MADV_NOCORE ;;
                *) elsewhere=none ;;
                esac
                [ "$(has "$1" sys/mman.h $elsewhere)" = 0 ] ||
                    number=$elsewhere
            elif [ "$harmless" = ', [harmless]' ]; then
                number=POSIX_MADV_$name
            fi
            echo "#define MMAPX_OS_MADV_$name $number"
        done
}

# configured SYSTEM: config.h as it would be there, as far as src/ asks.
configured() {
    for header in sys/disk.h sys/dkio.h; do
        macro=HAVE_$(echo "$header" | tr a-z/. A-Z__)
        if declares "$1" "$header" ''; then
            echo "#define $macro 1"
        fi
    done
    disks=sys/types.h
    for header in sys/disk.h sys/dkio.h; do
        if declares "$1" "$header" ''; then
            disks="$disks $header"
        fi
    done
    while read -r header name; do
        [ "$header" != disks ] || header=$disks
        echo "#define HAVE_DECL_$(echo "$name" | tr '[:lower:]' '[:upper:]')" \
            "$(has "$1" "$header" "$name")"
    done <<-'end'
	sys/mman.h MAP_FIXED_NOREPLACE
	sys/mman.h MAP_LOCKED
	sys/mman.h MAP_POPULATE
	sys/mman.h madvise
	sys/mman.h memfd_create
	fcntl.h posix_fadvise
	fcntl.h posix_fallocate
	fcntl.h F_FULLFSYNC
	unistd.h fdatasync
	sys/uio.h preadv
	disks DIOCGMEDIASIZE
	end
    # A system that is no more than POSIX stands for one without threads here.
    [ "$1" = posix ] || echo '#define HAVE_PTHREAD_SETCANCELSTATE 1'
    vec=$(mincore_vec "$1")
    [ -z "$vec" ] || echo "#define MMAPX_MINCORE_VEC $vec"
    advice "$1"
    echo '#define MMAPX_TLS_MODEL'
    echo '#define PACKAGE_VERSION "0"'
}

# found SYSTEM: what was found there of what differs, on a line.
found() {
    sed -n -E 's/^#define HAVE_DECL_([A-Z]+_?(FADVISE|FALLOCATE)?) 1$/\1/p
        s/^#define HAVE_(SYS_[A-Z]*)_H 1$/\1/p
        s/^#define (MMAPX_MINCORE)_VEC /\1 /p
        s/^#define MMAPX_OS_[A-Z_]* ((POSIX_)?MADV_[A-Z]*)$/\1/p' \
        "$1/config.h" | sort | tr '\n' ' '
}

# system NAME SEAM FOUND...: all sources of the library for it.
system() {
    host=$1
    seam=$2
    shift 2
    mkdir -p "$host"
    configured "$host" >"$host/config.h"
    printf '%s: %s\n' "$host" "$(found "$host")"
    if [ "$(found "$host")" != "$* " ]; then
        echo "$host: not $*" >&2
        exit 1
    fi
    for file in "$sources"/src/*.c "$sources"/src/os/cpu.c \
        "$sources"/src/os/posix*.c "$sources"/src/os/fallback*.c \
        "$sources/src/os/$seam"; do
        for compiler in gcc clang; do
            # The list is split.
            # shellcheck disable=SC2086
            compile $compiler "$host" $warnings -DHAVE_CONFIG_H -I"$host" \
                -I"$sources/include" -I"$sources/src" "$file" || broken=yes
        done
    done
}

broken=no
advised='MADV_DONTNEED MADV_FREE MADV_NORMAL MADV_RANDOM MADV_SEQUENTIAL'
advised="$advised MADV_WILLNEED"
# The list is split.
# shellcheck disable=SC2086
{
    system freebsd bsd.c DIOCGMEDIASIZE FDATASYNC MADVISE MADV_CORE \
        MADV_DONTNEED MADV_FREE MADV_NOCORE MADV_NORMAL MADV_RANDOM \
        MADV_SEQUENTIAL MADV_WILLNEED \
        'MMAPX_MINCORE char' POSIX_FADVISE POSIX_FALLOCATE PREADV SYS_DISK
    system netbsd bsd.c DIOCGMEDIASIZE FDATASYNC MADVISE $advised \
        'MMAPX_MINCORE char' POSIX_FADVISE POSIX_FALLOCATE PREADV SYS_DISK \
        SYS_DKIO
    system openbsd bsd.c FDATASYNC MADVISE $advised PREADV SYS_DISK SYS_DKIO
    system illumos none.c FDATASYNC MADVISE $advised 'MMAPX_MINCORE char' \
        POSIX_FADVISE POSIX_FALLOCATE PREADV SYS_DKIO
    system posix none.c POSIX_MADV_NORMAL POSIX_MADV_RANDOM \
        POSIX_MADV_SEQUENTIAL POSIX_MADV_WILLNEED
}
[ $broken = no ]
