/* program.h - can a program be given the preload library? SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_PROGRAM_H
#define TOOLS_PROGRAM_H

#include "base/err.h"

/* Looks 'name' up in PATH and refuses (-ENOEXEC) what does not load libraries: a statically linked
 * program, or one for another machine. Scripts, and what cannot be found or read, pass: starting
 * them says what is wrong. */
int program_check(const char *name, struct err *e);

#endif
