/* defect.c - reads past its memory, for tests of what finds that. SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

int main(int argc, char **argv)
{
    char *volatile p = calloc(1, 8);
    char behind = p[7 + argc];

    (void)argv;
    free(p);
    return behind > 0 ? 1 : 2;
}
