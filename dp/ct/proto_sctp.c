/* proto_sctp.c - SCTP: one row for each kind of chunk that means something to an association. Catalogue 09.5.
 *
 * How it works: a packet is a list of chunks, each of which moves the state along. Every packet carries the
 * tag that its receiver chose when the association began; kinds of chunks that may do without it
 * have a rule of their own.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <netinet/in.h>

/* (after netinet/in.h, which they define again otherwise) */
#include <linux/netfilter/nf_conntrack_sctp.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>

#include "base/bytes.h"
#include "base/checksum.h"
#include "dp/ct/nat_id.h"
#include "dp/ct/proto_int.h"

#define SCTP_HLEN 12u
#define SCTP_TAG 4u
#define SCTP_CRC 8u
#define CHUNK_HLEN 4u
#define INIT_HLEN 16u               /* behind the chunk's header; begins with the tag */
#define N_STATES (SCTP_CONNTRACK_HEARTBEAT_SENT + 1)

enum { CHUNK_DATA = 0, CHUNK_REFLECTS_TAG = 1 };
enum { HEARTBEAT_TAG_FAILED = 1 };  /* ct_sctp.flags */

enum {
    sNO = SCTP_CONNTRACK_NONE,
    sCL = SCTP_CONNTRACK_CLOSED,
    sCW = SCTP_CONNTRACK_COOKIE_WAIT,
    sCE = SCTP_CONNTRACK_COOKIE_ECHOED,
    sES = SCTP_CONNTRACK_ESTABLISHED,
    sSS = SCTP_CONNTRACK_SHUTDOWN_SENT,
    sSR = SCTP_CONNTRACK_SHUTDOWN_RECD,
    sSA = SCTP_CONNTRACK_SHUTDOWN_ACK_SENT,
    sHS = SCTP_CONNTRACK_HEARTBEAT_SENT,
    sIV = SCTP_CONNTRACK_MAX,       /* invalid */
};

struct sctp_chunk {
    const struct sctp_kind *kind;   /* NULL: of no consequence */
    uint32_t off;                   /* in the frame */
    uint16_t len;                   /* as it says; 0 would never end */
    uint8_t type, flags;
};

/* One packet on its way through the tracker. */
struct sctp_run {
    struct ct_conn *c;
    struct ct_sctp *sctp;
    const struct ct_ip *ip;
    unsigned dir;
    uint32_t tag;
    bool has_data;
    bool has_tag_rule;              /* of some chunk: tags are not compared for the packet as a whole */
    bool begins_nothing;            /* has a chunk that begins nothing: ABORT, SHUTDOWN COMPLETE, COOKIE ACK */
    bool keeps_timeout;             /* it is let through, but does not make the entry live on */
    uint8_t old, next;              /* states, of the last chunk */
};

enum tag_told { TELLS_NOTHING, TELLS_OWN_TAG, TELLS_OTHER_TAG };
enum tag_verdict { TAG_OK, TAG_BAD, TAG_SKIP /* the chunk changes nothing */ };

struct sctp_kind {
    uint8_t type;
    bool begins_nothing;            /* out of the blue it is invalid */
    bool is_alone;                  /* no other chunk in its packet */
    bool is_first;                  /* none before it */
    enum tag_told tells;            /* out of the blue: which direction's tag the packet has */
    enum tag_verdict (*check_tag)(struct sctp_run *r, const struct sctp_chunk *chunk);
    bool (*note)(struct sctp_run *r, const struct sctp_chunk *chunk);
    uint8_t next[CT_N_DIRS][N_STATES];
};

/* ---- tags ------------------------------------------------------------------------------------ */

static enum tag_verdict tag_is_zero(struct sctp_run *r, const struct sctp_chunk *chunk)
{
    (void)chunk;
    return r->tag ? TAG_BAD : TAG_OK;
}

static enum tag_verdict tag_is_any(struct sctp_run *r, const struct sctp_chunk *chunk)
{
    (void)r;
    (void)chunk;
    return TAG_OK;
}

static enum tag_verdict tag_is_own(struct sctp_run *r, const struct sctp_chunk *chunk)
{
    (void)chunk;
    return r->tag == r->sctp->vtag[r->dir] ? TAG_OK : TAG_BAD;
}

/* With the T bit the sender knows no tag and reflects that of the packet it answers. */
static enum tag_verdict tag_may_be_reflected(struct sctp_run *r, const struct sctp_chunk *chunk)
{
    unsigned dir = chunk->flags & CHUNK_REFLECTS_TAG ? !r->dir : r->dir;

    return r->tag == r->sctp->vtag[dir] ? TAG_OK : TAG_BAD;
}

/* What both halves of a heartbeat have in common: the first of a direction tells the tag. True: *verdict is all. */
static bool learn_tag(struct sctp_run *r, enum tag_verdict *verdict)
{
    struct ct_sctp *sctp = r->sctp;

    *verdict = TAG_OK;
    if (!sctp->vtag[r->dir]) {
        sctp->vtag[r->dir] = r->tag;
        return true;
    }
    if (r->tag == sctp->vtag[r->dir]) {
        sctp->flags &= (uint8_t)~HEARTBEAT_TAG_FAILED;
        return true;
    }
    *verdict = TAG_BAD;
    return r->has_data || r->keeps_timeout;
}

/* A wrong tag may be that of a new association over the same ports: an answer to it will tell. */
static enum tag_verdict heartbeat_tag(struct sctp_run *r, const struct sctp_chunk *chunk)
{
    enum tag_verdict verdict;

    (void)chunk;
    if (learn_tag(r, &verdict))
        return verdict;
    r->sctp->flags |= HEARTBEAT_TAG_FAILED;
    r->sctp->last_dir = (uint8_t)r->dir;
    r->keeps_timeout = true;
    return TAG_SKIP;
}

static enum tag_verdict heartbeat_ack_tag(struct sctp_run *r, const struct sctp_chunk *chunk)
{
    struct ct_sctp *sctp = r->sctp;
    enum tag_verdict verdict;

    (void)chunk;
    if (learn_tag(r, &verdict))
        return verdict;
    if (!(sctp->flags & HEARTBEAT_TAG_FAILED) || sctp->last_dir == r->dir)
        return TAG_BAD;
    sctp->flags &= (uint8_t)~HEARTBEAT_TAG_FAILED;
    sctp->vtag[r->dir] = r->tag;
    sctp->vtag[!r->dir] = 0;
    return TAG_OK;
}

/* The tag that an INIT or INIT ACK offers. False: it is cut off. */
static bool init_tag(const struct ct_ip *ip, const struct sctp_chunk *chunk, uint32_t *tag)
{
    if (chunk->off + CHUNK_HLEN + INIT_HLEN > ip->end)
        return false;
    *tag = be32_get(ip->pkt->data + chunk->off + CHUNK_HLEN);
    return true;
}

static bool note_init(struct sctp_run *r, const struct sctp_chunk *chunk)
{
    struct ct_sctp *sctp = r->sctp;
    uint32_t known = sctp->vtag[!r->dir], tag;

    if (!init_tag(r->ip, chunk, &tag))
        return false;
    if (known != tag || !ct_is_confirmed(r->c)) {
        if (sctp->init[r->dir])
            sctp->init[!r->dir] = 0;
        sctp->init[r->dir] = 1;
    }
    sctp->vtag[!r->dir] = tag;
    /* Whoever keeps trying must not keep the entry alive. */
    if (r->old == sCL && r->next == sCL)
        r->keeps_timeout = true;
    return true;
}

static bool note_init_ack(struct sctp_run *r, const struct sctp_chunk *chunk)
{
    struct ct_sctp *sctp = r->sctp;
    uint32_t known = sctp->vtag[!r->dir], tag;

    if (!init_tag(r->ip, chunk, &tag))
        return false;
    if (!sctp->init[!r->dir] && known && known != tag)
        return false;
    /* Both sides have sent an INIT: the tag is that of the other's. */
    if (sctp->init[r->dir] && sctp->init[!r->dir] && known != tag)
        return false;
    sctp->vtag[!r->dir] = tag;
    return true;
}

static bool note_cookie_ack(struct sctp_run *r, const struct sctp_chunk *chunk)
{
    (void)chunk;
    memset(r->sctp->init, 0, sizeof(r->sctp->init));
    return true;
}

/* ---- chunks ---------------------------------------------------------------------------------- */

/* clang-format off */
static const struct sctp_kind kinds[] = {
    /*                                           sNO  sCL  sCW  sCE  sES  sSS  sSR  sSA  sHS */
    { .type = 1 /* INIT */, .is_alone = true, .check_tag = tag_is_zero, .note = note_init,
      .next = { [CT_ORIG] =                    { sCL, sCL, sCW, sCE, sES, sCL, sCL, sSA, sCW },
                [CT_REPLY] =                   { sIV, sCL, sCW, sCE, sES, sSS, sSR, sSA, sIV } } },
    { .type = 2 /* INIT ACK */, .is_alone = true, .note = note_init_ack,
      .next = { [CT_ORIG] =                    { sCL, sCL, sCW, sCE, sES, sSS, sSR, sSA, sCL },
                [CT_REPLY] =                   { sIV, sCW, sCW, sCE, sES, sSS, sSR, sSA, sIV } } },
    { .type = 6 /* ABORT */, .begins_nothing = true, .check_tag = tag_may_be_reflected,
      .next = { [CT_ORIG] =                    { sCL, sCL, sCL, sCL, sCL, sCL, sCL, sCL, sCL },
                [CT_REPLY] =                   { sIV, sCL, sCL, sCL, sCL, sCL, sCL, sCL, sIV } } },
    { .type = 7 /* SHUTDOWN */,
      .next = { [CT_ORIG] =                    { sCL, sCL, sCW, sCE, sSS, sSS, sSR, sSA, sCL },
                [CT_REPLY] =                   { sIV, sCL, sCW, sCE, sSR, sSS, sSR, sSA, sIV } } },
    { .type = 8 /* SHUTDOWN ACK */, .tells = TELLS_OTHER_TAG, .check_tag = tag_is_any,
      .next = { [CT_ORIG] =                    { sSA, sCL, sCW, sCE, sES, sSA, sSA, sSA, sSA },
                [CT_REPLY] =                   { sIV, sCL, sCW, sCE, sES, sSA, sSA, sSA, sIV } } },
    { .type = 9 /* ERROR */,
      .next = { [CT_ORIG] =                    { sCL, sCL, sCW, sCE, sES, sSS, sSR, sSA, sCL },
                [CT_REPLY] =                   { sIV, sCL, sCW, sCL, sES, sSS, sSR, sSA, sIV } } },
    { .type = 10 /* COOKIE ECHO */, .is_first = true, .check_tag = tag_is_own,
      .next = { [CT_ORIG] =                    { sCL, sCL, sCE, sCE, sES, sSS, sSR, sSA, sCL },
                [CT_REPLY] =                   { sIV, sCL, sCE, sCE, sES, sSS, sSR, sSA, sIV } } },
    { .type = 11 /* COOKIE ACK */, .is_first = true, .begins_nothing = true, .note = note_cookie_ack,
      .next = { [CT_ORIG] =                    { sCL, sCL, sCW, sES, sES, sSS, sSR, sSA, sCL },
                [CT_REPLY] =                   { sIV, sCL, sCW, sES, sES, sSS, sSR, sSA, sIV } } },
    { .type = 14 /* SHUTDOWN COMPLETE */, .is_alone = true, .begins_nothing = true,
      .check_tag = tag_may_be_reflected,
      .next = { [CT_ORIG] =                    { sCL, sCL, sCW, sCE, sES, sSS, sSR, sCL, sCL },
                [CT_REPLY] =                   { sIV, sCL, sCW, sCE, sES, sSS, sSR, sCL, sIV } } },
    { .type = 4 /* HEARTBEAT */, .tells = TELLS_OWN_TAG, .check_tag = heartbeat_tag,
      .next = { [CT_ORIG] =                    { sHS, sCL, sCW, sCE, sES, sSS, sSR, sSA, sHS },
                [CT_REPLY] =                   { sIV, sCL, sCW, sCE, sES, sSS, sSR, sSA, sHS } } },
    { .type = 5 /* HEARTBEAT ACK */, .check_tag = heartbeat_ack_tag,
      .next = { [CT_ORIG] =                    { sCL, sCL, sCW, sCE, sES, sSS, sSR, sSA, sHS },
                [CT_REPLY] =                   { sIV, sCL, sCW, sCE, sES, sSS, sSR, sSA, sES } } },
};
/* clang-format on */

static const struct sctp_kind *kind_of(uint8_t type)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (kinds[i].type == type)
            return &kinds[i];
    }
    return NULL;
}

/* Takes the chunk at *off and moves there to the next. False: there is none. */
static bool next_chunk(const struct ct_ip *ip, uint32_t *off, struct sctp_chunk *chunk)
{
    const uint8_t *header = ip->pkt->data + *off;

    if (*off + CHUNK_HLEN > ip->end)
        return false;
    *chunk = (struct sctp_chunk){
        .kind = kind_of(header[0]),
        .off = *off,
        .len = be16_get(header + 2),
        .type = header[0],
        .flags = header[1],
    };
    *off += (chunk->len + 3u) & ~3u;
    return true;
}

/* Which chunks are there, and may they be together? */
static bool survey(struct sctp_run *r)
{
    uint32_t off = r->ip->l4_off + SCTP_HLEN;
    bool is_lonely = false;
    struct sctp_chunk chunk;
    unsigned n = 0;

    for (; next_chunk(r->ip, &off, &chunk); n++) {
        const struct sctp_kind *kind = chunk.kind;

        is_lonely = is_lonely || (kind && kind->is_alone);
        if (!chunk.len || (n && (is_lonely || (kind && kind->is_first))))
            return false;
        r->has_data = r->has_data || chunk.type == CHUNK_DATA;
        r->has_tag_rule = r->has_tag_rule || (kind && kind->check_tag);
        r->begins_nothing = r->begins_nothing || (kind && kind->begins_nothing);
    }
    return n > 0;
}

/* ---- associations ---------------------------------------------------------------------------- */

/* The tags that a first packet tells. */
static bool sctp_new(struct sctp_run *r)
{
    uint32_t off = r->ip->l4_off + SCTP_HLEN;
    struct sctp_chunk chunk;

    if (r->begins_nothing)
        return false;
    memset(r->sctp, 0, sizeof(*r->sctp));
    while (next_chunk(r->ip, &off, &chunk)) {
        if (!chunk.kind)
            return false;
        if (chunk.kind->note == note_init &&
            (r->tag || !init_tag(r->ip, &chunk, &r->sctp->vtag[CT_REPLY])))
            return false;
        if (chunk.kind->tells != TELLS_NOTHING)
            r->sctp->vtag[chunk.kind->tells == TELLS_OWN_TAG ? CT_ORIG : CT_REPLY] = r->tag;
    }
    return true;
}

static bool follow_chunk(struct sctp_run *r, const struct sctp_chunk *chunk)
{
    const struct sctp_kind *kind = chunk->kind;
    enum tag_verdict tag = kind && kind->check_tag ? kind->check_tag(r, chunk) : TAG_OK;

    if (tag != TAG_OK)
        return tag == TAG_SKIP;
    r->old = r->sctp->state;
    r->next = kind ? kind->next[r->dir][r->old] : r->old;
    if (r->next == sIV || (kind && kind->note && !kind->note(r, chunk)))
        return false;
    r->sctp->state = r->next;
    if (r->old == r->next)
        return true;
    ct_conn_event(r->c, IPCT_PROTOINFO);
    if (r->next == sES)
        ct_conn_assure(r->c);
    return true;
}

static bool sctp_is_whole(const struct ct_table *t, const struct ct_ip *ip)
{
    const uint8_t *sctp = ct_ip_l4(ip);
    uint32_t len = ct_ip_l4_len(ip), crc;

    if (len < SCTP_HLEN)
        return false;
    memcpy(&crc, sctp + SCTP_CRC, sizeof(crc));
    return !t->sysctl.checksum || GUINT32_FROM_LE(crc) == crc32c_sctp(sctp, len, SCTP_CRC);
}

static enum ct_verdict sctp_packet(struct ct_conn *c, const struct ct_ip *ip,
                                   enum ip_conntrack_info info)
{
    struct sctp_run r = { .c = c, .sctp = &c->state.sctp, .ip = ip, .dir = ct_info_dir(info) };
    uint32_t off = ip->l4_off + SCTP_HLEN;
    struct sctp_chunk chunk;

    if (!sctp_is_whole(c->table, ip) || !survey(&r))
        return CT_INVALID;
    r.tag = be32_get(ct_ip_l4(ip) + SCTP_TAG);
    if (!ct_is_confirmed(c) && !sctp_new(&r))
        return CT_INVALID;
    if (!r.has_tag_rule && r.tag != r.sctp->vtag[r.dir])
        return CT_INVALID;
    while (next_chunk(ip, &off, &chunk)) {
        if (!follow_chunk(&r, &chunk))
            return CT_INVALID;
    }
    if (!r.keeps_timeout)
        ct_conn_refresh(c, ct_timeouts_of(c)[r.next ? r.next - 1 : 0]);
    return CT_ACCEPT;
}

static bool sctp_can_drop(const struct ct_conn *c)
{
    uint8_t state = c->state.sctp.state;

    return state == sSS || state == sSR || state == sSA;
}

/* ---- netlink --------------------------------------------------------------------------------- */

static void sctp_put_info(struct nlmsghdr *msg, const struct ct_conn *c)
{
    const struct ct_sctp *sctp = &c->state.sctp;
    struct nlattr *info = mnl_attr_nest_start(msg, CTA_PROTOINFO);
    struct nlattr *nest = mnl_attr_nest_start(msg, CTA_PROTOINFO_SCTP);

    mnl_attr_put_u8(msg, CTA_PROTOINFO_SCTP_STATE, sctp->state);
    if (!ct_is_dying(c)) {
        mnl_attr_put_u32(msg, CTA_PROTOINFO_SCTP_VTAG_ORIGINAL, htonl(sctp->vtag[CT_ORIG]));
        mnl_attr_put_u32(msg, CTA_PROTOINFO_SCTP_VTAG_REPLY, htonl(sctp->vtag[CT_REPLY]));
    }
    mnl_attr_nest_end(msg, nest);
    mnl_attr_nest_end(msg, info);
}

static int sctp_set_info(struct ct_conn *c, const struct nlattr *info, struct err *e)
{
    static const struct policy rows[CTA_PROTOINFO_SCTP_MAX + 1] = {
        [CTA_PROTOINFO_SCTP_STATE] = { POL_U8, .has_range = true, .max = N_STATES - 1 },
        [CTA_PROTOINFO_SCTP_VTAG_ORIGINAL] = { POL_U32 },
        [CTA_PROTOINFO_SCTP_VTAG_REPLY] = { POL_U32 },
    };
    const struct nlattr *a[CTA_PROTOINFO_SCTP_MAX + 1];
    int r = ct_info_parse(info, CTA_PROTOINFO_SCTP, rows, CTA_PROTOINFO_SCTP_MAX, a, e);

    if (r <= 0)
        return r;
    for (unsigned i = CTA_PROTOINFO_SCTP_STATE; i <= CTA_PROTOINFO_SCTP_MAX; i++) {
        if (!a[i])
            return err_set(e, EINVAL, "CTA_PROTOINFO_SCTP: attribute %u is missing", i);
    }
    c->state.sctp.state = mnl_attr_get_u8(a[CTA_PROTOINFO_SCTP_STATE]);
    c->state.sctp.vtag[CT_ORIG] = ntohl(mnl_attr_get_u32(a[CTA_PROTOINFO_SCTP_VTAG_ORIGINAL]));
    c->state.sctp.vtag[CT_REPLY] = ntohl(mnl_attr_get_u32(a[CTA_PROTOINFO_SCTP_VTAG_REPLY]));
    return 0;
}

static const struct ct_timeout_row timeouts[] = {
    { "sctp_timeout_closed", 10 },
    { "sctp_timeout_cookie_wait", 3 },
    { "sctp_timeout_cookie_echoed", 3 },
    { "sctp_timeout_established", 210 },
    { "sctp_timeout_shutdown_sent", 3 },
    { "sctp_timeout_shutdown_recd", 3 },
    { "sctp_timeout_shutdown_ack_sent", 3 },
    { "sctp_timeout_heartbeat_sent", 30 },
    { NULL, 0 },                /* HEARTBEAT_ACKED: not used any more */
};
static_assert(G_N_ELEMENTS(timeouts) == CTA_TIMEOUT_SCTP_MAX,
              "one row for each CTA_TIMEOUT_SCTP_*");

const struct ct_proto ct_proto_sctp = {
    .number = IPPROTO_SCTP,
    .name = "sctp",
    .tuple = ct_ports_of,
    .packet = sctp_packet,
    .can_drop = sctp_can_drop,
    .put_info = sctp_put_info,
    .set_info = sctp_set_info,
    .write_id = ct_nat_write_sctp,
    .has_id = true,
    .timeout = timeouts,
    .n_timeouts = G_N_ELEMENTS(timeouts),
};
