/* reply_fault_kinds.c - what can be wrong with a message for a client: one row a kind.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "netlink/attr.h"
#include "sim/reply_fault_int.h"

#define MOST_LATE_MS 1000u
#define MOST_ERRNO 133u

struct nlmsghdr *reply_message(const struct reply *r)
{
    return (void *)(r->bytes->data + r->bend.msg);
}

static void tell(struct reply *r, const char *name, uint32_t from, uint32_t to)
{
    g_snprintf(r->bend.told, sizeof(r->bend.told), "%s %u -> %u", name, from, to);
}

/* Where the next message of the datagram begins; SIZE_MAX: there is none. */
static size_t next_message(const struct reply *r)
{
    size_t next = r->bend.msg + attr_align(reply_message(r)->nlmsg_len);

    return next + sizeof(struct nlmsghdr) <= r->bytes->len ? next : SIZE_MAX;
}

/* ---- attributes ------------------------------------------------------------------------------------ */

static size_t n_bendable(const struct reply *r, const struct bend_rule *rule)
{
    size_t n = 0;

    for (guint i = 0; i < r->pick->len; i++)
        n += !rule->may || rule->may(&r->bend, g_array_index(r->pick, size_t, i));
    return n;
}

static void bend(struct reply *r, const struct bend_rule *rule)
{
    r->bent = bend_apply(&r->bend, rule, (const size_t *)(const void *)r->pick->data, r->pick->len);
    r->rule = rule;
}

static bool may_attr(struct reply *r)
{
    return n_bendable(r, r->rule);
}

static void apply_attr(struct reply *r)
{
    bend(r, r->rule);
}

const struct reply_kind reply_kind_attr = { NULL, NULL, may_attr, apply_attr };

/* "attr-tiny" can be done to all that there are. */
static bool may_malformed(struct reply *r)
{
    return r->pick->len;
}

static void apply_malformed(struct reply *r)
{
    size_t n = 0, chosen = 0;

    for (size_t i = 0; i < n_bend_rules; i++)
        if (n_bendable(r, &bend_rules[i]) && !bend_below(&r->bend, (uint32_t)++n))
            chosen = i;
    bend(r, &bend_rules[chosen]);
}

/* ---- headers and lengths --------------------------------------------------------------------------- */

static void apply_short(struct reply *r)
{
    uint32_t len = reply_message(r)->nlmsg_len, kept = 1 + bend_below(&r->bend, len - 1);

    g_snprintf(r->bend.told, sizeof(r->bend.told), "the datagram ends after %u of its %u bytes", kept, len);
    g_byte_array_set_size(r->bytes, (guint)(r->bend.msg + kept));
}

static void apply_length(struct reply *r)
{
    struct nlmsghdr *msg = reply_message(r);
    const uint32_t len = msg->nlmsg_len, wrong[] = { 0, sizeof(*msg) - 1, sizeof(*msg), len - 1, len + 1,
                                                     len + 4 * (1 + bend_below(&r->bend, 64)), UINT32_MAX };

    msg->nlmsg_len = wrong[bend_below(&r->bend, G_N_ELEMENTS(wrong))];
    tell(r, "nlmsg_len", len, msg->nlmsg_len);
}

static void apply_type(struct reply *r)
{
    struct nlmsghdr *msg = reply_message(r);
    uint16_t old = msg->nlmsg_type;

    msg->nlmsg_type = (uint16_t)(bend_below(&r->bend, 2) ? bend_below(&r->bend, 64) : bend_below(&r->bend, 65536));
    msg->nlmsg_type = (uint16_t)(msg->nlmsg_type + (msg->nlmsg_type == old));
    tell(r, "nlmsg_type", old, msg->nlmsg_type);
}

static uint32_t other_number(struct reply *r, uint32_t old)
{
    switch (bend_below(&r->bend, 4)) {
    case 0:
        return old + 1;
    case 1:
        return old - 1;
    case 2:
        return old ? 0 : 1;
    }
    return old ^ (1 + bend_below(&r->bend, UINT32_MAX));
}

static void apply_seq(struct reply *r)
{
    struct nlmsghdr *msg = reply_message(r);
    uint32_t old = msg->nlmsg_seq;

    msg->nlmsg_seq = other_number(r, old);
    tell(r, "nlmsg_seq", old, msg->nlmsg_seq);
}

static void apply_pid(struct reply *r)
{
    struct nlmsghdr *msg = reply_message(r);
    uint32_t old = msg->nlmsg_pid;

    msg->nlmsg_pid = other_number(r, old);
    tell(r, "nlmsg_pid", old, msg->nlmsg_pid);
}

static bool is_of_dump(struct reply *r)
{
    return reply_message(r)->nlmsg_flags & NLM_F_MULTI;
}

static void apply_interrupted(struct reply *r)
{
    reply_message(r)->nlmsg_flags |= NLM_F_DUMP_INTR;
    g_strlcpy(r->bend.told, "NLM_F_DUMP_INTR is set", sizeof(r->bend.told));
}

static int32_t *code_of(const struct reply *r)
{
    return (void *)(r->bytes->data + r->bend.msg + NLMSG_HDRLEN);
}

/* Makes an error about its own header of a message that is none. */
static void become_error(struct reply *r)
{
    struct nlmsgerr error = { .msg = *reply_message(r) };
    size_t body = r->bend.msg + NLMSG_HDRLEN;

    bend_splice(&r->bend, body, attr_align(reply_message(r)->nlmsg_len) - NLMSG_HDRLEN, &error, sizeof(error));
    reply_message(r)->nlmsg_len = NLMSG_HDRLEN + sizeof(error);
    reply_message(r)->nlmsg_type = NLMSG_ERROR;
}

static void apply_errno(struct reply *r)
{
    uint16_t type = reply_message(r)->nlmsg_type;
    uint32_t drawn = bend_below(&r->bend, MOST_ERRNO);
    int32_t old;

    if ((type != NLMSG_ERROR && type != NLMSG_DONE) || reply_message(r)->nlmsg_len < NLMSG_HDRLEN + sizeof(old))
        become_error(r);
    old = *code_of(r);
    *code_of(r) = -(int32_t)(drawn + (drawn >= (uint32_t)-old));
    g_snprintf(r->bend.told, sizeof(r->bend.told), "error %d (%s) -> %d (%s)", old, err_name(old), *code_of(r),
               err_name(*code_of(r)));
}

/* ---- whole datagrams ------------------------------------------------------------------------------- */

static void apply_order(struct reply *r)
{
    size_t first = r->bend.msg, second = next_message(r), end;
    g_autofree uint8_t *copy = NULL;

    if (second == SIZE_MAX) {
        r->fate = REPLY_LETS_NEXT_PASS;
        g_strlcpy(r->bend.told, "the next datagram overtakes it", sizeof(r->bend.told));
        return;
    }
    copy = g_memdup2(r->bytes->data + first, second - first);
    end = second + attr_align(((struct nlmsghdr *)(void *)(r->bytes->data + second))->nlmsg_len);
    end = MIN(end, r->bytes->len);
    memmove(r->bytes->data + first, r->bytes->data + second, end - second);
    memcpy(r->bytes->data + first + end - second, copy, second - first);
    g_strlcpy(r->bend.told, "the next message comes first", sizeof(r->bend.told));
}

static void apply_late(struct reply *r)
{
    uint32_t ms = 1 + bend_below(&r->bend, MOST_LATE_MS);

    r->fate = REPLY_COMES_LATE;
    r->late_ns = ms * UINT64_C(1000000);
    g_snprintf(r->bend.told, sizeof(r->bend.told), "%u ms late", ms);
}

static void apply_duplicate(struct reply *r)
{
    r->fate = REPLY_COMES_TWICE;
}

static void apply_lost(struct reply *r)
{
    r->fate = REPLY_IS_LOST;
}

static bool may_any(struct reply *r)
{
    (void)r;
    return true;
}

static void apply_any(struct reply *r)
{
    const size_t n = n_reply_kinds - 1;         /* all but itself, the last */
    const struct reply_kind *kind;

    do
        kind = &reply_kinds[bend_below(&r->bend, (uint32_t)n)];
    while (kind->may && !kind->may(r));
    kind->apply(r);
}

/* clang-format off */
const struct reply_kind reply_kinds[] = {
    { "malformed",   "one of the attributes' kinds below, drawn by lot",                                   may_malformed, apply_malformed },
    { "short",       "the datagram ends inside the message",                                               NULL,          apply_short },
    { "length",      "nlmsg_len is wrong",                                                                 NULL,          apply_length },
    { "type",        "nlmsg_type is another one",                                                          NULL,          apply_type },
    { "seq",         "nlmsg_seq is another one",                                                           NULL,          apply_seq },
    { "pid",         "nlmsg_pid is another one",                                                           NULL,          apply_pid },
    { "interrupted", "a message of a dump says that the dump was interrupted (NLM_F_DUMP_INTR)",           is_of_dump,    apply_interrupted },
    { "errno",       "an ACK, an error or the end of a dump has another errno; any other message becomes an error", NULL, apply_errno },
    { "order",       "the next message of the datagram comes first; of the last one: the socket's next datagram", NULL,   apply_order },
    { "late",        "the datagram comes 1 to 1000 ms later on the virtual clock",                         NULL,          apply_late },
    { "duplicate",   "the datagram comes twice",                                                           NULL,          apply_duplicate },
    { "lost",        "the datagram does not come, and no error tells of it",                               NULL,          apply_lost },
    { "any",         "one of all kinds, drawn by lot",                                                     may_any,       apply_any },
};
/* clang-format on */
const size_t n_reply_kinds = G_N_ELEMENTS(reply_kinds);
