/* SPDX-License-Identifier: MIT */
/* CNTKCTL_EL1: which of the timers' registers EL0 may use. */
#include <test.h>

#include <arm/timer.h>

SUITE("The generic timer at EL0");

/* Each a function for run_user() that uses one register. */
#define AT_EL0(name, statement)     \
	static void name(void *arg) \
	{                           \
		(void)arg;          \
		statement;          \
	}

AT_EL0(read_vct, (void)read_sys(CNTVCT))
AT_EL0(read_pct, (void)read_sys(CNTPCT))
AT_EL0(read_frq, (void)read_sys(CNTFRQ))
AT_EL0(read_v_ctl, (void)read_sys(CNTV_CTL))
AT_EL0(read_v_cval, (void)read_sys(CNTV_CVAL))
AT_EL0(write_v_cval, write_sys(CNTV_CVAL, 0))
AT_EL0(read_v_tval, (void)read_sys(CNTV_TVAL))
AT_EL0(read_p_ctl, (void)read_sys(CNTP_CTL))
AT_EL0(read_p_cval, (void)read_sys(CNTP_CVAL))
AT_EL0(write_p_cval, write_sys(CNTP_CVAL, 0))
AT_EL0(read_p_tval, (void)read_sys(CNTP_TVAL))

static const struct {
	const char *name;
	void (*access)(void *arg);
	u64 any_of; /* bits of CNTKCTL of which one is enough */
} accesses[] = {
	{ "CNTVCT", read_vct, CNTKCTL_EL0VCTEN },
	{ "CNTPCT", read_pct, CNTKCTL_EL0PCTEN },
	{ "CNTFRQ", read_frq, CNTKCTL_EL0VCTEN | CNTKCTL_EL0PCTEN },
	{ "CNTV_CTL", read_v_ctl, CNTKCTL_EL0VTEN },
	{ "CNTV_CVAL", read_v_cval, CNTKCTL_EL0VTEN },
	{ "CNTV_CVAL-write", write_v_cval, CNTKCTL_EL0VTEN },
	{ "CNTV_TVAL", read_v_tval, CNTKCTL_EL0VTEN },
	{ "CNTP_CTL", read_p_ctl, CNTKCTL_EL0PTEN },
	{ "CNTP_CVAL", read_p_cval, CNTKCTL_EL0PTEN },
	{ "CNTP_CVAL-write", write_p_cval, CNTKCTL_EL0PTEN },
	{ "CNTP_TVAL", read_p_tval, CNTKCTL_EL0PTEN },
};

TEST(cntkctl_controls_el0, "EL0 may use what CNTKCTL_EL1 permits, and traps to EL1 for all else",
     SPEC("DDI 0487, D17.11.13, CNTKCTL_EL1; G8.7.5, CNTKCTL"))
{
	static const u64 enables[] = { CNTKCTL_EL0PCTEN, CNTKCTL_EL0VCTEN, CNTKCTL_EL0VTEN,
				       CNTKCTL_EL0PTEN };

	for (u32 i = 0; i < ARRAY_SIZE(accesses); i++) {
		SUBTEST("%s", accesses[i].name);
		for (u32 set = 0; set < 16; set++) {
			u64 value = 0;

			for (u32 bit = 0; bit < 4; bit++)
				value |= set >> bit & 1 ? enables[bit] : 0;
			write_sys(CNTKCTL, value);
			isb();
			EXPECT_FAULT(value & accesses[i].any_of ? NO_FAULT
								: TRAPPED_SYSTEM_REGISTER,
				     run_user(accesses[i].access, NULL), "CNTKCTL %#llx", value);
		}
	}
	write_sys(CNTKCTL, CNTKCTL_EL0PCTEN | CNTKCTL_EL0VCTEN);
}
