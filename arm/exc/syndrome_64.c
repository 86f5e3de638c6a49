/* SPDX-License-Identifier: MIT */
/* Exceptions that instructions ask for, and what ESR_EL1, ELR_EL1 and SPSR_EL1 have of them. */
#include <test.h>

#include <arm/psci.h>
#include <arm/trap.h>

SUITE("Instructions that raise exceptions");

#define ESR_IL BIT(25)

/* Runs one instruction without operands at the present privilege and says what it raised. */
#define RAISE(insn)                                          \
	({                                                   \
		fault_clear();                               \
		__asm__ volatile(GUARDED(insn)::: "memory"); \
		fault_taken();                               \
	})

/* The same at EL0: a function for run_user(). */
#define AT_EL0(name, insn)                           \
	static void name(void *arg)                  \
	{                                            \
		(void)arg;                           \
		__asm__ volatile(insn ::: "memory"); \
	}

AT_EL0(svc_0, "svc #0")
AT_EL0(svc_ffff, "svc #0xffff")
AT_EL0(brk_1234, "brk #0x1234")
AT_EL0(hvc_0, "hvc #0")
AT_EL0(smc_0, "smc #0")
AT_EL0(udf_0, ".inst 0")
AT_EL0(eret_el0, "eret")
AT_EL0(read_sctlr, "mrs x0, sctlr_el1")
AT_EL0(read_esr, "mrs x0, esr_el1")
AT_EL0(write_vbar, "msr vbar_el1, xzr")
AT_EL0(tlbi_el0, "tlbi vmalle1")

TEST(svc_syndrome, "SVC has class 0x15 and its immediate, and returns after itself",
     SPEC("DDI 0487, D17.2.37, ISS encoding for HVC and SVC; D1.3.1"))
{
	EXPECT_FAULT(SVC(0), RAISE("svc #0"));
	EXPECT_FAULT(SVC(1), RAISE("svc #1"));
	EXPECT_FAULT(SVC(0x8000), RAISE("svc #0x8000"));
	EXPECT_FAULT(SVC(0xffff), RAISE("svc #0xffff"));
	EXPECT_EQ(((const u32 *)trap_last_frame()->pc)[-1], 0xd41fffe1);
	EXPECT_EQ(trap_last_frame()->esr & ESR_IL, ESR_IL);
	EXPECT_FAULT(SVC(0), run_user(svc_0, NULL));
	EXPECT_FAULT(SVC(0xffff), run_user(svc_ffff, NULL));
}

TEST(brk_syndrome, "BRK has class 0x3c and its immediate, and returns to itself",
     SPEC("DDI 0487, D17.2.37, ISS encoding for a Breakpoint instruction; D2.8"))
{
	EXPECT_FAULT(BRK(0), RAISE("brk #0"));
	EXPECT_FAULT(BRK(0xffff), RAISE("brk #0xffff"));
	EXPECT_FAULT(BRK(0x1234), RAISE("brk #0x1234"));
	EXPECT_EQ(*(const u32 *)trap_last_frame()->pc, 0xd4224680);
	EXPECT_EQ(trap_last_frame()->esr & ESR_IL, ESR_IL);
	EXPECT_FAULT(BRK(0x1234), run_user(brk_1234, NULL));
}

TEST(smc_without_el3, "SMC is UNDEFINED without EL3: class 0 and no immediate, whatever it has",
     SPEC("DDI 0487, C6.2, SMC; D17.2.37, ISS encoding for exceptions with an unknown reason"),
	  REQUIRES(!has_exception_level(3) && psci_conduit() != PSCI_SMC))
{
	EXPECT_FAULT(UNDEFINED, RAISE("smc #0"));
	EXPECT_FAULT(UNDEFINED, RAISE("smc #0xffff"));
	EXPECT_EQ(*(const u32 *)trap_last_frame()->pc, 0xd41fffe3);
	EXPECT_EQ(trap_last_frame()->esr, ESR_IL);
}

TEST(undefined_syndrome, "an unallocated encoding has class 0, ISS 0, and returns to itself",
     SPEC("DDI 0487, D17.2.37, ISS encoding for exceptions with an unknown reason; C6.2, UDF"))
{
	SUBTEST("udf-0");
	EXPECT_FAULT(UNDEFINED, RAISE(".inst 0"));
	EXPECT_EQ(*(const u32 *)trap_last_frame()->pc, 0);
	EXPECT_EQ(trap_last_frame()->esr, ESR_IL);
	SUBTEST("udf-ffff");
	EXPECT_FAULT(UNDEFINED, RAISE(".inst 0xffff"));
	SUBTEST("unallocated-0001");
	EXPECT_FAULT(UNDEFINED, RAISE(".inst 0x02000000"));
	SUBTEST("unallocated-0011");
	EXPECT_FAULT(UNDEFINED, RAISE(".inst 0x06000000"));
	SUBTEST("udf-el0");
	EXPECT_FAULT(UNDEFINED, run_user(udf_0, NULL));
}

TEST(el0_is_undefined, "what belongs to higher levels is UNDEFINED at EL0",
     SPEC("DDI 0487, C6.2, ERET, HVC, SMC; C5.1.2, accesses to registers of a higher level"))
{
	SUBTEST("hvc");
	EXPECT_FAULT(UNDEFINED, run_user(hvc_0, NULL));
	SUBTEST("smc");
	EXPECT_FAULT(UNDEFINED, run_user(smc_0, NULL));
	SUBTEST("eret");
	EXPECT_FAULT(UNDEFINED, run_user(eret_el0, NULL));
	SUBTEST("mrs-sctlr");
	EXPECT_FAULT(UNDEFINED, run_user(read_sctlr, NULL));
	SUBTEST("mrs-esr");
	EXPECT_FAULT(UNDEFINED, run_user(read_esr, NULL));
	SUBTEST("msr-vbar");
	EXPECT_FAULT(UNDEFINED, run_user(write_vbar, NULL));
	SUBTEST("tlbi");
	EXPECT_FAULT(UNDEFINED, run_user(tlbi_el0, NULL));
}

TEST(read_only_registers,
     "a write to a read-only register, and a read of a write-only one, is UNDEFINED",
     SPEC("DDI 0487, D17.1, accessibility of each register"))
{
	SUBTEST("midr");
	EXPECT_FAULT(UNDEFINED, RAISE("msr s3_0_c0_c0_0, xzr"));
	SUBTEST("id-aa64pfr0");
	EXPECT_FAULT(UNDEFINED, RAISE("msr s3_0_c0_c4_0, xzr"));
	SUBTEST("currentel");
	EXPECT_FAULT(UNDEFINED, RAISE("msr s3_0_c4_c2_2, xzr"));
	SUBTEST("oslar");
	EXPECT_FAULT(UNDEFINED, RAISE("mrs xzr, s2_0_c1_c0_4"));
}

/* -------------------------------------------------------------- traps that SCTLR_EL1, CPACR_EL1 set */

AT_EL0(read_ctr, "mrs x3, ctr_el0")
AT_EL0(read_daif, "mrs x7, daif")
AT_EL0(set_daif, "msr daifset, #2")
/* FMOV d0, xzr, which assemblers refuse for a target without floating point. */
#define FMOV ".inst 0x9e6703e0"
AT_EL0(use_fp, FMOV)

static u64 zva_line[64] __aligned(512);

static void zero_line(void *line)
{
	register void *x9 __asm__("x9") = line;

	__asm__ volatile("dc zva, x9" : : "r"(x9) : "memory");
}

#define MAINTENANCE(name, insn)                                       \
	static void name(void *line)                                  \
	{                                                             \
		register void *x9 __asm__("x9") = line;               \
                                                                      \
		__asm__ volatile(insn ", x9" : : "r"(x9) : "memory"); \
	}

MAINTENANCE(clean_line, "dc cvac")
MAINTENANCE(clean_line_to_unification, "dc cvau")
MAINTENANCE(clean_and_invalidate_line, "dc civac")
MAINTENANCE(invalidate_code_line, "ic ivau")

static void sctlr_clear(u64 bits)
{
	write_sys(SCTLR, read_sys(SCTLR) & ~bits);
	isb();
}

TEST(sctlr_traps_el0, "SCTLR_EL1.UCT, UMA, UCI and DZE, clear, trap with the encoding in ISS",
     SPEC("DDI 0487, D17.2.118; D17.2.37, ISS encoding for MSR, MRS, or System instruction"))
{
	SUBTEST("uct-1");
	EXPECT_NO_FAULT(run_user(read_ctr, NULL));
	SUBTEST("uct-0");
	sctlr_clear(SCTLR_UCT);
	EXPECT_FAULT(SYSREG_TRAP(SYSREG_ISS(3, 3, 0, 0, 1, 3, 1)), run_user(read_ctr, NULL));
	SUBTEST("uma-0-mrs");
	EXPECT_FAULT(SYSREG_TRAP(SYSREG_ISS(3, 3, 4, 2, 1, 7, 1)), run_user(read_daif, NULL));
	SUBTEST("uma-0-msr-immediate");
	EXPECT_FAULT(SYSREG_TRAP(SYSREG_ISS(0, 3, 4, 2, 6, 31, 0)), run_user(set_daif, NULL));
	SUBTEST("uci-1");
	EXPECT_NO_FAULT(run_user(clean_line, zva_line));
	EXPECT_NO_FAULT(run_user(clean_line_to_unification, zva_line));
	EXPECT_NO_FAULT(run_user(clean_and_invalidate_line, zva_line));
	EXPECT_NO_FAULT(run_user(invalidate_code_line, zva_line));
	SUBTEST("uci-0");
	sctlr_clear(SCTLR_UCI);
	EXPECT_FAULT(SYSREG_TRAP(SYSREG_ISS(1, 3, 7, 10, 1, 9, 0)), run_user(clean_line, zva_line));
	EXPECT_FAULT(SYSREG_TRAP(SYSREG_ISS(1, 3, 7, 11, 1, 9, 0)),
		     run_user(clean_line_to_unification, zva_line));
	EXPECT_FAULT(SYSREG_TRAP(SYSREG_ISS(1, 3, 7, 14, 1, 9, 0)),
		     run_user(clean_and_invalidate_line, zva_line));
	EXPECT_FAULT(SYSREG_TRAP(SYSREG_ISS(1, 3, 7, 5, 1, 9, 0)),
		     run_user(invalidate_code_line, zva_line));
	SUBTEST("dze-1");
	EXPECT_NO_FAULT(run_user(zero_line, zva_line));
	SUBTEST("dze-0");
	sctlr_clear(SCTLR_DZE);
	EXPECT_FAULT(SYSREG_TRAP(SYSREG_ISS(1, 3, 7, 4, 1, 9, 0)), run_user(zero_line, zva_line));
	write_sys(SCTLR, read_sys(SCTLR) | SCTLR_UCT | SCTLR_UCI | SCTLR_DZE);
}

TEST(fp_trap, "CPACR_EL1.FPEN traps floating point: 0 at EL0 and EL1, 1 at EL0, 3 nowhere",
     SPEC("DDI 0487, D17.2.31"), REQUIRES((read_sys(ID_AA64PFR0) >> 16 & 0xf) != 0xf))
{
	for (u64 fpen = 0; fpen < 4; fpen++) {
		SUBTEST("fpen-%llu", fpen);
		write_sys(CPACR, fpen << 20);
		isb();
		EXPECT_FAULT(fpen & 1 ? NO_FAULT : FP_TRAP, RAISE(FMOV));
		EXPECT_FAULT(fpen == 3 ? NO_FAULT : FP_TRAP, run_user(use_fp, NULL));
	}
	write_sys(CPACR, 3ull << 20);
}
