/* SPDX-License-Identifier: MIT */
/* Telling a service manager about the program's state. */
#ifndef TOOL_NOTIFY_H
#define TOOL_NOTIFY_H

#include <stdbool.h>

/* Send a state such as "READY=1" to the socket that $NOTIFY_SOCKET names, as
 * sd_notify(3) describes.  Without such a socket nothing happens.  False if the
 * manager does not listen, or has too much to read. */
bool tool_notify(const char *state);

#endif /* TOOL_NOTIFY_H */
