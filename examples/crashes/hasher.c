/* SPDX-License-Identifier: MIT */
/*
 * A hasher over a file that somebody cuts meanwhile (BLAKE3 issue 488).
 *
 *     ./hasher bare|mended FILE
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <libmmapx.h>

struct job {
    const unsigned char *bytes;
    size_t len;
    const char *path;
    uint64_t hash;
};

static int
hash(void *arg)
{
    struct job *job = arg;

    job->hash = 14695981039346656037u;
    for (size_t i = 0; i < job->len; i++) {
        if (i == job->len / 2 && truncate(job->path, 0) != 0) /* somebody */
            perror(job->path);
        job->hash = (job->hash ^ job->bytes[i]) * 1099511628211u;
    }
    return 0;
}

int
main(int argc, char *argv[])
{
    struct mmapx m;
    struct job job = { 0 };

    if (argc != 3 || mmapx_map_path(&m, argv[2], PROT_READ, MAP_SHARED) != 0) {
        perror(argv[argc - 1]);
        return 2;
    }
    job = (struct job){ m.addr, m.len, argv[2], 0 };
    if (strcmp(argv[1], "bare") == 0) {
        hash(&job);
    } else if (mmapx_guard(&m, hash, &job) != 0) {
        if (errno == EIO)
            printf("%s: was cut while it was hashed\n", argv[2]);
        return errno == EIO ? 0 : 1;
    }
    printf("%016llx  %s\n", (unsigned long long)job.hash, argv[2]);
    return 0;
}
