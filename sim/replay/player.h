/* player.h - what the files of the player share with each other and nobody else.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_REPLAY_PLAYER_H
#define SIM_REPLAY_PLAYER_H

#include "netlink/decode.h"
#include "sim/packet.h"
#include "sim/replay/replay.h"
#include "sim/sim.h"

struct player_sock {
    struct player *p;
    unsigned number;
    struct sock *sock;          /* NULL: closed, or not open yet */
    struct packet_sock *packet; /* of an AF_PACKET socket, of which 'sock' is the queue */
    GQueue expected;            /* of struct tape_record: what it is to get, oldest first */
    GPtrArray *requests;        /* of struct tape_record: what it has sent */
};

struct player {
    struct tape *tape;
    struct sim *sim;
    guint at;                   /* first record that has not been played or produced */
    bool is_all, is_over;
    bool is_playing;            /* an input is being played: it does not call for the next one */
    GTree *socks;               /* of struct player_sock, by number */
    GPtrArray *full;            /* of struct player_sock: have lost datagrams since the last input */
    GHashTable *frames;         /* "DIRECTION DEVICE" -> GQueue of struct tape_record; look-up only */
    struct clock_outside outside;
    struct tape_record *due;      /* a frame whose event is under way, or NULL */
    bool is_feeding;            /* the next frame to arrive is that one */
    const struct tape_record *cause;        /* the last input played */
    uint64_t client_ns;         /* the clients' clock, 0: virtual time */
    struct decode_rule rule;    /* how messages are compared */
    const struct decode_rule *rules;        /* &rule, or NULL: byte by byte */
    bool ignores_time;
    struct replay_result *result;
};

/* player_events.c: performs an event's line. 0, or -errno: it cannot be played. */
int player_event(struct player *p, struct tape_record *r, struct err *e);
/* Is it something that the simulation is to do by itself? */
bool player_is_output(const struct tape_record *r);
/* Options of the simulation, from the first line. */
void player_options(const struct tape *t, struct sim_options *o);

/* NULL: it is of somebody else in the simulation. */
struct player_sock *player_of_sock(const struct sock *s);
struct player_sock *player_sock_of(struct player *p, unsigned number);
/* The device of this namespace and name "p1@netns 2"; NULL: there is none. */
struct device *player_device(struct player *p, const char *name);
/* The socket has room for its next datagram if the recording says that it had. */
void player_arm(struct player_sock *ps);
/* An input is over: what it made due now belongs to it. */
void player_settle(struct player *p);

/* player_report.c: differences. 'want' or 'got' NULL: there is none. */
void report_message(struct player *p, struct player_sock *ps, struct tape_record *want,
                    const struct dgram *got);
void report_frame(struct player *p, const char *device, struct tape_record *want,
                  const void *frame, size_t len, const char *way);
/* A request that a program sends otherwise than was recorded. */
void report_request(struct player *p, const struct tape_record *r, const struct decode *want,
                    const struct decode *got, const struct decode_difference *d);
void report_text(struct player *p, const struct tape_record *r, const char *message, const char *path,
                 const char *text);

#endif
