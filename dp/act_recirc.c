/* act_recirc.c - recirc: look the packet up again; hash: gives it the dp_hash to match then.
 *
 * Catalogue 07.3, 07.5. SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/openvswitch.h>

#include "base/draw.h"
#include "base/hash.h"
#include "dp/act_rows.h"
#include "dp/extract.h"
#include "netlink/attr.h"

static int recirc_run(struct act_run *run, const struct nlattr *a, bool is_last)
{
    return acts_recirculate(run, mnl_attr_get_u32(a), is_last);
}

const struct act act_recirc = {
    .uapi = "OVS_ACTION_ATTR_RECIRC",
    .name = "recirc",
    .len = sizeof(uint32_t),
    .flags = ACT_KEEPS_KEY,
    .since = KVER(3, 18),
    .field = (const struct key_field[]){{.wire = &wire_u32x, .name = "", .wire_size = 4, .key_size = 4}},
    .n_fields = 1,
    .run = recirc_run,
};

static int hash_check(struct act_scope *at, const struct nlattr *a, struct err *e)
{
    const struct ovs_action_hash *hash = mnl_attr_get_payload(a);

    if (hash->hash_alg != OVS_HASH_ALG_L4)
        return err_set(e, EINVAL, "hash: algorithm %u is not 0 (L4)", hash->hash_alg);
    attr_put(at->out, OVS_ACTION_ATTR_HASH, hash, sizeof(*hash));
    return 0;
}

static int hash_run(struct act_run *run, const struct nlattr *a, bool is_last)
{
    const struct ovs_action_hash *hash = mnl_attr_get_payload(a);
    uint32_t flow_hash = pkt_flow_hash(run->pkt);
    uint32_t dp_hash = (uint32_t)hash_mix(flow_hash, hash->hash_basis);

    (void)is_last;
    run->key->dp_hash = dp_hash ? dp_hash : 1;
    return 0;
}

static bool hash_generate(const struct act_scope *at, const struct draw *d, GByteArray *out)
{
    struct ovs_action_hash hash = {.hash_alg = OVS_HASH_ALG_L4};

    (void)at;
    draw_bytes(d, &hash.hash_basis, sizeof(hash.hash_basis));
    g_byte_array_append(out, (const uint8_t *)&hash, sizeof(hash));
    return true;
}

const struct act act_hash = {
    .uapi = "OVS_ACTION_ATTR_HASH",
    .name = "hash",
    .len = sizeof(struct ovs_action_hash),
    .since = KVER(3, 18),
    .check = hash_check,
    .run = hash_run,
    .generate = hash_generate,
    .format = act_hash_format,
    .scan = act_hash_scan,
};
