/* client_rt.c - sends one rtnetlink request, built from its arguments, and prints how it is answered; an
 * ordinary program that does the same on a real kernel.
 *
 *   client_rt [strict] [FLAG...] TYPE HEADER [ATTRIBUTE=VALUE]...
 *
 * FLAG: dump, ack, create, excl, replace. HEADER and VALUE are lists with commas: 8:N, 16:N, 32:N, zero:BYTES, if:NAME
 * (its number), pid (our own), text:STRING. TYPE and ATTRIBUTE are numbers.
 * SPDX-License-Identifier: Apache-2.0 */
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROOM 65536

static uint8_t bytes[ROOM];     /* the value last read */

static void fail(const char *what, const char *about)
{
    fprintf(stderr, "client_rt: %s: %s\n", what, about);
    exit(2);
}

static size_t put_number(uint8_t *at, size_t size, uint32_t n)
{
    memcpy(at, &n, size);       /* the host's order, little-endian here */
    return size;
}

static size_t put_word(uint8_t *at, const char *word)
{
    const char *arg = strchr(word, ':');

    arg = arg ? arg + 1 : "";
    if (!strncmp(word, "8:", 2))
        return put_number(at, 1, (uint32_t)strtoul(arg, NULL, 0));
    if (!strncmp(word, "16:", 3))
        return put_number(at, 2, (uint32_t)strtoul(arg, NULL, 0));
    if (!strncmp(word, "32:", 3))
        return put_number(at, 4, (uint32_t)strtoul(arg, NULL, 0));
    if (!strncmp(word, "if:", 3))
        return put_number(at, 4, if_nametoindex(arg));
    if (!strcmp(word, "pid"))
        return put_number(at, 4, (uint32_t)getpid());
    if (!strncmp(word, "zero:", 5))
        return strtoul(arg, NULL, 0);
    if (strncmp(word, "text:", 5) != 0)
        fail("no value", word);
    memcpy(at, arg, strlen(arg) + 1);
    return strlen(arg) + 1;
}

/* Into 'bytes'. Returns how many. */
static size_t read_list(char *list)
{
    size_t len = 0;

    memset(bytes, 0, sizeof(bytes));
    for (char *word = strtok(list, ","); word; word = strtok(NULL, ","))
        len += put_word(bytes + len, word);
    return len;
}

static uint16_t read_flag(const char *word)
{
    static const struct { const char *name; uint16_t flag; } flags[] = {
        { "dump", NLM_F_DUMP }, { "ack", NLM_F_ACK }, { "create", NLM_F_CREATE },
        { "excl", NLM_F_EXCL }, { "replace", NLM_F_REPLACE },
    };

    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        if (!strcmp(flags[i].name, word))
            return flags[i].flag;
    return 0;
}

static void build(struct nlmsghdr *msg, char **args)
{
    size_t len;

    msg->nlmsg_flags = NLM_F_REQUEST;
    for (; *args && read_flag(*args); args++)
        msg->nlmsg_flags |= read_flag(*args);
    if (!args[0] || !args[1])
        fail("no request", "TYPE and HEADER are missing");
    msg->nlmsg_type = (uint16_t)strtoul(args[0], NULL, 0);
    len = read_list(args[1]);
    memcpy(mnl_nlmsg_put_extra_header(msg, len), bytes, len);
    msg->nlmsg_len = (uint32_t)(sizeof(*msg) + len);
    for (args += 2; *args; args++) {
        char *value = strchr(*args, '=');

        if (!value)
            fail("no attribute", *args);
        len = read_list(value + 1);
        mnl_attr_put(msg, (uint16_t)strtoul(*args, NULL, 0), len, bytes);
    }
}

/* What the kernel says besides the number, from 'at' on. */
static const char *ack_text(const struct nlmsghdr *msg, const void *at)
{
    const uint8_t *end = (const uint8_t *)msg + msg->nlmsg_len;
    const struct nlattr *a = at;

    if (!(msg->nlmsg_flags & NLM_F_ACK_TLVS))
        return "";
    for (; mnl_attr_ok(a, (int)(end - (const uint8_t *)a)); a = mnl_attr_next(a))
        if (mnl_attr_get_type(a) == NLMSGERR_ATTR_MSG)
            return mnl_attr_get_str(a);
    return "";
}

static const void *behind_error(const struct nlmsghdr *msg)
{
    const struct nlmsgerr *err = mnl_nlmsg_get_payload(msg);
    size_t quoted = msg->nlmsg_flags & NLM_F_CAPPED ? 0 : err->msg.nlmsg_len - sizeof(err->msg);

    return (const uint8_t *)(err + 1) + (quoted + 3) / 4 * 4;
}

/* Returns whether more is to come. */
static bool print(const struct nlmsghdr *msg)
{
    const struct nlmsgerr *err = mnl_nlmsg_get_payload(msg);

    if (msg->nlmsg_type == NLMSG_DONE) {
        int error;

        memcpy(&error, mnl_nlmsg_get_payload(msg), sizeof(error));
        printf("done %d%s %s\n", error, msg->nlmsg_flags & NLM_F_DUMP_FILTERED ? " filtered" : "",
               ack_text(msg, (const int *)mnl_nlmsg_get_payload(msg) + 1));
        return false;
    }
    if (msg->nlmsg_type == NLMSG_ERROR) {
        printf("error %d %s\n", -err->error, ack_text(msg, behind_error(msg)));
        return false;
    }
    printf("message %u%s%s", msg->nlmsg_type, msg->nlmsg_flags & NLM_F_MULTI ? " multi" : "",
           msg->nlmsg_flags & NLM_F_DUMP_FILTERED ? " filtered" : "");
    printf("\n");
    return msg->nlmsg_flags & NLM_F_MULTI;
}

static void receive(struct mnl_socket *nl)
{
    static uint8_t buf[ROOM];
    bool has_more = true;

    while (has_more) {
        ssize_t n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
        int left = (int)n;

        if (n < 0)
            fail("recv", "error");
        for (const struct nlmsghdr *msg = (const void *)buf; mnl_nlmsg_ok(msg, left);
             msg = mnl_nlmsg_next(msg, &left))
            has_more = print(msg);
    }
}

int main(int argc, char **argv)
{
    static uint8_t room[ROOM];
    bool is_strict = argc > 1 && !strcmp(argv[1], "strict");
    struct mnl_socket *nl = mnl_socket_open(NETLINK_ROUTE);
    struct nlmsghdr *msg = mnl_nlmsg_put_header(room);
    int on = 1;

    if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID))
        fail("socket", "error");
    mnl_socket_setsockopt(nl, NETLINK_EXT_ACK, &on, sizeof(on));
    if (is_strict && mnl_socket_setsockopt(nl, NETLINK_GET_STRICT_CHK, &on, sizeof(on)))
        fail("setsockopt", "NETLINK_GET_STRICT_CHK");
    build(msg, argv + 1 + is_strict);
    if (mnl_socket_sendto(nl, msg, msg->nlmsg_len) < 0)
        fail("send", "error");
    receive(nl);
    mnl_socket_close(nl);
    return 0;
}
