/* join.h - see join.c. SPDX-License-Identifier: Apache-2.0 */
#ifndef JOIN_H
#define JOIN_H

#include <stdbool.h>

/* Does the environment name a simulator? It is remembered. */
bool join_is_wanted(char **environ);

#endif
