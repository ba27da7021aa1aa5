/* SPDX-License-Identifier: MIT */
/* Names of files that end with a NUL each. */
#include "tool.h"
#include "names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool keeps;
static FILE *kept; /* what was read once */

void
names_keep(void)
{
    keeps = true;
}

/* Standard input may be shared, so what is there again later is not known. */
static bool
is_read_once(const struct names *names)
{
    struct stat st;

    return names->in == stdin || fstat(fileno(names->in), &st) < 0
           || !S_ISREG(st.st_mode);
}

bool
names_begin(struct names *names, const char *from)
{
    *names = (struct names){ .in = kept };
    if (kept != NULL) {
        rewind(kept);
        return true;
    }
    names->in = strcmp(from, "-") == 0 ? stdin : fopen(from, "re");
    if (names->in == NULL) {
        names->error = errno;
        return false;
    }
    if (keeps && is_read_once(names)) {
        kept = names->copy = tmpfile();
        names->error = kept == NULL ? errno : 0;
    }
    return true;
}

bool
names_next(struct names *names)
{
    ssize_t n;

    errno = 0;
    n = getdelim(&names->name, &names->room, '\0', names->in);
    if (n < 0) {
        if (ferror(names->in))
            names->error = errno != 0 ? errno : EIO;
        return false;
    }
    if (names->copy != NULL
        && fwrite(names->name, 1, (size_t)n, names->copy) != (size_t)n)
        names->error = errno != 0 ? errno : EIO;
    return true;
}

void
names_end(struct names *names)
{
    if (names->copy != NULL && fflush(names->copy) != 0 && names->error == 0)
        names->error = errno;
    if (names->in != stdin && names->in != kept)
        fclose(names->in);
    free(names->name);
}
