/* memory_file.h - files that live in memory alone, for targets whose code names its files.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_MEMORY_FILE_H
#define FUZZ_MEMORY_FILE_H

#include <glib.h>
#include <stdint.h>

struct memory_file;

/* Kept between inputs: memory_file_new() ends the process if there is none to be had. */
struct memory_file *memory_file_new(const char *name);
/* What it is opened by, as many times as one likes; it is empty again when it is opened for writing. */
const char *memory_file_path(const struct memory_file *f);
/* All that stands in it. */
GBytes *memory_file_bytes(const struct memory_file *f);

/* Bytes that end where they end: what reads behind them is seen by sanitizers and valgrind. */
GBytes *exact_bytes(const void *data, size_t len);

#endif
