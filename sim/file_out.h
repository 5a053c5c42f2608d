/* file_out.h - a file written from front to back through a large buffer; a failed write is kept and
 * told at the end.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_FILE_OUT_H
#define SIM_FILE_OUT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define FILE_OUT_BUFFER (1024 * 1024)   /* many frames: two small writes for each would cost more
                                         * than the datapath's look-up */

struct file_out {
    char *path;
    int fd;
    int error;                      /* errno of the first failed write, 0: none */
    size_t len;                     /* bytes in 'buf' */
    uint8_t buf[FILE_OUT_BUFFER];
};

/* Makes or empties the file. NULL with 'e' if it cannot be written. */
struct file_out *file_out_open(const char *path, struct err *e);

/* Writes out what is buffered. */
void file_out_flush(struct file_out *out);

/* Room for the next 'len' bytes, at most FILE_OUT_BUFFER; the caller fills all of it at once. */
static inline uint8_t *file_out_take(struct file_out *out, size_t len)
{
    uint8_t *at;

    if (FILE_OUT_BUFFER - out->len < len)
        file_out_flush(out);
    at = out->buf + out->len;
    out->len += len;
    return at;
}

/* The file lacks something for a reason of the caller's: as a failed write with this errno. */
void file_out_spoil(struct file_out *out, int error);

/* Flushes. 0, or -errno of the first failure with "PATH: the recording is incomplete: ...". */
int file_out_check(struct file_out *out, struct err *e);
/* The same, then frees it. NULL allowed. */
int file_out_close(struct file_out *out, struct err *e);

#endif
