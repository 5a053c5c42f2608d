/* dictionary.h - tokens of one family, or of all, for a fuzzer. SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_GRAMMAR_DICTIONARY_H
#define TOOLS_GRAMMAR_DICTIONARY_H

#include <stdbool.h>

/* To standard output: of "ovs_flow", ... or "route"; NULL: of all. False: there is no such family. */
bool dictionary_print(const char *family);

#endif
