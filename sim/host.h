/* host.h - a small host behind a device: answers ARP, ND, echo requests and UDP port 7.
 *
 * Behind an internal device it is the machine's own stack, with the device's address; behind a
 * netdev device it is at the far end of the wire. It keeps neighbours it has heard of, asks for
 * others, and never speaks first unless told to ping. What it does happens at the virtual time
 * of the frame, behind what runs already.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_HOST_H
#define SIM_HOST_H

#include <netinet/in.h>

#include "sim/device.h"

struct host;

struct host_counts {
    uint64_t n_pings, n_replies;        /* echo requests sent, and answers to them */
    uint64_t n_answered;                /* echo requests and UDP datagrams of others */
};

/* Both kinds of address: IPv4 as ::ffff:a.b.c.d. False: neither. */
bool host_scan_address(const char *text, struct in6_addr *addr);

/* Gives the device's host an address, and makes the host. 'mac' NULL: the device's own or, on a
 * wire, one that follows from the ifindex. 'prefix' counts from the IPv4 part for IPv4. */
int host_add(struct device *d, const struct in6_addr *addr, unsigned prefix, const uint8_t *mac,
             struct err *e);
void host_free(struct host *h);         /* NULL allowed */

/* A frame has left 'from', which may have a host. */
void host_receive(struct device *from, const void *frame, size_t len);

/* Sends one echo request, after asking for the neighbour's address if it is not known. 0,
 * -ENXIO (no host), -EADDRNOTAVAIL (none of that kind). */
int host_ping(struct device *d, const struct in6_addr *to, struct err *e);
const struct host_counts *host_counts(const struct device *d);     /* NULL: there is no host */

#endif
