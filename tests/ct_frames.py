"""ct_frames.py - sends the frames of five conversations out of p1 and p2, internal ports, as hosts would.

An opened and a begun TCP connection, a DNS question and its answer behind NAT, a ping, a TFTP read request; then what
belongs to none: a TCP reset, an ICMP error about nothing.
"""
import argparse
import socket
import struct

A, B, NATTED = "10.0.0.1", "10.0.0.2", "192.168.0.1"
ETHERNET = bytes.fromhex("020000000002 020000000001 0800")
SYN, SYN_ACK, ACK, RST = 0x02, 0x12, 0x10, 0x04
SCALE_7 = b"\x03\x03\x07\x00"


def checksum(data):
    total = sum(struct.unpack(f">{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def put_checksum(data, at, pseudo=b""):
    return data[:at] + struct.pack(">H", checksum(pseudo + data)) + data[at + 2:]


def ipv4(src, dst, proto, payload, checksum_at, has_pseudo=True):
    addrs = socket.inet_aton(src) + socket.inet_aton(dst)
    pseudo = addrs + struct.pack(">HH", proto, len(payload)) if has_pseudo else b""
    header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0, 64, proto, 0) + addrs
    return ETHERNET + put_checksum(header, 10) + put_checksum(payload, checksum_at, pseudo)


def tcp(src, dst, ports, seq, ack, flags, options=b""):
    header = struct.pack(">HHIIBBHHH", *ports, seq, ack, (20 + len(options)) << 2, flags, 65535, 0, 0)
    return ipv4(src, dst, socket.IPPROTO_TCP, header + options, 16)


def udp(src, dst, ports, payload):
    return ipv4(src, dst, socket.IPPROTO_UDP,
                struct.pack(">HHHH", *ports, 8 + len(payload), 0) + payload, 6)


def ping(src, dst, icmp_type):
    return ipv4(src, dst, socket.IPPROTO_ICMP, struct.pack(">BBHHH", icmp_type, 0, 0, 7, 1), 2, False)


def icmp_error(src, dst, about):
    return ipv4(src, dst, socket.IPPROTO_ICMP, bytes([3, 3, 0, 0, 0, 0, 0, 0]) + about[len(ETHERNET):], 2, False)


def read_request(port):
    return ("p1", udp(A, B, (port, 69), b"\0\1file\0octet\0"))


FRAMES = (
    ("p1", tcp(A, B, (1000, 80), 100, 0, SYN, SCALE_7)),
    ("p2", tcp(B, A, (80, 1000), 500, 101, SYN_ACK, SCALE_7)),
    ("p1", tcp(A, B, (1000, 80), 101, 501, ACK)),
    ("p1", tcp(A, B, (1001, 80), 100, 0, SYN)),
    ("p1", udp(A, B, (1000, 53), b"question")),
    ("p2", udp(B, NATTED, (53, 4000), b"answer")),
    ("p1", ping(A, B, 8)),
    ("p2", ping(B, A, 0)),
    read_request(2000),
    ("p1", tcp(A, B, (1002, 80), 100, 0, RST)),
    ("p1", icmp_error(A, B, udp(B, A, (9, 9), b""))),
)

options = argparse.ArgumentParser(description=__doc__)
options.add_argument("--frame", type=int, help="only this one, from 0")
options.add_argument("--request", type=int, metavar="PORT", help="only a read request from that port")
options = options.parse_args()

if options.request:
    FRAMES = (read_request(options.request),)
elif options.frame is not None:
    FRAMES = FRAMES[options.frame:options.frame + 1]
for port, frame in FRAMES:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as out:
        out.bind((port, 0x0800))
        out.send(frame)
