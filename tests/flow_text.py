#!/usr/bin/env python3
# flow_text.py - flows as text: what dpsim prints is what ovs-dpctl prints, and it reads back to the
# same bytes. Run it as: dpsim run -- flow_text.py DPSIM [--seed N] [--flows N]
# SPDX-License-Identifier: Apache-2.0
import argparse
import os
import re
import shutil
import socket
import struct
import subprocess
import sys

sys.dont_write_bytecode = True
from genl import CREATE, DUMP, EXCL, Genl
from random_flows import (ENCAP, IN_PORT, IPV6, MPLS, NESTS, NSH, PORTS, TCP_FLAGS, TUNNEL, Source,
                          attr, clear, get, put)

DP = "d0"

FLOW_NEW, FLOW_DEL, FLOW_GET = 1, 2, 3
F_KEY, F_ACTIONS, F_MASK, F_UFID = 1, 2, 7, 9


# ---- netlink ------------------------------------------------------------------------------------

class Netlink(Genl):
    """An ordinary client of the flow family."""

    def __init__(self):
        super().__init__()
        self.flow = self.family("ovs_flow")
        self.ifindex = socket.if_nametoindex(DP)

    def request(self, cmd, flags, attrs):
        head = struct.pack("=BBHi", cmd, 1, 0, self.ifindex)
        return self.call(self.flow, cmd, flags, head + attrs)

    def add(self, flow):
        return self.request(FLOW_NEW, CREATE | EXCL, flow)[0]

    def flush(self):
        self.request(FLOW_DEL, 0, b"")

    def dump(self):
        """(KEY, MASK, ACTIONS) of each flow, in order."""
        flows = []
        for answer in self.request(FLOW_GET, DUMP, b"")[1]:
            parts = dict(get(answer[8:]))
            flows.append((parts.get(F_KEY, b""), parts.get(F_MASK, b""), parts.get(F_ACTIONS, b"")))
        return flows


def flow_bytes(key, mask, actions, ufid):
    return (attr(F_KEY, put(key)) + (attr(F_MASK, put(mask)) if mask is not None else b"") +
            attr(F_ACTIONS, put(actions)) + (attr(F_UFID, ufid) if ufid else b""))


def random_flows(source, netlink, n):
    """Puts 'n' flows that the datapath accepts: few random lists of actions are legal."""
    accepted = 0
    for _ in range(4 * n):
        key = source.key()
        mask = source.mask(key) if source.some(0.85) else None
        ufid = source.bytes(16) if source.some(0.2) else None
        for actions in [source.list(key) for _ in range(4)] + [[]]:
            if not netlink.add(flow_bytes(key, mask, actions, ufid)):
                accepted += 1
                break
        if accepted == n:
            break
    return accepted


# ---- texts --------------------------------------------------------------------------------------

def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, **more)


def lines(*command):
    done = run(*command)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr}")
    return [re.sub(r"used:[^,]*", "used:-", line) for line in done.stdout.splitlines()]


def dump_both(dpsim, options):
    """What ovs-dpctl and dpsim print, flow by flow, without dec_ttl: OVS 3.1 has another action by
    its number, and reads on behind its end."""
    want = lines("ovs-dpctl", *options, "dump-flows", DP)
    got = lines(dpsim, "do", "dump-flows", DP, *options)
    if len(want) != len(got):
        sys.exit(f"ovs-dpctl prints {len(want)} lines, dpsim {len(got)}")
    return zip(*[pair for pair in zip(want, got) if "dec_ttl(" not in pair[1]])


def compare(what, want, got):
    """Prints the first lines that differ; how many there are."""
    bad = [(w, g) for w, g in zip(want, got) if w != g]
    for w, g in bad[:report_most]:
        print(f"{what}\n    ovs-dpctl: {w}\n    dpsim:     {g}")
    print(f"{what}: {len(want) - len(bad)} of {len(want)} equal")
    return len(bad)


report_most = 5


def compare_texts(dpsim):
    bad = 0
    for options in ((), ("-m",), ("--names",), ("-m", "--no-names")):
        want, got = dump_both(dpsim, options)
        bad += compare(" ".join(("dump-flows",) + options), want, got)
    return bad


def geneve_bits(key):
    """The bits of a mask of Geneve options that have a text: all but three of each length."""
    bits = b""
    while len(bits) < len(key):
        bits += b"\xff\xff\xff\x1f" + b"\xff" * (4 * (key[len(bits) + 3] & 0x1f))
    return bits


# Bits of a mask that ovs-dpctl shows, by nest (0: none) and type; of others it shows all.
SHOWN = {
    (0, IPV6): b"\xff" * 32 + b"\0\x0f\xff\xff" + b"\xff" * 4,
    (0, TCP_FLAGS): b"\x0f\xff",
    (TUNNEL, 11): b"\0\0\0\0\xff\xff\xff\0",
    (TUNNEL, 15): b"\xff" * 4 + bytes(8),
}
TUNNEL_FLAGS = (5, 6, 7)        # without payload


def normal_mask(key, mask, nest=0):
    """A mask without what the text does not say: hidden bits, and whether what matches nothing is
    there at all."""
    keys = dict(get(key))
    out = []
    for kind, value in get(mask):
        if not nest and kind in NESTS:
            value = normal_mask(keys.get(kind, b""), value, 0 if kind == ENCAP else kind)
        elif kind not in keys and kind not in TUNNEL_FLAGS and (nest or kind == IN_PORT):
            continue            # no text, or a made-up one
        elif (nest, kind) == (TUNNEL, 8):
            value = clear(value, geneve_bits(keys[kind]))
        else:
            value = clear(value, SHOWN.get((nest, kind), b"\xff" * len(value)))
        if not nest or kind in TUNNEL_FLAGS or value.strip(b"\0"):
            out.append((kind, value))
    return tuple(out)


def normal_key(key, mask, nest=0):
    """A key without what its mask leaves free or does not show."""
    masks = dict(get(mask))
    out = []
    for kind, value in get(key):
        bits = masks.get(kind, b"")
        if not nest and kind in NESTS:
            out.append((kind, normal_key(value, bits, 0 if kind == ENCAP else kind)))
            continue
        bits = clear(bits, SHOWN.get((nest, kind), bits))
        if bits.strip(b"\0"):
            out.append((kind, clear(value, bits)))
    return tuple(out)


def normal(flow):
    return normal_key(flow[0], flow[1]), normal_mask(flow[0], flow[1]), flow[2]


def add_text(netlink, dpsim, text):
    """The flow that its text makes, or the sentence of its refusal."""
    match = re.fullmatch(r"(.*), packets:\d+, .*?actions:(.*)", text)
    netlink.flush()
    done = run(dpsim, "do", "flow", DP, match[1], match[2])
    return done.stderr.strip() or netlink.dump()[0]


def add_bytes(netlink, flow):
    """The flow that its dumped bytes make: not always the same, as each put changes masks."""
    netlink.flush()
    error = netlink.add(attr(F_KEY, flow[0]) + attr(F_MASK, flow[1]) + attr(F_ACTIONS, flow[2]))
    return netlink.dump()[0] if not error else error


# Refusals of what the text leaves out, and sentences of ovs-dpctl instead of it.
LOST = re.compile(r"Missing key|TTL not specified|dst address|error: p|opt len|range error|bad key")


def same(text, want, got):
    if isinstance(want, int):       # a flow of which the datapath refuses its own dump
        return True
    if isinstance(got, str):
        return bool(LOST.search(got) or LOST.search(text))
    return normal(want) == normal(got) or has_empty_mask(want[1])


def has_empty_mask(mask):
    """ovs-dpctl shows the labels that an empty mask leaves free as exact."""
    return any(has_empty_mask(value) if kind == ENCAP else kind == MPLS and not value
               for kind, value in get(mask))


def report_difference(text, want, got):
    print(f"read back: {text}\n    {[x for x in (want, got) if not isinstance(x, tuple)]}")
    if isinstance(got, tuple) and isinstance(want, tuple):
        for name, was, now in zip(("key", "mask", "actions"), normal(want), normal(got)):
            if was != now:
                print(f"    {name} was {was}\n    {name} is  {now}")


def read_back(netlink, dpsim, options):
    """Adds each flow by its bytes and by its text: both must make the same flow."""
    flows = netlink.dump()
    texts = run(dpsim, "do", "dump-flows", DP, *options).stdout.splitlines()
    bad = 0
    for flow, text in zip(flows, texts):
        want, got = add_bytes(netlink, flow), add_text(netlink, dpsim, text)
        if same(text, want, got):
            continue
        bad += 1
        if bad <= report_most:
            report_difference(text, want, got)
    print(f"read back {' '.join(options)}: {len(texts) - bad} of {len(flows)} equal")
    return bad + abs(len(flows) - len(texts))


def check(netlink, dpsim, fill):
    """fill() puts the flows; it is called again for each way of reading back."""
    fill()
    bad = compare_texts(dpsim)
    bad += read_back(netlink, dpsim, ())
    netlink.flush()
    fill()
    bad += read_back(netlink, dpsim, ("-m",))
    netlink.flush()
    return bad


ALL_TCP_FLAGS = ("020000000001020000000002" "0800" "4500002800010000400600000a0000010a000002"
                 "03e807d0000000010000000050ff200000000000")


def check_counters(dpsim):
    """Packets, bytes and TCP flags of a flow that is hit."""
    run(dpsim, "do", "flow", DP, "in_port(1),eth(),eth_type(0x0800),ipv4(frag=no)", "2", check=True)
    run(dpsim, "do", "send", "p1", ALL_TCP_FLAGS, check=True)
    bad = compare_texts(dpsim)
    text = lines(dpsim, "do", "dump-flows", DP)[0]
    if not text.endswith(", packets:1, bytes:54, used:-, flags:SFPRU.EC, actions:2"):
        print("the flow was not hit")
        bad += 1
    return bad


def prepare(dpsim):
    run(dpsim, "do", "dp", DP, check=True)
    for i in range(PORTS):
        run(dpsim, "do", "port", DP, f"p{i + 1}", check=True)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("dpsim")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--flows", type=int, default=250)
    args = options.parse_args()
    if not os.environ.get("DPSIM_SOCKET"):
        sys.exit("flow_text.py: run it with dpsim run")
    if not shutil.which("ovs-dpctl"):
        sys.exit("flow_text.py: ovs-dpctl is missing (Debian: openvswitch-switch)")
    prepare(args.dpsim)
    netlink = Netlink()

    def fill():
        accepted = random_flows(Source(args.seed), netlink, args.flows)
        if accepted < args.flows:
            sys.exit(f"only {accepted} random flows are legal")

    bad = check(netlink, args.dpsim, fill) + check_counters(args.dpsim)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
