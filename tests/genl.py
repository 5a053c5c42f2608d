# genl.py - an ordinary client of generic netlink.
# SPDX-License-Identifier: Apache-2.0
import socket
import struct

from random_flows import attr, get

REQUEST, ACK, DUMP, EXCL, CREATE = 1, 4, 0x300, 0x200, 0x400
NLCTRL, GETFAMILY = 16, 3
ERROR, DONE = 2, 3
SOL_NETLINK, EXT_ACK = 270, 11


class Genl:
    def __init__(self, protocol=16):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.sock.setsockopt(SOL_NETLINK, EXT_ACK, 1)
        self.said = ""          # the last error's sentence, and the offset of the attribute that it is about
        self.sock.bind((0, 0))
        self.pid = self.sock.getsockname()[0]
        self.seq = 0

    def family(self, name):
        answers = self.call(NLCTRL, GETFAMILY, 0, struct.pack("=BBH", GETFAMILY, 1, 0) +
                            attr(2, name.encode() + b"\0"))[1]
        return struct.unpack("=H", dict(get(answers[0][4:]))[1])[0]

    def call(self, family, cmd, flags, body):
        """Sends; the error and the messages that came back."""
        self.seq += 1
        flags |= REQUEST | (0 if flags & DUMP == DUMP else ACK)
        self.sock.send(struct.pack("=IHHII", 16 + len(body), family, flags, self.seq, 0) + body)
        answers = []
        while True:
            data = self.sock.recv(1 << 20)
            while data:
                size, kind, flags, _, _ = struct.unpack_from("=IHHII", data)
                body, data = data[16:size], data[(size + 3) & ~3:]
                if kind in (ERROR, DONE):
                    self.said = sentence(flags, body)
                    return -struct.unpack_from("=i", body)[0], answers
                answers.append(body)


def sentence(flags, body):
    """What an ERROR says of itself, beside the number."""
    if not flags & 0x200:
        return ""
    parts = dict(get(body[20 if flags & 0x100 else 4 + (struct.unpack_from("=I", body, 4)[0] + 3 & ~3):]))
    where = " at %d" % struct.unpack("=I", parts[2]) if 2 in parts else ""
    missing = " (missing: %d)" % struct.unpack("=I", parts[5]) if 5 in parts else ""
    return '"%s"%s%s' % (parts.get(1, b"\0")[:-1].decode(), where, missing)
