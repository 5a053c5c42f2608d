"""ctnetlink.py - what NETLINK_NETFILTER answers about connections, expectations and timeout policies.

Prints each question's name and the answers, attribute by attribute. Left out is what differs from run to run (ids,
seconds that passed, the order of tables) and what user-mode-linux is configured otherwise for (zones, padding).
"""
import re
import socket
import struct

REQUEST, ACK, ECHO, ROOT, DUMP = 1, 4, 8, 0x100, 0x300
REPLACE, EXCL, CREATE = 0x100, 0x200, 0x400
SOL_NETLINK, ADD_MEMBERSHIP, EXT_ACK = 270, 1, 11
CT, EXPECT, TIMEOUT = 0x100, 0x200, 0x800
NEW, GET, DELETE, GET_CTRZERO = 0, 1, 2, 3
TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58


# ---- building ----

def attr(number, *parts):
    payload = b"".join(parts)
    return struct.pack("=HH", 4 + len(payload), number) + payload + b"\0" * (-len(payload) % 4)


def nest(number, *parts):
    return attr(number | 0x8000, *parts)


def u8(value):
    return bytes([value])


def be16(value):
    return struct.pack(">H", value)


def be32(value):
    return struct.pack(">I", value)


def u32(value):
    return struct.pack("=I", value)


def ip(text):
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def tuple_of(number, src, dst, proto, *ids):
    first = 3 if ":" in src else 1
    parts = [nest(1, attr(first, ip(src)), attr(first + 1, ip(dst)))]
    if proto in (ICMP, ICMP6):
        first = 4 if proto == ICMP else 7
        id_attrs = (attr(first, be16(ids[0])), attr(first + 1, u8(ids[1])), attr(first + 2, u8(ids[2])))
    else:
        id_attrs = [attr(2 + i, be16(port)) for i, port in enumerate(ids)]
    return nest(number, *parts, nest(2, attr(1, u8(proto)), *id_attrs))


def conn(proto, *ids, src="10.0.0.1", dst="10.0.0.2"):
    """Both tuples of a connection."""
    answers = {8: 0, 13: 14, 128: 129}
    back = (ids[0], answers.get(ids[1], 0), ids[2]) if proto in (ICMP, ICMP6) else ids[::-1]
    return tuple_of(1, src, dst, proto, *ids) + tuple_of(2, dst, src, proto, *back)


# ---- asking ----

def decoded(data, kind=None):
    out = []
    while len(data) >= 4:
        length, number = struct.unpack_from("=HH", data)
        if length < 4:
            break
        value, data = data[4:length], data[length + 3 & ~3:]
        if number & 0x8000:
            out.append(f"{number & 0x3FFF}{{{decoded(value)}}}")
        elif kind == "ack" and number == 1:
            out.append(f'"{value.decode()[:-1]}"')
        elif (kind, number) in ((CT, 12), (EXPECT, 5)):
            out.append(f"{number}=ID")
        elif kind in (CT, EXPECT, TIMEOUT) or value:        # no padding in nests
            out.append(f"{number}={value.hex()}")
    return " ".join(out)


class Client:
    def __init__(self, *groups):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
        self.sock.setsockopt(SOL_NETLINK, EXT_ACK, 1)
        self.sock.bind((0, 0))
        for group in groups:
            self.sock.setsockopt(SOL_NETLINK, ADD_MEMBERSHIP, group)
        self.sock.setblocking(False)

    def ask(self, kind, flags, *attrs, family=socket.AF_INET, version=0, resource=0, header=True):
        body = (struct.pack(">BBH", family, version, resource) if header else b"") + b"".join(attrs)
        self.sock.send(struct.pack("=IHHII", 16 + len(body), kind, REQUEST | flags, 7, 0) + body)
        self.show()

    def show(self):
        lines = []
        while True:
            try:
                data = self.sock.recv(1 << 16)
            except BlockingIOError:
                break
            while len(data) >= 16:
                lines.append(self.line(*struct.unpack_from("=IHHII", data), data[16:]))
                data = data[struct.unpack_from("=I", data)[0] + 3 & ~3:]
        for line in sorted(lines):
            print("   ", line)

    def line(self, length, kind, flags, seq, port, body):
        body = body[:length - 16]
        if kind == 2:
            text = decoded(body[20 if flags & 0x100 else 4 + (struct.unpack_from("=I", body, 4)[0] + 3 & ~3):], "ack")
            return f"error {struct.unpack_from('=i', body)[0]} {flags:#x} {text if flags & 0x200 else ''}"
        if kind == 3:
            return f"done {struct.unpack_from('=i', body)[0]}"
        owner = "mine" if port == self.sock.getsockname()[0] else "other" if port else "nobody"
        text = decoded(body[4:], kind & 0xFF00)
        # Seconds that have begun to pass.
        text = re.sub(r"\b(7|4)=000000(62|63|64)\b", r"\1=100 s", text)
        text = re.sub(r"\b4=0000012[abc]\b", "4=300 s", text)
        return f"{kind:#x} {flags:#x} {seq} {owner} {body[:4].hex()} {text}"


client = Client()


def ask(title, *args, **options):
    print(title)
    client.ask(*args, **options)
    listener.show()


# ---- questions ----

SECONDS = attr(7, be32(100))
T1 = tuple_of(1, "10.0.0.1", "10.0.0.2", UDP, 1, 2)
MAKE = ACK | CREATE | EXCL

print("made while nobody listens, deleted while somebody does")
client.ask(CT | NEW, MAKE, conn(UDP, 1, 2), SECONDS)
listener = Client(1, 2, 3, 4, 5, 6)
ask("delete", CT | DELETE, ACK, T1)

for title, kind, flags, options in (
        ("short header", CT | GET, ACK, {"header": False}), ("subsystem 200", 0xC800, ACK, {}),
        ("queue", 0x300, ACK, {}), ("message 8", CT | 8, ACK, {}), ("expect 4", EXPECT | 4, ACK, {}),
        ("timeout 5", TIMEOUT | 5, ACK, {}), ("batch", 0x10, ACK, {"resource": 1}),
        ("batch of 99", 0x10, ACK, {"resource": 99}), ("no tuple", CT | GET, ACK, {}),
        ("empty dump", CT | GET, DUMP, {}), ("stats of CPUs", CT | 4, ACK, {}), ("dying", CT | 6, DUMP, {}),
        ("dying, one", CT | 6, ACK, {}), ("unconfirmed", CT | 7, DUMP, {}), ("flush", CT | DELETE, ACK, {})):
    ask(title, kind, flags, **options)

for title, flags, attrs in (
        ("none to change", ACK, conn(UDP, 1, 2) + SECONDS), ("no timeout", MAKE, conn(UDP, 1, 2)),
        ("one tuple", MAKE, T1 + SECONDS), ("new", MAKE, conn(UDP, 1, 2) + SECONDS),
        ("again", MAKE, conn(UDP, 1, 2) + SECONDS), ("change", ACK | CREATE, conn(UDP, 1, 2) + SECONDS),
        ("tcp", MAKE, conn(TCP, 1, 2) + SECONDS),
        ("tcp, established", MAKE, conn(TCP, 3, 4) + SECONDS + attr(3, be32(14)) + attr(8, be32(7)) +
         nest(4, nest(1, attr(1, u8(3)), attr(2, u8(7)), attr(3, u8(8)), attr(4, b"\x1f\x1f"), attr(5, b"\3\7")))),
        ("icmp", MAKE, conn(ICMP, 77, 8, 0) + SECONDS), ("icmp error", MAKE, conn(ICMP, 77, 3, 0) + SECONDS),
        ("sctp", MAKE, conn(132, 1, 2) + SECONDS +
         nest(4, nest(3, attr(1, u8(3)), attr(2, be32(1)), attr(3, be32(2))))),
        ("sctp, in part", MAKE, conn(132, 1, 3) + SECONDS + nest(4, nest(3, attr(1, u8(3))))),
        ("dccp", MAKE, conn(33, 1, 2) + SECONDS +
         nest(4, nest(2, attr(1, u8(3)), attr(2, u8(1)), attr(3, bytes(range(8)))))),
        ("dccp, state 10", MAKE, conn(33, 1, 3) + SECONDS + nest(4, nest(2, attr(1, u8(10)), attr(2, u8(0))))),
        ("gre", MAKE, conn(47, 1, 2) + SECONDS), ("udplite", MAKE, conn(136, 1, 2) + SECONDS),
        ("protocol 99", MAKE, conn(99) + SECONDS),
        ("two protocols", MAKE, tuple_of(1, "10.0.0.1", "10.0.0.2", UDP, 1, 5) +
         tuple_of(2, "10.0.0.2", "10.0.0.1", TCP, 5, 1) + SECONDS),
        ("other end", MAKE, tuple_of(1, "10.0.0.1", "10.0.0.2", UDP, 1, 5) +
         tuple_of(2, "10.9.0.2", "10.0.0.1", UDP, 55, 1) + SECONDS),
        ("reply taken", MAKE, tuple_of(1, "10.0.0.1", "10.0.0.2", UDP, 1, 6) +
         tuple_of(2, "10.9.0.2", "10.0.0.1", UDP, 55, 1) + SECONDS),
        ("helper", MAKE, conn(TCP, 20, 21) + SECONDS + nest(5, attr(1, b"ftp\0"))),
        ("helper of UDP", MAKE, conn(TCP, 20, 22) + SECONDS + nest(5, attr(1, b"tftp\0"))),
        ("master", MAKE, conn(TCP, 30, 31) + SECONDS + tuple_of(14, "10.0.0.1", "10.0.0.2", TCP, 20, 21)),
        ("no master", MAKE, conn(TCP, 30, 32) + SECONDS + tuple_of(14, "10.0.0.1", "10.0.0.2", TCP, 20, 99)),
        ("adjusted", MAKE, conn(TCP, 40, 41) + SECONDS +
         nest(15, attr(1, be32(100)), attr(2, be32(1)), attr(3, be32(0xFFFFFFFF)))),
        ("adjusted by halves", MAKE, conn(TCP, 40, 42) + SECONDS + nest(15, attr(1, be32(100)))),
        ("status 0", MAKE, conn(TCP, 40, 44) + SECONDS + attr(3, be32(0))),
        ("every bit", MAKE, conn(TCP, 40, 46) + SECONDS + attr(3, be32(0xFDFE))),
        ("labels", MAKE, conn(TCP, 40, 47) + SECONDS + attr(22, b"\1" * 16)),
        ("nat", MAKE, conn(TCP, 50, 1) + SECONDS + nest(6, attr(1, ip("1.2.3.4")))),
        ("nat of a port", MAKE, conn(TCP, 50, 2) + SECONDS + nest(6, nest(3, attr(1, be16(1000))))),
        ("nat of both", MAKE, conn(TCP, 50, 3) + SECONDS + nest(6, attr(1, ip("1.2.3.4"))) +
         nest(13, attr(1, ip("1.2.3.5")))),
        ("no nat", MAKE, conn(TCP, 50, 4) + SECONDS + nest(6))):
    ask("NEW: " + title, CT | NEW, flags, attrs)
ask("NEW: IPv6", CT | NEW, MAKE, conn(UDP, 1, 2, src="fd00::1", dst="fd00::2"), SECONDS, family=10)
ask("NEW: ICMPv6", CT | NEW, MAKE, conn(ICMP6, 7, 128, 0, src="fd00::1", dst="fd00::2"), SECONDS, family=10)

for title, attrs in (
        ("mark", attr(8, be32(0x55))), ("mark and mask", attr(8, be32(0xAA00)) + attr(21, be32(0xFF00))),
        ("labels", attr(22, bytes(range(16)))), ("and mask", attr(22, b"\xff" * 16) + attr(23, b"\xf0" + bytes(15))),
        ("labels, short", attr(22, b"\xff" * 4)), ("labels of 3 bytes", attr(22, b"\xff" * 3)),
        ("labels, long", attr(22, b"\xff" * 20)), ("mask, short", attr(22, b"\xff" * 16) + attr(23, b"\xf0" * 8)),
        ("seen reply", attr(3, be32(10))), ("status 0", attr(3, be32(0))), ("reply unseen", attr(3, be32(8))),
        ("assured", attr(3, be32(0x3E))), ("fixed", attr(3, be32(0x40E))), ("timeout", attr(7, be32(5))),
        ("nat", nest(6, attr(1, ip("1.2.3.4")))), ("helper", nest(5, attr(1, b"tftp\0"))),
        ("no helper", nest(5, attr(1, b"\0"))), ("nameless helper", nest(5)),
        ("state", nest(4, nest(1, attr(1, u8(3)))))):
    ask("change: " + title, CT | NEW, ACK, T1, attrs)
H = tuple_of(1, "10.0.0.1", "10.0.0.2", TCP, 20, 21)
for title, of, attrs in (
        ("state 10", H, nest(4, nest(1, attr(1, u8(10))))), ("state 0", H, nest(4, nest(1, attr(1, u8(0))))),
        ("scale 15", H, nest(4, nest(1, attr(2, u8(15))))), ("one scale", H, nest(4, nest(1, attr(2, u8(9))))),
        ("same helper", H, nest(5, attr(1, b"ftp\0"))), ("other helper", H, nest(5, attr(1, b"nix\0"))),
        ("a sibling's", tuple_of(1, "10.0.0.1", "10.0.0.2", TCP, 30, 31), nest(5, attr(1, b"ftp\0"))),
        ("another master", tuple_of(1, "10.0.0.1", "10.0.0.2", TCP, 30, 31),
         tuple_of(14, "1.2.3.4", "4.3.2.1", TCP, 1, 2))):
    ask("change: " + title, CT | NEW, ACK, of, attrs)

for title, of, options in (
        ("there", T1, {}), ("by reply", tuple_of(2, "10.0.0.2", "10.0.0.1", UDP, 2, 1), {}),
        ("not there", tuple_of(1, "10.0.0.1", "10.0.0.2", UDP, 1, 99), {}), ("no family", T1, {"family": 0}),
        ("IPv6 as IPv4", tuple_of(1, "fd00::1", "fd00::2", UDP, 1, 2), {}),
        ("master", H, {}), ("child", tuple_of(1, "10.0.0.1", "10.0.0.2", TCP, 30, 31), {})):
    ask("GET: " + title, CT | GET, ACK, of, **options)
ask("GET_CTRZERO", CT | GET_CTRZERO, ACK, T1)


def filtered(orig=None, reply=None):
    return nest(25, *[attr(i + 1, u32(flags)) for i, flags in enumerate((orig, reply)) if flags is not None])


for title, attrs, options in (
        ("all", b"", {"family": 0}), ("IPv6", b"", {"family": 10}), ("mark", attr(8, be32(0xAA55)), {}),
        ("mark and mask", attr(8, be32(5)) + attr(21, be32(5)), {}), ("mask", attr(21, be32(5)), {}),
        ("mark, short", attr(8, b"\1"), {}), ("assured", attr(3, be32(4)), {}), ("status 0", attr(3, be32(0)), {}),
        ("not assured", attr(3, be32(0)) + attr(26, be32(4)), {}), ("status mask", attr(26, be32(2)), {}),
        ("filter: addresses", filtered(3) + T1, {}),
        ("filter: none there", filtered(1) + tuple_of(1, "1.1.1.1", "2.2.2.2", UDP, 1, 2), {}),
        ("filter: no tuple", filtered(1), {}), ("filter: unknown flag", filtered(0x1000) + T1, {}),
        ("filter: no family", filtered(1) + T1, {"family": 0}), ("filter: port of what", filtered(16) + T1, {}),
        ("filter: protocol", filtered(8) + T1, {}), ("filter: port", filtered(0x28) + T1, {}),
        ("filter: ICMP id", filtered(0x108) + tuple_of(1, "10.0.0.1", "10.0.0.2", ICMP, 78, 8, 0), {}),
        ("filter: reply", filtered(None, 0x18) + tuple_of(2, "10.0.0.2", "10.0.0.1", UDP, 2, 1), {}),
        ("filter: no nest", attr(25), {})):
    ask("dump: " + title, CT | GET, DUMP, attrs, **options)

ask("delete: another id", CT | DELETE, ACK, T1, attr(12, be32(0)))
ask("delete: echo", CT | DELETE, ACK | ECHO, T1)
ask("flush: by filter", CT | DELETE, ACK, filtered(0))
ask("flush: IPv6", CT | DELETE, ACK, family=10, version=1)
ask("flush: mark", CT | DELETE, ACK, attr(8, be32(7)))
ask("flush", CT | DELETE, ACK)

# ---- timeout policies ----


def timeout(title, message, flags, name=None, l3=None, l4=None, data=None):
    parts = ((1, name, lambda v: v + b"\0"), (2, l3, be16), (3, l4, u8), (0x8004, data, lambda v: v))
    ask("timeout: " + title, TIMEOUT | message, flags, *[attr(n, pack(v)) for n, v, pack in parts if v is not None])


UNREPLIED = attr(1, be32(11))
timeout("empty dump", 1, DUMP)
timeout("none", 1, ACK, b"x")
timeout("nameless", 1, ACK)
timeout("incomplete", 0, MAKE, b"x", 2, UDP)
timeout("new", 0, MAKE, b"x", 2, UDP, UNREPLIED)
timeout("again", 0, MAKE, b"x", 2, UDP, UNREPLIED)
timeout("not replaced", 0, ACK, b"x", 2, UDP, UNREPLIED)
timeout("replaced", 0, ACK | REPLACE, b"x", 2, UDP, attr(2, be32(22)))
timeout("of another protocol", 0, ACK | REPLACE, b"x", 2, TCP, b"")
timeout("cut short", 0, ACK | REPLACE, b"x", 2, UDP, attr(1, b"\1"))
for number in (TCP, ICMP, ICMP6, 132, 33, 136, 47, 255, 99, 0):
    timeout(f"of {number}", 0, MAKE, b"p%d" % number, 2, number, b"")
    timeout(f"defaults of {number}", 4, ACK, None, 2, number)
timeout("every one", 0, MAKE, b"tv", 2, TCP, b"".join(attr(i, be32(i * 10)) for i in range(1, 12)))
timeout("long name", 0, MAKE, b"n" * 32, 2, UDP, b"")
timeout("dump", 1, DUMP)
timeout("delete", 2, ACK, b"x")
timeout("delete again", 2, ACK, b"x")
timeout("set defaults", 3, ACK, None, 2, UDP, attr(1, be32(77)))
timeout("new with them", 0, MAKE, b"y", 2, UDP, b"")
timeout("get it", 1, ACK, b"y")
timeout("set them back", 3, ACK, None, 2, UDP, attr(1, be32(30)))
timeout("delete all", 2, ACK)
timeout("none left", 1, DUMP)

# ---- expectations ----

MASTER = tuple_of(1, "10.0.0.1", "10.0.0.2", TCP, 20, 21)
MASK = tuple_of(3, "255.255.255.255", "255.255.255.255", TCP, 0, 65535)


def expect(title, message, flags, port, *attrs, master=MASTER, mask=MASK):
    wanted = tuple_of(2, "10.0.0.2", "10.0.0.1", TCP, 0, port) if port else b""
    ask("expect: " + title, EXPECT | message, flags, master, wanted, mask, *attrs)


ask("its master", CT | NEW, MAKE, conn(TCP, 20, 21), SECONDS, nest(5, attr(1, b"ftp\0")))
ask("no helper", CT | NEW, MAKE, conn(TCP, 20, 99), SECONDS)
expect("empty dump", GET, DUMP, 0, master=b"", mask=b"")
expect("none", GET, ACK, 5000, master=b"", mask=b"")
expect("no mask", NEW, MAKE, 5000, mask=b"")
expect("no master", NEW, MAKE, 5000, master=tuple_of(1, "10.0.0.1", "10.0.0.2", TCP, 20, 77))
expect("master without helper", NEW, MAKE, 5000, master=tuple_of(1, "10.0.0.1", "10.0.0.2", TCP, 20, 99))
expect("new", NEW, MAKE, 5000)
expect("again", NEW, MAKE, 5000)
expect("change", NEW, ACK, 5000, attr(4, be32(300)))
expect("get", GET, ACK, 5000, master=b"", mask=b"")
expect("dump", GET, DUMP, 0, master=b"", mask=b"")
expect("dump of a master", GET, DUMP, 0, mask=b"")
HELPLESS = tuple_of(1, "10.0.0.1", "10.0.0.2", TCP, 20, 99)
expect("dump of a master without helper", GET, DUMP, 0, master=HELPLESS, mask=b"")
expect("the same, acknowledged", GET, DUMP | ACK, 0, master=HELPLESS, mask=b"")
expect("another", NEW, MAKE, 5001, attr(8, be32(5)))
expect("class 1", NEW, MAKE, 5002, attr(9, be32(1)))
expect("function", NEW, MAKE, 5003, attr(11, b"nat-follow-master\0"))
expect("unknown function", NEW, MAKE, 5004, attr(11, b"nix\0"))
expect("nat", NEW, MAKE, 5005, nest(10, attr(1, be32(1)), tuple_of(2, "10.0.0.9", "0.0.0.0", TCP, 7, 0)))
expect("dump", GET, DUMP, 0, master=b"", mask=b"")
expect("delete of no helper", DELETE, ACK, 0, attr(6, b"nix\0"), master=b"", mask=b"")
expect("delete of a helper", DELETE, ACK, 0, attr(6, b"ftp\0"), master=b"", mask=b"")
expect("new", NEW, MAKE, 5000)
ask("delete its master", CT | DELETE, ACK, MASTER)
expect("dump", GET, DUMP, 0, master=b"", mask=b"")
ask("expect: stats of CPUs", EXPECT | 3, DUMP)

# ---- tuples that are not whole ----

PROTO = nest(2, attr(1, u8(UDP)), attr(2, be16(1)), attr(3, be16(2)))
ADDRS = nest(1, attr(1, ip("10.0.0.1")), attr(2, ip("10.0.0.2")))
for title, parts in (
        ("empty", ()), ("no addresses", (PROTO,)), ("no protocol", (ADDRS,)), ("no source", (nest(1, attr(2, ip("10.0.0.2"))), PROTO)), ("no destination", (nest(1, attr(1, ip("10.0.0.1"))), PROTO)),
        ("address of 2 bytes", (nest(1, attr(1, b"\1\2"), attr(2, ip("10.0.0.2"))), PROTO)), ("addresses of no nest", (attr(1, attr(1, ip("10.0.0.1")) + attr(2, ip("10.0.0.2"))), PROTO)),
        ("no number", (ADDRS, nest(2, attr(2, be16(1)), attr(3, be16(2))))), ("number of 2 bytes", (ADDRS, nest(2, attr(1, be16(UDP)), attr(2, be16(1)), attr(3, be16(2))))), ("no source port", (ADDRS, nest(2, attr(1, u8(UDP)), attr(3, be16(2))))),
        ("port of 1 byte", (ADDRS, nest(2, attr(1, u8(UDP)), attr(2, b"\1"), attr(3, be16(2))))), ("ICMP without id", (ADDRS, nest(2, attr(1, u8(ICMP)), attr(5, u8(8)), attr(6, u8(0))))),
        ("ICMP of type 200", (ADDRS, nest(2, attr(1, u8(ICMP)), attr(4, be16(7)), attr(5, u8(200)), attr(6, u8(0)))))):
    ask("tuple: " + title, CT | GET, ACK, nest(1, *parts))
for title, parts in (("no family", {"family": 0}), ("IPv6", {"family": 10}), ("family 99", {"family": 99})):
    ask("tuple: " + title, CT | GET, ACK, nest(1, ADDRS, PROTO), **parts)
for title, attrs in (
        ("helper of no name", nest(5, attr(2, b"x"))), ("protocol's info of no nest", attr(4, b"\1\2")), ("sequence of bytes", nest(15, attr(1, b"\1"))), ("nat of 2 bytes", nest(6, attr(1, b"\1\2"))), ("nat of a range", nest(6, attr(1, ip("1.2.3.4")), attr(2, ip("1.2.3.4")))),
        ("nat of an address as bytes", nest(6, attr(3, b"\1"))), ("nat of ports", nest(6, nest(3, attr(1, be16(1000)), attr(2, be16(1000))))), ("nat of the last port", nest(6, nest(3, attr(2, be16(1000))))), ("nat, port of 1 byte", nest(6, nest(3, attr(1, b"\1")))),
        ("mark of 2 bytes", attr(8, be16(7))), ("timeout of 2 bytes", attr(7, be16(7))), ("status of 2 bytes", attr(3, be16(8)))):
    ask("NEW: " + title, CT | NEW, MAKE, conn(TCP, 60, 1), SECONDS if "timeout" not in title else b"", attrs)
    client.ask(CT | DELETE, ACK, tuple_of(1, "10.0.0.1", "10.0.0.2", TCP, 60, 1))
    listener.show()
ask("NEW: nat of IPv6", CT | NEW, MAKE, conn(UDP, 9, 2, src="fd00::1", dst="fd00::2"), SECONDS, nest(6, attr(4, ip("fd00::9")), attr(5, ip("fd00::9"))), family=10)
timeout("defaults, nothing given", 4, ACK)
timeout("set defaults, nothing given", 3, ACK)
timeout("set defaults of 99", 3, ACK, None, 2, 99, b"")
timeout("attribute 99", 0, MAKE, b"z", 2, UDP, attr(99, be32(1)) + attr(2, be32(5)))
ask("its master", CT | NEW, MAKE, conn(TCP, 20, 21), SECONDS, nest(5, attr(1, b"ftp\0")))
for title, attrs in (
        ("nat without direction", nest(10, tuple_of(2, "10.0.0.9", "0.0.0.0", TCP, 7, 0))), ("nat without tuple", nest(10, attr(1, be32(1)))), ("helper", attr(6, b"ftp\0")),
        ("permanent", attr(8, be32(1))), ("timeout 0", attr(4, be32(0)))):
    expect("made with " + title, NEW, MAKE, 6000, attrs)
    expect("deleted", DELETE, ACK, 6000, master=b"", mask=b"")
expect("none to change", NEW, ACK, 6001)
expect("of another id", NEW, MAKE, 6002)
expect("deleted by another id", DELETE, ACK, 6002, attr(5, be32(1)), master=b"", mask=b"")
expect("asked by another id", GET, ACK, 6002, attr(5, be32(1)), master=b"", mask=b"")
expect("asked by its master", GET, ACK, 0, mask=b"")
expect("no tuple", GET, ACK, 0, master=b"", mask=b"")
expect("delete all", DELETE, ACK, 0, master=b"", mask=b"")
