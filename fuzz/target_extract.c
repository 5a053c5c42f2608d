/* target_extract.c - any bytes as a packet: its key, told as attributes and read again.
 *
 * An input is a header of HEADER_LEN bytes (enum below) and the packet. The packet lies alone in memory that ends where it ends.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/if_ether.h>
#include <linux/openvswitch.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "dp/eth_type.h"
#include "dp/extract.h"
#include "fuzz/grammar.h"
#include "fuzz/key_tools.h"
#include "netlink/attr.h"

enum { AT_FLAGS, AT_PORT, AT_TYPE, AT_TCI = AT_TYPE + 2, HEADER_LEN = AT_TCI + 2 };
enum { IS_L3 = 1, HAS_TAG = 2 };

#define FILL 0xa5               /* what stands behind a packet whose length is not its memory's */

struct input {
    uint8_t header[HEADER_LEN];
    const uint8_t *data;
    size_t len;
};

static bool is_l3(const struct input *in)
{
    return in->header[AT_FLAGS] & IS_L3;
}

static bool has_tag(const struct input *in)
{
    return in->header[AT_FLAGS] & HAS_TAG && !is_l3(in);
}

/* ---- extraction ------------------------------------------------------------------------------ */

static int extract(const struct input *in, struct pkt *p, struct flow_key *key)
{
    key_clear(key);
    key->in_port = in->header[AT_PORT];
    key->mac_proto = is_l3(in) ? KEY_MAC_NONE : KEY_MAC_ETH;
    p->protocol = be16_get(in->header + AT_TYPE);
    p->has_vlan = has_tag(in);
    p->vlan_tpid = p->has_vlan ? ETH_P_8021Q : 0;
    p->vlan_tci = p->has_vlan ? be16_get(in->header + AT_TCI) : 0;
    return key_extract(key, p);
}

static void check_offsets(const struct input *in, const struct pkt *p)
{
    uint32_t was = (uint32_t)in->len + (has_tag(in) ? 4 : 0);

    FUZZ_CHECK(p->l3_off <= p->len && p->l4_off <= p->len, "offsets %u and %u of a packet of %u bytes", p->l3_off, p->l4_off,
               p->len);
    FUZZ_CHECK(!p->l4_off || p->l4_off >= p->l3_off, "the transport header is at %u, the network header at %u", p->l4_off,
               p->l3_off);
    FUZZ_CHECK(p->mac_len == p->l3_off, "%u bytes of link layer, network header at %u", p->mac_len, p->l3_off);
    FUZZ_CHECK(pkt_wire_len(p) == was, "%u bytes on the wire have become %u", was, pkt_wire_len(p));
}

/* The same packet with other bytes behind its end gives the same; with its tag put back it is what it was. */
static void check_again(const struct input *in, const struct pkt *first, const struct flow_key *want)
{
    static struct pkt_pool pool;
    g_autofree uint8_t *longer = g_malloc(in->len + ETH_FRAME_LEN);
    struct pkt *p;
    struct flow_key key;

    memcpy(longer, in->data, in->len);
    memset(longer + in->len, FILL, ETH_FRAME_LEN);
    p = pkt_new(&pool, longer, in->len + ETH_FRAME_LEN);
    p->len = (uint32_t)in->len;
    FUZZ_CHECK(!extract(in, p, &key), "refused the second time");
    key_check_same(&key, want, "the key depends on what is behind the packet");
    FUZZ_CHECK(p->l3_off == first->l3_off && p->l4_off == first->l4_off, "offsets depend on what is behind the packet");
    FUZZ_CHECK(pkt_flow_hash(p) != 0, "the flow hash is 0");
    if (!has_tag(in)) {
        pkt_put_tag(p);
        FUZZ_CHECK(p->len == in->len && !memcmp(p->data, in->data, in->len), "with its tag put back the packet is another one");
    }
    pkt_free(&pool, p);
}

/* ---- key to attributes and back -------------------------------------------------------------- */

/* Keys that the kernel tells but does not take: types of packets without a link layer below 0x0600; a frame that is cut within a
 * tag, whose TPID it tells as 0; 802.2 behind a tag, where an exact mask's ENCAP is empty and counts for nothing; labels without
 * an end. */
static bool can_be_told(const struct flow_key *key)
{
    if (key->mac_proto == KEY_MAC_NONE && key->eth_type < ETH_P_802_3_MIN)
        return false;
    if (key->vlan.tci && key->eth_type == KEY_TYPE_802_2)
        return false;
    if (is_mpls_type(key->eth_type) && !key->mpls.n_lse_mask)
        return false;
    return !is_vlan_type(key->eth_type);
}

static void check_told(const struct flow_key *want)
{
    struct key_told key_told, mask_told;
    struct flow_key key;
    struct flow_mask mask, again;
    struct match m = { .key = &key, .mask = &mask };
    struct err e = { 0 };
    const struct nlattr *told = key_tell(&key_told, OVS_FLOW_ATTR_KEY, want, want), *told_mask;

    if (!can_be_told(want)) {
        (void)match_parse(&m, told, NULL, true, &e);
        return;
    }
    FUZZ_CHECK(!match_parse(&m, told, NULL, true, &e), "the key of a packet is refused: %s", e.text);
    key_check_same(&key, want, "the key is another one when it has been told");
    told_mask = key_tell(&mask_told, OVS_FLOW_ATTR_MASK, &key, &mask.key);
    m.mask = &again;
    FUZZ_CHECK(!match_parse(&m, told, told_mask, true, &e), "the mask of a packet's key is refused: %s", e.text);
    mask.key.tun_proto = UINT8_MAX;     /* a mask tells of the tunnel even if there is none: that is then matched */
    key_check_same(&again.key, &mask.key, "the mask is another one when it has been told");
}

/* ---- row ------------------------------------------------------------------------------------- */

static void run(const uint8_t *data, size_t len)
{
    struct input in = { .data = data + HEADER_LEN, .len = len - HEADER_LEN };
    struct pkt p = { 0 };
    struct flow_key key;

    if (len < HEADER_LEN || in.len > UINT16_MAX)
        return;
    memcpy(in.header, data, HEADER_LEN);
    p.data = p.buf = malloc(in.len);
    p.len = p.size = (uint32_t)in.len;
    memcpy(p.data, in.data, in.len);
    if (!extract(&in, &p, &key)) {
        check_offsets(&in, &p);
        check_again(&in, &p, &key);
        check_told(&key);
    }
    free(p.buf);
}

/* A frame with a link layer, any metadata before it. */
static void generate(struct rng *r, GByteArray *out)
{
    uint8_t header[HEADER_LEN];

    for (size_t i = 0; i < sizeof(header); i++)
        header[i] = (uint8_t)rng_u32(r);
    header[AT_FLAGS] &= (uint8_t)~IS_L3;
    g_byte_array_append(out, header, sizeof(header));
    grammar_frame(r, NULL, out);
}

const struct fuzz_target fuzz_extract = {
    .name = "extract",
    .what = "any bytes as a packet, to a key, to attributes and back",
    .run = run,
    .generate = generate,
};
