/* SPDX-License-Identifier: MIT */
/*
 * A server that hands a mapped file to somebody else's code, which copies it
 * with a lock held (cpp-httplib issue 1930: an HTTP server and its TLS).
 *
 *     ./server bare|mended FILE
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <libmmapx.h>

/* --- Somebody else's code ------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned char record[4096];
static volatile unsigned char sent;

static int
tls_write(const unsigned char *bytes, size_t len)
{
    pthread_mutex_lock(&lock);
    for (size_t n; len > 0; bytes += n, len -= n) {
        n = len < sizeof record ? len : sizeof record;
        memcpy(record, bytes, n);
        sent = record[n - 1];
    }
    pthread_mutex_unlock(&lock);
    return 0;
}

/* --- The server ----------------------------------------------------------- */

static int
answer(void *arg)
{
    const struct mmapx *m = arg;

    return tls_write(m->addr, m->len);
}

/* The lock is given back, and zeros that were sent are noticed. */
static const char *
serve_mended(struct mmapx *m)
{
    size_t faults;

    if (mmapx_guard_zeros(m, answer, m, &faults) == 0 && faults == 0)
        return "200, the whole file";
    return "the file was cut: the connection is closed";
}

int
main(int argc, char *argv[])
{
    struct mmapx m;
    const char *said = "200, the whole file";

    if (argc != 3 || mmapx_map_path(&m, argv[2], PROT_READ, MAP_SHARED) != 0) {
        perror(argv[argc - 1]);
        return 2;
    }
    if (truncate(argv[2], (off_t)m.len / 2) != 0) { /* somebody */
        perror(argv[2]);
        return 2;
    }
    if (strcmp(argv[1], "bare") == 0)
        answer(&m);
    else
        said = serve_mended(&m);
    puts(said);
    return pthread_mutex_trylock(&lock) == 0 ? 0 : 1;
}
