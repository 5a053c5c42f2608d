/* span.c - gives a preload library one size in memory, whatever is in it.
 *
 * The loader puts libraries below each other, so theirs moves those that come after it, and programs
 * that order things by address (OVS hashes pointers) would do that otherwise with another build of ours.
 * SPDX-License-Identifier: Apache-2.0 */

/* A section that the linker puts behind all others, at a boundary that they do not reach: the library ends
 * a page behind that. */
__asm__(".section .span, \"aw\", @nobits\n"
        ".balign 0x100000\n"
        ".zero 0x1000\n"
        ".previous\n");
