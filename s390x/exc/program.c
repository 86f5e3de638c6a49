/* SPDX-License-Identifier: MIT */
/*
 * Program interruptions: the interruption code, the instruction-length code, and where the old PSW points.
 * For an operation that is suppressed, terminated or completed it points after the instruction; for one
 * that is nullified, at it. PoP, chapter 5, "Types of Instruction Ending"; figure 6-1.
 */
#include <test.h>

#include <s390x/cr.h>
#include <s390x/facility.h>

SUITE("Program interruptions");

/* What the last program interruption stored, next to what it should have. */
static void expect_old_psw(ulong instruction, u32 length)
{
	const struct trap_frame *frame = trap_last_frame();

	EXPECT_EQ(frame->info.pgm_ilc, length);
	EXPECT_EQ(frame->psw.addr, instruction + length);
}

/* Declares insn_NAME(u64 r2, u64 r3): one instruction that uses %r2, %r3 and storage at %r1. */
static u64 scratch[8];
static u64 r2_after, r3_after;
static ulong at;

#define INSN(name, text)                                           \
	static struct fault insn_##name(u64 a, u64 b)              \
	{                                                          \
		fault_clear();                                     \
		register u64 r2 __asm__("2") = a;                  \
		register u64 r3 __asm__("3") = b;                  \
		register u64 *r1 __asm__("1") = scratch;           \
		__asm__ volatile("larl %%r4,1f\n"                  \
				 "stg %%r4,%2\n"                   \
				 "1:" GUARDED(text)                \
				 : "+d"(r2), "+d"(r3), "=Q"(at)    \
				 : "a"(r1)                         \
				 : "0", "4", "5", "cc", "memory"); \
		r2_after = r2;                                     \
		r3_after = r3;                                     \
		return fault_taken();                              \
	}

INSN(invalid_2, ".short 0x0000")
INSN(invalid_4, ".long 0x52000000")
INSN(invalid_6, ".short 0xe300; .long 0x00000000")

TEST(operation, "an operation code that is not assigned is an operation exception of its length",
     SPEC("PoP SA22-7832-13, chapter 6, Operation Exception; chapter 5, Instruction Length"))
{
	SUBTEST("2 bytes");
	EXPECT_FAULT(WITH_ILC(PGM_OPERATION, 2), insn_invalid_2(0, 0));
	expect_old_psw(at, 2);
	SUBTEST("4 bytes");
	EXPECT_FAULT(WITH_ILC(PGM_OPERATION, 4), insn_invalid_4(0, 0));
	expect_old_psw(at, 4);
	SUBTEST("6 bytes");
	EXPECT_FAULT(WITH_ILC(PGM_OPERATION, 6), insn_invalid_6(0, 0));
	expect_old_psw(at, 6);
}

INSN(dr, "dr %%r2,%%r4")
INSN(dsgr, "lghi %%r5,0; dsgr %%r2,%%r5")
INSN(dlgr, "lghi %%r5,1; dlgr %%r2,%%r5")
INSN(dsgfr, "lghi %%r5,-1; dsgfr %%r2,%%r5")

TEST(divide,
     "a quotient that cannot be represented is a fixed-point-divide exception; operands stay",
     SPEC("PoP SA22-7832-13, chapter 6, Fixed-Point-Divide Exception; chapter 7, DIVIDE"))
{
	/* r4 is the address of the instruction, by which this cannot be divided to 32 bits. */
	SUBTEST("DR");
	EXPECT_FAULT(WITH_ILC(PGM_FIXED_POINT_DIVIDE, 2), insn_dr(0x12345678, 7));
	expect_old_psw(at, 2);
	EXPECT_EQ(r2_after, 0x12345678u);
	EXPECT_EQ(r3_after, 7u);
	SUBTEST("DSGR by 0");
	EXPECT_FAULT(WITH_ILC(PGM_FIXED_POINT_DIVIDE, 4), insn_dsgr(5, 7));
	EXPECT_EQ(r2_after, 5u);
	EXPECT_EQ(r3_after, 7u);
	SUBTEST("DSGFR, largest negative by -1");
	EXPECT_FAULT(WITH_ILC(PGM_FIXED_POINT_DIVIDE, 4), insn_dsgfr(5, BIT(63)));
	EXPECT_EQ(r2_after, 5u);
	EXPECT_EQ(r3_after, BIT(63));
	SUBTEST("DLGR, high half not below the divisor");
	EXPECT_FAULT(WITH_ILC(PGM_FIXED_POINT_DIVIDE, 4), insn_dlgr(1, 0));
	EXPECT_EQ(r2_after, 1u);
	EXPECT_EQ(r3_after, 0u);
}

static void set_program_mask(u64 mask)
{
	psw_load_mask(PSW_KERNEL | mask);
}

INSN(ar, "ar %%r2,%%r3")
INSN(agr, "agr %%r2,%%r3")
INSN(sla, "sla %%r2,1")
INSN(lcgr, "lcgr %%r2,%%r3")
INSN(ag, "ag %%r2,0(%%r1)")

static const struct {
	const char *name;
	struct fault (*insn)(u64 a, u64 b);
	u64 a, b, result;
	u32 length;
} overflows[] = {
	{ "AR", insn_ar, 0x7fffffff, 1, 0x80000000, 2 },
	{ "AGR", insn_agr, ~0ull >> 1, 1, BIT(63), 4 },
	{ "SLA", insn_sla, 0x40000000, 0, 0, 4 },
	{ "LCGR", insn_lcgr, 0, BIT(63), BIT(63), 4 },
	{ "AG", insn_ag, BIT(63), 0, ~0ull >> 1, 6 },
};

TEST(overflow_masked, "overflow is no exception if the program mask has no bit for it",
     SPEC("PoP SA22-7832-13, chapter 6, Fixed-Point-Overflow Exception"))
{
	for (u32 i = 0; i < ARRAY_SIZE(overflows); i++) {
		SUBTEST("%s", overflows[i].name);
		scratch[0] = ~0ull;
		EXPECT_NO_FAULT(overflows[i].insn(overflows[i].a, overflows[i].b));
		EXPECT_EQ(r2_after, overflows[i].result);
	}
}

TEST(overflow_exception,
     "overflow is an exception if the program mask says so, and the result is stored",
     SPEC("PoP SA22-7832-13, chapter 6, Fixed-Point-Overflow Exception"))
{
	set_program_mask(PSW_PM_FIXED_OVERFLOW);
	for (u32 i = 0; i < ARRAY_SIZE(overflows); i++) {
		SUBTEST("%s", overflows[i].name);
		scratch[0] = ~0ull;
		if (!EXPECT_FAULT(WITH_ILC(PGM_FIXED_POINT_OVERFLOW, overflows[i].length),
				  overflows[i].insn(overflows[i].a, overflows[i].b)))
			continue;
		expect_old_psw(at, overflows[i].length);
		EXPECT_EQ(r2_after, overflows[i].result);
		/* Completed: the condition code is that of the overflow. */
		EXPECT_EQ((trap_last_frame()->psw.mask & PSW_CC) >> PSW_CC_SHIFT, 3u);
	}
	set_program_mask(0);
}

INSN(ex_ex, "ex %%r0,0f-1b(%%r4); j 2f; 0: ex %%r0,0(%%r1); 2: nopr")
INSN(ex_odd, "ex %%r0,1(%%r1)")
INSN(exrl_exrl, "exrl %%r0,0f; j 2f; 0: exrl %%r0,0b; 2: nopr")

TEST(execute, "the target of EXECUTE must not be an EXECUTE",
     SPEC("PoP SA22-7832-13, chapter 6, Execute Exception"))
{
	SUBTEST("EX of EX");
	EXPECT_FAULT(WITH_ILC(PGM_EXECUTE, 4), insn_ex_ex(0, 0));
	expect_old_psw(at, 4);
	SUBTEST("EXRL of EXRL");
	if (!has_facility(FACILITY_EXECUTE_EXTENSION)) {
		SKIP_ROW("no execute-extensions facility");
		return;
	}
	EXPECT_FAULT(WITH_ILC(PGM_EXECUTE, 6), insn_exrl_exrl(0, 0));
	expect_old_psw(at, 6);
}

TEST(execute_odd, "the target of EXECUTE is at an even address",
     SPEC("PoP SA22-7832-13, chapter 7, EXECUTE"))
{
	EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), insn_ex_odd(0, 0));
	expect_old_psw(at, 4);
}

INSN(lpswe_odd, "lpswe 4(%%r1)")
INSN(cs_odd, "cs %%r2,%%r3,2(%%r1)")
INSN(csg_odd, "csg %%r2,%%r3,4(%%r1)")
INSN(spx_odd, "spx 2(%%r1)")
INSN(lctlg_odd, "lctlg %%c8,%%c8,4(%%r1)")
INSN(stctg_odd, "stctg %%c8,%%c8,4(%%r1)")
INSN(sckc_odd, "sckc 4(%%r1)")
INSN(stpt_odd, "stpt 4(%%r1)")
INSN(stap_odd, "stap 1(%%r1)")
INSN(mvcl_odd, ".insn rr,0x0e00,%%r3,%%r4")
INSN(mlgr_odd, ".insn rre,0xb9860000,%%r3,%%r2")

TEST(specification,
     "operands on the wrong boundary and odd register pairs are specification exceptions",
     SPEC("PoP SA22-7832-13, chapter 6, Specification Exception"))
{
	static const struct {
		const char *name;
		struct fault (*insn)(u64 a, u64 b);
		u32 length;
	} rows[] = {
		{ "LPSWE off a doubleword", insn_lpswe_odd, 4 },
		{ "CS off a word", insn_cs_odd, 4 },
		{ "CSG off a doubleword", insn_csg_odd, 6 },
		{ "SPX off a word", insn_spx_odd, 4 },
		{ "LCTLG off a doubleword", insn_lctlg_odd, 6 },
		{ "STCTG off a doubleword", insn_stctg_odd, 6 },
		{ "SCKC off a doubleword", insn_sckc_odd, 4 },
		{ "STPT off a doubleword", insn_stpt_odd, 4 },
		{ "STAP off a halfword", insn_stap_odd, 4 },
		{ "MVCL of an odd register", insn_mvcl_odd, 2 },
		{ "MLGR to an odd register", insn_mlgr_odd, 4 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u64 before[8];

		SUBTEST("%s", rows[i].name);
		for (u32 j = 0; j < 8; j++)
			before[j] = scratch[j] = 0x0101010101010101ull * j;
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, rows[i].length), rows[i].insn(2, 3));
		expect_old_psw(at, rows[i].length);
		/* Suppressed. */
		EXPECT_EQ(r2_after, 2u);
		EXPECT_EQ(r3_after, 3u);
		EXPECT_MEM_EQ(scratch, before, sizeof(before));
	}
}

INSN(crt, "crt %%r2,%%r3,4")
INSN(cgrt, "cgrt %%r2,%%r3,2")
INSN(adbr, "adbr %%f0,%%f2")
INSN(ldr_f1, "ldr %%f1,%%f0")

TEST(compare_and_trap, "COMPARE AND TRAP is a data exception with DXC 0xff if the condition holds",
     SPEC("PoP SA22-7832-13, chapter 7, COMPARE AND TRAP; chapter 6, Data-Exception Code"),
	  REQUIRES(has_facility(FACILITY_GIEF)))
{
	EXPECT_NO_FAULT(insn_crt(1, 1));
	EXPECT_FAULT(WITH_ILC(PGM_DATA, 4), insn_crt((u32)-1, 1));
	EXPECT_EQ(trap_last_frame()->info.dxc, 0xffu);
	expect_old_psw(at, 4);
	EXPECT_NO_FAULT(insn_cgrt(1, 1));
	EXPECT_NO_FAULT(insn_cgrt(~0ull, 1));
	EXPECT_FAULT(WITH_ILC(PGM_DATA, 4), insn_cgrt(1, ~0ull));
	EXPECT_EQ(trap_last_frame()->info.dxc, 0xffu);
}

TEST(afp_control,
     "without the AFP-register control, BFP instructions and the other registers are refused",
     SPEC("PoP SA22-7832-13, chapter 4, CR0 bit 45; chapter 6, Data-Exception Code"))
{
	EXPECT_FAULT(WITH_ILC(PGM_DATA, 4), insn_adbr(0, 0));
	EXPECT_EQ(trap_last_frame()->info.dxc, 2u); /* BFP instruction */
	EXPECT_FAULT(WITH_ILC(PGM_DATA, 2), insn_ldr_f1(0, 0));
	EXPECT_EQ(trap_last_frame()->info.dxc, 1u); /* AFP register */
	write_cr(0, read_cr(0) | CR0_AFP);
	EXPECT_NO_FAULT(insn_adbr(0, 0));
	EXPECT_NO_FAULT(insn_ldr_f1(0, 0));
	write_cr(0, read_cr(0) & ~CR0_AFP);
}

INSN(ssm, "ssm 0(%%r1)")

TEST(ssm_suppression, "SET SYSTEM MASK with SSM suppression is a special-operation exception",
     SPEC("PoP SA22-7832-13, chapter 10, SET SYSTEM MASK; chapter 4, CR0 bit 33"))
{
	scratch[0] = (PSW_KERNEL & BITS(63, 56));
	EXPECT_NO_FAULT(insn_ssm(0, 0));
	write_cr(0, read_cr(0) | CR0_SSM_SUPPRESSION);
	EXPECT_FAULT(WITH_ILC(PGM_SPECIAL_OPERATION, 4), insn_ssm(0, 0));
	expect_old_psw(at, 4);
	write_cr(0, read_cr(0) & ~CR0_SSM_SUPPRESSION);
}

INSN(mc_5, "mc 0x123,5")
INSN(mc_16, "mc 0x123,16")

TEST(monitor_call, "MONITOR CALL of a class whose mask is one interrupts, with class and code",
     SPEC("PoP SA22-7832-13, chapter 7, MONITOR CALL; chapter 6, Monitor Event"))
{
	EXPECT_NO_FAULT(insn_mc_5(0, 0));
	write_cr(8, BIT(15 - 6));
	EXPECT_NO_FAULT(insn_mc_5(0, 0));
	write_cr(8, BIT(15 - 5));
	EXPECT_FAULT(WITH_ILC(PGM_MONITOR_EVENT, 4), insn_mc_5(0, 0));
	EXPECT_EQ(trap_last_frame()->info.monitor_class, 5u);
	EXPECT_EQ(trap_last_frame()->info.monitor_code, 0x123u);
	/* Completed. */
	expect_old_psw(at, 4);
	EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), insn_mc_16(0, 0));
	write_cr(8, 0);
}

TEST(breaking_event, "the breaking-event address is that of the last branch taken",
     SPEC("PoP SA22-7832-13, chapter 4, Breaking-Event-Address Recording"))
{
	ulong branch;

	fault_clear();
	__asm__ volatile("larl %0,0f\n"
			 "0: j 1f\n"
			 "nopr\n"
			 "1: nopr\n" GUARDED(".short 0")
			 : "=&d"(branch)
			 :
			 : "cc", "memory");
	EXPECT_FAULT(PGM_OPERATION, fault_taken());
	EXPECT_EQ(trap_last_frame()->breaking_event, branch);
}

TEST(broken_stack, "a fault is a value whatever register 15 holds",
     SPEC("docs/adding-an-architecture.md"))
{
	static const ulong values[] = { 0, 1, 0x2345, ~0ul, 0x7fffffff, BIT(63), BIT(62) | 8 };

	for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
		SUBTEST("%#lx", values[i]);
		fault_clear();
		__asm__ volatile("lgr %%r0,%%r15\n"
				 "lgr %%r15,%0\n" GUARDED(".short 0") "lgr %%r15,%%r0\n"
				 :
				 : "d"(values[i])
				 : "0", "cc", "memory");
		EXPECT_FAULT(PGM_OPERATION, fault_taken());
	}
}
