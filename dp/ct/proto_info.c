/* proto_info.c - CTA_PROTOINFO, as several trackers read it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "dp/ct/proto_int.h"

int ct_info_parse(const struct nlattr *info, uint16_t type, const struct policy *rows, uint16_t max,
                  const struct nlattr **table, struct err *e)
{
    const struct nlattr *nest =
        attr_find(mnl_attr_get_payload(info), mnl_attr_get_payload_len(info), type);
    int r;

    if (!nest)
        return 0;
    /* (the client gets no ext-ack for these) */
    r = policy_parse(rows, max, mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest), NULL,
                     table, NULL);
    return r ? err_set(e, -r, "CTA_PROTOINFO: attribute %u is damaged", type) : 1;
}
