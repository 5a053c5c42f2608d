/* client.c - sends flow requests through a raw netlink socket and reads the ACKs.
 *
 * It knows nothing of a simulator: run by itself it would ask the kernel.
 * SPDX-License-Identifier: Apache-2.0 */
#include "bench/client.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/openvswitch.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/world.h"
#include "netlink/attr.h"

#define HEADERS (sizeof(struct nlmsghdr) + sizeof(struct genlmsghdr))

static ssize_t ask(int fd, const void *request, size_t len, void *answer)
{
    static const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

    if (sendto(fd, request, len, 0, (const struct sockaddr *)&kernel, sizeof(kernel)) < 0)
        return -1;
    return recv(fd, answer, CLIENT_BUFFER, 0);
}

/* Id of the ovs_flow family, 0: there is none. */
static uint16_t find_family(int fd)
{
    static char answer[CLIENT_BUFFER] __attribute__((aligned(8)));
    static const struct {
        struct nlmsghdr msg;
        struct genlmsghdr genl;
        struct nlattr attr;
        char name[sizeof(OVS_FLOW_FAMILY)];
    } request = {
        .msg = { .nlmsg_len = HEADERS + sizeof(struct nlattr) + sizeof(OVS_FLOW_FAMILY),
                 .nlmsg_type = GENL_ID_CTRL, .nlmsg_flags = NLM_F_REQUEST },
        .genl = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 },
        .attr = { sizeof(struct nlattr) + sizeof(OVS_FLOW_FAMILY), CTRL_ATTR_FAMILY_NAME },
        .name = OVS_FLOW_FAMILY,
    };
    ssize_t len = ask(fd, &request, request.msg.nlmsg_len, answer);
    const struct nlattr *id = NULL;

    if (len > (ssize_t)HEADERS)
        id = attr_find(answer + HEADERS, (size_t)len - HEADERS, CTRL_ATTR_FAMILY_ID);
    return id ? mnl_attr_get_u16(id) : 0;
}

static int put_all(int fd, const GPtrArray *requests)
{
    static char answer[CLIENT_BUFFER] __attribute__((aligned(8)));
    const struct nlmsgerr *ack = (const void *)(answer + NLMSG_HDRLEN);

    for (guint i = 0; i < requests->len; i++) {
        const GByteArray *request = g_ptr_array_index(requests, i);

        if (ask(fd, request->data, request->len, answer) < (ssize_t)ACK_LEN)
            return -EIO;
        if (ack->error)
            return ack->error;
    }
    return 0;
}

int bench_client(size_t n)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC), r = -1;
    struct flow_target to = { .dp_ifindex = (int)if_nametoindex("br0") };
    GPtrArray *requests;
    double start;

    to.family = find_family(fd);
    requests = flow_requests(&to, (unsigned)n);
    if (requests) {
        start = bench_now();
        r = put_all(fd, requests);
        printf("%.9f\n", (bench_now() - start) / (double)n);
        g_ptr_array_unref(requests);
    }
    (void)close(fd);
    if (r)
        (void)bench_fail("client: a flow was refused with error %d", r);
    return r ? 1 : 0;
}

size_t client_request_len(void)
{
    const struct flow_target nowhere = { 0 };
    GByteArray *request = g_byte_array_new();
    size_t len;

    (void)flow_request_nth(request, &nowhere, 0);
    len = request->len;
    g_byte_array_unref(request);
    return len;
}
