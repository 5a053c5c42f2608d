/* mac_table.c - see mac_table.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/mac_table.h"

struct mac_entry {
    uint64_t station;
    uint32_t port_no;
    uint64_t seen_ns;
    GList link;                 /* in by_age */
};

void mac_table_init(struct mac_table *t)
{
    t->entries = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    g_queue_init(&t->by_age);
}

void mac_table_done(struct mac_table *t)
{
    g_hash_table_destroy(t->entries);
    g_queue_init(&t->by_age);
}

static struct mac_entry *add(struct mac_table *t, uint64_t station)
{
    struct mac_entry *m = g_new0(struct mac_entry, 1);

    m->station = station;
    m->link.data = m;
    g_hash_table_insert(t->entries, &m->station, m);
    g_queue_push_tail_link(&t->by_age, &m->link);
    return m;
}

bool mac_table_learn(struct mac_table *t, uint64_t station, uint32_t port_no, uint64_t now_ns)
{
    struct mac_entry *m = g_hash_table_lookup(t->entries, &station);
    bool is_new = !m;

    if (!m)
        m = add(t, station);
    else if (m->port_no != port_no)
        is_new = true;
    g_queue_unlink(&t->by_age, &m->link);
    g_queue_push_tail_link(&t->by_age, &m->link);
    m->port_no = port_no;
    m->seen_ns = now_ns;
    return is_new;
}

int64_t mac_table_find(const struct mac_table *t, uint64_t station)
{
    const struct mac_entry *m = g_hash_table_lookup(t->entries, &station);

    return m ? (int64_t)m->port_no : -1;
}

bool mac_table_expire(struct mac_table *t, uint64_t now_ns, uint64_t *station)
{
    struct mac_entry *m = g_queue_peek_head(&t->by_age);

    if (!m || now_ns - m->seen_ns < MAC_AGE_NS)
        return false;
    *station = m->station;
    g_queue_unlink(&t->by_age, &m->link);
    g_hash_table_remove(t->entries, &m->station);
    return true;
}
