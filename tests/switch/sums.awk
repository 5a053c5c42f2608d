# sums.awk - what dump-ports says has left by each port is what the recordings hold; prints what is not.
# A port counts a frame as the switch hands it over: the outermost tag is not yet among its bytes.
/^OFPST_PORT/            { n_switches++ }
/^ *port +[0-9]+: /      { port = n_switches == 2 ? "q" $2 : "p" $2; sub(":", "", port) }
/^ *tx pkts=/            { split($2, packets, "[=,]"); split($3, bytes, "[=,]")
                           want_packets[port] = packets[2]; want_bytes[port] = bytes[2] }
/^-- .*\.pcap$/          { split($2, part, "."); port = part[2] }
/^[0-9]+ len /           { n_packets[port]++; n_bytes[port] += $3 - 4 * /vlan\(/ }
END {
    for (port in n_packets) {
        n_ports++
        if (n_packets[port] != want_packets[port] || n_bytes[port] != want_bytes[port]) {
            print port ": " n_packets[port] " packets of " n_bytes[port] " bytes are recorded, counted are " \
                want_packets[port] " of " want_bytes[port]
            status = 1
        }
    }
    exit n_ports ? status : 1
}
