#!/usr/bin/env python3
"""retouch.py IN OUT WHAT HEX NEW - a pcapng file with one thing changed: a recording that now tells something else.

WHAT is the number of a record as `dpsim show` prints it, HEX the bytes in it that become NEW (as many)."""
import struct
import sys


def blocks(data):
    """Yields (offset, type, length) of each block; the files are ours: one section, in our byte order."""
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("=II", data, at)
        yield at, kind, length
        at += length


def main():
    source, target, what, old, new = sys.argv[1:]
    old, new = bytes.fromhex(old), bytes.fromhex(new)
    data = bytearray(open(source, "rb").read())
    number = 0
    for at, kind, length in blocks(data):
        if kind in (6, 0xBAD):              # a packet, an event
            number += 1
        if kind in (6, 0xBAD) and number == int(what):
            found = data.find(old, at, at + length)
            if found < 0 or len(old) != len(new):
                sys.exit(f"record {what} does not hold {old.hex()}")
            data[found:found + len(old)] = new
            open(target, "wb").write(data)
            return
    sys.exit(f"there is no record {what}")


main()
