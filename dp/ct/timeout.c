/* timeout.c - see timeout.h. SPDX-License-Identifier: Apache-2.0 */
#include "dp/ct/timeout.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

struct ct_timeout *ct_timeout_new(struct ct_table *t, const char *name, uint16_t l3_number,
                                  const struct ct_proto *proto)
{
    struct ct_timeout *p = g_new0(struct ct_timeout, 1);

    g_strlcpy(p->name, name, sizeof(p->name));
    p->l3_number = l3_number;
    p->proto = proto;
    p->use = 1;
    g_ptr_array_add(t->timeouts, p);
    return p;
}

struct ct_timeout *ct_timeout_by_name(const struct ct_table *t, const char *name)
{
    for (guint i = 0; i < t->timeouts->len; i++) {
        struct ct_timeout *p = g_ptr_array_index(t->timeouts, i);

        if (!strcmp(p->name, name))
            return p;
    }
    return NULL;
}

struct ct_timeout *ct_timeout_find(struct ct_table *t, const char *name, uint8_t l3, uint8_t l4)
{
    struct ct_timeout *p = ct_timeout_by_name(t, name);

    if (!p || p->l3_number != (l3 == 4 ? AF_INET : AF_INET6) || p->proto != ct_proto_of(l4))
        return NULL;
    p->use++;
    return p;
}

void ct_timeout_put(struct ct_timeout *p)
{
    if (p && !--p->use)
        g_free(p);
}

int ct_timeout_delete(struct ct_table *t, struct ct_timeout *p)
{
    if (p->use > 1)
        return -EBUSY;
    for (struct ct_link *l = t->all.next; l != &t->all; l = l->next) {
        struct ct_conn *c = ct_of_link(l, struct ct_conn, all);

        if (c->timeout == p)
            c->timeout = NULL;
    }
    g_ptr_array_remove(t->timeouts, p);
    ct_timeout_put(p);
    return 0;
}

void ct_timeouts_done(struct ct_table *t)
{
    for (guint i = 0; i < t->timeouts->len; i++)
        ct_timeout_put(g_ptr_array_index(t->timeouts, i));
    g_ptr_array_unref(t->timeouts);
}
