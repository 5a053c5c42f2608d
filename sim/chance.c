/* chance.c - see chance.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/chance.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/hash.h"
#include "base/scan.h"
#include "dp/extract.h"
#include "sim/device.h"
#include "sim/trace.h"

/* An upcall on its way. */
struct kept {
    uint64_t due_ns;
    struct upcall_msg upcall;   /* its message is 'msg' */
    struct nlmsghdr msg[];
};

enum stream { ORDER, DELAY, LOSS, CPU, N_STREAMS };

struct chance {
    struct sim *sim;
    struct rng stream[N_STREAMS];
    GPtrArray *kept;            /* of struct kept, in the order they were sent */
    uint64_t event_ns, event;   /* hands over what is due then; UINT64_MAX: there is none */
};

/* ---- as text --------------------------------------------------------------------------------- */

static const char *const order_names[N_CHANCE_ORDERS] = {
    [CHANCE_FIFO] = "fifo",
    [CHANCE_REVERSE] = "reverse",
    [CHANCE_SEED] = "seed",
};

int chance_scan_order(struct scan *in, struct chance_options *o, struct err *e)
{
    for (unsigned i = 0; i < N_CHANCE_ORDERS; i++) {
        if (scan_word(in, order_names[i])) {
            o->order = (enum chance_order)i;
            return 0;
        }
    }
    return err_set(e, EINVAL, "column %zu: neither fifo nor reverse nor seed", scan_column(in));
}

/* A whole text is a time. */
static bool read_time(const char *text, uint64_t *ns)
{
    struct scan in;

    scan_init(&in, text);
    return scan_duration(&in, ns) && scan_done(&in);
}

int chance_scan_delay(struct scan *in, struct chance_options *o, struct err *e)
{
    size_t column = scan_column(in);
    uint64_t min, max;
    char text[64], *rest;

    if (!scan_token(in, text, sizeof(text)))
        text[0] = '\0';
    rest = strstr(text, "..");
    if (rest)
        *rest = '\0';
    if (!read_time(text, &min) || !read_time(rest ? rest + 2 : text, &max) || max < min)
        return err_set(e, EINVAL, "column %zu: neither a time such as 1ms nor two such as 0..20us", column);
    o->min_delay_ns = min;
    o->max_delay_ns = max;
    return 0;
}

int chance_scan_loss(struct scan *in, struct chance_options *o, struct err *e)
{
    if (scan_percent(in, &o->loss))
        return 0;
    return err_set(e, EINVAL, "column %zu: not a share such as 10%% or 0.5%%", scan_column(in));
}

int chance_scan_rx(struct scan *in, struct chance_options *o, struct err *e)
{
    uint64_t cpu = 0;

    if (scan_word(in, "seed"))
        o->rx = CHANCE_RX_SEED;
    else if (scan_word(in, "hash"))
        o->rx = CHANCE_RX_HASH;
    else if (scan_u64(in, SIM_MOST_CPUS - 1, &cpu))
        o->rx = CHANCE_RX_ONE;
    else
        return err_set(e, EINVAL, "column %zu: neither a CPU's number nor hash nor seed",
                       scan_column(in));
    o->rx_cpu = (unsigned)cpu;
    return 0;
}

/* ---- upcalls --------------------------------------------------------------------------------- */

static void deliver_due(void *ctx);

static void plan(struct chance *c, uint64_t due_ns)
{
    struct clock *clock = &c->sim->clock;

    if (due_ns >= c->event_ns)
        return;
    if (c->event_ns != UINT64_MAX)
        clock_cancel(clock, c->event);
    c->event_ns = due_ns;
    c->event = clock_add_last(clock, due_ns, deliver_due, c);
}

static void lose(struct chance *c, const struct kept *k, int err)
{
    trace_line(c->sim, "upcall to %u: lost %s", k->upcall.portid, err_name(err));
    dp_upcall_lost(&k->upcall);
}

static void hand_over(struct chance *c, const struct kept *k)
{
    int err = dp_upcall_send(&k->upcall);

    if (err)
        lose(c, k, err);
    else
        trace_line(c->sim, "upcall to %u: arrives", k->upcall.portid);
}

/* Those due now, out of 'kept'; plans the next. */
static GPtrArray *take_due(struct chance *c)
{
    GPtrArray *due = g_ptr_array_new_with_free_func(g_free);
    GPtrArray *rest = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < c->kept->len; i++) {
        struct kept *k = g_ptr_array_index(c->kept, i);
        bool is_due = k->due_ns <= c->sim->clock.now_ns;

        g_ptr_array_add(is_due ? due : rest, k);
        if (!is_due)
            plan(c, k->due_ns);
    }
    g_ptr_array_set_free_func(c->kept, NULL);
    g_ptr_array_unref(c->kept);
    c->kept = rest;
    return due;
}

static void swap(GPtrArray *a, guint i, guint j)
{
    gpointer kept = a->pdata[i];

    a->pdata[i] = a->pdata[j];
    a->pdata[j] = kept;
}

static void put_in_order(struct chance *c, GPtrArray *due)
{
    switch (c->sim->options.chance.order) {
    case CHANCE_REVERSE:
        for (guint i = 0; i < due->len / 2; i++)
            swap(due, i, due->len - 1 - i);
        break;
    case CHANCE_SEED:
        for (guint i = due->len; i > 1; i--)
            swap(due, i - 1, (guint)(rng_u64(&c->stream[ORDER]) % i));
        break;
    case CHANCE_FIFO:
    case N_CHANCE_ORDERS:
        break;
    }
}

static void deliver_due(void *ctx)
{
    struct chance *c = ctx;
    GPtrArray *due;

    c->event_ns = UINT64_MAX;
    due = take_due(c);
    put_in_order(c, due);
    for (guint i = 0; i < due->len; i++)
        hand_over(c, g_ptr_array_index(due, i));
    g_ptr_array_unref(due);
}

static void keep(struct chance *c, const struct upcall_msg *u, uint64_t delay_ns)
{
    struct kept *k = g_malloc(sizeof(*k) + u->msg->nlmsg_len);

    *k = (struct kept){ .due_ns = c->sim->clock.now_ns + delay_ns, .upcall = *u };
    memcpy(k->msg, u->msg, u->msg->nlmsg_len);
    k->upcall.msg = k->msg;
    g_ptr_array_add(c->kept, k);
    plan(c, k->due_ns);
}

/* dp_env.upcall. Every stream is asked, so that none depends on what another says. */
static int env_upcall(void *ctx, const struct upcall_msg *u)
{
    struct sim *sim = ctx;
    const struct chance_options *o = &sim->options.chance;
    struct rng *stream = sim->chance->stream;
    struct sock *s = netns_find(u->net, NETLINK_GENERIC, u->portid);
    uint64_t room = o->max_delay_ns - o->min_delay_ns;
    uint64_t drawn = rng_u64(&stream[DELAY]), delay_ns;
    bool is_lost = rng_is_within(&stream[LOSS], o->loss);

    if (!s)
        return -ECONNREFUSED;
    if (is_lost) {
        trace_line(sim, "upcall to %u: lost by chance", u->portid);
        return sock_lose(s, u->msg->nlmsg_len);
    }
    delay_ns = o->min_delay_ns + (room == UINT64_MAX ? drawn : drawn % (room + 1));
    if (!delay_ns && o->order == CHANCE_FIFO)
        return dp_upcall_send(u);
    keep(sim->chance, u, delay_ns);
    return 0;
}

void chance_forget(struct chance *c, const struct sim_ns *ns)
{
    for (guint i = 0; i < c->kept->len;) {
        struct kept *k = g_ptr_array_index(c->kept, i);

        if (k->upcall.net != ns->net) {
            i++;
            continue;
        }
        lose(c, k, -ECONNREFUSED);
        g_ptr_array_remove_index(c->kept, i);
    }
}

/* ---- packets --------------------------------------------------------------------------------- */

/* As a network card would choose a queue by. */
static uint32_t flow_hash(struct sim *sim, const void *frame, size_t len)
{
    struct pkt_pool *pool = dp_world_pool(sim->dp);
    struct pkt *p = pkt_new(pool, frame, len);
    struct flow_key key;
    uint32_t hash;

    key_clear(&key);
    key.mac_proto = KEY_MAC_ETH;
    hash = key_extract(&key, p) ? 0 : pkt_flow_hash(p);
    pkt_free(pool, p);
    return hash;
}

static unsigned draw_cpu(struct sim *sim, const void *frame, size_t len)
{
    const struct chance_options *o = &sim->options.chance;

    unsigned n = sim->options.n_cpus;

    switch (o->rx) {
    case CHANCE_RX_SEED:
        return rng_u32(&sim->chance->stream[CPU]) % n;
    case CHANCE_RX_HASH:
        return (unsigned)((hash_mix(0, flow_hash(sim, frame, len)) >> 32) * n >> 32);
    case CHANCE_RX_ONE:
        break;
    }
    return o->rx_cpu % n;
}

void chance_receive(struct device *d, const void *frame, size_t len)
{
    struct sim *sim = d->ns->sim;
    const struct chance_options *o = &sim->options.chance;
    unsigned before = sim->cpu;

    if (o->rx == CHANCE_RX_ONE && !o->rx_cpu) {
        device_receive(d, frame, len);
        return;
    }
    sim->cpu = draw_cpu(sim, frame, len);
    trace_line(sim, "%s: len %zu on CPU %u", d->dev.name, len, sim->cpu);
    device_receive(d, frame, len);
    sim->cpu = before;
}

/* ---- life ------------------------------------------------------------------------------------ */

void chance_seed(struct chance *c, uint64_t seed)
{
    for (unsigned i = 0; i < N_STREAMS; i++) {
        struct rng names = { .state = ~seed + i };

        rng_init(&c->stream[i], rng_u64(&names));
    }
}

void chance_set(struct sim *sim, const struct chance_options *o)
{
    sim->options.chance = *o;
    sim->env.upcall = o->order || o->max_delay_ns || o->loss ? env_upcall : NULL;
}

struct chance *chance_new(struct sim *sim)
{
    struct chance *c = g_new0(struct chance, 1);

    c->sim = sim;
    c->kept = g_ptr_array_new_with_free_func(g_free);
    c->event_ns = UINT64_MAX;
    chance_seed(c, sim->options.seed);
    chance_set(sim, &sim->options.chance);
    return c;
}

void chance_free(struct chance *c)
{
    if (!c)
        return;
    g_ptr_array_unref(c->kept);
    g_free(c);
}
