/* golden_flows.h - a golden test of captures and a flow file alone, without a scenario.
 *
 * The flow file (*.flows or flows.txt) has a flow on a line, as ovs-dpctl add-flow takes it ("KEY ACTIONS")
 * or dump-flows prints it ("KEY, packets:0, ..., actions:ACTIONS"). All ports that it names are ports of
 * br0: a name that ends in a number gets that number if it is free, others the first free ones;
 * a port that only has a number N is called pN. Each capture (*.pcap) is fed to the port of its name, other captures
 * to the port with the lowest number; what leaves each port is recorded as PORT.pcap.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_GOLDEN_FLOWS_H
#define SIM_GOLDEN_FLOWS_H

#include <stdbool.h>

#include "base/err.h"
#include "sim/sim.h"

/* Has the folder captures and flow files? */
bool golden_flows_is_test(const char *folder);

/* Runs it; scenario_set_output() has been called. 0, or -errno with a sentence that names file and line. */
int golden_flows_run(struct sim *sim, const char *folder, struct err *e);

#endif
