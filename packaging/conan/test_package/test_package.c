// SPDX-License-Identifier: MIT
#include <libmmapx.h>
#include <stdio.h>

int main(void)
{
    struct mmapx m;

    if (mmapx_map_anon(&m, 100, PROT_READ | PROT_WRITE, MAP_PRIVATE) != 0) {
        perror("mmapx_map_anon");
        return 1;
    }
    printf("libmmapx %s: %zu bytes\n", mmapx_version(), m.len);
    return mmapx_unmap(&m) != 0;
}
