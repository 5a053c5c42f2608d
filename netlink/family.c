/* family.c - the registry of families; see family.h. SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "netlink/ctrl.h"
#include "netlink/reply.h"
#include "netlink/server.h"

#define ID_FIRST      32        /* recorded on Linux 6.1; lower ones went to other subsystems */
#define GROUP_FIRST   9
#define GROUP_BLOCK   16        /* 16..18 belong to nlctrl and two families of fixed id */
#define GROUP_AFTER   19
#define GROUP_CTRL    GENL_ID_CTRL

static void add_entry(struct netlink *nl, const struct family *f, uint16_t id, uint32_t group)
{
    struct family_entry *entry = g_new0(struct family_entry, 1);

    *entry = (struct family_entry){f, id, group};
    g_ptr_array_add(nl->entries, entry);
    g_hash_table_insert(nl->by_id, GUINT_TO_POINTER(id), entry);
    g_hash_table_insert(nl->by_name, (gpointer)(uintptr_t)f->name, entry);
    g_hash_table_insert(nl->by_row, (gpointer)(uintptr_t)f, entry);
}

struct netlink *netlink_new(void)
{
    struct netlink *nl = g_new0(struct netlink, 1);

    nl->entries = g_ptr_array_new_with_free_func(g_free);
    nl->by_id = g_hash_table_new(NULL, NULL);
    nl->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    nl->by_row = g_hash_table_new(NULL, NULL);
    nl->namespaces = g_ptr_array_new();
    nl->last_group = GROUP_FIRST - 1;
    nl->scratch = g_malloc0(MSG_ROOM);
    nl->event = g_malloc0(EVENT_ROOM);
    add_entry(nl, &ctrl_family, GENL_ID_CTRL, GROUP_CTRL);
    netlink_set_protocol(nl, NETLINK_GENERIC, dispatch_generic);
    return nl;
}

void netlink_free(struct netlink *nl)
{
    if (!nl)
        return;
    g_ptr_array_unref(nl->entries);
    g_hash_table_destroy(nl->by_id);
    g_hash_table_destroy(nl->by_name);
    g_hash_table_destroy(nl->by_row);
    g_ptr_array_unref(nl->namespaces);
    g_free(nl->scratch);
    g_free(nl->event);
    g_free(nl);
}

void netlink_set_protocol(struct netlink *nl, int protocol, protocol_fn *run)
{
    nl->protocols[protocol] = run;
}

protocol_fn *netlink_protocol(const struct netlink *nl, int protocol)
{
    return protocol >= 0 && protocol < MAX_LINKS ? nl->protocols[protocol] : NULL;
}

static uint32_t next_group(struct netlink *nl)
{
    nl->last_group++;
    if (nl->last_group == GROUP_BLOCK)
        nl->last_group = GROUP_AFTER;
    return nl->last_group;
}

void netlink_add_family(struct netlink *nl, const struct family *f)
{
    uint16_t id = (uint16_t)(ID_FIRST + nl->entries->len - 1);

    g_assert(f->max_attr <= FAMILY_MAX_ATTR && f->hdrsize % 4 == 0);
    add_entry(nl, f, id, f->group ? next_group(nl) : 0);
}

void netlink_renumber(struct netlink *nl, const struct family *f, uint16_t id, uint32_t group)
{
    struct family_entry *entry = g_hash_table_lookup(nl->by_row, f);

    if (g_hash_table_lookup(nl->by_id, GUINT_TO_POINTER(entry->id)) == entry)
        g_hash_table_remove(nl->by_id, GUINT_TO_POINTER(entry->id));
    entry->id = id;
    if (group && entry->group)
        entry->group = group;
    g_hash_table_insert(nl->by_id, GUINT_TO_POINTER(id), entry);
}

void netlink_set_user(struct netlink *nl, void *user)
{
    nl->user = user;
}

void netlink_set_refused(struct netlink *nl, netlink_refused_fn *fn, void *user)
{
    nl->refused = fn;
    nl->refused_user = user;
}

void netlink_set_tap(struct netlink *nl, const struct netlink_tap *tap)
{
    nl->has_tap = tap;
    nl->tap = tap ? *tap : (struct netlink_tap){ 0 };
}

void netlink_set_carrier(struct netlink *nl, netlink_carry_fn *carry, void *user)
{
    nl->carry = carry;
    nl->carry_user = user;
}

void netlink_refuse(struct sock *s, const struct nlmsghdr *msg, int error, const struct err *e)
{
    struct netlink *nl = s->ns->nl;

    if (nl->refused)
        nl->refused(nl->refused_user, s, msg, error, e);
}

void *netlink_user(const struct netlink *nl)
{
    return nl->user;
}

size_t netlink_n_families(const struct netlink *nl)
{
    return nl->entries->len;
}

static const struct family_entry *entry_at(const struct netlink *nl, size_t i)
{
    return g_ptr_array_index(nl->entries, i);
}

const struct family *netlink_family_at(const struct netlink *nl, size_t i)
{
    return entry_at(nl, i)->family;
}

const struct family *netlink_family_by_id(const struct netlink *nl, uint16_t id)
{
    const struct family_entry *entry = g_hash_table_lookup(nl->by_id, GUINT_TO_POINTER(id));

    return entry ? entry->family : NULL;
}

const struct family *netlink_family_by_name(const struct netlink *nl, const char *name)
{
    const struct family_entry *entry = g_hash_table_lookup(nl->by_name, name);

    return entry ? entry->family : NULL;
}

uint16_t netlink_family_id(const struct netlink *nl, const struct family *f)
{
    const struct family_entry *entry = g_hash_table_lookup(nl->by_row, f);

    return entry ? entry->id : 0;
}

uint32_t netlink_group_id(const struct netlink *nl, const struct family *f)
{
    const struct family_entry *entry = g_hash_table_lookup(nl->by_row, f);

    return entry ? entry->group : 0;
}

bool netlink_has_group(const struct netlink *nl, uint32_t group)
{
    for (size_t i = 0; group && i < nl->entries->len; i++)
        if (entry_at(nl, i)->group == group)
            return true;
    return false;
}
