/* pcap_out.c - see pcap_out.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/pcap_out.h"

#include <errno.h>
#include <glib.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>
#include <unistd.h>

#define OUT_BUFFER (1024 * 1024)    /* stdio's own 4 KiB cost a third of the speed */
#define OUT_SNAPLEN 262144

struct pcap_out {
    char *path;
    pcap_t *pcap;
    pcap_dumper_t *dumper;      /* owns the FILE */
    int error;                  /* errno of the first failed write, 0: none */
};

static struct pcap_out *fail(struct pcap_out *out, int code, const char *why, struct err *e)
{
    err_set(e, code, "%s: cannot be written: %s", out->path, why);
    (void)pcap_out_close(out, NULL);
    return NULL;
}

struct pcap_out *pcap_out_open(const char *path, struct err *e)
{
    struct pcap_out *out = g_new0(struct pcap_out, 1);
    FILE *file;

    out->path = g_strdup(path);
    file = fopen(path, "we");
    if (!file)
        return fail(out, errno, strerror(errno), e);
    setvbuf(file, NULL, _IOFBF, OUT_BUFFER);
    (void)__fsetlocking(file, FSETLOCKING_BYCALLER);    /* one thread */
    out->pcap = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, OUT_SNAPLEN,
                                                     PCAP_TSTAMP_PRECISION_NANO);
    out->dumper = out->pcap ? pcap_dump_fopen(out->pcap, file) : NULL;
    if (!out->dumper) {
        fclose(file);
        return fail(out, EIO, out->pcap ? pcap_geterr(out->pcap) : "no memory", e);
    }
    return out;
}

void pcap_out_put(struct pcap_out *out, uint64_t time_ns, const void *frame, size_t len)
{
    /* tv_usec holds nanoseconds at this precision. */
    struct pcap_pkthdr h = {
        .ts = { .tv_sec = (time_t)(time_ns / 1000000000),
                .tv_usec = (suseconds_t)(time_ns % 1000000000) },
        .caplen = (bpf_u_int32)len,
        .len = (bpf_u_int32)len,
    };

    errno = EIO;
    pcap_dump((u_char *)out->dumper, &h, frame);
    if (G_UNLIKELY(ferror(pcap_dump_file(out->dumper))) && !out->error)
        out->error = errno;
}

int pcap_out_check(struct pcap_out *out, struct err *e)
{
    errno = EIO;
    if (pcap_dump_flush(out->dumper) && !out->error)
        out->error = errno;
    if (out->error)
        return err_set(e, out->error, "%s: the recording is incomplete: %s", out->path,
                       strerror(out->error));
    return 0;
}

/* pcap_dump_close() hides the result of its fclose(), and some file systems first tell of a
 * full disk at a close: a second descriptor of the file is closed with a check. */
static int close_dumper(struct pcap_out *out, struct err *e)
{
    int r = pcap_out_check(out, e), fd = dup(fileno(pcap_dump_file(out->dumper)));

    pcap_dump_close(out->dumper);
    if (fd >= 0 && close(fd) && !r)
        r = err_set(e, errno, "%s: the recording is incomplete: %s", out->path, strerror(errno));
    return r;
}

int pcap_out_close(struct pcap_out *out, struct err *e)
{
    int r = 0;

    if (!out)
        return 0;
    if (out->dumper)
        r = close_dumper(out, e);
    if (out->pcap)
        pcap_close(out->pcap);
    g_free(out->path);
    g_free(out);
    return r;
}
