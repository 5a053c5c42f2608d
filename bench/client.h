/* client.h - the client that bench_socket starts: a plain netlink program.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <stddef.h>

#define CLIENT_BUFFER 4096

size_t client_request_len(void);        /* bytes of one of its flow requests */

#endif
