/* err.h - one error: the number that a client gets, the sentence that a developer reads.
 *
 * Every fallible function returns 0 or -errno and takes a struct err last. The
 * number is the client's answer; the sentence goes to the trace, or to the
 * client as extended-ack text where the kernel's generic layer sends one.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>
#include <stdint.h>

struct err {
    int code;               /* positive errno, 0: no error */
    bool to_client;         /* 'text' is sent as NLMSGERR_ATTR_MSG */
    bool has_offset;        /* 'offset' is sent as NLMSGERR_ATTR_OFFS */
    uint32_t offset;        /* bytes from the request's nlmsghdr */
    const void *policy;     /* netlink's struct policy row of the attribute, or NULL */
    char text[232];         /* one sentence, no full stop, no newline */
};

/* Fills 'e' (NULL: only the return value matters) with a positive errno and a
 * printf-formatted sentence, clearing what it held. Returns -code, so that a check can
 * set and leave in one line. */
int err_set(struct err *e, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "PREFIX: " before the sentence in 'e'. Returns -e->code; NULL: nothing happens, and 0 says nothing of the error. */
int err_prefix(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Symbolic name of a positive or negative errno ("ENOENT"); "E123" if unknown.
 * The result is valid until the next call. */
const char *err_name(int code);

#endif
