# complaints.sed - what is above INFO in ovs-vswitchd's log, without times, threads and numbers of processes.
/|\(WARN\|ERR\|EMER\)|/!d
s/^[^|]*|[^|]*|\([^|(]*\)\(([^)]*)\)\{0,1\}|/\1|/
s/pid [0-9]*/pid N/
# The machine is slow.
/^timeval|/d
/^ovs_rcu|WARN|blocked/d
/log messages in last/d
# A revalidator misses, in the middle of its round, flows that have been purged.
/^dpif|WARN|.* failed to flow_get (No such file or directory)/d
/Failed to acquire udpif_key/d
