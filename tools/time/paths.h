/* paths.h - names of files under virtual time. SPDX-License-Identifier: Apache-2.0 */
#ifndef PATHS_H
#define PATHS_H

#define PATH_ROOM 128

/* The kernel's name of it: 'path' itself, or in 'room'. */
const char *path_real(const char *path, char room[PATH_ROOM]);

#endif
