/* SPDX-License-Identifier: MIT */
/* What EL0 may use of the system registers and system instructions: by control bits of EL1, both ways. */
#include <test.h>

#include <arm/execute.h>
#include <arm/features.h>
#include <arm/sysreg_table.h>
#include <arm/timer.h>
#include <mm/page.h>

SUITE("EL0 and the controls of EL1");

/* A system instruction with x1: SYS #op1, Cn, Cm, #op2. */
#define SYS_OF(op1, crn, crm, op2) \
	(0xd5080001u | (op1) << 16 | (crn) << 12 | (crm) << 8 | (op2) << 5)
#define KEY3(op1, crn, crm, op2) KEY(3, op1, crn, crm, op2)

enum control { SCTLR_BITS, CNTKCTL_BITS, PMUSERENR_BITS, MDSCR_TDCC_CLEAR };

static u64 get(enum control control)
{
	switch (control) {
	case SCTLR_BITS:
		return read_sys(SCTLR);
	case CNTKCTL_BITS:
		return read_sys(CNTKCTL);
	case PMUSERENR_BITS:
		return read_sys(PMUSERENR);
	default:
		return ~read_sys(MDSCR);
	}
}

static void set(enum control control, u64 value)
{
	switch (control) {
	case SCTLR_BITS:
		write_sys(SCTLR, value);
		break;
	case CNTKCTL_BITS:
		write_sys(CNTKCTL, value);
		break;
	case PMUSERENR_BITS:
		write_sys(PMUSERENR, value);
		break;
	default:
		write_sys(MDSCR, ~value);
	}
	isb();
}

static bool has_pmu(void)
{
	u64 version = read_sys(ID_AA64DFR0) >> 8 & 0xf;

	return version && version != 0xf;
}

static bool has_dpb(void)
{
	return read_sys(ID_AA64ISAR1) & 0xf;
}

static bool has_dpb2(void)
{
	return (read_sys(ID_AA64ISAR1) & 0xf) >= 2;
}

static bool has_ecv(void)
{
	return read_sys(ID_AA64MMFR0) >> 60;
}

#define UMA	   BIT(9)
#define DZE	   BIT(14)
#define UCT	   BIT(15)
#define UCI	   BIT(26)
#define PMU_EN	   BIT(0)
#define PMU_SW	   BIT(1)
#define PMU_CR	   BIT(2)
#define PMU_ER	   BIT(3)
#define DEBUG_TDCC BIT(12)

/* `bits`: each of them alone allows it, of those in `all`. A TRAP(read) of what is refused. */
static const struct use {
	const char *name;
	u32 code;
	enum control control;
	u64 all, bits;
	u64 iss;
	bool (*present)(void);
} uses[] = {
#define REGISTER(name, read, key, control, all, bits, present)                        \
	{                                                                             \
		name, (read) ? MRS_OF(key, 1u) : MSR_OF(key, 1u), control, all, bits, \
			TRAP_OF(key, 1, read), present                                \
	}
#define INSTRUCTION(name, op1, crn, crm, op2, control, bits, present)    \
	{                                                                \
		name, SYS_OF(op1, crn, crm, op2), control, bits, bits,   \
			SYSREG_ISS(1, op1, crn, crm, op2, 1, 0), present \
	}
#define TIMERS (BITS(1, 0) | BITS(9, 8))
#define PMU    BITS(3, 0)
	REGISTER("read-ctr", true, KEY3(3, 0, 0, 1), SCTLR_BITS, UCT, UCT, NULL),
	REGISTER("read-daif", true, KEY3(3, 4, 2, 1), SCTLR_BITS, UMA, UMA, NULL),
	REGISTER("write-daif", false, KEY3(3, 4, 2, 1), SCTLR_BITS, UMA, UMA, NULL),
	INSTRUCTION("dc-zva", 3, 7, 4, 1, SCTLR_BITS, DZE, NULL),
	INSTRUCTION("dc-cvau", 3, 7, 11, 1, SCTLR_BITS, UCI, NULL),
	INSTRUCTION("dc-cvac", 3, 7, 10, 1, SCTLR_BITS, UCI, NULL),
	INSTRUCTION("dc-civac", 3, 7, 14, 1, SCTLR_BITS, UCI, NULL),
	INSTRUCTION("dc-cvap", 3, 7, 12, 1, SCTLR_BITS, UCI, has_dpb),
	INSTRUCTION("dc-cvadp", 3, 7, 13, 1, SCTLR_BITS, UCI, has_dpb2),
	INSTRUCTION("ic-ivau", 3, 7, 5, 1, SCTLR_BITS, UCI, NULL),
	REGISTER("read-cntfrq", true, KEY3(3, 14, 0, 0), CNTKCTL_BITS, TIMERS,
		 CNTKCTL_EL0PCTEN | CNTKCTL_EL0VCTEN, NULL),
	REGISTER("read-cntpct", true, KEY3(3, 14, 0, 1), CNTKCTL_BITS, TIMERS, CNTKCTL_EL0PCTEN,
		 NULL),
	REGISTER("read-cntvct", true, KEY3(3, 14, 0, 2), CNTKCTL_BITS, TIMERS, CNTKCTL_EL0VCTEN,
		 NULL),
	REGISTER("read-cntpctss", true, KEY3(3, 14, 0, 5), CNTKCTL_BITS, TIMERS, CNTKCTL_EL0PCTEN,
		 has_ecv),
	REGISTER("read-cntvctss", true, KEY3(3, 14, 0, 6), CNTKCTL_BITS, TIMERS, CNTKCTL_EL0VCTEN,
		 has_ecv),
	REGISTER("read-cntp-tval", true, KEY3(3, 14, 2, 0), CNTKCTL_BITS, TIMERS, CNTKCTL_EL0PTEN,
		 NULL),
	REGISTER("read-cntp-ctl", true, KEY3(3, 14, 2, 1), CNTKCTL_BITS, TIMERS, CNTKCTL_EL0PTEN,
		 NULL),
	REGISTER("read-cntp-cval", true, KEY3(3, 14, 2, 2), CNTKCTL_BITS, TIMERS, CNTKCTL_EL0PTEN,
		 NULL),
	REGISTER("write-cntp-tval", false, KEY3(3, 14, 2, 0), CNTKCTL_BITS, TIMERS, CNTKCTL_EL0PTEN,
		 NULL),
	REGISTER("write-cntp-ctl", false, KEY3(3, 14, 2, 1), CNTKCTL_BITS, TIMERS, CNTKCTL_EL0PTEN,
		 NULL),
	REGISTER("write-cntp-cval", false, KEY3(3, 14, 2, 2), CNTKCTL_BITS, TIMERS, CNTKCTL_EL0PTEN,
		 NULL),
	REGISTER("read-cntv-tval", true, KEY3(3, 14, 3, 0), CNTKCTL_BITS, TIMERS, CNTKCTL_EL0VTEN,
		 NULL),
	REGISTER("read-cntv-ctl", true, KEY3(3, 14, 3, 1), CNTKCTL_BITS, TIMERS, CNTKCTL_EL0VTEN,
		 NULL),
	REGISTER("read-cntv-cval", true, KEY3(3, 14, 3, 2), CNTKCTL_BITS, TIMERS, CNTKCTL_EL0VTEN,
		 NULL),
	REGISTER("write-cntv-tval", false, KEY3(3, 14, 3, 0), CNTKCTL_BITS, TIMERS, CNTKCTL_EL0VTEN,
		 NULL),
	REGISTER("write-cntv-ctl", false, KEY3(3, 14, 3, 1), CNTKCTL_BITS, TIMERS, CNTKCTL_EL0VTEN,
		 NULL),
	REGISTER("write-cntv-cval", false, KEY3(3, 14, 3, 2), CNTKCTL_BITS, TIMERS, CNTKCTL_EL0VTEN,
		 NULL),
	REGISTER("read-pmcr", true, KEY3(3, 9, 12, 0), PMUSERENR_BITS, PMU, PMU_EN, has_pmu),
	REGISTER("read-pmcntenset", true, KEY3(3, 9, 12, 1), PMUSERENR_BITS, PMU, PMU_EN, has_pmu),
	REGISTER("write-pmcntenset", false, KEY3(3, 9, 12, 1), PMUSERENR_BITS, PMU, PMU_EN,
		 has_pmu),
	REGISTER("read-pmcntenclr", true, KEY3(3, 9, 12, 2), PMUSERENR_BITS, PMU, PMU_EN, has_pmu),
	REGISTER("read-pmovsclr", true, KEY3(3, 9, 12, 3), PMUSERENR_BITS, PMU, PMU_EN, has_pmu),
	REGISTER("write-pmswinc", false, KEY3(3, 9, 12, 4), PMUSERENR_BITS, PMU, PMU_EN | PMU_SW,
		 has_pmu),
	REGISTER("read-pmselr", true, KEY3(3, 9, 12, 5), PMUSERENR_BITS, PMU, PMU_EN | PMU_ER,
		 has_pmu),
	REGISTER("write-pmselr", false, KEY3(3, 9, 12, 5), PMUSERENR_BITS, PMU, PMU_EN | PMU_ER,
		 has_pmu),
	REGISTER("read-pmceid0", true, KEY3(3, 9, 12, 6), PMUSERENR_BITS, PMU, PMU_EN, has_pmu),
	REGISTER("read-pmceid1", true, KEY3(3, 9, 12, 7), PMUSERENR_BITS, PMU, PMU_EN, has_pmu),
	REGISTER("read-pmccntr", true, KEY3(3, 9, 13, 0), PMUSERENR_BITS, PMU, PMU_EN | PMU_CR,
		 has_pmu),
	REGISTER("write-pmccntr", false, KEY3(3, 9, 13, 0), PMUSERENR_BITS, PMU, PMU_EN, has_pmu),
	REGISTER("read-pmxevcntr", true, KEY3(3, 9, 13, 2), PMUSERENR_BITS, PMU, PMU_EN | PMU_ER,
		 has_pmu),
	REGISTER("read-pmxevtyper", true, KEY3(3, 9, 13, 1), PMUSERENR_BITS, PMU, PMU_EN, has_pmu),
	REGISTER("read-pmovsset", true, KEY3(3, 9, 14, 3), PMUSERENR_BITS, PMU, PMU_EN, has_pmu),
	REGISTER("read-pmevcntr0", true, KEY3(3, 14, 8, 0), PMUSERENR_BITS, PMU, PMU_EN | PMU_ER,
		 has_pmu),
	REGISTER("write-pmevcntr0", false, KEY3(3, 14, 8, 0), PMUSERENR_BITS, PMU, PMU_EN, has_pmu),
	REGISTER("read-pmevtyper0", true, KEY3(3, 14, 12, 0), PMUSERENR_BITS, PMU, PMU_EN, has_pmu),
	REGISTER("read-pmccfiltr", true, KEY3(3, 14, 15, 7), PMUSERENR_BITS, PMU, PMU_EN, has_pmu),
	REGISTER("read-mdccsr", true, KEY(2, 3, 0, 1, 0), MDSCR_TDCC_CLEAR, DEBUG_TDCC, DEBUG_TDCC,
		 NULL),
	REGISTER("read-dbgdtr", true, KEY(2, 3, 0, 4, 0), MDSCR_TDCC_CLEAR, DEBUG_TDCC, DEBUG_TDCC,
		 NULL),
	REGISTER("write-dbgdtr", false, KEY(2, 3, 0, 4, 0), MDSCR_TDCC_CLEAR, DEBUG_TDCC,
		 DEBUG_TDCC, NULL),
	REGISTER("read-dbgdtrrx", true, KEY(2, 3, 0, 5, 0), MDSCR_TDCC_CLEAR, DEBUG_TDCC,
		 DEBUG_TDCC, NULL),
	REGISTER("write-dbgdtrtx", false, KEY(2, 3, 0, 5, 0), MDSCR_TDCC_CLEAR, DEBUG_TDCC,
		 DEBUG_TDCC, NULL),
};

TEST(el0_controls,
     "EL0 may use a register or instruction if and only if one of its controls is set; else it is trapped",
     SPEC("DDI 0487, D24.2, SCTLR_EL1, CNTKCTL_EL1, PMUSERENR_EL0, MDSCR_EL1; D24.2.45, ISS of MSR, MRS, System instructions"),
	  BUG("https://gitlab.com/qemu-project/qemu/-/issues/2708"))
{
	u8 *page = page_alloc();

	for (u32 i = 0; i < ARRAY_SIZE(uses); i++) {
		const struct use *use = &uses[i];
		/* Masks stay as they are, and counters and timers off. */
		struct arm_registers r = { 0 };
		u64 old;

		SUBTEST("%s", use->name);
		if (use->present && !use->present()) {
			SKIP_ROW("the CPU does not have it");
			continue;
		}
		old = get(use->control);
		for_each_set_bit(bit, use->all) {
			bool allowed = use->bits & BIT(bit);

			set(use->control, (old & ~use->all) | BIT(bit));
			r.x[1] = (use->code >> 19 & 3) == 1 ? (ulong)page : 0;
			EXPECT_FAULT(allowed ? NO_FAULT : SYSREG_TRAP(use->iss),
				     arm_execute(ARM_EL0, &use->code, 1, &r), "only bit %llu", bit);
		}
		set(use->control, old & ~use->all);
		EXPECT_FAULT(SYSREG_TRAP(use->iss), arm_execute(ARM_EL0, &use->code, 1, &r));
		/* EL1 may, whatever they say. */
		r.x[1] = (use->code >> 19 & 3) == 1 ? (ulong)page : 0;
		if (use->control != SCTLR_BITS || use->bits != UMA)
			EXPECT_NO_FAULT(arm_execute(ARM_EL1, &use->code, 1, &r));
		set(use->control, old);
	}
}

/* DAIFSet and DAIFClr: the same control, with Rt = 31. */
TEST(el0_masks,
     "MSR DAIFSet and DAIFClr at EL0 change the masks with SCTLR_EL1.UMA, and are trapped without",
     SPEC("DDI 0487, C6.2, MSR (immediate); D24.2, SCTLR_EL1.UMA"))
{
	const u32 set_a[] = { 0xd50344df }, clear_a[] = { 0xd50344ff };
	struct arm_registers r = { 0 };

	set(SCTLR_BITS, read_sys(SCTLR) & ~UMA);
	EXPECT_FAULT(FAULT_PLAIN_(EC_SYSREG), arm_execute(ARM_EL0, set_a, 1, &r));
	EXPECT_FAULT(FAULT_PLAIN_(EC_SYSREG), arm_execute(ARM_EL0, clear_a, 1, &r));
	set(SCTLR_BITS, read_sys(SCTLR) | UMA);
	EXPECT_NO_FAULT(arm_execute(ARM_EL0, clear_a, 1, &r));
	EXPECT_EQ(r.pstate & PSTATE_DAIF, PSTATE_DAIF & ~PSTATE_A);
	EXPECT_NO_FAULT(arm_execute(ARM_EL0, set_a, 1, &r));
	EXPECT_EQ(r.pstate & PSTATE_DAIF, PSTATE_DAIF);
	set(SCTLR_BITS, read_sys(SCTLR) & ~UMA);
}

#define WFI  0xd503207f
#define WFE  0xd503205f
#define SEV  0xd503209f
#define SEVL 0xd50320bf

/* The ISS of a trapped WFI or WFE: CV, COND = 0b1110, TI. */
#define WFX_ISS(ti) (BIT(24) | 0xeu << 20 | (ti))

/* One that need not wait is not trapped, and whether it does is the implementation's choice (D1.7). */
static void expect_trap_or_nothing(u64 iss, struct fault fault)
{
	if (fault.kind)
		EXPECT_FAULT(WFX_TRAP(iss), fault);
	else
		EXPECT_NO_FAULT(fault);
}

TEST(el0_wait, "a WFI or WFE at EL0 that is trapped by SCTLR_EL1.nTWI or nTWE says which it was",
     SPEC("DDI 0487, D24.2, SCTLR_EL1.nTWI, nTWE; D24.2.45, ISS of WFI or WFE"))
{
	const u32 wfi[] = { WFI }, wfe[] = { WFE }, prepared_wfe[] = { SEVL, WFE };
	struct arm_registers r = { 0 };
	u64 old = read_sys(SCTLR);

	SUBTEST("wfi");
	set(SCTLR_BITS, old & ~SCTLR_NTWI);
	expect_trap_or_nothing(WFX_ISS(0), arm_execute(ARM_EL0, wfi, 1, &r));
	SUBTEST("wfe");
	set(SCTLR_BITS, old & ~SCTLR_NTWE);
	/* Clear the event register first, at EL1, where it is not trapped. */
	EXPECT_NO_FAULT(arm_execute(ARM_EL1, prepared_wfe, 2, &r));
	expect_trap_or_nothing(WFX_ISS(1), arm_execute(ARM_EL0, wfe, 1, &r));
	SUBTEST("allowed");
	set(SCTLR_BITS, old);
	EXPECT_NO_FAULT(arm_execute(ARM_EL0, prepared_wfe, 2, &r));
}

TEST(fp_controls, "CPACR_EL1.FPEN lets nobody, EL1 alone, or EL1 and EL0 use floating point",
     SPEC("DDI 0487, D24.2.36, CPACR_EL1.FPEN; D24.2.45, ISS of SVE, Advanced SIMD or floating point"),
	  REQUIRES(has_fp()))
{
	/* FADD d0, d0, d0; MRS x1, FPCR; LDR q0, [x0]; ADD v0.4s, v0.4s, v0.4s; FMOV x1, d0 */
	static const struct {
		const char *name;
		u32 code;
	} insns[] = {
		{ "fadd", 0x1e602800 },	 { "mrs-fpcr", 0xd53b4401 },   { "msr-fpsr", 0xd51b443f },
		{ "ldr-q", 0x3dc00000 }, { "add-vector", 0x4ea08400 }, { "fmov", 0x9e660001 },
	};
	static u64 memory[2] __aligned(16);

	for (u32 i = 0; i < ARRAY_SIZE(insns); i++) {
		SUBTEST("%s", insns[i].name);
		for (u64 fpen = 0; fpen < 4; fpen++) {
			struct arm_registers r = { .x = { (ulong)memory } };

			write_sys(CPACR, fpen << 20);
			isb();
			EXPECT_FAULT(fpen & 1 ? NO_FAULT
					      : FAULT_CODED_(EC_FP_ACCESS, BIT(24) | 0xeu << 20),
				     arm_execute(ARM_EL1, &insns[i].code, 1, &r), "FPEN %llu",
				     fpen);
			EXPECT_FAULT(fpen == 3 ? NO_FAULT
					       : FAULT_CODED_(EC_FP_ACCESS, BIT(24) | 0xeu << 20),
				     arm_execute(ARM_EL0, &insns[i].code, 1, &r), "FPEN %llu",
				     fpen);
			write_sys(CPACR, CPACR_FPEN);
			isb();
		}
	}
}

static bool has_sve(void)
{
	return read_sys(ID_AA64PFR0) >> 32 & 0xf;
}

TEST(sve_controls, "CPACR_EL1.ZEN lets nobody, EL1 alone, or EL1 and EL0 use SVE",
     SPEC("DDI 0487, D24.2.36, CPACR_EL1.ZEN; D24.2.45, ISS of an access to SVE"),
	  REQUIRES(has_sve()))
{
	const u32 rdvl[] = { 0x04bf5020 }, read_zcr[] = { 0xd5381201 };

	for (u64 zen = 0; zen < 4; zen++) {
		struct arm_registers r = { 0 };

		SUBTEST("zen-%llu", zen);
		write_sys(CPACR, CPACR_FPEN | zen << 16);
		isb();
		EXPECT_FAULT(zen & 1 ? NO_FAULT : FAULT_CODED_(EC_SVE_ACCESS, 0),
			     arm_execute(ARM_EL1, rdvl, 1, &r));
		EXPECT_FAULT(zen == 3 ? NO_FAULT : FAULT_CODED_(EC_SVE_ACCESS, 0),
			     arm_execute(ARM_EL0, rdvl, 1, &r));
		EXPECT_FAULT(zen & 1 ? NO_FAULT : FAULT_CODED_(EC_SVE_ACCESS, 0),
			     arm_execute(ARM_EL1, read_zcr, 1, &r));
		EXPECT_FAULT(UNDEFINED, arm_execute(ARM_EL0, read_zcr, 1, &r));
	}
	/* FPEN counts, too, and after ZEN. */
	SUBTEST("fpen-0");
	write_sys(CPACR, CPACR_ZEN);
	isb();
	{
		struct arm_registers r = { 0 };

		EXPECT_FAULT(FAULT_CODED_(EC_FP_ACCESS, BIT(24) | 0xeu << 20),
			     arm_execute(ARM_EL1, rdvl, 1, &r));
	}
	write_sys(CPACR, CPACR_FPEN);
}
