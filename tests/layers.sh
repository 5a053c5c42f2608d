#!/bin/sh
# layers.sh ROOT - lower folders never include higher ones; netlink/ has no OVS words; dp/ and netlink/ have no I/O; tests
# wait for events.
set -u
cd "$1" || exit 2
failed=0

complain() {    # TEXT COMMAND...: prints TEXT and what COMMAND finds, if anything
    text=$1
    shift
    found=$("$@") && { echo "$text:"; echo "$found"; failed=1; }
}

complain "base/ includes a higher folder" grep -nE '#include "(netlink|dp|sim|fuzz|tools)/' base/*.[ch]
complain "netlink/ includes a higher folder" grep -nE '#include "(dp|sim|fuzz|tools)/' netlink/*.[ch]
complain "dp/ includes a higher folder" grep -nE '#include "(sim|fuzz|tools)/' dp/*.[ch] dp/*/*.[ch]
complain "sim/ includes a higher folder" grep -nE '#include "(fuzz|tools)/' sim/*.[ch]
complain "fuzz/ includes a higher folder" grep -nE '#include "(tools|tests)/' fuzz/*.[ch]
complain "netlink/ knows OVS" grep -niE '(ovs_|openvswitch|#include <linux/openvswitch)' netlink/*.[ch]
# (sys/socket.h: the numbers of socket options)
io='#include <(sys/un|unistd|fcntl|stdio_ext|pthread|time|sys/time|poll|sys/epoll|sys/ioctl)\.h>'
complain "the core does I/O" grep -nE "$io" netlink/*.[ch] dp/*.[ch] dp/*/*.[ch]
calls='[^_a-z>.](fopen|open|read|write|socket|time|clock_gettime|gettimeofday|getenv|rand|random|getpid|g_main_[a-z_]+)\('
complain "the core calls out" grep -nE "$calls" netlink/*.c dp/*.c dp/*/*.c
# (The brackets keep these lines from finding themselves.)
complain "a test waits for the clock, not for what happens" grep -rniE 's[l]eep' tests
complain "a test looks again and again" grep -rnE '(until|while) .*; *do *:; *done' tests
[ $failed -eq 0 ] && echo "layers hold"
exit $failed
