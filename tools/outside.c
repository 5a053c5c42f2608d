/* outside.c - see outside.h. SPDX-License-Identifier: Apache-2.0 */
#include "tools/outside.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

#include "sim/proto.h"

int outside(int on)
{
    static proto_outside_fn *fn;
    static bool is_known;
    void *symbol;

    if (!is_known) {
        symbol = dlsym(RTLD_DEFAULT, PROTO_OUTSIDE);
        memcpy(&fn, &symbol, sizeof(symbol));
        is_known = true;
    }
    return fn ? fn(on) : 0;
}
