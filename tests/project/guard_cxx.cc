/* SPDX-License-Identifier: MIT */
/* Locks and destructors under mmapx_guard_zeros(): the function goes on behind
 * a fault, so that each is given back at its place. */
#include <libmmapx.h>

#include <cstdio>
#include <mutex>
#include <string>
#include <vector>

#include <unistd.h>

static std::mutex lock;
static int destroyed;

struct object {
    ~object() { destroyed++; }
};

/* The sum of the first bytes of the pages, with things in its hands. */
static int
add_up(void *arg)
{
    const mmapx *m = static_cast<const mmapx *>(arg);
    std::lock_guard<std::mutex> held(lock);
    std::vector<std::string> strings;
    int sum = 0;

    for (size_t i = 0; i < m->len; i += mmapx_page_size(m)) {
        object o;

        strings.push_back(std::string(1000, 'x'));
        sum += static_cast<volatile unsigned char *>(m->addr)[i];
    }
    return sum + static_cast<int>(strings.size());
}

int
main()
{
    std::FILE *file = std::tmpfile();
    long page = sysconf(_SC_PAGESIZE);
    size_t faults = 0;
    mmapx m;

    if (file == nullptr || ftruncate(fileno(file), 4 * page) != 0
        || pwrite(fileno(file), "\7", 1, 0) != 1
        || mmapx_map(&m, fileno(file), PROT_READ, MAP_SHARED) != 0
        || ftruncate(fileno(file), 1) != 0)
        return 1;
    if (mmapx_guard_zeros(&m, add_up, &m, &faults) != 7 + 4 || faults != 3)
        return 2;
    if (destroyed != 4 || !lock.try_lock())
        return 3;
    lock.unlock();
    return mmapx_unmap(&m) == 0 ? 0 : 4;
}
