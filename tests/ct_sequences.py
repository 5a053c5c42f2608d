#!/usr/bin/env python3
# ct_sequences.py - the ct_state after each packet of random sequences is the one that the kernel gave.
# Run it as: dpsim run --scenario FILE-that-makes-d0 -- ct_sequences.py STATES
# STATES has a line for each sequence: "tcp-17 21 2a 22 30 EINVAL": kind and seed (random_ct.py makes the packets of
# it), and for each packet ct_state's low byte, or the error. New lines: ct_sequences.py --record TRANSCRIPT, what
# tools/parity --record has written of random_ct.py's cases.
# SPDX-License-Identifier: Apache-2.0
import errno
import re
import socket
import struct
import sys

sys.dont_write_bytecode = True
from genl import Genl
from random_ct import COMMIT, FORCE, sequence
from random_flows import CT, CT_STATE, IN_PORT, USERSPACE, attr, get, u32

DP = "d0"
EXECUTE = 3
A_PACKET, A_KEY, A_ACTIONS = 1, 2, 3
CT_COMMIT, CT_ZONE, CT_FORCE_COMMIT = 1, 2, 7


class Datapath(Genl):
    """Tracks packets; hears of them by a socket of their own."""

    def __init__(self):
        super().__init__()
        self.packet = self.family("ovs_packet")
        self.ifindex = socket.if_nametoindex(DP)
        self.upcalls = Genl()
        self.upcalls.sock.setblocking(False)

    def track(self, side, frame, action, zone):
        ct = attr(CT_COMMIT) if action == COMMIT else attr(CT_FORCE_COMMIT) if action == FORCE else b""
        actions = attr(CT, ct + attr(CT_ZONE, struct.pack("=H", zone)))
        actions += attr(USERSPACE, attr(1, u32(self.upcalls.pid)))
        body = struct.pack("=BBHi", EXECUTE, 1, 0, self.ifindex) + attr(A_PACKET, frame)
        body += attr(A_KEY, attr(IN_PORT, u32(side + 1))) + attr(A_ACTIONS, actions)
        error = self.call(self.packet, EXECUTE, 0, body)[0]
        if error:
            return errno.errorcode[error]
        upcall = dict(get(self.upcalls.sock.recv(1 << 16)[24:]))
        return "%02x" % dict(get(upcall[A_KEY]))[CT_STATE][0]


def compare(path):
    """Each sequence in a zone of its own, as the kernel had each in a namespace."""
    datapath, steps, bad = Datapath(), 0, 0
    with open(path) as file:
        lines = [line.split() for line in file if not line.startswith("#")]
    for zone, (name, *want) in enumerate(lines, 1):
        kind, seed = name.split("-")
        got = [datapath.track(*step, zone) for step in sequence(kind, int(seed))]
        steps += len(got)
        if got != want:
            bad += 1
            print("%s\n    kernel: %s\n    here:   %s" % (name, " ".join(want), " ".join(got)))
    print("%d sequences, %d packets: %d sequences differ" % (len(lines), steps, bad))
    return bad or not lines


def record(path):
    """Prints lines of STATES from a transcript: the first answer to each request counts."""
    name, states = None, []
    with open(path) as file:
        for line in file:
            if line.startswith("case "):
                name, states = line.split("/")[1].strip(), []
            elif line.startswith("req "):
                states.append(None)
            elif line.startswith("end"):
                print(name, *states)
            elif states and (answer := re.search(r"CT_STATE=(..)| ERROR (\w+)", line)):
                states[-1] = states[-1] or answer.group(1) or answer.group(2)


if sys.argv[1] == "--record":
    record(sys.argv[2])
else:
    sys.exit(1 if compare(sys.argv[1]) else 0)
