/* SPDX-License-Identifier: MIT */
/* mmapx status: how much of each file is in memory, and where. */
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file is looked at through a window of so many pages: it needs little
 * memory, whatever its size, and fits into any address space. */
enum { WINDOW = 16384 };

/* How the lines are laid out. */
struct layout {
    struct tool_screen screen;
    bool exact;    /* sizes in bytes */
    int widths[2]; /* columns of the resident part and of the size */
    size_t bar;    /* cells of the bar */
};

/*
 * Open what can be mapped.  Anything else is not even opened: that would let
 * the writer of a FIFO go on, and there are devices that start something.
 * Returns 0 or an errno.
 */
static int
open_file(const char *path, int *fd, int64_t *size)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return errno;
    if (S_ISDIR(st.st_mode))
        return EISDIR;
    if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
        return ENODEV;
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (*fd < 0)
        return errno;
    *size = S_ISBLK(st.st_mode) ? lseek(*fd, 0, SEEK_END) : st.st_size;
    if (*size >= 0)
        return 0;

    int error = errno;

    close(*fd);
    return error;
}

/* Add the resident runs of a mapping whose first byte is the file's at off. */
static int
add_resident(struct bar *bar, const struct mmapx *m, int64_t off)
{
    unsigned char vec[WINDOW];
    size_t page = mmapx_page_size(m);
    size_t n = mmapx_page_count(m, 0, MMAPX_TO_END);

    if (mmapx_residency(m, 0, MMAPX_TO_END, vec, WINDOW) < 0)
        return errno;
    for (size_t i = 0, next; i < n; i = next) {
        const unsigned char *other = memchr(vec + i, !vec[i], n - i);

        next = other != NULL ? (size_t)(other - vec) : n;
        if (vec[i])
            bar_add(bar, off + (int64_t)(i * page),
                    (int64_t)((next < n ? next * page : m->len) - i * page));
    }
    return 0;
}

/* Fill the bar with what is resident.  Returns 0 or an errno. */
static int
survey(struct bar *bar, int fd)
{
    int64_t window = (int64_t)(WINDOW * mmapx_page_size(NULL));
    int64_t off = 0;
    int error;

    /* An empty file is mapped too: it shows whether that can be done. */
    do {
        int64_t left = bar->len - off;
        size_t len = (size_t)(left < window ? left : window);
        struct mmapx m;

        if (mmapx_map_region(&m, fd, off, len, PROT_READ, MAP_SHARED) < 0)
            return errno;
        error = add_resident(bar, &m, off);
        mmapx_unmap(&m);
        off += (int64_t)len;
    } while (error == 0 && off < bar->len);
    return error;
}

/* "0%" and "100%" mean none and all, and are not rounded to. */
static const char *
percent(char buf[static 8], const struct bar *bar)
{
    double value = 100 * (double)bar->filled / (double)bar->len;

    if (bar->filled > 0 && value < 1)
        return "<1%";
    if (bar->filled < bar->len && value > 99)
        return ">99%";
    snprintf(buf, 8, "%.0f%%", value);
    return buf;
}

static void
print_line(const char *path, const struct bar *bar, bool known,
           const struct layout *lay)
{
    bool drawn = known && bar->len > 0;
    char resident[24];
    char size[24];
    char part[8];

    printf("%*s of %*s  %4s  ", lay->widths[0],
           known ? tool_size(resident, bar->filled, lay->exact) : "unknown",
           lay->widths[1], tool_size(size, bar->len, lay->exact),
           drawn ? percent(part, bar) : "-");
    if (drawn)
        bar_print(bar, &lay->screen);
    else
        printf("%*s", (int)lay->bar + 2, "");
    fputs("  ", stdout);
    tool_name(stdout, path);
    putchar('\n');
}

static int
show(const char *path, const struct layout *lay)
{
    struct bar bar;
    int64_t size = 0;
    int fd = -1;
    int error = open_file(path, &fd, &size);

    if (error != 0)
        return tool_failed(path, error);
    bar_init(&bar, size, lay->bar);
    error = survey(&bar, fd);
    close(fd);
    /* EPERM: the kernel tells only the owner and those who may write. */
    if (error != 0 && error != EPERM)
        return tool_failed(path, error);
    print_line(path, &bar, error == 0, lay);
    return error == 0 ? TOOL_OK : TOOL_FAILED;
}

/* On a terminal the bar has the room that the longest name leaves. */
static void
lay_out(struct layout *lay, char **paths)
{
    enum { LEAST = 10, USUAL = 32, GAPS = 4 + 2 + 4 + 2 + 2 + 2 };
    size_t used = 0;

    tool_screen(&lay->screen);
    lay->widths[0] = lay->exact ? 13 : 7;
    lay->widths[1] = lay->exact ? 13 : 5;
    lay->bar = USUAL;
    if (lay->screen.columns == 0)
        return;
    for (; *paths != NULL; paths++) {
        size_t name = tool_name(NULL, *paths);

        used = name > used ? name : used;
    }
    used += GAPS + (size_t)lay->widths[0] + (size_t)lay->widths[1];
    lay->bar = LEAST;
    if (lay->screen.columns > used + LEAST)
        lay->bar = lay->screen.columns - used;
    if (lay->bar > BAR_CELLS)
        lay->bar = BAR_CELLS;
}

static int
help(void)
{
    puts("Usage: mmapx status [OPTION]... FILE...\n"
         "Show how much of each FILE is in memory, and where.\n"
         "\n"
         "Options:\n"
         "  -b, --bytes   show sizes in bytes\n"
         "  --help        show this help and exit");
    return TOOL_OK;
}

int
tool_status(int argc, char **argv)
{
    static const struct option options[] = {
        { "bytes", no_argument, NULL, 'b' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    struct layout lay = { .exact = false };
    int status = TOOL_OK;
    int c;

    while ((c = getopt_long(argc, argv, "b", options, NULL)) != -1)
        switch (c) {
        case 'b':
            lay.exact = true;
            break;
        case 'h':
            return help();
        default:
            return tool_usage(NULL, NULL);
        }
    if (optind >= argc)
        return tool_usage("no file given", NULL);

    lay_out(&lay, argv + optind);
    for (; optind < argc; optind++)
        if (show(argv[optind], &lay) != TOOL_OK)
            status = TOOL_FAILED;
    return status;
}
