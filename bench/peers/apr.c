/* SPDX-License-Identifier: MIT */
/* APR: apr_file_info_get() for the size, which apr_mmap_create() does not find
 * out, and apr_mmap_delete(); in a pool that is cleared each time, since a
 * mapping takes memory from it. */
#include "peer.h"

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_mmap.h>

static apr_pool_t *files, *mappings;

static int
begin(struct peer_file *f)
{
    apr_file_t *file;

    if (apr_file_open(&file, f->path, APR_READ, APR_OS_DEFAULT, files) != 0)
        return 0;
    f->object = file;
    return 1;
}

static int
map(struct peer_file *f)
{
    apr_file_t *file = (apr_file_t *)f->object;
    apr_finfo_t info;
    apr_mmap_t *m;

    if (apr_file_info_get(&info, APR_FINFO_SIZE, file) != 0
        || apr_mmap_create(&m, file, 0, (apr_size_t)info.size, APR_MMAP_READ,
                           mappings) != 0
        || apr_mmap_delete(m) != 0)
        return 0;
    apr_pool_clear(mappings);
    return 1;
}

static void
end(struct peer_file *f)
{
    (void)f;
    apr_pool_clear(files);
}

int
main(void)
{
    if (apr_initialize() != 0 || apr_pool_create(&files, NULL) != 0
        || apr_pool_create(&mappings, NULL) != 0)
        return 1;
    return peer_main(begin, map, end);
}
