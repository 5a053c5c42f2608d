#include "dp/ct/frag.h"
#include "dp/ct/helper.h"
#include "dp/ct/timeout.h"
#include "dp/act_ct_nat.h"
#include "dp/act_rows.h"
static enum ct_verdict any(struct ct_conn *c, const struct ct_ip *ip, enum ip_conntrack_info i) { (void)ip; (void)i; ct_conn_refresh(c, 30); return CT_ACCEPT; }
static const struct ct_timeout_row any_timeout[] = {{ "x", 1 }};
#define ROW(x, n) const struct ct_proto ct_proto_##x = { .number = n, .name = #x, .tuple = n == 6 || n == 132 ? ct_ports_of : NULL, .packet = any, .timeout = any_timeout, .n_timeouts = 1 };
ROW(sctp, 132) ROW(dccp, 33) ROW(gre, 47)
