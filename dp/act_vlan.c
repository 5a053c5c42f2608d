/* act_vlan.c - push_vlan, pop_vlan: add and remove the outermost tag, which is packet metadata.
 *
 * Only one tag fits into the metadata, so the second push puts the first tag into the frame, and a
 * pop takes it out again. Then the key has to be extracted anew: it cannot say what is deeper.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/openvswitch.h>

#include "base/bytes.h"
#include "base/draw.h"
#include "dp/act_rows.h"
#include "dp/eth_type.h"
#include "netlink/attr.h"

#define MAC_ADDRS_LEN 12u
#define TAG_LEN 4u

static int push_vlan_check(struct act_scope *at, const struct nlattr *a, struct err *e)
{
    const uint8_t *tag = mnl_attr_get_payload(a);
    uint16_t tpid = be16_get(tag), tci = be16_get(tag + 2);

    if (!at->has_eth)
        return err_set(e, EINVAL, "push_vlan: no Ethernet header at this point");
    if (!is_vlan_type(tpid))
        return err_set(e, EINVAL, "push_vlan: tpid %#06x is not a VLAN type", tpid);
    if (!(tci & KEY_TCI_PRESENT))
        return err_set(e, EINVAL, "push_vlan: tci %#06x lacks bit 12", tci);

    at->is_tagged = true;
    attr_put(at->out, OVS_ACTION_ATTR_PUSH_VLAN, tag, TAG_LEN);
    return 0;
}

static bool push_vlan_generate(const struct act_scope *at, const struct draw *d, GByteArray *out)
{
    uint8_t tag[TAG_LEN];

    be16_put(tag, draw_one_in(d, 2) ? ETH_P_8021Q : ETH_P_8021AD);
    be16_put(tag + 2, (uint16_t)(draw_number(d, UINT16_MAX) | KEY_TCI_PRESENT));
    g_byte_array_append(out, tag, sizeof(tag));
    return at->has_eth;
}

static int push_vlan_run(struct act_run *run, const struct nlattr *a, bool is_last)
{
    const uint8_t *tag = mnl_attr_get_payload(a);
    struct pkt *p = run->pkt;

    (void)is_last;
    if (p->has_vlan && (p->len < MAC_ADDRS_LEN || acts_writable(run)))
        return -ENOMEM;
    if (p->has_vlan) {
        pkt_put_tag(p);
        acts_stale_key(run);
    } else {
        run->key->vlan.tpid = be16_get(tag);
        run->key->vlan.tci = be16_get(tag + 2);
    }
    p->has_vlan = true;
    p->vlan_tpid = be16_get(tag);
    p->vlan_tci = be16_get(tag + 2) & (uint16_t)~KEY_TCI_PRESENT;
    return 0;
}

static int pop_vlan_check(struct act_scope *at, const struct nlattr *a, struct err *e)
{
    (void)a;
    if (!at->has_eth)
        return err_set(e, EINVAL, "pop_vlan: no Ethernet header at this point");
    /* An inner tag may remain; the kernel's check does not know of it. */
    at->is_tagged = false;
    attr_put(at->out, OVS_ACTION_ATTR_POP_VLAN, NULL, 0);
    return 0;
}

static bool pop_vlan_generate(const struct act_scope *at, const struct draw *d, GByteArray *out)
{
    (void)d;
    (void)out;
    return at->has_eth;
}

/* What the kernel calls the payload behind a removed tag: an EtherType, or the pseudo types of raw
 * 802.3 and of 802.2. */
static uint16_t type_behind_addrs(const struct pkt *p)
{
    uint16_t type = be16_get(p->data + MAC_ADDRS_LEN);

    if (type >= ETH_P_802_3_MIN)
        return type;
    if (p->len >= ETH_HLEN + 2 && be16_get(p->data + ETH_HLEN) == 0xffff)
        return ETH_P_802_3;
    return ETH_P_802_2;
}

/* Takes the tag that is first in the frame out of it. */
static int take_frame_tag(struct pkt *p, uint16_t *tci)
{
    if (p->len < ETH_HLEN + TAG_LEN)
        return -ENOMEM;
    *tci = be16_get(p->data + ETH_HLEN);
    pkt_remove(p, MAC_ADDRS_LEN, TAG_LEN);
    p->protocol = type_behind_addrs(p);
    if (p->l3_off < ETH_HLEN)
        p->l3_off = ETH_HLEN;
    p->mac_len = p->l3_off;
    return 0;
}

/* Removes the outermost tag, wherever it is, and moves the next one into the metadata. */
static int pop_tag(struct pkt *p)
{
    uint16_t type, tci;
    int error;

    if (p->has_vlan) {
        p->has_vlan = false;
    } else if (is_vlan_type(p->protocol)) {
        error = take_frame_tag(p, &tci);
        if (error)
            return error;
    }
    type = p->protocol;
    if (!is_vlan_type(type))
        return 0;
    error = take_frame_tag(p, &tci);
    if (error)
        return error;
    p->has_vlan = true;
    p->vlan_tpid = type;
    p->vlan_tci = tci;
    return 0;
}

static int pop_vlan_run(struct act_run *run, const struct nlattr *a, bool is_last)
{
    bool is_written = !run->pkt->has_vlan && is_vlan_type(run->pkt->protocol);
    int error = is_written ? acts_writable(run) : 0;

    (void)a;
    (void)is_last;
    if (!error)
        error = pop_tag(run->pkt);
    if (run->pkt->has_vlan)
        acts_stale_key(run);
    else
        run->key->vlan = (struct key_tag){0};
    return error;
}

/* ---- rows ------------------------------------------------------------------------------- */

/* clang-format off */
static const struct key_field push_vlan_fields[] = {
    { .name = "tpid", .wire = &wire_be16x, .wire_off = 0, .wire_size = 2 },
    { .name = "tci",  .wire = &wire_be16x, .wire_off = 2, .wire_size = 2 },
};

const struct act act_push_vlan = {
    .uapi = "OVS_ACTION_ATTR_PUSH_VLAN", .name = "push_vlan",
    .len = sizeof(struct ovs_action_push_vlan),
    .field = push_vlan_fields, .n_fields = G_N_ELEMENTS(push_vlan_fields),
    .check = push_vlan_check, .run = push_vlan_run, .generate = push_vlan_generate,
    .format = act_push_vlan_format, .scan = act_push_vlan_scan,
};

const struct act act_pop_vlan = {
    .uapi = "OVS_ACTION_ATTR_POP_VLAN", .name = "pop_vlan", .len = 0,
    .check = pop_vlan_check, .run = pop_vlan_run, .generate = pop_vlan_generate,
};
/* clang-format on */
