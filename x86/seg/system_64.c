/* SPDX-License-Identifier: MIT */
/* 64-bit bases of GDT, IDT, LDT and TSS: above 4 GiB, and not canonical. */
#include "seg.h"

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>
#include <x86/cpuid.h>
#include <x86/insn.h>
#include <x86/segment.h>

SUITE("64-bit bases of descriptor tables and TSSs");

static const u64 never_canonical[] = {
	0x0100000000000000,
	0x4000000000000000,
	0x7fffffffffff0000,
	0x8000000000000000,
};

/* Aliases of memory at addresses that need more than 32 bits. */
static const ulong high[] = { 0x123456789000, 0xffff987654321000 };

static void *map_high(ulong address, void *page)
{
	space_map(space_kernel(), address, (ulong)page, PAGE_SIZE, PROT_ALL);
	return (void *)address;
}

TEST(lgdt_lidt_non_canonical,
     "LGDT and LIDT of a base that is not canonical are #GP(0), tables stay",
     SPEC("APM vol. 3, LGDT, LIDT; SDM vol. 2A, LGDT/LIDT"), BUG("XSA-193"))
{
	const struct desc_table_register gdtr = sgdt(), idtr = sidt();

	for (u32 i = 0; i < ARRAY_SIZE(never_canonical); i++) {
		struct desc_table_register bad = { 0x7ff, (ulong)never_canonical[i] };
		struct desc_table_register after;
		/* Nothing that faults may come between: if it was loaded, it is of no use. */
		struct registers r = {
			.di = (ulong)&bad, .si = (ulong)&gdtr, .bx = (ulong)&after, .flags = FLAG_1
		};

		SUBTEST("lgdt-%#llx", never_canonical[i]);
		EXPECT_FAULT(GP(0), execute_try(CODE_AROUND("", "lgdt (%%rdi)",
							    "sgdt (%%rbx); lgdt (%%rsi)"),
						&r));
		EXPECT_EQ(after.base, gdtr.base);
		EXPECT_EQ(after.limit, gdtr.limit);
		SUBTEST("lidt-%#llx", never_canonical[i]);
		r.si = (ulong)&idtr;
		EXPECT_FAULT(GP(0), execute_try(CODE_AROUND("", "lidt (%%rdi)",
							    "sidt (%%rbx); lidt (%%rsi)"),
						&r));
		EXPECT_EQ(after.base, idtr.base);
		EXPECT_EQ(after.limit, idtr.limit);
	}
}

TEST(lgdt_lidt_operand_size, "LGDT and LIDT load ten bytes in 64-bit mode, also with 66h and REX.W",
     SPEC("SDM vol. 2A, LGDT/LIDT"))
{
	const struct {
		const char *name;
		const void *code;
	} rows[] = {
		{ "lgdt", CODE_AROUND("", "lgdt (%%rdi)", "sgdt (%%rbx); lgdt (%%rsi)") },
		{ "lgdt-66",
		  CODE_AROUND("", ".byte 0x66; lgdt (%%rdi)", "sgdt (%%rbx); lgdt (%%rsi)") },
		{ "lgdt-rex-w",
		  CODE_AROUND("", ".byte 0x48; lgdt (%%rdi)", "sgdt (%%rbx); lgdt (%%rsi)") },
		{ "lidt", CODE_AROUND("", "lidt (%%rdi)", "sidt (%%rbx); lidt (%%rsi)") },
		{ "lidt-66",
		  CODE_AROUND("", ".byte 0x66; lidt (%%rdi)", "sidt (%%rbx); lidt (%%rsi)") },
		{ "lidt-rex-w",
		  CODE_AROUND("", ".byte 0x48; lidt (%%rdi)", "sidt (%%rbx); lidt (%%rsi)") },
	};
	const struct desc_table_register good[] = { sgdt(), sidt() };
	const struct desc_table_register odd = { 0x89ab, 0xffff923456789abc };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct desc_table_register after = { 0, 0 };
		struct registers r = { .di = (ulong)&odd,
				       .si = (ulong)&good[i / 3],
				       .bx = (ulong)&after,
				       .flags = FLAG_1 };

		SUBTEST("%s", rows[i].name);
		EXPECT_NO_FAULT(execute_try(rows[i].code, &r));
		EXPECT_EQ(after.limit, odd.limit);
		EXPECT_EQ(after.base, odd.base);
	}
}

TEST(sgdt_sidt_operand_size,
     "SGDT and SIDT store ten bytes in 64-bit mode, also with 66h and REX.W",
     SPEC("SDM vol. 2B, SGDT, SIDT"))
{
	const struct {
		const char *name;
		const void *code;
	} rows[] = {
		{ "sgdt", CODE_AROUND("", "lgdt (%%rdi); sgdt (%%rbx)", "lgdt (%%rsi)") },
		{ "sgdt-66",
		  CODE_AROUND("", "lgdt (%%rdi); .byte 0x66; sgdt (%%rbx)", "lgdt (%%rsi)") },
		{ "sgdt-rex-w",
		  CODE_AROUND("", "lgdt (%%rdi); .byte 0x48; sgdt (%%rbx)", "lgdt (%%rsi)") },
		{ "sidt", CODE_AROUND("", "lidt (%%rdi); sidt (%%rbx)", "lidt (%%rsi)") },
		{ "sidt-66",
		  CODE_AROUND("", "lidt (%%rdi); .byte 0x66; sidt (%%rbx)", "lidt (%%rsi)") },
		{ "sidt-rex-w",
		  CODE_AROUND("", "lidt (%%rdi); .byte 0x48; sidt (%%rbx)", "lidt (%%rsi)") },
	};
	const struct desc_table_register good[] = { sgdt(), sidt() };
	const struct desc_table_register odd = { 0x89ab, 0xffff923456789abc };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct desc_table_register stored = { 0, 0 };
		struct registers r = { .di = (ulong)&odd,
				       .si = (ulong)&good[i / 3],
				       .bx = (ulong)&stored,
				       .flags = FLAG_1 };

		SUBTEST("%s", rows[i].name);
		EXPECT_NO_FAULT(execute_try(rows[i].code, &r));
		EXPECT_EQ(stored.limit, odd.limit);
		EXPECT_EQ(stored.base, odd.base);
	}
}

TEST(tables_at_non_canonical,
     "an operand of LGDT, LIDT, SGDT or SIDT that is not canonical is #GP(0)",
     SPEC("SDM vol. 2A, LGDT/LIDT; vol. 2B, SGDT, SIDT"))
{
	const struct {
		const char *name;
		const void *code;
	} rows[] = {
		{ "lgdt", CODE("lgdt (%%rdi)") },
		{ "lidt", CODE("lidt (%%rdi)") },
		{ "sgdt", CODE("sgdt (%%rdi)") },
		{ "sidt", CODE("sidt (%%rdi)") },
		{ "sldt", CODE("sldt (%%rdi)") },
		{ "str", CODE("str (%%rdi)") },
		{ "smsw", CODE("smsw (%%rdi)") },
		{ "lmsw", CODE("lmsw (%%rdi)") },
		{ "lldt", CODE("lldt (%%rdi)") },
		{ "ltr", CODE("ltr (%%rdi)") },
		{ "lar", CODE(".byte 0x0f, 0x02, 0x07") },
		{ "lsl", CODE(".byte 0x0f, 0x03, 0x07") },
		{ "verr", CODE("verr (%%rdi)") },
		{ "verw", CODE("verw (%%rdi)") },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct registers r = { .di = 0x800000000000, .flags = FLAG_1 };

		SUBTEST("%s", rows[i].name);
		EXPECT_FAULT(GP(0), execute_try(rows[i].code, &r));
	}
}

TEST(gdt_above_4g, "a GDT whose base needs 64 bits is read and marked there",
     SPEC("SDM vol. 3A, 2.4.1"))
{
	u64 *gdt = gdt_on_page(GDT_ENTRIES * 8 - 1);
	u16 loaded;

	for (u32 i = 0; i < ARRAY_SIZE(high); i++) {
		SUBTEST("%#lx", high[i]);
		map_high(high[i], gdt);
		gdt[SEL_SPARE / 8] = DATA_SEG & ~DESC_A;
		EXPECT_NO_FAULT(
			lgdt_try(&(struct desc_table_register){ GDT_ENTRIES * 8 - 1, high[i] }));
		EXPECT_NO_FAULT(load_fs_try(SEL_SPARE, &loaded));
		EXPECT_EQ(gdt[SEL_SPARE / 8], DATA_SEG);
		desc_init();
	}
}

TEST(ldt_above_4g, "the base of an LDT has 64 bits", SPEC("SDM vol. 3A, 3.5.2, 7.2.3"))
{
	u64 *ldt = page_alloc();
	u16 loaded;

	for (u32 i = 0; i < ARRAY_SIZE(high); i++) {
		SUBTEST("%#lx", high[i]);
		map_high(high[i], ldt);
		ldt[1] = DATA_SEG & ~DESC_A;
		EXPECT_NO_FAULT(
			lldt_try(set_spare_system(0, system_desc(DESC_LDT, high[i], 15), high[i])));
		EXPECT_NO_FAULT(load_fs_try(8 | ERR_TI, &loaded));
		EXPECT_EQ(ldt[1], DATA_SEG);
		unload_ldt();
	}
}

static void nothing(void *unused)
{
	(void)unused;
}

TEST(tss_above_4g, "the base of a TSS has 64 bits: stacks of inner levels are taken from there",
     SPEC("SDM vol. 3A, 7.2.3, 7.7"))
{
	ulong tss = (ulong)tss_of_this_cpu(), page = ALIGN_DOWN(tss, PAGE_SIZE);

	for (u32 i = 0; i < ARRAY_SIZE(high); i++) {
		ulong alias = high[i] + tss - page;

		SUBTEST("%#lx", high[i]);
		space_map(space_kernel(), high[i], page, 2 * PAGE_SIZE, PROT_ALL);
		EXPECT_NO_FAULT(ltr_try(set_spare_system(
			0, system_desc(DESC_TSS_AVAILABLE, alias, sizeof(struct tss) - 1), alias)));
		EXPECT_EQ(str(), SEL_SPARE);
		/* Comes back by an INT, whose stack is RSP0. */
		EXPECT_NO_FAULT(run_user(nothing, NULL));
		desc_init();
	}
}

TEST(system_base_non_canonical,
     "LLDT and LTR of a descriptor whose base is not canonical are #GP with the selector",
     SPEC("SDM vol. 2A, LLDT, LTR; vol. 3A, 3.5.2; APM vol. 3, LLDT, LTR"), BUG("XSA-193"))
{
	for (u32 i = 0; i < ARRAY_SIZE(never_canonical); i++) {
		ulong base = (ulong)never_canonical[i];

		SUBTEST("lldt-%#llx", never_canonical[i]);
		EXPECT_FAULT(GP(SEL_SPARE),
			     lldt_try(set_spare_system(0, system_desc(DESC_LDT, base, 15), base)));
		EXPECT_EQ(sldt(), SEL_NULL);
		unload_ldt();
		SUBTEST("ltr-%#llx", never_canonical[i]);
		EXPECT_FAULT(GP(SEL_SPARE),
			     ltr_try(set_spare_system(0, system_desc(DESC_TSS_AVAILABLE, base, 103),
						      base)));
		EXPECT_EQ(str(), SEL_TSS);
		EXPECT_EQ(desc_kind(gdt_entries()[SEL_SPARE / 8]), (u32)DESC_TSS_AVAILABLE);
		desc_init();
	}
}

/* Intel leaves these bits alone in descriptors of LDTs and TSSs; 5.8.3.1 only asks for it in gates. */
TEST(system_upper_type,
     "LLDT and LTR of a descriptor whose upper half has a type are #GP with the selector",
     SPEC("APM vol. 3, LLDT, LTR; vol. 2, 4.8.3"), REQUIRES(cpu_is_amd()))
{
	ulong tss = (ulong)tss_of_this_cpu();

	for (u32 bit = 40; bit <= 44; bit++) {
		SUBTEST("lldt-bit-%u", bit);
		gdt_set_spare(0, system_desc(DESC_LDT, 0, 15));
		gdt_set_spare(1, BIT(bit));
		EXPECT_FAULT(GP(SEL_SPARE), lldt_try(SEL_SPARE | 3));
		unload_ldt();
		SUBTEST("ltr-bit-%u", bit);
		gdt_set_spare(0, system_desc(DESC_TSS_AVAILABLE, tss, sizeof(struct tss) - 1));
		EXPECT_FAULT(GP(SEL_SPARE), ltr_try(SEL_SPARE | 3));
		EXPECT_EQ(str(), SEL_TSS);
		desc_init();
	}
}
