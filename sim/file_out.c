/* file_out.c - see file_out.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/file_out.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>

#define OUT_MODE 0666               /* less the umask */

struct file_out *file_out_open(const char *path, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, OUT_MODE);
    struct file_out *out;

    if (fd < 0) {
        (void)err_set(e, errno, "%s: cannot be written: %s", path, strerror(errno));
        return NULL;
    }
    out = g_malloc(sizeof(*out));
    out->path = g_strdup(path);
    out->fd = fd;
    out->error = 0;
    out->len = 0;
    return out;
}

void file_out_spoil(struct file_out *out, int error)
{
    if (!out->error)
        out->error = error;
}

void file_out_flush(struct file_out *out)
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

int file_out_check(struct file_out *out, struct err *e)
{
    file_out_flush(out);
    if (out->error)
        return err_set(e, out->error, "%s: the recording is incomplete: %s", out->path,
                       strerror(out->error));
    return 0;
}

int file_out_close(struct file_out *out, struct err *e)
{
    int r;

    if (!out)
        return 0;
    r = file_out_check(out, e);
    /* Some file systems first tell of a full disk here. */
    if (close(out->fd) && !r)
        r = err_set(e, errno, "%s: the recording is incomplete: %s", out->path, strerror(errno));
    g_free(out->path);
    g_free(out);
    return r;
}
