/* mac_table.h - which port a MAC address of a VLAN was last seen on.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_MAC_TABLE_H
#define SIM_MAC_TABLE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define MAC_AGE_NS (300 * UINT64_C(1000000000))     /* OVS's mac-aging-time by default */

/* A station: the address in the VLAN, packed so that it is a key by itself. */
static inline uint64_t mac_station(const uint8_t mac[6], uint16_t vid)
{
    uint64_t station = vid;

    for (int i = 0; i < 6; i++)
        station = station << 8 | mac[i];
    return station;
}

struct mac_table {
    GHashTable *entries;        /* station -> struct mac_entry; for look-up and counting only */
    GQueue by_age;              /* the same, oldest first */
};

void mac_table_init(struct mac_table *t);
void mac_table_done(struct mac_table *t);

/* Notes that 'station' was seen. True: it is new there, or was on another port. */
bool mac_table_learn(struct mac_table *t, uint64_t station, uint32_t port_no, uint64_t now_ns);
/* Its port, or -1. */
int64_t mac_table_find(const struct mac_table *t, uint64_t station);
/* Takes out one station not seen for MAC_AGE_NS. False: there is none. */
bool mac_table_expire(struct mac_table *t, uint64_t now_ns, uint64_t *station);

#endif
