/* netdev.h - what the datapath needs to know of a network device.
 *
 * Devices are made, renamed and destroyed by the layer above (sim/device, through struct
 * dp_env); the datapath reads these members and writes only 'vport', 'master' and 'stats'.
 * Catalogue 03.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_NETDEV_H
#define DP_NETDEV_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

struct vport;

enum netdev_kind {
    NETDEV_LOOPBACK,
    NETDEV_VIRTUAL,         /* any Ethernet device that can become a netdev port */
    NETDEV_INTERNAL,        /* made by an internal vport */
    NETDEV_TUNNEL,          /* made by a tunnel vport */
    N_NETDEV_KINDS
};

/* The order of struct ovs_vport_stats. */
struct netdev_stats {
    uint64_t rx_packets, tx_packets, rx_bytes, tx_bytes;
    uint64_t rx_errors, tx_errors, rx_dropped, tx_dropped;
};

/* Tunnels that carry Ethernet frames. */
enum netdev_tunnel_kind {
    TUNNEL_NONE,
    TUNNEL_GRE,                 /* kind gretap */
    TUNNEL_VXLAN,
    TUNNEL_GENEVE,
    TUNNEL_IP6GRE,              /* ip6gretap */
    TUNNEL_ERSPAN,
    TUNNEL_IP6ERSPAN,
    N_TUNNEL_KINDS
};

/* What a tunnel device adds to every tunnel that a packet names. */
struct netdev_tunnel {
    enum netdev_tunnel_kind kind;
    bool is_external;           /* packets say where they go; else the device knows */
    uint16_t udp_port;          /* 0: gre */
    bool has_gbp;               /* vxlan's group policy extension */
    bool takes_zero_csum6;      /* UDP over IPv6 without a checksum */
};

struct netdev {
    char name[IFNAMSIZ];
    int ifindex;
    enum netdev_kind kind;
    uint8_t mac[6];
    uint32_t mtu;               /* bytes behind the Ethernet header */
    bool is_up, has_carrier;
    unsigned promiscuity;       /* how many want all its frames */
    struct netdev_tunnel tunnel;
    struct netdev *master;      /* the datapath's local device, for netdev ports */
    struct vport *vport;        /* the port it is, or NULL */
    struct netdev_stats stats;
};

#endif
