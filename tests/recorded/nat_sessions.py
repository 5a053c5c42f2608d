"""nat_sessions.py - random connections through ct(nat()), FTP and TFTP with their helpers: what becomes of each packet.

tests/random_nat.py makes them. A line for each packet: the error, or ct_state, a checksum of what left and the connection's original tuple.
"""
import socket
import struct
import zlib

from asking import Client
from genl import ACK, Genl
from random_flows import (CT, CT_STATE, CT_TUPLE4, CT_TUPLE6, IN_PORT, OUTPUT, RECIRC, USERSPACE, attr, get, u32)
from random_nat import Dice, ftp_case, nat_case, tftp_case

PACKET, KEY, ACTIONS = 1, 2, 3
EXECUTE = 3
CTNETLINK_DELETE = 0x102

# The words of a case: its attribute, and those inside.
NAT = {"SRC": 1, "DST": 2, "IP_MIN": 3, "IP_MAX": 4, "PROTO_MIN": 5, "PROTO_MAX": 6, "PERSISTENT": 7, "PROTO_HASH": 8, "PROTO_RANDOM": 9}
TRACK = {"COMMIT": 1, "ZONE": 2, "MARK": 3, "LABELS": 4, "HELPER": 5, "NAT": (6, NAT), "FORCE_COMMIT": 7}
TO_USER = {"PID": 1, "USERDATA": 2}
WORDS = {"PACKET": PACKET, "KEY": (KEY, {"IN_PORT": IN_PORT}),
         "ACTIONS": (ACTIONS, {"CT": (CT, TRACK), "USERSPACE": (USERSPACE, TO_USER), "RECIRC": RECIRC, "OUTPUT": OUTPUT})}

# Where the kernel draws a port by chance, as it does from every range.
DRAWN = {5, 14, 17, 27, 101}


class Sessions(Client):
    def __init__(self):
        super().__init__()
        self.upcalls = Genl()
        self.upcalls.sock.setblocking(False)
        for port in ("p1", "p2"):
            self.ask("vport", 1, 0, attr(3, port.encode() + b"\0") + attr(2, u32(2)) + attr(5, u32(self.upcalls.pid)))
        self.netfilter = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
        self.netfilter.bind((0, 0))

    def forget(self):
        """All connections."""
        self.netfilter.send(struct.pack("=IHHIIBBH", 20, CTNETLINK_DELETE, 1 | ACK, 1, 0, 0, 0, 0))
        self.netfilter.recv(4096)

    def value(self, text):
        if text.startswith("s("):
            return text[2:-1].encode() + b"\0"
        return u32(self.upcalls.pid) if text == "@u0" else bytes.fromhex(text)

    def attributes(self, words, names):
        """Attributes of what a case calls them, up to the end of the nest."""
        out = b""
        while words and words[0] != "}":
            name, is_equal, value = words.pop(0).partition("=")
            number = names[name]
            if is_equal:
                out += attr(number, self.value(value))
            elif isinstance(number, tuple):
                words.pop(0)
                out += attr(number[0], self.attributes(words, number[1]))
                words.pop(0)
            else:
                out += attr(number)
        return out

    def heard(self):
        while True:
            try:
                data = self.upcalls.sock.recv(1 << 16)
            except BlockingIOError:
                return
            upcall = dict(get(data[24:]))
            key = dict(get(upcall[KEY]))
            # A checksum is as good as the frame itself to see that it is the same.
            print("    %s %02x %08x %s" % ("miss" if data[16] == 1 else "action", key[CT_STATE][0], zlib.crc32(upcall[PACKET]),
                                         key.get(CT_TUPLE4, key.get(CT_TUPLE6, b"")).hex()))

    def play(self, case):
        print(case[0].removeprefix("case "))
        for line in case:
            if line.startswith("req s0 ovs_packet EXECUTE"):
                words = line[line.index("[") + 1:line.rindex("]")].replace("{", " { ").replace("}", " } ").split()
                error, _ = self.ask("packet", EXECUTE, 0, self.attributes(words, WORDS))
                if error:
                    print("   ", self.outcome(error))
                self.heard()
        self.forget()


def cases():
    for make, name, seeds in ((nat_case, "nat", set(range(120)) - DRAWN), (ftp_case, "ftp", range(25)), (tftp_case, "tftp", range(10))):
        for seed in sorted(seeds):
            yield make(Dice(seed), "%s-%d" % (name, seed)).splitlines()


def main():
    sessions = Sessions()
    for case in cases():
        if not any(word in line for line in case for word in ("PROTO_MAX=", "ZONE=")):   # user-mode-linux knows no zones
            sessions.play(case)


if __name__ == "__main__":
    main()
