/* program.c - see program.h. SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/program.h"

#include <linux/netlink.h>
#include <linux/openvswitch.h>
#include <string.h>

#define STEP_HEADER 4

const char *const program_family_name[N_PROGRAM_FAMILIES] = {
    [PROGRAM_DATAPATH] = OVS_DATAPATH_FAMILY, [PROGRAM_VPORT] = OVS_VPORT_FAMILY,
    [PROGRAM_FLOW] = OVS_FLOW_FAMILY,         [PROGRAM_PACKET] = OVS_PACKET_FAMILY,
    [PROGRAM_METER] = OVS_METER_FAMILY,       [PROGRAM_CT_LIMIT] = OVS_CT_LIMIT_FAMILY,
};

bool program_next(const uint8_t **at, size_t *left, struct program_step *step)
{
    const uint8_t *b = *at;

    if (*left < STEP_HEADER)
        return false;
    step->kind = b[0] % N_PROGRAM_KINDS;
    step->who = b[1];
    step->len = MIN((size_t)(b[2] | b[3] << 8), *left - STEP_HEADER);
    step->data = b + STEP_HEADER;
    *at += STEP_HEADER + step->len;
    *left -= STEP_HEADER + step->len;
    return true;
}

void program_put(GByteArray *program, enum program_kind kind, uint8_t who, const void *data, size_t len)
{
    uint8_t header[STEP_HEADER] = {(uint8_t)kind, who, (uint8_t)len, (uint8_t)(len >> 8)};

    g_byte_array_append(program, header, sizeof(header));
    g_byte_array_append(program, data, (guint)len);
}

/* Below 'n' numbers from 'first' on, the real one. */
static void resolve_word(uint32_t *word, uint32_t first, const uint32_t *real, uint32_t n)
{
    if (*word - first < n)
        *word = real[*word - first];
}

static void resolve_types(uint8_t *messages, size_t len, const struct program_numbers *numbers)
{
    struct nlmsghdr h;

    for (size_t at = 0; len - at >= sizeof(h); at += NLMSG_ALIGN(h.nlmsg_len)) {
        memcpy(&h, messages + at, sizeof(h));
        if (h.nlmsg_type - PROGRAM_TYPE(0) < N_PROGRAM_FAMILIES) {
            h.nlmsg_type = numbers->family[h.nlmsg_type - PROGRAM_TYPE(0)];
            memcpy(messages + at, &h, sizeof(h));
        }
        if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > len - at || NLMSG_ALIGN(h.nlmsg_len) > len - at)
            return;
    }
}

void program_resolve(void *messages, size_t len, const struct program_numbers *numbers)
{
    uint8_t *bytes = messages;

    resolve_types(bytes, len, numbers);
    for (size_t at = 0; len - at >= sizeof(uint32_t); at += sizeof(uint32_t)) {
        uint32_t word;

        memcpy(&word, bytes + at, sizeof(word));
        resolve_word(&word, PROGRAM_IFINDEX(0), numbers->ifindex, G_N_ELEMENTS(numbers->ifindex));
        resolve_word(&word, PROGRAM_PORTID(0), numbers->portid, G_N_ELEMENTS(numbers->portid));
        memcpy(bytes + at, &word, sizeof(word));
    }
}
