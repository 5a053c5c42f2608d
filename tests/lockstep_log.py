#!/usr/bin/python3
"""lockstep_log.py RECORDING - what clients have changed, what they were told of packets, and all frames, a line each.

Requests that only read are left out, and of others what differs from run to run though it changes nothing: sequence
numbers and port ids, which count what was read before, and flows' ids, which ovs-vswitchd draws at random. It goes by
them where it changes many flows at once: such requests are sorted, and so are those before the first frame, where nothing
is in step yet."""
import itertools
import struct
import sys

# Families have numbers in the order the kernel registers them.
DATAPATH, VPORT, FLOW, PACKET, METER, CT_LIMIT = range(32, 38)
READS = {DATAPATH: {3}, VPORT: {3}, FLOW: {3}, PACKET: set(), METER: {1, 4}, CT_LIMIT: {3}}
RANDOM = {FLOW: {9: "ufid"}}            # attributes
TO_KERNEL = 7


def blocks(data):
    """Interfaces and packets: (name, time, outbound, bytes)."""
    at, names = 0, []
    while at < len(data):
        kind, size = struct.unpack_from("<II", data, at)
        body = data[at + 8:at + size - 4]
        at += size
        if kind == 1:                   # interface description
            names.append(dict(options(body[8:])).get(2, b"?").decode())
        elif kind == 6:                 # enhanced packet
            number, high, low, len_, _ = struct.unpack_from("<IIIII", body)
            flags = dict(options(body[20 + (len_ + 3 & ~3):])).get(2, bytes(4))
            yield names[number], high << 32 | low, struct.unpack("<I", flags)[0] & 3 == 2, body[20:20 + len_]


def options(data):
    at = 0
    while at + 4 <= len(data):
        code, size = struct.unpack_from("<HH", data, at)
        if not code:
            return
        yield code, data[at + 4:at + 4 + size]
        at += 4 + (size + 3 & ~3)


def messages(data):
    while len(data) >= 16:
        size, kind, flags = struct.unpack_from("<IHH", data)
        yield kind, flags, data[16:size]
        data = data[size + 3 & ~3:]


def attributes(family, data):
    """In hexadecimal, or a word for what is random."""
    while len(data) >= 4:
        size, kind = struct.unpack_from("<HH", data)
        word = RANDOM.get(family, {}).get(kind)
        yield f"{kind}=" + (word or data[4:size].hex())
        data = data[size + 3 & ~3:]


def generic(kind, flags, body, is_request):
    """A message of one of the families, None: it changes nothing."""
    cmd = body[0]
    if cmd in READS[kind] if is_request else kind != PACKET:
        return None
    ifindex = struct.unpack_from("<i", body, 4)[0]
    return f"family {kind} cmd {cmd} flags {flags:#x} dp {ifindex} " + " ".join(attributes(kind, body[8:]))


def line_of(datagram):
    packet_type, protocol = struct.unpack_from(">H12xH", datagram)
    is_request = packet_type == TO_KERNEL
    for kind, flags, body in messages(datagram[16:]):
        if protocol == 16 and kind in READS:
            text = generic(kind, flags, body, is_request)
        elif protocol == 0 and is_request and kind >= 16 and kind % 4 != 2:
            text = f"route {kind} flags {flags:#x} {body.hex()}"
        else:
            text = None
        if text:
            yield ("request " if is_request else "upcall ") + text


def lines(data):
    """With what those that are sorted have in common."""
    has_begun = False
    for name, time, is_out, body in blocks(data):
        has_begun |= name != "netlink"
        if name == "netlink":
            for line in line_of(body):
                yield f"{time} {line}", not has_begun or line.startswith(f"request family {FLOW}") and (time, line[:22])
        else:
            yield f"{time} {'out of' if is_out else 'into'} {name} {body.hex()}", False


def main():
    with open(sys.argv[1], "rb") as file:
        data = file.read()
    for common, group in itertools.groupby(lines(data), lambda pair: pair[1]):
        texts = [text for text, _ in group]
        print("\n".join(sorted(texts) if common else texts))


main()
