/* SPDX-License-Identifier: MIT */
/* What was measured on: the header of the table. */
#include "harness/machine.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "harness/options.h"
#include "harness/output.h"
#include "libmmapx.h"

/* The first line of a file, or "unknown". */
static const char *
first_line(const char *path, char *line, size_t size)
{
    FILE *in = fopen(path, "re");

    if (in == NULL || fgets(line, (int)size, in) == NULL)
        snprintf(line, size, "unknown");
    if (in != NULL)
        fclose(in);
    line[strcspn(line, "\n")] = '\0';
    return line;
}

/* What follows "key" and a colon in a file, or "unknown". */
static const char *
value_in(const char *path, const char *key, char *line, size_t size)
{
    FILE *in = fopen(path, "re");
    char *value = NULL;

    while (in != NULL && value == NULL
           && fgets(line, (int)size, in) != NULL)
        if (strncmp(line, key, strlen(key)) == 0)
            value = strchr(line, ':');
    if (in != NULL)
        fclose(in);
    if (value == NULL)
        return "unknown";
    value += 1 + strspn(value + 1, " \t");
    value[strcspn(value, "\n")] = '\0';
    return value;
}

static uint64_t
memory(const char *key)
{
    char line[128];

    return strtoull(value_in("/proc/meminfo", key, line, sizeof line), NULL,
                    10)
           * 1024;
}

uint64_t
machine_available(void)
{
    return memory("MemAvailable");
}

uint64_t
machine_disk(void)
{
    struct statvfs fs;

    if (statvfs(opt.dir, &fs) < 0)
        die("%s", opt.dir);
    return (uint64_t)fs.f_bavail * fs.f_frsize;
}

static void
fact(const char *name, const char *value)
{
    if (opt.table != NULL)
        fprintf(opt.table, "# %-12s %s\n", name, value);
    if (opt.json != NULL) {
        fprintf(opt.json, ",\"%s\":", name);
        json_string(opt.json, value);
    }
}

/* "ext4 on /dev/vda", from the line of mountinfo with the device's number. */
static void
file_system(dev_t dev, char *text, size_t size)
{
    FILE *in = fopen("/proc/self/mountinfo", "re");
    char line[1024], number[32], type[64], source[256];

    snprintf(text, size, "unknown");
    snprintf(number, sizeof number, " %u:%u ", major(dev), minor(dev));
    while (in != NULL && fgets(line, sizeof line, in) != NULL) {
        const char *rest = strstr(line, " - ");

        if (strstr(line, number) != NULL && rest != NULL
            && sscanf(rest, " - %63s %255s", type, source) == 2)
            snprintf(text, size, "%s on %s", type, source);
    }
    if (in != NULL)
        fclose(in);
}

static void
print_storage(void)
{
    uint64_t free_bytes = machine_disk();
    char text[512], path[96], line[64];
    struct stat sb;

    if (stat(opt.dir, &sb) < 0)
        die("%s", opt.dir);
    file_system(sb.st_dev, text, sizeof text);
    fact("files", text);
    snprintf(path, sizeof path, "/sys/class/bdi/%u:%u/read_ahead_kb",
             major(sb.st_dev), minor(sb.st_dev));
    snprintf(text, sizeof text, "%s KiB",
             first_line(path, line, sizeof line));
    fact("read-ahead", text);
    fact("disk free", bytes_text((double)free_bytes));
}

static void
print_system(void)
{
    uint64_t total = memory("MemTotal");
    uint64_t available = machine_available();
    char text[256], line[256];
    struct utsname u;

    uname(&u);
    snprintf(text, sizeof text, "%s %s %s", u.sysname, u.release, u.machine);
    fact("kernel", text);
    snprintf(text, sizeof text, "%ld x %s", sysconf(_SC_NPROCESSORS_ONLN),
             value_in("/proc/cpuinfo", "model name", line, sizeof line));
    fact("cpu", text);
    snprintf(text, sizeof text, "%s, %s available",
             bytes_text((double)total),
             bytes_text((double)available));
    fact("memory", text);
    snprintf(text, sizeof text, "%zu", page_size());
    fact("page size", text);
    fact("thp", first_line("/sys/kernel/mm/transparent_hugepage/enabled", line,
                           sizeof line));
}

void
machine_print(void)
{
    const char *commit = getenv("MMAPX_COMMIT");
    char text[256], line[128];
    time_t t = time(NULL);

    if (opt.json != NULL)
        fprintf(opt.json, "{\"type\":\"machine\"");
    snprintf(text, sizeof text, "%s%s%s", mmapx_version(),
             commit != NULL && commit[0] != '\0' ? ", commit " : "",
             commit != NULL ? commit : "");
    fact("libmmapx", text);
    print_system();
    print_storage();
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", gmtime(&t));
    fact("date", text);
    fact("load before", first_line("/proc/loadavg", line, sizeof line));
    fact("user", geteuid() == 0 ? "root" : "not root");
    snprintf(text, sizeof text, "%llu", (unsigned long long)opt.seed);
    fact("seed", text);
    fact("sizes", opt.quick ? "quick" : "full");
    if (opt.json != NULL)
        fprintf(opt.json, "}\n");
}
