"""actions_run.py - what actions make of frames: the key and the frame in an upcall behind them, or the error."""
import struct

from asking import KEY_NESTS, MACS, Client, text
from genl import Genl
from random_ct import SYN
from random_flows import (ADD_MPLS, ARP, CHECK_PKT_LEN, CLONE, CT, CT_CLEAR, DEC_TTL, ETHERNET, IN_PORT, IPV4, IPV6, MPLS, NSH,
                          POP_ETH, POP_MPLS, POP_NSH, POP_VLAN, PRIORITY, PUSH_ETH, PUSH_MPLS, PUSH_NSH, PUSH_VLAN, RECIRC,
                          SAMPLE, SCTP, SET, SET_MASKED, SKB_MARK, TCP, TRUNC, UDP, USERSPACE, attr, be16, be32, get, put, u16,
                          u32)
from random_nat import echo, ip, l4_sum, sctp, tcp, udp

EXECUTE, PACKET, KEY, ACTIONS = 3, 1, 2, 3
client, upcalls = Client(), Genl()
upcalls.sock.setblocking(False)
UP = attr(USERSPACE, attr(1, u32(upcalls.pid)))
UP2 = attr(USERSPACE, attr(1, u32(upcalls.pid)) + attr(2, b"then"))


def run(title, frame, actions, more=()):
    key = put([(IN_PORT, u32(0))] + list(more))
    error, _ = client.ask("packet", EXECUTE, 0, attr(PACKET, frame) + attr(KEY, key) + attr(ACTIONS, actions))
    print("%s: %s" % (title, client.outcome(error)))
    while True:
        try:
            upcall = dict(get(upcalls.sock.recv(1 << 16)[24:]))
        except BlockingIOError:
            return
        print("   ", "then" if 4 in upcall else "    ", text(upcall[KEY], KEY_NESTS), upcall[PACKET].hex())


def eth(kind, payload=b""):
    return MACS[6:] + MACS[:6] + be16(kind) + payload


A4, B4 = bytes([10, 0, 0, 1]), bytes([10, 9, 0, 1])
A6, B6 = bytes.fromhex("fd00" + "00" * 13 + "01"), bytes.fromhex("fd00" + "00" * 12 + "0901")
FRAMES = {
    "TCP": eth(0x0800, tcp(A4, B4, 1000, 80, SYN, data=b"dpsim")), "UDP": eth(0x0800, udp(A4, B4, 1000, 53)),
    "UDP without checksum": eth(0x0800, udp(A4, B4, 1000, 53, is_summed=False)), "SCTP": eth(0x0800, sctp(A4, B4, 1000, 80, 1)),
    "ping": eth(0x0800, echo(A4, B4, 7, False)), "TCP6": eth(0x86dd, tcp(A6, B6, 1000, 80, SYN)),
    "UDP6": eth(0x86dd, udp(A6, B6, 1000, 53)), "ping6": eth(0x86dd, echo(A6, B6, 7, False)), "SCTP6": eth(0x86dd, sctp(A6, B6, 1000, 80, 1)),
    "ARP": eth(0x0806, bytes.fromhex("0001080006040001") + MACS[:6] + A4 + bytes(6) + B4), "LLDP": eth(0x88cc, b"lldp"),
    "tagged": eth(0x8100, be16(0x6005) + be16(0x0800) + udp(A4, B4, 1000, 53)),
    "tagged twice": eth(0x88a8, be16(5) + be16(0x8100) + be16(6) + be16(0x0800) + udp(A4, B4, 1000, 53)),
    "MPLS": eth(0x8847, be32(0x10140) + udp(A4, B4, 1000, 53)), "two labels": eth(0x8847, be32(0x1040) + be32(0x2140) + udp(A4, B4, 1000, 53)),
    "802.2": eth(40, b"\x42\x42\x03" + bytes(37)), "SNAP": eth(40, b"\xaa\xaa\x03\0\0\0\x08\0" + bytes(32)), "raw 802.3": eth(40, b"\xff\xff" + bytes(38)),
    "first fragment": eth(0x0800, ip(A4, B4, 17, bytes(24))[:6] + b"\x20\0" + ip(A4, B4, 17, bytes(24))[8:]),
    "later fragment": eth(0x0800, ip(A4, B4, 17, bytes(24))[:6] + b"\0\3" + ip(A4, B4, 17, bytes(24))[8:]),
    "only Ethernet": eth(0x0800)}

# ---- set ----

ADDRS6 = A6[::-1] + B6[::-1]
SETS = (("priority", PRIORITY, u32(0x12345), u32(0xff)), ("mark", SKB_MARK, u32(0x12345), u32(0xffff)),
        ("ethernet", ETHERNET, MACS, b"\xff\xff\xff" * 4), ("ipv4", IPV4, bytes([1, 2, 3, 4, 5, 6, 7, 8, 0, 0xff, 9, 0]), bytes([0xff] * 8 + [0, 0xff, 0xff, 0])),
        ("ipv4 ttl", IPV4, bytes(10) + b"\x33\0", bytes(10) + b"\xff\0"), ("ipv4 part of an address", IPV4, bytes(4) + b"\7\7\7\7" + bytes(4), bytes(6) + b"\xff\x0f" + bytes(4)),
        ("ipv6", IPV6, ADDRS6 + be32(0x12345) + bytes([0, 0xab, 0x44, 0]), b"\xff" * 32 + be32(0xfffff) + bytes([0, 0xff, 0xff, 0])),
        ("ipv6 source", IPV6, ADDRS6 + bytes(8), b"\xff" * 16 + bytes(24)), ("ipv6 destination", IPV6, ADDRS6 + bytes(8), bytes(16) + b"\xff" * 16 + bytes(8)),
        ("ipv6 class", IPV6, bytes(36) + b"\0\xab\0\0", bytes(36) + b"\0\xfc\0\0"), ("ipv6 hops", IPV6, bytes(38) + b"\x21\0", bytes(38) + b"\xff\0"),
        ("ipv6 label", IPV6, bytes(32) + be32(0x12345) + bytes(4), bytes(32) + be32(0xff00f) + bytes(4)),
        ("tcp", TCP, be16(7) + be16(8), b"\xff\xff\xff\xff"), ("tcp source", TCP, be16(7) + be16(0), b"\xff\xff\0\0"),
        ("udp", UDP, be16(7) + be16(8), b"\xff\xff\xff\xff"), ("udp destination", UDP, bytes(2) + be16(8), b"\0\0\xff\x0f"),
        ("sctp", SCTP, be16(7) + be16(8), b"\xff\xff\xff\xff"), ("mpls", MPLS, be32(0x99950), be32(0xfffff000)),
        ("arp", ARP, bytes(24), b"\xff" * 24))
for frame in FRAMES:
    for title, number, value, mask in SETS:
        run("set %s of %s" % (title, frame), FRAMES[frame], attr(SET_MASKED, attr(number, value + mask)) + UP)
for frame, number, value in (("TCP", TCP, PRIORITY), ("UDP6", UDP, PRIORITY)):
    run("set of what it has: " + frame, FRAMES[frame], attr(SET, attr(number, be16(1000) + be16(80 if frame == "TCP" else 53))) + UP)
ROUTED = bytes([6, 2, 0, 1]) + bytes(4) + B6
run("set ipv6 destination behind a routing header", eth(0x86dd, ip(A6, B6, 43, ROUTED + tcp(A6, B6, 1, 2, SYN)[40:])),
    attr(SET, attr(IPV6, ADDRS6 + be32(0) + bytes([6, 0, 64, 0]))) + UP)

# ---- headers ----

TAG = attr(PUSH_VLAN, be16(0x8100) + be16(0x3007))
BASE = bytes([0, 63, 1, 1]) + be32(0x1234)
MD1, MD2 = attr(NSH, attr(1, BASE) + attr(2, bytes(range(16)))), attr(NSH, attr(1, BASE[:2] + b"\2" + BASE[3:]) + attr(3, bytes(range(6))))
LSE = be32(0x55540) + be16(0x8847)
for frame, data in FRAMES.items():
    for title, actions in (
            ("nothing", b""), ("push_vlan", TAG), ("push_vlan twice", TAG + attr(PUSH_VLAN, be16(0x88a8) + be16(0x1009))), ("pop_vlan", attr(POP_VLAN)),
            ("pop_vlan twice", 2 * attr(POP_VLAN)), ("push_vlan, pop_vlan", TAG + attr(POP_VLAN)),
            ("pop_eth", attr(POP_ETH)), ("pop_vlan, pop_eth", attr(POP_VLAN) + attr(POP_ETH)), ("pop_eth, push_eth", attr(POP_ETH) + attr(PUSH_ETH, MACS)),
            ("push_mpls", attr(PUSH_MPLS, LSE)), ("push_mpls twice", 2 * attr(PUSH_MPLS, LSE)), ("pop_mpls", attr(POP_MPLS, be16(0x0800))),
            ("pop_mpls twice", attr(POP_MPLS, be16(0x8847)) + attr(POP_MPLS, be16(0x0800))), ("push_mpls, pop_mpls", attr(PUSH_MPLS, LSE) + attr(POP_MPLS, be16(0x0800))),
            ("push_mpls behind a new tag", TAG + attr(PUSH_MPLS, LSE)), ("add_mpls at L3", attr(ADD_MPLS, LSE + u16(1))), ("add_mpls at L2", attr(ADD_MPLS, LSE + u16(0))),
            ("pop_eth, add_mpls", attr(POP_ETH) + attr(ADD_MPLS, LSE + u16(0))),
            ("push_nsh", attr(PUSH_NSH, MD1)), ("push_nsh of type 2", attr(PUSH_NSH, MD2)), ("pop_eth, push_nsh", attr(POP_ETH) + attr(PUSH_NSH, MD1)),
            ("push_nsh, pop_nsh", attr(PUSH_NSH, MD1) + attr(POP_NSH)), ("push_nsh, push_eth", attr(PUSH_NSH, MD1) + attr(PUSH_ETH, MACS)),
            ("pop_eth, push_nsh, pop_nsh", attr(POP_ETH) + attr(PUSH_NSH, MD1) + attr(POP_NSH)),
            ("dec_ttl", attr(DEC_TTL, attr(1, UP2))), ("recirc", attr(CLONE, attr(POP_VLAN) + UP2)),
            ("sample", attr(SAMPLE, attr(1, u32(0xffffffff)) + attr(2, TAG + UP2))), ("sample never", attr(SAMPLE, attr(1, u32(0)) + attr(2, TAG + UP2))),
            ("check_pkt_len", attr(CHECK_PKT_LEN, attr(1, u16(50)) + attr(2, UP2) + attr(3, TAG + UP2))), ("ct_clear", attr(CT_CLEAR))):
        if frame != "only Ethernet" or "pop_eth" not in title:     # Linux 6.1.176 panics: nothing is left of the frame
            run("%s: %s" % (frame, title), data, actions + UP)
for title, last in (("IPv4", 1), ("IPv6", 2), ("Ethernet", 3), ("NSH", 4), ("MPLS", 5), ("unknown", 77)):
    head = struct.pack(">HBB", 63 << 6 | 6, 1, last) + be32(0x1234) + bytes(16)
    for cut in (0, 4, 7, 8, 23, 60):        # at 24 nothing would be left, which Linux 6.1.176 panics of
        run("pop_nsh to %s, %d bytes" % (title, cut), eth(0x894f, (head + FRAMES["UDP"])[:cut]), attr(POP_ETH) + attr(POP_NSH) + UP)
for size in (0, 1, 2, 5, 7, 63):
    head = struct.pack(">HBB", 63 << 6 | size, 2, 3) + be32(0x1234) + bytes(4 * max(size - 2, 0))
    run("pop_nsh of length %d" % size, eth(0x894f, head + FRAMES["UDP"]), attr(POP_ETH) + attr(POP_NSH) + UP)

for frame in ("TCP", "UDP6", "MPLS", "ARP"):        # 6.1.176 counts a tag otherwise than 6.1.192
    run("%s: trunc" % frame, FRAMES[frame], attr(TRUNC, u32(20)) + 2 * UP)

# ---- hop limits ----

for ttl in (0, 1, 2, 255):
    four, six = bytearray(udp(A4, B4, 1, 2)), bytearray(udp(A6, B6, 1, 2))
    four[8], six[7] = ttl, ttl
    run("dec_ttl of %d" % ttl, eth(0x0800, bytes(four)), attr(DEC_TTL, attr(1, UP2)) + UP)
    run("dec_ttl of %d in IPv6" % ttl, eth(0x86dd, bytes(six)), attr(DEC_TTL, attr(1, UP2)) + UP)

# ---- IPv6 headers, in many orders ----

HOP, ROUTE, AUTH, DEST = bytes([0, 0, 1, 4, 0, 0, 0, 0]), bytes([0, 0, 4, 0, 0, 0, 0, 0]), bytes([0, 1, 0, 0]) + bytes(8), bytes([0, 0, 1, 4, 0, 0, 0, 0])
ESP, FRAG, LATER = bytes(16), bytes([0, 0, 0, 1]) + be32(9), bytes([0, 0, 0, 9]) + be32(9)
HEADERS = {"H": (0, HOP), "R": (43, ROUTE), "A": (51, AUTH), "D": (60, DEST), "F": (44, FRAG), "L": (44, LATER), "E": (50, ESP), "N": (59, b""), "T": (6, None), "M": (135, HOP)}
for order in ("HT", "RT", "AT", "DT", "FT", "LT", "ET", "N", "HDRFAEDT", "HDRDT", "DDT", "DDDT", "DHT", "RHT", "RRT", "AAT", "FFT", "HHT", "FHT", "FDT", "DRT", "RDT",
              "DFT", "ADT", "DAT", "AFT", "FAT", "RFT", "FRT", "HRT", "HFT", "HAT", "HDT", "HDDT", "RDDT", "HRFADT", "HDRFADT", "HN", "RN", "DN", "FN", "AN", "HDRFAN", "MT", "HM", "RADT",
              "DADT", "DFDT", "LDT", "DLT", "EN", "HE", "DE"):
    data, after = b"", 59
    for letter in reversed(order):
        number, head = HEADERS[letter]
        data = tcp(A6, B6, 1000, 80, SYN)[40:] if head is None else (bytes([after]) + head[1:] if head else b"") + data
        after = number
    run("IPv6 headers %s" % order, eth(0x86dd, ip(A6, B6, after, data)), UP)
for title, kind, options in (
        ("solicitation", 135, bytes([1, 1]) + MACS[:6]), ("advertisement", 136, bytes([2, 1]) + MACS[:6]), ("both", 135, bytes([1, 1]) + MACS[:6] + bytes([2, 1]) + MACS[6:]),
        ("twice", 135, 2 * (bytes([1, 1]) + MACS[:6])), ("target twice", 136, 2 * (bytes([2, 1]) + MACS[:6])), ("other option", 135, bytes([5, 1]) + bytes(6)), ("option of 16 bytes", 135, bytes([1, 2]) + bytes(14)),
        ("option of length 0", 135, bytes([1, 0]) + bytes(6)), ("option that is too long", 135, bytes([1, 9]) + bytes(6)), ("5 bytes of options", 135, bytes([1, 1, 0, 0, 0])),
        ("no options", 135, b""), ("option between", 135, bytes([5, 1]) + bytes(6) + bytes([1, 1]) + MACS[:6])):
    head = bytes([kind, 0, 0, 0]) + bytes(4)
    for size in (0, 8, 16):
        run("ND %s, %d bytes of target" % (title, size), eth(0x86dd, ip(A6, B6, 58, l4_sum(A6, B6, 58, head + B6[:size] + options, 2))), UP)
        run("ND %s of code 1, %d bytes of target" % (title, size), eth(0x86dd, ip(A6, B6, 58, head[:1] + b"\1" + head[2:] + B6[:size] + options)), UP)

# ---- ct ----

MARK, LABELS = attr(3, u32(0x1234) + u32(0xffff)), attr(4, b"\x55" * 16 + b"\xf0" * 16)
for frame in FRAMES:
    for title, parts in (("ct", b""), ("labels of a new one", attr(1) + LABELS), ("commit", attr(1)), ("commit, mark", attr(1) + MARK), ("mark again", attr(1) + MARK), ("labels", attr(1) + LABELS), ("other labels", attr(1) + attr(4, b"\xaa" * 32)),
                         ("force", attr(7) + MARK), ("events", attr(1) + attr(8, u32(2))), ("helper", attr(1) + attr(5, b"ftp\0")), ("nat", attr(1) + attr(6, attr(1) + attr(3, bytes([10, 1, 0, 9])))),
                         ("nat again", attr(6))):
        run("%s: %s" % (frame, title), FRAMES[frame], attr(CT, parts) + UP)
    run("%s: ct, ct_clear" % frame, FRAMES[frame], attr(CT) + attr(CT_CLEAR) + UP)
    run("%s: ct, push_vlan, ct" % frame, FRAMES[frame], attr(CT) + TAG + attr(CT) + UP)
