/* ftp_text.c - see ftp_text.h. What is read, and what is not, is the kernel's: no number is checked against 255.
 * SPDX-License-Identifier: Apache-2.0 */
#include "dp/ct/ftp_text.h"

#include <arpa/inet.h>
#include <glib.h>

#include "base/bytes.h"
#include "dp/ct/conn.h"

#define RFC959_NUMBERS 6
#define IP4_NUMBERS 4
#define MIN_DELIM 33            /* of EPRT and EPSV: printing characters but digits */
#define MAX_DELIM 126

/* ---- reading ---------------------------------------------------------------------------------------- */

/* 'n' numbers with 'sep' between them and 'end' behind (0: anything but a digit). Returns their length. */
static uint32_t scan_numbers(const char *text, uint32_t len, char sep, char end, uint32_t *number,
                             unsigned n)
{
    unsigned i = 0;

    memset(number, 0, n * sizeof(*number));
    for (uint32_t at = 0; at < len && i < n; at++) {
        if (g_ascii_isdigit(text[at]))
            number[i] = number[i] * 10 + (uint32_t)(text[at] - '0');
        else if (text[at] == sep)
            i++;
        else
            return (text[at] == end || !end) && i == n - 1 ? at : 0;
    }
    return 0;
}

static void put_ip4(struct ct_addr *addr, const uint32_t number[IP4_NUMBERS])
{
    be32_put(addr->bytes, number[0] << 24 | number[1] << 16 | number[2] << 8 | number[3]);
}

/* "10,0,0,1,7,208" */
static uint32_t scan_rfc959(const char *text, uint32_t len, char end, struct ftp_addr *to,
                            uint32_t *skipped)
{
    uint32_t number[RFC959_NUMBERS];
    uint32_t n = scan_numbers(text, len, ',', end, number, RFC959_NUMBERS);

    (void)skipped;
    if (!n)
        return 0;
    put_ip4(&to->addr, number);
    to->port = (uint16_t)(number[4] << 8 | number[5]);
    return n;
}

/* The same behind any words, RFC 1123: "Entering Passive Mode (10,0,0,1,7,208)." */
static uint32_t scan_rfc1123(const char *text, uint32_t len, char end, struct ftp_addr *to,
                             uint32_t *skipped)
{
    uint32_t at = 0;

    while (at < len && !g_ascii_isdigit(text[at]))
        at++;
    *skipped = at;
    return scan_rfc959(text + at, len - at, end, to, skipped);
}

/* "2000|" from 'at' on. Returns where the text behind it is. */
static uint32_t scan_port(const char *text, uint32_t at, uint32_t len, char delim, uint16_t *port)
{
    uint16_t number = 0;

    for (; at < len && g_ascii_isdigit(text[at]); at++)
        number = (uint16_t)(number * 10 + (text[at] - '0'));
    if (at >= len || text[at] != delim || !number)
        return 0;
    *port = number;
    return at + 1;
}

static bool is_delim(char c)
{
    return !g_ascii_isdigit(c) && c >= MIN_DELIM && c <= MAX_DELIM;
}

static uint32_t scan_ip6(const char *text, uint32_t len, char delim, struct ct_addr *addr)
{
    char copy[INET6_ADDRSTRLEN] = "";
    const char *end = memchr(text, delim, len);

    if (!end || (size_t)(end - text) >= sizeof(copy))
        return 0;
    memcpy(copy, text, (size_t)(end - text));
    return inet_pton(AF_INET6, copy, addr->bytes) == 1 ? (uint32_t)(end - text) : 0;
}

/* "|1|10.0.0.1|2000|", "|2|fd00::1|2000|" */
static uint32_t scan_eprt(const char *text, uint32_t len, char end, struct ftp_addr *to,
                          uint32_t *skipped)
{
    uint32_t number[IP4_NUMBERS], n;

    (void)end;
    (void)skipped;
    if (len <= 3 || !is_delim(text[0]) || text[2] != text[0] ||
        text[1] != (to->l3 == 4 ? '1' : '2'))
        return 0;
    if (to->l3 == 4) {
        n = scan_numbers(text + 3, len - 3, '.', text[0], number, IP4_NUMBERS);
        if (n)
            put_ip4(&to->addr, number);
    } else {
        n = scan_ip6(text + 3, len - 3, text[0], &to->addr);
    }
    return n ? scan_port(text, 3 + n + 1, len, text[0], &to->port) : 0;
}

/* "|||2000|" */
static uint32_t scan_epsv(const char *text, uint32_t len, char end, struct ftp_addr *to,
                          uint32_t *skipped)
{
    (void)end;
    (void)skipped;
    if (len <= 3 || !is_delim(text[0]) || text[1] != text[0] || text[2] != text[0])
        return 0;
    return scan_port(text, 3, len, text[0], &to->port);
}

/* ---- writing ---------------------------------------------------------------------------------------- */

static void format_rfc959(char text[FTP_TEXT_MAX], const struct ftp_addr *from)
{
    const uint8_t *b = from->addr.bytes;

    g_snprintf(text, FTP_TEXT_MAX, "%u,%u,%u,%u,%u,%u", b[0], b[1], b[2], b[3], from->port >> 8,
               from->port & 0xff);
}

static void format_eprt(char text[FTP_TEXT_MAX], const struct ftp_addr *from)
{
    const uint8_t *b = from->addr.bytes;
    int n = 3;

    if (from->l3 == 4) {
        g_snprintf(text, FTP_TEXT_MAX, "|1|%u.%u.%u.%u|%u|", b[0], b[1], b[2], b[3], from->port);
        return;
    }
    memcpy(text, "|2|", 3);
    for (unsigned i = 0; i < 16; i += 2)
        n += g_snprintf(text + n, (gulong)(FTP_TEXT_MAX - n), "%s%02x%02x", i ? ":" : "", b[i],
                        b[i + 1]);
    g_snprintf(text + n, (gulong)(FTP_TEXT_MAX - n), "|%u|", from->port);
}

static void format_epsv(char text[FTP_TEXT_MAX], const struct ftp_addr *from)
{
    g_snprintf(text, FTP_TEXT_MAX, "|||%u|", from->port);
}

/* ---- lines ------------------------------------------------------------------------------------------- */

const struct ftp_line ftp_lines[2][N_FTP_LINES] = {
    [CT_ORIG] = {
        { "PORT", ' ', '\r', scan_rfc959, format_rfc959 },
        { "EPRT", ' ', '\r', scan_eprt, format_eprt },
    },
    [CT_REPLY] = {
        { "227 ", 0, 0, scan_rfc1123, format_rfc959 },
        { "229 ", '(', ')', scan_epsv, format_epsv },
    },
};

enum ftp_match ftp_line_find(const struct ftp_line *line, const char *text, uint32_t len,
                             struct ftp_addr *to, struct ftp_span *at)
{
    uint32_t start_len = (uint32_t)strlen(line->start), off = start_len, skipped = 0;

    if (g_ascii_strncasecmp(text, line->start, MIN(start_len, len)) != 0)
        return FTP_NOTHING;
    if (len <= start_len)
        return FTP_PARTIAL;
    if (line->skip) {
        const char *found = memchr(text + off, line->skip, len - off);

        if (!found)
            return FTP_PARTIAL;
        off = (uint32_t)(found - text) + 1;
    }
    at->len = line->scan(text + off, len - off, line->end, to, &skipped);
    at->off = off + skipped;
    return at->len ? FTP_FOUND : FTP_PARTIAL;
}
