/* test_faults.h - dpsim test --fault-sweep: each test, failed at each point that it reaches.
 *
 * How it works: a first run of each test counts how often it reaches which point of sim/fault.h. Then there are two runs for
 * each (point, time), with that one fault. What the test itself expects may go wrong then. What must not: a crash, a hang, an
 * account of packets that does not add up, packets that nobody frees, a request that is answered with another error than the
 * point's, two runs that differ.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_TEST_FAULTS_H
#define TOOLS_TEST_FAULTS_H

#include "tools/options.h"

/* Runs the sweep over the tests in o->program and prints what came of it; returns the exit status. */
int test_faults(const struct options *o);

#endif
