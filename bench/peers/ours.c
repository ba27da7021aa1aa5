/* SPDX-License-Identifier: MIT */
/* libmmapx in a process of its own, to be compared with the others': by
 * descriptor, or by name where the peer opens the file too. */
#include "peer.h"

#include <fcntl.h>
#include <libmmapx.h>
#include <string.h>
#include <unistd.h>

static int
begin(struct peer_file *f)
{
    f->fd = open(f->path, O_RDONLY);
    return f->fd >= 0;
}

static int
map(struct peer_file *f)
{
    struct mmapx m;
    int r = strcmp(f->command, "path") == 0
                ? mmapx_map_path(&m, f->path, PROT_READ, MAP_SHARED)
                : mmapx_map(&m, f->fd, PROT_READ, MAP_SHARED);

    return r == 0 && mmapx_unmap(&m) == 0;
}

static void
end(struct peer_file *f)
{
    close(f->fd);
}

int
main(void)
{
    return peer_main(begin, map, end);
}
