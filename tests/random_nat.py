#!/usr/bin/env python3
# random_nat.py - writes random cases of address translation for tools/parity: random_nat.py SEED N >FILE
# SPDX-License-Identifier: Apache-2.0
"""Few addresses and ports, so that connections meet: each case is a sequence of packets through ct(nat()) actions,
half of them answers to what has been sent. Families: nat (UDP, TCP, ICMP and their errors), natftp (whole FTP sessions),
nattftp, natattr (attributes, put and dumped)."""
import struct
import sys

from random_ct import ACK, FIN, ICMP, ICMP6, PSH, RST, SCTP, SYN, TCP, UDP, Dice, crc32c, csum

MACS = bytes.fromhex("020000000002"), bytes.fromhex("020000000001")
UDPLITE, GRE, DCCP = 136, 47, 33


def addr(is_ip6, *last):
    """10.last[0].0.last[1], or its like of IPv6."""
    if is_ip6:
        return bytes.fromhex("fd00") + bytes(11) + bytes([last[0], 0, last[1]])
    return bytes([10, last[0], 0, last[1]])


def u16(number):
    return struct.pack("<H", number).hex()


def u32(number):
    return struct.pack("<L", number).hex()


# ---- packets ------------------------------------------------------------------------------------------

def l4_sum(src, dst, proto, l4, at):
    pseudo = src + dst + struct.pack(">LL", len(l4), proto)
    return l4[:at] + struct.pack(">H", csum(pseudo + l4)) + l4[at + 2:]


def ip(src, dst, proto, l4):
    if len(src) == 16:
        return struct.pack(">LHBB", 6 << 28, len(l4), proto, 64) + src + dst + l4
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(l4), 0x1234, 0x4000, 64, proto, 0) + src + dst
    return head[:10] + struct.pack(">H", csum(head)) + head[12:] + l4


def udp(src, dst, sport, dport, data=b"data", proto=UDP, is_summed=True):
    l4 = struct.pack(">HHHH", sport, dport, 8 + len(data), 0) + data
    # Linux 6.1 checks UDP-Lite's checksum with the number of UDP in the pseudo header.
    return ip(src, dst, proto, l4_sum(src, dst, UDP, l4, 6) if is_summed else l4)


def tcp(src, dst, sport, dport, flags, seq=1, ack=0, data=b"", options=b""):
    l4 = struct.pack(">HHLLBBHHH", sport, dport, seq & 0xffffffff, ack & 0xffffffff, (5 + len(options) // 4) << 4,
                     flags, 8192, 0, 0) + options + data
    return ip(src, dst, TCP, l4_sum(src, dst, TCP, l4, 16))


def echo(src, dst, number, is_answer):
    if len(src) == 16:
        l4 = struct.pack(">BBHHH", 129 if is_answer else 128, 0, 0, number, 1) + b"ping"
        return ip(src, dst, ICMP6, l4_sum(src, dst, ICMP6, l4, 2))
    l4 = struct.pack(">BBHHH", 0 if is_answer else 8, 0, 0, number, 1) + b"ping"
    return ip(src, dst, ICMP, l4[:2] + struct.pack(">H", csum(l4)) + l4[4:])


def sctp(src, dst, sport, dport, chunk):
    head = struct.pack(">HHL", sport, dport, 0)
    body = bytes([chunk, 0, 0, 20]) + struct.pack(">LLHHL", 7, 8192, 1, 1, 9) if chunk <= 2 else bytes([chunk, 0, 0, 4])
    return ip(src, dst, SCTP, head + struct.pack("<L", crc32c(head + bytes(4) + body)) + body)


def gre(src, dst):
    return ip(src, dst, GRE, struct.pack(">HHHHL", 0x3001, 0x880b, 0, 5, 1))


def error_about(src, dst, packet, cut):
    """An ICMP error that quotes a packet."""
    if len(src) == 16:
        l4 = struct.pack(">BBHL", 1, 4, 0, 0) + packet[:40 + cut]
        return ip(src, dst, ICMP6, l4_sum(src, dst, ICMP6, l4, 2))
    l4 = struct.pack(">BBHL", 3, 3, 0, 0) + packet[:20 + cut]
    return ip(src, dst, ICMP, l4[:2] + struct.pack(">H", csum(l4)) + l4[4:])


# ---- actions -------------------------------------------------------------------------------------------

def nat(kind=None, low=None, high=None, ports=None, flags=()):
    parts = [kind] if kind else []
    if low:
        parts.append("IP_MIN=" + low.hex())
    if high:
        parts.append("IP_MAX=" + high.hex())
    if ports:
        parts.append("PROTO_MIN=" + u16(ports[0]))
        if len(ports) > 1:
            parts.append("PROTO_MAX=" + u16(ports[1]))
    return "NAT{%s}" % " ".join(parts + list(flags))


def ct(*parts, zone=0):
    if zone:
        parts = parts[:1] + ("ZONE=" + u16(zone),) + parts[1:]
    return "CT{%s}" % " ".join(part for part in parts if part)


class Case:
    def __init__(self, name, is_ip6):
        self.lines = ["case " + name, "setup ports=p1:1,p2:2"]
        self.is_ip6 = is_ip6

    def send(self, packet, action, side=0, then="USERSPACE{PID=@u0 USERDATA=c0ffee}"):
        macs = MACS if side == 0 else MACS[::-1]
        frame = macs[0] + macs[1] + (b"\x86\xdd" if self.is_ip6 else b"\x08\x00") + packet
        self.lines.append("req s0 ovs_packet EXECUTE dp=@d0 [PACKET=%s KEY{IN_PORT=%s} ACTIONS{%s %s}]"
                          % (frame.hex(), u32(1 + side), action, then))

    def text(self):
        return "\n".join(self.lines + ["end"]) + "\n"


# ---- nat: a small world of hosts -------------------------------------------------------------------------

class World:
    def __init__(self, dice, name):
        self.dice = dice
        self.is_ip6 = dice.happens(0.3)
        self.case = Case(name, self.is_ip6)
        self.clients = [addr(self.is_ip6, 0, n) for n in (1, 2, 3)]
        self.servers = [addr(self.is_ip6, 9, n) for n in (1, 2)]
        self.public = [addr(self.is_ip6, 1, n) for n in (1, 2, 3, 4, 5)]
        self.proto = dice.weighted({UDP: 5, TCP: 4, ICMP: 2, SCTP: 1, UDPLITE: 1, GRE: 1})
        self.has_zone = dice.happens(0.2)
        self.sent = []          # tuples of what went out, as a NAT of one address would leave them
        self.nat = self.pick_nat()

    def pick_range(self):
        dice = self.dice
        first = dice.below(4)
        return self.public[first], dice.pick((None, None, self.public[first + dice.below(5 - first)]))

    def pick_nat(self):
        dice = self.dice
        kind = dice.pick(("SRC", "SRC", "DST"))
        low, high = self.pick_range()
        ports = dice.weighted({None: 5, (1000,): 2, (1000, 1001): 1, (3000,): 1, (3000, 3003): 1, (1001, 1000): 0.3})
        if dice.happens(0.1):
            low = high = None
        if kind == "DST" and dice.happens(0.5):
            low, high = self.servers[1], None
        flags = ["PERSISTENT"] if dice.happens(0.3) else []
        if ports and len(ports) == 1 and dice.happens(0.2):     # random, but there is one choice only
            flags.append(dice.pick(("PROTO_HASH", "PROTO_RANDOM")))
        return kind, low, high, ports, tuple(flags)

    def packet(self, src, dst, sport, dport, is_answer):
        if self.proto == ICMP:
            return echo(src, dst, dport if is_answer else sport, is_answer)
        if self.proto == TCP:
            flags = self.dice.weighted({SYN | ACK: 3, ACK: 2, RST | ACK: 0.5} if is_answer else
                                       {SYN: 5, ACK: 3, FIN | ACK: 1, RST: 0.3})
            return tcp(src, dst, sport, dport, flags, 1 + (flags != SYN), 2 if flags & ACK else 0, b"abc" if flags == ACK else b"")
        if self.proto == SCTP:
            return sctp(src, dst, sport, dport, 2 if is_answer else self.dice.pick((1, 1, 4)))
        if self.proto == GRE:
            return gre(src, dst)
        return udp(src, dst, sport, dport, b"data", self.proto, self.proto == UDPLITE or self.dice.happens(0.8))

    def new(self):
        """A client's packet, and what an answer to it may look like."""
        dice = self.dice
        src, sport = dice.pick(self.clients), dice.pick((1000, 1000, 1001, 20000, 700, 300))
        kind, low, _, ports, _ = self.nat
        dst = dice.pick(self.servers if kind == "SRC" or dice.happens(0.3) else [self.public[0]])
        dport = dice.pick((2000, 2000, 2001))
        answer = [dst, src, dport, sport]
        if low and kind == "SRC":
            answer[1] = low
            answer[3] = ports[0] if ports and not dice.happens(0.4) else sport
        elif low:
            answer[0] = low
            answer[2] = ports[0] if ports else dport
        self.sent.append(((src, dst, sport, dport), tuple(answer)))
        return self.packet(src, dst, sport, dport, False)

    def again(self):
        return self.packet(*self.dice.pick(self.sent)[0], False)

    def answer(self):
        return self.packet(*self.dice.pick(self.sent)[1], True)

    def error(self):
        """From the server about what it got, from the client about an answer, or from a router."""
        first, answer = self.dice.pick(self.sent)
        src, dst, sport, dport = answer
        cut = self.dice.pick((8, 8, 20, 100))
        router = addr(self.is_ip6, 7, 7)
        if self.dice.happens(0.7):
            quoted = self.packet(dst, src, dport, sport, False)
            return error_about(self.dice.pick((src, src, router)), dst, quoted, cut), 1
        quoted = self.packet(first[1], first[0], first[3], first[2], True)
        return error_about(self.dice.pick((first[0], router)), first[1], quoted, cut), 0

    def action(self, is_new):
        dice = self.dice
        zone = dice.pick((0, 5)) if self.has_zone else 0
        commit = dice.pick(("COMMIT", "COMMIT", "COMMIT", "FORCE_COMMIT" if dice.happens(0.1) else "COMMIT"))
        if is_new and dice.happens(0.9) or dice.happens(0.2):
            chosen = self.nat if dice.happens(0.85) else self.pick_nat()
            return ct(commit, nat(*chosen), zone=zone)
        return ct(dice.pick(("", "", commit)), dice.pick((nat(), nat(), nat(), "")), zone=zone)

    def step(self):
        dice = self.dice
        way = "new" if not self.sent else dice.weighted({"new": 4, "again": 2, "answer": 4, "error": 1.5})
        side = 0
        if way == "error":
            packet, side = self.error()
        else:
            packet = {"new": self.new, "again": self.again, "answer": self.answer}[way]()
            side = int(way == "answer")
        then = "RECIRC=01000000" if dice.happens(0.2) else "USERSPACE{PID=@u0 USERDATA=c0ffee}"
        self.case.send(packet, self.action(way == "new"), side, then)


def nat_case(dice, name):
    world = World(dice, name)
    for _ in range(4 + dice.below(9)):
        world.step()
    return world.case.text()


# ---- natftp: sessions of FTP -----------------------------------------------------------------------------

class Ftp:
    """A client behind SRC or before DST, or neither; numbers are those that each side sees itself."""

    def __init__(self, dice, name):
        self.dice = dice
        self.is_ip6 = dice.happens(0.4)
        self.case = Case(name, self.is_ip6)
        self.client, self.server = addr(self.is_ip6, 0, 1), addr(self.is_ip6, 9, 1)
        self.kind = dice.pick((None, "SRC", "SRC", "DST"))
        self.seen_client, self.seen_server = self.client, self.server    # as the other side sees them
        self.nat = ""
        if self.kind == "SRC":
            self.seen_client = addr(self.is_ip6, *dice.pick(((1, 1), (100, 200))))
            self.nat = nat("SRC", self.seen_client)
        elif self.kind == "DST":
            self.seen_server = addr(self.is_ip6, *dice.pick(((1, 1), (100, 200))))
            self.nat = nat("DST", self.server)
        self.seq, self.peer_seq = [1000, 5000], [1000, 5000]    # of each side, and as the other side has them

    def send(self, side, data=b"", flags=PSH | ACK, action=None, options=b""):
        ack = self.peer_seq[1 - side] if flags & ACK else 0
        ports = (30000, 21) if side == 0 else (21, 30000)
        ends = (self.client, self.seen_server) if side == 0 else (self.server, self.seen_client)
        packet = tcp(*ends, *ports, flags, self.seq[side], ack, data, options)
        self.seq[side] += len(data) + bool(flags & (SYN | FIN))
        self.peer_seq[side] += len(data) + bool(flags & (SYN | FIN))
        self.case.send(packet, action or ct("", nat() if self.nat else ""), side)

    def say(self, side, text, grown=0):
        """A line; NAT makes it longer by 'grown'."""
        self.send(side, text.encode())
        self.peer_seq[side] += grown

    def text_of(self, host):
        if self.is_ip6:
            return ":".join("%x" % n for n in struct.unpack(">8H", host))
        return ".".join(str(n) for n in host)

    def full_text_of(self, host):
        """As NAT writes it."""
        return ":".join("%04x" % n for n in struct.unpack(">8H", host)) if self.is_ip6 else self.text_of(host)

    def rfc959(self, host, port):
        return ",".join(str(n) for n in tuple(host[:4]) + (port >> 8, port & 255))

    def eprt(self, host, port, is_full=False):
        return "|%d|%s|%d|" % (2 if self.is_ip6 else 1, (self.full_text_of if is_full else self.text_of)(host), port)

    def start(self):
        first = ct("COMMIT", "HELPER=s(ftp)", self.nat)
        self.send(0, flags=SYN, action=first)
        self.send(1, flags=SYN | ACK)
        self.send(0, flags=ACK, action=self.dice.pick((first, None)))
        self.say(1, "220 ready\r\n")
        self.say(0, "USER me\r\n")
        self.say(1, "331 go on\r\n")

    def active(self):
        """The client says where it waits; the server connects."""
        port = self.dice.pick((2000, 40000, 513))
        host = self.client if self.dice.happens(0.9) else addr(self.is_ip6, 3, 3)
        is_natted = self.kind and host == self.client
        if self.is_ip6 or self.dice.happens(0.4):
            line = "EPRT " + self.eprt(host, port)
            grown = len(self.eprt(self.seen_client, port, True)) - len(self.eprt(host, port)) if is_natted else 0
        else:
            line = "PORT " + self.rfc959(host, port)
            grown = len(self.rfc959(self.seen_client, port)) - len(self.rfc959(host, port)) if is_natted else 0
        self.say(0, self.bend(line) + "\r\n", grown)
        self.say(1, "200 fine\r\n")
        return self.server, self.seen_client, 20, port, 1

    def passive(self):
        """The server says where it waits; the client connects."""
        port = self.dice.pick((2000, 40000, 513))
        host = self.server if self.dice.happens(0.9) else addr(self.is_ip6, 3, 3)
        if self.is_ip6 or self.dice.happens(0.4):
            self.say(0, "EPSV\r\n")
            self.say(1, self.bend("229 Extended mode (|||%d|)" % port) + "\r\n")
        else:
            grown = len(self.rfc959(self.seen_server, port)) - len(self.rfc959(host, port))
            self.say(0, "PASV\r\n")
            form = self.dice.pick(("227 Passive (%s).", "227 Passive (%s).", "227 =%s"))
            self.say(1, self.bend(form % self.rfc959(host, port)) + "\r\n", grown if self.kind and host == self.server else 0)
        return self.client, self.seen_server, 30001, port, 0

    def bend(self, line):
        dice = self.dice
        if dice.happens(0.85):
            return line
        at = dice.below(len(line))
        return dice.pick((line.lower(), line[:at], line[:at] + dice.pick(",|1x )") + line[at:], line.replace(",", "."), " " + line))

    def data(self, src, dst, sport, dport, side):
        """The data connection: looked at, then committed, answered and used."""
        new = ct("COMMIT", nat() if self.nat else "")
        syn = tcp(src, dst, sport, dport, SYN)
        if self.dice.happens(0.6):
            self.case.send(syn, ct("", nat() if self.nat else ""), side)
        self.case.send(syn, self.dice.pick((new, new, ct("COMMIT", self.nat))), side)
        back = (self.client, self.seen_server) if side else (self.server, self.seen_client)
        self.case.send(tcp(*back, dport, sport, SYN | ACK, 9, 2), ct("", nat() if self.nat else ""), 1 - side)
        self.case.send(tcp(src, dst, sport, dport, ACK, 2, 10), ct("", nat() if self.nat else ""), side)

    def session(self):
        self.start()
        for _ in range(1 + self.dice.below(2)):
            tuple_ = self.dice.pick((self.active, self.passive))()
            if self.dice.happens(0.8):
                self.data(*tuple_)
            if self.dice.happens(0.3):
                options = bytes.fromhex("0101050a") + struct.pack(">LL", self.peer_seq[0] - 5, self.peer_seq[0])
                self.send(1, flags=ACK, options=options)
        self.say(0, "QUIT\r\n")
        self.send(1, flags=FIN | ACK)
        return self.case.text()


def ftp_case(dice, name):
    return Ftp(dice, name).session()


# ---- nattftp ------------------------------------------------------------------------------------------------

def tftp_case(dice, name):
    is_ip6 = dice.happens(0.4)
    case = Case(name, is_ip6)
    client, server, public = addr(is_ip6, 0, 1), addr(is_ip6, 9, 1), addr(is_ip6, 1, 1)
    kind = dice.pick((None, "SRC", "DST"))
    given = {None: "", "SRC": nat("SRC", public), "DST": nat("DST", server)}[kind]
    seen_client, seen_server = (public if kind == "SRC" else client), (public if kind == "DST" else server)
    later = ct("", nat() if kind else "")
    opcode = dice.pick((1, 1, 2, 3))
    request = udp(client, seen_server, 30000, 69, struct.pack(">H", opcode) + b"file\0octet\0")
    for _ in range(1 + dice.below(2)):
        case.send(request, ct("COMMIT", "HELPER=s(tftp)", given))
    data = udp(server, seen_client, 40000, dice.pick((30000, 30000, 30000, 30001)), b"\0\3\0\1abc")
    if dice.happens(0.6):
        case.send(data, later, 1)
    case.send(data, ct("COMMIT", dice.pick((nat() if kind else "", given))), 1)
    case.send(udp(client, seen_server, 30000, 40000, b"\0\4\0\1"), later)
    case.send(data, later, 1)
    return case.text()


# ---- natattr -------------------------------------------------------------------------------------------------

def attr_case(dice, name):
    is_ip6 = dice.happens(0.4)
    low, high = addr(is_ip6, 1, 1).hex(), addr(is_ip6, 1, 5).hex()
    parts = []
    for _ in range(dice.below(6)):
        parts.append(dice.pick(("SRC", "DST", "SRC", "IP_MIN=" + low, "IP_MIN=" + low, "IP_MAX=" + high, "IP_MAX=" + low, "PROTO_MIN=e803",
                                "PROTO_MAX=e903", "PROTO_MAX=e803", "PERSISTENT", "PROTO_HASH", "PROTO_RANDOM")))
    if dice.happens(0.15):
        parts.append(dice.pick(("IP_MIN=" + addr(not is_ip6, 1, 1).hex(), "SRC=00", "PROTO_MIN=00", "10=00", "0", "0=00000000", "PROTO_MIN=e8030000")))
    nest = "NAT{%s}" % " ".join(parts)
    order = [dice.pick(("COMMIT", "COMMIT", "COMMIT", "FORCE_COMMIT", "")), nest]
    if dice.happens(0.1):
        order.reverse()
    if dice.happens(0.1):
        order.append("NAT{%s}" % dice.pick(("", "SRC", "IP_MIN=" + low)))
    key = "IN_PORT=01000000 ETHERNET=020000000001020000000002 ETHERTYPE=%s " % ("86dd" if is_ip6 else "0800")
    key += "IPV6=%s%s0000000011004000" % (addr(True, 0, 1).hex(), addr(True, 9, 1).hex()) if is_ip6 else "IPV4=0a0000010a09000111004000"
    key += " UDP=03e807d0"
    flow = "req s0 ovs_flow NEW flags=request,ack,echo,create dp=@d0 [KEY{%s} ACTIONS{CT{%s}}]" % (key, " ".join(x for x in order if x))
    return "\n".join(["case " + name, "setup ports=p1:1,p2:2", flow, "req s0 ovs_flow GET flags=request,dump dp=@d0", "end"]) + "\n"


FAMILIES = {"nat": nat_case, "natftp": ftp_case, "nattftp": tftp_case, "natattr": attr_case}


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: random_nat.py SEED N >FILE   (N cases of each family)")
    for family, make in FAMILIES.items():
        for i in range(int(sys.argv[2])):
            print(make(Dice("%s-%s-%d" % (family, sys.argv[1], i)), "%s/%04d" % (family, i)), end="")


if __name__ == "__main__":
    main()
