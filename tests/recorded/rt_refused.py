"""rt_refused.py - rtnetlink requests that no tool sends: what is taken, and why the rest is refused."""
import errno
import os
import socket
import struct

from genl import CREATE, DUMP, EXCL, SOL_NETLINK, Genl
from random_flows import attr, u16, u32

STRICT_CHK, REPLACE = 12, 0x100
LINK, ADDR, ROUTE, NEIGH, RULE, QDISC, TCLASS, NSID = 16, 20, 24, 28, 32, 36, 40, 88
NEW, DEL, GET, SET = range(4)
MAKE = CREATE | EXCL
IP4 = socket.AF_INET
plain, strict = Genl(0), Genl(0)
strict.sock.setsockopt(SOL_NETLINK, STRICT_CHK, 1)


def ask(title, kind, flags, body, clients=(plain,)):
    said = []
    for client in clients:
        error, _ = client.call(kind, 0, flags, body)
        text = client.said.partition(" at ")[0]         # dpsim does not say where
        said.append(("%s %s" % (errno.errorcode[error], text) if error else "taken").rstrip())
    print("%s: %s" % (title, said[0] if len(set(said)) == 1 else "%s; strictly: %s" % tuple(said)))


def both(*args):
    ask(*args, clients=(plain, strict))


# ---- links ----

def link(index=0, family=0, pad=0, kind=0, flags=0, change=0):
    return struct.pack("=BBHiII", family, pad, kind, index, flags, change)


def named(name):
    return attr(3, name.encode() + b"\0")


def of_kind(kind, *data):
    return attr(18, attr(1, kind.encode()) + (attr(2, b"".join(data)) if data else b""))


LO = socket.if_nametoindex("lo")
ask("a dummy", LINK + NEW, MAKE, link() + named("one0") + of_kind("dummy"))
ONE = socket.if_nametoindex("one0")
for title, body in (
        ("by number", link(ONE)), ("by name", link() + named("one0")), ("by another name", link() + attr(53, b"one0\0")), ("number 9999", link(9999)),
        ("number -1", link(-1)), ("by neither", link()), ("absent", link() + named("absent0")), ("a name of 16 letters", link() + named("n" * 16)), ("a name of 15 letters", link() + named("n" * 15)),
        ("a name without its end", link() + attr(3, b"one0")), ("with a pad", link(ONE, pad=1)), ("with a type", link(ONE, kind=1)), ("with flags", link(ONE, flags=1)), ("with a change", link(ONE, change=1)),
        ("with a mask of details", link(ONE) + attr(29, u32(1))), ("details of 2 bytes", link(ONE) + attr(29, u16(1))), ("with an address", link(ONE) + attr(1, bytes(6))),
        ("short header", link(ONE)[:8])):
    both("link GET: " + title, LINK + GET, 0, body)
for title, body in (
        ("all", link()), ("of a kind", link() + of_kind("dummy")), ("of no kind", link() + of_kind("nix")), ("of a master", link() + attr(10, u32(9999))), ("of a master, 2 bytes", link() + attr(10, u16(9))),
        ("with a pad", link(pad=1)), ("with a type", link(kind=1)), ("with flags", link(flags=1)), ("with a change", link(change=1)), ("of a number", link(ONE)), ("a name", link() + named("one0")),
        ("a name that is too long", link() + named("n" * 16)), ("short header", link()[:1]), ("a kind that is too long", link() + attr(18, attr(1, b"k" * 60)))):
    both("link dump: " + title, LINK + GET, DUMP, body)
for title, body in (
        ("no kind", link() + named("two0")), ("no such kind", link() + named("two0") + of_kind("nix")), ("name taken", link() + named("one0") + of_kind("dummy")),
        ("name of a slash", link() + named("a/b") + of_kind("dummy")), ("two patterns", link() + named("a%d%d") + of_kind("dummy")), ("another pattern", link() + named("a%s") + of_kind("dummy")),
        ("number -5", link(-5) + named("two0") + of_kind("dummy")), ("number of another", link(ONE) + named("two0") + of_kind("dummy")), ("kind of 56 letters", link() + named("two0") + of_kind("k" * 56)),
        ("address of 5 bytes", link() + named("two0") + of_kind("dummy") + attr(1, bytes(5))),
        ("a group address", link() + named("two0") + of_kind("dummy") + attr(1, b"\1" + bytes(5))), ("mtu of 2 bytes", link() + named("two0") + of_kind("dummy") + attr(4, u16(1500))),
        ("mtu of -1", link() + named("two0") + of_kind("dummy") + attr(4, u32(0xffffffff))), ("master that is not there", link() + named("two0") + of_kind("dummy") + attr(10, u32(9999))),
        ("veth, peer too short", link() + named("two0") + of_kind("veth", attr(1, bytes(4)))), ("veth, peer of number -1", link() + named("two0") + of_kind("veth", attr(1, link(-1) + named("two1")))),
        ("veth, both of one name", link() + named("two0") + of_kind("veth", attr(1, link() + named("two0")))), ("veth, peer's name taken", link() + named("two0") + of_kind("veth", attr(1, link() + named("one0")))),
        ("vxlan without id", link() + named("two0") + of_kind("vxlan", attr(2, bytes(4)))), ("vxlan, id of 2 bytes", link() + named("two0") + of_kind("vxlan", attr(1, u16(1)))),
        ("vxlan, port of 1 byte", link() + named("two0") + of_kind("vxlan", attr(1, u32(7)), attr(15, b"\1"))),
        ("geneve without id", link() + named("two0") + of_kind("geneve", attr(3, b"\1")))):
    ask("link NEW: " + title, LINK + NEW, MAKE, body)
    plain.call(LINK + DEL, 0, 0, link() + named("two0"))
for title, flags, body in (
        ("replaced", REPLACE, link(ONE) + of_kind("dummy")), ("excluded", EXCL, link(ONE) + of_kind("dummy")), ("nothing", 0, link(ONE)), ("no such number", 0, link(9999)), ("another kind", 0, link(ONE) + of_kind("veth")),
        ("a name that is taken", 0, link(ONE) + named("lo")), ("its own name", 0, link(ONE) + named("one0")), ("mtu 67", 0, link(ONE) + attr(4, u32(67))), ("mtu 1400", 0, link(ONE) + attr(4, u32(1400))), ("mtu of the loopback", 0, link(LO) + attr(4, u32(1400))),
        ("address of 4 bytes", 0, link(ONE) + attr(1, bytes(4))), ("address 0", 0, link(ONE) + attr(1, bytes(6))), ("master that is not there", 0, link(ONE) + attr(10, u32(9999))), ("itself as master", 0, link(ONE) + attr(10, u32(ONE))),
        ("alias", 0, link(ONE) + attr(20, b"a" * 255)), ("alias of 256 letters", 0, link(ONE) + attr(20, b"a" * 256)), ("queue of 0", 0, link(ONE) + attr(13, u32(0))), ("group", 0, link(ONE) + attr(27, u32(5))), ("up", 0, link(ONE, flags=1, change=1))):
    ask("link NEW, one that is there: " + title, LINK + NEW, flags, body)
    ask("link SET: " + title, LINK + SET, flags, body)
for title, body in (("neither", link()), ("loopback", link(LO)), ("absent", link() + named("absent0")), ("number -1", link(-1)), ("number 9999", link(9999))):
    ask("link DEL: " + title, LINK + DEL, 0, body)

# ---- addresses ----


def addr(bits=24, family=IP4, index=None, flags=0, scope=0):
    return struct.pack("=BBBBi", family, bits, flags, scope, ONE if index is None else index)


A, B = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])
for title, body in (
        ("no address", addr()), ("address only", addr() + attr(1, A)), ("33 bits", addr(33) + attr(2, A)), ("no device", addr(index=0) + attr(2, A)), ("device 9999", addr(index=9999) + attr(2, A)),
        ("address of 2 bytes", addr() + attr(2, A[:2])), ("address of 16 bytes", addr() + attr(2, 4 * A)), ("label", addr() + attr(2, A) + attr(3, b"one0:x\0")), 
        ("label of another", addr() + attr(2, B) + attr(3, b"lo\0")), ("lifetimes of 8 bytes", addr() + attr(2, B) + attr(6, bytes(8))),
        ("whole", addr() + attr(2, A) + attr(1, A)), ("again", addr() + attr(2, A) + attr(1, A)), ("family 99", addr(family=99) + attr(2, A)), ("family of none", addr(family=0) + attr(2, A)), ("short header", addr()[:4])):
    ask("addr NEW: " + title, ADDR + NEW, MAKE, body)
for title, body in (("all", addr(0, 0, 0)), ("of a device", addr(0)), ("of a device that is not there", addr(0, index=9999)), ("with bits", addr(8, index=0)), ("with flags", addr(0, index=0, flags=1)), ("with a scope", addr(0, index=0, scope=1)),
                    ("with an address", addr(0, index=0) + attr(2, A)), ("short header", addr()[:1]), ("family 99", addr(0, 99, 0))):
    both("addr dump: " + title, ADDR + GET, DUMP, body)
for title, body in (("another", addr() + attr(2, B)), ("another length", addr(16) + attr(2, A) + attr(1, A)), ("another device", addr(index=LO) + attr(2, A)), ("short", addr() + attr(2, A[:1])),
                    ("family 99", addr(family=99) + attr(2, A)), ("whole", addr() + attr(2, A))):
    ask("addr DEL: " + title, ADDR + DEL, 0, body)

# ---- neighbours ----


def neigh(index=None, family=IP4, state=0x80, flags=0, kind=0, pad1=0, pad2=0):
    return struct.pack("=BBHiHBB", family, pad1, pad2, ONE if index is None else index, state, flags, kind)


MAC = bytes.fromhex("020000000009")
for title, body in (
        ("whole", neigh() + attr(1, A) + attr(2, MAC)), ("no destination", neigh() + attr(2, MAC)), ("destination of 3 bytes", neigh() + attr(1, A[:3]) + attr(2, MAC)), ("destination of 16 bytes", neigh() + attr(1, 4 * A) + attr(2, MAC)), ("address of 4 bytes", neigh() + attr(1, A) + attr(2, MAC[:4])),
        ("no device", neigh(0) + attr(1, A) + attr(2, MAC)), ("device 9999", neigh(9999) + attr(1, A) + attr(2, MAC)), ("family 99", neigh(family=99) + attr(1, A) + attr(2, MAC)), ("family of none", neigh(family=0) + attr(1, A) + attr(2, MAC)),
        ("permanent without address", neigh() + attr(1, B)), ("short header", neigh()[:4])):
    ask("neigh NEW: " + title, NEIGH + NEW, MAKE, body)
for title, body in (
        ("there", neigh(state=0) + attr(1, A)), ("not there", neigh(state=0) + attr(1, B)), ("no destination", neigh(state=0)), ("no device", neigh(0, state=0) + attr(1, A)), ("device 9999", neigh(9999, state=0) + attr(1, A)), ("state", neigh() + attr(1, A)), ("kind", neigh(state=0, kind=1) + attr(1, A)),
        ("first pad", neigh(state=0, pad1=1) + attr(1, A)), ("second pad", neigh(state=0, pad2=1) + attr(1, A)), ("flags", neigh(state=0, flags=2) + attr(1, A)), ("proxy", neigh(state=0, flags=8) + attr(1, A)), ("proxy of every device", neigh(0, state=0, flags=8) + attr(1, A)),
        ("with an address", neigh(state=0) + attr(1, A) + attr(2, MAC)), ("family 99", neigh(state=0, family=99) + attr(1, A)), ("destination of 3 bytes", neigh(state=0) + attr(1, A[:3]))):
    ask("neigh GET: " + title, NEIGH + GET, 0, body)
for title, body in (
        ("all", neigh(0, 0, 0)), ("state", neigh(0)), ("device in the header", neigh(state=0)), ("first pad", neigh(0, state=0, pad1=1)), ("second pad", neigh(0, state=0, pad2=1)), ("kind", neigh(0, state=0, kind=1)), ("flags", neigh(0, state=0, flags=2)), ("proxies", neigh(0, state=0, flags=8)),
        ("of a device", neigh(0, state=0) + attr(8, u32(ONE))), ("of a master", neigh(0, state=0) + attr(9, u32(9999))), ("of a master, 2 bytes", neigh(0, state=0) + attr(9, u16(9))), ("of a destination", neigh(0, state=0) + attr(1, A)), ("short header", neigh()[:1])):
    both("neigh dump: " + title, NEIGH + GET, DUMP, body)
for title, body in (("not there", neigh() + attr(1, B)), ("no destination", neigh()), ("no device", neigh(0) + attr(1, A)), ("of 3 bytes", neigh() + attr(1, A[:3])), ("family 99", neigh(family=99) + attr(1, A)), ("there", neigh() + attr(1, A))):
    ask("neigh DEL: " + title, NEIGH + DEL, 0, body)

# ---- routes and rules ----


def route(bits=24, family=IP4, src=0, tos=0, table=254, proto=4, scope=253, kind=1, flags=0):
    return struct.pack("=BBBBBBBBI", family, bits, src, tos, table, proto, scope, kind, flags)


ask("up", LINK + NEW, 0, link(ONE, flags=1, change=1))
NET, OIF = attr(1, bytes([10, 5, 5, 0])), attr(4, u32(ONE))
for title, body in (
        ("whole", route() + NET + OIF), ("again", route() + NET + OIF), ("33 bits", route(33) + NET + OIF), ("bits behind the mask", route(16) + NET + OIF), ("destination of 2 bytes", route() + attr(1, b"\1\2") + OIF), ("no device", route() + NET), ("device 9999", route() + NET + attr(4, u32(9999))),
        ("type 99", route(kind=99) + NET + OIF), ("scope of nowhere", route(scope=255) + NET + OIF), ("gateway of 2 bytes", route() + NET + OIF + attr(5, b"\1\2")), ("gateway out of reach", route(scope=0) + NET + OIF + attr(5, bytes([9, 9, 9, 9]))),
        ("blackhole", route(kind=6, scope=0) + attr(1, bytes([10, 6, 6, 0]))), ("metrics", route() + attr(1, bytes([10, 8, 8, 0])) + OIF + attr(8, attr(2, u32(1300)))),
        ("metric 40", route() + attr(1, bytes([10, 9, 9, 0])) + OIF + attr(8, attr(40, u32(1)))), ("table of 300", route() + attr(1, bytes([10, 10, 10, 0])) + OIF + attr(15, u32(300))), ("tos 1", route(tos=1) + NET + OIF)):
    ask("route NEW: " + title, ROUTE + NEW, MAKE, body)
for title, body in (
        ("there", route(32) + attr(1, bytes([10, 5, 5, 9]))), ("no destination", route(0)), ("source length", route(32, src=24) + attr(1, bytes([10, 5, 5, 9]))), ("destination length", route(24) + attr(1, bytes([10, 5, 5, 9]))), ("table", route(32, table=5, proto=0, scope=0, kind=0) + attr(1, bytes([10, 5, 5, 9]))),
        ("plain", route(32, table=0, proto=0, scope=0, kind=0) + attr(1, bytes([10, 5, 5, 9]))), ("scope", route(32, table=0, proto=0, scope=1, kind=0) + attr(1, bytes([10, 5, 5, 9]))), ("kind", route(32, table=0, proto=0, scope=0) + attr(1, bytes([10, 5, 5, 9]))), ("proto", route(32, table=0, scope=0, kind=0) + attr(1, bytes([10, 5, 5, 9]))),
        ("flags", route(32, table=0, proto=0, scope=0, kind=0, flags=1) + attr(1, bytes([10, 5, 5, 9]))), ("destination, no length", route(0, table=0, proto=0, scope=0, kind=0) + attr(1, bytes([10, 5, 5, 9]))),
        ("device 9999", route(32, table=0, proto=0, scope=0, kind=0) + attr(1, bytes([10, 5, 5, 9])) + attr(4, u32(9999))), ("gateway", route(32, table=0, proto=0, scope=0, kind=0) + attr(1, bytes([10, 5, 5, 9])) + attr(5, A)), ("unreachable", route(32, table=0, proto=0, scope=0, kind=0) + attr(1, bytes([99, 5, 5, 9])))):
    both("route GET: " + title, ROUTE + GET, 0, body)
NONE = {"table": 0, "proto": 0, "scope": 0, "kind": 0}
for title, body in (
        ("all", route(0, **NONE)), ("destination length", route(8, **NONE)), ("source length", route(0, src=8, **NONE)), ("tos", route(0, tos=4, **NONE)), ("scope", route(0, table=0, proto=0, scope=1, kind=0)), ("cloned", route(0, flags=0x200, **NONE)), ("other flags", route(0, flags=1, **NONE)),
        ("table that is not there", route(0, **NONE) + attr(15, u32(777))), ("device", route(0, **NONE) + OIF), ("device 9999", route(0, **NONE) + attr(4, u32(9999))), ("gateway", route(0, **NONE) + attr(5, A)), ("short header", route()[:1])):
    both("route dump: " + title, ROUTE + GET, DUMP, body)
for title, body in (("not there", route() + attr(1, bytes([10, 77, 0, 0]))), ("another device", route() + NET + attr(4, u32(LO))), ("another type", route(kind=6) + NET), ("33 bits", route(33) + NET), ("destination of 2 bytes", route() + attr(1, b"\1\2")), ("there", route() + NET)):
    ask("route DEL: " + title, ROUTE + DEL, 0, body)


def rule(action=1, family=IP4, dst=0, src=0, tos=0, table=254, flags=0, res=0):
    return struct.pack("=BBBBBBBBI", family, dst, src, tos, table, res, 0, action, flags)


PREF = attr(6, u32(500))
for title, body in (
        ("whole", rule() + PREF), ("again", rule() + PREF), ("family 99", rule(family=99) + PREF), ("family of none", rule(family=0) + PREF), ("short header", rule()[:6]), ("tos 3", rule(tos=3) + PREF), ("source without address", rule(src=8) + PREF), ("address without length", rule() + PREF + attr(2, A)),
        ("source of 33 bits", rule(src=33) + PREF + attr(2, A)), ("source of 2 bytes", rule(src=8) + PREF + attr(2, b"\1\2")), ("goto without goto", rule() + PREF + attr(4, u32(600))), ("goto without target", rule(2) + PREF), ("goto backwards", rule(2) + PREF + attr(4, u32(500))), ("goto further on", rule(2) + attr(6, u32(501)) + attr(4, u32(600))),
        ("goto of 2 bytes", rule(2) + PREF + attr(4, u16(600))), ("users the wrong way round", rule() + PREF + attr(20, u32(5) + u32(4))), ("users", rule() + attr(6, u32(502)) + attr(20, u32(4) + u32(5))), ("users of 4 bytes", rule() + PREF + attr(20, u32(4))),
        ("ports the wrong way round", rule() + PREF + attr(23, u16(5) + u16(4))), ("ports from 0", rule() + PREF + attr(23, u16(0) + u16(4))), ("ports to 65535", rule() + PREF + attr(24, u16(5) + u16(65535))), ("ports", rule() + attr(6, u32(503)) + attr(24, u16(4) + u16(5))),
        ("name of 16 letters", rule() + PREF + attr(3, b"n" * 16 + b"\0")), ("name", rule() + attr(6, u32(504)) + attr(3, b"one0\0")), ("table 0", rule(table=0) + attr(6, u32(505))), ("action 9", rule(9) + attr(6, u32(506))), ("action 0", rule(0) + attr(6, u32(507))),
        ("mark", rule() + attr(6, u32(508)) + attr(10, u32(7))), ("mask alone", rule() + attr(6, u32(509)) + attr(16, u32(7))), ("id of a tunnel", rule() + attr(6, u32(510)) + attr(12, bytes(7) + b"\7")), ("suppressed length", rule() + attr(6, u32(511)) + attr(14, u32(8))), ("protocol", rule() + attr(6, u32(512)) + attr(21, b"\4"))):
    ask("rule NEW: " + title, RULE + NEW, MAKE, body)
for title, body in (("all", rule(0, 0, table=0)), ("lengths", rule(0, dst=8, table=0)), ("source length", rule(0, src=8, table=0)), ("tos", rule(0, tos=4, table=0)), ("table", rule(0)), ("action", rule(1, table=0)), ("flags", rule(0, table=0, flags=1)), ("reserved", rule(0, table=0, res=1)), ("attribute", rule(0, table=0) + PREF), ("family 99", rule(0, 99, table=0)), ("short header", rule()[:1])):
    both("rule dump: " + title, RULE + GET, DUMP, body)
for title, body in (("not there", rule() + attr(6, u32(777))), ("users the wrong way round", rule() + PREF + attr(20, u32(5) + u32(4))), ("family 99", rule(family=99) + PREF), ("short header", rule()[:6]), ("another action", rule(6) + PREF), ("by preference", rule(0, table=0) + PREF), ("by mark", rule(0, table=0) + attr(10, u32(7)))):
    ask("rule DEL: " + title, RULE + DEL, 0, body)

# ---- queueing disciplines and numbers of namespaces ----


def tc(index=None, handle=0, parent=0):
    return struct.pack("=BBHiIII", 0, 0, 0, ONE if index is None else index, handle, parent, 0)


for title, body in (("root", tc(parent=0xffffffff)), ("ingress", tc(parent=0xfffffff1)), ("class", tc(parent=0x10001)), ("handle", tc(handle=0x10000)), ("neither", tc()), ("device 9999", tc(9999, parent=0xffffffff)), ("no device", tc(0, parent=0xffffffff)), ("short header", tc()[:8])):
    ask("qdisc DEL: " + title, QDISC + DEL, 0, body)
    ask("qdisc GET: " + title, QDISC + GET, 0, body)
    ask("class GET: " + title, TCLASS + GET, 0, body)
OWN, HERE = attr(2, u32(os.getpid())), os.open("/proc/self/ns/net", os.O_RDONLY)
GENERAL = bytes(4)
for title, body in (
        ("no namespace", GENERAL + attr(1, u32(5))), ("no number", GENERAL + OWN), ("number -2", GENERAL + attr(1, u32(0xfffffffe)) + OWN), ("no such process", GENERAL + attr(1, u32(5)) + attr(2, u32(0x7ffffff))),
        ("its own", GENERAL + attr(1, u32(5)) + OWN), ("again", GENERAL + attr(1, u32(6)) + OWN), ("by a descriptor", GENERAL + attr(1, u32(6)) + attr(3, u32(HERE))), ("number of 2 bytes", GENERAL + attr(1, u16(5)) + OWN), ("short", GENERAL[:1])):
    ask("nsid NEW: " + title, NSID + NEW, 0, body)
for title, body in (("nothing", GENERAL), ("own", GENERAL + OWN), ("by a descriptor", GENERAL + attr(3, u32(HERE))), ("number 5", GENERAL + attr(1, u32(5))), ("number 77", GENERAL + attr(1, u32(77))), ("no such process", GENERAL + attr(2, u32(0x7ffffff)))):
    both("nsid GET: " + title, NSID + GET, 0, body)
both("nsid dump", NSID + GET, DUMP, GENERAL)
