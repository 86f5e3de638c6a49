/* SPDX-License-Identifier: MIT */
/* LGDT, LIDT, SGDT, SIDT; SMSW and LMSW; who may use any of them, with and without CR4.UMIP. */
#include "seg.h"

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>
#include <x86/cpuid.h>
#include <x86/insn.h>
#include <x86/segment.h>

SUITE("GDTR, IDTR and the machine status word");

#define TABLE_SIZE (2 + sizeof(ulong)) /* what LGDT and SGDT access in this mode */

/* ------------------------------------------------------------------------------- at CPL 0 */

TEST(table_registers_keep_values, "SGDT and SIDT store what LGDT and LIDT have loaded, every bit",
     SPEC("SDM vol. 2A, LGDT/LIDT; vol. 2B, SGDT, SIDT"))
{
	const struct desc_table_register gdtr = sgdt(), idtr = sidt();

	/* Nothing may use the tables in between: no fault, no load of a selector. */
	for (u32 bit = 0; bit < 16 + sizeof(ulong) * 8; bit++) {
		struct desc_table_register value = { 0, 0 }, g, i;

		if (bit < 16)
			value.limit = (u16)BIT(bit);
		else
			value.base = (ulong)BIT(bit - 16);
		/* Bits 47 and up only have canonical values together. */
		if (sizeof(ulong) == 8 && bit >= 16 + 47)
			value.base = (ulong)-BIT(47);
		__asm__ volatile("lgdt %2\nsgdt %0\nlgdt %3\nlidt %2\nsidt %1\nlidt %4"
				 : "=m"(g), "=m"(i)
				 : "m"(value), "m"(gdtr), "m"(idtr)
				 : "memory");
		EXPECT_EQ(g.limit, value.limit, "bit %u", bit);
		EXPECT_EQ(g.base, value.base, "bit %u", bit);
		EXPECT_EQ(i.limit, value.limit, "bit %u", bit);
		EXPECT_EQ(i.base, value.base, "bit %u", bit);
	}
}

struct table_insn {
	const char *name;
	const void *code;
	bool is_idt;
};

/* The operand at rDI. With 66h the operand size is 16, or, in 64-bit mode, what it always is. */
#define STORE_TABLES                                                                           \
	{                                                                                      \
		{ "sgdt", CODE("sgdt " AT("di")), false },                                     \
			{ "sidt", CODE("sidt " AT("di")), true },                              \
			ONLY_64({ "sgdt-66", CODE(".byte 0x66, 0x0f, 0x01, 0x07"), false },    \
				{ "sidt-66", CODE(".byte 0x66, 0x0f, 0x01, 0x0f"), true },     \
				{ "sgdt-rex-w", CODE(".byte 0x48, 0x0f, 0x01, 0x07"), false }, \
				{ "sidt-rex-w", CODE(".byte 0x48, 0x0f, 0x01, 0x0f"), true })  \
	}

TEST(store_tables_size, "SGDT and SIDT store limit and base, and nothing around; any CPL may",
     SPEC("SDM vol. 2B, SGDT, SIDT"))
{
	const struct table_insn rows[] = STORE_TABLES;
	const struct desc_table_register gdtr = { GDT_ENTRIES * 8 - 1, (ulong)gdt_entries() };
	const struct desc_table_register idtr = { sizeof(idt) - 1, (ulong)idt };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 cpl = 0; cpl <= 3; cpl++) {
			u8 memory[24], expected[24];
			struct registers r = { .di = (ulong)&memory[5],
					       .flags = FLAG_1 | STATUS_FLAGS };

			SUBTEST("%s-cpl%u", rows[i].name, cpl);
			memset(memory, 0x5a, sizeof(memory));
			memset(expected, 0x5a, sizeof(expected));
			memcpy(expected + 5, rows[i].is_idt ? &idtr : &gdtr, TABLE_SIZE);
			EXPECT_NO_FAULT(execute_in(at_cpl(cpl), rows[i].code, &r));
			EXPECT_MEM_EQ(memory, expected, sizeof(memory));
			EXPECT_EQ(r.flags, FLAG_1 | STATUS_FLAGS);
		}
}

/* #PF on the page at `end`, or nothing: which part of the operand is first is the processor's choice. */
static void expect_page_fault(u64 code, const u8 *end, bool good, struct fault actual)
{
	if (good) {
		EXPECT_NO_FAULT(actual);
		return;
	}
	EXPECT_FAULT(FAULT_CODED_(VEC_PF, code), actual);
	EXPECT_EQ(ALIGN_DOWN(actual.address, PAGE_SIZE), (ulong)end);
}

TEST(tables_across_pages, "SGDT, SIDT, LGDT and LIDT whose operand ends on an absent page are #PF",
     SPEC("SDM vol. 2A, LGDT/LIDT; vol. 2B, SGDT, SIDT"))
{
	u8 *pages = pages_alloc(2, PAGE_SIZE);
	u8 *end = pages + PAGE_SIZE;

	space_unmap(space_kernel(), (ulong)end, PAGE_SIZE);
	for (u32 inside = 1; inside <= TABLE_SIZE; inside++) {
		struct registers r = { .di = (ulong)(end - inside), .flags = FLAG_1 };
		const struct desc_table_register gdtr = sgdt(), idtr = sidt();
		bool good = inside == TABLE_SIZE;

		SUBTEST("inside-%u", inside);
		expect_page_fault(PF_W, end, good, execute_try(CODE("sgdt " AT("di")), &r));
		memcpy(end - inside, &gdtr, inside);
		expect_page_fault(0, end, good, lgdt_try(end - inside));
		EXPECT_EQ(sgdt().base, gdtr.base);
		EXPECT_EQ(sgdt().limit, gdtr.limit);
		expect_page_fault(PF_W, end, good, execute_try(CODE("sidt " AT("di")), &r));
		memcpy(end - inside, &idtr, inside);
		expect_page_fault(0, end, good, lidt_try(end - inside));
		EXPECT_EQ(sidt().base, idtr.base);
		EXPECT_EQ(sidt().limit, idtr.limit);
	}
}

TEST(lgdt_keeps_segments, "LGDT does not change what segment registers have loaded",
     SPEC("SDM vol. 3A, 3.4.3; vol. 2A, LGDT/LIDT"))
{
	u64 *gdt = gdt_on_page(GDT_ENTRIES * 8 - 1);
	struct registers r = { .di = (ulong)gdt, .ax = SEL_SPARE, .flags = FLAG_1 };

	gdt[SEL_SPARE / 8] = DATA_SEG | DESC_BASE(SEL_SPARE + 16);
	gdt[SEL_SPARE / 8 + 2] = 2;
	EXPECT_NO_FAULT(execute_try(CODE("mov %%eax, %%fs"), &r));
	lgdt(&(struct desc_table_register){ GDT_ENTRIES * 8 - 1, (ulong)gdt_entries() });
	gdt[SEL_SPARE / 8] = 0;
	EXPECT_NO_FAULT(
		execute_try(CODE("movl %%fs:(" NATIVE("di") "), %%ecx; mov %%fs, %%edx"), &r));
	EXPECT_EQ(r.cx, 2ul);
	EXPECT_EQ(r.dx, (ulong)SEL_SPARE);
}

/* ------------------------------------------------------------------------------ privilege */

struct privileged {
	const char *name;
	const void *code;
};

/* Operands in AX or at rDI, both of no use: the privilege is what is checked first. */
#define PRIVILEGED                                                                                \
	{                                                                                         \
		{ "lgdt", CODE("lgdt " AT("di")) }, { "lidt", CODE("lidt " AT("di")) },           \
			{ "lldt", CODE("lldt %%ax") }, { "lldt-memory", CODE("lldt " AT("di")) }, \
			{ "ltr", CODE("ltr %%ax") }, { "ltr-memory", CODE("ltr " AT("di")) },     \
			{ "lmsw", CODE("lmsw %%ax") }, { "lmsw-memory", CODE("lmsw " AT("di")) }, \
	}

TEST(loads_are_privileged,
     "LGDT, LIDT, LLDT, LTR and LMSW are #GP(0) above CPL 0, before their operands are looked at",
     SPEC("SDM vol. 2A, LGDT/LIDT, LLDT, LTR, LMSW; vol. 3A, 5.9"), BUG("XSA-105"),
									BUG("CVE-2018-10853"))
{
	const struct privileged rows[] = PRIVILEGED;
	u8 *absent = page_alloc();

	space_unmap(space_kernel(), (ulong)absent, PAGE_SIZE);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		for (u32 cpl = 1; cpl <= 3; cpl++) {
			const struct desc_table_register gdtr = sgdt(), idtr = sidt();
			/* A selector that LLDT and LTR would refuse in another way. */
			struct registers r = { .ax = 0xfff8, .di = (ulong)absent, .flags = FLAG_1 };
			ulong cr0 = read_cr0();

			EXPECT_FAULT(GP(0), execute_in(at_cpl(cpl), rows[i].code, &r), "cpl %u",
				     cpl);
			r.ax = 0;
			r.di = (ulong)&gdtr;
			EXPECT_FAULT(GP(0), execute_in(at_cpl(cpl), rows[i].code, &r), "cpl %u",
				     cpl);
			EXPECT_EQ(read_cr0(), cr0);
			EXPECT_EQ(sgdt().base, gdtr.base);
			EXPECT_EQ(sidt().base, idtr.base);
			EXPECT_EQ(str(), SEL_TSS);
			EXPECT_EQ(sldt(), SEL_NULL);
		}
	}
}

/* What UMIP is about: SGDT, SIDT, SLDT, STR, SMSW, into memory at rDI or AX. */
#define UMIP_INSNS                                                                      \
	{                                                                               \
		{ "sgdt", CODE("sgdt " AT("di")) }, { "sidt", CODE("sidt " AT("di")) }, \
			{ "sldt-register", CODE("sldt %%eax") },                        \
			{ "sldt-memory", CODE("sldt " AT("di")) },                      \
			{ "str-register", CODE("str %%eax") },                          \
			{ "str-memory", CODE("str " AT("di")) },                        \
			{ "smsw-register", CODE("smsw %%eax") },                        \
			{ "smsw-memory", CODE("smsw " AT("di")) },                      \
	}

TEST(umip_refuses,
     "with CR4.UMIP, SGDT, SIDT, SLDT, STR and SMSW are #GP(0) above CPL 0 and store nothing",
     SPEC("SDM vol. 3A, 2.5, CR4.UMIP; vol. 2B, SGDT, SIDT, SLDT, SMSW, STR"),
	  REQUIRES(cpu_has(X86_FEATURE_UMIP)))
{
	const struct privileged rows[] = UMIP_INSNS;
	u8 *absent = page_alloc();

	space_unmap(space_kernel(), (ulong)absent, PAGE_SIZE);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		for (u32 cpl = 1; cpl <= 3; cpl++) {
			u8 memory[16] = { 0 }, zero[16] = { 0 };
			struct registers r = { .ax = 1, .di = (ulong)memory, .flags = FLAG_1 };

			write_cr4(read_cr4() | CR4_UMIP);
			EXPECT_FAULT(GP(0), execute_in(at_cpl(cpl), rows[i].code, &r), "cpl %u",
				     cpl);
			EXPECT_MEM_EQ(memory, zero, sizeof(memory));
			EXPECT_EQ(r.ax, 1ul);
			/* Before the operand is accessed. */
			r.di = (ulong)absent;
			EXPECT_FAULT(GP(0), execute_in(at_cpl(cpl), rows[i].code, &r), "cpl %u",
				     cpl);
			write_cr4(read_cr4() & ~CR4_UMIP);
			r.di = (ulong)memory;
			EXPECT_NO_FAULT(execute_in(at_cpl(cpl), rows[i].code, &r), "cpl %u", cpl);
		}
	}
}

TEST(umip_allows_kernel, "CR4.UMIP changes nothing at CPL 0, nor for other instructions",
     SPEC("SDM vol. 3A, 2.5, CR4.UMIP"), REQUIRES(cpu_has(X86_FEATURE_UMIP)))
{
	const struct privileged rows[] = UMIP_INSNS;
	struct registers r = { .cx = SEL_USER_DATA, .flags = FLAG_1 };

	write_cr4(read_cr4() | CR4_UMIP);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u8 memory[16];

		SUBTEST("%s", rows[i].name);
		r.di = (ulong)memory;
		EXPECT_NO_FAULT(execute_try(rows[i].code, &r));
	}
	SUBTEST("lar-lsl-verr-verw-cpl3");
	EXPECT_NO_FAULT(execute_in(
		USER, CODE("lar %%ecx, %%eax; lsl %%ecx, %%eax; verr %%cx; verw %%cx"), &r));
	write_cr4(read_cr4() & ~CR4_UMIP);
}

/* ------------------------------------------------------------------------- SMSW and LMSW */

TEST(smsw_sizes, "SMSW: 16 bits keep the rest of a register; memory gets two bytes; any CPL may",
     SPEC("SDM vol. 2B, SMSW"))
{
	const struct {
		const char *name;
		const void *code;
		ulong kept, expected, defined;
	} rows[] = { { "16", CODE("smsw %%ax"), ~0xfffful, 0xffff, ~0ul },
		     /* Outside 64-bit mode the upper half of 32 bits is undefined. */
		     { "32", CODE("smsw %%eax"), 0, 0xffffffff,
		       sizeof(ulong) == 8 ? ~0ul : 0xffff },
		     ONLY_64({ "64", CODE("smsw %%rax"), 0, ~0ul, ~0ul }) };

	for (u32 cpl = 0; cpl <= 3; cpl++) {
		u16 memory[5] = { 0x5a5a, 0x5a5a, 0x5a5a, 0x5a5a, 0x5a5a };
		struct registers r = { .di = (ulong)&memory[1], .flags = FLAG_1 | STATUS_FLAGS };

		for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
			SUBTEST("%s-cpl%u", rows[i].name, cpl);
			r.ax = ~0ul;
			EXPECT_NO_FAULT(execute_in(at_cpl(cpl), rows[i].code, &r));
			EXPECT_EQ(r.ax & rows[i].defined,
				  (rows[i].kept | (read_cr0() & rows[i].expected)) &
					  rows[i].defined);
			EXPECT_EQ(r.flags, FLAG_1 | STATUS_FLAGS);
		}
		SUBTEST("memory-cpl%u", cpl);
		EXPECT_NO_FAULT(execute_in(at_cpl(cpl), CODE("smsw " AT("di")), &r));
		EXPECT_EQ(memory[1], (u16)read_cr0());
		memory[1] = 0x5a5a;
		EXPECT_NO_FAULT(execute_in(at_cpl(cpl), CODE(".byte 0x66, 0x0f, 0x01, 0x27"), &r));
		EXPECT_EQ(memory[1], (u16)read_cr0());
		for (u32 j = 0; j < ARRAY_SIZE(memory); j++)
			if (j != 1)
				EXPECT_EQ(memory[j], 0x5a5a);
	}
}

TEST(smsw_follows_cr0, "SMSW shows MP, EM, TS, NE as CR0 has them",
     SPEC("SDM vol. 2B, SMSW; vol. 3A, 2.5"))
{
	const ulong bits[] = { CR0_MP, CR0_EM, CR0_TS, CR0_NE };
	const ulong cr0 = read_cr0();

	for (u32 i = 0; i < ARRAY_SIZE(bits); i++) {
		struct registers r = { .flags = FLAG_1 };

		write_cr0(cr0 ^ bits[i]);
		execute(CODE("smsw %%ax"), &r);
		EXPECT_EQ(r.ax, (cr0 ^ bits[i]) & 0xffff);
	}
	write_cr0(cr0);
}

TEST(lmsw_bits, "LMSW loads MP, EM and TS, cannot clear PE, and changes no other bit of CR0",
     SPEC("SDM vol. 2A, LMSW"))
{
	const ulong cr0 = read_cr0();

	for (u32 form = 0; form < 2; form++)
		for (u32 msw = 0; msw < 16; msw++) {
			const u32 upper[] = { 0, 0xfff0 };

			SUBTEST("%s-%#x", form ? "memory" : "register", msw);
			for (u32 i = 0; i < 2; i++) {
				u16 operand = (u16)(msw | upper[i]);
				struct registers r = { .ax = (~0ul & ~0xfffful) | operand,
						       .di = (ulong)&operand,
						       .flags = FLAG_1 | STATUS_FLAGS };

				write_cr0(i ? cr0 : cr0 | CR0_MP | CR0_EM | CR0_TS);
				EXPECT_NO_FAULT(execute_try(
					form ? CODE("lmsw " AT("di")) : CODE("lmsw %%ax"), &r));
				EXPECT_EQ(read_cr0(), (cr0 & ~0xeul) | (msw & 0xe) | CR0_PE);
				EXPECT_EQ(r.flags, FLAG_1 | STATUS_FLAGS);
			}
		}
	write_cr0(cr0);
}

TEST(lmsw_memory_is_16_bits, "LMSW reads two bytes: the last two of a page, or #PF and CR0 stays",
     SPEC("SDM vol. 2A, LMSW"))
{
	u8 *pages = pages_alloc(2, PAGE_SIZE);
	struct registers r = { .di = (ulong)pages + PAGE_SIZE - 2, .flags = FLAG_1 };
	const ulong cr0 = read_cr0();

	space_unmap(space_kernel(), (ulong)pages + PAGE_SIZE, PAGE_SIZE);
	memset(pages + PAGE_SIZE - 2, 0xff, 2);
	EXPECT_NO_FAULT(execute_try(CODE("lmsw " AT("di")), &r));
	EXPECT_EQ(read_cr0(), cr0 | 0xf);
	write_cr0(cr0);
	r.di++;
	EXPECT_FAULT(PF(0, pages + PAGE_SIZE), execute_try(CODE("lmsw " AT("di")), &r));
	EXPECT_EQ(read_cr0(), cr0);
}
