// SPDX-License-Identifier: MIT
// Boost.Iostreams: mapped_file_source, which opens the file by its name each
// time; it takes no descriptor.
#include "peer.h"

#include <boost/iostreams/device/mapped_file.hpp>
#include <exception>

static int
begin(struct peer_file *f)
{
    (void)f;
    return 1;
}

static int
map(struct peer_file *f)
{
    try {
        boost::iostreams::mapped_file_source m(f->path);
        bool good = m.is_open();

        m.close();
        return good;
    } catch (const std::exception &) {
        return 0;
    }
}

static void
end(struct peer_file *f)
{
    (void)f;
}

int
main()
{
    return peer_main(begin, map, end);
}
