/* unixctl.h - how daemons of Open vSwitch are told commands: JSON-RPC, what ovs-appctl speaks.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_UNIXCTL_H
#define SIM_UNIXCTL_H

#include <stdbool.h>
#include <stddef.h>

/* A request with one argument or none (NULL), of characters that JSON need not escape. The caller frees it. */
char *unixctl_request(const char *method, const char *argument);

struct unixctl_reply {
    bool is_error;
    char text[200];             /* what it says, as far as it fits */
};

/* The first reply in 'bytes': its length; 0: it is not all there yet; -EPROTO: it is none. */
long unixctl_parse(const char *bytes, size_t len, struct unixctl_reply *out);

#endif
