/* SPDX-License-Identifier: MIT */
/* IRET in 64-bit mode: NT, canonical addresses, a null SS, operand sizes, to and from
 * compatibility mode. */
#include "iret.h"

#include <mm/page.h>
#include <x86/cr.h>
#include <x86/desc.h>

SUITE("IRET in 64-bit mode");

TEST(iret_nt, "IRET with NT set is #GP(0) in 64-bit mode and changes nothing",
     SPEC("SDM vol. 2A, IRET/IRETD/IRETQ, 64-Bit Mode Exceptions"))
{
	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		struct iret_try try = { .frame = iret_frame(cpl), .flags = FLAG_1 | FLAG_NT };
		struct raw_entry entry;

		SUBTEST("to-cpl%u", cpl);
		if (!EXPECT_FAULT(VECTOR(VEC_GP), iret_run(&try, &entry)))
			continue;
		EXPECT_EQ(entry.words[0], 0ul);
		EXPECT_EQ(pushed_frame(&entry, true)->ip, (ulong)iret_instruction);
		EXPECT_EQ(pushed_frame(&entry, true)->flags & ~FLAG_RF, try.flags);
		EXPECT_EQ(pushed_frame(&entry, true)->sp, try.sp);
		EXPECT_EQ(entry.flags & FLAG_NT, 0ul);
	}
}

TEST(iret_non_canonical, "IRET to an address that is not canonical is #GP(0) of the IRET",
     SPEC("SDM vol. 2A, IRET/IRETD/IRETQ, 64-Bit Mode Exceptions"), BUG("CVE-2014-3647"))
{
	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		struct iret_try try = { .frame = iret_frame(cpl), .flags = FLAG_1 };
		struct raw_entry entry;

		SUBTEST("to-cpl%u", cpl);
		try.frame.ip = 0x0100000000000000;
		if (!EXPECT_FAULT(VECTOR(VEC_GP), iret_run(&try, &entry)))
			continue;
		EXPECT_EQ(entry.words[0], 0ul);
		EXPECT_EQ(pushed_frame(&entry, true)->ip, (ulong)iret_instruction);
		EXPECT_EQ(pushed_frame(&entry, true)->cs, SEL_KERNEL_CODE);
	}
}

TEST(iret_null_ss, "IRET to 64-bit code below CPL 3 accepts a null SS whose RPL is the new CPL",
     SPEC("SDM vol. 2A, IRET/IRETD/IRETQ"))
{
	for (u16 cpl = 0; cpl <= 2; cpl++) {
		struct iret_try try = { .frame = iret_frame(0), .flags = FLAG_1 };
		struct raw_entry entry;

		SUBTEST("cpl%u", cpl);
		if (cpl)
			try.frame.cs = gdt_set_spare(0, DESC_FLAT | DESC_CODE | DESC_L |
								DESC_DPL(cpl)) |
				       cpl;
		try.frame.ss = cpl;
		if (!EXPECT_FAULT(VECTOR(VEC_UD), iret_run(&try, &entry)))
			continue;
		EXPECT_EQ(pushed_frame(&entry, false)->ss, (ulong)cpl);
		EXPECT_EQ(pushed_frame(&entry, false)->sp, try.frame.sp);
	}
}

TEST(iret_to_compatibility_mode, "IRETQ enters compatibility mode, at CPL 0 and 3",
     SPEC("SDM vol. 2A, IRET/IRETD/IRETQ"))
{
	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		struct iret_try try = { .frame = iret_frame(cpl), .flags = FLAG_1 };
		struct raw_entry entry;

		SUBTEST("cpl%u", cpl);
		try.frame.cs = cpl ? SEL_USER_CS32 : SEL_KERNEL_CS32;
		EXPECT_FAULT(VECTOR(VEC_UD), iret_run(&try, &entry));
		EXPECT_EQ(pushed_frame(&entry, false)->ip, (ulong)iret_target);
		EXPECT_EQ(pushed_frame(&entry, false)->cs, try.frame.cs);
		EXPECT_EQ(pushed_frame(&entry, false)->sp, try.frame.sp);
		EXPECT_EQ(entry.cs, SEL_KERNEL_CODE);
	}
}

/* What is pushed below a frame that is not taken whole has room in its page. */
TEST(iret_operand_32, "IRETD in 64-bit mode takes five double words and zero-extends them",
     SPEC("SDM vol. 2A, IRET/IRETD/IRETQ"))
{
	u32 *frame = (u32 *)((u8 *)page_alloc() + 0x400);
	struct raw_entry entry;

	frame[0] = (u32)(ulong)iret_target;
	frame[1] = SEL_KERNEL_CODE;
	frame[2] = FLAG_1 | FLAG_CF;
	frame[3] = (u32)(ulong)frame + 0x800;
	frame[4] = SEL_KERNEL_DATA;
	raw_gate_set(VEC_UD, DESC_INTERRUPT_GATE, 0, 0);
	ASSERT_FAULT(VECTOR(VEC_UD), raw_gate_catch(KERNEL, iretl_at_asm, frame, &entry));
	EXPECT_EQ(pushed_frame(&entry, false)->ip, (ulong)iret_target);
	EXPECT_EQ(pushed_frame(&entry, false)->sp, (ulong)frame + 0x800);
	EXPECT_EQ(pushed_frame(&entry, false)->ss, SEL_KERNEL_DATA);
	EXPECT_EQ(pushed_frame(&entry, false)->flags & ~FLAG_RF, FLAG_1 | FLAG_CF);
}

TEST(iret_operand_16, "IRET with 16-bit operands takes five words and keeps the upper flags",
     SPEC("SDM vol. 2A, IRET/IRETD/IRETQ"))
{
	u16 *frame = (u16 *)((u8 *)page_alloc() + 0x400);
	struct raw_entry entry;

	map_low_page();
	frame[0] = LOW_CODE;
	frame[1] = SEL_KERNEL_CODE;
	frame[2] = FLAG_1 | FLAG_ZF;
	frame[3] = LOW_STACK;
	frame[4] = SEL_KERNEL_DATA;
	write_flags(FLAG_1 | FLAG_AC | FLAG_ID);
	ASSERT_FAULT(VECTOR(VEC_UD), raw_gate_catch(KERNEL, iretw_at_asm, frame, &entry));
	EXPECT_EQ(pushed_frame(&entry, false)->ip, LOW_CODE);
	EXPECT_EQ(pushed_frame(&entry, false)->sp, LOW_STACK);
	EXPECT_EQ(pushed_frame(&entry, false)->ss, SEL_KERNEL_DATA);
	EXPECT_EQ(pushed_frame(&entry, false)->flags & ~FLAG_RF,
		  FLAG_1 | FLAG_ZF | FLAG_AC | FLAG_ID);
	write_flags(FLAG_1);
}
