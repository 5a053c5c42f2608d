"""ways.py - the ways of IPv4 packets (RTM_GETROUTE), the answers to the byte: each kind of destination from each kind of
source, sent by whom it may be, by a device, and received."""
import errno
import os
import socket
import struct

from genl import Genl
from random_flows import attr, get

GETROUTE, DST, SRC, IIF, OIF, CACHEINFO = 26, 1, 2, 3, 4, 12
LOOKUP_TABLE = 0x1000
client = Genl(0)

for command in ("ip link set lo up", "ip link add dm0 type dummy", "ip link set dm0 up", "ip addr add 10.1.1.1/24 dev dm0"):
    assert os.system(command) == 0
LO, DM0 = (socket.if_nametoindex(name) for name in ("lo", "dm0"))
ADDRESSES = "0.0.0.0 10.1.1.1 10.1.1.5 10.1.1.255 0.0.0.5 8.8.8.8 127.0.0.1 127.0.0.2 255.255.255.255 224.0.0.1 224.0.0.5".split()
BY = {"": [], "in by dm0": [(IIF, DM0)], "in by lo": [(IIF, LO)], "out by dm0": [(OIF, DM0)], "out by lo": [(OIF, LO)]}


def number(kind, value):
    """The devices' numbers are each kernel's own; how often its cache has a way, and since when, is a matter of the run."""
    if kind in (IIF, OIF):
        return {LO: "lo", DM0: "dm0"}[struct.unpack("=i", value)[0]]
    return "..." + value[8:].hex() if kind == CACHEINFO else value.hex()


def ask(title, to, source, flags=0, by=()):
    header = struct.pack("=BBBBBBBBI", socket.AF_INET, 32 if to else 0, 32 if source else 0, 0, 0, 0, 0, 0, flags)
    attrs = [(kind, socket.inet_aton(ip)) for kind, ip in ((DST, to), (SRC, source)) if ip]
    attrs += [(kind, struct.pack("=i", index)) for kind, index in by]
    error, answers = client.call(GETROUTE, 0, 0, header + b"".join(attr(*a) for a in attrs))
    print("%s: %s" % (title, errno.errorcode[error] if error else answers[0][:12].hex() + "".join(
        " %d=%s" % (kind, number(kind, value)) for kind, value in get(answers[0][12:]))))


for to in [None] + ADDRESSES:
    for source in [None] + ADDRESSES:
        for name, by in BY.items():
            ask(" ".join(filter(None, ("to " + (to or "nobody"), source and "from " + source, name))), to, source, 0, by)
for to in ADDRESSES:
    ask("to %s, with its table" % to, to, None, LOOKUP_TABLE)
    ask("to %s, with its table, out by dm0" % to, to, None, LOOKUP_TABLE, BY["out by dm0"])
    ask("to %s, with its table, in by dm0" % to, to, "10.1.1.5", LOOKUP_TABLE, BY["in by dm0"])
ask("to 10.1.1.5 by no device", "10.1.1.5", None, 0, [(OIF, 9999)])
ask("to 10.1.1.5 from no device", "10.1.1.5", None, 0, [(IIF, 9999)])
