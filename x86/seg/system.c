/* SPDX-License-Identifier: MIT */
/* LLDT, LTR, SLDT and STR: every type of descriptor, the busy bit, operand sizes. */
#include "seg.h"

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>
#include <x86/insn.h>
#include <x86/segment.h>

SUITE("LDTR and TR");

#define IS_64 (sizeof(ulong) == 8)

/* A TSS and an LDT are of no type but these. A 16-bit TSS cannot be loaded in IA-32e mode. */
static bool is_available_tss(u32 kind)
{
	return kind == DESC_TSS_AVAILABLE || (kind == DESC_TSS_AVAILABLE_16 && !IS_64);
}

/* TR as every case has it: its TSS is made available first. */
static void reload_tr(void)
{
	gdt_entries()[SEL_TSS / 8] &= ~DESC_TYPE(2);
	EXPECT_NO_FAULT(ltr_try(SEL_TSS));
}

TEST(lldt_every_descriptor,
     "LLDT accepts LDTs that are present, of any DPL and RPL; #GP(selector) and #NP(selector) else",
     SPEC("SDM vol. 2A, LLDT"))
{
	for (u32 kind = 0; kind < TYPES; kind++) {
		SUBTEST("%s-%u", kind_is_segment(kind) ? "segment" : "system", kind & 15);
		for (u32 bits = 0; bits < 32; bits++) {
			u64 descriptor = DESC_LIMIT(0xff) | DESC_KIND(kind) | DESC_DPL(bits & 3) |
					 (bits & 16 ? DESC_P : 0);
			u16 rpl = bits >> 2 & 3, selector = set_spare_system(0, descriptor, 0);
			struct fault expected = kind != DESC_LDT      ? GP(selector)
						: descriptor & DESC_P ? NO_FAULT
								      : NP(selector);

			unload_ldt();
			if (!EXPECT_FAULT(expected, lldt_try(selector | rpl), "descriptor %#llx",
					  descriptor))
				break;
			EXPECT_EQ(sldt(), expected.kind ? SEL_NULL : selector | rpl);
			EXPECT_EQ(gdt_entries()[SEL_SPARE / 8], descriptor);
		}
	}
	unload_ldt();
}

TEST(lldt_null, "LLDT of a null selector of any RPL makes the LDT unusable",
     SPEC("SDM vol. 2A, LLDT"), BUG("XSA-191"), BUG("XSA-192"))
{
	u64 *ldt = load_new_ldt(1);
	u16 loaded;

	ldt[0] = DATA_SEG;
	for (u16 rpl = 0; rpl <= 3; rpl++) {
		SUBTEST("rpl%u", rpl);
		EXPECT_NO_FAULT(lldt_try(
			set_spare_system(0, system_desc(DESC_LDT, (ulong)ldt, 7), (ulong)ldt)));
		EXPECT_NO_FAULT(load_fs_try(ERR_TI, &loaded));
		EXPECT_NO_FAULT(lldt_try(rpl));
		EXPECT_EQ(sldt(), rpl);
		EXPECT_FAULT(GP(ERR_TI), load_fs_try(ERR_TI, &loaded));
	}
	unload_ldt();
}

TEST(lldt_refused_keeps, "an LLDT that is refused leaves the LDT as it was",
     SPEC("SDM vol. 2A, LLDT; vol. 3A, 6.5"))
{
	const u16 bad[] = { 8 | ERR_TI, GDT_ENTRIES * 8, SEL_KERNEL_DATA, SEL_TSS, SEL_SPARE + 16 };
	u64 *ldt = load_new_ldt(1);
	u16 loaded;

	ldt[0] = DATA_SEG;
	set_spare_system(2, system_desc(DESC_LDT, (ulong)ldt, 7) & ~DESC_P, (ulong)ldt);
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		struct fault expected = i == 4 ? NP(bad[i]) : GP(bad[i]);

		SUBTEST("%#x", bad[i]);
		EXPECT_FAULT(expected, lldt_try(bad[i]));
		EXPECT_EQ(sldt(), SEL_SPARE);
		EXPECT_NO_FAULT(load_fs_try(ERR_TI, &loaded));
	}
	unload_ldt();
}

TEST(lldt_is_cached, "the LDT is what the descriptor said at LLDT: later changes need another LLDT",
     SPEC("SDM vol. 3A, 3.4.3"))
{
	u64 *ldt = load_new_ldt(2);
	u16 loaded;

	ldt[0] = ldt[1] = DATA_SEG;
	gdt_set_spare(0, 0);
	gdt_set_spare(1, 0);
	EXPECT_NO_FAULT(load_fs_try(8 | ERR_TI, &loaded));
	EXPECT_FAULT(GP(SEL_SPARE), lldt_try(SEL_SPARE));
	EXPECT_NO_FAULT(load_fs_try(8 | ERR_TI, &loaded));
	unload_ldt();
}

/* ----------------------------------------------------------------------------------------- TR */

TEST(ltr_every_descriptor,
     "LTR accepts available TSSs and makes them busy; #GP(selector) and #NP(selector) change nothing",
     SPEC("SDM vol. 2A, LTR; vol. 3A, 7.2.2"))
{
	ulong tss = (ulong)tss_of_this_cpu();

	for (u32 kind = 0; kind < TYPES; kind++) {
		SUBTEST("%s-%u", kind_is_segment(kind) ? "segment" : "system", kind & 15);
		for (u32 bits = 0; bits < 32; bits++) {
			u64 descriptor = (system_desc(0, tss, sizeof(struct tss) - 1) & ~DESC_P) |
					 DESC_KIND(kind) | DESC_DPL(bits & 3) |
					 (bits & 16 ? DESC_P : 0);
			u16 rpl = bits >> 2 & 3, selector = set_spare_system(0, descriptor, tss);
			struct fault expected = !is_available_tss(kind) ? GP(selector)
						: descriptor & DESC_P	? NO_FAULT
									: NP(selector);
			bool good = !expected.kind;

			if (!EXPECT_FAULT(expected, ltr_try(selector | rpl), "descriptor %#llx",
					  descriptor)) {
				reload_tr();
				break;
			}
			EXPECT_EQ(str(), good ? selector | rpl : SEL_TSS);
			EXPECT_EQ(gdt_entries()[SEL_SPARE / 8],
				  good ? descriptor | DESC_TYPE(2) : descriptor);
			if (good)
				reload_tr();
		}
	}
}

TEST(ltr_null, "LTR of a null selector of any RPL is #GP(0), and TR stays",
     SPEC("SDM vol. 2A, LTR"))
{
	for (u16 rpl = 0; rpl <= 3; rpl++) {
		SUBTEST("rpl%u", rpl);
		EXPECT_FAULT(GP(0), ltr_try(rpl));
		EXPECT_EQ(str(), SEL_TSS);
		if (str() != SEL_TSS)
			reload_tr();
	}
}

TEST(system_not_in_ldt,
     "LLDT and LTR of a selector with TI set are #GP with it, whatever both tables have there",
     SPEC("SDM vol. 2A, LLDT, LTR"))
{
	u64 *ldt = load_new_ldt(SEL_SPARE / 8 + 4);
	u64 tss = gdt_entries()[SEL_TSS / 8] & ~DESC_TYPE(2);
	u16 at_tss = set_spare_system(2, tss, (ulong)tss_of_this_cpu());

	memcpy(ldt, gdt_entries(), SEL_SPARE + 32);
	for (u16 rpl = 0; rpl <= 3; rpl++) {
		SUBTEST("lldt-rpl%u", rpl);
		EXPECT_FAULT(GP(SEL_SPARE | ERR_TI), lldt_try(SEL_SPARE | ERR_TI | rpl));
		EXPECT_EQ(sldt(), SEL_SPARE);
		SUBTEST("ltr-rpl%u", rpl);
		EXPECT_FAULT(GP(at_tss | ERR_TI), ltr_try(at_tss | ERR_TI | rpl));
		EXPECT_EQ(str(), SEL_TSS);
		EXPECT_EQ(ldt[at_tss / 8], tss);
		EXPECT_EQ(gdt_entries()[at_tss / 8], tss);
	}
	unload_ldt();
}

TEST(system_limit_edge,
     "the descriptor of an LDT or TSS has to be within the GDT's limit with all of its bytes",
     SPEC("SDM vol. 2A, LLDT, LTR; vol. 3A, 3.5.2, 5.8.3.1"))
{
	const u32 size = IS_64 ? 16 : 8;
	ulong tss = (ulong)tss_of_this_cpu();

	for (u32 is_tss = 0; is_tss < 2; is_tss++)
		for (u32 bytes = 1; bytes <= size; bytes++) {
			u64 *gdt = gdt_on_page((u16)(SEL_SPARE + bytes - 1));
			bool good = bytes == size;

			SUBTEST("%s-bytes-%u", is_tss ? "ltr" : "lldt", bytes);
			gdt[SEL_SPARE / 8] = is_tss ? system_desc(DESC_TSS_AVAILABLE, tss,
								  sizeof(struct tss) - 1)
						    : system_desc(DESC_LDT, (ulong)gdt, 7);
			/* RPL does not matter, nor is it in the error code. */
			EXPECT_FAULT(good ? NO_FAULT : GP(SEL_SPARE),
				     is_tss ? ltr_try(SEL_SPARE | 3) : lldt_try(SEL_SPARE | 3));
			EXPECT_EQ(desc_kind(gdt[SEL_SPARE / 8]),
				  is_tss ? (u32)(good ? DESC_TSS_BUSY : DESC_TSS_AVAILABLE)
					 : (u32)DESC_LDT);
			page_free(gdt);
			desc_init();
		}
}

TEST(ltr_needs_write, "LTR writes the busy bit: on a read-only page that is #PF, and TR stays",
     SPEC("SDM vol. 2A, LTR"))
{
	u64 *gdt = gdt_on_page(GDT_ENTRIES * 8 - 1);
	u64 descriptor = gdt[SEL_TSS / 8] & ~DESC_TYPE(2);
	struct fault fault;

	gdt[SEL_SPARE / 8] = descriptor;
	gdt[SEL_SPARE / 8 + 1] = gdt[SEL_TSS / 8 + 1];
	space_protect(space_kernel(), (ulong)gdt, PAGE_SIZE, PROT_USER);
	fault = ltr_try(SEL_SPARE);
	EXPECT_FAULT(FAULT_CODED_(VEC_PF, PF_P | PF_W), fault);
	EXPECT_EQ(ALIGN_DOWN(fault.address, 8), (ulong)&gdt[SEL_SPARE / 8]);
	EXPECT_EQ(str(), SEL_TSS);
	EXPECT_EQ(gdt[SEL_SPARE / 8], descriptor);
	desc_init();
}

/* -------------------------------------------------------------------------------- SLDT and STR */

TEST(store_selector_sizes,
     "SLDT and STR: 16 bits keep the rest of a register, 32 and 64 clear it; memory gets two bytes",
     SPEC("SDM vol. 2B, SLDT, STR"))
{
	const struct {
		const char *name;
		const void *code;
		u32 width; /* 0: memory */
		bool is_str;
	} rows[] = {
		{ "sldt-16", CODE("sldt %%ax"), 16, false },
		{ "sldt-32", CODE("sldt %%eax"), 32, false },
		{ "sldt-memory", CODE(".byte 0x0f, 0x00, 0x07"), 0, false },
		{ "sldt-memory-66", CODE(".byte 0x66, 0x0f, 0x00, 0x07"), 0, false },
		{ "str-16", CODE("str %%ax"), 16, true },
		{ "str-32", CODE("str %%eax"), 32, true },
		{ "str-memory", CODE(".byte 0x0f, 0x00, 0x0f"), 0, true },
		{ "str-memory-66", CODE(".byte 0x66, 0x0f, 0x00, 0x0f"), 0, true },
		ONLY_64({ "sldt-64", CODE("sldt %%rax"), 64, false },
			{ "sldt-memory-rex-w", CODE(".byte 0x48, 0x0f, 0x00, 0x07"), 0, false },
			{ "str-64", CODE("str %%rax"), 64, true },
			{ "str-memory-rex-w", CODE(".byte 0x48, 0x0f, 0x00, 0x0f"), 0, true })
	};

	load_new_ldt(1);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u16 selector = rows[i].is_str ? SEL_TSS : SEL_SPARE;

		SUBTEST("%s", rows[i].name);
		for (u32 cpl = 0; cpl <= 3; cpl++) {
			u16 memory[5] = { 0x5a5a, 0x5a5a, 0x5a5a, 0x5a5a, 0x5a5a };
			struct registers r = { .ax = ~0ul,
					       .di = (ulong)&memory[1],
					       .flags = FLAG_1 | STATUS_FLAGS };
			ulong upper = rows[i].width == 16 ? ~0xfffful : 0;

			EXPECT_NO_FAULT(execute_in(at_cpl(cpl), rows[i].code, &r));
			EXPECT_EQ(r.ax, rows[i].width ? upper | selector : ~0ul);
			EXPECT_EQ(memory[1], rows[i].width ? 0x5a5a : selector);
			for (u32 j = 0; j < ARRAY_SIZE(memory); j++)
				if (j != 1)
					EXPECT_EQ(memory[j], 0x5a5a, "word %u", j);
			EXPECT_EQ(r.flags, FLAG_1 | STATUS_FLAGS);
		}
	}
	unload_ldt();
}
