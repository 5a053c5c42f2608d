/* summary.h - what has become of every packet, for people.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_SUMMARY_H
#define SIM_SUMMARY_H

#include "base/err.h"
#include "sim/sim.h"

/* Packets of each port of each datapath in all namespaces, and how packets ended; new string. */
char *sim_summary(struct sim *sim);

/* 0 if every packet is accounted for, else -EPROTO. */
int sim_check_account(struct sim *sim, struct err *e);

#endif
