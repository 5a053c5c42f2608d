#!/usr/bin/env python3
# random_ct.py - random sequences of packets for connection tracking: whole connections, bent now and then.
# As a program it writes them as cases for tools/parity: random_ct.py KIND FIRST-SEED N >FILE
# SPDX-License-Identifier: Apache-2.0
import random
import struct
import sys

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
TCP, UDP, UDPLITE, ICMP, ICMP6, SCTP, DCCP, GRE = 6, 17, 136, 1, 58, 132, 33, 47
PORTS = 1000, 2000
CT, COMMIT, FORCE = "ct", "commit", "force"
MACS = bytes.fromhex("020000000002"), bytes.fromhex("020000000001")
IP4 = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])
IP6 = bytes.fromhex("fd00" + "00" * 13 + "01"), bytes.fromhex("fd00" + "00" * 13 + "02")


class Dice:
    """Draws from a seed; by random() alone, which is the same in every version of Python."""

    def __init__(self, seed):
        self.random = random.Random(seed).random

    def below(self, n):
        return int(self.random() * n)

    def pick(self, things):
        return things[self.below(len(things))]

    def happens(self, probability):
        return self.random() < probability

    def weighted(self, table):
        """A key of {key: weight}."""
        at = self.random() * sum(table.values())
        for key, weight in table.items():
            at -= weight
            if at < 0:
                break
        return key


# ---- packets ------------------------------------------------------------------------------------

def csum(data):
    data += bytes(len(data) & 1)
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82f63b78 if crc & 1 else 0)
    return ~crc & 0xffffffff


class Path:
    """Two hosts, over IPv4 or IPv6. Side 0 calls side 1."""

    def __init__(self, is_ip6):
        self.is_ip6 = is_ip6
        self.addrs = IP6 if is_ip6 else IP4

    def pseudo(self, side, proto, length):
        return self.addrs[side] + self.addrs[1 - side] + struct.pack(">LL", length, proto)

    def with_csum(self, side, proto, l4, at, bend=0):
        """Fills in the checksum over the pseudo header at offset 'at', wrong if bent."""
        value = csum(self.pseudo(side, proto, len(l4)) + l4) ^ bend
        return l4[:at] + struct.pack(">H", value) + l4[at + 2:]

    def ip(self, side, proto, l4, src=None, dst=None):
        src, dst = src or self.addrs[side], dst or self.addrs[1 - side]
        if self.is_ip6:
            return struct.pack(">LHBB", 6 << 28, len(l4), proto, 64) + src + dst + l4
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(l4), 0x1234, 0x4000, 64, proto, 0) + src + dst
        return head[:10] + struct.pack(">H", csum(head)) + head[12:] + l4

    def frame(self, side, packet):
        macs = MACS if side == 0 else MACS[::-1]
        return macs[0] + macs[1] + struct.pack(">H", 0x86dd if self.is_ip6 else 0x800) + packet


def add(a, b):
    return (a + b) & 0xffffffff


# ---- TCP ----------------------------------------------------------------------------------------

class Tcp:
    """A TCP connection, written down as it should go; step() mostly follows, sometimes not."""

    # (side, flags, payload): a client that asks twice and leaves.
    WHOLE = ((0, SYN, 0), (1, SYN | ACK, 0), (0, ACK, 0), (0, PSH | ACK, 100), (1, ACK, 0), (1, PSH | ACK, 300),
             (0, ACK, 0), (0, FIN | ACK, 0), (1, ACK, 0), (1, FIN | ACK, 0), (0, ACK, 0), (0, SYN, 0),
             (1, SYN | ACK, 0), (0, ACK, 0), (1, PSH | ACK, 50))
    BENDS = {"again": 6, "skip": 5, "flags": 5, "seq": 5, "ack": 5, "rst": 7, "fin": 4, "syn": 5, "synack": 3,
             "challenge": 3, "window": 3, "sack": 2, "csum": 1, "header": 1, "data": 4, "odd": 1}
    NEAR = (-1, 1, -100, 100, -1000, 1000, -66000, 66000, -70000, 70000, 65535, -65535, 1 << 31)

    def __init__(self, dice):
        self.dice = dice
        self.path = Path(dice.happens(0.25))
        self.calm = dice.pick((0.0, 0.15, 0.3, 0.5))
        self.at = dice.below(9) if dice.happens(0.15) else 0
        self.scales = [dice.pick((None, 0, 2, 7, 14, 200)) for _ in range(2)]
        self.has_sack = [dice.happens(0.6) for _ in range(2)]
        self.seq = [self.isn(), self.isn()]
        self.sent = []

    def isn(self):
        return self.dice.pick((0, 1, 1000, 0xfffffff0, self.dice.below(1 << 32)))

    def window(self):
        return self.dice.pick((0, 1, 500, 8192, 65535, 65535))

    def syn_options(self, side):
        options = bytes.fromhex("020405b4")
        if self.has_sack[side]:
            options += bytes.fromhex("01010402")
        if self.scales[side] is not None:
            options += bytes([1, 3, 3, self.scales[side]])
        return options if self.dice.happens(0.9) else b""

    def sack(self, side):
        right = add(self.seq[1 - side], self.dice.pick(self.NEAR))
        return bytes.fromhex("0101050a") + struct.pack(">LL", add(right, -100), right)

    def segment(self, side, flags, payload=0, **given):
        """A segment, in order unless 'seq', 'ack', 'win', 'options', 'bend', 'doff' are given."""
        options = given.get("options")
        if options is None:
            options = self.syn_options(side) if flags & SYN else b""
        seq = given.get("seq", self.seq[side])
        ack = given.get("ack", self.seq[1 - side] if flags & ACK else 0)
        doff = given.get("doff", 5 + len(options) // 4)
        l4 = struct.pack(">HHLLBBHHH", PORTS[side], PORTS[1 - side], seq, ack, doff << 4, flags,
                         given.get("win", self.window()), 0, 0) + options + bytes(payload)
        l4 = self.path.with_csum(side, TCP, l4, 16, given.get("bend", 0))
        end = add(seq, payload + bool(flags & SYN) + bool(flags & FIN))
        if (end - self.seq[side]) & 0xffffffff < 1 << 20:
            self.seq[side] = end
        self.sent.append((side, self.path.frame(side, self.path.ip(side, TCP, l4))))
        return self.sent[-1]

    def natural(self):
        side, flags, payload = self.WHOLE[self.at % len(self.WHOLE)]
        self.at += 1
        if flags == SYN:
            if self.sent and self.dice.happens(0.7):
                self.seq[0] = self.isn()
            self.scales[0] = self.dice.pick((None, 2, 7))
        if flags == SYN | ACK and len(self.sent) > 3:
            self.seq[1] = self.isn()
        return self.segment(side, flags, payload)

    def reset(self):
        side = self.dice.below(2)
        near = add(self.seq[side], self.dice.pick(self.NEAR))
        seq = self.dice.pick((self.seq[side], self.seq[side], near, near, 0))
        flags = self.dice.pick((RST, RST | ACK, RST | ACK))
        ack = self.dice.pick((self.seq[1 - side], self.seq[1 - side], 0, add(self.seq[1 - side], 1)))
        return self.segment(side, flags, seq=seq, ack=ack if flags & ACK else 0)

    def bent(self):
        dice, side = self.dice, self.dice.below(2)
        bend = dice.weighted(self.BENDS)
        near = dice.pick(self.NEAR)
        if bend == "again" and self.sent:
            return dice.pick((self.sent[-1], dice.pick(self.sent)))
        if bend == "skip":
            self.at += 1
            return self.natural()
        if bend == "flags":
            return self.segment(side, dice.below(256), dice.pick((0, 10)))
        if bend == "seq":
            return self.segment(side, dice.pick((ACK, ACK, FIN | ACK)), dice.pick((0, 10)), seq=add(self.seq[side], near))
        if bend == "ack":
            return self.segment(side, ACK, dice.pick((0, 10)), ack=add(self.seq[1 - side], near))
        if bend == "rst":
            return self.reset()
        if bend == "fin":
            return self.segment(side, FIN | ACK)
        if bend == "syn":
            return self.segment(side, SYN, seq=dice.pick((self.isn(), add(self.seq[side], near), self.seq[side])))
        if bend == "synack":
            return self.segment(side, SYN | ACK, seq=dice.pick((self.isn(), self.seq[side])))
        if bend == "challenge":
            return self.segment(1, ACK, seq=self.isn(), ack=self.isn())
        if bend == "window":
            return self.segment(side, ACK, win=dice.pick((0, 0, 1, 65535)))
        if bend == "sack":
            return self.segment(side, ACK, options=self.sack(side))
        if bend == "csum":
            return self.segment(side, ACK, bend=1 + dice.below(65535))
        if bend == "header":
            return self.segment(side, ACK, doff=dice.pick((0, 4, 6, 15)))
        if bend == "odd":
            return self.segment(side, SYN, options=bytes(dice.below(256) for _ in range(8)))
        return self.segment(side, PSH | ACK, dice.pick((1, 100, 1400)))

    def step(self):
        return self.bent() if self.dice.happens(self.calm) else self.natural()


# ---- UDP and UDP-Lite -----------------------------------------------------------------------------

class Udp:
    """Datagrams to and fro; some are damaged, or an ICMP error is about one."""

    def __init__(self, dice):
        self.dice = dice
        self.path = Path(dice.happens(0.25))
        self.proto = dice.pick((UDP, UDP, UDP, UDPLITE))
        self.errors = Errors(dice, self.path)
        self.last = self.datagram(0)

    def datagram(self, side, bend=0):
        dice = self.dice
        length = 8 + dice.pick((0, 1, 50))
        field = length
        if self.proto == UDPLITE:
            field = dice.pick((0, 8, 8, length, 7, length + 1)) if dice.happens(0.3) else 0
        elif dice.happens(0.1):
            field = dice.pick((0, 7, length + 1, length - 1, 8))
        l4 = struct.pack(">HHHH", PORTS[side], PORTS[1 - side], field, 0) + bytes([dice.below(256)] * (length - 8))
        if self.proto == UDPLITE:
            covered = field if 8 <= field <= length else length
            as_proto = dice.pick((UDP, UDP, UDPLITE))     # the kernel compares with UDP's pseudo header
            value = csum(self.path.pseudo(side, as_proto, length) + l4[:covered]) ^ bend
            l4 = l4[:6] + struct.pack(">H", value) + l4[8:]
        else:
            l4 = self.path.with_csum(side, UDP, l4, 6, bend)
        if dice.happens(0.1):
            l4 = l4[:6] + b"\0\0" + l4[8:]
        if dice.happens(0.03):
            l4 = l4[:dice.pick((0, 3, 4, 7))]
        return self.path.ip(side, self.proto, l4)

    def step(self):
        side = self.dice.below(2)
        if self.dice.happens(0.15):
            return self.errors.about(self.last)
        bend = 1 + self.dice.below(65535) if self.dice.happens(0.1) else 0
        self.last = self.datagram(side, bend)
        return side, self.path.frame(side, self.last)


# ---- ICMP and ICMPv6 -------------------------------------------------------------------------------

class Errors:
    """ICMP errors of either version about a packet."""

    TYPES4 = (3, 3, 11, 4, 5, 12, 3, 19, 6)
    TYPES6 = (1, 1, 2, 3, 4, 0, 100, 127)

    def __init__(self, dice, path):
        self.dice, self.path = dice, path

    def about(self, packet):
        """(side, frame): from the packet's receiver or from between, mostly to its sender."""
        dice, path = self.dice, self.path
        at = 24 if path.is_ip6 else 16
        side = path.addrs.index(packet[at:at + len(path.addrs[0])])
        head = 40 if path.is_ip6 else 20
        inner = packet[:dice.pick((head + 8, head + 8, len(packet), head + 4, head, head - 1))]
        if dice.happens(0.1):
            inner = inner[:at] + bytes([172]) + inner[at + 1:]
        if dice.happens(0.05) and not path.is_ip6:
            inner = inner[:6] + b"\0\5" + inner[8:]
        src = None
        if dice.happens(0.5):
            src = path.addrs[side][:-1] + b"\x99"
        dst = None if dice.happens(0.85) else path.addrs[1 - side][:-1] + b"\x77"
        kind = dice.pick(self.TYPES6 if path.is_ip6 else self.TYPES4)
        return side, path.frame(side, icmp(dice, path, side, kind, bytes(4) + inner, src=src, dst=dst))


def icmp(dice, path, side, kind, rest, src=None, dst=None, code=0):
    l4 = bytes([kind, code, 0, 0]) + rest
    bend = 1 + dice.below(65535) if dice.happens(0.03) else 0
    pseudo = b""
    if path.is_ip6:
        pseudo = (src or path.addrs[side]) + (dst or path.addrs[1 - side]) + struct.pack(">LL", len(l4), ICMP6)
    l4 = l4[:2] + struct.pack(">H", csum(pseudo + l4) ^ bend) + l4[4:]
    return path.ip(side, ICMP6 if path.is_ip6 else ICMP, l4, src, dst)


class Icmp:
    """Queries, answers to them and to none, errors about them."""

    QUERIES4 = ((8, 0), (8, 0), (8, 0), (13, 14), (15, 16), (17, 18))
    QUERIES6 = ((128, 129), (128, 129), (139, 140))

    def __init__(self, dice):
        self.dice = dice
        self.path = Path(dice.happens(0.4))
        self.query = dice.pick(self.QUERIES6 if self.path.is_ip6 else self.QUERIES4)
        self.errors = Errors(dice, self.path)
        self.last = self.message(0, self.query[0], 7)

    def message(self, side, kind, number, code=0):
        rest = struct.pack(">HH", number, self.dice.below(4)) + bytes(self.dice.pick((0, 12)))
        if self.dice.happens(0.02):
            rest = rest[:self.dice.below(4)]
        return icmp(self.dice, self.path, side, kind, rest, code=code)

    def step(self):
        dice, side = self.dice, self.dice.below(2)
        what = dice.weighted({"ask": 5, "answer": 5, "error": 4, "any": 2, "code": 1})
        if what == "error":
            return self.errors.about(self.last)
        if what == "any":
            side, self.last = side, self.message(side, dice.below(256), 7)
        elif what == "code":
            self.last = self.message(side, self.query[side], 7, code=1)
        else:
            side = 0 if what == "ask" else 1
            self.last = self.message(side, self.query[side], dice.pick((7, 7, 7, 8)))
        return side, self.path.frame(side, self.last)


# ---- SCTP --------------------------------------------------------------------------------------------

class Sctp:
    """An association's chunks; tags and order go wrong now and then."""

    (DATA, INIT, INIT_ACK, SACK, BEAT, BEAT_ACK, ABORT, SHUTDOWN, SHUTDOWN_ACK, ERROR, COOKIE_ECHO, COOKIE_ACK,
     COMPLETE) = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14)
    WHOLE = ((0, INIT), (1, INIT_ACK), (0, COOKIE_ECHO), (1, COOKIE_ACK), (0, DATA), (1, SACK), (1, DATA), (0, BEAT),
             (1, BEAT_ACK), (0, SHUTDOWN), (1, SHUTDOWN_ACK), (0, COMPLETE))
    KINDS = (DATA, INIT, INIT_ACK, SACK, BEAT, BEAT_ACK, ABORT, SHUTDOWN, SHUTDOWN_ACK, ERROR, COOKIE_ECHO, COOKIE_ACK,
             COMPLETE, 64, 130, 255)

    def __init__(self, dice):
        self.dice = dice
        self.path = Path(dice.happens(0.25))
        self.calm = dice.pick((0.0, 0.15, 0.3, 0.5))
        self.at = dice.pick((4, 7, 9)) if dice.happens(0.15) else 0
        self.tags = [0x11111111, 0x22222222]    # that each side wants in what it receives
        self.sent = None

    def chunk(self, side, kind):
        dice, body = self.dice, b"\0" * 8
        if kind in (self.INIT, self.INIT_ACK):
            if dice.happens(0.2):
                self.tags[side] = dice.below(1 << 32)
            body = struct.pack(">LLHHL", self.tags[side], 1500, 1, 1, 1)
            if dice.happens(0.03):
                body = body[:dice.pick((0, 4, 12))]
        length = 0 if dice.happens(0.02) else 4 + len(body)
        return struct.pack(">BBH", kind, dice.happens(0.3), length) + body

    def packet(self, side, kinds):
        dice = self.dice
        tag = 0 if kinds[0] == self.INIT else self.tags[1 - side]
        if dice.happens(0.4 * self.calm):
            tag = dice.pick((0, self.tags[side], self.tags[1 - side], 0x33333333))
        l4 = struct.pack(">HHL", PORTS[side], PORTS[1 - side], tag) + bytes(4)
        l4 += b"".join(self.chunk(side, kind) for kind in kinds)
        crc = crc32c(l4) ^ (1 << dice.below(32) if dice.happens(0.02) else 0)
        l4 = l4[:8] + struct.pack("<L", crc) + l4[12:]
        if dice.happens(0.02):
            l4 = l4[:dice.pick((4, 8, 11, 12, 14))]
        self.sent = side, self.path.frame(side, self.path.ip(side, SCTP, l4))
        return self.sent

    def bent(self):
        dice, side = self.dice, self.dice.below(2)
        what = dice.weighted({"again": 2, "skip": 3, "any": 6, "two": 2, "beat": 3, "restart": 2})
        if what == "again" and self.sent:
            return self.sent
        if what == "skip":
            self.at += 1
        if what == "two":
            return self.packet(side, (dice.pick(self.KINDS), dice.pick(self.KINDS)))
        if what == "beat":
            return self.packet(side, (dice.pick((self.BEAT, self.BEAT_ACK)),))
        if what == "restart":
            return self.packet(side, (self.INIT,))
        return self.packet(side, (dice.pick(self.KINDS),))

    def step(self):
        if self.dice.happens(self.calm):
            return self.bent()
        side, kind = self.WHOLE[self.at % len(self.WHOLE)]
        self.at += 1
        return self.packet(side, (kind, self.DATA) if kind == self.COOKIE_ECHO and self.dice.happens(0.3) else (kind,))


# ---- DCCP and GRE ---------------------------------------------------------------------------------------

class Dccp:
    """A connection's packets, by type."""

    REQUEST, RESPONSE, DATA, ACK, DATAACK, CLOSEREQ, CLOSE, RESET, SYNC, SYNCACK = range(10)
    LENGTHS = (4, 12, 0, 8, 8, 8, 8, 12, 8, 8)
    WHOLE = ((0, REQUEST), (1, RESPONSE), (0, ACK), (1, ACK), (0, DATAACK), (1, DATA), (1, CLOSEREQ), (0, CLOSE),
             (1, RESET))

    def __init__(self, dice):
        self.dice = dice
        self.path = Path(dice.happens(0.25))
        self.calm = dice.pick((0.0, 0.2, 0.5))
        self.at = 0
        self.seq = [1 << 40, 5]

    def packet(self, side, kind):
        dice, length = self.dice, self.LENGTHS[kind] if kind < 10 else 8
        is_long = kind not in (self.DATA, self.ACK, self.DATAACK) or dice.happens(0.5)
        if dice.happens(0.03):
            is_long = not is_long
        self.seq[side] += 1
        ack = self.seq[1 - side] if dice.happens(0.8) else 77
        rest = (struct.pack(">HHL", 0, ack >> 32, ack & 0xffffffff) + bytes(8))[:length] if length >= 8 else bytes(length)
        head = 12 + 4 * is_long
        doff = (head + length) // 4 if dice.happens(0.95) else dice.pick((0, 2, 3, 60))
        seq = self.seq[side]
        numbers = struct.pack(">BBHL", kind << 1 | 1, 0, seq >> 32 & 0xffff, seq & 0xffffffff)
        if not is_long:
            numbers = struct.pack(">L", kind << 25 | seq & 0xffffff)
        cover = dice.pick((1, 2, 15)) if dice.happens(0.1) else 0
        l4 = struct.pack(">HHBBH", PORTS[side], PORTS[1 - side], doff, cover, 0) + numbers + rest + bytes(dice.pick((0, 8)))
        covered = (cover - 1) * 4 if cover else len(l4)
        bend = 1 if dice.happens(0.02) else 0
        value = csum(self.path.pseudo(side, DCCP, len(l4)) + l4[:covered]) ^ bend
        l4 = l4[:6] + struct.pack(">H", value) + l4[8:]
        if dice.happens(0.03):
            l4 = l4[:dice.pick((4, 11, 12, 15, 16, 20))]
        return side, self.path.frame(side, self.path.ip(side, DCCP, l4))

    def step(self):
        if self.dice.happens(self.calm):
            return self.packet(self.dice.below(2), self.dice.below(11))
        side, kind = self.WHOLE[self.at % len(self.WHOLE)]
        self.at += 1
        return self.packet(side, kind)


class Gre:
    """Tunnels: without version, PPTP's, and some that are neither."""

    def __init__(self, dice):
        self.dice = dice
        self.path = Path(dice.happens(0.25))
        self.version = dice.pick((0, 0, 1))

    def step(self):
        dice, side = self.dice, self.dice.below(2)
        version = dice.pick((0, 1, 2, 5)) if dice.happens(0.1) else self.version
        proto = 0x880b if version == 1 and dice.happens(0.8) else 0x800
        l4 = struct.pack(">BBHHH", 0x20, version, proto, 4, dice.pick((9, 9, 9, 8))) + bytes(8)
        if dice.happens(0.05):
            l4 = l4[:dice.pick((0, 2, 4, 7))]
        return side, self.path.frame(side, self.path.ip(side, GRE, l4))


KINDS = {"tcp": Tcp, "udp": Udp, "icmp": Icmp, "sctp": Sctp, "dccp": Dccp, "gre": Gre}


def sequence(kind, seed):
    """[(side, frame, action)] of one sequence; action: CT, COMMIT or FORCE."""
    dice = Dice("%s-%d" % (kind, seed))
    source = KINDS[kind](dice)
    commits = dice.pick((0.2, 0.8, 1.0, 1.0))
    steps = []
    for i in range(4 + dice.below(9)):
        side, frame = source.step()
        action = COMMIT if dice.happens(commits) or i == 0 and dice.happens(0.8) else CT
        if action == COMMIT and dice.happens(0.02):
            action = FORCE
        steps.append((side, frame, action))
    return steps


# ---- cases ----------------------------------------------------------------------------------------------

def print_case(kind, seed):
    print("case ct%s/%s-%d\nsetup ports=p1:1,p2:2" % (kind, kind, seed))
    for side, frame, action in sequence(kind, seed):
        ct = {CT: "CT{}", COMMIT: "CT{COMMIT}", FORCE: "CT{FORCE_COMMIT}"}[action]
        print("req s0 ovs_packet EXECUTE dp=@d0 [PACKET=%s KEY{IN_PORT=u32(%d)} ACTIONS{%s USERSPACE{PID=@u0}}]" %
              (frame.hex(), side + 1, ct))
    print("end")


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in KINDS:
        sys.exit("usage: random_ct.py %s FIRST-SEED N" % "|".join(KINDS))
    for seed in range(int(sys.argv[2]), int(sys.argv[2]) + int(sys.argv[3])):
        print_case(sys.argv[1], seed)


if __name__ == "__main__":
    main()
