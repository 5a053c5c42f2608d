/* pcapng_int.h - numbers of the pcapng format that its writer and its reader share.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_PCAPNG_INT_H
#define SIM_PCAPNG_INT_H

#include "sim/pcapng.h"

enum {                          /* types of blocks */
    BLOCK_INTERFACE = 1,
    BLOCK_OLD_PACKET = 2,
    BLOCK_SIMPLE_PACKET = 3,
    BLOCK_PACKET = 6,
    BLOCK_CUSTOM = 0x00000bad,
    BLOCK_SECTION = 0x0a0d0d0a,
};

enum { OPT_END = 0, OPT_COMMENT = 1 };                          /* options of every block */
enum { SHB_USERAPPL = 4 };                                      /* of a section */
enum { IF_NAME = 2, IF_TSRESOL = 9, IF_TSOFFSET = 14 };         /* of an interface */
enum { EPB_FLAGS = 2 };                                         /* of a packet */

#define EPB_DIRECTION 0x3u              /* of EPB_FLAGS: enum pcapng_direction */
#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define BLOCK_FRAME 12u                 /* type, length and length again */
#define EXAMPLE_PEN 32473u
#define EVENT_WORD "dpsim "
#define PADDED(len) (((len) + 3) & ~(size_t)3)

#endif
