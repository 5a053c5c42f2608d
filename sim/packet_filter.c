/* packet_filter.c - see packet_filter.h. libpcap runs the programs: Linux's instructions are
 * laid out as its own. SPDX-License-Identifier: Apache-2.0 */
#include "sim/packet_filter.h"

#include <errno.h>
#include <glib.h>
#include <linux/filter.h>
#include <pcap/bpf.h>
#include <stdbool.h>
#include <string.h>

#define MOST_CODE 4096          /* BPF_MAXINSNS */

_Static_assert(sizeof(struct bpf_insn) == sizeof(struct sock_filter), "one layout");

struct packet_filter {
    size_t n;
    struct bpf_insn code[];
};

/* Loads below zero are the kernel's own extensions. */
static bool is_extension(const struct bpf_insn *i)
{
    bool is_load = BPF_CLASS(i->code) == BPF_LD || BPF_CLASS(i->code) == BPF_LDX;

    return is_load && (BPF_MODE(i->code) == BPF_ABS || BPF_MODE(i->code) == BPF_IND)
           && (int32_t)i->k < 0;
}

static int check(const struct packet_filter *f)
{
    for (size_t i = 0; i < f->n; i++)
        if (is_extension(&f->code[i]))
            return -ENOPROTOOPT;
    return bpf_validate(f->code, (int)f->n) ? 0 : -EINVAL;
}

int packet_filter_new(const void *code, size_t len, struct packet_filter **f)
{
    struct packet_filter *made;
    int r;

    if (!len || len % sizeof(struct bpf_insn) || len / sizeof(struct bpf_insn) > MOST_CODE)
        return -EINVAL;
    made = g_malloc(sizeof(*made) + len);
    made->n = len / sizeof(struct bpf_insn);
    memcpy(made->code, code, len);
    r = check(made);
    if (r)
        g_free(made);
    else
        *f = made;
    return r;
}

void packet_filter_free(struct packet_filter *f)
{
    g_free(f);
}

size_t packet_filter_run(const struct packet_filter *f, const uint8_t *frame, size_t len)
{
    return bpf_filter(f->code, frame, (u_int)len, (u_int)len);
}
