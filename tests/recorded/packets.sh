# packets.sh - options of AF_PACKET sockets, and what they do to a device.
ip link add d0 address 02:00:00:00:ff:10 type dummy
ip link set d0 up
"$client_packet_options" d0
show d0
