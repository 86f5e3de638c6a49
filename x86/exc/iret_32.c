/* SPDX-License-Identifier: MIT */
/* IRET in 32-bit protected mode: NT with a bad back link, 16-bit operands, to virtual-8086
 * mode. */
#include "iret.h"

#include <mm/page.h>
#include <mm/space.h>
#include <x86/cr.h>
#include <x86/desc.h>

SUITE("IRET in 32-bit mode");

TEST(iret_nt_bad_link,
     "IRET with NT set and a back link that is no busy TSS in the GDT is #TS with it",
     SPEC("SDM vol. 2A, IRET/IRETD/IRETQ, TASK-RETURN; vol. 3A, table 6-6"))
{
	static const struct {
		const char *name;
		u16 link;
	} rows[] = {
		{ "ti", SEL_TSS | ERR_TI },
		{ "beyond-gdt", GDT_ENTRIES * 8 },
		{ "data", SEL_KERNEL_DATA },
		{ "available", SEL_DF_TSS },
	};
	struct iret_try try = { .frame = iret_frame(0), .flags = FLAG_1 | FLAG_NT };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct raw_entry entry;

		SUBTEST("%s", rows[i].name);
		tss_of_this_cpu()->link = rows[i].link;
		if (!EXPECT_FAULT(VECTOR(VEC_TS), iret_run(&try, &entry)))
			continue;
		EXPECT_EQ(entry.words[0], (ulong)rows[i].link);
		EXPECT_EQ(pushed_frame(&entry, true)->ip, (ulong)iret_instruction);
		EXPECT_EQ(pushed_frame(&entry, true)->flags & ~FLAG_RF, try.flags);
	}
}

TEST(ts_as_first, "#TS that cannot be delivered is #DF: by a gate not present or of a bad type",
     SPEC("SDM vol. 3A, 6.15, Interrupt 8, table 6-5"))
{
	static const char *const names[] = { "np", "gp" };
	static const u32 vectors[] = { VEC_DF, VEC_TS, VEC_NP, VEC_GP };

	for (u32 i = 0; i < ARRAY_SIZE(names); i++) {
		struct iret_try try = { .frame = iret_frame(0), .flags = FLAG_1 | FLAG_NT };
		struct raw_entry entry;

		SUBTEST("%s", names[i]);
		for (u32 v = 0; v < ARRAY_SIZE(vectors); v++)
			raw_gate_set(vectors[v], DESC_INTERRUPT_GATE, 0, 0);
		idt[VEC_TS].type = i == 0 ? DESC_INTERRUPT_GATE : 0x80;
		tss_of_this_cpu()->link = GDT_ENTRIES * 8;
		EXPECT_FAULT(VECTOR(VEC_DF), raw_gate_catch(KERNEL, iret_asm, &try, &entry));
		EXPECT_EQ(entry.words[0], 0ul);
	}
}

TEST(iret_operand_16, "IRET with 16-bit operands takes three words and keeps the upper flags",
     SPEC("SDM vol. 2A, IRET/IRETD/IRETQ"))
{
	u16 *frame = (u16 *)((u8 *)page_alloc() + 0x100);
	struct raw_entry entry;

	map_low_page();
	frame[0] = LOW_CODE;
	frame[1] = SEL_KERNEL_CODE;
	frame[2] = FLAG_1 | FLAG_ZF;
	write_flags(FLAG_1 | FLAG_AC | FLAG_ID);
	ASSERT_FAULT(VECTOR(VEC_UD), raw_gate_catch(KERNEL, iretw_at_asm, frame, &entry));
	EXPECT_EQ(pushed_frame(&entry, false)->ip, LOW_CODE);
	EXPECT_EQ(pushed_frame(&entry, false)->flags & ~FLAG_RF,
		  FLAG_1 | FLAG_ZF | FLAG_AC | FLAG_ID);
	EXPECT_EQ(entry.sp, (ulong)(frame + 3) - RAW_FRAME_WORDS * sizeof(ulong));
	write_flags(FLAG_1);
}

/* An exception in virtual-8086 mode pushes GS, FS, DS and ES too, and makes them null. */
TEST(iret_to_vm86,
     "IRET with VM set in the image enters virtual-8086 mode with all segment registers",
     SPEC("SDM vol. 3B, 20.2.4; vol. 2A, IRET/IRETD/IRETQ, RETURN-TO-VIRTUAL-8086-MODE"))
{
	u32 *frame = (u32 *)((u8 *)page_alloc() + 0x100);
	struct raw_entry entry;

	map_low_page();
	tss_set_stack0(tss_of_this_cpu(), (ulong)frame + 0x800);
	frame[0] = 0x10;
	frame[1] = (LOW_CODE >> 4) - 1;
	frame[2] = FLAG_1 | FLAG_VM;
	frame[3] = 0x20;
	frame[4] = LOW_STACK >> 4;
	frame[5] = 0x1111; /* ES, DS, FS, GS */
	frame[6] = 0x2222;
	frame[7] = 0x3333;
	frame[8] = 0x4444;
	ASSERT_FAULT(VECTOR(VEC_UD), raw_gate_catch(KERNEL, iretl_at_asm, frame, &entry));
	EXPECT_EQ((ulong)frame + 0x800 - entry.sp, 9 * sizeof(ulong));
	EXPECT_EQ(entry.words[0], 0x10ul);
	EXPECT_EQ(entry.words[1], (LOW_CODE >> 4) - 1);
	EXPECT_EQ(entry.words[2] & ~FLAG_RF, FLAG_1 | FLAG_VM);
	EXPECT_EQ(entry.words[3], 0x20ul);
	EXPECT_EQ(entry.words[4], LOW_STACK >> 4);
	EXPECT_EQ(entry.words[5], 0x1111ul);
	EXPECT_EQ(entry.words[6], 0x2222ul);
	EXPECT_EQ(entry.words[7], 0x3333ul);
	EXPECT_EQ(entry.words[8], 0x4444ul);
	EXPECT_EQ(entry.flags & FLAG_VM, 0ul);
	EXPECT_EQ(entry.ds, SEL_NULL);
	EXPECT_EQ(entry.es, SEL_NULL);
	EXPECT_EQ(entry.ss, SEL_KERNEL_DATA);
}
