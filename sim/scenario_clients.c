/* scenario_clients.c - commands about the programs that are connected.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sim/client.h"
#include "sim/scenario_int.h"

int scn_clients(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    int r = scn_end(args, e);

    if (!r)
        clients_describe(scn->sim->clients, true, out);
    return r;
}

/* What all clients together use of each row of limits.h. Who asks is one of them. */
int scn_expect_clients(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    struct scn_number want[N_LIMITS + 1] = { [N_LIMITS] = { .name = "refused", .max = UINT64_MAX } };
    uint64_t got[N_LIMITS + 1] = { 0 };
    int r;

    (void)out;
    for (unsigned i = 0; i < N_LIMITS; i++)
        want[i] = (struct scn_number){ .name = limit_rows[i].name, .max = UINT64_MAX };
    if ((r = scn_numbers(args, want, G_N_ELEMENTS(want), e)) || (r = scn_end(args, e)))
        return r;
    got[N_LIMITS] = clients_count(scn->sim->clients, got);
    return scn_compare(want, got, G_N_ELEMENTS(want), "clients", e);
}
