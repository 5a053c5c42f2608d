"""asking.py - what the scripts here share: a client of OVS's families that tells what it is answered."""
import errno
import socket
import struct

from genl import Genl
from random_flows import (CT, ETHERNET, ETHERTYPE, IN_PORT, IPV4, IPV6, NSH, SET, TCP, TCP_FLAGS, TUNNEL, attr, be16, be32,
                          get, put, u32)

CT_ZONE = 23
FLOW_NEW, FLOW_DEL, FLOW_GET = 1, 2, 3
KEY, ACTIONS, MASK = 1, 2, 7
MACS = bytes.fromhex("020000000001020000000002")
IP4_TCP = bytes([10, 0, 0, 1, 10, 0, 0, 2, 6, 0, 64, 0])
IP6_ADDRS = bytes.fromhex("fd00" + "00" * 13 + "01" + "fd00" + "00" * 13 + "02")
PORTS = be16(1) + be16(2)


class Client(Genl):
    """Of every family of OVS; has made the datapath d0."""

    def __init__(self):
        super().__init__()
        self.ids = {name: self.family("ovs_" + name)
                    for name in ("datapath", "vport", "flow", "packet", "meter", "ct_limit")}
        self.ifindex = 0
        self.ask("datapath", 1, 0, attr(1, b"d0\0") + attr(2, u32(0)))
        self.ifindex = socket.if_nametoindex("d0")

    def ask(self, family, cmd, flags, attrs, version=2, dp=None):
        head = struct.pack("=BBHi", cmd, version, 0, self.ifindex if dp is None else dp)
        return self.call(self.ids[family], cmd, flags, head + attrs)

    def outcome(self, error):
        return ("%s %s" % (errno.errorcode[error], self.said) if error else "taken").rstrip()


# Nests; "left out" is what user-mode-linux is configured otherwise for: padding of 64 bits, zones.
KEY_NESTS = {TUNNEL: {"left out": [14]}, NSH: {}, "left out": [CT_ZONE]}
ACTION_NESTS = {CT: {"left out": [2]}, SET: KEY_NESTS}


def text(attrs, nests):
    """The attributes: number=hexadecimal bytes, number{attributes}."""
    return " ".join("%d{%s}" % (kind, text(value, nests[kind])) if kind in nests else "%d=%s" % (kind, value.hex())
                    for kind, value in get(attrs) if kind not in nests.get("left out", ()))


# ---- keys that are whole ----

def key(*more, eth=True):
    return put([(IN_PORT, u32(0))] + ([(ETHERNET, MACS)] if eth else []) + list(more))


def ip4(proto, *more, frag=0):
    return key((ETHERTYPE, be16(0x0800)), (IPV4, IP4_TCP[:8] + bytes([proto, 0, 64, frag])), *more)


def ip6(proto, *more, frag=0):
    return key((ETHERTYPE, be16(0x86dd)), (IPV6, IP6_ADDRS + be32(0) + bytes([proto, 0, 64, frag])), *more)


TCP4 = ip4(6, (TCP, PORTS), (TCP_FLAGS, be16(2)))
TCP6 = ip6(6, (TCP, PORTS), (TCP_FLAGS, be16(2)))
