/* The rule of macOS' kernel (XNU) for sockets, to be preloaded on Linux: a socket that is shut in both directions, or was
   reset, takes no options any more. setsockopt says EINVAL. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

static int is_over(int socket) {
    struct tcp_info info;
    socklen_t size = sizeof info;
    if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return 0;
    switch (info.tcpi_state) {
        case TCP_TIME_WAIT: case TCP_CLOSE: case TCP_LAST_ACK: case TCP_CLOSING: return 1;
        default: return 0;
    }
}

int setsockopt(int socket, int level, int name, const void *value, socklen_t size) {
    static int (*real)(int, int, int, const void *, socklen_t);
    if (!real) real = (int (*)(int, int, int, const void *, socklen_t))dlsym(RTLD_NEXT, "setsockopt");
    int is_time = level == SOL_SOCKET && (name == SO_RCVTIMEO || name == SO_SNDTIMEO);
    if ((is_time || (level == IPPROTO_TCP && name == TCP_NODELAY)) && is_over(socket)) {
        errno = EINVAL;
        return -1;
    }
    return real(socket, level, name, value, size);
}
