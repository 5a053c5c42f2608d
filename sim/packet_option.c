/* packet_option.c - options of AF_PACKET sockets; see packet.h. SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>

#include "sim/packet_filter.h"
#include "sim/packet_int.h"

/* Numbers of what is set and read back and changes nothing here: there are no queueing disciplines,
 * no rings to send from, no time stamps of hardware. */
static const struct kept_option {
    int name;
    bool is_flag;
} kept_options[] = {
    { PACKET_ORIGDEV, true },   { PACKET_LOSS, true }, { PACKET_TIMESTAMP, false },
    { PACKET_TX_HAS_OFF, true }, { PACKET_QDISC_BYPASS, true },
};
#define N_KEPT G_N_ELEMENTS(kept_options)
G_STATIC_ASSERT(N_KEPT <= PACKET_KEPT_ROOM);

/* ---- memberships ----------------------------------------------------------------------------- */

static struct packet_member *member_at(const struct packet_sock *ps, guint i)
{
    return i < ps->members->len ? &g_array_index(ps->members, struct packet_member, i) : NULL;
}

static void count_member(const struct packet_sock *ps, const struct packet_member *m, int change)
{
    struct device *d = device_by_index(ps->ns, m->ifindex);

    if (d && m->type == PACKET_MR_PROMISC)
        device_add_promisc(d, change);
    else if (d && m->type == PACKET_MR_ALLMULTI)
        device_add_allmulti(d, change);
}

static void leave(struct packet_sock *ps, guint i)
{
    const struct packet_member m = *member_at(ps, i);

    g_array_remove_index(ps->members, i);
    count_member(ps, &m, -1);
}

void packet_leave(struct packet_sock *ps, int ifindex)
{
    for (guint i = ps->members->len; i-- > 0;)
        if (!ifindex || member_at(ps, i)->ifindex == ifindex)
            leave(ps, i);
}

static int get_mreq(const void *value, size_t len, struct packet_mreq *mreq)
{
    if (len < sizeof(*mreq))
        return -EINVAL;
    memcpy(mreq, value, sizeof(*mreq));
    return 0;
}

static struct packet_member *find_member(const struct packet_sock *ps, const struct packet_mreq *mreq,
                                  guint *at)
{
    struct packet_member *m;

    for (*at = 0; (m = member_at(ps, *at)); ++*at)
        if (m->ifindex == mreq->mr_ifindex && m->type == mreq->mr_type)
            return m;
    return NULL;
}

/* Of what kind it is, is not looked at; addresses are not told apart. */
static int add_membership(struct packet_sock *ps, const void *value, size_t len)
{
    struct packet_mreq mreq;
    struct packet_member fresh, *m;
    guint at;

    if (get_mreq(value, len, &mreq))
        return -EINVAL;
    if (!device_by_index(ps->ns, mreq.mr_ifindex))
        return -ENODEV;
    m = find_member(ps, &mreq, &at);
    if (m) {
        m->n++;
        return 0;
    }
    fresh = (struct packet_member){ .ifindex = mreq.mr_ifindex, .type = mreq.mr_type, .n = 1 };
    g_array_append_val(ps->members, fresh);
    count_member(ps, &fresh, 1);
    return 0;
}

/* What is not a member leaves without an error. */
static int drop_membership(struct packet_sock *ps, const void *value, size_t len)
{
    struct packet_mreq mreq;
    struct packet_member *m;
    guint at;

    if (get_mreq(value, len, &mreq))
        return -EINVAL;
    m = find_member(ps, &mreq, &at);
    if (m && !--m->n)
        leave(ps, at);
    return 0;
}

/* ---- options --------------------------------------------------------------------------------- */

static int set_bool(bool *flag, const void *value, size_t len)
{
    int number;

    if (len < sizeof(number))
        return -EINVAL;
    memcpy(&number, value, sizeof(number));
    *flag = number;
    return 0;
}

static int set_auxdata(struct packet_sock *ps, const void *value, size_t len)
{
    return set_bool(&ps->wants_auxdata, value, len);
}

static int set_ignore_outgoing(struct packet_sock *ps, const void *value, size_t len)
{
    int number = 0;

    memcpy(&number, value, MIN(len, sizeof(number)));
    if (number < 0 || number > 1)
        return -EINVAL;
    return set_bool(&ps->ignores_outgoing, value, len);
}

static int attach_filter(struct packet_sock *ps, const void *value, size_t len)
{
    struct packet_filter *filter = NULL;
    int r = packet_filter_new(value, len, &filter);

    if (r)
        return r;
    packet_filter_free(ps->filter);
    ps->filter = filter;
    return 0;
}

static int detach_filter(struct packet_sock *ps, const void *value, size_t len)
{
    (void)value;
    (void)len;
    if (!ps->filter)
        return -ENOENT;
    g_clear_pointer(&ps->filter, packet_filter_free);
    return 0;
}

static void put_number(GByteArray *out, int number)
{
    g_byte_array_append(out, (const guint8 *)&number, sizeof(number));
}

static void get_auxdata(struct packet_sock *ps, GByteArray *out)
{
    put_number(out, ps->wants_auxdata);
}

static void get_ignore_outgoing(struct packet_sock *ps, GByteArray *out)
{
    put_number(out, ps->ignores_outgoing);
}

/* How large a frame may be copied: nothing is copied twice here. */
static int set_copy_threshold(struct packet_sock *ps, const void *value, size_t len)
{
    (void)ps;
    (void)value;
    return len < sizeof(int) ? -EINVAL : 0;
}

static int *find_kept(struct packet_sock *ps, int level, int name, bool *is_flag)
{
    for (size_t i = 0; level == SOL_PACKET && i < N_KEPT; i++) {
        *is_flag = kept_options[i].is_flag;
        if (kept_options[i].name == name)
            return &ps->kept[i];
    }
    return NULL;
}

/* Reading begins a new count; lost packets are among all. */
static void get_statistics(struct packet_sock *ps, GByteArray *out)
{
    uint64_t n_drops = ps->queue->n_drops - ps->n_drops_told;
    struct tpacket_stats stats = { (unsigned)(ps->n_packets + n_drops), (unsigned)n_drops };

    ps->n_packets = 0;
    ps->n_drops_told = ps->queue->n_drops;
    g_byte_array_append(out, (const guint8 *)&stats, sizeof(stats));
}

/* clang-format off */
static const struct option {
    int level, name;
    int (*set)(struct packet_sock *ps, const void *value, size_t len);
    void (*get)(struct packet_sock *ps, GByteArray *out);
} options[] = {
    { SOL_PACKET, PACKET_ADD_MEMBERSHIP,  add_membership,      NULL },
    { SOL_PACKET, PACKET_DROP_MEMBERSHIP, drop_membership,     NULL },
    { SOL_PACKET, PACKET_AUXDATA,         set_auxdata,         get_auxdata },
    { SOL_PACKET, PACKET_IGNORE_OUTGOING, set_ignore_outgoing, get_ignore_outgoing },
    { SOL_PACKET, PACKET_COPY_THRESH,     set_copy_threshold,  NULL },
    { SOL_PACKET, PACKET_STATISTICS,      NULL,                get_statistics },
    { SOL_SOCKET, SO_ATTACH_FILTER,       attach_filter,       NULL },
    { SOL_SOCKET, SO_DETACH_FILTER,       detach_filter,       NULL },
};
/* clang-format on */

static const struct option *find_option(int level, int name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++)
        if (options[i].level == level && options[i].name == name)
            return &options[i];
    return NULL;
}

int packet_set_option(struct packet_sock *ps, int level, int name, const void *value, size_t len)
{
    const struct option *o = find_option(level, name);
    int number, *kept;
    bool is_flag;

    if (o)
        return o->set ? o->set(ps, value, len) : -ENOPROTOOPT;
    if (len < sizeof(number))
        return -EINVAL;
    memcpy(&number, value, sizeof(number));
    kept = find_kept(ps, level, name, &is_flag);
    if (kept) {
        *kept = is_flag ? number != 0 : number;
        return 0;
    }
    return level == SOL_SOCKET ? sock_set_option(ps->queue, level, name, number) : -ENOPROTOOPT;
}

int packet_get_option(struct packet_sock *ps, int level, int name, GByteArray *out)
{
    const struct option *o = find_option(level, name);
    int number, r, *kept;
    bool is_flag;

    if (level == SOL_PACKET && name == PACKET_ROLLOVER_STATS)
        return -EINVAL;         /* of sockets in a group, of which there are none */
    kept = find_kept(ps, level, name, &is_flag);
    if (kept) {
        put_number(out, *kept);
        return 0;
    }
    if (o && !o->get)
        return -ENOPROTOOPT;
    if (o) {
        o->get(ps, out);
        return 0;
    }
    r = level == SOL_SOCKET ? sock_get_option(ps->queue, level, name, &number) : -ENOPROTOOPT;
    if (!r)
        put_number(out, number);
    return r;
}
