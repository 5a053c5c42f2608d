/* key_tools.c - see key_tools.h. SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/key_tools.h"

#include <stdarg.h>
#include <string.h>

#include "netlink/attr.h"

const struct nlattr *key_tell(struct key_told *told, uint16_t type, const struct flow_key *key, const struct flow_key *out)
{
    memset(&told->head, 0, sizeof(told->head));
    told->head.nlmsg_len = NLMSG_HDRLEN;
    key_put(&told->head, type, key, out, key != out);
    FUZZ_CHECK(told->head.nlmsg_len <= sizeof(*told), "a key of %u bytes", told->head.nlmsg_len);
    return mnl_nlmsg_get_payload(&told->head);
}

void key_check_same(const struct flow_key *is, const struct flow_key *was, const char *fmt, ...)
{
    g_autofree char *what = NULL;
    size_t at = 0;
    va_list args;

    while (at < sizeof(*is) && ((const uint8_t *)is)[at] == ((const uint8_t *)was)[at])
        at++;
    if (at == sizeof(*is))
        return;
    va_start(args, fmt);
    what = g_strdup_vprintf(fmt, args);
    va_end(args);
    FUZZ_CHECK(at == sizeof(*is), "%s: offset %zu of struct flow_key is %#x, was %#x", what, at, ((const uint8_t *)is)[at],
               ((const uint8_t *)was)[at]);
}
