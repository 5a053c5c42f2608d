/* scenario_chance.c - scenario commands about chance: see chance.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "sim/scenario_int.h"

/* Takes a number from 'min' to 'max'. */
static int take_number(struct scan *args, uint64_t min, uint64_t max, uint64_t *value, struct err *e)
{
    scan_blanks(args);
    if (!scan_u64(args, max, value) || *value < min)
        return err_set(e, EINVAL, "column %zu: not a number from %llu to %llu", scan_column(args),
                       (unsigned long long)min, (unsigned long long)max);
    return scn_end(args, e);
}

int scn_seed(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    struct sim *sim = scn->sim;
    uint64_t seed;
    int r = take_number(args, 0, UINT64_MAX, &seed, e);

    (void)out;
    if (r)
        return r;
    sim->options.seed = seed;
    rng_init(&sim->rng, seed);
    chance_seed(sim->chance, seed);
    return 0;
}

/* Datapaths and devices are made for as many as there are. */
int scn_cpus(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    struct sim *sim = scn->sim;
    uint64_t n;
    int r = take_number(args, 1, SIM_MOST_CPUS, &n, e);

    (void)out;
    if (r)
        return r;
    for (guint i = 0; i < sim->namespaces->len; i++) {
        const struct sim_ns *ns = g_ptr_array_index(sim->namespaces, i);

        if (ns->devices->len > 1)       /* lo */
            return err_set(e, EBUSY, "there are devices already");
    }
    sim_set_cpus(sim, (unsigned)n);
    sim->options.shows_cpus = true;
    return 0;
}

static int change(struct scenario *scn, struct scan *args, chance_scan_fn *scan, struct err *e)
{
    struct chance_options o = scn->sim->options.chance;
    int r;

    scan_blanks(args);
    if ((r = scan(args, &o, e)) || (r = scn_end(args, e)))
        return r;
    chance_set(scn->sim, &o);
    return 0;
}

#define CHANGE(name, usage, help, id)                                                             \
    int scn_chance_##id(struct scenario *scn, struct scan *args, GString *out, struct err *e)     \
    {                                                                                             \
        (void)out;                                                                                \
        return change(scn, args, chance_scan_##id, e);                                            \
    }
CHANCE_ROWS(CHANGE)
