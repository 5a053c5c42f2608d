# random_ct.py - random sequences of packets for connection tracking: whole connections, bent now and then.
# SPDX-License-Identifier: Apache-2.0
import random
import struct

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
TCP, UDP, ICMP, ICMP6, SCTP, DCCP, GRE = 6, 17, 1, 58, 132, 33, 47
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

    PORTS = 1000, 2000
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
        l4 = struct.pack(">HHLLBBHHH", self.PORTS[side], self.PORTS[1 - side], seq, ack, doff << 4, flags,
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


KINDS = {"tcp": Tcp}


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
