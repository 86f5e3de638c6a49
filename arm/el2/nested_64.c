/* SPDX-License-Identifier: MIT */
/* Nested virtualization: HCR_EL2.NV makes what EL1 may not do because it is EL2's a trap. */
#include <test.h>

#include "trap.h"

static bool has_nv(void)
{
	return read_sys(ID_AA64MMFR2) >> 24 & 0xf;
}

SUITE("Nested virtualization", REQUIRES(el2_is_there()), REQUIRES(has_nv()));

#define CURRENT_EL 0xd5384241u
#define ERET	   0xd69f03e0u

#define R(name, ...) READ(name, HCR_NV, __VA_ARGS__)
#define W(name, ...) WRITE(name, HCR_NV, __VA_ARGS__)

/* Without a look at whether the register is there: at EL1 no table says so. */
static void check(const struct el2_trap *traps, u32 count)
{
	const struct el2_setting nv = { EL2_HCR, EL2_HCR_DEFAULT | HCR_NV };

	for (u32 i = 0; i < count; i++)
		for (u32 on = 0; on < 2; on++) {
			struct arm_registers r = { .x = { 0, 0x5a5a } };
			struct el2_exit exit = { 0 };
			const u32 code[] = { traps[i].insn };
			ulong at = arm_code(code, 1);
			struct fault fault = el2_run(&nv, on, ARM_EL1, at, &r, &exit);

			SUBTEST("%s-nv-%u", traps[i].name, on);
			EXPECT_FAULT(on ? FAULT_CODED_((traps[i].class ?: EC_SYSREG), traps[i].iss)
					: UNDEFINED,
				     fault);
			EXPECT_EQ(exit.level, on ? 2 : 1);
			EXPECT_EQ(r.pc, at);
			EXPECT_EQ(r.x[1], 0x5a5a);
		}
}

TEST(nv_registers,
     "with NV, EL1's accesses to registers of EL2 are trapped; without, they are UNDEFINED",
     SPEC("DDI 0487, D8.14; D24.2.62, HCR_EL2.NV"))
{
	static const struct el2_trap traps[] = {
		R("vpidr", 3, 4, 0, 0, 0),	 W("vpidr", 3, 4, 0, 0, 0),
		R("vmpidr", 3, 4, 0, 0, 5),	 W("vmpidr", 3, 4, 0, 0, 5),
		R("sctlr", 3, 4, 1, 0, 0),	 W("sctlr", 3, 4, 1, 0, 0),
		R("actlr", 3, 4, 1, 0, 1),	 W("actlr", 3, 4, 1, 0, 1),
		R("hcr", 3, 4, 1, 1, 0),	 W("hcr", 3, 4, 1, 1, 0),
		R("mdcr", 3, 4, 1, 1, 1),	 W("mdcr", 3, 4, 1, 1, 1),
		R("cptr", 3, 4, 1, 1, 2),	 W("cptr", 3, 4, 1, 1, 2),
		R("hstr", 3, 4, 1, 1, 3),	 W("hstr", 3, 4, 1, 1, 3),
		R("hacr", 3, 4, 1, 1, 7),	 W("hacr", 3, 4, 1, 1, 7),
		R("ttbr0", 3, 4, 2, 0, 0),	 W("ttbr0", 3, 4, 2, 0, 0),
		R("ttbr1", 3, 4, 2, 0, 1),	 W("ttbr1", 3, 4, 2, 0, 1),
		R("tcr", 3, 4, 2, 0, 2),	 W("tcr", 3, 4, 2, 0, 2),
		R("vttbr", 3, 4, 2, 1, 0),	 W("vttbr", 3, 4, 2, 1, 0),
		R("vtcr", 3, 4, 2, 1, 2),	 W("vtcr", 3, 4, 2, 1, 2),
		R("afsr0", 3, 4, 5, 1, 0),	 W("afsr0", 3, 4, 5, 1, 0),
		R("mair", 3, 4, 10, 2, 0),	 W("mair", 3, 4, 10, 2, 0),
		R("amair", 3, 4, 10, 3, 0),	 W("amair", 3, 4, 10, 3, 0),
		R("vbar", 3, 4, 12, 0, 0),	 W("vbar", 3, 4, 12, 0, 0),
		R("hpfar", 3, 4, 6, 0, 4),	 W("hpfar", 3, 4, 6, 0, 4),
		R("contextidr", 3, 4, 13, 0, 1), W("contextidr", 3, 4, 13, 0, 1),
		R("tpidr", 3, 4, 13, 0, 2),	 W("tpidr", 3, 4, 13, 0, 2),
		R("cntvoff", 3, 4, 14, 0, 3),	 W("cntvoff", 3, 4, 14, 0, 3),
		R("cnthctl", 3, 4, 14, 1, 0),	 W("cnthctl", 3, 4, 14, 1, 0),
		R("cnthp-ctl", 3, 4, 14, 2, 1),	 W("cnthp-ctl", 3, 4, 14, 2, 1),
		R("cnthp-cval", 3, 4, 14, 2, 2), W("cnthp-cval", 3, 4, 14, 2, 2),
		R("cnthv-ctl", 3, 4, 14, 3, 1),	 W("cnthv-ctl", 3, 4, 14, 3, 1),
		R("sp-el1", 3, 4, 4, 1, 0),	 W("sp-el1", 3, 4, 4, 1, 0),
		R("spsr-irq", 3, 4, 4, 3, 0),	 W("spsr-irq", 3, 4, 4, 3, 0),
		R("spsr-abt", 3, 4, 4, 3, 1),	 W("spsr-abt", 3, 4, 4, 3, 1),
	};

	check(traps, ARRAY_SIZE(traps));
}

TEST(nv_names, "with NV, names ending in _EL12 and _EL02 are trapped at EL1",
     SPEC("DDI 0487, D8.14; D24.2.62, HCR_EL2.NV"))
{
	static const struct el2_trap traps[] = {
		R("sctlr-el12", 3, 5, 1, 0, 0),	     W("sctlr-el12", 3, 5, 1, 0, 0),
		R("cpacr-el12", 3, 5, 1, 0, 2),	     W("cpacr-el12", 3, 5, 1, 0, 2),
		R("ttbr0-el12", 3, 5, 2, 0, 0),	     W("ttbr0-el12", 3, 5, 2, 0, 0),
		R("tcr-el12", 3, 5, 2, 0, 2),	     W("tcr-el12", 3, 5, 2, 0, 2),
		R("spsr-el12", 3, 5, 4, 0, 0),	     W("spsr-el12", 3, 5, 4, 0, 0),
		R("elr-el12", 3, 5, 4, 0, 1),	     W("elr-el12", 3, 5, 4, 0, 1),
		R("esr-el12", 3, 5, 5, 2, 0),	     W("esr-el12", 3, 5, 5, 2, 0),
		R("far-el12", 3, 5, 6, 0, 0),	     W("far-el12", 3, 5, 6, 0, 0),
		R("mair-el12", 3, 5, 10, 2, 0),	     W("mair-el12", 3, 5, 10, 2, 0),
		R("vbar-el12", 3, 5, 12, 0, 0),	     W("vbar-el12", 3, 5, 12, 0, 0),
		R("cntkctl-el12", 3, 5, 14, 1, 0),   W("cntkctl-el12", 3, 5, 14, 1, 0),
		R("cntp-ctl-el02", 3, 5, 14, 2, 1),  W("cntp-ctl-el02", 3, 5, 14, 2, 1),
		R("cntv-cval-el02", 3, 5, 14, 3, 2), W("cntv-cval-el02", 3, 5, 14, 3, 2),
	};

	check(traps, ARRAY_SIZE(traps));
}

#define I(name, op1, crn, crm, op2) SYSTEM(name, HCR_NV, NULL, op1, crn, crm, op2)

TEST(nv_instructions, "with NV, EL2's maintenance and translation instructions are trapped at EL1",
     SPEC("DDI 0487, D8.14; D24.2.62, HCR_EL2.NV"))
{
	static const struct el2_trap traps[] = {
		I("tlbi-alle2", 4, 8, 7, 0),	  I("tlbi-alle2is", 4, 8, 3, 0),
		I("tlbi-vae2", 4, 8, 7, 1),	  I("tlbi-vale2is", 4, 8, 3, 5),
		I("tlbi-alle1", 4, 8, 7, 4),	  I("tlbi-alle1is", 4, 8, 3, 4),
		I("tlbi-vmalls12e1", 4, 8, 7, 6), I("tlbi-vmalls12e1is", 4, 8, 3, 6),
		I("tlbi-ipas2e1", 4, 8, 4, 1),	  I("tlbi-ipas2e1is", 4, 8, 0, 1),
		I("tlbi-ipas2le1", 4, 8, 4, 5),	  I("at-s1e2r", 4, 7, 8, 0),
		I("at-s1e2w", 4, 7, 8, 1),	  I("at-s12e1r", 4, 7, 8, 4),
		I("at-s12e0w", 4, 7, 8, 7),
	};

	check(traps, ARRAY_SIZE(traps));
}

TEST(nv_eret, "with NV, ERET of EL1 is trapped",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.NV; ESR_EL2, EC 0b011010"))
{
	const struct el2_setting nv = { EL2_HCR, EL2_HCR_DEFAULT | HCR_NV };
	const u32 code[] = { ERET };
	ulong at = arm_code(code, 1);
	struct arm_registers r = { 0 };
	struct el2_exit exit = { 0 };

	EXPECT_FAULT(FAULT_CODED_(0x1a, 0), el2_run(&nv, 1, ARM_EL1, at, &r, &exit));
	EXPECT_EQ(exit.level, 2);
	EXPECT_EQ(r.pc, at);
}

TEST(nv_current_el, "with NV, EL1 reads CurrentEL as EL2", SPEC("DDI 0487, D24.2.62, HCR_EL2.NV"))
{
	const u32 code[] = { CURRENT_EL };

	for (u32 on = 0; on < 2; on++) {
		const struct el2_setting nv = { EL2_HCR, EL2_HCR_DEFAULT | HCR_NV };
		struct arm_registers r = { 0 };
		struct el2_exit exit = { 0 };

		SUBTEST("nv-%u", on);
		EXPECT_NO_FAULT(el2_execute(&nv, on, ARM_EL1, code, 1, &r, &exit));
		EXPECT_EQ(r.x[1], on ? 8 : 4);
	}
}

TEST(nv_el0, "NV is nothing to EL0", SPEC("DDI 0487, D24.2.62, HCR_EL2.NV: at EL1"))
{
	static const struct {
		const char *name;
		u32 insn;
	} rows[] = {
		{ "mrs-hcr", 0xd53c1101 },
		{ "mrs-current-el", CURRENT_EL },
		{ "eret", ERET },
		{ "tlbi-alle1", 0xd50c879f },
	};
	const struct el2_setting nv = { EL2_HCR, EL2_HCR_DEFAULT | HCR_NV };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct arm_registers r = { 0 };
		struct el2_exit exit = { 0 };

		SUBTEST("%s", rows[i].name);
		EXPECT_FAULT(UNDEFINED, el2_execute(&nv, 1, ARM_EL0, &rows[i].insn, 1, &r, &exit));
		EXPECT_EQ(exit.level, 1);
	}
}
