"""flows_refused.py - which actions and keys the flow family takes, and what it makes of the actions; whatever is refused, why."""
import struct

from asking import (ACTION_NESTS, ACTIONS, FLOW_DEL, FLOW_GET, FLOW_NEW, IP4_TCP, IP6_ADDRS, KEY, KEY_NESTS, MACS, MASK, PORTS,
                    TCP4, TCP6, Client, ip4, key, text)
from genl import CREATE, DUMP, EXCL
from random_flows import (ADD_MPLS, ARP, CHECK_PKT_LEN, CLONE, CT, CT_CLEAR, DEC_TTL, ENCAP, ETHERNET, ETHERTYPE, HASH, ICMP,
                          IN_PORT, IPV4, IPV6, METER, MPLS, ND, NSH, OUTPUT, POP_ETH, POP_MPLS, POP_NSH, POP_VLAN, PRIORITY,
                          PUSH_ETH, PUSH_MPLS, PUSH_NSH, PUSH_VLAN, SAMPLE, SCTP, SET, SET_MASKED, SKB_MARK, TCP, TCP_FLAGS,
                          TRUNC, TUNNEL, UDP, USERSPACE, VLAN, attr, be16, be32, get, put, u16, u32)

NEST = 0x8000
UDP4 = ip4(17, (UDP, PORTS))
OUT = attr(OUTPUT, u32(0))
client = Client()


def flow(title, key, actions, shows_key=False):
    """Puts a flow; the answer, and what a dump tells of it."""
    attrs = attr(KEY, key) + (attr(ACTIONS, actions) if actions is not None else b"")
    error, _ = client.ask("flow", FLOW_NEW, CREATE | EXCL, attrs)
    print("%s: %s" % (title, client.outcome(error)))
    if error:
        return
    for answer in client.ask("flow", FLOW_GET, DUMP, b"")[1]:
        parts = dict(get(answer[8:]))
        if shows_key:
            print("    key", text(parts[KEY], KEY_NESTS), "mask", text(parts[MASK], KEY_NESTS))
        else:
            print("   ", text(parts.get(ACTIONS, b""), ACTION_NESTS))
    client.ask("flow", FLOW_DEL, 0, b"")


# ---- every action's length and number ----

flow("output", TCP4, OUT)
flow("output of IPv6", TCP6, OUT)
for number in list(range(0, 32)) + [0x3fff]:
    flow("action %d, empty" % number, TCP4, attr(number))
    flow("action %d, 4 bytes" % number, TCP4, attr(number, u32(1)))
flow("action 1 as a nest", TCP4, attr(OUTPUT | NEST, u32(0)))
flow("action 1 in network order", TCP4, attr(OUTPUT | 0x4000, u32(0)))
flow("bytes behind the last", TCP4, OUT + b"\x05\x00")
flow("cut short", TCP4, OUT + struct.pack("=HH", 12, OUTPUT) + u32(0))
flow("no actions", TCP4, None)
flow("port 65535", TCP4, attr(OUTPUT, u32(65535)))
flow("port 65536", TCP4, attr(OUTPUT, u32(65536)))
flow("trunc to 13", TCP4, attr(TRUNC, u32(13)))
flow("trunc to 14", TCP4, attr(TRUNC, u32(14)))
flow("hash of another kind", TCP4, attr(HASH, u32(1) + u32(0)))
flow("hash of L4", TCP4, attr(HASH, u32(0) + u32(7)))
flow("meter that is not there", TCP4, attr(METER, u32(9)))

# ---- nests ----

deep = OUT
for depth in range(1, 20):
    deep = attr(CLONE, deep)
    flow("clone in clone, %d deep" % depth, TCP4, deep)
deep = OUT
for depth in range(1, 20):
    deep = attr(SAMPLE, attr(1, u32(1)) + attr(2, deep))
    if depth > 14:
        flow("sample in sample, %d deep" % depth, TCP4, deep)

for title, parts in (
        ("whole", attr(1, u32(5)) + attr(2, OUT)), ("empty list", attr(1, u32(5)) + attr(2)),
        ("no probability", attr(2, OUT)), ("no actions", attr(1, u32(5))), ("attribute 0", attr(0) + attr(1, u32(5)) + attr(2, OUT)),
        ("attribute 3", attr(1, u32(5)) + attr(2, OUT) + attr(3)), ("twice", attr(1, u32(5)) + attr(1, u32(6)) + attr(2, OUT)),
        ("probability of 2 bytes", attr(1, u16(5)) + attr(2, OUT)), ("probability of 8 bytes", attr(1, bytes(8)) + attr(2, OUT)),
        ("list of 2 bytes", attr(1, u32(5)) + attr(2, b"\1\0")), ("tail", attr(1, u32(5)) + attr(2, OUT) + b"\1\0\0"),
        ("never", attr(1, u32(0)) + attr(2, OUT)), ("always", attr(1, u32(0xffffffff)) + attr(2, OUT)),
        ("ends in a change of key", attr(1, u32(5)) + attr(2, attr(POP_ETH)))):
    flow("sample: " + title, TCP4, attr(SAMPLE, parts))
    flow("sample: %s, then output" % title, TCP4, attr(SAMPLE, parts) + OUT)

for title, parts in (
        ("whole", attr(1, u16(100)) + attr(2, OUT) + attr(3, OUT)), ("empty lists", attr(1, u16(100)) + attr(2) + attr(3)),
        ("no length", attr(2, OUT) + attr(3, OUT)), ("length 0", attr(1, u16(0)) + attr(2, OUT) + attr(3, OUT)),
        ("no list if less", attr(1, u16(100)) + attr(2, OUT)), ("no list if greater", attr(1, u16(100)) + attr(3, OUT)),
        ("length of 4 bytes", attr(1, u32(100)) + attr(2, OUT) + attr(3, OUT)),
        ("length of 1 byte", attr(1, b"\1") + attr(2, OUT) + attr(3, OUT)),
        ("list of 2 bytes", attr(1, u16(100)) + attr(2, b"\1\0") + attr(3, OUT)),
        ("attribute 4", attr(1, u16(100)) + attr(2, OUT) + attr(3, OUT) + attr(4)),
        ("attribute 0", attr(0) + attr(1, u16(100)) + attr(2, OUT) + attr(3, OUT)),
        ("tail", attr(1, u16(100)) + attr(2, OUT) + attr(3, OUT) + b"\1\0\0"),
        ("bad action if less", attr(1, u16(100)) + attr(2, attr(99)) + attr(3, OUT)),
        ("bad action if greater", attr(1, u16(100)) + attr(2, OUT) + attr(3, attr(99))),
        ("changes the key", attr(1, u16(100)) + attr(2, attr(POP_ETH)) + attr(3, OUT))):
    flow("check_pkt_len: " + title, TCP4, attr(CHECK_PKT_LEN, parts))
    flow("check_pkt_len: %s, then output" % title, TCP4, attr(CHECK_PKT_LEN, parts) + OUT)

for title, parts in (
        ("whole", attr(1, OUT)), ("empty list", attr(1)), ("nothing", b""), ("attribute 2", attr(1, OUT) + attr(2)),
        ("tail", attr(1, OUT) + b"\1\0\0"), ("list of 2 bytes", attr(1, b"\1\0")), ("bad action", attr(1, attr(99)))):
    flow("dec_ttl: " + title, TCP4, attr(DEC_TTL, parts))
    flow("dec_ttl of IPv6: " + title, TCP6, attr(DEC_TTL, parts))
flow("dec_ttl of ARP", key((ETHERTYPE, be16(0x0806)), (ARP, bytes(8) + be16(1) + bytes(14))), attr(DEC_TTL, attr(1, OUT)))

for title, parts in (
        ("whole", attr(1, u32(7))), ("no port", b""), ("port 0", attr(1, u32(0))), ("port of 2 bytes", attr(1, u16(7))),
        ("data", attr(1, u32(7)) + attr(2, b"data")), ("egress port", attr(1, u32(7)) + attr(3, u32(1))),
        ("egress port of 1 byte", attr(1, u32(7)) + attr(3, b"\1")), ("actions", attr(1, u32(7)) + attr(4)),
        ("attribute 5", attr(1, u32(7)) + attr(5)), ("tail", attr(1, u32(7)) + b"\1\0\0")):
    flow("userspace: " + title, TCP4, attr(USERSPACE, parts))

# ---- ct ----

for title, parts in (
        ("nothing", b""), ("attribute 0", attr(0)), ("attribute 11", attr(11)), ("commit of 1 byte", attr(1, b"\1")),
        ("commit", attr(1)), ("force_commit", attr(7)), ("both", attr(1) + attr(7)), ("zone of 4 bytes", attr(2, u32(0))),
        ("mark", attr(1) + attr(3, u32(1) + u32(1))), ("mark without commit", attr(3, u32(1) + u32(1))),
        ("mark, mask 0", attr(1) + attr(3, u32(1) + u32(0))), ("mark of 4 bytes", attr(1) + attr(3, u32(1))),
        ("labels", attr(1) + attr(4, bytes(16) + b"\xff" * 16)), ("labels without commit", attr(4, bytes(16) + b"\xff" * 16)),
        ("labels, mask 0", attr(1) + attr(4, b"\1" * 16 + bytes(16))), ("labels of 16 bytes", attr(1) + attr(4, bytes(16))),
        ("helper ftp", attr(1) + attr(5, b"ftp\0")), ("helper without its end", attr(1) + attr(5, b"ftp")),
        ("helper nix", attr(1) + attr(5, b"nix\0")), ("helper tftp", attr(1) + attr(5, b"tftp\0")),
        ("helper's long name", attr(1) + attr(5, b"n" * 17)), ("helper without name", attr(1) + attr(5)),
        ("eventmask", attr(1) + attr(8, u32(3))), ("eventmask without commit", attr(8, u32(3))),
        ("eventmask of 2 bytes", attr(1) + attr(8, u16(3))), ("timeout nix", attr(1) + attr(9, b"nix\0")),
        ("timeout without its end", attr(1) + attr(9, b"nix")), ("timeout's long name", attr(1) + attr(9, b"n" * 33)),
        ("tail", attr(1) + b"\1\0\0"), ("nat", attr(1) + attr(6)), ("nat without commit", attr(6))):
    flow("ct: " + title, TCP4, attr(CT, parts))
flow("ct: of ARP", key((ETHERTYPE, be16(0x0806)), (ARP, bytes(8) + be16(1) + bytes(14))), attr(CT))
flow("ct: helper tftp of UDP", UDP4, attr(CT, attr(1) + attr(5, b"tftp\0")))
flow("ct: helper ftp of IPv6", TCP6, attr(CT, attr(1) + attr(5, b"ftp\0")))
flow("ct_clear", TCP4, attr(CT_CLEAR))
flow("ct_clear of 4 bytes", TCP4, attr(CT_CLEAR, u32(0)))

A4, B4 = bytes([10, 0, 0, 9]), bytes([10, 0, 0, 12])
for title, parts in (
        ("src", attr(1)), ("dst", attr(2)), ("both", attr(1) + attr(2)), ("src of 4 bytes", attr(1, u32(0))),
        ("attribute 0", attr(0)), ("attribute 10", attr(10)), ("address", attr(1) + attr(3, A4)),
        ("address without kind", attr(3, A4)), ("range", attr(1) + attr(3, A4) + attr(4, B4)),
        ("last address alone", attr(1) + attr(4, B4)), ("address of 2 bytes", attr(1) + attr(3, b"\1\2")),
        ("address of 16 bytes", attr(1) + attr(3, IP6_ADDRS[:16])), ("address of 17 bytes", attr(1) + attr(3, bytes(17))),
        ("port", attr(1) + attr(3, A4) + attr(5, u16(7))), ("ports", attr(1) + attr(5, u16(7)) + attr(6, u16(9))),
        ("last port alone", attr(1) + attr(6, u16(9))), ("port of 4 bytes", attr(1) + attr(5, u32(9))),
        ("port without kind", attr(5, u16(9))), ("persistent", attr(1) + attr(7)), ("hash", attr(1) + attr(8)),
        ("random", attr(1) + attr(9)), ("hash and random", attr(1) + attr(8) + attr(9)), ("hash without kind", attr(8)),
        ("persistent of 1 byte", attr(1) + attr(7, b"\1")), ("tail", attr(1) + b"\1\0\0")):
    flow("nat: " + title, TCP4, attr(CT, attr(1) + attr(6, parts)))
    flow("nat of IPv6: " + title, TCP6, attr(CT, attr(1) + attr(6, parts)))

# ---- set ----

SETS = (
    ("priority", PRIORITY, u32(1)), ("mark", SKB_MARK, u32(1)), ("ethernet", ETHERNET, MACS), ("ipv4", IPV4, IP4_TCP),
    ("ipv6", IPV6, IP6_ADDRS + be32(0) + bytes([6, 0, 64, 0])), ("tcp", TCP, PORTS), ("udp", UDP, PORTS), ("sctp", SCTP, PORTS),
    ("mpls", MPLS, be32(0x1ff)), ("icmp", ICMP, b"\1\2"), ("in_port", IN_PORT, u32(0)), ("vlan", VLAN, be16(0x1001)),
    ("nsh", NSH, attr(1, bytes(8))), ("nd", ND, bytes(28)), ("encap", ENCAP, b""), ("number 33", 33, u32(0)), ("number 0", 0, u32(0)))
for title, number, value in SETS:
    for of, name in ((TCP4, "TCP"), (TCP6, "TCP of IPv6")):
        flow("set %s of %s" % (title, name), of, attr(SET, attr(number, value)))
        flow("set %s of %s, masked" % (title, name), of, attr(SET_MASKED, attr(number, value + b"\xff" * len(value))))
    flow("set %s, a byte less" % title, TCP4, attr(SET, attr(number, value[:-1])))
    flow("set %s, no mask" % title, TCP4, attr(SET_MASKED, attr(number, value)))
for title, payload in (
        ("nothing", b""), ("two", attr(SKB_MARK, u32(1)) + attr(PRIORITY, u32(1))), ("3 bytes", b"\1\2\3"),
        ("longer than its nest", struct.pack("=HH", 12, SKB_MARK) + u32(1)), ("length 0", struct.pack("=HH", 0, SKB_MARK) + u32(1))):
    flow("set: " + title, TCP4, attr(SET, payload))
    flow("set_masked: " + title, TCP4, attr(SET_MASKED, payload))
IP4 = {"source": (0, 4), "destination": (4, 4), "protocol": (8, 1), "tos": (9, 1), "ttl": (10, 1), "frag": (11, 1)}
for title, (at, size) in IP4.items():
    mask = bytes(at) + b"\xff" * size + bytes(12 - at - size)
    flow("set ipv4: " + title, TCP4, attr(SET_MASKED, attr(IPV4, bytes([9] * 12) + mask)))
    flow("set ipv4, what stays: " + title, TCP4, attr(SET_MASKED, attr(IPV4, IP4_TCP + mask)))
IP6 = {"source": (0, 16), "destination": (16, 16), "label": (32, 4), "protocol": (36, 1), "class": (37, 1), "hops": (38, 1), "frag": (39, 1)}
for title, (at, size) in IP6.items():
    mask = bytes(at) + b"\xff" * size + bytes(40 - at - size)
    flow("set ipv6: " + title, TCP6, attr(SET_MASKED, attr(IPV6, bytes([9] * 40) + mask)))
    flow("set ipv6, what stays: " + title, TCP6, attr(SET_MASKED, attr(IPV6, bytes(32) + be32(0) + bytes([6, 0, 0, 0]) + mask)))
flow("set ipv6: label of 21 bits", TCP6, attr(SET, attr(IPV6, IP6_ADDRS + be32(0x100000) + bytes([6, 0, 64, 0]))))
flow("set ipv4 to protocol 17", TCP4, attr(SET, attr(IPV4, IP4_TCP[:8] + bytes([17, 0, 64, 0]))))
flow("set ipv4 to a fragment", TCP4, attr(SET, attr(IPV4, IP4_TCP[:11] + b"\1")))
flow("set tcp of UDP", UDP4, attr(SET, attr(TCP, PORTS)))
flow("set udp of UDP", UDP4, attr(SET, attr(UDP, PORTS)))
flow("set sctp of SCTP", ip4(132, (SCTP, PORTS)), attr(SET, attr(SCTP, PORTS)))
flow("set tcp of a later fragment", ip4(6, frag=2), attr(SET, attr(TCP, PORTS)))
flow("set ethernet of no Ethernet", key((ETHERTYPE, be16(0x0800)), (IPV4, IP4_TCP), (TCP, PORTS), (TCP_FLAGS, be16(2)), eth=False),
     attr(SET, attr(ETHERNET, MACS)))
flow("set mpls of MPLS", key((ETHERTYPE, be16(0x8847)), (MPLS, be32(0x11ff))), attr(SET, attr(MPLS, be32(0x21ff))))

TO = attr(2, A4) + attr(4, b"\x40")
for title, parts in (
        ("nothing", b""), ("ttl", attr(4, b"\x40")), ("address", TO),
        ("address without ttl", attr(2, A4)), ("id", attr(0, bytes(8)) + attr(2, A4) + attr(4, b"\x40")),
        ("both families", attr(2, A4) + attr(13, IP6_ADDRS[:16]) + attr(4, b"\x40")),
        ("IPv6", attr(13, IP6_ADDRS[:16]) + attr(4, b"\x40")),
        ("flags", attr(2, A4) + attr(3, b"\1") + attr(4, b"\x40") + attr(5) + attr(6) + attr(7)),
        ("ports", TO + attr(9, be16(5)) + attr(10, be16(6))),
        ("geneve", TO + attr(8, bytes.fromhex("0102030101020304"))),
        ("geneve of 3 bytes", TO + attr(8, b"\1\2\3")),
        ("geneve too long by its header", TO + attr(8, bytes.fromhex("0102030301020304"))),
        ("geneve of a header", TO + attr(8, bytes.fromhex("01020300"))),
        ("geneve and no option", TO + attr(8)),
        ("geneve of 256 bytes", TO + attr(8, bytes(256))),
        ("geneve, critical", TO + attr(8, bytes.fromhex("0102830101020304"))),
        ("geneve twice", TO + 2 * attr(8, bytes.fromhex("0102030101020304"))),
        ("vxlan", TO + attr(11, attr(1, u32(7)))),
        ("vxlan, nothing", TO + attr(11)),
        ("vxlan, attribute 2", TO + attr(11, attr(2, u32(7)))),
        ("vxlan of 2 bytes", TO + attr(11, attr(1, u16(7)))),
        ("vxlan of 8 bytes", TO + attr(11, attr(1, bytes(8)))),
        ("vxlan, attribute 0", TO + attr(11, attr(0))),
        ("vxlan and geneve", TO + attr(8, bytes.fromhex("01020301") + bytes(4)) + attr(11, attr(1, u32(7)))),
        ("vxlan, tail", TO + attr(11, attr(1, u32(7)) + b"\xfd\0\0\0")),
        ("vxlan of a length too long", TO + attr(11, b"\xfd\0\0\0")),
        ("IPv6 source alone", attr(12, IP6_ADDRS[:16]) + attr(4, b"\x40")),
        ("padding", TO + attr(14)),
        ("erspan", TO + attr(15, b"\1" + bytes(11))),
        ("erspan of 2 bytes", TO + attr(15, b"\1\2")),
        ("erspan of 256 bytes", TO + attr(15, bytes(256))),
        ("erspan and nothing", TO + attr(15)),
        ("bridge", attr(4, b"\x40") + attr(0, bytes(8)) + attr(16)), ("bridge without ttl", attr(0, bytes(8)) + attr(16)),
        ("bridge with an address", TO + attr(16)),
        ("bridge with flags", attr(0, bytes(8)) + attr(4, b"\x40") + attr(5) + attr(16)),
        ("bridge alone", attr(16)), ("bridge of 1 byte", attr(16, b"\1")), ("attribute 17", attr(17)),
        ("ttl of 2 bytes", attr(2, A4) + attr(4, u16(1))), ("tail", TO + b"\1\0\0")):
    flow("set tunnel: " + title, TCP4, attr(SET, attr(TUNNEL, parts)))
    flow("match tunnel: " + title, key((TUNNEL, parts), (ETHERTYPE, be16(0x88cc))), OUT, shows_key=True)
flow("set tunnel, masked", TCP4, attr(SET_MASKED, attr(TUNNEL, TO)))

# ---- headers pushed and popped ----

BASE = bytes([0, 63, 1, 1]) + bytes.fromhex("00001234")
for title, parts in (
        ("whole", attr(1, BASE) + attr(2, bytes(16))), ("type 2", attr(1, BASE[:2] + b"\2" + BASE[3:]) + attr(3, bytes(8))),
        ("type 2, 248 bytes", attr(1, BASE[:2] + b"\2" + BASE[3:]) + attr(3, bytes(248))),
        ("type 2, 249 bytes", attr(1, BASE[:2] + b"\2" + BASE[3:]) + attr(3, bytes(249))),
        ("type 2, 6 bytes", attr(1, BASE[:2] + b"\2" + BASE[3:]) + attr(3, bytes(6))),
        ("type 2, nothing", attr(1, BASE[:2] + b"\2" + BASE[3:]) + attr(3)),
        ("no base", attr(2, bytes(16))), ("base alone", attr(1, BASE)), ("both", attr(1, BASE) + attr(2, bytes(16)) + attr(3, bytes(8))),
        ("type 1 and context of 2", attr(1, BASE) + attr(3, bytes(8))),
        ("type 2 and context of 1", attr(1, BASE[:2] + b"\2" + BASE[3:]) + attr(2, bytes(16))),
        ("type 3", attr(1, BASE[:2] + b"\3" + BASE[3:]) + attr(2, bytes(16))), ("base of 4 bytes", attr(1, BASE[:4]) + attr(2, bytes(16))),
        ("context of 8 bytes", attr(1, BASE) + attr(2, bytes(8))), ("attribute 4", attr(1, BASE) + attr(2, bytes(16)) + attr(4)),
        ("attribute 0", attr(0) + attr(1, BASE) + attr(2, bytes(16))), ("tail", attr(1, BASE) + attr(2, bytes(16)) + b"\1\0\0")):
    flow("push_nsh: " + title, TCP4, attr(PUSH_NSH, attr(NSH, parts)))
    flow("push_nsh, nested: " + title, TCP4, attr(PUSH_NSH, attr(NSH | NEST, parts)))
    flow("match nsh: " + title, key((ETHERTYPE, be16(0x894f)), (NSH, parts)), OUT, shows_key=True)
WHOLE = attr(1, BASE) + attr(2, bytes(16))
flow("push_nsh: no attribute", TCP4, attr(PUSH_NSH, b""))
flow("push_nsh: two", TCP4, attr(PUSH_NSH, 2 * attr(NSH, WHOLE)))
flow("push_nsh: another attribute", TCP4, attr(PUSH_NSH, attr(TCP, WHOLE)))
flow("push_nsh: longer than its nest", TCP4, attr(PUSH_NSH, struct.pack("=HH", 99, NSH) + WHOLE))
for title, of in (("IPv4", key((ETHERTYPE, be16(0x0800)), (IPV4, IP4_TCP), (TCP, PORTS), (TCP_FLAGS, be16(2)), eth=False)),
                  ("LLDP", key((ETHERTYPE, be16(0x88cc)), eth=False)), ("MPLS", key((ETHERTYPE, be16(0x8847)), (MPLS, be32(0x1ff)), eth=False))):
    flow("push_nsh on %s without Ethernet" % title, of, attr(PUSH_NSH, attr(NSH, WHOLE)))
for number in (0, 1, 2, 3, 4, 5, 255):
    of = key((ETHERTYPE, be16(0x894f)), (NSH, attr(1, BASE[:3] + bytes([number]) + BASE[4:]) + attr(2, bytes(16))), eth=False)
    flow("pop_nsh, next protocol %d" % number, of, attr(POP_NSH) + OUT)
    flow("pop_nsh twice, next protocol %d" % number, of, attr(POP_NSH) + attr(POP_NSH))
flow("pop_nsh of TCP", TCP4, attr(POP_NSH))
for title, actions in (
        ("push_vlan", attr(PUSH_VLAN, be16(0x8100) + be16(0x1001))), ("push_vlan twice", 2 * attr(PUSH_VLAN, be16(0x88a8) + be16(0x1001))),
        ("push_vlan without tag bit", attr(PUSH_VLAN, be16(0x8100) + be16(0x0001))),
        ("push_vlan of another type", attr(PUSH_VLAN, be16(0x0800) + be16(0x1001))), ("pop_vlan", attr(POP_VLAN)),
        ("push_vlan, pop_eth", attr(PUSH_VLAN, be16(0x8100) + be16(0x1001)) + attr(POP_ETH)),
        ("pop_eth", attr(POP_ETH)), ("pop_eth twice", 2 * attr(POP_ETH)), ("push_eth", attr(PUSH_ETH, MACS)),
        ("pop_eth, push_eth", attr(POP_ETH) + attr(PUSH_ETH, MACS)), ("pop_eth, push_vlan", attr(POP_ETH) + attr(PUSH_VLAN, be16(0x8100) + be16(0x1001))),
        ("push_mpls", attr(PUSH_MPLS, be32(0x1ff) + be16(0x8847))), ("push_mpls, type IPv4", attr(PUSH_MPLS, be32(0x1ff) + be16(0x0800))),
        ("push_mpls, set ipv4", attr(PUSH_MPLS, be32(0x1ff) + be16(0x8847)) + attr(SET, attr(IPV4, IP4_TCP))),
        ("pop_mpls of TCP", attr(POP_MPLS, be16(0x0800))), ("pop_mpls of what was pushed", attr(PUSH_MPLS, be32(0x1ff) + be16(0x8847)) + attr(POP_MPLS, be16(0x0800))),
        ("push_vlan, push_mpls", attr(PUSH_VLAN, be16(0x8100) + be16(0x1001)) + attr(PUSH_MPLS, be32(0x1ff) + be16(0x8847))),
        ("add_mpls at L3", attr(ADD_MPLS, be32(0x1ff) + be16(0x8847) + u16(1))),
        ("add_mpls at L2", attr(ADD_MPLS, be32(0x1ff) + be16(0x8847) + u16(0))),
        ("add_mpls, unknown flag", attr(ADD_MPLS, be32(0x1ff) + be16(0x8847) + u16(2))),
        ("add_mpls, type IPv4", attr(ADD_MPLS, be32(0x1ff) + be16(0x0800) + u16(1))),
        ("add_mpls at L2, push_eth", attr(ADD_MPLS, be32(0x1ff) + be16(0x8847) + u16(0)) + attr(PUSH_ETH, MACS)),
        ("pop_eth, add_mpls at L2", attr(POP_ETH) + attr(ADD_MPLS, be32(0x1ff) + be16(0x8847) + u16(0)))):
    flow(title, TCP4, actions)
    flow(title + ", of IPv6", TCP6, actions)
LABELS = key((ETHERTYPE, be16(0x8847)), (MPLS, be32(0x1ff)))
for kind in (0x0800, 0x86dd, 0x8847, 0x0806, 0x8100, 0x05ff, 0x6558):
    flow("pop_mpls to %04x" % kind, LABELS, attr(POP_MPLS, be16(kind)))
    flow("pop_mpls to %04x, set ipv4" % kind, LABELS, attr(POP_MPLS, be16(kind)) + attr(SET, attr(IPV4, IP4_TCP)))
TAGGED = key((ETHERTYPE, be16(0x8100)), (VLAN, be16(0x1001)), (ENCAP, put([(ETHERTYPE, be16(0x88cc))])))
flow("pop_vlan of a tag", TAGGED, attr(POP_VLAN))
flow("pop_eth behind a tag", TAGGED, attr(POP_ETH))
flow("push_mpls behind a tag", TAGGED, attr(PUSH_MPLS, be32(0x1ff) + be16(0x8847)))
