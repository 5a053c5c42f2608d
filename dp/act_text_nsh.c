/* act_text_nsh.c - text of push_nsh and pop_nsh.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/openvswitch.h>
#include <string.h>

#include "dp/act_text.h"
#include "dp/key_hooks.h"
#include "netlink/attr.h"

#define MDTYPE_2 2                  /* the type with options */
#define MD2_MAX 248                 /* bytes of options */
#define FLAGS_BITS 0x03             /* of a header's flags; ovs-dpctl shows the header */
#define TTL_BITS 0x3f

/* The part's payload, or NULL. */
static uint8_t *nsh_part(GByteArray *nsh, uint16_t type, size_t min_len)
{
    const struct nlattr *part =
        attr_find(nsh->data + ATTR_HDR, nsh->len - ATTR_HDR, type);

    if (!part || mnl_attr_get_payload_len(part) < min_len)
        return NULL;
    return nsh->data + ((const uint8_t *)mnl_attr_get_payload(part) - nsh->data);
}

static void options_format(GString *out, const struct nlattr *nsh)
{
    const struct nlattr *md2 = attr_find(mnl_attr_get_payload(nsh), mnl_attr_get_payload_len(nsh),
                                         OVS_NSH_KEY_ATTR_MD2);

    if (!md2)
        return;
    g_string_append(out, ",md2=");
    number_format(out, mnl_attr_get_payload(md2), mnl_attr_get_payload_len(md2));
}

/* Its one attribute is the key's. */
void act_push_nsh_format(GString *out, const struct nlattr *a, const struct key_text *names)
{
    const struct nlattr *nsh = mnl_attr_get_payload(a);
    g_autoptr(GByteArray) shown = g_byte_array_new();
    uint8_t *base;

    if (!mnl_attr_ok(nsh, mnl_attr_get_payload_len(a))) {
        act_raw_format(out, a);
        return;
    }
    g_byte_array_append(shown, (const uint8_t *)nsh, nsh->nla_len);
    base = nsh_part(shown, OVS_NSH_KEY_ATTR_BASE, sizeof(struct ovs_nsh_key_base));
    if (base) {
        base[offsetof(struct ovs_nsh_key_base, flags)] &= FLAGS_BITS;
        base[offsetof(struct ovs_nsh_key_base, ttl)] &= TTL_BITS;
    }
    g_string_append(out, "push_nsh(");
    key_nsh_format(out, (const struct nlattr *)shown->data, NULL, names);
    options_format(out, nsh);
    g_string_append_c(out, ')');
}

/* Takes the options: the text has no leading zeros, whole words do. */
static int options_scan(struct scan *in, GByteArray *nsh, struct err *e)
{
    uint8_t options[MD2_MAX];
    size_t len = attr_align((strspn(in->at, "0123456789abcdefABCDEFx") - 1) / 2);

    if (len > sizeof(options))
        return text_error(e, in, "longer than %d bytes", MD2_MAX);
    if (number_scan(in, options, len, e))
        return -EINVAL;
    attr_put(nsh, OVS_NSH_KEY_ATTR_MD2, options, len);
    return 0;
}

/* Takes the members before the options, which are none of the key's. */
static int header_scan(struct scan *in, GByteArray *nsh, const struct key_text *names,
                       struct err *e)
{
    size_t len = strcspn(in->at, ")");
    const char *options = memmem(in->at, len, ",md2=", 5);
    g_autofree char *text = NULL;
    struct scan head;
    int err;

    if (!options)
        return key_nsh_scan(in, nsh, NULL, names, e);
    text = g_strndup(in->start, (gsize)(options - in->start));
    head = (struct scan){text, text + (in->at - in->start)};
    err = key_nsh_scan(&head, nsh, NULL, names, e);
    in->at = in->start + (head.at - head.start);
    return err ? err : text_expect(in, ",md2=", e) ? -EINVAL : options_scan(in, nsh, e);
}

int act_push_nsh_scan(struct scan *in, GByteArray *out, const struct key_text *names, struct err *e)
{
    g_autoptr(GByteArray) nsh = g_byte_array_new();
    size_t nest;

    if (text_expect(in, "push_nsh(", e) || header_scan(in, nsh, names, e) ||
        text_expect(in, ")", e))
        return -EINVAL;
    nest = attr_nest_begin(out, OVS_ACTION_ATTR_PUSH_NSH);
    attr_put(out, OVS_KEY_ATTR_NSH, nsh->data, nsh->len);
    attr_nest_end(out, nest);
    return 0;
}

void act_pop_nsh_format(GString *out, const struct nlattr *a, const struct key_text *names)
{
    (void)a;
    (void)names;
    g_string_append(out, "pop_nsh()");
}

int act_pop_nsh_scan(struct scan *in, GByteArray *out, const struct key_text *names, struct err *e)
{
    (void)names;
    if (text_expect(in, "pop_nsh", e))
        return -EINVAL;
    scan_text(in, "()");
    attr_put(out, OVS_ACTION_ATTR_POP_NSH, NULL, 0);
    return 0;
}
