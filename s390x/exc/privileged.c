/* SPDX-License-Identifier: MIT */
/*
 * Problem state: control instructions are refused before they look at their operands; semiprivileged ones
 * depend on masks in control registers.
 */
#include <test.h>

#include <s390x/cr.h>

SUITE("Problem state");

static u64 operand[16] __aligned(128);

/* Every register that an instruction may look at is the address of harmless storage, or 0. */
#define USER_INSN(name, text)                                                     \
	static void user_##name(void *arg)                                        \
	{                                                                         \
		__asm__ volatile("lgr %%r1,%0\n"                                  \
				 "lghi %%r0,0\n"                                  \
				 "lghi %%r2,0\n"                                  \
				 "lghi %%r3,0\n"                                  \
				 "lgr %%r4,%0\n" text                             \
				 :                                                \
				 : "a"(arg)                                       \
				 : "0", "1", "2", "3", "4", "5", "cc", "memory"); \
	}

#define PRIVILEGED(X)                                       \
	X(ssm, "ssm 0(%%r1)", 4)                            \
	X(stnsm, "stnsm 0(%%r1),0xff", 4)                   \
	X(stosm, "stosm 0(%%r1),0", 4)                      \
	X(lpsw, "lpsw 0(%%r1)", 4)                          \
	X(lpswe, "lpswe 0(%%r1)", 4)                        \
	X(lctl, "lctl %%c8,%%c8,0(%%r1)", 4)                \
	X(lctlg, "lctlg %%c8,%%c8,0(%%r1)", 6)              \
	X(stctl, "stctl %%c8,%%c8,0(%%r1)", 4)              \
	X(stctg, "stctg %%c8,%%c8,0(%%r1)", 6)              \
	X(spx, "spx 0(%%r1)", 4)                            \
	X(stpx, "stpx 0(%%r1)", 4)                          \
	X(stap, "stap 0(%%r1)", 4)                          \
	X(stidp, "stidp 0(%%r1)", 4)                        \
	X(sck, "sck 0(%%r1)", 4)                            \
	X(sckc, "sckc 0(%%r1)", 4)                          \
	X(stckc, "stckc 0(%%r1)", 4)                        \
	X(spt, "spt 0(%%r1)", 4)                            \
	X(stpt, "stpt 0(%%r1)", 4)                          \
	X(sckpf, "sckpf", 2)                                \
	X(ptlb, "ptlb", 4)                                  \
	X(ipte, "ipte %%r1,%%r2", 4)                        \
	X(idte, ".insn rrf,0xb98e0000,%%r1,%%r2,%%r3,0", 4) \
	X(sske, "sske %%r2,%%r4", 4)                        \
	X(iske, "iske %%r2,%%r4", 4)                        \
	X(rrbe, "rrbe %%r2,%%r4", 4)                        \
	X(tprot, "tprot 0(%%r1),0", 6)                      \
	X(lra, "lra %%r2,0(%%r1)", 4)                       \
	X(lrag, "lrag %%r2,0(%%r1)", 6)                     \
	X(lura, "lura %%r2,%%r1", 4)                        \
	X(lurag, "lurag %%r2,%%r1", 4)                      \
	X(stura, "stura %%r2,%%r4", 4)                      \
	X(sturg, "sturg %%r2,%%r4", 4)                      \
	X(sigp, "sigp %%r2,%%r3,1(%%r0)", 4)                \
	X(diag, ".long 0x83000044", 4)                      \
	X(servc, ".insn rre,0xb2200000,%%r2,%%r4", 4)       \
	X(stsi, "stsi 0(%%r1)", 4)                          \
	X(stfl, "stfl 0(%%r0)", 4)                          \
	X(ssch, "ssch 0(%%r4)", 4)                          \
	X(tsch, "tsch 0(%%r4)", 4)                          \
	X(stsch, "stsch 0(%%r4)", 4)                        \
	X(msch, "msch 0(%%r4)", 4)                          \
	X(tpi, "tpi 0(%%r4)", 4)                            \
	X(chsc, ".insn rre,0xb25f0000,%%r4,%%r0", 4)

#define DEFINE(name, text, length) USER_INSN(name, text)
PRIVILEGED(DEFINE)

TEST(privileged, "in problem state a control instruction is a privileged-operation exception",
     SPEC("PoP SA22-7832-13, chapter 6, Privileged-Operation Exception; chapter 10"))
{
#define ROW(name, text, length) { #name, user_##name, length },
	static const struct {
		const char *name;
		void (*insn)(void *arg);
		u32 length;
	} rows[] = { PRIVILEGED(ROW) };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		for (u32 j = 0; j < ARRAY_SIZE(operand); j++)
			operand[j] = 0x1111111111111111ull * j;
		if (!EXPECT_FAULT(WITH_ILC(PGM_PRIVILEGED_OPERATION, rows[i].length),
				  run_user(rows[i].insn, operand)))
			continue;
		EXPECT_EQ(trap_last_frame()->psw.mask & PSW_PROBLEM, PSW_PROBLEM);
		/* Suppressed: nothing was stored. */
		for (u32 j = 0; j < ARRAY_SIZE(operand); j++)
			EXPECT_EQ(operand[j], 0x1111111111111111ull * j);
	}
}

USER_INSN(nothing, "")
USER_INSN(stck, "stck 0(%%r1)")
USER_INSN(stckf, "stckf 0(%%r1)")
USER_INSN(epsw, "epsw %%r2,%%r3")
USER_INSN(ipm, "ipm %%r2")
USER_INSN(stfle, "stfle 0(%%r1)")

TEST(unprivileged, "what a program may ask for is not refused in problem state",
     SPEC("PoP SA22-7832-13, chapter 7"))
{
	static const struct {
		const char *name;
		void (*insn)(void *arg);
	} rows[] = {
		{ "nothing", user_nothing }, { "stck", user_stck }, { "stckf", user_stckf },
		{ "epsw", user_epsw },	     { "ipm", user_ipm },   { "stfle", user_stfle },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		EXPECT_NO_FAULT(run_user(rows[i].insn, operand));
	}
}

USER_INSN(spka_3, "spka 0x30")
USER_INSN(ipk, "ipk")
USER_INSN(sac, "sac 0x000")
USER_INSN(sacf_primary, "sacf 0x000")
USER_INSN(sacf_secondary, "sacf 0x100; sacf 0x000")
USER_INSN(sacf_home, "sacf 0x300; sacf 0x000")

TEST(spka_mask, "SET PSW KEY FROM ADDRESS in problem state depends on the PSW-key mask",
     SPEC("PoP SA22-7832-13, chapter 10, SET PSW KEY FROM ADDRESS"))
{
	/* Bits 32-47 of CR3, one for each key. */
	EXPECT_FAULT(WITH_ILC(PGM_PRIVILEGED_OPERATION, 4), run_user(user_spka_3, operand));
	write_cr(3, BIT(31 - 3));
	EXPECT_NO_FAULT(run_user(user_spka_3, operand));
	write_cr(3, BITS(31, 16) & ~BIT(31 - 3));
	EXPECT_FAULT(WITH_ILC(PGM_PRIVILEGED_OPERATION, 4), run_user(user_spka_3, operand));
	write_cr(3, 0);
}

TEST(extraction_authority,
     "INSERT PSW KEY in problem state depends on the extraction-authority control",
     SPEC("PoP SA22-7832-13, chapter 10, INSERT PSW KEY; chapter 4, CR0 bit 36"))
{
	EXPECT_FAULT(WITH_ILC(PGM_PRIVILEGED_OPERATION, 4), run_user(user_ipk, operand));
	write_cr(0, read_cr(0) | CR0_EXTRACTION);
	EXPECT_NO_FAULT(run_user(user_ipk, operand));
	write_cr(0, read_cr(0) & ~CR0_EXTRACTION);
}

TEST(sac_exists, "SET ADDRESS SPACE CONTROL is there besides its fast variant",
     SPEC("PoP SA22-7832-13, chapter 10, SET ADDRESS SPACE CONTROL"))
{
	write_cr(0, read_cr(0) | CR0_SECONDARY);
	EXPECT_NO_FAULT(run_user(user_sac, operand));
	write_cr(0, read_cr(0) & ~CR0_SECONDARY);
}

TEST(secondary_space_control,
     "without the secondary-space control, the address-space control cannot be set",
     SPEC("PoP SA22-7832-13, chapter 10, SET ADDRESS SPACE CONTROL FAST; chapter 4, CR0 bit 37"))
{
	EXPECT_FAULT(WITH_ILC(PGM_SPECIAL_OPERATION, 4), run_user(user_sacf_primary, operand));
}

TEST(address_space_control,
     "the home space is for the supervisor alone, the secondary space for all",
     SPEC("PoP SA22-7832-13, chapter 10, SET ADDRESS SPACE CONTROL FAST"))
{
	write_cr(0, read_cr(0) | CR0_SECONDARY);
	SUBTEST("primary");
	EXPECT_NO_FAULT(run_user(user_sacf_primary, operand));
	SUBTEST("secondary");
	EXPECT_NO_FAULT(run_user(user_sacf_secondary, operand));
	SUBTEST("home in problem state");
	EXPECT_FAULT(WITH_ILC(PGM_PRIVILEGED_OPERATION, 4), run_user(user_sacf_home, operand));
	SUBTEST("home in supervisor state");
	EXPECT_NO_FAULT(fault_of(user_sacf_home, operand));
	write_cr(0, read_cr(0) & ~CR0_SECONDARY);
}
