"""feed.py DEVICE FILE.pcap [N] - sends the frames of a file of fixtures/make_pcaps.py, or its frame N, by an AF_PACKET socket."""
import socket
import struct
import sys

wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind((sys.argv[1], 0))
with open(sys.argv[2], "rb") as pcap:
    pcap.read(24)
    frames = []
    while head := pcap.read(16):
        frames.append(pcap.read(struct.unpack("<IIII", head)[2]))
only = slice(int(sys.argv[3]) - 1, int(sys.argv[3])) if len(sys.argv) > 3 else slice(None)
for frame in frames[only]:
    wire.send(frame)
