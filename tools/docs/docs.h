/* docs.h - documents printed by dpsim-docs. Each writes to standard output and returns 0.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_DOCS_H
#define TOOLS_DOCS_H

int print_limits(void);

#endif
