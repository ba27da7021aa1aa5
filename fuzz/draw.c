/* SPDX-License-Identifier: MIT */
/* What is drawn from the bytes of a run: numbers, handles and ranges. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "world.h"

static const uint8_t *input;
static size_t input_left;

void
begin_input(const uint8_t *data, size_t size)
{
    input = data;
    input_left = size;
}

bool
input_is_left(void)
{
    return input_left > 0;
}

unsigned
take(void)
{
    if (input_left == 0)
        return 0;
    input_left--;
    return *input++;
}

unsigned
take_below(unsigned n)
{
    return take() % n;
}

size_t
take_size(size_t most)
{
    unsigned how = take();
    size_t near = how >> 4;
    size_t base;

    switch (how & 7) {
    case 0:
        return near;
    case 1:
        return most > near ? most - near : 0;
    case 2:
        base = take_below(REGION_PAGES) * page;
        return base > near ? base - near : 0;
    case 3:
        return take_below(REGION_PAGES) * page + near;
    case 4:
        return take_below(REGION_PAGES) * page;
    default:
        base = (size_t)take() << 8;
        return (base | take()) % (most + 1);
    }
}

int
take_prot(void)
{
    static const int prots[] = { PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE,
                                 PROT_READ | PROT_WRITE,
                                 PROT_READ | PROT_EXEC };

    return prots[take_below(5)];
}

bool
take_target(struct target *t)
{
    unsigned i = take_below(REGIONS + VIEWS);

    if (i < REGIONS) {
        struct region *r = &regions[i];

        *t = (struct target){ &r->m, r, r->m.len > 0 ? r->head : 0, false };
        return r->used;
    }
    *t = (struct target){ &views[i - REGIONS].m, views[i - REGIONS].region,
                          views[i - REGIONS].start, true };
    return t->region != NULL;
}

/* A page edge inside the mapping, or one of its own, in bytes from addr. */
static size_t
take_edge(const struct target *t)
{
    size_t at = take_below((unsigned)t->region->pages + 1) * page;

    at = at > t->start ? at - t->start : 0;
    return at < t->m->len ? at : t->m->len;
}

/* A range of the mapping; now and then not one. */
static void
take_range(const struct target *t, size_t *off, size_t *n)
{
    size_t len = t->m->len;
    size_t other;

    *off = take_size(len) % (len + 1);
    *n = take_size(len - *off) % (len - *off + 1);
    switch (take_below(16)) {
    case 0:
        *n = MMAPX_TO_END;
        break;
    case 1:
        *n = SIZE_MAX - take();
        break;
    case 2:
        *off = SIZE_MAX - take();
        break;
    case 3:
        *n = len - *off + 1 + take();
        break;
    case 4:
    case 5:
        *off = 0;
        *n = len;
        break;
    case 6:
    case 7:
    case 8:
    case 9:
    case 10:
        *off = take_edge(t);
        other = take_edge(t);
        *n = other > *off ? other - *off : *off - other;
        *off = other > *off ? *off : other;
        break;
    default:
        break;
    }
}

bool
take_target_range(struct target *t, size_t *off, size_t *n)
{
    if (!take_target(t))
        return false;
    take_range(t, off, n);
    return true;
}
