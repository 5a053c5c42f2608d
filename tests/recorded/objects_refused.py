"""objects_refused.py - which datapaths, ports, meters, limits of connections and packets to execute are taken, what is told
of them, and why others are refused."""
import socket

from asking import ACTIONS, IP4_TCP, KEY, KEY_NESTS, MACS, TCP4, Client, ip4, key, text
from genl import DUMP, EXCL
from random_flows import (CT, CT_MARK, CT_STATE, CT_TUPLE4, CT_TUPLE6, ENCAP, ETHERTYPE, IN_PORT, IPV4, OUTPUT, RECIRC,
                          SKB_MARK, TCP, TUNNEL, USERSPACE, attr, be16, be32, put, u16, u32)

NEW, DEL, GET, SET = 1, 2, 3, 4
ECHO = 8
client = Client()

# What is left out differs from run to run or by configuration: indexes, port ids, padding, kernel time.
SHOWN = {"datapath": {"left out": [6, 9]}, "vport": {4: {2: {}}, "left out": [7, 8]},
         "meter": {4: {1: {}, 2: {}}, "left out": [5]}, "ct_limit": {1: {}}}


def ask(title, family, cmd, attrs, flags=ECHO, **options):
    error, answers = client.ask(family, cmd, flags, attrs, **options)
    print("%s: %s" % (title, client.outcome(error)))
    for answer in answers:
        print("   ", answer[0], text(answer[8:], SHOWN[family]))


# ---- datapaths ----

NAME, NOBODY = attr(1, b"d1\0"), attr(2, u32(0))
for title, attrs in (
        ("no name", NOBODY), ("no port id", NAME), ("nothing", b""), ("empty name", attr(1, b"\0") + NOBODY), ("its own name", attr(1, b"d0\0") + NOBODY),
        ("a slash", attr(1, b"a/b\0") + NOBODY), ("a dot", attr(1, b".\0") + NOBODY), ("a space", attr(1, b"a b\0") + NOBODY),
        ("16 letters", attr(1, b"n" * 16 + b"\0") + NOBODY), ("15 letters", attr(1, b"n" * 15 + b"\0") + NOBODY),
        ("name of a device", attr(1, b"lo\0") + NOBODY), ("a pattern", attr(1, b"dp%d\0") + NOBODY),
        ("a name without its end", attr(1, b"d1") + NOBODY),
        ("port id of 2 bytes", NAME + attr(2, u16(0))), ("two port ids", NAME + attr(2, u32(1) + u32(2))), ("feature 16", NAME + NOBODY + attr(5, u32(16))),
        ("every feature", NAME + NOBODY + attr(5, u32(15)) + attr(8, u32(7))), ("features of 2 bytes", NAME + NOBODY + attr(5, u16(1))),
        ("per CPU, no port ids", NAME + NOBODY + attr(5, u32(8))), ("per CPU, 3 bytes", NAME + NOBODY + attr(5, u32(8)) + attr(8, b"\1\2\3")),
        ("per CPU, empty", NAME + NOBODY + attr(5, u32(8)) + attr(8)), ("per CPU, 6 bytes", NAME + NOBODY + attr(5, u32(8)) + attr(8, bytes(6))),
        ("per CPU, not asked for", NAME + NOBODY + attr(8, b"\1\2\3")),
        ("cache of 1024", NAME + NOBODY + attr(7, u32(1024))), ("cache of 0", NAME + NOBODY + attr(7, u32(0))), ("cache of 3", NAME + NOBODY + attr(7, u32(3))),
        ("cache that is too big", NAME + NOBODY + attr(7, u32(1 << 30))), ("cache of 2 bytes", NAME + NOBODY + attr(7, u16(256))),
        ("index 77", NAME + NOBODY + attr(9, u32(77))), ("index of the loopback", NAME + NOBODY + attr(9, u32(1))),
        ("index -1", NAME + NOBODY + attr(9, u32(0xffffffff))), ("index 0", NAME + NOBODY + attr(9, u32(0)))):
    ask("datapath: " + title, "datapath", NEW, attrs, dp=0)
    ask("   which is deleted", "datapath", DEL, attr(1, b"n" * 15 + b"\0") if "15 letters" in title else attr(1, b"dp0\0") if "pattern" in title else NAME, dp=0)
for title, attrs, options in (
        ("by number", b"", {}), ("by name", attr(1, b"d0\0"), {"dp": 0}), ("another name", attr(1, b"d9\0"), {}), ("neither", b"", {"dp": 0}),
        ("the loopback", b"", {"dp": 1}), ("number 999", b"", {"dp": 999}), ("feature 16", attr(5, u32(16)), {}), ("features", attr(5, u32(3)), {}),
        ("cache of 3", attr(5, u32(1)) + attr(7, u32(3)), {}), ("cache of 512", attr(7, u32(512)), {}),
        ("per CPU", attr(5, u32(8)) + attr(8, u32(1)), {}), ("per CPU, 3 bytes", attr(5, u32(9)) + attr(8, b"\1\2\3"), {})):
    for verb, cmd in (("GET", GET), ("SET", SET)):
        ask("%s: %s" % (verb, title), "datapath", cmd, attrs, **options)
ask("features", "datapath", SET, attr(5, u32(3)))
ask("the same name by a client of version 1", "datapath", NEW, attr(1, b"d0\0") + NOBODY, version=1, dp=0)
ask("they are forgotten", "datapath", GET, b"", version=1)
ask("dump", "datapath", GET, b"", DUMP, dp=0)

# ---- ports ----

PORT, INTERNAL = attr(3, b"p1\0"), attr(2, u32(2))
PID = attr(5, u32(0))
for title, attrs in (
        ("no name", INTERNAL + PID), ("no kind", PORT + PID), ("no port id", PORT + INTERNAL), ("empty port id", PORT + INTERNAL + attr(5)),
        ("port id of 3 bytes", PORT + INTERNAL + attr(5, b"\1\2\3")), ("port id of 6 bytes", PORT + INTERNAL + attr(5, bytes(6))),
        ("more port ids than CPUs", PORT + INTERNAL + attr(5, 999 * u32(7))), ("kind 0", PORT + attr(2, u32(0)) + PID), ("kind 6", PORT + attr(2, u32(6)) + PID),
        ("kind 99", PORT + attr(2, u32(99)) + PID), ("number 0", PORT + INTERNAL + PID + attr(1, u32(0))), ("number 7", PORT + INTERNAL + PID + attr(1, u32(7))),
        ("number 65534", PORT + INTERNAL + PID + attr(1, u32(65534))), ("number 65535", PORT + INTERNAL + PID + attr(1, u32(65535))),
        ("number 65536", PORT + INTERNAL + PID + attr(1, u32(65536))), ("number of 2 bytes", PORT + INTERNAL + PID + attr(1, u16(7))),
        ("name of the datapath", attr(3, b"d0\0") + INTERNAL + PID), ("loopback", attr(3, b"lo\0") + attr(2, u32(1)) + PID),
        ("no such device", attr(3, b"absent\0") + attr(2, u32(1)) + PID), ("device of the datapath", attr(3, b"d0\0") + attr(2, u32(1)) + PID),
        ("index 88", PORT + INTERNAL + PID + attr(8, u32(88))), ("index of the loopback", PORT + INTERNAL + PID + attr(8, u32(1))),
        ("index, another kind", attr(3, b"lo\0") + attr(2, u32(1)) + PID + attr(8, u32(5))), ("index -1", PORT + INTERNAL + PID + attr(8, u32(0xffffffff))),
        ("options of an internal one", PORT + INTERNAL + PID + attr(4, attr(1, u16(5)))),
        ("vxlan without options", PORT + attr(2, u32(4)) + PID), ("vxlan, options empty", PORT + attr(2, u32(4)) + PID + attr(4)),
        ("vxlan, port of 1 byte", PORT + attr(2, u32(4)) + PID + attr(4, attr(1, b"\1"))), ("vxlan, port of 4 bytes", PORT + attr(2, u32(4)) + PID + attr(4, attr(1, u32(4789)))),
        ("vxlan", PORT + attr(2, u32(4)) + PID + attr(4, attr(1, u16(4789)))), ("vxlan, port 0", PORT + attr(2, u32(4)) + PID + attr(4, attr(1, u16(0)))),
        ("vxlan, empty extension", PORT + attr(2, u32(4)) + PID + attr(4, attr(1, u16(4789)) + attr(2))),
        ("vxlan with gbp", PORT + attr(2, u32(4)) + PID + attr(4, attr(1, u16(4789)) + attr(2, attr(1)))),
        ("vxlan, gbp of 4 bytes", PORT + attr(2, u32(4)) + PID + attr(4, attr(1, u16(4789)) + attr(2, attr(1, u32(1))))),
        ("vxlan, extension 2", PORT + attr(2, u32(4)) + PID + attr(4, attr(1, u16(4789)) + attr(2, attr(2, u32(1))))),
        ("vxlan, extension of 2 bytes", PORT + attr(2, u32(4)) + PID + attr(4, attr(1, u16(4789)) + attr(2, b"\1\2"))),
        ("vxlan, option 3", PORT + attr(2, u32(4)) + PID + attr(4, attr(1, u16(4789)) + attr(3, u32(1)))),
        ("geneve", PORT + attr(2, u32(5)) + PID + attr(4, attr(1, u16(6081)))), ("geneve, port 0", PORT + attr(2, u32(5)) + PID + attr(4, attr(1, u16(0)))), ("geneve without options", PORT + attr(2, u32(5)) + PID),
        ("geneve, options empty", PORT + attr(2, u32(5)) + PID + attr(4)), ("geneve, port of 4 bytes", PORT + attr(2, u32(5)) + PID + attr(4, attr(1, u32(6081)))),
        ("gre", PORT + attr(2, u32(3)) + PID), ("gre, options", PORT + attr(2, u32(3)) + PID + attr(4, attr(1, u16(7))))):
    ask("port: " + title, "vport", NEW, attrs)
    ask("   which is deleted", "vport", DEL, PORT)
ask("port: of a datapath that is not there", "vport", NEW, PORT + INTERNAL + PID, dp=999)
ask("port", "vport", NEW, PORT + INTERNAL + PID + attr(1, u32(5)))
ask("the number again", "vport", NEW, attr(3, b"p2\0") + INTERNAL + PID + attr(1, u32(5)))
ask("the name again", "vport", NEW, PORT + INTERNAL + PID + attr(1, u32(6)))
for title, attrs, options in (
        ("by name", PORT, {}), ("by number", attr(1, u32(5)), {}), ("by name, no datapath", PORT, {"dp": 0}), ("by name, another datapath", PORT, {"dp": 1}),
        ("by number, no datapath", attr(1, u32(5)), {"dp": 0}), ("number 6", attr(1, u32(6)), {}), ("number 65536", attr(1, u32(65536)), {}),
        ("another name", attr(3, b"p9\0"), {}), ("by index", attr(8, u32(5)), {}), ("by nothing", b"", {}),
        ("name and index", PORT + attr(8, u32(5)), {}), ("of the host's", attr(3, b"lo\0"), {})):
    ask("GET: " + title, "vport", GET, attrs, **options)
for title, attrs in (
        ("nothing", PORT), ("its kind", PORT + INTERNAL), ("another kind", PORT + attr(2, u32(4))), ("port ids", PORT + attr(5, u32(9))),
        ("two port ids", PORT + attr(5, u32(9) + u32(10))),
        ("port ids of 3 bytes", PORT + attr(5, b"\1\2\3")), ("none", PORT + attr(5)), ("options", PORT + attr(4, attr(1, u16(5)))),
        ("no port", attr(3, b"p9\0") + INTERNAL), ("by number", attr(1, u32(5)) + attr(5, u32(0)))):
    ask("SET: " + title, "vport", SET, attrs)
ask("DEL: the local port", "vport", DEL, attr(1, u32(0)))
ask("DEL: the local port by name", "vport", DEL, attr(3, b"d0\0"))
ask("DEL: no such port", "vport", DEL, attr(1, u32(77)))
ask("dump", "vport", GET, b"", DUMP)
ask("dump of no datapath", "vport", GET, b"", DUMP, dp=0)

# ---- meters ----

FEATURES, M_SET, M_DEL, M_GET = 1, 2, 3, 4


def band(*parts):
    return attr(1, b"".join(parts))


RATE, BURST, DROP = attr(2, u32(100)), attr(3, u32(10)), attr(1, u32(1))
for title, attrs in (
        ("whole", attr(1, u32(1)) + attr(4, band(DROP, RATE, BURST))), ("kilobits", attr(1, u32(2)) + attr(2) + attr(4, band(DROP, RATE, BURST))),
        ("no id", attr(4, band(DROP, RATE, BURST))), ("no bands", attr(1, u32(3))), ("empty bands", attr(1, u32(3)) + attr(4)),
        ("two bands", attr(1, u32(3)) + attr(4, 2 * band(DROP, RATE, BURST))), ("band of kind 2", attr(1, u32(3)) + attr(4, band(attr(1, u32(2)), RATE, BURST))),
        ("band of kind 0", attr(1, u32(3)) + attr(4, band(attr(1, u32(0)), RATE, BURST))), ("no kind", attr(1, u32(3)) + attr(4, band(RATE, BURST))),
        ("no rate", attr(1, u32(3)) + attr(4, band(DROP, BURST))), ("no burst", attr(1, u32(3)) + attr(4, band(DROP, RATE))),
        ("rate 0", attr(1, u32(3)) + attr(4, band(DROP, attr(2, u32(0)), BURST))), ("burst 0", attr(1, u32(3)) + attr(4, band(DROP, RATE, attr(3, u32(0))))),
        ("rate of 2 bytes", attr(1, u32(3)) + attr(4, band(DROP, attr(2, u16(1)), BURST))), ("a band that is number 5", attr(1, u32(3)) + attr(4, attr(5, DROP + RATE + BURST))),
        ("id of 2 bytes", attr(1, u16(3)) + attr(4, band(DROP, RATE, BURST))), ("statistics kept", attr(1, u32(1)) + attr(6) + attr(4, band(DROP, RATE, BURST))),
        ("statistics given", attr(1, u32(4)) + attr(3, bytes(range(16))) + attr(4, band(DROP, RATE, BURST))),
        ("statistics given and cleared", attr(1, u32(4)) + attr(3, bytes(range(16))) + attr(6) + attr(4, band(DROP, RATE, BURST))),
        ("statistics of 8 bytes", attr(1, u32(4)) + attr(3, bytes(8)) + attr(4, band(DROP, RATE, BURST))),
        ("id 199999", attr(1, u32(199999)) + attr(4, band(DROP, RATE, BURST))), ("id 200000", attr(1, u32(200000)) + attr(4, band(DROP, RATE, BURST))),
        ("id 4294967295", attr(1, u32(0xffffffff)) + attr(4, band(DROP, RATE, BURST)))):
    ask("meter: " + title, "meter", M_SET, attrs)
for title, attrs in (("there", attr(1, u32(1))), ("not there", attr(1, u32(77))), ("no id", b""), ("statistics", attr(1, u32(4))), ("no band", attr(1, u32(3)))):
    ask("meter GET: " + title, "meter", M_GET, attrs)
    ask("meter DEL: " + title, "meter", M_DEL, attrs)
    ask("meter GET after it: " + title, "meter", M_GET, attrs)
for verb, cmd in (("SET", M_SET), ("GET", M_GET), ("DEL", M_DEL)):
    ask("meter %s: no datapath" % verb, "meter", cmd, attr(1, u32(1)) + attr(4, band(DROP, RATE, BURST)), dp=999)

# ---- limits of connections ----

L_SET, L_DEL, L_GET = 1, 2, 3


def zone(number, limit, size=12):
    return (u32(number) + u32(limit) + u32(0))[:size]


for verb, cmd in (("SET", L_SET), ("GET", L_GET), ("DEL", L_DEL), ("GET", L_GET)):
    for title, attrs, options in (
            ("nothing", b"", {}), ("empty", attr(1), {}), ("default", attr(1, zone(0xffffffff, 100)), {}), ("zone 0", attr(1, zone(0, 5)), {}),
            ("zones 3 and 4", attr(1, zone(3, 5) + zone(4, 6)), {}), ("again", attr(1, zone(3, 7)), {}), ("zone 65535", attr(1, zone(65535, 5)), {}),
            ("zone 65536", attr(1, zone(65536, 5)), {}), ("zone -2", attr(1, zone(0xfffffffe, 5)), {}), ("8 bytes", attr(1, zone(3, 5, 8)), {}),
            ("20 bytes", attr(1, zone(3, 5) + zone(4, 6, 8)), {}), ("no datapath", attr(1, zone(3, 5)), {"dp": 999}),
            ("everything", attr(1, b""), {})):
        ask("limits %s: %s" % (verb, title), "ct_limit", cmd, attrs, **options)

# ---- packets ----

EXECUTE = 3
FRAME = MACS[6:] + MACS[:6] + be16(0x0800) + bytes.fromhex("4500002800000000400666ce0a0000010a000002") + be16(1) + be16(2) + bytes(12) + b"\x50\x02" + bytes(6)
TUPLE4 = bytes([10, 0, 0, 1, 10, 0, 0, 2, 0, 1, 0, 2, 6, 0, 0, 0])
TUPLE6 = bytes(32) + TUPLE4[8:]
upcalls = Client.__mro__[1]()
upcalls.sock.setblocking(False)
UP = attr(USERSPACE, attr(1, u32(upcalls.pid)))
PLACE = put([(IN_PORT, u32(0))])
for title, attrs, options in (
        ("whole", attr(1, FRAME) + attr(2, PLACE) + attr(3, UP), {}), ("no packet", attr(2, PLACE) + attr(3, UP), {}), ("no key", attr(1, FRAME) + attr(3, UP), {}),
        ("no actions", attr(1, FRAME) + attr(2, PLACE), {}), ("empty actions", attr(1, FRAME) + attr(2, PLACE) + attr(3), {}), ("13 bytes", attr(1, FRAME[:13]) + attr(2, PLACE) + attr(3, UP), {}),
        ("14 bytes", attr(1, FRAME[:14]) + attr(2, PLACE) + attr(3, UP), {}), ("no bytes", attr(1) + attr(2, PLACE) + attr(3, UP), {}),
        ("no datapath", attr(1, FRAME) + attr(2, PLACE) + attr(3, UP), {"dp": 999}), ("empty key", attr(1, FRAME) + attr(2) + attr(3, UP), {}),
        ("port 9", attr(1, FRAME) + attr(2, put([(IN_PORT, u32(9))])) + attr(3, UP), {}), ("port 65535", attr(1, FRAME) + attr(2, put([(IN_PORT, u32(65535))])) + attr(3, UP), {}),
        ("port 70000", attr(1, FRAME) + attr(2, put([(IN_PORT, u32(70000))])) + attr(3, UP), {}),
        ("whole key", attr(1, FRAME) + attr(2, TCP4) + attr(3, UP), {}), ("mark", attr(1, FRAME) + attr(2, PLACE + put([(SKB_MARK, u32(7))])) + attr(3, UP), {}),
        ("unknown attribute of the key", attr(1, FRAME) + attr(2, PLACE + attr(60, u32(7))) + attr(3, UP), {}), ("mark of 2 bytes", attr(1, FRAME) + attr(2, PLACE + attr(SKB_MARK, u16(7))) + attr(3, UP), {}),
        ("mark twice", attr(1, FRAME) + attr(2, PLACE + 2 * attr(SKB_MARK, u32(7))) + attr(3, UP), {}),
        ("tuple", attr(1, FRAME) + attr(2, PLACE + put([(CT_STATE, u32(0x22)), (CT_TUPLE4, TUPLE4[:13])])) + attr(3, UP), {}),
        ("tuple without state", attr(1, FRAME) + attr(2, PLACE + put([(CT_TUPLE4, TUPLE4[:13])])) + attr(3, UP), {}),
        ("tuple of IPv6", attr(1, FRAME) + attr(2, PLACE + put([(CT_STATE, u32(0x22)), (CT_TUPLE6, TUPLE6[:37])])) + attr(3, UP), {}),
        ("both tuples", attr(1, FRAME) + attr(2, PLACE + put([(CT_STATE, u32(0x22)), (CT_TUPLE4, TUPLE4[:13]), (CT_TUPLE6, TUPLE6[:37])])) + attr(3, UP), {}),
        ("tuple of an ARP", attr(1, FRAME[:12] + be16(0x0806) + bytes(28)) + attr(2, PLACE + put([(CT_STATE, u32(0x22)), (CT_TUPLE4, TUPLE4[:13])])) + attr(3, UP), {}),
        ("state of an unknown bit", attr(1, FRAME) + attr(2, PLACE + put([(CT_STATE, u32(0x100))])) + attr(3, UP), {}),
        ("another type in the key", attr(1, FRAME) + attr(2, PLACE + put([(ETHERTYPE, be16(0x0806))])) + attr(3, UP), {}),
        ("type in the key, no Ethernet", attr(1, FRAME[14:]) + attr(2, PLACE + put([(ETHERTYPE, be16(0x0800))])) + attr(3, UP), {}),
        ("bad action", attr(1, FRAME) + attr(2, PLACE) + attr(3, attr(99)), {}), ("set udp of TCP", attr(1, FRAME) + attr(2, PLACE) + attr(3, attr(3, attr(8, bytes(4)))), {}),
        ("PROBE", attr(1, FRAME) + attr(2, PLACE) + attr(3, attr(99)) + attr(10), {}), ("MRU", attr(1, FRAME) + attr(2, PLACE) + attr(3, UP) + attr(11, u16(1000)), {}),
        ("MRU of 1 byte", attr(1, FRAME) + attr(2, PLACE) + attr(3, UP) + attr(11, b"\1"), {}), ("hash", attr(1, FRAME) + attr(2, PLACE) + attr(3, UP) + attr(13, bytes(8)), {}),
        ("recirculated", attr(1, FRAME) + attr(2, PLACE) + attr(3, attr(RECIRC, u32(1))), {}), ("tracked", attr(1, FRAME) + attr(2, PLACE) + attr(3, attr(CT, attr(1)) + UP), {}),
        ("to no port", attr(1, FRAME) + attr(2, PLACE) + attr(3, attr(OUTPUT, u32(99)) + UP), {})):
    error, _ = client.ask("packet", EXECUTE, 0, attrs, **options)
    print("execute: %s: %s" % (title, client.outcome(error)))
    while True:
        try:
            data = upcalls.sock.recv(1 << 16)
        except BlockingIOError:
            break
        print("   ", data[16], text(data[24:], {2: KEY_NESTS}))
