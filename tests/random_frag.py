#!/usr/bin/env python3
# random_frag.py - writes random cases of fragments for tools/parity: random_frag.py SEED N >FILE
# SPDX-License-Identifier: Apache-2.0
import struct
import sys

from random_ct import CT, MACS, UDP, Dice, csum

MF, DF = 0x2000, 0x4000
OTHER = 253                             # a protocol without ports
IP4 = [bytes([10, 0, 0, n]) for n in (1, 2, 3)]
IP6 = [bytes.fromhex("fd00" + "00" * 13 + "0%d" % n) for n in (1, 2, 3)]
LINK_LOCAL = [bytes.fromhex("fe80" + "00" * 13 + "0%d" % n) for n in (1, 2)]
OPTIONS = b"\x94\x04\0\0", b"\1\1\1\0", b"\7\7\4\0\0\0\0\0"
PAD_HDR = b"\1\4\0\0\0\0"               # six bytes of an options header
# Extension headers before the fragment header: (bytes, type of the first one)
EXTENSIONS = ((bytes([44, 0]) + PAD_HDR, 0), (bytes([44, 0]) + PAD_HDR, 60), (bytes([44, 0]) + bytes(6), 43),
              (bytes([60, 0]) + PAD_HDR + bytes([44, 0]) + PAD_HDR, 0))
# What the fragments' ECN fields and the rest of TOS are picked from; some mixtures are refused.
TOS = (0,), (0,), (2,), (1, 2), (1, 3), (2, 3), (0, 3), (0, 2), (0xb8,), (1, 2, 3)
MESS = ("none", "none", "duplicate", "overlap", "contained", "gap", "end", "not eight", "empty", "again", "many",
        "other", "padding", "atomic", "short")
UP = "USERSPACE{PID=@u0 USERDATA=c0ffee}"
LONG = ("CHECK_PKT_LEN{PKT_LEN=u16(%d) ACTIONS_IF_GREATER{USERSPACE{PID=@u0 USERDATA=aa}} "
        "ACTIONS_IF_LESS_EQUAL{USERSPACE{PID=@u0 USERDATA=bb}}}")


# ---- packets ------------------------------------------------------------------------------------

def payload(src, dst, proto, n, is_good):
    """Data of a datagram, with a UDP header if it is UDP."""
    body = bytes((i * 7 + 3) & 0xff for i in range(n))
    if proto != UDP:
        return body
    udp = struct.pack(">HHHH", 1000, 2000, 8 + n, 0) + body
    value = csum(src + dst + struct.pack(">II", len(udp), UDP) + udp) or 0xffff
    return udp[:6] + struct.pack(">H", value ^ (0 if is_good else 0x1111)) + udp[8:]


class Datagram:
    """Of one family; 'bent' members of a fragment are its own."""

    def __init__(self, dice, is_ip6):
        self.dice, self.is_ip6 = dice, is_ip6
        hosts = IP6 if is_ip6 else IP4
        if is_ip6 and dice.happens(.2):
            hosts = LINK_LOCAL
        self.src, self.dst = hosts[0], hosts[1 + dice.below(len(hosts) - 1)]
        self.proto = dice.pick((UDP, UDP, OTHER))
        self.id = dice.pick((0x1234, 0x1235))
        self.data = payload(self.src, self.dst, self.proto, dice.pick((8, 16, 24, 40, 60, 100, 200, 333, 500, 1200)),
                            dice.happens(.9))
        self.tag = dice.pick((5, 0x2005)) if dice.happens(.1) else None

    def other(self):
        """What makes a fragment another datagram's."""
        return self.dice.pick(({"id": self.id + 1}, {"proto": OTHER + 1},
                               {"dst": (IP6 if self.is_ip6 else IP4)[2]}))

    def ip4(self, at, part, more, bent):
        options = bent.get("options", b"")
        word = at // 8 | (MF if more else 0) | (DF if bent["df"] else 0)
        head = struct.pack(">BBHHHBBH", 0x45 + len(options) // 4, bent["tos"], bent.get("total", 20 + len(options) + len(part)),
                           bent.get("id", self.id), word, bent["ttl"], bent.get("proto", self.proto), 0)
        head += self.src + bent.get("dst", self.dst) + options
        return head[:10] + struct.pack(">H", csum(head)) + head[12:] + part

    def ip6(self, at, part, more, bent):
        extension, first = bent.get("extension", (b"", 44))
        frag = struct.pack(">BBHI", bent.get("proto", self.proto), 0, at | more, bent.get("id", self.id))
        total = bent.get("total", 40 + len(extension) + 8 + len(part))
        head = struct.pack(">IHBB", 6 << 28 | bent["tos"] << 20, max(total - 40, 0), first, bent["ttl"])
        return head + self.src + bent.get("dst", self.dst) + extension + frag + part

    def frame(self, ip, padding=b""):
        has_tag = self.tag is not None and self.dice.happens(.9)
        tag = struct.pack(">HH", 0x8100, self.tag) if has_tag else b""
        return b"".join(MACS) + tag + struct.pack(">H", 0x86dd if self.is_ip6 else 0x800) + ip + padding


# ---- fragments ----------------------------------------------------------------------------------

def cut(dice, n):
    """(start, end, more) of n bytes in pieces of whole words."""
    pieces, at = [], 0
    while at < n:
        end = min(n, at + 8 * dice.pick((1, 1, 2, 3, 5, 8, 20, 40)))
        pieces.append((at, end, end < n))
        at = end
    return pieces


def shuffle(dice, things):
    for i in range(len(things) - 1, 0, -1):
        j = dice.below(i + 1)
        things[i], things[j] = things[j], things[i]


def mess_up(dice, n, pieces, mess):
    """Pieces besides, or instead of, those that make n bytes."""
    words = n // 8 + 1
    if mess in ("duplicate", "many"):
        pieces.append(dice.pick(pieces))
    for _ in range({"overlap": 1, "contained": 2, "many": 3}.get(mess, 0)):
        start = 8 * dice.below(words)
        end = min(n, start + 8 * dice.pick((1, 2, 4, 10)))
        if end > start:
            pieces.append((start, end, end < n))
    if mess == "gap" and len(pieces) > 1:
        del pieces[dice.below(len(pieces))]
    if mess == "end":
        start = 8 * dice.below(words + 1)
        pieces.append((start, start + 8, dice.happens(.5)))
    if mess == "empty":
        start = 8 * dice.below(words)
        pieces.append((start, start, dice.happens(.5)))
    if mess == "atomic":
        pieces.append((0, dice.pick((8, n)), False))
    if mess == "again":
        pieces += pieces[:dice.below(len(pieces) + 1)]


def frames(dice, d):
    pieces, mess = cut(dice, len(d.data)), dice.pick(MESS)
    mess_up(dice, len(d.data), pieces, mess)
    order = dice.pick(("in order", "reverse", "any", "any"))
    if order == "reverse":
        pieces.reverse()
    elif order == "any":
        shuffle(dice, pieces)
    all_bent = {"options": dice.pick(OPTIONS), "extension": dice.pick(EXTENSIONS)} if dice.happens(.15) else {}
    tos, df = dice.pick(TOS), dice.pick((0, 0, 0, .3, 1))
    return [one_frame(dice, d, piece, mess, dict(all_bent, tos=dice.pick(tos), df=dice.happens(df),
                                                 ttl=dice.pick((64, 64, 63)))) for piece in pieces]


def one_frame(dice, d, piece, mess, bent):
    start, end, more = piece
    part = (d.data + bytes(64))[start:end]
    if dice.happens(.03):
        bent["options"], bent["extension"] = dice.pick(OPTIONS), dice.pick(EXTENSIONS)
    if mess == "other" and dice.happens(.3):
        bent.update(d.other())
    if mess == "not eight" and dice.happens(.4):
        part = part[:-3]
    if mess == "short" and dice.happens(.4):        # the packet says that it ends within its headers, or soon behind them
        bent["total"] = dice.pick((0, 8, 19, 20, 21, 28, 32, 40, 44, 48, 49, 56))
    ip = (d.ip6 if d.is_ip6 else d.ip4)(start, part, more, bent)
    if mess != "padding":
        return d.frame(ip)
    if dice.happens(.2):                # the frame ends before the packet does
        return d.frame(ip[:-1 - dice.below(7)])
    return d.frame(ip, bytes(1 + dice.below(19)))


# ---- cases --------------------------------------------------------------------------------------

def request(dice, frame, zone, then):
    meta = " PRIORITY=u32(%d) SKB_MARK=u32(%d)" % (dice.below(3), dice.below(3)) if dice.happens(.2) else ""
    ct = dice.pick(("", "COMMIT ")) + ("ZONE=u16(%d)" % zone if zone else "")
    return ("req s0 ovs_packet EXECUTE dp=@d0 [PACKET=%s KEY{IN_PORT=u32(1)%s} ACTIONS{CT{%s} %s}]" %
            (frame.hex(), meta, ct, then))


def case(dice, name):
    is_ip6, zone, mixes_zones = dice.happens(.5), dice.pick((0, 0, 1)), dice.happens(.1)
    sent = []
    for _ in range(dice.pick((1, 1, 1, 2))):
        sent += frames(dice, Datagram(dice, is_ip6))
    if dice.happens(.3):
        shuffle(dice, sent)
    then = dice.pick((UP, UP, "RECIRC=u32(1)", LONG % dice.pick((60, 100, 300))))
    lines = ["case %s/%s" % (CT, name), "setup ports=p1:1,p2:2"]
    for frame in sent:
        lines.append(request(dice, frame, dice.below(2) if mixes_zones else zone, then))
    return lines + ["end"]


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: random_frag.py SEED N >FILE   (N cases)")
    dice = Dice(int(sys.argv[1]))
    for n in range(int(sys.argv[2])):
        print("\n".join(case(dice, "frag-%s-%d" % (sys.argv[1], n))))


if __name__ == "__main__":
    main()
