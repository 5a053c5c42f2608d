/* pcap_out.c - see pcap_out.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/pcap_out.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <pcap/pcap.h>
#include <string.h>
#include <unistd.h>

#define OUT_BUFFER (1024 * 1024)    /* many frames: libpcap's two small writes for each cost more
                                     * than the datapath's look-up */
#define OUT_SNAPLEN 262144
#define OUT_MODE 0666               /* less the umask */
#define MAGIC_NS 0xa1b23c4du        /* stamps in nanoseconds */

struct pcap_out {
    char *path;
    int fd;
    int error;                      /* errno of the first failed write, 0: none */
    size_t len;                     /* bytes in 'buf' */
    uint8_t buf[OUT_BUFFER];
};

/* What stands before each frame in the file. */
struct record {
    uint32_t sec, nsec, caplen, len;
};

static void flush(struct pcap_out *out)
{
    size_t done = 0;

    while (done < out->len && !out->error) {
        ssize_t n = write(out->fd, out->buf + done, out->len - done);

        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            out->error = n ? errno : EIO;
    }
    out->len = 0;
}

static void append(struct pcap_out *out, const void *bytes, size_t len)
{
    memcpy(out->buf + out->len, bytes, len);
    out->len += len;
}

struct pcap_out *pcap_out_open(const char *path, struct err *e)
{
    static const struct pcap_file_header head = {
        .magic = MAGIC_NS,
        .version_major = PCAP_VERSION_MAJOR,
        .version_minor = PCAP_VERSION_MINOR,
        .snaplen = OUT_SNAPLEN,
        .linktype = DLT_EN10MB,
    };
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, OUT_MODE);
    struct pcap_out *out;

    if (fd < 0) {
        (void)err_set(e, errno, "%s: cannot be written: %s", path, strerror(errno));
        return NULL;
    }
    out = g_malloc(sizeof(*out));
    out->path = g_strdup(path);
    out->fd = fd;
    out->error = 0;
    out->len = 0;
    append(out, &head, sizeof(head));
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

    if (G_UNLIKELY(len > OUT_SNAPLEN)) {
        out->error = out->error ? out->error : EMSGSIZE;
        return;
    }
    if (OUT_BUFFER - out->len < sizeof(r) + len)
        flush(out);
    append(out, &r, sizeof(r));
    append(out, frame, len);
}

int pcap_out_check(struct pcap_out *out, struct err *e)
{
    flush(out);
    if (out->error)
        return err_set(e, out->error, "%s: the recording is incomplete: %s", out->path,
                       strerror(out->error));
    return 0;
}

int pcap_out_close(struct pcap_out *out, struct err *e)
{
    int r;

    if (!out)
        return 0;
    r = pcap_out_check(out, e);
    /* Some file systems first tell of a full disk here. */
    if (close(out->fd) && !r)
        r = err_set(e, errno, "%s: the recording is incomplete: %s", out->path, strerror(errno));
    g_free(out->path);
    g_free(out);
    return r;
}
