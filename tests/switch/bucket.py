"""bucket.py FILE.pcap pktps|kbps RATE BURST - which frames of a file a token bucket of Linux lets through, by number.

The bucket was full when a frame of 60 bytes passed, long before the file's first.
"""
import struct
import sys

is_kbps, rate, burst = sys.argv[2] == "kbps", int(sys.argv[3]), int(sys.argv[4])
full = burst * 1000
longest = full // rate          # milliseconds that a refill may count


def cost(length):
    return length * 8 if is_kbps else 1000


tokens = min(full, full - cost(60) + longest * rate)
before = 0
with open(sys.argv[1], "rb") as pcap:
    pcap.read(24)
    n = 0
    while head := pcap.read(16):
        seconds, ns, length, _ = struct.unpack("<IIII", head)
        pcap.read(length)
        n += 1
        now = seconds * 1000 + ns // 1_000_000
        tokens = min(full, tokens + min(now - before, longest) * rate)
        before = now
        if tokens >= cost(length):
            tokens -= cost(length)
            print(n)
