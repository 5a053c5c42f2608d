/* client_int.h - what the files of the client endpoints share with each other and with replay/.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_CLIENT_INT_H
#define SIM_CLIENT_INT_H

#include <stdatomic.h>
#include <sys/stat.h>

#include "netlink/socket.h"
#include "sim/client.h"
#include "sim/limits.h"
#include "sim/proto.h"

#define LISTEN_ID 0             /* of epoll's events; no connection has this id */

/* A datagram that has been handed to the client's descriptor and perhaps not been read. */
struct pushed {
    uint32_t charge;            /* what reading it gives back to the socket */
    uint32_t weight;            /* what it adds to the descriptor's unread bytes */
    bool has_more;              /* it makes the client ask for the rest */
    bool is_exact;              /* 'weight' is the truth, otherwise it may be below */
};

#define N_WEIGHTS 4096          /* lengths whose weight is remembered */

struct device;

/* A process behind connections. */
struct peer {
    struct clients *all;
    pid_t pid;                  /* 0: of those for which this process has no name, together */
    unsigned number;            /* in order of coming */
    char name[32];
    unsigned n_users;           /* connections, and whoever looks at it now */
    uint64_t n[N_LIMITS], n_refused[N_LIMITS];  /* but for what 'share' has */
    struct sock_share share;    /* of its sockets */
    uint64_t turn;              /* the last one that it was served in, and for how long */
    int64_t turn_us;
};

struct conn {
    struct clients *all;
    struct peer *owner;
    enum limit counted;         /* what it counts as */
    int refusal;                /* -errno that its hello is answered with, 0: it is welcome */
    uint32_t events;            /* that epoll waits for */
    bool is_later;              /* it waits for an answer that comes when something has happened */
    bool is_broken;             /* nothing can be sent to it any more */
    bool owns_ns;               /* 'ns' counts as one of the owner's */
    GQueue answers;             /* client_answer.c: those that it has not made room for */
    uint64_t id;                /* of requests and events; slot in the low bits */
    uint32_t pid;               /* of the process that made it */
    pid_t peer;                 /* the same as this process would call it, 0: it has no name for it */
    bool is_inside;             /* conn_is_inside(): once it is, it stays so for whoever inherits the descriptor */
    bool is_met;                /* lockstep knows of it */
    bool is_left_unread;        /* its reader does not read, lockstep does not wait for that */
    unsigned number;            /* of its socket in the recorder's file, 0: none */
    uint32_t recorded_recv;     /* the largest buffer told there */
    int fd;
    enum { CONN_NEW, CONN_CTL, CONN_DATA, CONN_HOLD, CONN_TIME } kind;
    struct sim_ns *ns;          /* DATA, HOLD: counted in ns->n_users */
    struct sock *sock;          /* DATA */
    struct packet_sock *packet; /* DATA of an AF_PACKET socket: 'sock' is only its queue */
    GQueue pushed;              /* of struct pushed, oldest first */
    size_t weight;              /* of all of 'pushed' */
    size_t read_charge;         /* of what was read and 'sock' has not been told yet */
    unsigned n_more, n_inexact; /* of 'pushed' */
    size_t low, high;           /* unread bytes at which to ask for a PULL, and to stop */
    struct dgram *held;         /* taken, but the descriptor had no room */
    bool is_dirty;              /* in all->dirty */
    GList link;                 /* in all->unread while 'pushed' holds something */
    GList kept_link;            /* in all->kept_back while is_kept_back */
    bool is_kept_back;          /* something is queued that the descriptor has not got */
};

struct clients {
    struct sim *sim;
    char *path;
    int listen_fd, epoll_fd, page_fd;
    _Atomic int32_t *page;      /* pending errors by slot, see PROTO_SLOTS */
    uint64_t cookie;            /* tells simulators apart */
    GSource *source;
    GSource *alarm;             /* ends a wait of clients_serve() */
    GSource *deaf;              /* not NULL: nobody is let in until it ends */
    struct stat file;           /* the socket's */
    GPtrArray *slots;           /* of struct conn or NULL */
    GArray *free_slots;         /* of uint32_t */
    uint64_t generation;
    GPtrArray *dirty;           /* of struct conn: something was queued in this request */
    GPtrArray *waiters;         /* of struct waiter */
    GQueue jobs;                /* of struct job: client_jobs.c */
    GQueue unread;              /* of struct conn, by their 'link' */
    GQueue kept_back;           /* of struct conn, by their 'kept_link' */
    GHashTable *peers;          /* by pid */
    GQueue by_number;           /* of struct peer */
    unsigned n_peers;           /* that have ever come */
    GString *left;              /* what is to be told of peers that have gone */
    unsigned n_left;
    uint64_t n_refused_before;  /* to peers that have gone */
    unsigned n_turned_away;     /* connections that were refused and have not said hello */
    uint64_t n_strangers;       /* connections of other users, and the last one's */
    uid_t stranger;
    uint64_t n_awaited;         /* events of those that others wait for */
    uint64_t turn;              /* of serving those who want something */
    uint8_t *buf;
    uint32_t weights[N_WEIGHTS];        /* by length with header, 0: not known yet */
    uint64_t last_id;           /* who spoke last: probably the next one, too */
    unsigned n_guessed;         /* times in a row that this was right */
    unsigned depth;             /* clients_begin() without clients_end() */
    uint64_t clock_ns;          /* the machine's clock since then, 0: not asked yet */
    bool last_is_elsewhere;     /* who spoke last runs on another CPU */
    bool shares_clock;          /* clients live in virtual time */
    uint64_t n_served;          /* events of clients that were handled */
    uint64_t (*clock_of)(void *ctx, pid_t pid); /* a process's CLOCK_MONOTONIC, NULL: the machine's */
    void *clock_ctx;
    struct vtime *vtime;        /* its clients' scheduler: vtime.c; NULL: they run as they like */
};

/* client_conn.c */
struct conn *conn_new(struct clients *all, int fd);
void conn_free(struct conn *c);
struct conn *conn_find(const struct clients *all, uint64_t id);     /* NULL: gone */
struct conn *conn_of_sock(const struct sock *s);        /* NULL: of somebody inside the simulator */
bool conn_is_inside(struct conn *c);            /* virtual time is its client's, too; true where there is none */
bool conn_is_hung_up(const struct conn *c);     /* its client's last descriptor is closed */
int conn_open_sock(struct conn *c, struct sim_ns *ns, int type, int protocol);
void conn_hold(struct conn *c, struct sim_ns *ns);
struct sim_ns *conn_new_ns(struct conn *c);     /* NULL: it is one too many */

/* client.c: the answer to a hello, 'fd' going along if it is one. */
void conn_welcome(const struct conn *c, const struct proto_welcome *w, int fd);

bool conn_serve(struct conn *c);        /* what it has said; false: nothing. It may have ended */

/* client_listen.c */
int listen_start(struct clients *all, const char *path, struct err *e);
void listen_stop(struct clients *all);
void listen_accept(struct clients *all);
void listen_again(struct clients *all);         /* there may be a descriptor again */

/* client_peer.c */
struct peer *peer_get(struct clients *all, pid_t pid);
void peer_put(struct peer *p);                  /* the last one ends it */
int peer_take(struct peer *p, enum limit limit);        /* one more; 0 or -errno, counted */
void peer_give(struct peer *p, enum limit limit);
int peer_check_descriptors(struct peer *p);     /* may it have one more? 0 or -errno, counted */
bool peer_may_go_on(const struct peer *p);      /* its turn is not over */
void peer_note_time(struct peer *p, int64_t us);

/* client_answer.c */
void answer_send(struct conn *c, const struct proto_reply *rep, const void *bytes, size_t len);
void answer_later(struct conn *c);              /* it comes by answer_send() */
void answers_go_on(struct conn *c);
void answers_forget(struct conn *c);
bool conn_has_no_answer(const struct conn *c);     /* has not got its answer yet */
void conn_hang_up(const struct conn *c);        /* ends it, later */

/* client_push.c: from a socket's queue to the client's descriptor. */
void push_queued(struct conn *c);               /* as much as the window allows */
void push_note_read(struct conn *c, size_t buffer_len);     /* gives back what has been read */
void push_pull(struct conn *c, size_t buffer_len);          /* PROTO_PULL */
size_t push_read_since(struct sock *s);         /* hook of struct sock */
void push_forget(struct conn *c);

/* client_request.c */
void request_handle(struct conn *c, const void *bytes, size_t len);

/* client_record.c: what is told to the flight recorder, before it has effects. Without one: nothing. */
void record_begin(struct sim *sim);             /* of what is queued for clients */
void record_open(struct conn *c, int type, int protocol);
void record_close(const struct conn *c);
void record_recv(struct conn *c, uint32_t buffer_len);
void record_send(struct conn *c, const void *bytes, size_t len);
void record_bind(const struct conn *c, const uint32_t arg[2]);
void record_connect(const struct conn *c);
void record_setopt(const struct conn *c, const struct proto_req *req, const void *value, size_t len);

/* client_wait.c */
/* Is it a "wait" whose answer comes later? If not, it may have been tried: '*status' is 1 if it is
 * no "wait" at all, otherwise the result, 'text' as that of scenario_do(). */
bool wait_line(struct conn *c, const char *line, GString *text, int *status);
void wait_forget(struct conn *c);

/* client_jobs.c */
/* Is it a line whose answer comes from clients_run_job()? */
bool job_line(struct conn *c, const char *line);
void jobs_forget(struct conn *c);
void jobs_free(struct clients *all);

/* client_if.c: PROTO_IOCTL (replay/ plays them, too), PROTO_IFLIST, PROTO_IFADDRS. */
int client_ioctl(struct sim_ns *ns, uint32_t cmd, struct proto_if *io);
bool client_ioctl_changes(uint32_t cmd);        /* may change something */
void client_if_list(const struct sim_ns *ns, GByteArray *out);
void client_if_addrs(const struct sim_ns *ns, GByteArray *out);

/* client_ethtool.c: PROTO_ETHTOOL. 0 or -errno. */
struct device;
int client_ethtool(const struct device *d, const uint8_t *in, size_t len, GByteArray *out);

/* client_files.c: PROTO_FILE. PROTO_FILE_* or -errno. */
int client_file(const struct sim_ns *ns, const char *path, GString *out);

#endif
