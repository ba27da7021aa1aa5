/* SPDX-License-Identifier: MIT */
/* Telling a service manager about the program's state: one datagram, for which
 * a library would be more than is needed. */
#include "tool.h"
#include "notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

bool
tool_notify(const char *state)
{
    const char *name = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    size_t len = name != NULL ? strlen(name) : 0;
    bool sent;
    int fd;

    if (len < 2 || len > sizeof address.sun_path
        || (name[0] != '/' && name[0] != '@'))
        return true;
    memcpy(address.sun_path, name, len);
    /* A name that begins with a NUL is in no file system. */
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (fd < 0)
        return false;
    /* A manager that does not listen is no failure of the work, and one that is
     * behind is not waited for. */
    sent = sendto(fd, state, strlen(state), MSG_DONTWAIT,
                  (struct sockaddr *)&address,
                  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len))
           >= 0;
    close(fd);
    return sent;
}
