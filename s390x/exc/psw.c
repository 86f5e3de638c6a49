/* SPDX-License-Identifier: MIT */
/*
 * The validity of a PSW. A bit that must be zero, or an addressing mode that does not exist, is recognised
 * early: as soon as the PSW is loaded, which is then the old PSW of the specification exception. An odd
 * instruction address is recognised late, when the instruction is to be fetched.
 */
#include <test.h>

#include <s390x/execute.h>
#include <s390x/cr.h>

SUITE("PSW validity");

#define ODD 3 /* where load() has code at an odd address */

static struct psw old;
static u32 code, length, count;

/* The old PSW is not valid: it must not be gone back to. */
static void keep_and_repair(struct trap_frame *frame)
{
	old = frame->psw;
	code = frame->info.pgm_code;
	length = frame->info.pgm_ilc;
	count++;
	frame->psw.mask = PSW_KERNEL;
	frame->psw.addr = frame->gpr[5];
}

/* Loads a PSW with this mask that leads to the next instruction, or ODD bytes after it. */
static struct psw load(u64 mask, ulong offset)
{
	struct psw psw = { mask, offset };

	count = code = length = 0;
	old = (struct psw){ 0, 0 };
	trap_set_handler(TRAP_PROGRAM, keep_and_repair);
	__asm__ volatile("larl %%r5,1f\n"
			 "agr %%r5,%1\n"
			 "stg %%r5,8(%0)\n"
			 "larl %%r5,2f\n"
			 "lpswe 0(%0)\n"
			 /* BR %r5, once at an even address and once at an odd one. */
			 "1: .byte 0x07,0xf5,0,0x07,0xf5,0\n"
			 "2: nopr"
			 :
			 : "a"(&psw), "d"(offset)
			 : "5", "cc", "memory");
	psw_load_mask(PSW_KERNEL);
	trap_set_handler(TRAP_PROGRAM, NULL);
	return psw;
}

TEST(psw_valid, "a PSW that is valid can be loaded",
     SPEC("PoP SA22-7832-13, chapter 4, Program-Status Word"))
{
	load(PSW_KERNEL, 0);
	EXPECT_EQ(count, 0u);
	load(PSW_KERNEL | PSW_MCHECK | PSW_PM | PSW_CC, 0);
	EXPECT_EQ(count, 0u);
	load(PSW_KERNEL & ~PSW_DAT, 0);
	EXPECT_EQ(count, 0u);
}

TEST(psw_early,
     "a PSW with an unassigned bit is a specification exception with ILC 0, and the old PSW",
     SPEC("PoP SA22-7832-13, chapter 6, Early Exception Recognition; chapter 5, ILC of zero"))
{
	/* Of 0, 2-4, 25-30, 33-63; 24 is another facility's. */
	static const u32 bits[] = {
		0, 2, 3, 4, 25, 26, 27, 28, 29, 30, 33, 34, 40, 47, 48, 62, 63
	};

	for (u32 i = 0; i < ARRAY_SIZE(bits); i++) {
		struct psw psw;

		SUBTEST("bit %u", bits[i]);
		psw = load(PSW_KERNEL | BIT(63 - bits[i]), 0);
		if (!EXPECT_EQ(count, 1u))
			continue;
		EXPECT_EQ(code, 6u);
		EXPECT_EQ(length, 0u);
		EXPECT_EQ(old.mask, psw.mask);
		EXPECT_EQ(old.addr, psw.addr);
	}
}

TEST(psw_mode, "a PSW with extended and without basic addressing mode is a specification exception",
     SPEC("PoP SA22-7832-13, chapter 6, Early Exception Recognition"))
{
	struct psw psw = load((PSW_KERNEL & ~PSW_BA), 0);

	ASSERT_EQ(count, 1u);
	EXPECT_EQ(code, 6u);
	EXPECT_EQ(length, 0u);
	EXPECT_EQ(old.mask, psw.mask);
}

TEST(psw_odd,
     "an odd instruction address is a specification exception with that address in the old PSW",
     SPEC("PoP SA22-7832-13, chapter 6, Late Exception Recognition; chapter 5, Odd Instruction Address"))
{
	struct psw psw = load(PSW_KERNEL, ODD);

	ASSERT_EQ(count, 1u);
	EXPECT_EQ(code, 6u);
	EXPECT_EQ(old.addr & 1, 1u);
	/* The address may have been updated by the length that the code indicates. */
	if (old.addr != psw.addr)
		EXPECT_EQ(old.addr, psw.addr + length);
}

/* Loads a PSW of eight bytes with this mode, EA and BA, each condition code and some program masks. */
static void check_short(u64 mode)
{
	static const u8 lpsw[4] = { 0x82, 0x00, 0x50, 0x00 };
	static u32 words[2] __aligned(8);

	for (u32 cc = 0; cc < 4; cc++) {
		for (u32 pm = 0; pm < 16; pm += 5) {
			struct execution e = { .cc = 3 - cc, .pm = 15 - pm };

			SUBTEST("condition code %u, program mask %u", cc, pm);
			/* Bit 12 is one in a short PSW. */
			words[0] = (u32)((PSW_DAT | mode) >> 32) | 0x00080000 | cc << 12 | pm << 8;
			words[1] = (u32)mode | (u32)(execute_address(4) + 4);
			e.gpr[5] = (ulong)words;
			e.gpr[7] = 0x1122334455667788;
			EXPECT_NO_FAULT(execute(lpsw, 4, &e));
			EXPECT_EQ(e.cc, cc);
			EXPECT_EQ(e.pm, pm);
			EXPECT_EQ(e.gpr[7], 0x1122334455667788u);
			EXPECT_EQ(psw_mask() & ~PSW_CC, PSW_KERNEL);
		}
	}
}

TEST(psw_short, "LOAD PSW makes a PSW of 16 bytes of one of eight",
     SPEC("PoP SA22-7832-13, chapter 10, LOAD PSW; chapter 4, Short PSW"))
{
	check_short(0);
}

TEST(psw_short_64, "LOAD PSW makes a PSW with 64-bit addresses, its own being of 31 bits",
     SPEC("PoP SA22-7832-13, chapter 10, LOAD PSW; chapter 4, Short PSW: bits 31 and 32"))
{
	check_short(PSW_64);
}
