/* SPDX-License-Identifier: MIT */
/* A guest whose EL1 is in AArch32: what is trapped of it, with the classes and the syndromes of MCR, MCRR and VMRS. */
#include <test.h>

#include <mm/space.h>

#include "trap.h"

static bool has_a32_el1(void)
{
	return (read_sys(ID_AA64PFR0) >> 4 & 15) == 2;
}

SUITE("AArch32 at EL1", REQUIRES(el2_is_there()), REQUIRES(has_a32_el1()));

#define EC_MCR_15  0x03
#define EC_MCRR_15 0x04
#define EC_MCR_14  0x05
#define EC_VMRS	   0x08
#define EC_HVC_A32 0x12
#define EC_SMC_A32 0x13

#define AL     14u
/* CV and COND of an instruction that is always executed. */
#define ALWAYS (1u << 24 | AL << 20)

/* MCR and MRC of coprocessor 14 or 15 with R1. */
#define MCR_OF(cp, read, opc1, crn, crm, opc2)                                          \
	(AL << 28 | 0xeu << 24 | (opc1) << 21 | (read) << 20 | (crn) << 16 | 1u << 12 | \
	 (cp) << 8 | (opc2) << 5 | 1u << 4 | (crm))
#define MCR_ISS(read, opc1, crn, crm, opc2) \
	(ALWAYS | (opc2) << 17 | (opc1) << 14 | (crn) << 10 | 1u << 5 | (crm) << 1 | (read))
/* MCRR and MRRC with R1 and R2. */
#define MCRR_OF(read, opc1, crm)                                                                \
	(AL << 28 | 0xc4u << 20 | (read) << 20 | 2u << 16 | 1u << 12 | 15u << 8 | (opc1) << 4 | \
	 (crm))
#define MCRR_ISS(read, opc1, crm) (ALWAYS | (opc1) << 16 | 2u << 10 | 1u << 5 | (crm) << 1 | (read))

struct row {
	const char *name;
	u32 insn;
	u32 class, iss;
	u64 bits; /* of the control, each of which traps it */
};

#define R15(name, bits, opc1, crn, crm, opc2)                                  \
	{                                                                      \
		"mrc-" name, MCR_OF(15u, 1u, opc1, crn, crm, opc2), EC_MCR_15, \
			MCR_ISS(1u, opc1, crn, crm, opc2), bits                \
	}
#define W15(name, bits, opc1, crn, crm, opc2)                                  \
	{                                                                      \
		"mcr-" name, MCR_OF(15u, 0u, opc1, crn, crm, opc2), EC_MCR_15, \
			MCR_ISS(0u, opc1, crn, crm, opc2), bits                \
	}
#define R14(name, bits, opc1, crn, crm, opc2)                                  \
	{                                                                      \
		"mrc-" name, MCR_OF(14u, 1u, opc1, crn, crm, opc2), EC_MCR_14, \
			MCR_ISS(1u, opc1, crn, crm, opc2), bits                \
	}
#define R64(name, bits, opc1, crm)                                                              \
	{                                                                                       \
		"mrrc-" name, MCRR_OF(1u, opc1, crm), EC_MCRR_15, MCRR_ISS(1u, opc1, crm), bits \
	}
#define W64(name, bits, opc1, crm)                                                              \
	{                                                                                       \
		"mcrr-" name, MCRR_OF(0u, opc1, crm), EC_MCRR_15, MCRR_ISS(0u, opc1, crm), bits \
	}

static struct fault run(const struct el2_setting *s, u32 count, u32 insn, struct arm_registers *r,
			struct el2_exit *exit, ulong *at)
{
	static u32 code[2] __aligned(4096);

	/* The image is below 4 GiB here, and stage 1 is off. */
	code[0] = insn;
	code[1] = EXECUTE_END_A32;
	flush_data(code, sizeof(code));
	sync_code(code, sizeof(code));
	*at = (ulong)code;
	*exit = (struct el2_exit){ 0 };
	return el2_run(s, count, ARM_EL1_A32, (ulong)code, r, exit);
}

/* Trapped by each of its bits alone, and not by all of `all` but its own. */
static void check(const struct row *rows, u32 count, enum el2_register reg, u64 all, bool inverted)
{
	u64 base = el2_read(reg);

	for (u32 i = 0; i < count; i++) {
		const struct row *row = &rows[i];
		struct arm_registers r;
		struct el2_exit exit;
		struct el2_setting s = { reg, 0 };
		ulong at;

		SUBTEST("%s", row->name);
		for_each_set_bit(bit, row->bits) {
			s.value = inverted ? base & ~BIT(bit) : base | BIT(bit);
			r = (struct arm_registers){ .x = { 0, 0x11, 0x22 } };
			EXPECT_FAULT(FAULT_CODED_(row->class, row->iss),
				     run(&s, 1, row->insn, &r, &exit, &at));
			EXPECT_EQ(exit.level, 2);
			EXPECT_EQ(r.pc, at);
			EXPECT_EQ(r.vector, VECTOR_FROM_EL0_32 + VECTOR_SYNC);
			EXPECT_EQ(r.x[1], 0x11);
		}
		s.value = inverted ? base & ~(all & ~row->bits) : base | (all & ~row->bits);
		/* CPACR as it is; the others do without. */
		r = (struct arm_registers){ .x = { 0, (u32)read_sys(CPACR) } };
		if (row->insn != MCR_OF(15u, 0u, 0u, 1u, 0u, 2u))
			r.x[1] = 0;
		EXPECT_NO_FAULT(run(&s, 1, row->insn, &r, &exit, &at));
		EXPECT_EQ(exit.level, 1);
	}
}

TEST(a32_runs,
     "code of Supervisor mode runs, with the registers that it is given, and ends with its own SVC",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.RW; D1.4, mapping of registers between the Execution states"))
{
	struct arm_registers r = { .x = { 1, 2, 3 } };
	struct el2_exit exit;
	ulong at;

	/* ADD r0, r1, r2 */
	EXPECT_NO_FAULT(run(NULL, 0, 0xe0810002, &r, &exit, &at));
	EXPECT_EQ(exit.level, 1);
	EXPECT_EQ(r.x[0], 5);
	SUBTEST("undefined");
	EXPECT_FAULT(UNDEFINED, run(NULL, 0, 0xe7f000f0, &r, &exit, &at));
	EXPECT_EQ(exit.level, 1);
	EXPECT_EQ(r.vector, VECTOR_A32_UNDEFINED);
}

#define HCR_ALL                                                                                \
	(HCR_TID0 | HCR_TID1 | HCR_TID2 | HCR_TID3 | HCR_TACR | HCR_TSW | HCR_TPCP | HCR_TPU | \
	 HCR_TTLB | HCR_TVM | HCR_TRVM)

TEST(a32_tvm, "TVM and TRVM trap MCR, MRC, MCRR and MRRC of the registers of virtual memory",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.TVM, TRVM: AArch32, EC 0x03, 0x04"))
{
	static const struct row rows[] = {
		R15("sctlr", HCR_TRVM, 0u, 1u, 0u, 0u),
		R15("ttbr0", HCR_TRVM, 0u, 2u, 0u, 0u),
		R15("ttbr1", HCR_TRVM, 0u, 2u, 0u, 1u),
		R15("ttbcr", HCR_TRVM, 0u, 2u, 0u, 2u),
		R15("dacr", HCR_TRVM, 0u, 3u, 0u, 0u),
		R15("dfsr", HCR_TRVM, 0u, 5u, 0u, 0u),
		R15("ifsr", HCR_TRVM, 0u, 5u, 0u, 1u),
		R15("dfar", HCR_TRVM, 0u, 6u, 0u, 0u),
		R15("ifar", HCR_TRVM, 0u, 6u, 0u, 2u),
		R15("mair0", HCR_TRVM, 0u, 10u, 2u, 0u),
		R15("mair1", HCR_TRVM, 0u, 10u, 2u, 1u),
		R15("contextidr", HCR_TRVM, 0u, 13u, 0u, 1u),
		R64("ttbr0", HCR_TRVM, 0u, 2u),
		R64("ttbr1", HCR_TRVM, 1u, 2u),
		W15("dacr", HCR_TVM, 0u, 3u, 0u, 0u),
		W15("dfsr", HCR_TVM, 0u, 5u, 0u, 0u),
		W15("ifsr", HCR_TVM, 0u, 5u, 0u, 1u),
		W15("dfar", HCR_TVM, 0u, 6u, 0u, 0u),
		W15("ifar", HCR_TVM, 0u, 6u, 0u, 2u),
		W15("contextidr", HCR_TVM, 0u, 13u, 0u, 1u),
		R15("tpidrprw", 0, 0u, 13u, 0u, 4u),
		R15("midr", 0, 0u, 0u, 0u, 0u),
	};

	check(rows, ARRAY_SIZE(rows), EL2_HCR, HCR_ALL, false);
}

TEST(a32_identification, "TID0 to TID3 trap reads of their groups of ID registers",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.TID0, TID1, TID2, TID3: AArch32"))
{
	static const struct row rows[] = {
		R15("tcmtr", HCR_TID1, 0u, 0u, 0u, 2u),
		R15("tlbtr", HCR_TID1, 0u, 0u, 0u, 3u),
		R15("revidr", HCR_TID1, 0u, 0u, 0u, 6u),
		R15("aidr", HCR_TID1, 1u, 0u, 0u, 7u),
		R15("ctr", HCR_TID2, 0u, 0u, 0u, 1u),
		R15("ccsidr", HCR_TID2, 1u, 0u, 0u, 0u),
		R15("clidr", HCR_TID2, 1u, 0u, 0u, 1u),
		R15("csselr", HCR_TID2, 2u, 0u, 0u, 0u),
		W15("csselr", HCR_TID2, 2u, 0u, 0u, 0u),
		R15("id-pfr0", HCR_TID3, 0u, 0u, 1u, 0u),
		R15("id-pfr1", HCR_TID3, 0u, 0u, 1u, 1u),
		R15("id-dfr0", HCR_TID3, 0u, 0u, 1u, 2u),
		R15("id-afr0", HCR_TID3, 0u, 0u, 1u, 3u),
		R15("id-mmfr0", HCR_TID3, 0u, 0u, 1u, 4u),
		R15("id-mmfr3", HCR_TID3, 0u, 0u, 1u, 7u),
		R15("id-isar0", HCR_TID3, 0u, 0u, 2u, 0u),
		R15("id-isar5", HCR_TID3, 0u, 0u, 2u, 5u),
		R15("midr", 0, 0u, 0u, 0u, 0u),
		R15("mpidr", 0, 0u, 0u, 0u, 5u),
	};

	check(rows, ARRAY_SIZE(rows), EL2_HCR, HCR_ALL, false);
}

TEST(a32_vmrs, "TID0 traps VMRS of FPSID, TID3 that of MVFR0, MVFR1 and MVFR2",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.TID0, TID3; ESR_EL2, EC 0b001000"))
{
	static const struct {
		const char *name;
		u32 reg;
		u64 bit;
	} rows[] = { { "fpsid", 0, HCR_TID0 },
		     { "mvfr2", 5, HCR_TID3 },
		     { "mvfr1", 6, HCR_TID3 },
		     { "mvfr0", 7, HCR_TID3 } };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct el2_setting s = { EL2_HCR, EL2_HCR_DEFAULT | rows[i].bit };
		struct arm_registers r = { 0 };
		struct el2_exit exit;
		struct fault fault;
		ulong at;

		SUBTEST("%s", rows[i].name);
		fault = run(&s, 1, 0xeef01a10 | rows[i].reg << 16, &r, &exit, &at);
		EXPECT_EQ(exit.level, 2);
		/* Opc1 is 7, CRn the register; R1; a read. */
		EXPECT_FAULT(
			FAULT_CODED_(EC_VMRS, ALWAYS | 7u << 14 | rows[i].reg << 10 | 1u << 5 | 1),
			fault);
	}
}

TEST(a32_maintenance, "TACR, TSW, TPCP, TPU and TTLB trap ACTLR, cache and TLB maintenance",
     SPEC("DDI 0487, D24.2.62, HCR_EL2.TACR, TSW, TPCP, TPU, TTLB: AArch32"))
{
	static const struct row rows[] = {
		R15("actlr", HCR_TACR, 0u, 1u, 0u, 1u),
		W15("actlr", HCR_TACR, 0u, 1u, 0u, 1u),
		W15("dcisw", HCR_TSW, 0u, 7u, 6u, 2u),
		W15("dccsw", HCR_TSW, 0u, 7u, 10u, 2u),
		W15("dccisw", HCR_TSW, 0u, 7u, 14u, 2u),
		W15("iciallu", HCR_TPU, 0u, 7u, 5u, 0u),
		W15("icialluis", HCR_TPU, 0u, 7u, 1u, 0u),
		W15("tlbiall", HCR_TTLB, 0u, 8u, 7u, 0u),
		W15("tlbimva", HCR_TTLB, 0u, 8u, 7u, 1u),
		W15("tlbiasid", HCR_TTLB, 0u, 8u, 7u, 2u),
		W15("tlbimvaa", HCR_TTLB, 0u, 8u, 7u, 3u),
		W15("tlbiallis", HCR_TTLB, 0u, 8u, 3u, 0u),
		W15("tlbimvais", HCR_TTLB, 0u, 8u, 3u, 1u),
		W15("tlbiasidis", HCR_TTLB, 0u, 8u, 3u, 2u),
		W15("tlbimvaais", HCR_TTLB, 0u, 8u, 3u, 3u),
	};

	check(rows, ARRAY_SIZE(rows), EL2_HCR, HCR_ALL, false);
}

TEST(a32_hstr, "HSTR_EL2.T<n> traps MCR and MRC with CRn n, and MCRR and MRRC with CRm n",
     SPEC("DDI 0487, D24.2, HSTR_EL2"))
{
	static const struct row rows[] = {
		R15("c0", BIT(0), 0u, 0u, 0u, 0u),
		R15("c1", BIT(1), 0u, 1u, 0u, 0u),
		R15("c2", BIT(2), 0u, 2u, 0u, 0u),
		R15("c3", BIT(3), 0u, 3u, 0u, 0u),
		R15("c5", BIT(5), 0u, 5u, 0u, 0u),
		R15("c6", BIT(6), 0u, 6u, 0u, 0u),
		W15("c7", BIT(7), 0u, 7u, 5u, 4u),
		W15("c8", BIT(8), 0u, 8u, 7u, 0u),
		R15("c10", BIT(10), 0u, 10u, 2u, 0u),
		R15("c12", BIT(12), 0u, 12u, 0u, 0u),
		R15("c13", BIT(13), 0u, 13u, 0u, 4u),
		R64("c2", BIT(2), 0u, 2u),
		R64("c7", BIT(7), 0u, 7u),
		/* T14 is RES0, and so is T4. */
		R15("c14", 0, 0u, 14u, 0u, 0u),
	};

	check(rows, ARRAY_SIZE(rows), EL2_HSTR, 0xffff, false);
}

#define CPTR_TFP   BIT(10)
#define CPTR_TCPAC BIT(31)

TEST(a32_cptr, "CPTR_EL2.TCPAC traps CPACR, TFP floating point",
     SPEC("DDI 0487, D24.2, CPTR_EL2.TCPAC, TFP: AArch32"))
{
	static const struct row rows[] = {
		R15("cpacr", CPTR_TCPAC, 0u, 1u, 0u, 2u),
		W15("cpacr", CPTR_TCPAC, 0u, 1u, 0u, 2u),
		R15("sctlr", 0, 0u, 1u, 0u, 0u),
	};
	const struct el2_setting s = { EL2_CPTR, el2_read(EL2_CPTR) | CPTR_TFP };
	struct arm_registers r = { 0 };
	struct el2_exit exit;
	struct fault fault;
	ulong at;

	check(rows, ARRAY_SIZE(rows), EL2_CPTR, CPTR_TCPAC | CPTR_TFP, false);
	SUBTEST("vmrs-fpscr");
	fault = run(&s, 1, 0xeef11a10, &r, &exit, &at);
	EXPECT_EQ(exit.level, 2);
	EXPECT_EQ(fault.kind, EC_FP_ACCESS + 1u);
	EXPECT_EQ(fault.code & BITS(24, 20), ALWAYS);
}

TEST(a32_timers, "CNTHCTL_EL2 traps the physical counter and timer of AArch32",
     SPEC("DDI 0487, D24.10, CNTHCTL_EL2.EL1PCTEN, EL1PCEN: AArch32"))
{
	static const struct row rows[] = {
		R64("cntpct", BIT(0), 0u, 14u),		  R15("cntp-ctl", BIT(1), 0u, 14u, 2u, 1u),
		W15("cntp-ctl", BIT(1), 0u, 14u, 2u, 1u), R15("cntp-tval", BIT(1), 0u, 14u, 2u, 0u),
		R64("cntp-cval", BIT(1), 2u, 14u),	  R64("cntvct", 0, 1u, 14u),
		R15("cntv-ctl", 0, 0u, 14u, 3u, 1u),
	};

	check(rows, ARRAY_SIZE(rows), EL2_CNTHCTL, BITS(1, 0), true);
}

TEST(a32_debug,
     "MDCR_EL2.TDA traps the debug registers of coprocessor 14, TDRA the addresses of the ROM table",
     SPEC("DDI 0487, D24.3, MDCR_EL2.TDA, TDRA: AArch32, EC 0x05"))
{
	static const struct row rows[] = {
		R14("dbgdidr", BIT(9), 0u, 0u, 0u, 0u),	 R14("dbgdscrext", BIT(9), 0u, 0u, 2u, 2u),
		R14("dbgbvr0", BIT(9), 0u, 0u, 0u, 4u),	 R14("dbgbcr0", BIT(9), 0u, 0u, 0u, 5u),
		R14("dbgdrar", BIT(11), 0u, 1u, 0u, 0u), R14("dbgdsar", BIT(11), 0u, 2u, 0u, 0u),
	};

	check(rows, ARRAY_SIZE(rows), EL2_MDCR, BIT(9) | BIT(11), false);
}

TEST(a32_calls,
     "HVC of AArch32 goes to EL2, SMC too with TSC; each with its immediate and return address",
     SPEC("DDI 0487, ESR_EL2, EC 0b010010, 0b010011; D1.4.1"))
{
	const struct el2_setting tsc = { EL2_HCR, EL2_HCR_DEFAULT | HCR_TSC };
	struct arm_registers r = { 0 };
	struct el2_exit exit;
	struct fault fault;
	ulong at;

	SUBTEST("hvc");
	/* HVC #0x1234 */
	EXPECT_FAULT(FAULT_CODED_(EC_HVC_A32, 0x1234), run(NULL, 0, 0xe1412374, &r, &exit, &at));
	EXPECT_EQ(exit.level, 2);
	EXPECT_EQ(r.pc, at + 4);
	SUBTEST("smc");
	fault = run(&tsc, 1, 0xe1600070, &r, &exit, &at);
	EXPECT_EQ(exit.level, 2);
	EXPECT_EQ(fault.kind, EC_SMC_A32 + 1u);
	/* CCKNOWNPASS: bit 19. */
	EXPECT_EQ(fault.code & BIT(19), 0);
	EXPECT_EQ(r.pc, at);
}

TEST(a32_conditions, "a trapped instruction whose condition fails is not trapped",
     SPEC("DDI 0487, ESR_EL2, ISS encoding for an exception from an MCR or MRC access: conditional instructions"))
{
	const struct el2_setting s = { EL2_HCR, EL2_HCR_DEFAULT | HCR_TRVM | HCR_TSC };

	for (u32 i = 0; i < 4; i++) {
		bool smc = i & 1, z = i & 2;
		struct arm_registers r = { .pstate = z ? BIT(30) : 0 };
		struct el2_exit exit;
		struct fault fault;
		ulong at;

		SUBTEST("%s-%s", smc ? "smceq" : "mrceq", z ? "holds" : "fails");
		fault = run(&s, 1, smc ? 0x01600070 : 0x0e111f10 & 0x0fffffff, &r, &exit, &at);
		if (!z) {
			EXPECT_NO_FAULT(fault);
			EXPECT_EQ(exit.level, 1);
		} else {
			EXPECT_EQ(exit.level, 2);
			EXPECT_EQ(fault.kind, (smc ? EC_SMC_A32 : EC_MCR_15) + 1u);
		}
	}
}
