/* drop.h - why a packet ended without output or upcall.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_DROP_H
#define DP_DROP_H

/* How a packet can end without output or upcall. Names are the kernel's where it has one. */
enum drop_reason {
    DROP_LAST_ACTION,       /* list ended without a consuming action */
    DROP_ACTION_ERROR,
    DROP_RECURSION_LIMIT,
    DROP_DEFERRED_LIMIT,
    DROP_SAMPLE,            /* last sample not taken */
    DROP_METER,
    DROP_IP_TTL,
    DROP_EXTRACT,           /* key extraction refused the frame */
    DROP_NO_PORT,           /* output to a port that does not exist */
    DROP_DEV_READY,         /* output device down or without carrier */
    DROP_PKT_TOO_BIG,       /* longer than the device's MTU */
    DROP_MAC_PROTO,         /* L3 packet to an Ethernet device */
    DROP_NO_ROUTE,          /* tunnel port, and nothing leads to its far end */
    DROP_NO_TUNNEL,         /* tunnel port, and no set(tunnel()) that it can use */
    DROP_NO_NEIGH,          /* the host's next hop has not told its link address */
    DROP_NEIGH_QUEUE,       /* ... and too many packets wait for it */
    DROP_TUNNEL_HDR,        /* a tunnel's packet whose outer headers are refused */
    DROP_TUNNEL_ID,         /* ... that no device of its port has the VNI, key or addresses of */
    DROP_TUNNEL_GRE,        /* ... whose GRE checksum or sequence is not what its device wants */
    DROP_TUNNEL_ECN,        /* ... that met congestion, and the inner packet cannot say so */
    DROP_RX_DOWN,           /* received on a device that is down */
    DROP_NOT_A_PORT,        /* received on a device that is no port */
    DROP_FRAG_DUP,          /* a fragment whose data is there already */
    DROP_FRAG_OVERLAP,      /* fragments whose data overlaps */
    DROP_FRAG_BAD,          /* fragments that contradict each other or make no datagram */
    DROP_FRAG_TOO_FAR,      /* too many other fragments of the source came between */
    DROP_FRAG_TIMEOUT,      /* fragments whose rest did not come in time */
    DROP_FRAG_MEMORY,       /* too many fragments wait */
    DROP_FRAG_FLUSHED,      /* fragments that waited when their namespace ended */
    DROP_FRAG_L2_TOO_LONG,  /* to be cut into fragments again, but its link layer is too long */
    DROP_FRAG_INVALID_PROTO,        /* ... but it is no IP packet */
    DROP_UPCALL,            /* miss that no socket took (n_lost) */
    DROP_NO_MEMORY,         /* an injected allocation failure */
    N_DROP_REASONS
};

struct drop_row {
    const char *name;       /* the kernel's where it has one */
    const char *words;      /* why it was dropped, for people: what stands behind "dropped: " */
};

extern const struct drop_row drop_rows[N_DROP_REASONS];

#endif
