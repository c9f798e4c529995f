#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

/* `prctl` is variadic, which Swift does not import. Names the calling thread; the kernel keeps 15 bytes. */
static inline void cepoll_name_thread(const char *name) {
    prctl(PR_SET_NAME, name);
}
