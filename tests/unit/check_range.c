/* SPDX-License-Identifier: MIT */
/* Rounding, against a model that asks of each page whether it is meant. */
#include "support.h"

#include <unistd.h>

#include "internal.h"

enum { PAGES = 4, HEAD = 100, TAIL = 77 };

static unsigned char *base;
static size_t page;
static struct mmapx mapping; /* from HEAD bytes into a page to TAIL before one */

static void
make_mapping(void)
{
    int fd = temp_file(PAGES * page_size());

    page = page_size();
    OK(mmapx_map_region(&mapping, fd, HEAD, PAGES * page - HEAD - TAIL,
                        PROT_READ, MAP_SHARED));
    close(fd);
    base = (unsigned char *)mapping.addr - HEAD;
}

/* Whether page i of the file is meant by the range. */
static bool
is_meant(const struct mmapx *m, size_t i, size_t off, size_t len,
         enum mmapx_i_rounding rounding)
{
    unsigned char *addr = m->addr;
    bool own_edges = rounding == MMAPX_I_INWARD || rounding == MMAPX_I_EXACT;
    bool all = true;
    bool some = false;

    for (unsigned char *p = base + i * page; p < base + (i + 1) * page; p++) {
        bool inside = p >= addr + off && p < addr + off + len;
        bool outside_mapping = p < addr || p >= addr + m->len;

        some = some || inside;
        all = all && (inside || (own_edges && outside_mapping));
    }
    return rounding == MMAPX_I_OUTWARD ? some : all && some;
}

static void
check_span(size_t off, size_t len, enum mmapx_i_rounding rounding)
{
    struct mmapx_i_span span;
    size_t first = 0;
    size_t meant = 0;
    int r = mmapx_i_span(&mapping, off, len, rounding, &span);

    if (r == -EINVAL && rounding == MMAPX_I_EXACT) {
        /* Right if some touched page is not meant whole. */
        for (size_t i = 0; i < PAGES; i++)
            if (is_meant(&mapping, i, off, len, MMAPX_I_OUTWARD)
                && !is_meant(&mapping, i, off, len, rounding))
                return;
        ck_abort_msg("%zu, %zu was refused", off, len);
    }
    ck_assert_int_eq(r, 0);
    for (size_t i = PAGES; i-- > 0;)
        if (is_meant(&mapping, i, off, len, rounding)) {
            first = i;
            meant++;
        }
    ck_assert_msg(span.len == meant * page, "%zu, %zu by %d: %zu, not %zu", off,
                  len, (int)rounding, span.len, meant * page);
    if (meant > 0)
        ck_assert_ptr_eq(span.addr, base + first * page);
}

START_TEST(every_rounding)
{
    static const enum mmapx_i_rounding roundings[]
        = { MMAPX_I_OUTWARD, MMAPX_I_INWARD, MMAPX_I_INWARD_PAGES,
            MMAPX_I_EXACT };
    size_t edges[3 * PAGES + 2];
    size_t n = 0;

    make_mapping();
    edges[n++] = 0;
    edges[n++] = 1;
    for (size_t i = 1; i < PAGES; i++) {
        edges[n++] = i * page - HEAD - 1;
        edges[n++] = i * page - HEAD;
        edges[n++] = i * page - HEAD + 1;
    }
    edges[n++] = mapping.len - 1;
    edges[n++] = mapping.len;
    for (size_t i = 0; i < n; i++)
        for (size_t k = i; k < n; k++)
            for (size_t how = 0; how < 4; how++)
                check_span(edges[i], edges[k] - edges[i], roundings[how]);
}
END_TEST

START_TEST(a_views_edges_are_not_its_own)
{
    struct mmapx_i_span span;
    struct mmapx view;

    make_mapping();
    OK(mmapx_view(&view, mapping.addr, mapping.len));
    ck_assert_int_eq(mmapx_i_span(&view, 0, MMAPX_TO_END, MMAPX_I_INWARD, &span),
                     0);
    ck_assert_ptr_eq(span.addr, base + page);
    ck_assert_uint_eq(span.len, (PAGES - 2) * page);
    ck_assert_int_eq(mmapx_i_span(&view, 0, MMAPX_TO_END, MMAPX_I_EXACT, &span),
                     -EINVAL);
}
END_TEST

START_TEST(ranges_out_of_bounds)
{
    static const struct mmapx unmapped = MMAPX_INIT;
    struct mmapx_i_span span;

    make_mapping();
    size_t len = mapping.len;
    const struct {
        const struct mmapx *m;
        size_t off, len;
    } bad[] = {
        { NULL, 0, 0 },
        { &unmapped, 0, 0 },
        { &mapping, 0, len + 1 },
        { &mapping, 1, len },
        { &mapping, len, 1 },
        { &mapping, len + 1, 0 },
        { &mapping, len + 1, MMAPX_TO_END },
        { &mapping, SIZE_MAX, 0 },
        { &mapping, SIZE_MAX, 1 },
        { &mapping, SIZE_MAX, 2 },
        { &mapping, SIZE_MAX, MMAPX_TO_END },
        { &mapping, 1, SIZE_MAX - 1 },
        { &mapping, 2, SIZE_MAX - 1 },
        { &mapping, len, SIZE_MAX - 1 },
        { &mapping, SIZE_MAX - len, len },
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        for (int how = MMAPX_I_OUTWARD; how <= MMAPX_I_EXACT; how++)
            ck_assert_msg(mmapx_i_span(bad[i].m, bad[i].off, bad[i].len,
                                       (enum mmapx_i_rounding)how, &span)
                              == -EINVAL,
                          "bad range %zu", i);
}
END_TEST

START_TEST(to_the_end)
{
    size_t len = MMAPX_TO_END;

    make_mapping();
    ck_assert_int_eq(mmapx_i_range(&mapping, 5, &len), 0);
    ck_assert_uint_eq(len, mapping.len - 5);
    len = MMAPX_TO_END;
    ck_assert_int_eq(mmapx_i_range(&mapping, mapping.len, &len), 0);
    ck_assert_uint_eq(len, 0);
}
END_TEST

/* Base and extent are derived: they must be what was mapped. */
START_TEST(base_and_extent)
{
    struct mmapx m;

    make_mapping();
    ck_assert_ptr_eq(mmapx_i_base(&mapping), base);
    ck_assert_uint_eq(mmapx_i_extent(&mapping), PAGES * page);
    OK(mmapx_map_anon(&m, 0, PROT_READ, MAP_PRIVATE));
    ck_assert_uint_eq(mmapx_i_extent(&m), page);
    OK(mmapx_map_anon(&m, page, PROT_READ, MAP_PRIVATE));
    ck_assert_uint_eq(mmapx_i_extent(&m), page);
    OK(mmapx_map_anon(&m, page + 1, PROT_READ, MAP_PRIVATE));
    ck_assert_uint_eq(mmapx_i_extent(&m), 2 * page);
}
END_TEST

/* Where the mapping begins in the file, which growing it will need. */
START_TEST(the_offset_is_kept)
{
    static const int64_t offsets[]
        = { 0, 5, 12345, ((int64_t)5 << 30) + 123, (int64_t)1 << 40 };
    int fd = temp_file(10);
    struct mmapx m;

    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        OK(mmapx_map_region(&m, fd, offsets[i], 10, PROT_READ, MAP_SHARED));
        ck_assert_int_eq(mmapx_i_offset(&m), offsets[i]);
        OK(mmapx_unmap(&m));
    }
}
END_TEST

/* The size of a device that no request tells: the position stays. */
START_TEST(a_size_by_seeking)
{
    int fd = temp_file(12345);
    int ends[2];
    int64_t size = 77;

    ck_assert_int_eq(lseek(fd, 123, SEEK_SET), 123);
    ck_assert_int_eq(mmapx_os_seek_size(fd, &size), 0);
    ck_assert_int_eq(size, 12345);
    ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 123);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(mmapx_os_seek_size(ends[0], &size), -EIO);
    ck_assert_int_eq(size, 12345);
}
END_TEST

START_TEST(huge_page_sizes)
{
#if defined __linux__ && defined MAP_HUGETLB
    size_t size;

    for (unsigned shift = 12; shift < 31; shift++) {
        ck_assert_int_eq(
            mmapx_os_anon_page_size((int)(MAP_HUGETLB | shift << 26), &size), 0);
        ck_assert_uint_eq(size, (size_t)1 << shift);
    }
    ck_assert_int_eq(mmapx_os_anon_page_size((int)(MAP_HUGETLB | 63u << 26), &size),
                     -EINVAL);
#else
    SKIP("a matter of Linux");
#endif
}
END_TEST

Suite *
suite(void)
{
    Suite *s = suite_create("range");

    ADD_TEST(s, every_rounding);
    ADD_TEST(s, a_views_edges_are_not_its_own);
    ADD_TEST(s, ranges_out_of_bounds);
    ADD_TEST(s, to_the_end);
    ADD_TEST(s, base_and_extent);
    ADD_TEST(s, huge_page_sizes);
    ADD_TEST(s, the_offset_is_kept);
    ADD_TEST(s, a_size_by_seeking);
    return s;
}
