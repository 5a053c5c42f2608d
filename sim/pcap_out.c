/* pcap_out.c - see pcap_out.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/pcap_out.h"

#include <errno.h>
#include <glib.h>
#include <pcap/pcap.h>
#include <string.h>

#include "sim/file_out.h"

#define OUT_SNAPLEN 262144
#define MAGIC_NS 0xa1b23c4du        /* stamps in nanoseconds */

struct pcap_out {
    char *name;
    struct file_out *file;
    uint64_t n_frames;
};

/* What stands before each frame in the file. */
struct record {
    uint32_t sec, nsec, caplen, len;
};

struct pcap_out *pcap_out_open(const char *path, struct err *e)
{
    static const struct pcap_file_header head = {
        .magic = MAGIC_NS,
        .version_major = PCAP_VERSION_MAJOR,
        .version_minor = PCAP_VERSION_MINOR,
        .snaplen = OUT_SNAPLEN,
        .linktype = DLT_EN10MB,
    };
    struct file_out *file = file_out_open(path, e);
    struct pcap_out *out;

    if (!file)
        return NULL;
    memcpy(file_out_take(file, sizeof(head)), &head, sizeof(head));
    out = g_new0(struct pcap_out, 1);
    out->name = g_path_get_basename(path);
    out->file = file;
    return out;
}

void pcap_out_put(struct pcap_out *out, uint64_t time_ns, const void *frame, size_t len)
{
    const struct record r = {
        .sec = (uint32_t)(time_ns / 1000000000),
        .nsec = (uint32_t)(time_ns % 1000000000),
        .caplen = (uint32_t)len,
        .len = (uint32_t)len,
    };
    uint8_t *at;

    if (G_UNLIKELY(len > OUT_SNAPLEN || time_ns / 1000000000 > UINT32_MAX)) {
        file_out_spoil(out->file, len > OUT_SNAPLEN ? EMSGSIZE : EOVERFLOW);
        return;
    }
    at = file_out_take(out->file, sizeof(r) + len);
    memcpy(at, &r, sizeof(r));
    memcpy(at + sizeof(r), frame, len);
    out->n_frames++;
}

const char *pcap_out_name(const struct pcap_out *out)
{
    return out->name;
}

uint64_t pcap_out_count(const struct pcap_out *out)
{
    return out->n_frames;
}

int pcap_out_check(struct pcap_out *out, struct err *e)
{
    return file_out_check(out->file, e);
}

int pcap_out_close(struct pcap_out *out, struct err *e)
{
    int r;

    if (!out)
        return 0;
    r = file_out_close(out->file, e);
    g_free(out->name);
    g_free(out);
    return r;
}
