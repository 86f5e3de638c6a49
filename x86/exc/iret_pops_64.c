/* SPDX-License-Identifier: MIT */
/* IRET whose frame is not all there: nothing has changed when #PF is raised. */
#include "iret.h"

#include <mm/page.h>
#include <mm/space.h>
#include <x86/cr.h>

SUITE("Faults of IRET's pops");

/* #PF comes on a stack of its own: the one in use is where the fault is. */
#define IST 4u

TEST(iret_pop_faults,
     "IRET whose frame ends at an absent page is #PF with CR2 in that page, and leaves SP, CS "
     "and the flags",
     SPEC("SDM vol. 3A, 6.5; vol. 2A, IRET/IRETD/IRETQ"))
{
	u8 *pages = pages_alloc(2, PAGE_SIZE);
	const ulong end = (ulong)pages + PAGE_SIZE;

	space_unmap(space_kernel(), end, PAGE_SIZE);
	tss_of_this_cpu()->ist[IST - 1] = (ulong)page_alloc() + PAGE_SIZE;
	for (u32 words = 0; words < 5; words++) {
		u32 *frame = (u32 *)end - words;
		const u32 image[] = { (u32)(ulong)iret_target, SEL_USER_CS32,
				      FLAG_1 | FLAG_CF | FLAG_AC, (u32)(ulong)pages,
				      SEL_USER_DATA };
		struct raw_entry entry;

		SUBTEST("%u-words", words);
		for (u32 i = 0; i < words; i++)
			frame[i] = image[i];
		raw_gate_set(VEC_PF, DESC_INTERRUPT_GATE, 0, IST);
		if (!EXPECT_FAULT(VECTOR(VEC_PF),
				  raw_gate_catch(KERNEL, iretl_at_asm, frame, &entry)))
			continue;
		EXPECT_EQ(entry.words[0], 0ul);
		/* No order is promised in which the words are read. */
		EXPECT_EQ(ALIGN_DOWN(read_cr2(), PAGE_SIZE), end);
		EXPECT_EQ(pushed_frame(&entry, true)->sp, (ulong)frame);
		EXPECT_EQ(pushed_frame(&entry, true)->cs, SEL_KERNEL_CODE);
		EXPECT_EQ(pushed_frame(&entry, true)->ss, SEL_KERNEL_DATA);
		EXPECT_EQ(pushed_frame(&entry, true)->flags & FLAG_AC, 0ul);
	}
}

TEST(iret_stack_pointer, "IRETQ loads all 64 bits of RSP, canonical or not, at CPL 0 and 3",
     SPEC("SDM vol. 2A, IRET/IRETD/IRETQ"))
{
	static const struct {
		const char *name;
		ulong sp;
	} rows[] = {
		{ "low", 0x7f8 },
		{ "odd", 0x12345677 },
		{ "high", 0xffff800000001230 },
		{ "not-canonical", 0x0123456789abcdef },
		{ "minus-1", ~0ul },
	};

	tss_of_this_cpu()->ist[IST - 1] = (ulong)page_alloc() + PAGE_SIZE;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			struct iret_try try = { .frame = iret_frame(cpl), .flags = FLAG_1 };
			struct raw_entry entry;

			SUBTEST("%s-cpl%u", rows[i].name, cpl);
			try.frame.sp = rows[i].sp;
			raw_gate_set(VEC_UD, DESC_INTERRUPT_GATE, 0, IST);
			if (!EXPECT_FAULT(VECTOR(VEC_UD),
					  raw_gate_catch(KERNEL, iret_asm, &try, &entry)))
				continue;
			EXPECT_EQ(pushed_frame(&entry, false)->sp, rows[i].sp);
			EXPECT_EQ(pushed_frame(&entry, false)->ip, (ulong)iret_target);
		}
}

TEST(stack_of_cpl3_is_aligned, "from CPL 3, too, the frame starts at RSP0 rounded down to 16 bytes",
     SPEC("SDM vol. 3A, 6.14.2"))
{
	const ulong top = (ulong)page_alloc() + PAGE_SIZE - 64;

	for (ulong offset = 0; offset <= 32; offset++) {
		struct iret_try try = { .frame = iret_frame(3), .flags = FLAG_1 };
		struct raw_entry entry;

		SUBTEST("offset%lu", offset);
		raw_gate_set(VEC_UD, DESC_INTERRUPT_GATE, 0, 0);
		tss_set_stack0(tss_of_this_cpu(), top + offset);
		EXPECT_FAULT(VECTOR(VEC_UD), raw_gate_catch(KERNEL, iret_asm, &try, &entry));
		EXPECT_EQ(entry.sp,
			  ALIGN_DOWN(top + offset, 16ul) - RAW_FRAME_WORDS * sizeof(ulong));
	}
}
