/* test_dp_cmd.c - the ovs_datapath family: which features a datapath takes. SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim_tools.h"

#define UNKNOWN (UINT32_C(1) << 31)

static int set_features(struct lab *lab, uint32_t features)
{
    lab_begin(lab, OVS_DATAPATH_FAMILY, OVS_DP_CMD_SET, 0);
    attr_put(lab->request, OVS_DP_ATTR_USER_FEATURES, &features, sizeof(features));
    return lab_call(lab);
}

static void test_features(void **state)
{
    struct lab *lab = *state;
    uint32_t known = OVS_DP_F_UNALIGNED | OVS_DP_F_VPORT_PIDS | OVS_DP_F_DISPATCH_UPCALL_PER_CPU;

    assert_int_equal(set_features(lab, known), 0);
    assert_int_equal(set_features(lab, known | UNKNOWN), -EOPNOTSUPP);
    assert_string_equal(lab->e.text, "USER_FEATURES: 0x80000000 are not supported");
    assert_int_equal(set_features(lab, known | OVS_DP_F_TC_RECIRC_SHARING), -EOPNOTSUPP);
    assert_int_equal(lab_dp(lab)->user_features, known);
}

/* What an older kernel does not have is as unknown to it as any other bit; the rest stays. */
static void test_without(void **state)
{
    struct lab *lab = *state;

    lab->sim->env.no_features = OVS_DP_F_DISPATCH_UPCALL_PER_CPU;
    assert_int_equal(set_features(lab, OVS_DP_F_DISPATCH_UPCALL_PER_CPU), -EOPNOTSUPP);
    assert_string_equal(lab->e.text, "USER_FEATURES: 0x8 are not supported");
    assert_int_equal(set_features(lab, OVS_DP_F_VPORT_PIDS), 0);
    assert_int_equal(lab_dp(lab)->user_features, OVS_DP_F_VPORT_PIDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LAB_TEST(test_features),
        LAB_TEST(test_without),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
