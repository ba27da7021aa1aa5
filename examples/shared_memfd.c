/* SPDX-License-Identifier: MIT */
/*
 * Two processes share memory that neither can take away from the other.
 *
 *     cc -o shared_memfd shared_memfd.c $(pkg-config --cflags --libs mmapx)
 *     ./shared_memfd
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libmmapx.h>

/* A descriptor on its way, with the one byte that has to go along. */
struct parcel {
    struct msghdr msg;
    struct iovec iov;
    long long control[8];
    char byte;
};

static void
wrap(struct parcel *p, int fd)
{
    p->byte = 0;
    p->iov = (struct iovec){ &p->byte, 1 };
    p->msg = (struct msghdr){ .msg_iov = &p->iov, .msg_iovlen = 1,
                              .msg_control = p->control,
                              .msg_controllen = CMSG_SPACE(sizeof fd) };
    *CMSG_FIRSTHDR(&p->msg) = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof fd),
        .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
    };
    memcpy(CMSG_DATA(CMSG_FIRSTHDR(&p->msg)), &fd, sizeof fd);
}

static int
child(int sock)
{
    struct parcel p;
    struct mmapx m;
    int fd = -1;

    wrap(&p, fd);
    if (recvmsg(sock, &p.msg, 0) != 1 || CMSG_FIRSTHDR(&p.msg) == NULL)
        return 1;
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&p.msg)), sizeof fd);
    /* Who knows what was sent?  Only with a 0 it needs no guard below. */
    if (mmapx_map(&m, fd, PROT_READ | PROT_WRITE, MAP_SHARED) != 0
        || mmapx_can_fault(&m, fd) != 0 || ftruncate(fd, 0) == 0)
        return 1;
    printf("child: %.*s\n", (int)m.len, (const char *)m.addr);
    snprintf(m.addr, m.len, "hello, parent");
    return mmapx_unmap(&m) != 0;
}

int
main(void)
{
    struct parcel p;
    struct mmapx m;
    int sock[2], fd, status;

    if (mmapx_map_memfd(&m, &fd, "example", 4096, 0) != 0
        || socketpair(AF_UNIX, SOCK_STREAM, 0, sock) != 0) {
        perror("shared_memfd");
        return 1;
    }
    if (fork() == 0)
        return close(sock[0]) != 0 || child(sock[1]);
    snprintf(m.addr, m.len, "hello, child");
    wrap(&p, fd);
    if (sendmsg(sock[0], &p.msg, 0) != 1 || wait(&status) < 0 || status != 0)
        return 1;
    printf("parent: %.*s\n", (int)m.len, (const char *)m.addr);
    return mmapx_unmap(&m) != 0;
}
