/* client_check.h - what test clients claim of the answers they get. SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_CLIENT_CHECK_H
#define TESTS_CLIENT_CHECK_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Ends the program, and tells where, if it does not hold. */
#define CHECK(claim)                                                                             \
    do {                                                                                         \
        if (!(claim)) {                                                                          \
            fprintf(stderr, "%s:%d: %s (errno %d)\n", program_invocation_short_name, __LINE__, #claim, errno); \
            exit(1);                                                                             \
        }                                                                                        \
    } while (0)

#endif
