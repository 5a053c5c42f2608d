/* helper_ftp.c - FTP: reads PORT, EPRT and the answers to PASV and EPSV, expects the data connection that they announce
 * and, where the control connection is translated, translates them.
 *
 * Only what stands at the start of a line counts. A segment starts a line if the one before it ended with a newline:
 * the sequence numbers behind the last two newlines of each direction are remembered.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/if_ether.h>

#include "base/bytes.h"
#include "dp/ct/ftp_text.h"
#include "dp/ct/helper_int.h"

#define TCP_LEN 20u
#define N_STARTS 2
#define MAX_ATTEMPTS 128

struct ftp_starts {
    uint32_t seq[N_STARTS];
    unsigned n;
};

struct ftp_data {
    struct ftp_starts starts[CT_N_DIRS];
};

/* One segment. */
struct ftp_segment {
    struct ct_conn *conn;
    struct pkt *pkt;
    uint16_t l3_type;
    unsigned dir;
    uint32_t seq;
    const char *text;                   /* void once the packet is rewritten */
    uint32_t len;
    bool is_partial;                    /* it ends within a line of interest */
};

/* ---- where lines start ------------------------------------------------------------------------------- */

static bool is_before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

static bool is_start(const struct ftp_starts *s, uint32_t seq)
{
    for (unsigned i = 0; i < s->n; i++)
        if (s->seq[i] == seq)
            return true;
    return false;
}

static void note_start(struct ftp_starts *s, uint32_t seq)
{
    unsigned oldest;

    if (is_start(s, seq))
        return;
    if (s->n < N_STARTS) {
        s->seq[s->n++] = seq;
        return;
    }
    oldest = is_before(s->seq[0], s->seq[1]) ? 0 : 1;
    if (is_before(s->seq[oldest], seq))
        s->seq[oldest] = seq;
}

/* ---- translation --------------------------------------------------------------------------------------- */

static uint32_t random_below(const struct ct_conn *c, uint32_t n)
{
    const struct dp_env *env = c->table->env;

    return (uint32_t)((uint64_t)env->random(env->ctx) * n >> 32);
}

/* Expects the connection at the port it was announced for, or at a free one behind that. Returns the port, 0: none. */
static uint16_t expect_at_free_port(struct ct_conn *c, struct ct_expect *x)
{
    uint16_t wanted = x->saved_id, port = wanted;
    int attempts = MIN(UINT16_MAX - wanted, MAX_ATTEMPTS), error;

    for (;;) {
        x->tuple.dst_id = port;
        error = ct_expect_add(c, x);
        if (!error)
            return port;
        if (error != -EBUSY || --attempts < 0)
            return 0;
        port = (uint16_t)(wanted + random_below(c, UINT16_MAX - (uint32_t)wanted));
    }
}

/* The announced address is the one that the other side can reach. */
static enum ct_verdict expect_translated(const struct ftp_segment *s, const struct ftp_line *line,
                                         struct ftp_span at, struct ct_expect *x)
{
    struct ftp_addr to = { .l3 = x->tuple.l3, .addr = s->conn->dir[!s->dir].tuple.dst };
    char text[FTP_TEXT_MAX];

    x->saved_id = x->tuple.dst_id;
    x->dir = !s->dir;
    x->expected = ct_nat_follow_master;
    to.port = expect_at_free_port(s->conn, x);
    if (!to.port)
        return CT_DROP;
    line->format(text, &to);
    if (ct_nat_mangle(s->pkt, s->l3_type, at.off, at.len, text, (uint32_t)strlen(text)))
        return CT_ACCEPT;
    ct_expect_delete(ct_of_link(s->conn->expects.next, struct ct_expect, of_master));
    return CT_DROP;
}

/* ---- lines ------------------------------------------------------------------------------------------------ */

static enum ct_verdict expect_data(const struct ftp_segment *s, const struct ftp_line *line,
                                   const struct ftp_addr *to, struct ftp_span at)
{
    const struct ct_tuple *other = &s->conn->dir[!s->dir].tuple;
    struct ct_expect x =
        ct_expect_of(s->conn, IPPROTO_TCP, &other->src, &other->dst, to->port);

    /* An address that is not the speaker's own opens no hole for others. */
    if (memcmp(&to->addr, &s->conn->dir[s->dir].tuple.src, sizeof(to->addr)) != 0)
        return CT_ACCEPT;
    if (s->conn->status & IPS_NAT_MASK)
        return expect_translated(s, line, at, &x);
    return ct_expect_add(s->conn, &x) ? CT_DROP : CT_ACCEPT;
}

/* A line that may go on in the next segment is dropped: sent again, it may come whole. */
static enum ct_verdict read_line(struct ftp_segment *s)
{
    const struct ct_tuple *tuple = &s->conn->dir[s->dir].tuple;
    struct ftp_addr to = { .l3 = tuple->l3, .addr = tuple->src };
    struct ftp_span at;

    for (size_t i = 0; i < N_FTP_LINES; i++) {
        const struct ftp_line *line = &ftp_lines[s->dir][i];

        switch (ftp_line_find(line, s->text, s->len, &to, &at)) {
        case FTP_NOTHING:
            break;
        case FTP_PARTIAL:
            s->is_partial = true;
            return CT_DROP;
        case FTP_FOUND:
            return expect_data(s, line, &to, at);
        }
    }
    return CT_ACCEPT;
}

static enum ct_verdict read_segment(struct ftp_segment *s)
{
    struct ftp_data *data = s->conn->helper_data;
    struct ftp_starts *starts;
    enum ct_verdict verdict = CT_ACCEPT;
    bool ends_line = s->text[s->len - 1] == '\n';

    if (!data)
        data = s->conn->helper_data = g_new0(struct ftp_data, 1);
    starts = &data->starts[s->dir];
    if (is_start(starts, s->seq))
        verdict = read_line(s);
    if (ends_line && !s->is_partial)
        note_start(starts, s->seq + s->len);
    return verdict;
}

static enum ct_verdict ftp_help(struct ct_conn *c, struct pkt *p, const struct ct_ip *ip,
                                enum ip_conntrack_info info)
{
    const uint8_t *tcp = ct_ip_l4(ip);
    struct ftp_segment s = { .conn = c, .pkt = p, .dir = ct_info_dir(info) };
    uint32_t hdr_len;

    if ((info != IP_CT_ESTABLISHED && info != IP_CT_ESTABLISHED_REPLY) ||
        ct_ip_l4_len(ip) < TCP_LEN)
        return CT_ACCEPT;
    hdr_len = (tcp[12] >> 4) * 4u;
    if (hdr_len >= ct_ip_l4_len(ip))
        return CT_ACCEPT;
    s.l3_type = ip->l3 == 4 ? ETH_P_IP : ETH_P_IPV6;
    s.seq = be32_get(tcp + 4);
    s.text = (const char *)tcp + hdr_len;
    s.len = ct_ip_l4_len(ip) - hdr_len;
    return read_segment(&s);
}

const struct ct_helper ct_helper_ftp = {
    .name = "ftp", .proto = IPPROTO_TCP, .port = 21, .max_expected = 1, .timeout_s = 300,
    .help = ftp_help,
};
