/* trace.c - lines of the trace about connections. SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>

#include "dp/ct/conn.h"
#include "dp/ct/proto.h"

static void format_end(char *text, size_t size, const struct ct_tuple *t, const struct ct_addr *addr,
                       uint16_t id)
{
    char name[INET6_ADDRSTRLEN];

    inet_ntop(t->l3 == 4 ? AF_INET : AF_INET6, addr->bytes, name, sizeof(name));
    g_snprintf(text, (gulong)size, t->l3 == 4 ? "%s:%u" : "[%s]:%u", name, id);
}

void ct_trace(const struct ct_table *t, const char *func, const struct ct_tuple *tuple)
{
    char src[INET6_ADDRSTRLEN + 9], dst[INET6_ADDRSTRLEN + 9], text[160];

    if (!t->env->trace)
        return;
    format_end(src, sizeof(src), tuple, &tuple->src, tuple->src_id);
    format_end(dst, sizeof(dst), tuple, &tuple->dst, tuple->dst_id);
    g_snprintf(text, sizeof(text), "%s zone %u %s > %s",
               ct_proto_of(tuple->proto)->name, tuple->zone, src, dst);
    t->env->trace(t->env->ctx, DP_TRACE_STEP, func, text);
}
