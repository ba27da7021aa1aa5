/* SPDX-License-Identifier: MIT */
/* Access control lists, which grant more than the mode of a file tells. */
#ifndef TOOL_ACL_H
#define TOOL_ACL_H

/* Give a new file the list of an old one, or none if the old one has none.
 * Returns 0 or -1. */
int acl_copy(int fd, const char *old);

#endif /* TOOL_ACL_H */
