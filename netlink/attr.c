/* attr.c - see attr.h. SPDX-License-Identifier: Apache-2.0 */
#include "netlink/attr.h"

#include <string.h>

static void pad(GByteArray *list)
{
    static const uint8_t zeros[MNL_ALIGNTO];
    guint n = (guint)(attr_align(list->len) - list->len);

    if (n)
        g_byte_array_append(list, zeros, n);
}

size_t attr_put(GByteArray *list, uint16_t type, const void *data, size_t len)
{
    size_t at = attr_nest_begin(list, type);

    if (len)
        g_byte_array_append(list, data, (guint)len);
    attr_nest_end(list, at);
    return at;
}

size_t attr_nest_begin(GByteArray *list, uint16_t type)
{
    struct nlattr head = {.nla_type = type, .nla_len = sizeof(head)};
    size_t at;

    pad(list);
    at = list->len;
    g_byte_array_append(list, (const uint8_t *)&head, sizeof(head));
    return at;
}

void attr_nest_end(GByteArray *list, size_t nest)
{
    uint16_t len = (uint16_t)(list->len - nest);

    memcpy(list->data + nest + offsetof(struct nlattr, nla_len), &len, sizeof(len));
    pad(list);
}

const struct nlattr *attr_find(const void *attrs, size_t len, uint16_t type)
{
    const struct nlattr *a;
    int left;

    attr_for_each(a, attrs, len, left)
    {
        if (mnl_attr_get_type(a) == type)
            return a;
    }
    return NULL;
}

bool bytes_are(const void *bytes, size_t len, uint8_t byte)
{
    const uint8_t *b = bytes;

    return !len || (b[0] == byte && !memcmp(b, b + 1, len - 1));
}
