"""digest.py FILE.pcap - how many frames there are, and a number made of all their bytes, but not of their times.

Nor of the identification of IPv6 fragments, which Linux chooses at random when it cuts a datagram again.
"""
import binascii
import struct
import sys

from make_pcaps import TCP, checksum

FRAGMENT6 = 44


def comparable(frame):
    """Without that identification; with the TCP checksum that Linux leaves to a device, of which it has only summed up the pseudo header."""
    if frame[12:14] == b"\x86\xdd" and frame[20] == FRAGMENT6:
        return frame[:58] + bytes(4) + frame[62:]
    if frame[12:14] != b"\x08\0" or frame[23] != TCP:
        return frame
    end = 14 + struct.unpack("!H", frame[16:18])[0]
    pseudo = frame[26:34] + struct.pack("!HH", TCP, end - 34)
    begun = ~checksum(pseudo) & 0xFFFF
    if frame[50:52] != struct.pack("!H", begun):
        return frame
    return frame[:50] + struct.pack("!H", checksum(frame[34:end])) + frame[52:]


n = crc = 0
with open(sys.argv[1], "rb") as pcap:
    pcap.read(24)
    while head := pcap.read(16):
        frame = comparable(pcap.read(struct.unpack("<IIII", head)[2]))
        n, crc = n + 1, binascii.crc32(struct.pack("<I", len(frame)) + frame, crc)
print(f"{n} frames, crc {crc:08x}")
