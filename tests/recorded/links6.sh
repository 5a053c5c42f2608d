# links6.sh - GRE over IPv6.
say ip link add g0 type ip6gre remote fd00::2 local fd00::1
show g0
say ip link add g1 type ip6gre remote fd00::3 local fd00::1 key 7 hoplimit 9 tclass 8 encaplimit none csum
show g1
say ip link add g2 type ip6gre external
show g2
say ip link set g0 up
show g0
say ip link add t0 address 02:00:00:00:ff:60 type ip6gretap remote fd00::2 local fd00::1
show t0
say ip link set t0 up
show t0
say ip link add t1 address 02:00:00:00:ff:61 type ip6gretap external
show t1
say ip link add e0 address 02:00:00:00:ff:62 type ip6erspan remote fd00::2 local fd00::1 key 8 seq erspan_ver 2 erspan_dir ingress erspan_hwid 3
show e0
say ip link set e0 up
show e0
say ip link add e1 address 02:00:00:00:ff:63 type ip6erspan external
show e1
say ip link add g3 type ip6gre remote fd00::2 local fd00::1
