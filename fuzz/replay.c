/* SPDX-License-Identifier: MIT */
/*
 * The model without a fuzzer:
 *
 *     replay FILE...             the bytes of each file
 *     replay -r CALLS [SEED]     random bytes, until so many calls were made
 *
 * Exits with 77 where the model does not fit the kernel.  What a random run was
 * made of is written to replay.failed first, so that a failure can be had
 * again.
 */
#include "model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { MOST = 1 << 16, RANDOM = 400 };

static uint8_t data[MOST];

static int
replay(const char *path)
{
    FILE *f = fopen(path, "rb");
    size_t size;

    if (f == NULL) {
        perror(path);
        return 1;
    }
    size = fread(data, 1, sizeof data, f);
    fclose(f);
    fprintf(stderr, "%s\n", path);
    model_run(data, size);
    return 0;
}

/* The same numbers on every machine. */
static uint64_t
next_random(uint64_t *state)
{
    uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);

    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* A file that is mapped, so that the bytes are there when all is over. */
static uint8_t *
black_box(FILE **f)
{
    void *p;

    *f = fopen("replay.failed", "w+b");
    if (*f == NULL || fseek(*f, RANDOM - 1, SEEK_SET) != 0
        || putc(0, *f) == EOF || fflush(*f) != 0)
        return NULL;
    p = mmap(NULL, RANDOM, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(*f), 0);
    return p == MAP_FAILED ? NULL : p;
}

static int
run_random(uint64_t calls, uint64_t seed)
{
    uint64_t runs = 0;
    FILE *f;
    uint8_t *box = black_box(&f);

    if (box == NULL) {
        perror("replay.failed");
        return 1;
    }
    for (; model_calls < calls; runs++) {
        size_t size = 8 + (size_t)(next_random(&seed) % (RANDOM - 8));

        for (size_t i = 0; i < size; i++)
            data[i] = (uint8_t)next_random(&seed);
        memset(box, 0xff, RANDOM);
        memcpy(box, data, size);
        model_run(data, size);
    }
    munmap(box, RANDOM);
    fclose(f);
    remove("replay.failed");
    printf("%" PRIu64 " calls in %" PRIu64 " runs\n", model_calls, runs);
    return 0;
}

int
main(int argc, char *argv[])
{
    int r = 0;

    if (!model_fits()) {
        fputs("replay: not the kernel that the model is made after\n", stderr);
        return 77;
    }
    if (argc >= 3 && strcmp(argv[1], "-r") == 0)
        return run_random(strtoull(argv[2], NULL, 10),
                          argc > 3 ? strtoull(argv[3], NULL, 10) : 1);
    for (int i = 1; i < argc; i++)
        r |= replay(argv[i]);
    return r;
}
