/* SPDX-License-Identifier: MIT */
/* SVE: who traps what, and which vector lengths there are. */
#include <test.h>

#include <arm/execute.h>
#include <arm/sysreg.h>

#include "sve.h"

SUITE("SVE traps and lengths", REQUIRES(has_sve()));

#define OF_SVE 1u
#define OF_FP  2u

/* What each is of: CPACR_EL1.ZEN traps SVE, FPEN traps floating point and the instructions of SVE. */
static const struct {
	const char *name;
	u32 insn;
	u32 of;
	bool el1_only;
} instructions[] = {
	{ "ptrue", 0x2518e3e0, OF_SVE | OF_FP, false },
	{ "rdvl", 0x04bf5020, OF_SVE | OF_FP, false },
	{ "cntb", 0x0420e3e0, OF_SVE | OF_FP, false },
	{ "add-z", 0x04200000, OF_SVE | OF_FP, false },
	{ "fadd-z", 0x65800000, OF_SVE | OF_FP, false },
	{ "setffr", 0x252c9000, OF_SVE | OF_FP, false },
	{ "str-p", 0xe5800020, OF_SVE | OF_FP, false }, /* to [x1] */
	{ "ld1b", 0xa400a020, OF_SVE | OF_FP, false },
	{ "fadd-s", 0x1e202800, OF_FP, false },
	{ "add-v", 0x4e208400, OF_FP, false },
	{ "mrs-fpcr", 0xd53b4400, OF_FP, false },
	{ "mrs-zcr", 0xd5381200, OF_SVE, true },
};

/* Both fields: 3 traps nothing, 1 EL0 alone, the other ones EL1, too. */
static bool traps(u32 field, bool user)
{
	return user ? field != 3 : !(field & 1);
}

TEST(sve_traps,
     "CPACR_EL1.ZEN traps SVE and ZCR_EL1 with EC 0x19, before FPEN traps SVE and floating point with EC 0x07",
     SPEC("DDI 0487, D24.2, CPACR_EL1.ZEN, FPEN, ESR_EL1; J1.3, CheckNormalSVEEnabled"))
{
	static u8 memory[256];

	for (u32 i = 0; i < ARRAY_SIZE(instructions); i++)
		for (u32 zen = 0; zen < 4; zen++) {
			SUBTEST("%s-zen-%u", instructions[i].name, zen);
			for (u32 fpen = 0; fpen < 4; fpen++)
				for (u32 user = 0; user < 2; user++) {
					struct arm_registers r = { .x = { 0, (ulong)memory } };
					struct fault expected = NO_FAULT, actual;

					if (user && instructions[i].el1_only)
						continue;
					if (traps(zen, user) && (instructions[i].of & OF_SVE))
						expected = FAULT_CODED_(EC_SVE_ACCESS, 0);
					else if (traps(fpen, user) && (instructions[i].of & OF_FP))
						/* CV, and COND of AArch64 */
						expected = FAULT_CODED_(EC_FP_ACCESS, 0x1e00000);
					write_sys(CPACR, (u64)zen << 16 | (u64)fpen << 20);
					isb();
					actual = arm_execute(user ? ARM_EL0 : ARM_EL1,
							     &instructions[i].insn, 1, &r);
					write_sys(CPACR, CPACR_FPEN);
					isb();
					EXPECT_FAULT(expected, actual, "FPEN %u at EL%u", fpen,
						     !user);
				}
		}
}

TEST(sve_zcr,
     "ZCR_EL1 keeps LEN and reads 0 in bits 8-4; each power of two up to the longest vector can be had, at EL1 and EL0",
     SPEC("DDI 0487, D24.2, ZCR_EL1"))
{
	u32 longest;

	sve_enable(true);
	longest = sve_vector_length(ARM_EL1);
	EXPECT(longest <= 256 && !(longest & (longest - 1)), "%u bytes", longest);
	for (u32 len = 0; len < 16; len++) {
		u32 bytes = 16 * (len + 1), power = 16;

		SUBTEST("len-%u", len);
		while (power * 2 <= bytes && power * 2 <= longest)
			power *= 2;
		write_sys(ZCR, 0x1f0 | len);
		isb();
		EXPECT_EQ(read_sys(ZCR) & 0x1ff, len);
		/* Earlier editions have lengths between the powers of two, which are chosen where there are any. */
		EXPECT_GE(sve_vector_length(ARM_EL1), power);
		EXPECT_LE(sve_vector_length(ARM_EL1), bytes < longest ? bytes : longest);
		EXPECT_EQ(sve_vector_length(ARM_EL0), sve_vector_length(ARM_EL1));
	}
	write_sys(CPACR, CPACR_FPEN);
}

TEST(sve_shorter_and_longer,
     "what is above a shorter vector is kept or 0 when vectors become longer again",
     SPEC("DDI 0487, B1.4.2, R_YRPDH; D24.2, ZCR_EL1"))
{
	static u8 memory[256];
	/* PTRUE p0.b; DUP z0.b, #-1 */
	const u32 fill[] = { 0x2518e3e0, 0x2538dfe0 };
	/* STR z0, [x0] */
	const u32 store[] = { 0xe5804000 };
	struct arm_registers r = { .x = { (ulong)memory } };
	u32 longest;

	sve_enable(true);
	longest = sve_vector_length(ARM_EL1);
	if (longest == 16)
		SKIP("there is one vector length");
	EXPECT_NO_FAULT(arm_execute(ARM_EL1, fill, 2, &r));
	write_sys(ZCR, 0);
	isb();
	/* Shorter vectors are used, and written, before they are long again. */
	EXPECT_NO_FAULT(arm_execute(ARM_EL1, store, 1, &r));
	write_sys(ZCR, 15);
	isb();
	EXPECT_NO_FAULT(arm_execute(ARM_EL1, store, 1, &r));
	for (u32 i = 0; i < longest; i++)
		if (!(i < 16 ? EXPECT_EQ(memory[i], 0xff, "byte %u", i)
			     : EXPECT(memory[i] == 0xff || memory[i] == 0, "byte %u is %#x", i,
				      memory[i])))
			break;
	write_sys(CPACR, CPACR_FPEN);
}
