# random_flows.py - random keys, masks and lists of actions, as attributes of the flow family.
# SPDX-License-Identifier: Apache-2.0
import random
import struct

PORTS = 5

(ENCAP, PRIORITY, IN_PORT, ETHERNET, VLAN, ETHERTYPE, IPV4, IPV6, TCP, UDP, ICMP, ICMPV6, ARP, ND,
 SKB_MARK, TUNNEL, SCTP, TCP_FLAGS, DP_HASH, RECIRC_ID, MPLS, CT_STATE, CT_ZONE, CT_MARK, CT_LABELS,
 CT_TUPLE4, CT_TUPLE6, NSH) = range(1, 29)
IPV6_EXTHDRS = 32
NESTS = {ENCAP, TUNNEL, NSH}

(OUTPUT, USERSPACE, SET, PUSH_VLAN, POP_VLAN, SAMPLE, RECIRC, HASH, PUSH_MPLS, POP_MPLS, SET_MASKED,
 CT, TRUNC, PUSH_ETH, POP_ETH, CT_CLEAR, PUSH_NSH, POP_NSH, METER, CLONE, CHECK_PKT_LEN, ADD_MPLS,
 DEC_TTL) = range(1, 24)


# ---- attributes ---------------------------------------------------------------------------------

def attr(kind, payload=b""):
    return struct.pack("=HH", 4 + len(payload), kind) + payload + bytes(-len(payload) % 4)


def be16(value):
    return struct.pack(">H", value)


def be32(value):
    return struct.pack(">I", value)


def u16(value):
    return struct.pack("=H", value)


def u32(value):
    return struct.pack("=I", value)


def put(attrs):
    """Attributes from (type, payload or list) pairs."""
    return b"".join(attr(t, put(v) if isinstance(v, list) else v) for t, v in attrs)


def clear(value, bits):
    return bytes(v & b for v, b in zip(value, bits))


def get(data):
    """(type, payload) pairs of attributes; what is no attribute ends them."""
    found = []
    while len(data) >= 4:
        size, kind = struct.unpack_from("=HH", data)
        if size < 4 or size > len(data):
            break
        found.append((kind & 0x3fff, data[4:size]))
        data = data[(size + 3) & ~3:]
    return found


# ---- random flows -------------------------------------------------------------------------------

class Source:
    """Random keys, masks and actions. 'n' makes each flow another one.

    Bits that ovs-dpctl never shows are zero (the rest of an ERSPAN header or its mask, reserved
    bits of labels and of VXLAN's group policy): their text would not bring them back."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.n = 0

    def bytes(self, n):
        return bytes(self.r.getrandbits(8) for _ in range(n))

    def some(self, chance=0.5):
        return self.r.random() < chance

    def number(self, most):
        return self.r.choice((0, 1, most, self.r.randint(0, most), self.r.randint(0, most)))

    # ---- keys

    def mac(self):
        return self.bytes(6)

    def tag(self):
        return be16(self.number(0xffff) | (0x1000 if self.some(0.9) else 0))

    def lse(self):
        return be32(self.number(0xfffff) << 12 | self.number(7) << 9 | self.number(1) << 8 |
                    self.number(255))

    def ip4(self, proto):
        return self.bytes(8) + bytes((proto, self.number(255), self.number(255),
                                      self.r.choice((0, 0, 0, 1, 2))))

    def ip6(self, proto):
        address = self.r.choice((self.bytes(16), bytes(15) + b"\1",
                                 b"\xfe\x80" + bytes(13) + b"\2"))
        return (address + self.bytes(16) + be32(self.number(0xfffff)) +
                bytes((proto, self.number(255), self.number(255), self.r.choice((0, 0, 1, 2)))))

    def transport(self, version, ip, proto):
        """What follows an IP header with that protocol, unless it is a later fragment."""
        if ip[-1] == 2:
            return []
        ports = self.bytes(4)
        if proto == 6:
            return [(TCP, ports), (TCP_FLAGS, be16(self.number(0xfff)))]
        if proto in (17, 132):
            return [(UDP if proto == 17 else SCTP, ports)]
        if proto == 1 and version == 4:
            return [(ICMP, self.bytes(2))]
        if proto == 58 and version == 6:
            kind = self.r.choice((128, 135, 136))
            nd = [(ND, self.bytes(28))] if kind >= 135 else []
            return [(ICMPV6, bytes((kind, 0 if nd else self.number(255))))] + nd
        return []

    def network(self):
        """EtherType and what follows; an empty list is a frame without EtherType."""
        kind = self.r.choice(("ip4", "ip4", "ip6", "ip6", "arp", "mpls", "nsh", "other", "llc"))
        proto = self.r.choice((6, 17, 132, 1, 58, 47))
        if kind == "ip4":
            ip = self.ip4(proto)
            tuple4 = [(CT_TUPLE4, self.bytes(12) + bytes((self.r.choice((6, 17)),)) + bytes(3))]
            return ([(ETHERTYPE, be16(0x800)), (IPV4, ip)] + self.transport(4, ip, proto) +
                    (tuple4 if self.some(0.3) else []))
        if kind == "ip6":
            ip = self.ip6(proto)
            tuple6 = [(CT_TUPLE6, self.bytes(36) + bytes((self.r.choice((6, 17)),)) + bytes(3))]
            exthdrs = [(IPV6_EXTHDRS, self.bytes(2))]
            return ([(ETHERTYPE, be16(0x86dd)), (IPV6, ip)] + self.transport(6, ip, proto) +
                    (tuple6 if self.some(0.3) and proto != 58 else []) +
                    (exthdrs if self.some(0.3) else []))
        if kind == "arp":
            return [(ETHERTYPE, be16(self.r.choice((0x806, 0x8035)))),
                    (ARP, self.bytes(8) + be16(self.number(255)) + self.bytes(12) + bytes(2))]
        if kind == "mpls":
            labels = b"".join(self.lse() for _ in range(self.r.randint(1, 3)))
            return [(ETHERTYPE, be16(self.r.choice((0x8847, 0x8848)))), (MPLS, labels)]
        if kind == "nsh":
            return [(ETHERTYPE, be16(0x894f)), (NSH, self.nsh())]
        return [(ETHERTYPE, be16(0x88b5))] if kind == "other" else []

    def nsh(self, kind=None):
        kind = kind or self.r.choice((1, 1, 2))
        base = bytes((self.number(3), self.number(63), kind, self.number(4))) + self.bytes(4)
        return [(1, base)] + ([(2, self.bytes(16))] if kind == 1 else [])

    def geneve(self):
        options = b""
        for _ in range(self.r.randint(0, 3)):
            words = self.number(3)
            data = self.r.choice((bytes(4 * words), self.bytes(4 * words)))
            options += self.bytes(3) + bytes((words,)) + data
        return options

    def erspan(self):
        if self.some():
            return u32(1) + be32(self.number(0xfffff)) + bytes(4)
        return u32(2) + bytes(7) + bytes((self.number(255) & 0xf8,))

    def erspan_mask(self, value):
        version = u32(self.r.choice((0, 0xffffffff, 0xffffffff)))
        if value[:4] == u32(1):
            return version + self.bits(value[4:8]) + bytes(4)
        return version + bytes(7) + bytes((self.number(255) & 0xf8,))

    def tunnel(self):
        v6 = self.some(0.3)
        size = 16 if v6 else 4
        parts = [(0, self.r.choice((bytes(8), self.bytes(8))))] if self.some(0.8) else []
        parts += [(12 if v6 else 1, self.bytes(size)), (13 if v6 else 2, self.bytes(size))]
        parts += [(3, bytes((self.number(255),)))] if self.some() else []
        parts += [(4, bytes((self.number(255),)))]
        parts += [(flag, b"") for flag in (5, 6) if self.some()]
        parts += [(port, self.bytes(2)) for port in (9, 10) if self.some(0.3)]
        parts += [(7, b"")] if self.some() else []
        option = self.r.choice((None, 8, 11, 15))
        if option == 11:
            parts += [(11, [(1, u32(self.r.getrandbits(24)))])]
        elif option:
            parts += [(option, self.geneve() if option == 8 else self.erspan())]
        return parts

    def metadata(self):
        """A few of them; the first is never wild, and each flow has another."""
        own = self.r.choice((RECIRC_ID, SKB_MARK, PRIORITY, DP_HASH))
        more = [(PRIORITY, self.bytes(4)), (IN_PORT, u32(self.r.randint(0, PORTS))),
                (SKB_MARK, self.bytes(4)), (DP_HASH, self.bytes(4)), (RECIRC_ID, self.bytes(4)),
                (CT_STATE, u32(self.number(255))), (CT_ZONE, self.bytes(2)),
                (CT_MARK, self.bytes(4)), (CT_LABELS, self.r.choice((self.bytes(16), bytes(16)))),
                (TUNNEL, self.tunnel())]
        return ([(own, u32(0x10000 + self.n))] +
                [m for m in more if m[0] != own and self.some(0.4)])

    def key(self):
        self.n += 1
        is_l3 = self.some(0.05)
        link = [] if is_l3 else [(ETHERNET, self.mac() + self.mac())]
        network = self.network()
        if not is_l3 and self.some(0.2):
            inner = network
            if self.some(0.3):
                inner = [(ETHERTYPE, be16(0x8100)), (VLAN, self.tag()), (ENCAP, inner)]
            network = [(ETHERTYPE, be16(self.r.choice((0x8100, 0x88a8)))), (VLAN, self.tag()),
                       (ENCAP, inner)]
        return self.metadata() + link + network

    # ---- masks

    def bits(self, payload):
        n = len(payload)
        way = self.r.randrange(6)
        if way == 0:
            return bytes(n)
        if way == 1:
            return self.bytes(n)
        if way == 2:
            return bytes(self.r.choice((0, 0xff)) for _ in range(n))
        if way == 3:
            half = self.r.randint(0, n)
            return b"\xff" * half + bytes(n - half)
        return b"\xff" * n

    def mask_of(self, kind, payload):
        if kind == ETHERTYPE:
            return b"\xff\xff"
        if kind == CT_STATE:
            return u32(self.number(255))
        if kind in (IPV4, IPV6):        # protocol and fragment decide what may follow
            mask = bytearray(self.bits(payload))
            mask[8 if kind == IPV4 else 36] = 0xff
            if kind == IPV6:
                mask[32:34] = bytes((0, mask[33] & 15))
            mask[-1] = self.r.choice((0xff, 0xff, 0xff, 0, 3))
            return bytes(mask)
        if kind == ICMPV6:
            return b"\xff\xff"
        if kind == VLAN:
            return be16(0x1000 | self.r.choice((0xefff, self.r.getrandbits(16), 0, 0x0fff, 0xe000)))
        if kind == TCP_FLAGS:
            return be16(self.number(0xfff))
        return self.bits(payload)

    def mask(self, key, depth=0):
        masks = []
        for i, (kind, value) in enumerate(key):
            if not i and not depth:
                masks.append((kind, b"\xff" * len(value)))
            elif isinstance(value, list):
                if kind != ENCAP and self.some(0.2):
                    continue
                masks.append((kind, self.mask(value) if kind == ENCAP
                              else [self.part_mask(kind, part) for part in value]))
            elif kind in (ETHERTYPE, VLAN, IPV4, IPV6, ICMPV6) or self.some(0.85):
                masks.append((kind, self.mask_of(kind, value)))
        return masks

    def part_mask(self, nest, part):
        kind, value = part
        if isinstance(value, list):     # VXLAN's group policy
            return (kind, [(k, self.bits(v)[:3] + b"\0") for k, v in value])
        if nest == TUNNEL and kind == 8:
            return (kind, self.geneve_mask(value))
        if nest == TUNNEL and kind == 15:
            return (kind, self.erspan_mask(value))
        if nest == TUNNEL and kind == 4:
            return (kind, b"\xff" if self.some(0.7) else self.bits(value))
        return (kind, self.bits(value))

    def geneve_mask(self, options):
        mask = b""
        while options:
            size = 4 + 4 * (options[3] & 0x1f)
            mask += self.bits(options[:3]) + b"\x1f"
            mask += self.bits(options[4:size])
            options = options[size:]
        return mask

    # ---- actions

    def output(self):
        return (OUTPUT, u32(self.r.randint(0, PORTS)))

    def userspace(self):
        parts = [(1, u32(self.r.getrandbits(32)))]
        if self.some(0.7):
            parts += [(2, self.cookie())]
        parts += [(3, u32(self.r.randint(0, PORTS)))] if self.some(0.2) else []
        parts += [(4, b"")] if self.some(0.2) else []
        return (USERSPACE, parts)

    def cookie(self):
        """User data; ovs-vswitchd's own five kinds have a text of their own."""
        if self.some(0.4):
            return self.bytes(self.r.choice((0, 1, 4, 5, 8, 16, 24, 48)))
        tci = self.number(0xffff)
        kind, body = self.r.choice((
            (1, be16(tci | (0x1000 if tci else 0)) + bytes(2) + self.bytes(4)),
            (2, bytes(4) + u32(self.number(0x1ff))),
            (3, self.bytes(2) + bytes(2) + self.bytes(16) + u32(self.number(2))),
            (4, self.bytes(4)),
            (5, bytes((self.number(1), self.number(1))) + self.bytes(18))))
        head = struct.pack("=HHI", kind, 0, 0xffff) + bytes(16)
        return head + body + bytes(24 - len(body))

    def clone(self, key, depth):
        return (CLONE, self.list(key, depth + 1))

    def sample(self, key, depth):
        tenths = self.number(1000)
        return (SAMPLE, [(1, u32(int(tenths / 1000 * 0xffffffff + 0.5))),
                         (2, self.list(key, depth + 1))])

    def check_pkt_len(self, key, depth):
        return (CHECK_PKT_LEN, [(1, struct.pack("=H", self.number(0xffff))),
                                (2, self.list(key, depth + 1)), (3, self.list(key, depth + 1))])

    def dec_ttl(self, key, depth):
        return (DEC_TTL, [(1, self.list(key, depth + 1))])

    def flat(self, key):
        """The key with what is inside tags at its end."""
        flat = list(key)
        for kind, value in key:
            if kind == ENCAP:
                flat += self.flat(value)
        return flat

    def settable(self, key):
        return [(k, v) for k, v in self.flat(key) if k in (
            ETHERNET, IPV4, IPV6, TCP, UDP, SCTP, MPLS, PRIORITY, SKB_MARK, CT_MARK, CT_LABELS)]

    def new_value(self, kind, old):
        value = bytearray(self.bytes(len(old)))
        if kind == IPV4:
            value[8], value[11] = old[8], old[11]
        if kind == IPV6:
            value[32:37] = be32(self.number(0xfffff)) + old[36:37]
            value[39] = old[39]
        return bytes(value[:4] if kind == MPLS else value)

    def set_mask(self, kind, n):
        mask = bytearray(self.bits(bytes(n)))
        if kind == IPV4:
            mask[8] = mask[11] = 0
        if kind == IPV6:
            mask[32:34] = bytes((0, mask[33] & 15))
            mask[36] = mask[39] = 0
        return bytes(mask)

    def set(self, key):
        kind, old = self.r.choice(self.settable(key) or [(SKB_MARK, bytes(4))])
        if self.some(0.15):
            return (SET, [(TUNNEL, self.tunnel())])
        value = self.new_value(kind, old)
        mask = self.set_mask(kind, len(value))
        if self.some(0.4) or mask.strip(b"\xff") == b"":
            return (SET, [(kind, value)])
        return (SET_MASKED, [(kind, clear(value, mask) + mask)])

    def nat(self, key):
        """Of established connections, or a range; some that ovs-dpctl calls an error."""
        kinds = [value for kind, value in self.flat(key) if kind == ETHERTYPE]
        size = 16 if kinds[-1:] == [be16(0x86dd)] else 4
        if self.some(0.2):
            return []
        addresses = [(kind, self.bytes(size)) for kind in (3, 4)][:self.r.choice((0, 1, 1, 1, 2))]
        ports = [(kind, u16(self.r.randint(1, 0xffff))) for kind in (5, 6)][:self.r.randint(0, 2)]
        flags = [(flag, b"") for flag in (7, self.r.choice((8, 9))) if self.some(0.3)]
        return [(self.r.choice((1, 2)), b"")] + addresses + ports + flags

    def ct(self, key):
        """In the order in which the datapath dumps them."""
        commit = [(self.r.choice((1, 7)), b"")] if self.some(0.7) else []
        mark = [(3, self.bytes(4) + self.r.choice((self.bytes(4), b"\xff" * 4)))]
        labels = [(4, self.r.choice((self.bytes(16), bytes(16))) +
                   self.r.choice((self.bytes(16), b"\xff" * 16)))]
        parts = commit + ([(2, u16(self.number(0xffff)))] if self.some() else [])
        if commit:
            parts += (mark if self.some() else []) + (labels if self.some() else [])
        parts += [(5, b"ftp\0")] if self.some(0.1) else []
        parts += [(9, b"slow-1.2_3\0")] if self.some(0.2) else []
        return (CT, parts + ([(6, self.nat(key))] if self.some() else []))

    def simple(self, key):
        return self.r.choice((
            lambda: (PUSH_VLAN, be16(self.r.choice((0x8100, 0x88a8))) +
                     be16(0x1000 | self.number(0xffff))),
            lambda: (POP_VLAN, b""),
            lambda: (RECIRC, self.bytes(4)),
            lambda: (HASH, u32(0) + self.bytes(4)),
            lambda: (TRUNC, u32(self.r.randint(14, 0xffffffff))),
            lambda: (PUSH_MPLS, self.lse() + be16(self.r.choice((0x8847, 0x8848))) + bytes(2)),
            lambda: (POP_MPLS, be16(self.r.choice((0x800, 0x86dd, 0x8847)))),
            lambda: (ADD_MPLS, self.lse() + be16(self.r.choice((0x8847, 0x8848))) + bytes(2)),
            lambda: (PUSH_ETH, self.mac() + self.mac()),
            lambda: (POP_ETH, b""),
            lambda: (CT_CLEAR, b""),
            lambda: self.ct(key),
            lambda: self.ct(key),
            lambda: (PUSH_NSH, [(NSH, self.nsh(1))]),
            lambda: (PUSH_NSH, [(NSH, self.nsh(2) + [(3, b"\x7f" + self.bytes(11))])]),
            lambda: (POP_NSH, b""),
            lambda: (METER, u32(self.number(9))),
        ))()

    def action(self, key, depth):
        nested = (self.clone, self.sample, self.check_pkt_len, self.dec_ttl)
        way = self.r.randrange(10)
        if way < 2:
            return self.output()
        if way < 4:
            return self.userspace()
        if way < 6:
            return self.set(key)
        if way < 7 and depth < 3:
            return self.r.choice(nested)(key, depth)
        return self.simple(key)

    def list(self, key, depth=0):
        n = self.r.choice((0, 1, 1, 1, 2, 3))
        return [self.action(key, depth) for _ in range(n)]
