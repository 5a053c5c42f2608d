/* ring.c - the mapped ring of an AF_PACKET socket (TPACKET_V1, V2), filled when the program polls.
 *
 * How it works: a program with a ring reads frames out of shared memory and waits in poll().
 * Before and after the native poll, frames are moved from the descriptor to the ring. That is
 * when the program would see them anyway, so the simulator need not know of rings. libpcap
 * from 1.10 on cannot do without one, but takes version 2 where 3 is refused.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tools/preload/preload.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S  1000000000u
#define ALIGN     16u           /* TPACKET_ALIGNMENT */
#define LEAST_MAC 16u           /* room that the kernel leaves for a link-layer header */
#define HDR_LEN   ((unsigned)sizeof(struct tpacket2_hdr))
#define NAME_AT   ((HDR_LEN + ALIGN - 1) / ALIGN * ALIGN)       /* where sockaddr_ll is */
#define HEADS_LEN (NAME_AT + (unsigned)sizeof(struct sockaddr_ll))      /* TPACKET2_HDRLEN */

struct ring {
    uint64_t id;                /* of the socket, 0: free */
    int version;
    unsigned reserve;
    struct tpacket_req req;     /* all 0: no ring */
    int memory_fd;
    uint8_t *map;               /* our own mapping */
    size_t size;
    unsigned head;              /* frame to fill next */
};

#define MOST_RINGS 64
static struct ring rings[MOST_RINGS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int n_rings;     /* 0: nobody has to look */

static struct ring *find(uint64_t id)
{
    for (size_t i = 0; i < MOST_RINGS; i++) {
        if (rings[i].id == id)
            return &rings[i];
    }
    return NULL;
}

static struct ring *find_or_make(uint64_t id)
{
    struct ring *r = find(id);

    if (r)
        return r;
    r = find(0);
    if (r) {
        *r = (struct ring){ .id = id, .version = TPACKET_V1, .memory_fd = -1 };
        n_rings++;
    }
    return r;
}

static void *map_native(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
    return (void *)syscall(SYS_mmap, addr, len, prot, flags, fd, offset);
}

/* ---- options --------------------------------------------------------------------------------- */

bool ring_has_option(int name)
{
    return name == PACKET_VERSION || name == PACKET_HDRLEN || name == PACKET_RESERVE
           || name == PACKET_RX_RING;
}

static void unmap(struct ring *r)
{
    if (r->map)
        munmap(r->map, r->size);
    if (r->memory_fd >= 0)
        real.close(r->memory_fd);
    r->map = NULL;
    r->memory_fd = -1;
    r->req = (struct tpacket_req){ 0 };
}

void ring_close(uint64_t id)
{
    struct ring *r;

    if (!n_rings)
        return;
    pthread_mutex_lock(&lock);
    r = find(id);
    if (r) {
        unmap(r);
        r->id = 0;
        n_rings--;
    }
    pthread_mutex_unlock(&lock);
}

/* The kernel's rules for sizes. */
static int check_req(const struct ring *r, const struct tpacket_req *q)
{
    unsigned page = (unsigned)sysconf(_SC_PAGESIZE);

    if (!q->tp_block_size || q->tp_block_size % page || !q->tp_block_nr
        || q->tp_frame_size % ALIGN
        || q->tp_frame_size < HEADS_LEN + r->reserve + LEAST_MAC
        || q->tp_frame_size > q->tp_block_size
        || (uint64_t)q->tp_block_size * q->tp_block_nr > UINT32_MAX / 2
        || q->tp_block_size / q->tp_frame_size * q->tp_block_nr != q->tp_frame_nr)
        return EINVAL;
    return 0;
}

static int set_up(struct ring *r, const struct tpacket_req *q)
{
    int err = check_req(r, q);

    if (err)
        return err;
    unmap(r);
    r->size = (size_t)q->tp_block_size * q->tp_block_nr;
    r->memory_fd = memfd_create("dpsim-ring", MFD_CLOEXEC);
    if (r->memory_fd < 0)
        return ENOMEM;
    r->memory_fd = fd_raise(r->memory_fd, true);
    r->map = ftruncate(r->memory_fd, (off_t)r->size)
                 ? MAP_FAILED
                 : map_native(NULL, r->size, PROT_READ | PROT_WRITE, MAP_SHARED, r->memory_fd, 0);
    if (r->map == MAP_FAILED) {
        r->map = NULL;
        unmap(r);
        return ENOMEM;
    }
    r->req = *q;
    r->head = 0;
    return 0;
}

static int set_ring(struct ring *r, const void *val, socklen_t len)
{
    struct tpacket_req q;

    if (len < sizeof(q))
        return EINVAL;
    memcpy(&q, val, sizeof(q));
    if (q.tp_block_nr)
        return r->map ? EBUSY : set_up(r, &q);
    unmap(r);
    return q.tp_frame_nr ? EINVAL : 0;
}

static int set_number(struct ring *r, int name, int value)
{
    if (r->map)
        return EBUSY;
    if (name == PACKET_VERSION) {
        if (value != TPACKET_V1 && value != TPACKET_V2)
            return EINVAL;
        r->version = value;
        return 0;
    }
    if (name != PACKET_RESERVE || value < 0 || value > 65536)
        return EINVAL;
    r->reserve = (unsigned)value;
    return 0;
}

int ring_set_option(uint64_t id, int name, const void *val, socklen_t len)
{
    int value = 0, err = ENOMEM;
    struct ring *r;

    if (name == PACKET_HDRLEN)
        return ENOPROTOOPT;
    if (!val)
        return EFAULT;
    if (len < sizeof(value))
        return EINVAL;
    memcpy(&value, val, sizeof(value));
    pthread_mutex_lock(&lock);
    r = find_or_make(id);
    if (r)
        err = name == PACKET_RX_RING ? set_ring(r, val, len) : set_number(r, name, value);
    pthread_mutex_unlock(&lock);
    return err;
}

/* PACKET_HDRLEN asks about the version in 'val'. */
int ring_get_option(uint64_t id, int name, void *val, socklen_t *len)
{
    const struct ring *r;
    int value = 0;

    if (*len < sizeof(value))
        return EINVAL;
    memcpy(&value, val, sizeof(value));
    pthread_mutex_lock(&lock);
    r = find(id);
    if (name == PACKET_HDRLEN)
        value = value == TPACKET_V1 || value == TPACKET_V2 ? (int)HDR_LEN : -1;
    else if (name == PACKET_VERSION)
        value = r ? r->version : TPACKET_V1;
    else
        value = name == PACKET_RESERVE ? (int)(r ? r->reserve : 0) : -1;
    pthread_mutex_unlock(&lock);
    if (value < 0)
        return EINVAL;
    memcpy(val, &value, sizeof(value));
    *len = sizeof(value);
    return 0;
}

/* ---- filling --------------------------------------------------------------------------------- */

static uint8_t *frame_at(const struct ring *r, unsigned i)
{
    unsigned per_block = r->req.tp_block_size / r->req.tp_frame_size;

    return r->map + (size_t)(i / per_block) * r->req.tp_block_size
           + (size_t)(i % per_block) * r->req.tp_frame_size;
}

static _Atomic uint32_t *status_of(uint8_t *frame)
{
    return (_Atomic uint32_t *)(void *)frame;
}

static bool is_full(const struct ring *r)
{
    return atomic_load(status_of(frame_at(r, r->head))) != TP_STATUS_KERNEL;
}

/* As the kernel's poll: is the frame filled last still unread? */
static bool is_readable(const struct ring *r)
{
    unsigned last = (r->head ? r->head : r->req.tp_frame_nr) - 1;

    return atomic_load(status_of(frame_at(r, last))) != TP_STATUS_KERNEL;
}

/* The two versions are as long, and begin with the status: the first with 64 bits of it. */
static void put_head(const struct ring *r, uint8_t *frame, const struct proto_ll *ll,
                     uint32_t snaplen, unsigned mac, unsigned net)
{
    const struct tpacket2_hdr second = {
        .tp_len = ll->len, .tp_snaplen = snaplen,
        .tp_mac = (uint16_t)mac, .tp_net = (uint16_t)net,
        .tp_sec = (uint32_t)(ll->time_ns / NS_PER_S), .tp_nsec = (uint32_t)(ll->time_ns % NS_PER_S),
        .tp_vlan_tci = ll->vlan_tci, .tp_vlan_tpid = ll->vlan_tpid,
    };
    const struct tpacket_hdr first = {
        .tp_len = second.tp_len, .tp_snaplen = snaplen, .tp_mac = second.tp_mac,
        .tp_net = second.tp_net, .tp_sec = second.tp_sec, .tp_usec = second.tp_nsec / 1000,
    };

    _Static_assert(sizeof(first) == sizeof(second), "HDR_LEN is of both");
    if (r->version == TPACKET_V2)
        memcpy(frame, &second, sizeof(second));
    else
        memcpy(frame, &first, sizeof(first));
}

/* Moves one frame into the ring. False: there is none, or no room. */
static bool fill_one(struct ring *r, struct fd_entry *entry, int fd)
{
    bool is_raw = (entry->type & ~PROTO_PACKET) == SOCK_RAW;
    unsigned net = (HEADS_LEN + LEAST_MAC + ALIGN - 1) / ALIGN * ALIGN + r->reserve;
    unsigned mac = is_raw ? net - 14 : net, room = r->req.tp_frame_size - mac;
    uint8_t *frame = frame_at(r, r->head);
    struct proto_ll ll;
    ssize_t n;

    if (is_full(r))
        return false;
    n = recv_frame(entry, fd, frame + mac, room, &ll);
    if (n < 0)
        return false;
    put_head(r, frame, &ll, (uint32_t)n < room ? (uint32_t)n : room, mac, net);
    packet_fill_name(&ll, frame + NAME_AT);
    atomic_store(status_of(frame), TP_STATUS_USER | ll.status);
    r->head = (r->head + 1) % r->req.tp_frame_nr;
    return true;
}

/* Is there a ring behind 'fd'? Fills it; '*readable' as poll shall say. */
static bool fill(int fd, bool *readable)
{
    struct fd_entry *entry = fd_sock(fd);
    struct ring *r;
    bool found;

    if (!entry || !fd_is_packet(entry))
        return false;
    pthread_mutex_lock(&lock);
    r = find(entry->id);
    found = r && r->map;
    if (found) {
        while (fill_one(r, entry, fd))
            ;
        *readable = is_readable(r);
    }
    pthread_mutex_unlock(&lock);
    return found;
}

/* ---- mmap and poll --------------------------------------------------------------------------- */

EXPORT void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
    struct fd_entry *entry;
    int memory_fd = -1;
    struct ring *r;

    /* An allocator may call this before anything else is set up. */
    if (!n_rings)
        return map_native(addr, len, prot, flags, fd, offset);
    entry = fd_sock(fd);
    if (!entry)
        return map_native(addr, len, prot, flags, fd, offset);
    pthread_mutex_lock(&lock);
    r = find(entry->id);
    if (r && r->map && len == r->size && !offset)
        memory_fd = r->memory_fd;
    pthread_mutex_unlock(&lock);
    if (memory_fd < 0) {
        errno = EINVAL;
        return MAP_FAILED;
    }
    return map_native(addr, len, prot, flags, memory_fd, 0);
}

EXPORT __typeof__(mmap) mmap64 __attribute__((alias("mmap")));

/* Fills the rings among 'fds'. Returns how many of them are readable; 'has_ring': is there one? */
static int fill_all(struct pollfd *fds, nfds_t n, bool *has_ring)
{
    int n_readable = 0;

    for (nfds_t i = 0; i < n; i++) {
        bool readable = false;

        if (!(fds[i].events & POLLIN) || fds[i].fd < 0 || !fill(fds[i].fd, &readable))
            continue;
        *has_ring = true;
        n_readable += readable;
    }
    return n_readable;
}

/* What the native poll said of rings' descriptors is replaced. Returns how many are ready now. */
static int correct(struct pollfd *fds, nfds_t n)
{
    int n_ready = 0;

    for (nfds_t i = 0; i < n; i++) {
        bool readable = false;

        if (fds[i].fd >= 0 && (fds[i].events & POLLIN) && fill(fds[i].fd, &readable)) {
            fds[i].revents &= (short)~(POLLIN | POLLRDNORM);
            fds[i].revents |= readable ? POLLIN : 0;
        }
        n_ready += fds[i].revents != 0;
    }
    return n_ready;
}

/* A descriptor that turns out to hold no frame (another thread took it) is waited for again. */
EXPORT int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
                 const sigset_t *mask)
{
    static const struct timespec at_once;
    bool has_ring = false;
    int rc;

    if (!preload_on())
        return real.ppoll(fds, n, timeout, mask);
    if (wait_is_long(timeout) && wait_ends_poll(fds, n))
        return fail(EINTR);
    if (!n_rings)
        return real.ppoll(fds, n, timeout, mask);
    if (fill_all(fds, n, &has_ring))
        timeout = &at_once;
    do {
        rc = real.ppoll(fds, n, timeout, mask);
        if (rc < 0 || !has_ring)
            return rc;
        rc = correct(fds, n);
    } while (!rc && !timeout);
    return rc;
}

EXPORT int poll(struct pollfd *fds, nfds_t n, int timeout)
{
    struct timespec ts = { timeout / 1000, timeout % 1000 * 1000000L };

    if (!preload_on() || !(n_rings || ctl_asks_to_wait()))
        return real.poll(fds, n, timeout);
    return ppoll(fds, n, timeout < 0 ? NULL : &ts, NULL);
}

EXPORT int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t room);
extern void __chk_fail(void) __attribute__((noreturn));

int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t room)
{
    if (room / sizeof(*fds) < n)
        __chk_fail();
    return poll(fds, n, timeout);
}
