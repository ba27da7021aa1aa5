/* SPDX-License-Identifier: MIT */
/* GLib: g_mapped_file_new_from_fd(), g_mapped_file_unref(). */
#include "peer.h"

#include <fcntl.h>
#include <glib.h>
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
    GMappedFile *m = g_mapped_file_new_from_fd(f->fd, FALSE, NULL);

    if (m == NULL)
        return 0;
    g_mapped_file_unref(m);
    return 1;
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
