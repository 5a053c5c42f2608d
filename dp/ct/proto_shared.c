/* proto_shared.c - ports and PROTOINFO, as several trackers read and write them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "dp/ct/proto_int.h"

#include "base/bytes.h"
#include "base/checksum.h"

bool ct_ports_of(const struct ct_ip *ip, struct ct_tuple *t)
{
    const uint8_t *ports = ct_ip_l4(ip);

    if (ct_ip_l4_len(ip) < CT_PORTS_LEN)
        return false;
    t->src_id = be16_get(ports);
    t->dst_id = be16_get(ports + 2);
    return true;
}

bool ct_ports_write(const struct ct_ip *ip, const struct ct_tuple *to, bool is_src, int checksum_off)
{
    uint8_t *header = ct_ip_l4(ip), *port = header + (is_src ? 0 : 2), old[2];

    if (ct_ip_l4_len(ip) < CT_PORTS_LEN)
        return false;
    memcpy(old, port, sizeof(old));
    be16_put(port, is_src ? to->src_id : to->dst_id);
    if (checksum_off >= 0)
        csum_replace(header + checksum_off, old, port, sizeof(old));
    return true;
}

int ct_info_parse(const struct nlattr *info, uint16_t type, const struct policy *rows, uint16_t max,
                  const struct nlattr **table, struct err *e)
{
    const struct nlattr *nest = attr_find(mnl_attr_get_payload(info), mnl_attr_get_payload_len(info), type);
    int r;

    if (!nest)
        return 0;
    /* (the client gets no ext-ack for these) */
    r = policy_parse(rows, max, mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest), NULL, table, NULL);
    return r ? err_set(e, -r, "CTA_PROTOINFO: attribute %u is damaged", type) : 1;
}
