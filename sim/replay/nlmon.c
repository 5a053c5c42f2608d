/* nlmon.c - see nlmon.h.
 *
 * How it works: the simulation takes over the kernel's numbers - family and group ids from GETFAMILY's answers,
 * ifindexes from the first message that tells them, port ids from the messages - so that everything
 * else can be compared as it is. Sockets are opened before their first request; answers belong to the socket
 * whose request had their port id and sequence number; others went to sockets that nlmon does not show.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sim/replay/nlmon.h"

#include <linux/genetlink.h>
#include <linux/openvswitch.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "sim/device.h"

#define RECV_LEN 32768          /* programs' buffers are not shown; dumps fill those that OVS and iproute2 use */

struct nlmon {
    struct player *p;
    GPtrArray *in;              /* records as captured */
    GPtrArray *said;            /* of struct decode, one for each of 'in' */
    GPtrArray *out;             /* records to be played */
    GHashTable *socks;          /* "PROTOCOL PORTID" -> number */
    GHashTable *devices;        /* names of those that the capture has shown being made */
    bool is_for_program;
    GHashTable *up;             /* names of those that are up */
    unsigned n_listeners, n_upcalls, n_host;
    uint32_t host_portid, host_seq;     /* of the last request that was left out: is_of_host() */
};

/* ---- what messages say ------------------------------------------------------------------------- */

static const struct leaf *find(const struct decode *f, unsigned msg, const char *path)
{
    for (guint i = 0; i < f->list->len; i++)
        if (decode_at(f, i)->msg == msg && !strcmp(decode_at(f, i)->path, path))
            return decode_at(f, i);
    return NULL;
}

static uint32_t number(const struct leaf *f)
{
    uint32_t value = 0;

    if (f)
        memcpy(&value, f->at, MIN(f->len, sizeof(value)));
    return value;
}

/* Of a string's text, which is in quotes: without them, new string; NULL: it is no string. */
static char *unquote(const char *text)
{
    return *text == '"' ? g_strndup(text + 1, strcspn(text + 1, "\"")) : NULL;
}

static bool is_type(const struct decode *f, const char *name)
{
    const struct leaf *type = find(f, 0, "nlmsg_type");

    return type && !strcmp(type->text, name);
}

/* How messages name a device and tell its number. */
static const struct {
    const char *name, *index;
} tells[] = {
    { "IFLA_IFNAME", "ifi_index" },
    { "OVS_VPORT_ATTR_NAME", "OVS_VPORT_ATTR_IFINDEX" },
    { "OVS_DP_ATTR_NAME", "dp_ifindex" },
};

/* A device's number by the first answer from 'from' on that tells it, 0: none does. */
static uint32_t index_of(const struct nlmon *n, guint from, const char *quoted)
{
    for (guint i = from; i < n->in->len; i++) {
        const struct tape_record *r = n->in->pdata[i];
        const struct decode *f = n->said->pdata[i];

        for (unsigned k = 0; r->kind == TAPE_ANSWER && k < f->n_msgs * G_N_ELEMENTS(tells); k++) {
            unsigned way = k % G_N_ELEMENTS(tells), msg = k / G_N_ELEMENTS(tells);
            const struct leaf *name = find(f, msg, tells[way].name);

            if (name && !strcmp(name->text, quoted) && number(find(f, msg, tells[way].index)))
                return number(find(f, msg, tells[way].index));
        }
    }
    return 0;
}

static void learn_families(struct player *p)
{
    for (guint i = 0; i < p->tape->records->len; i++) {
        const struct tape_record *r = p->tape->records->pdata[i];
        struct decode f;

        if (r->kind != TAPE_ANSWER || r->protocol != NETLINK_GENERIC)
            continue;
        decode_init(&f, p->sim->nl, r->protocol, r->data, r->len);
        for (unsigned k = 0; k < f.n_msgs; k++) {
            const struct leaf *name = find(&f, k, "CTRL_ATTR_FAMILY_NAME"),
                               *id = find(&f, k, "CTRL_ATTR_FAMILY_ID");
            g_autofree char *plain = name && name->len > 1 ? g_strndup((const char *)name->at, name->len) : NULL;
            const struct family *family = plain ? netlink_family_by_name(p->sim->nl, plain) : NULL;

            if (family && id)
                netlink_renumber(p->sim->nl, family, (uint16_t)number(id),
                                 number(find(&f, k, "CTRL_ATTR_MCAST_GROUPS/1/CTRL_ATTR_MCAST_GRP_ID")));
        }
        decode_done(&f);
    }
}

/* ---- events that the capture lacks ------------------------------------------------------------- */

static void add_event(struct nlmon *n, const struct tape_record *before, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void add_event(struct nlmon *n, const struct tape_record *before, const char *fmt, ...)
{
    struct tape_record *r = g_new0(struct tape_record, 1);
    va_list ap;

    va_start(ap, fmt);
    r->text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    r->kind = TAPE_EVENT;
    r->time_ns = before->time_ns;
    r->sock = (unsigned)tape_number(r->text, "sock", 0);
    g_ptr_array_add(n->out, r);
}

static bool is_refusal(const struct tape_record *answer)
{
    const struct nlmsghdr *msg = (const void *)answer->data;
    int error = 0;

    if (answer->len >= NLMSG_HDRLEN + sizeof(error))
        memcpy(&error, answer->data + NLMSG_HDRLEN, sizeof(error));
    return msg->nlmsg_type == NLMSG_ERROR && error;
}

/* An option of the socket shows in the flags of its errors, and a program may open another socket of the same
 * port id: what the error to this request (from 'at' on) tells is set before it. */
static void set_options(struct nlmon *n, guint at, uint32_t portid)
{
    static const struct {
        uint16_t flag;
        int option;
    } options[] = { { NLM_F_CAPPED, NETLINK_CAP_ACK }, { NLM_F_ACK_TLVS, NETLINK_EXT_ACK } };
    const struct tape_record *r = n->in->pdata[at];
    uint32_t seq = tape_seq(r);

    for (guint i = at + 1; i < n->in->len; i++) {
        const struct tape_record *a = n->in->pdata[i];
        const struct nlmsghdr *msg = (const void *)a->data;

        if (a->kind != TAPE_ANSWER || a->protocol != r->protocol || msg->nlmsg_pid != portid ||
            msg->nlmsg_seq != seq)
            continue;
        for (size_t k = 0; is_refusal(a) && k < G_N_ELEMENTS(options); k++)
            add_event(n, r, "setopt sock=%u level=%d name=%d value=%d", r->sock, SOL_NETLINK,
                      options[k].option, !!(msg->nlmsg_flags & options[k].flag));
        return;
    }
}

static unsigned sock_known(const struct nlmon *n, int protocol, uint32_t portid)
{
    g_autofree char *key = g_strdup_printf("%d %u", protocol, portid);

    return GPOINTER_TO_UINT(g_hash_table_lookup(n->socks, key));
}

static unsigned sock_for(struct nlmon *n, const struct tape_record *r, uint32_t portid)
{
    unsigned number = sock_known(n, r->protocol, portid);

    if (number)
        return number;
    number = g_hash_table_size(n->socks) + 1;
    g_hash_table_insert(n->socks, g_strdup_printf("%d %u", r->protocol, portid), GUINT_TO_POINTER(number));
    add_event(n, r, "open sock=%u protocol=%d type=3 ns=0", number, r->protocol);
    add_event(n, r, "bind sock=%u port=%u groups=0", number, portid);
    add_event(n, r, "recv sock=%u len=%d", number, RECV_LEN);
    return number;
}

/* ---- requests ---------------------------------------------------------------------------------- */

/* The sender's port id; programs that leave it out are known by the first answer. */
static uint32_t sender(const struct nlmon *n, guint at)
{
    const struct tape_record *r = n->in->pdata[at];
    const struct nlmsghdr *sent = (const void *)r->data;

    if (sent->nlmsg_pid)
        return sent->nlmsg_pid;
    for (guint i = at + 1; i < n->in->len; i++) {
        const struct tape_record *a = n->in->pdata[i];
        const struct nlmsghdr *msg = (const void *)a->data;

        if (a->kind == TAPE_ANSWER && a->protocol == r->protocol && msg->nlmsg_seq == sent->nlmsg_seq &&
            msg->nlmsg_pid)
            return msg->nlmsg_pid;
    }
    return 0;
}

/* Sockets that upcalls are to go to may never send anything. */
static void open_named(struct nlmon *n, const struct tape_record *r, const struct decode *f)
{
    for (guint i = 0; i < f->list->len; i++) {
        const struct leaf *leaf = decode_at(f, i);

        if (leaf->role == ROLE_PORTID && number(leaf) && strcmp(leaf->path, "nlmsg_pid"))
            (void)sock_for(n, r, number(leaf));
    }
}

/* It was there before the capture. */
static void presume(struct nlmon *n, const char *quoted, uint32_t ifindex)
{
    g_autofree char *name = unquote(quoted);
    struct sim_ns *ns = sim_root_ns(n->p->sim);

    if (!name || device_by_name(ns, name))
        return;
    if (device_add(ns, name, NETDEV_VIRTUAL, (int)ifindex, NULL))
        g_string_append_printf(n->p->result->remarks, "device %s is presumed%s\n", name,
                               ifindex ? "" : "; no message tells its number");
}

static void number_device(struct nlmon *n, guint at, const struct decode *f)
{
    const struct tape_record *r = n->in->pdata[at];
    const struct leaf *link = is_type(f, "RTM_NEWLINK") ? find(f, 0, "IFLA_IFNAME") : NULL,
                       *dp = is_type(f, "OVS_DP_CMD_NEW") ? find(f, 0, "OVS_DP_ATTR_NAME") : NULL,
                       *port = is_type(f, "OVS_VPORT_CMD_NEW") ? find(f, 0, "OVS_VPORT_ATTR_NAME") : NULL,
                       *made = link ? link : dp;
    bool is_netdev = port && number(find(f, 0, "OVS_VPORT_ATTR_TYPE")) == OVS_VPORT_TYPE_NETDEV;
    g_autofree char *name = NULL, *plain = NULL;

    if (port && !is_netdev)
        made = port;
    if (!made && !port)
        return;
    plain = unquote((made ? made : port)->text);
    if (!plain)
        return;
    name = g_strdup_printf("\"%s\"", plain);
    if (!made) {
        if (!g_hash_table_contains(n->devices, name))
            presume(n, name, index_of(n, at, name));
        return;
    }
    if (index_of(n, at, name))
        add_event(n, r, "ifindex next=%u", index_of(n, at, name));
    g_hash_table_add(n->devices, g_steal_pointer(&name));
}

/* Programs set a device up by ioctl(), which nlmon does not show; what it has become shows in the answer. */
static void set_up(struct nlmon *n, guint at)
{
    const struct tape_record *r = n->in->pdata[at];
    uint32_t seq = tape_seq(r);

    for (guint i = at + 1; i < n->in->len; i++) {
        const struct tape_record *a = n->in->pdata[i];
        const struct leaf *name = find(n->said->pdata[i], 0, "IFLA_IFNAME");
        bool is_up = number(find(n->said->pdata[i], 0, "ifi_flags")) & IFF_UP;
        g_autofree char *plain = NULL;

        if (a->kind != TAPE_ANSWER || tape_seq(a) != seq ||
            a->protocol != r->protocol)
            continue;
        plain = name ? unquote(name->text) : NULL;
        if (plain && strcmp(plain, "lo") && is_up != g_hash_table_contains(n->up, plain)) {
            add_event(n, r, "do %s %s", is_up ? "up" : "down", plain);
            if (is_up)
                g_hash_table_add(n->up, g_steal_pointer(&plain));
            else
                g_hash_table_remove(n->up, plain);
        }
        return;
    }
}

/* What addresses and routes there were before cannot be known. */
static bool is_of_host(const struct decode *f)
{
    return is_type(f, "RTM_GETROUTE") || is_type(f, "RTM_GETADDR") || is_type(f, "RTM_GETRULE") ||
           is_type(f, "RTM_GETNEIGH");
}

static void take_request(struct nlmon *n, guint at)
{
    struct tape_record *r = n->in->pdata[at];
    const struct decode *f = n->said->pdata[at];

    if (is_of_host(f) && !n->is_for_program) {
        n->n_host++;
        n->host_portid = sender(n, at);
        n->host_seq = tape_seq(r);
        tape_record_free(r);
        n->in->pdata[at] = NULL;
        return;
    }
    if (is_type(f, "RTM_GETLINK"))
        set_up(n, at);
    r->sock = sock_for(n, r, sender(n, at));
    set_options(n, at, sender(n, at));
    open_named(n, r, f);
    number_device(n, at, f);
    g_free(r->text);
    r->text = g_strdup_printf("port=%u sock=%u", sender(n, at), r->sock);
    g_ptr_array_add(n->out, r);
}

/* ---- answers ----------------------------------------------------------------------------------- */

/* The request of 'sock' with this sequence number, or NULL. */
static const struct nlmsghdr *asked(const struct nlmon *n, unsigned sock, uint32_t seq)
{
    for (guint i = n->out->len; i > 0; i--) {
        const struct tape_record *r = n->out->pdata[i - 1];
        const struct nlmsghdr *msg = (const void *)r->data;

        if (r->kind == TAPE_REQUEST && r->sock == sock && msg->nlmsg_seq == seq)
            return msg;
    }
    return NULL;
}

/* News for members of a group have the port id and sequence number of who caused them. */
static bool is_answer(const struct nlmon *n, unsigned sock, const struct tape_record *r)
{
    const struct nlmsghdr *msg = (const void *)r->data, *request = asked(n, sock, msg->nlmsg_seq);
    const struct tape_record *last;
    bool is_end = msg->nlmsg_type == NLMSG_ERROR || msg->nlmsg_type == NLMSG_DONE;
    bool is_get;

    if (!request)
        return false;
    last = n->out->pdata[n->out->len - 1];
    if (is_end || msg->nlmsg_flags & NLM_F_MULTI || request->nlmsg_flags & NLM_F_ECHO)
        return last->len != r->len || memcmp(last->data, r->data, r->len);      /* no listener's copy */
    is_get = r->protocol != NETLINK_ROUTE || (request->nlmsg_type & 3) == (RTM_GETLINK & 3);
    return is_get;
}

static void take_answer(struct nlmon *n, guint at)
{
    struct tape_record *r = n->in->pdata[at];
    const struct decode *f = n->said->pdata[at];
    const struct nlmsghdr *msg = (const void *)r->data;
    unsigned sock = sock_known(n, r->protocol, msg->nlmsg_pid);

    if (sock && is_answer(n, sock, r)) {
        r->sock = sock;
        g_ptr_array_add(n->out, r);
        return;
    }
    if (r->protocol == NETLINK_ROUTE && msg->nlmsg_pid == n->host_portid && msg->nlmsg_seq == n->host_seq)
        ;
    else if (is_type(f, "OVS_PACKET_CMD_MISS") || is_type(f, "OVS_PACKET_CMD_ACTION"))
        n->n_upcalls++;
    else
        n->n_listeners++;
    tape_record_free(r);
}

/* ---- the whole --------------------------------------------------------------------------------- */

static void said_free(void *data)
{
    decode_done(data);
    g_free(data);
}

static void put_remarks(const struct nlmon *n)
{
    GString *out = n->p->result->remarks;

    if (!n->is_for_program)
        g_string_append(out, "a capture of nlmon: times, counters, link addresses and other values drawn by lot, "
                             "and settings of the machine are not compared\n");
    if (n->n_listeners)
        g_string_append_printf(out, "%u notifications went to sockets that it does not show: not compared\n",
                               n->n_listeners);
    if (n->n_host)
        g_string_append_printf(out, "%u requests ask for addresses, routes, rules or neighbours, of which it does "
                                    "not tell what there was before: left out\n", n->n_host);
    if (n->n_upcalls)
        g_string_append_printf(out, "%u upcalls: their packets are not in it, so they do not come; not compared\n",
                               n->n_upcalls);
}

static void rewrite(struct nlmon *n)
{
    uint64_t start_ns = ((const struct tape_record *)n->in->pdata[0])->time_ns;

    for (guint i = 0; i < n->in->len; i++) {
        const struct tape_record *r = n->in->pdata[i];
        struct decode *f = g_new(struct decode, 1);

        ((struct tape_record *)n->in->pdata[i])->time_ns -= MIN(start_ns, r->time_ns);
        decode_init(f, n->p->sim->nl, r->protocol, r->data, r->len);
        g_ptr_array_add(n->said, f);
    }
    for (guint i = 0; i < n->in->len; i++)
        (((const struct tape_record *)n->in->pdata[i])->kind == TAPE_REQUEST ? take_request : take_answer)(n, i);
}

void nlmon_prepare(struct player *p, bool is_for_program)
{
    struct nlmon n = { .p = p, .in = p->tape->records, .is_for_program = is_for_program };

    n.said = g_ptr_array_new_with_free_func(said_free);
    n.out = g_ptr_array_new_with_free_func(tape_record_free);
    n.socks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    n.devices = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    n.up = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    learn_families(p);
    rewrite(&n);
    put_remarks(&n);
    g_ptr_array_set_free_func(n.in, NULL);
    g_ptr_array_unref(n.in);
    p->tape->records = n.out;
    p->rule.ignored = 1u << ROLE_CLOCK | 1u << ROLE_COUNT | 1u << ROLE_CHANCE | 1u << ROLE_HOST;
    p->rules = &p->rule;
    p->ignores_time = true;
    g_ptr_array_unref(n.said);
    g_hash_table_unref(n.socks);
    g_hash_table_unref(n.devices);
    g_hash_table_unref(n.up);
}
