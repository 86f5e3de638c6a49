/* SPDX-License-Identifier: MIT */
/* What CPTR_EL2, MDCR_EL2 and CNTHCTL_EL2 trap of EL1 and EL0. */
#include <test.h>

#include <arm/timer.h>

#include "trap.h"

SUITE("Traps of CPTR_EL2, MDCR_EL2 and CNTHCTL_EL2", REQUIRES(el2_is_there()));

#define CPTR_TZ	   BIT(8)
#define CPTR_TFP   BIT(10)
#define CPTR_TCPAC BIT(31)

/* Of an A64 instruction, which has no condition: CV, and COND as for always. */
#define ISS_ALWAYS (0xeu << 20 | 1u << 24)

TEST(cptr_tcpac, "CPTR_EL2.TCPAC traps both ways of access to CPACR_EL1",
     SPEC("DDI 0487, D24.2, CPTR_EL2.TCPAC"))
{
	static const struct el2_trap traps[] = {
		READ("cpacr", CPTR_TCPAC, 3, 0, 1, 0, 2),
		WRITE("cpacr", CPTR_TCPAC, 3, 0, 1, 0, 2),
		READ("sctlr", 0, 3, 0, 1, 0, 0),
	};

	el2_check_traps(traps, ARRAY_SIZE(traps), EL2_CPTR, CPTR_TCPAC | CPTR_TFP, false, ARM_EL1,
			NULL, 0);
}

#define FP(name, insn) INSTRUCTION(name, CPTR_TFP, has_fp, insn, EC_FP_ACCESS, ISS_ALWAYS)

#define FP_MEMORY(name_, insn_)                                                         \
	{                                                                               \
		.name = name_, .traps = CPTR_TFP, .insn = insn_, .class = EC_FP_ACCESS, \
		.iss = ISS_ALWAYS, .key = NO_KEY, .present = has_fp, .address = true    \
	}

static const struct el2_trap fp_traps[] = {
	FP("fadd", 0x1e622820),	      FP("fmov", 0x9e670020),
	FP_MEMORY("ldr", 0x3dc00021), FP_MEMORY("str", 0x3d800021),
	FP("add-16b", 0x4e228420),    FP("mrs-fpcr", 0xd53b4401),
	FP("mrs-fpsr", 0xd53b4421),   FP("msr-fpcr", 0xd51b4401),
	FP("fcvtzs", 0x1e780020),     INSTRUCTION("crc32x", 0, has_crc32, 0x9ac24c20, 0, 0),
};

TEST(cptr_tfp, "CPTR_EL2.TFP traps floating point and Advanced SIMD of EL1",
     SPEC("DDI 0487, D24.2, CPTR_EL2.TFP; ESR_EL2, EC 0b000111"))
{
	el2_check_traps(fp_traps, ARRAY_SIZE(fp_traps), EL2_CPTR, CPTR_TFP | CPTR_TCPAC, false,
			ARM_EL1, NULL, 0);
}

TEST(cptr_tfp_el0, "CPTR_EL2.TFP traps floating point and Advanced SIMD of EL0",
     SPEC("DDI 0487, D24.2, CPTR_EL2.TFP"))
{
	el2_check_traps(fp_traps, ARRAY_SIZE(fp_traps), EL2_CPTR, CPTR_TFP | CPTR_TCPAC, false,
			ARM_EL0, NULL, 0);
}

TEST(cptr_tfp_after_cpacr, "what CPACR_EL1.FPEN forbids goes to EL1, whatever CPTR_EL2.TFP is",
     SPEC("DDI 0487, D1.4.5, priority of traps: those to EL1 before those to EL2"))
{
	const u32 code[] = { 0x1e622820 };
	const struct el2_setting s = { EL2_CPTR, el2_read(EL2_CPTR) | CPTR_TFP };
	struct arm_registers r = { 0 };
	struct el2_exit exit = { 0 };

	for (u32 el = ARM_EL0; el <= ARM_EL1; el++) {
		SUBTEST("el%u", el);
		write_sys(CPACR, 0);
		isb();
		EXPECT_FAULT(FP_TRAP, el2_execute(&s, 1, (enum arm_el)el, code, 1, &r, &exit));
		EXPECT_EQ(exit.level, 1);
		write_sys(CPACR, CPACR_FPEN);
		isb();
		EXPECT_FAULT(FP_TRAP, el2_execute(&s, 1, (enum arm_el)el, code, 1, &r, &exit));
		EXPECT_EQ(exit.level, 2);
	}
}

static bool has_sve(void)
{
	return read_sys(ID_AA64PFR0) >> 32 & 0xf;
}

static const struct el2_trap sve_traps[] = {
	INSTRUCTION("add-z", CPTR_TZ, NULL, 0x04200000, EC_SVE_ACCESS, 0),
	INSTRUCTION("ptrue", CPTR_TZ, NULL, 0x2518e3e0, EC_SVE_ACCESS, 0),
	INSTRUCTION("rdvl", CPTR_TZ, NULL, 0x04bf5021, EC_SVE_ACCESS, 0),
	INSTRUCTION("cntd", CPTR_TZ, NULL, 0x04e0e3e1, EC_SVE_ACCESS, 0),
	{ .name = "read-zcr",
	  .insn = MRS_OF(KEY(3, 0, 1, 2, 0), 1u),
	  .traps = CPTR_TZ,
	  .class = EC_SVE_ACCESS,
	  .key = KEY(3, 0, 1, 2, 0) },
};

static void check_sve(enum arm_el el, u32 count)
{
	write_sys(CPACR, CPACR_FPEN | CPACR_ZEN);
	isb();
	el2_check_traps(sve_traps, count, EL2_CPTR, CPTR_TZ | CPTR_TCPAC, false, el, NULL, 0);
	write_sys(CPACR, CPACR_FPEN);
}

TEST(cptr_tz, "CPTR_EL2.TZ traps SVE and ZCR_EL1 of EL1",
     SPEC("DDI 0487, D24.2, CPTR_EL2.TZ; EC 0b011001"), REQUIRES(has_sve()))
{
	check_sve(ARM_EL1, ARRAY_SIZE(sve_traps));
}

TEST(cptr_tz_el0, "CPTR_EL2.TZ traps SVE of EL0",
     SPEC("DDI 0487, D24.2, CPTR_EL2.TZ; EC 0b011001"), REQUIRES(has_sve()))
{
	check_sve(ARM_EL0, ARRAY_SIZE(sve_traps) - 1);
}

/* ------------------------------------------------------------------------------- MDCR_EL2 */

#define MDCR_TPMCR BIT(5)
#define MDCR_TPM   BIT(6)
#define MDCR_TDE   BIT(8)
#define MDCR_TDA   BIT(9)
#define MDCR_TDOSA BIT(10)
#define MDCR_TDRA  BIT(11)
#define MDCR_ALL   (MDCR_TPMCR | MDCR_TPM | MDCR_TDE | MDCR_TDA | MDCR_TDOSA | MDCR_TDRA)

#define BOTH(name, traps, ...) READ(name, traps, __VA_ARGS__), WRITE(name, traps, __VA_ARGS__)

TEST(mdcr_tpm, "MDCR_EL2.TPM traps the PMU's registers, TPMCR PMCR_EL0 alone",
     SPEC("DDI 0487, D24.3, MDCR_EL2.TPM, TPMCR"), REQUIRES(has_pmu()))
{
	static const struct el2_trap traps[] = {
		BOTH("pmcr", MDCR_TPM | MDCR_TPMCR, 3, 3, 9, 12, 0),
		BOTH("pmcntenset", MDCR_TPM, 3, 3, 9, 12, 1),
		BOTH("pmcntenclr", MDCR_TPM, 3, 3, 9, 12, 2),
		BOTH("pmovsclr", MDCR_TPM, 3, 3, 9, 12, 3),
		WRITE("pmswinc", MDCR_TPM, 3, 3, 9, 12, 4),
		BOTH("pmselr", MDCR_TPM, 3, 3, 9, 12, 5),
		READ("pmceid0", MDCR_TPM, 3, 3, 9, 12, 6),
		READ("pmceid1", MDCR_TPM, 3, 3, 9, 12, 7),
		BOTH("pmccntr", MDCR_TPM, 3, 3, 9, 13, 0),
		BOTH("pmuserenr", MDCR_TPM, 3, 3, 9, 14, 0),
		BOTH("pmintenset", MDCR_TPM, 3, 0, 9, 14, 1),
		BOTH("pmintenclr", MDCR_TPM, 3, 0, 9, 14, 2),
		BOTH("pmovsset", MDCR_TPM, 3, 3, 9, 14, 3),
		BOTH("pmevcntr0", MDCR_TPM, 3, 3, 14, 8, 0),
		BOTH("pmevtyper0", MDCR_TPM, 3, 3, 14, 12, 0),
		BOTH("pmccfiltr", MDCR_TPM, 3, 3, 14, 15, 7),
		READ("mdscr", 0, 2, 0, 0, 2, 2),
	};

	/* TDE, TDA are the last one's. */
	el2_check_traps(traps, ARRAY_SIZE(traps) - 1, EL2_MDCR, MDCR_ALL, false, ARM_EL1, NULL, 0);
	el2_check_traps(traps + ARRAY_SIZE(traps) - 1, 1, EL2_MDCR, MDCR_TPM | MDCR_TPMCR, false,
			ARM_EL1, NULL, 0);
}

TEST(mdcr_tda, "MDCR_EL2.TDA and TDE trap the debug registers",
     SPEC("DDI 0487, D24.3, MDCR_EL2.TDA, TDE"))
{
	static const struct el2_trap traps[] = {
		BOTH("mdscr", MDCR_TDA | MDCR_TDE, 2, 0, 0, 2, 2),
		BOTH("mdccint", MDCR_TDA | MDCR_TDE, 2, 0, 0, 2, 0),
		BOTH("dbgbvr0", MDCR_TDA | MDCR_TDE, 2, 0, 0, 0, 4),
		BOTH("dbgbcr0", MDCR_TDA | MDCR_TDE, 2, 0, 0, 0, 5),
		BOTH("dbgwvr0", MDCR_TDA | MDCR_TDE, 2, 0, 0, 0, 6),
		BOTH("dbgwcr0", MDCR_TDA | MDCR_TDE, 2, 0, 0, 0, 7),
		READ("mdccsr", MDCR_TDA | MDCR_TDE, 2, 3, 0, 1, 0),
		READ("id-aa64dfr0", 0, 3, 0, 0, 5, 0),
	};

	el2_check_traps(traps, ARRAY_SIZE(traps), EL2_MDCR, MDCR_ALL, false, ARM_EL1, NULL, 0);
}

TEST(mdcr_tdosa, "MDCR_EL2.TDOSA and TDE trap the OS lock's registers",
     SPEC("DDI 0487, D24.3, MDCR_EL2.TDOSA, TDE"))
{
	static const struct el2_trap traps[] = {
		WRITE("oslar", MDCR_TDOSA | MDCR_TDE, 2, 0, 1, 0, 4),
		READ("oslsr", MDCR_TDOSA | MDCR_TDE, 2, 0, 1, 1, 4),
	};

	el2_check_traps(traps, ARRAY_SIZE(traps), EL2_MDCR, MDCR_ALL, false, ARM_EL1, NULL, 0);
}

TEST(mdcr_tdra, "MDCR_EL2.TDRA and TDE trap MDRAR_EL1", SPEC("DDI 0487, D24.3, MDCR_EL2.TDRA, TDE"))
{
	static const struct el2_trap traps[] = {
		READ("mdrar", MDCR_TDRA | MDCR_TDE, 2, 0, 1, 0, 0),
	};

	el2_check_traps(traps, 1, EL2_MDCR, MDCR_ALL, false, ARM_EL1, NULL, 0);
}

TEST(mdcr_tde_routes, "with MDCR_EL2.TDE, BRK of EL1 and of EL0 goes to EL2",
     SPEC("DDI 0487, D24.3, MDCR_EL2.TDE; D2.4, routing debug exceptions"))
{
	const u32 code[] = { 0xd4200020u | 0x77 << 5 };
	const u64 mdcr = el2_read(EL2_MDCR);

	for (u32 i = 0; i < 4; i++) {
		const struct el2_setting s = { EL2_MDCR, mdcr | (i & 2 ? MDCR_TDE : 0) };
		struct arm_registers r = { 0 };
		struct el2_exit exit = { 0 };
		ulong at = arm_code(code, 1);

		SUBTEST("el%u-tde-%u", i & 1, i >> 1);
		EXPECT_FAULT(BRK(0x77), el2_run(&s, 1, (enum arm_el)(i & 1), at, &r, &exit));
		EXPECT_EQ(exit.level, i & 2 ? 2 : 1);
		EXPECT_EQ(r.pc, at);
	}
}

TEST(mdcr_hpmn, "EL1 sees MDCR_EL2.HPMN as the number of event counters",
     SPEC("DDI 0487, D24.3, MDCR_EL2.HPMN; PMCR_EL0.N"), REQUIRES(has_pmu()))
{
	const u32 code[] = { MRS_OF(KEY(3, 3, 9, 12, 0), 1u) };
	const u64 mdcr = el2_read(EL2_MDCR), n = read_sys(PMCR) >> 11 & 31;

	/* 0 needs FEAT_HPMN0. */
	for (u64 hpmn = 1; hpmn <= n; hpmn++) {
		const struct el2_setting s = { EL2_MDCR, (mdcr & ~0x1full) | hpmn };
		struct arm_registers r = { 0 };
		struct el2_exit exit = { 0 };

		SUBTEST("hpmn-%llu", hpmn);
		EXPECT_NO_FAULT(el2_execute(&s, 1, ARM_EL1, code, 1, &r, &exit));
		EXPECT_EQ(r.x[1] >> 11 & 31, hpmn);
	}
}

/* ------------------------------------------------------------------------------- CNTHCTL_EL2 */

#define CNTHCTL_EL1PCTEN BIT(0)
#define CNTHCTL_EL1PCEN	 BIT(1)
#define CNTHCTL_EL1TVT	 BIT(13)
#define CNTHCTL_EL1TVCT	 BIT(14)

static const struct el2_trap physical[] = {
	READ("cntpct", CNTHCTL_EL1PCTEN, 3, 3, 14, 0, 1),
	BOTH("cntp-tval", CNTHCTL_EL1PCEN, 3, 3, 14, 2, 0),
	BOTH("cntp-ctl", CNTHCTL_EL1PCEN, 3, 3, 14, 2, 1),
	BOTH("cntp-cval", CNTHCTL_EL1PCEN, 3, 3, 14, 2, 2),
	READ("cntvct", 0, 3, 3, 14, 0, 2),
	READ("cntv-ctl", 0, 3, 3, 14, 3, 1),
	READ("cntfrq", 0, 3, 3, 14, 0, 0),
};

TEST(cnthctl_el1, "without EL1PCTEN and EL1PCEN, EL1 is trapped at the physical counter and timer",
     SPEC("DDI 0487, D24.10, CNTHCTL_EL2.EL1PCTEN, EL1PCEN"))
{
	el2_check_traps(physical, ARRAY_SIZE(physical), EL2_CNTHCTL,
			CNTHCTL_EL1PCTEN | CNTHCTL_EL1PCEN, true, ARM_EL1, NULL, 0);
}

TEST(cnthctl_el0, "without EL1PCTEN and EL1PCEN, EL0 is trapped where CNTKCTL_EL1 lets it through",
     SPEC("DDI 0487, D24.10, CNTHCTL_EL2.EL1PCTEN, EL1PCEN"))
{
	const u64 all = CNTKCTL_EL0PCTEN | CNTKCTL_EL0VCTEN | CNTKCTL_EL0VTEN | CNTKCTL_EL0PTEN;

	write_sys(CNTKCTL, all);
	isb();
	el2_check_traps(physical, ARRAY_SIZE(physical), EL2_CNTHCTL,
			CNTHCTL_EL1PCTEN | CNTHCTL_EL1PCEN, true, ARM_EL0, NULL, 0);
	write_sys(CNTKCTL, CNTKCTL_EL0PCTEN | CNTKCTL_EL0VCTEN);
}

TEST(cnthctl_after_cntkctl, "what CNTKCTL_EL1 forbids EL0 goes to EL1, whatever CNTHCTL_EL2 is",
     SPEC("DDI 0487, D1.4.5, priority of traps: those to EL1 before those to EL2"))
{
	const struct el2_setting s = { EL2_CNTHCTL, 0 };

	write_sys(CNTKCTL, 0);
	isb();
	for (u32 i = 0; i < ARRAY_SIZE(physical) - 3; i++) {
		struct arm_registers r = { 0 };
		struct el2_exit exit = { 0 };

		SUBTEST("%s", physical[i].name);
		EXPECT_FAULT(SYSREG_TRAP(physical[i].iss),
			     el2_execute(&s, 1, ARM_EL0, &physical[i].insn, 1, &r, &exit));
		EXPECT_EQ(exit.level, 1);
	}
	write_sys(CNTKCTL, CNTKCTL_EL0PCTEN | CNTKCTL_EL0VCTEN);
}

TEST(cnthctl_ecv, "with FEAT_ECV, EL1TVT traps the virtual timer and EL1TVCT the virtual counter",
     SPEC("DDI 0487, D24.10, CNTHCTL_EL2.EL1TVT, EL1TVCT"), REQUIRES(has_ecv()))
{
	static const struct el2_trap traps[] = {
		BOTH("cntv-tval", CNTHCTL_EL1TVT, 3, 3, 14, 3, 0),
		BOTH("cntv-ctl", CNTHCTL_EL1TVT, 3, 3, 14, 3, 1),
		BOTH("cntv-cval", CNTHCTL_EL1TVT, 3, 3, 14, 3, 2),
		READ("cntvct", CNTHCTL_EL1TVCT, 3, 3, 14, 0, 2),
		READ("cntvctss", CNTHCTL_EL1TVCT, 3, 3, 14, 0, 6),
		READ("cntpct", 0, 3, 3, 14, 0, 1),
		READ("cntp-ctl", 0, 3, 3, 14, 2, 1),
	};

	el2_check_traps(traps, ARRAY_SIZE(traps), EL2_CNTHCTL, CNTHCTL_EL1TVT | CNTHCTL_EL1TVCT,
			false, ARM_EL1, NULL, 0);
}
