"""feed.py DEVICE FILE.pcap - sends the frames of a file of fixtures/make_pcaps.py by an AF_PACKET socket."""
import socket
import struct
import sys

wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind((sys.argv[1], 0))
with open(sys.argv[2], "rb") as pcap:
    pcap.read(24)
    while head := pcap.read(16):
        wire.send(pcap.read(struct.unpack("<IIII", head)[2]))
