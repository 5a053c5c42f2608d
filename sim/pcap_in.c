/* pcap_in.c - see pcap_in.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/pcap_in.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define IN_BUFFER (1024 * 1024)

struct pcap_in {
    char *path;
    pcap_t *pcap;               /* owns the FILE */
    uint64_t n_packets;         /* handed out */
};

static int check_link_type(struct pcap_in *in, struct err *e)
{
    int type = pcap_datalink(in->pcap);
    const char *name = pcap_datalink_val_to_name(type);

    if (type == DLT_EN10MB)
        return 0;
    return err_set(e, EBADMSG, "%s: link type %s (%d): only Ethernet frames can be fed", in->path,
                   name ? name : "unknown", type);
}

/* Takes 'file' over. */
static int open_capture(struct pcap_in *in, FILE *file, struct err *e)
{
    char why[PCAP_ERRBUF_SIZE];

    setvbuf(file, NULL, _IOFBF, IN_BUFFER);
    (void)__fsetlocking(file, FSETLOCKING_BYCALLER);    /* one thread */
    in->pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, why);
    if (!in->pcap) {
        fclose(file);
        return err_set(e, EBADMSG, "%s: is not a pcap file: %s", in->path, why);
    }
    return check_link_type(in, e);
}

struct pcap_in *pcap_in_read(FILE *file, const char *name, struct err *e)
{
    struct pcap_in *in = g_new0(struct pcap_in, 1);

    in->path = g_strdup(name);
    if (open_capture(in, file, e)) {
        pcap_in_close(in);
        return NULL;
    }
    return in;
}

/* Nobody waits for whoever is to write to a FIFO. NULL with errno; 0: it is no regular file. */
static FILE *open_regular(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;

    if (fd < 0)
        return NULL;
    if (!fstat(fd, &st) && S_ISREG(st.st_mode))
        return fdopen(fd, "r");
    close(fd);
    errno = 0;
    return NULL;
}

struct pcap_in *pcap_in_open(const char *path, struct err *e)
{
    FILE *file = open_regular(path);

    if (file)
        return pcap_in_read(file, path, e);
    (void)err_set(e, errno ? errno : EINVAL, "%s: cannot be read: %s", path,
                  errno ? strerror(errno) : "it is no regular file");
    return NULL;
}

void pcap_in_close(struct pcap_in *in)
{
    if (!in)
        return;
    if (in->pcap)
        pcap_close(in->pcap);
    g_free(in->path);
    g_free(in);
}

static int fail(const struct pcap_in *in, const char *why, struct err *e)
{
    return err_set(e, EBADMSG, "%s: packet %" PRIu64 ": %s", in->path, in->n_packets + 1, why);
}

int pcap_in_next(struct pcap_in *in, struct pcap_in_frame *frame, struct err *e)
{
    struct pcap_pkthdr *h;
    const u_char *data;
    int r = pcap_next_ex(in->pcap, &h, &data);

    if (r == PCAP_ERROR_BREAK)
        return 0;
    if (r != 1)
        return fail(in, pcap_geterr(in->pcap), e);
    if (h->caplen < h->len)
        return fail(in, "is cut, its end was not captured (record with a larger snap length)", e);
    in->n_packets++;
    frame->data = data;
    frame->len = h->caplen;
    /* tv_usec holds nanoseconds at this precision. */
    frame->time_ns = (int64_t)h->ts.tv_sec * 1000000000 + (int64_t)h->ts.tv_usec;
    return 1;
}
