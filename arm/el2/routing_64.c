/* SPDX-License-Identifier: MIT */
/* Which level an exception goes to: HVC and SMC, TGE, WFI and WFE, and what EL2 takes itself. */
#include <test.h>

#include "trap.h"

SUITE("Routing to EL2", REQUIRES(el2_is_there()));

#define HVC_INSN(imm) (0xd4000002u | (imm) << 5)
#define SMC_INSN(imm) (0xd4000003u | (imm) << 5)
#define SVC_INSN(imm) (0xd4000001u | (imm) << 5)
#define UDF_INSN      0x00000000u
#define WFI_INSN      0xd503207fu
#define WFE_INSN      0xd503205fu
#define SEVL_INSN     0xd50320bfu

static struct fault run_one(const struct el2_setting *s, u32 count, enum arm_el el, u32 insn,
			    struct arm_registers *r, struct el2_exit *exit)
{
	return el2_execute(s, count, el, &insn, 1, r, exit);
}

TEST(hvc, "HVC of EL1 goes to EL2 with its immediate and the next instruction's address",
     SPEC("DDI 0487, C6.2, HVC; ESR_EL2, EC 0b010110; D1.4.1"))
{
	static const u32 immediates[] = { 0, 1, 0x1234, 0x8000, 0xffff };

	for (u32 i = 0; i < ARRAY_SIZE(immediates); i++) {
		struct arm_registers r = { .x = { 0x1111, 0x2222 }, .pstate = PSTATE_N | PSTATE_C };
		struct el2_exit exit = { 0 };
		const u32 code[] = { HVC_INSN(immediates[i]) };
		ulong at = arm_code(code, 1);

		SUBTEST("imm-%#x", immediates[i]);
		EXPECT_FAULT(HVC(immediates[i]), el2_run(NULL, 0, ARM_EL1, at, &r, &exit));
		EXPECT_EQ(exit.level, 2);
		EXPECT_EQ(r.pc, at + 4);
		EXPECT_EQ(r.vector, VECTOR_FROM_EL0 + VECTOR_SYNC);
		EXPECT_EQ(r.pstate, PSTATE_N | PSTATE_C | PSTATE_DAIF | PSTATE_EL1T);
		EXPECT_EQ(r.x[0], 0x1111);
		EXPECT_EQ(r.x[1], 0x2222);
		EXPECT_EQ(r.esr >> 25, EC_HVC << 1 | 1);
	}
}

TEST(hvc_disabled, "with HCR_EL2.HCD, HVC of EL2 is UNDEFINED there",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.HCD"), REQUIRES(!has_exception_level(3)))
{
	for (u32 hcd = 0; hcd < 2; hcd++) {
		const struct el2_setting s = { EL2_HCR, EL2_HCR_DEFAULT | (hcd ? HCR_HCD : 0) };
		struct arm_registers r = { 0 };
		struct el2_exit exit = { 0 };

		SUBTEST("hcd-%u", hcd);
		EXPECT_FAULT(hcd ? UNDEFINED : HVC(0x55),
			     run_one(&s, 1, ARM_EL2, HVC_INSN(0x55), &r, &exit));
		EXPECT_EQ(exit.level, 2);
	}
}

TEST(hvc_el0, "HVC and SMC of EL0 are UNDEFINED at EL1, whatever TSC is",
     SPEC("DDI 0487, C6.2, HVC, SMC: UNDEFINED at EL0"))
{
	for (u32 i = 0; i < 4; i++) {
		const struct el2_setting s = { EL2_HCR, EL2_HCR_DEFAULT | (i & 2 ? HCR_TSC : 0) };
		struct arm_registers r = { 0 };
		struct el2_exit exit = { 0 };

		SUBTEST("%s-tsc-%u", i & 1 ? "smc" : "hvc", i >> 1);
		EXPECT_FAULT(UNDEFINED, run_one(&s, 1, ARM_EL0, i & 1 ? SMC_INSN(0u) : HVC_INSN(0u),
						&r, &exit));
		EXPECT_EQ(exit.level, 1);
	}
}

TEST(hvc_el2, "HVC of EL2 is taken to EL2 itself",
     SPEC("DDI 0487, C6.2, HVC; D1.4.1, vector offsets"))
{
	const u32 code[] = { HVC_INSN(0x55u) };
	ulong at = el2_code(arm_code(code, 1));
	struct arm_registers r = { 0 };
	struct el2_exit exit = { 0 };

	EXPECT_FAULT(HVC(0x55), el2_run(NULL, 0, ARM_EL2, at, &r, &exit));
	EXPECT_EQ(exit.level, 2);
	EXPECT_EQ(r.vector, VECTOR_FROM_EL1T + VECTOR_SYNC);
	EXPECT_EQ(r.pc, at + 4);
}

TEST(smc_tsc, "with TSC, SMC of EL1 is trapped with its immediate and its own address",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.TSC; ESR_EL2, EC 0b010111"))
{
	static const u32 immediates[] = { 0, 1, 0x4321, 0xffff };
	const struct el2_setting s = { EL2_HCR, EL2_HCR_DEFAULT | HCR_TSC };

	for (u32 i = 0; i < ARRAY_SIZE(immediates); i++) {
		const u32 code[] = { SMC_INSN(immediates[i]) };
		ulong at = arm_code(code, 1);
		struct arm_registers r = { .x = { 0x84000000 } };
		struct el2_exit exit = { 0 };

		SUBTEST("imm-%#x", immediates[i]);
		EXPECT_FAULT(SMC(immediates[i]), el2_run(&s, 1, ARM_EL1, at, &r, &exit));
		EXPECT_EQ(exit.level, 2);
		EXPECT_EQ(r.pc, at);
		EXPECT_EQ(r.x[0], 0x84000000);
	}
}

/* ------------------------------------------------------------------------------- WFI and WFE */

#define WFX_ISS(ti) (1u << 24 | 0xeu << 20 | (ti))

/*
 * It may complete at any time, and need not be trapped then: D1.7.2. If it is, this is what EL2 is told. SEVL makes the
 * first WFE complete.
 */
TEST(wfx, "TWI traps WFI, TWE traps WFE, with the class and the instruction in the syndrome",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.TWI, TWE; ESR_EL2, EC 0b000001"))
{
	static const struct {
		const char *name;
		u32 insn;
		u64 hcr;
		u32 ti;
	} rows[] = { { "wfi", WFI_INSN, HCR_TWI, 0 }, { "wfe", WFE_INSN, HCR_TWE, 1 } };

	for (u32 i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		const struct el2_setting s = { EL2_HCR, EL2_HCR_DEFAULT | rows[i / 2].hcr };
		const u32 code[] = { WFE_INSN == rows[i / 2].insn ? SEVL_INSN : 0xd503201f,
				     0xd503201f, rows[i / 2].insn, rows[i / 2].insn };
		ulong at = arm_code(code, ARRAY_SIZE(code));
		struct arm_registers r = { 0 };
		struct el2_exit exit = { 0 };
		struct fault fault = el2_run(&s, 1, (enum arm_el)(i & 1), at, &r, &exit);

		SUBTEST("%s-el%u", rows[i / 2].name, i & 1);
		if (!EXPECT(fault.kind == 0 || exit.level == 2))
			continue;
		if (fault.kind) {
			EXPECT_FAULT(WFX_TRAP(WFX_ISS(rows[i / 2].ti)), fault);
			EXPECT(r.pc == at + 8 || r.pc == at + 12);
		}
	}
}

TEST(wfx_after_sctlr, "what SCTLR_EL1.nTWI and nTWE forbid EL0 goes to EL1",
     SPEC("DDI 0487, D24.2, SCTLR_EL1.nTWI, nTWE; D1.4.5: traps to EL1 before those to EL2"))
{
	const struct el2_setting s = { EL2_HCR, EL2_HCR_DEFAULT | HCR_TWI | HCR_TWE };

	write_sys(SCTLR, read_sys(SCTLR) & ~(SCTLR_NTWI | SCTLR_NTWE));
	isb();
	for (u32 i = 0; i < 2; i++) {
		struct arm_registers r = { 0 };
		struct el2_exit exit = { 0 };
		struct fault fault = run_one(&s, 1, ARM_EL0, i ? WFE_INSN : WFI_INSN, &r, &exit);

		SUBTEST("%s", i ? "wfe" : "wfi");
		EXPECT_EQ(exit.level, 1);
		if (fault.kind)
			EXPECT_FAULT(WFX_TRAP(WFX_ISS(i)), fault);
	}
	write_sys(SCTLR, read_sys(SCTLR) | SCTLR_NTWI | SCTLR_NTWE);
	isb();
}

/* ------------------------------------------------------------------------------- TGE */

/* With TGE and without E2H, stage 1 is off: addresses are physical. */
TEST(tge, "with TGE, what EL0 raises goes to EL2",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.TGE; D1.4.5, routing exceptions from EL0"))
{
	static const struct {
		const char *name;
		u32 insn;
		struct fault fault;
		u32 pc;
	} rows[] = {
		{ "svc", SVC_INSN(0x99u), SVC(0x99), 4 },
		{ "undefined", UDF_INSN, UNDEFINED, 0 },
		{ "brk", 0xd4200020u | 0x33 << 5, BRK(0x33 | 1), 0 },
		{ "hvc", HVC_INSN(1u), UNDEFINED, 0 },
		{ "smc", SMC_INSN(1u), UNDEFINED, 0 },
		{ "msr-sctlr", 0xd5181000, UNDEFINED, 0 },
		{ "mrs-ctr", 0xd53b0021, NO_FAULT, 0 },
		{ "load-null", 0xf9400001, DATA_ABORT_LOWER(FSC_ALIGNMENT, 1), 0 },
	};
	const struct el2_setting s = { EL2_HCR, EL2_HCR_DEFAULT | HCR_TGE };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct arm_registers r = { .x = { 1 } };
		struct el2_exit exit = { 0 };
		ulong at = el2_code(arm_code(&rows[i].insn, 1));

		SUBTEST("%s", rows[i].name);
		EXPECT_FAULT(rows[i].fault, el2_run(&s, 1, ARM_EL0, at, &r, &exit));
		EXPECT_EQ(exit.level, 2);
		EXPECT_EQ(r.vector, VECTOR_FROM_EL0 + VECTOR_SYNC);
		if (rows[i].fault.kind)
			EXPECT_EQ(r.pc, at + rows[i].pc);
	}
}

TEST(tge_el1_return, "with TGE, a return to EL1 is illegal",
     SPEC("DDI 0487, D1.4.4, illegal exception returns: to EL1 with HCR_EL2.TGE 1"))
{
	const struct el2_setting s = { EL2_HCR, EL2_HCR_DEFAULT | HCR_TGE };
	const u32 code[] = { 0xd503201f };
	struct arm_registers r = { 0 };
	struct el2_exit exit = { 0 };
	ulong at = el2_code(arm_code(code, 1));

	EXPECT_FAULT(ILLEGAL_STATE, el2_run(&s, 1, ARM_EL1, at, &r, &exit));
	EXPECT_EQ(exit.level, 2);
	EXPECT_EQ(r.pc, at);
	EXPECT_EQ(r.pstate & PSTATE_IL, PSTATE_IL);
	/* PSTATE.EL stays what it was: the exception is from EL2. */
	EXPECT_EQ(r.pstate & 0xc, 0x8);
}

/* ------------------------------------------------------------------------------- EL2's own */

TEST(el2_raises, "exceptions of EL2 are taken to EL2, by the vectors of the level's own",
     SPEC("DDI 0487, D1.4.1, vector offsets; ESR_EL2"))
{
	static const struct {
		const char *name;
		u32 insn;
		struct fault fault;
		u32 pc;
	} rows[] = {
		{ "svc", SVC_INSN(0x98u), SVC(0x98), 4 },
		{ "undefined", UDF_INSN, UNDEFINED, 0 },
		{ "brk", 0xd4200020u | 0x44 << 5, BRK(0x44 | 1), 0 },
		{ "mrs-sctlr-el12", 0xd53d1001, UNDEFINED, 0 },
		{ "mrs-sctlr-el3", 0xd53e1001, UNDEFINED, 0 },
		{ "mrs-sctlr-el1", 0xd5381001, NO_FAULT, 0 },
		{ "mrs-sctlr-el2", 0xd53c1001, NO_FAULT, 0 },
		{ "mrs-hcr", 0xd53c1101, NO_FAULT, 0 },
		{ "mrs-sp-el1", 0xd53c4101, NO_FAULT, 0 },
		{ "mrs-sp-el0", 0xd5384101, UNDEFINED, 0 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct arm_registers r = { 0 };
		struct el2_exit exit = { 0 };
		ulong at = el2_code(arm_code(&rows[i].insn, 1));

		SUBTEST("%s", rows[i].name);
		EXPECT_FAULT(rows[i].fault, el2_run(NULL, 0, ARM_EL2, at, &r, &exit));
		EXPECT_EQ(exit.level, 2);
		EXPECT_EQ(r.vector, VECTOR_FROM_EL1T + VECTOR_SYNC);
		if (rows[i].fault.kind)
			EXPECT_EQ(r.pc, at + rows[i].pc);
	}
}

TEST(el2_registers_at_el1, "the registers of EL2 are UNDEFINED at EL1 and EL0, reads and writes",
     SPEC("DDI 0487, D24.2, accessibility of the registers of EL2"))
{
	static const struct {
		const char *name;
		u32 key;
	} regs[] = {
		{ "vpidr", KEY(3, 4, 0, 0, 0) },
		{ "vmpidr", KEY(3, 4, 0, 0, 5) },
		{ "sctlr", KEY(3, 4, 1, 0, 0) },
		{ "actlr", KEY(3, 4, 1, 0, 1) },
		{ "hcr", KEY(3, 4, 1, 1, 0) },
		{ "mdcr", KEY(3, 4, 1, 1, 1) },
		{ "cptr", KEY(3, 4, 1, 1, 2) },
		{ "hstr", KEY(3, 4, 1, 1, 3) },
		{ "hacr", KEY(3, 4, 1, 1, 7) },
		{ "ttbr0", KEY(3, 4, 2, 0, 0) },
		{ "tcr", KEY(3, 4, 2, 0, 2) },
		{ "vttbr", KEY(3, 4, 2, 1, 0) },
		{ "vtcr", KEY(3, 4, 2, 1, 2) },
		{ "spsr", KEY(3, 4, 4, 0, 0) },
		{ "elr", KEY(3, 4, 4, 0, 1) },
		{ "sp-el1", KEY(3, 4, 4, 1, 0) },
		{ "esr", KEY(3, 4, 5, 2, 0) },
		{ "far", KEY(3, 4, 6, 0, 0) },
		{ "hpfar", KEY(3, 4, 6, 0, 4) },
		{ "mair", KEY(3, 4, 10, 2, 0) },
		{ "vbar", KEY(3, 4, 12, 0, 0) },
		{ "tpidr", KEY(3, 4, 13, 0, 2) },
		{ "cntvoff", KEY(3, 4, 14, 0, 3) },
		{ "cnthctl", KEY(3, 4, 14, 1, 0) },
		{ "cnthp-ctl", KEY(3, 4, 14, 2, 1) },
		{ "sctlr-el12", KEY(3, 5, 1, 0, 0) },
		{ "cntv-ctl-el02", KEY(3, 5, 14, 3, 1) },
	};

	for (u32 i = 0; i < ARRAY_SIZE(regs); i++) {
		SUBTEST("%s", regs[i].name);
		for (u32 write = 0; write < 2; write++)
			for (u32 el = ARM_EL0; el <= ARM_EL1; el++) {
				struct arm_registers r = { 0 };
				struct el2_exit exit = { 0 };

				EXPECT_FAULT(UNDEFINED,
					     run_one(NULL, 0, (enum arm_el)el,
						     write ? MSR_OF(regs[i].key, 1u)
							   : MRS_OF(regs[i].key, 1u),
						     &r, &exit),
					     "%s at EL%u", write ? "write" : "read", el);
				EXPECT_EQ(exit.level, 1);
			}
	}
}

TEST(virtual_identification,
     "EL1 reads VPIDR_EL2 as MIDR_EL1 and VMPIDR_EL2 as MPIDR_EL1, EL2 the real ones",
     SPEC("DDI 0487, D24.2, VPIDR_EL2, VMPIDR_EL2"))
{
	const u32 code[] = { 0xd5380001, 0xd53800a2 };
	const u64 midr = read_sys(MIDR), mpidr = read_sys(MPIDR);
	const struct el2_setting s[] = { { EL2_VPIDR, 0x12345678 },
					 { EL2_VMPIDR, BIT(31) | 0x0a00040302 } };
	struct arm_registers r = { 0 };
	struct el2_exit exit = { 0 };

	SUBTEST("el1");
	EXPECT_NO_FAULT(el2_execute(s, 2, ARM_EL1, code, 2, &r, &exit));
	EXPECT_EQ(r.x[1], s[0].value);
	EXPECT_EQ(r.x[2], s[1].value);
	SUBTEST("el2");
	EXPECT_NO_FAULT(el2_execute(s, 2, ARM_EL2, code, 2, &r, &exit));
	EXPECT_EQ(r.x[1], midr);
	EXPECT_EQ(r.x[2], mpidr);
}
