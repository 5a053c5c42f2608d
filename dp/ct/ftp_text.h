/* ftp_text.h - addresses and ports in the lines of FTP's control connection. RFC 959, 2428.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_CT_FTP_TEXT_H
#define DP_CT_FTP_TEXT_H

#include "dp/ct/tuple.h"

#define FTP_TEXT_MAX 64         /* bytes that ->format writes at most, with its NUL */

/* Where data will be waited for. */
struct ftp_addr {
    uint8_t l3;
    struct ct_addr addr;
    uint16_t port;
};

/* A place in a segment's text. */
struct ftp_span {
    uint32_t off, len;
};

enum ftp_match {
    FTP_NOTHING,
    FTP_PARTIAL,                /* may go on in the next segment */
    FTP_FOUND,
};

/* One row for each line that names an address or port: two for each direction. */
struct ftp_line {
    const char *start;
    char skip;                  /* the numbers begin behind the first of these; 0: anywhere */
    char end;                   /* what must stand behind them; 0: anything */
    /* Reads the 'len' bytes at 'text' into *to; *skipped: bytes before the first that counts. Returns how
     * many count, 0: it is something else. */
    uint32_t (*scan)(const char *text, uint32_t len, char end, struct ftp_addr *to,
                     uint32_t *skipped);
    void (*format)(char text[FTP_TEXT_MAX], const struct ftp_addr *from);
};

#define N_FTP_LINES 2
extern const struct ftp_line ftp_lines[2][N_FTP_LINES];         /* [CT_ORIG], [CT_REPLY] */

/* Does 'text' start with such a line? Sets *to, of which the address stays if the line has none, and *at, where the numbers are. */
enum ftp_match ftp_line_find(const struct ftp_line *line, const char *text, uint32_t len,
                             struct ftp_addr *to, struct ftp_span *at);

#endif
