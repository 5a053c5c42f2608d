/* folder.h - folders of output files: listed, summed up, copied, taken away.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_FOLDER_H
#define SIM_FOLDER_H

#include <glib.h>
#include <stdbool.h>

/* What is in a folder, without what is in its folders: new sorted names; none if it cannot be read. */
GPtrArray *folder_list(const char *path);

/* The regular files in and below a folder, as new sorted names relative to it. */
GPtrArray *folder_files(const char *path);

/* SHA-256 over the names and bytes of these files, in hexadecimal; g_free it. */
char *folder_digest(const char *path);

/* Copies a file, or all regular files in and below a folder; makes folders that are missing. False: not all. */
bool folder_copy_file(const char *from, const char *to);
bool folder_copy(const char *from, const char *to);

/* Takes a folder away with all that is in it. */
void folder_remove(const char *path);

#endif
