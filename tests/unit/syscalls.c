/* SPDX-License-Identifier: MIT */
/* One call of each verb, announced by a write to no descriptor: syscalls.sh
 * reads in a trace which system calls each of them makes. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <libmmapx.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
announce(const char *verb)
{
    if (write(-1, verb, strlen(verb)) >= 0)
        abort();
}

static void
must(int r)
{
    if (r != 0) {
        perror("syscalls");
        exit(1);
    }
}

int
main(void)
{
    char path[] = "syscalls-XXXXXX";
    unsigned char vec[1];
    struct mmapx m, other;
    struct mmapx_cache cache;
    size_t pages;
    int fd = mkstemp(path);

    must(fd < 0 || unlink(path) != 0 || ftruncate(fd, 100) != 0);

    announce("map_region");
    must(mmapx_map_region(&m, fd, 5, 10, PROT_READ, MAP_SHARED));
    must(mmapx_unmap(&m));
    announce("map_anon");
    must(mmapx_map_anon(&other, 10, PROT_READ, MAP_PRIVATE));
    announce("view");
    must(mmapx_view(&m, other.addr, other.len));
    announce("unmap_view");
    must(mmapx_unmap(&m));
    announce("map");
    must(mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED));
    announce("advise");
    must(mmapx_advise(&m, 1, 3, MMAPX_MADV_WILLNEED));
    announce("residency");
    must(mmapx_residency(&m, 1, 3, vec, 1));
    announce("resident_count");
    must(mmapx_resident_count(&other, 1, 3, &pages));
    announce("lock");
    must(mmapx_lock(&m, 1, 3, 0));
    announce("unlock");
    must(mmapx_unlock(&m, 1, 3));
    announce("protect");
    must(mmapx_protect(&m, 0, MMAPX_TO_END, PROT_READ));
    announce("sync");
    must(mmapx_sync(&m, 1, 3, MS_SYNC));
    announce("sync_file");
    must(mmapx_sync_file(&m, fd, 1, 3));
    announce("cache_stat");
    must(mmapx_cache_stat(fd, 0, -1, &cache));
    announce("empty");
    must(mmapx_advise(&m, 1, 0, MMAPX_MADV_WILLNEED));
    must(mmapx_residency(&m, 1, 0, NULL, 0));
    must(mmapx_lock(&m, 1, 0, 0));
    must(mmapx_unlock(&m, 1, 0));
    must(mmapx_protect(&m, 1, 0, PROT_NONE));
    must(mmapx_sync(&m, 1, 0, MS_SYNC));
    must(mmapx_sync_file(&m, fd, 1, 0));
    announce("unmap");
    must(mmapx_unmap(&m));
    announce("end");
    return 0;
}
