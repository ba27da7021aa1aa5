/* SPDX-License-Identifier: MIT */
/* The header alone, first, as strict C++11, and the library behind it. */
#include <libmmapx.h>

#include <cstring>

static_assert(sizeof(mmapx) == 8 * sizeof(void *), "the handle is eight words");
static_assert(MMAPX_TO_END == static_cast<size_t>(-1), "MMAPX_TO_END");
static_assert(MMAPX_MADV_GUARD_REMOVE == 103, "the last advice");

int
main()
{
    mmapx m = MMAPX_INIT;
    size_t resident = 0;

    if (mmapx_unmap(&m) != 0)
        return 1;
    if (mmapx_map_anon(&m, 3, PROT_READ | PROT_WRITE, MAP_PRIVATE) != 0)
        return 2;
    std::memcpy(m.addr, "C++", 3);
    if (mmapx_resident_count(&m, 0, MMAPX_TO_END, &resident) == 0
        && resident != mmapx_page_count(&m, 0, MMAPX_TO_END))
        return 3;
    if (mmapx_advise(&m, 0, m.len, MMAPX_MADV_NORMAL) != 0)
        return 4;
    return mmapx_unmap(&m) == 0 ? 0 : 5;
}
