/* memcheck.h - dpsim under valgrind: --valgrind.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_MEMCHECK_H
#define TOOLS_MEMCHECK_H

/* Starts this program again, under valgrind with the options of ctest -T memcheck (CMakeLists.txt): argv[0] is the subcommand's name. Programs that it starts run as they are. -1: it is
 * under valgrind already, go on. Otherwise it could not be done, which has been explained: the status to exit with. */
int memcheck_become(char **argv);

#endif
