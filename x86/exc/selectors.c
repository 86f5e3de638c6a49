/* SPDX-License-Identifier: MIT */
/*
 * Error codes of selectors that cannot be loaded: bits 15-3 are the index, bit 2 is TI, and the
 * RPL's place has EXT and IDT, both clear here.
 */
#include <test.h>

#include <mm/page.h>
#include <x86/desc.h>
#include <x86/insn.h>

SUITE("Error codes of selectors");

enum { DS, ES, FS, GS, SS_, REGISTERS };

static const char *const names[REGISTERS] = { "ds", "es", "fs", "gs", "ss" };

static struct fault load(u32 reg, u16 selector)
{
	u16 loaded;

	switch (reg) {
	case DS:
		return load_ds_try(selector, &loaded);
	case ES:
		return load_es_try(selector, &loaded);
	case FS:
		return load_fs_try(selector, &loaded);
	case GS:
		return load_gs_try(selector, &loaded);
	default:
		return load_ss_try(selector, &loaded);
	}
}

#define DATA	 (DESC_FLAT | DESC_DB)
#define ABSENT	 (DATA & ~DESC_P)
#define EXECUTE	 ((DATA | DESC_CODE) & ~DESC_W)
#define READABLE (DATA | DESC_CODE)
#define READONLY (DATA & ~DESC_W)

/* An LDT of two entries after the spare entries 2 and 3: the first is present, the second is
 * not. */
static void load_ldt(void)
{
	u64 *ldt = page_alloc();

	ldt[0] = DATA;
	ldt[1] = ABSENT;
	gdt_set_spare(3, (u64)(ulong)ldt >> 32);
	ASSERT_NO_FAULT(lldt_try(gdt_set_spare(2, DESC_BASE((ulong)ldt) | DESC_LIMIT(15) | DESC_P |
							  DESC_TYPE(DESC_LDT))));
}

TEST(data_beyond_gdt, "a selector beyond the GDT's limit is #GP with index, RPL left out",
     SPEC("SDM vol. 3A, 6.13; vol. 2B, MOV"))
{
	for (u32 reg = 0; reg < REGISTERS; reg++)
		for (u16 rpl = 0; rpl <= 3; rpl++) {
			SUBTEST("%s-rpl%u", names[reg], rpl);
			EXPECT_FAULT(GP(GDT_ENTRIES * 8), load(reg, GDT_ENTRIES * 8 | rpl));
			EXPECT_FAULT(GP(0xfff8), load(reg, 0xfff8 | rpl));
		}
}

TEST(data_beyond_ldt,
     "a selector beyond the LDT's limit is #GP with index and TI; so is any without LDT",
     SPEC("SDM vol. 3A, 6.13, figure 6-7"), BUG("XSA-192"))
{
	for (u32 reg = 0; reg < REGISTERS; reg++) {
		SUBTEST("%s-no-ldt", names[reg]);
		ASSERT_NO_FAULT(lldt_try(SEL_NULL));
		EXPECT_FAULT(GP(ERR_TI), load(reg, ERR_TI));
		EXPECT_FAULT(GP(0x18 | ERR_TI), load(reg, 0x18 | ERR_TI));
		SUBTEST("%s-beyond", names[reg]);
		load_ldt();
		EXPECT_NO_FAULT(load(reg, ERR_TI));
		EXPECT_FAULT(GP(0x10 | ERR_TI), load(reg, 0x10 | ERR_TI));
	}
	lldt_try(SEL_NULL);
}

TEST(data_not_present, "a segment that is not present is #NP with its selector, for SS #SS",
     SPEC("SDM vol. 3A, 6.15, Interrupts 11 and 12"))
{
	u16 selector = gdt_set_spare(0, ABSENT);

	load_ldt();
	for (u32 reg = 0; reg < REGISTERS; reg++) {
		SUBTEST("%s-gdt", names[reg]);
		if (reg == SS_)
			EXPECT_FAULT(SS(selector), load(reg, selector));
		else
			EXPECT_FAULT(NP(selector), load(reg, selector));
		SUBTEST("%s-ldt", names[reg]);
		if (reg == SS_)
			EXPECT_FAULT(SS(8 | ERR_TI), load(reg, 8 | ERR_TI));
		else
			EXPECT_FAULT(NP(8 | ERR_TI), load(reg, 8 | ERR_TI));
	}
	lldt_try(SEL_NULL);
}

/* Checks of type and privilege come before that of P: all of these are not present either. */
TEST(data_wrong_type,
     "system, execute-only and, for SS, read-only or code segments are #GP with selector",
     SPEC("SDM vol. 2B, MOV; vol. 3A, 5.4"))
{
	static const struct {
		const char *name;
		u64 descriptor;
		bool only_ss;
	} rows[] = {
		{ "system", DESC_TYPE(DESC_LDT) | DESC_LIMIT(7), false },
		{ "tss", DESC_TYPE(DESC_TSS_AVAILABLE) | DESC_LIMIT(103), false },
		{ "zero", 0, false },
		{ "execute-only", EXECUTE & ~DESC_P, false },
		{ "readable-code", READABLE & ~DESC_P, true },
		{ "read-only", READONLY & ~DESC_P, true },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u16 selector = gdt_set_spare(0, rows[i].descriptor);

		for (u32 reg = 0; reg < REGISTERS; reg++) {
			if (rows[i].only_ss && reg != SS_)
				continue;
			SUBTEST("%s-%s", names[reg], rows[i].name);
			EXPECT_FAULT(GP(selector), load(reg, selector));
		}
	}
}

TEST(data_privilege, "a data segment's DPL must not be below CPL or RPL; SS needs all three equal",
     SPEC("SDM vol. 3A, 5.6-5.7"))
{
	for (u16 dpl = 0; dpl <= 3; dpl++)
		for (u16 rpl = 0; rpl <= 3; rpl++) {
			u16 selector = gdt_set_spare(0, DATA | DESC_DPL(dpl));

			SUBTEST("ds-dpl%u-rpl%u", dpl, rpl);
			if (dpl >= rpl)
				EXPECT_NO_FAULT(load(DS, selector | rpl));
			else
				EXPECT_FAULT(GP(selector), load(DS, selector | rpl));
			SUBTEST("ss-dpl%u-rpl%u", dpl, rpl);
			if (dpl == 0 && rpl == 0)
				EXPECT_NO_FAULT(load(SS_, selector));
			else
				EXPECT_FAULT(GP(selector), load(SS_, selector | rpl));
		}
}

TEST(data_null, "a null selector, of any RPL, can be loaded into DS, ES, FS and GS",
     SPEC("SDM vol. 2B, MOV"))
{
	for (u32 reg = DS; reg <= GS; reg++)
		for (u16 rpl = 0; rpl <= 3; rpl++) {
			SUBTEST("%s-rpl%u", names[reg], rpl);
			EXPECT_NO_FAULT(load(reg, rpl));
		}
}

TEST(failed_load_keeps_register, "a segment register whose load faults keeps its selector",
     SPEC("SDM vol. 3A, 6.5, Faults"))
{
	u16 loaded = 0;

	EXPECT_FAULT(GP(0xfff8), load_ds_try(0xfff8, &loaded));
	EXPECT_EQ(loaded, SEL_KERNEL_DATA);
	EXPECT_FAULT(GP(0xfff8), load_ss_try(0xfff8, &loaded));
	EXPECT_EQ(loaded, SEL_KERNEL_DATA);
}

/* ------------------------------------------------------------------------------ CS, LDTR and
 * TR */

#define CODE	  (DESC_FLAT | DESC_CODE | CODE_SIZE)
/* What makes a code segment one of this kernel's size. */
#define CODE_SIZE (sizeof(ulong) == 8 ? DESC_L : DESC_DB)

TEST(code_selectors, "a far jump to what is no code segment for it is #GP or #NP with the selector",
     SPEC("SDM vol. 2A, JMP"))
{
	static const struct {
		const char *name;
		u16 rpl;
		u64 descriptor;
		bool np;
	} rows[] = {
		{ "data", 0, DATA, false },
		{ "data-not-present", 0, ABSENT, false },
		{ "interrupt-gate", 0, DESC_P | DESC_TYPE(DESC_INTERRUPT_GATE), false },
		{ "ldt", 0, DESC_P | DESC_TYPE(DESC_LDT), false },
		{ "dpl3", 0, DESC_DPL(3), false },
		{ "dpl3-rpl3", 3, DESC_DPL(3), false },
		{ "rpl-above-cpl", 3, 0, false },
		{ "conforming-dpl3", 0, DESC_DPL(3) | DESC_C, false },
		{ "not-present", 0, DESC_P, true },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		/* Rows that are about code give what differs from a good descriptor. */
		bool is_code = i >= 4;
		u16 selector = gdt_set_spare(0, is_code ? CODE ^ rows[i].descriptor
							: rows[i].descriptor);

		gdt_set_spare(1, 0);
		SUBTEST("%s", rows[i].name);
		if (rows[i].np)
			EXPECT_FAULT(NP(selector), load_cs_try(selector | rows[i].rpl));
		else
			EXPECT_FAULT(GP(selector), load_cs_try(selector | rows[i].rpl));
	}
	/* Whatever is in the first entry. */
	gdt_entries()[0] = gdt_entries()[SEL_KERNEL_CODE / 8];
	SUBTEST("null");
	EXPECT_FAULT(GP(0), load_cs_try(SEL_NULL));
	SUBTEST("null-rpl3");
	EXPECT_FAULT(GP(0), load_cs_try(3));
	gdt_entries()[0] = 0;
	SUBTEST("beyond-gdt");
	EXPECT_FAULT(GP(GDT_ENTRIES * 8), load_cs_try(GDT_ENTRIES * 8));
	SUBTEST("no-ldt");
	EXPECT_FAULT(GP(8 | ERR_TI), load_cs_try(8 | ERR_TI));
	SUBTEST("good");
	EXPECT_NO_FAULT(load_cs_try(gdt_set_spare(0, CODE)));
	EXPECT_NO_FAULT(load_cs_try(SEL_KERNEL_CODE));
}

TEST(ldtr_selectors, "LLDT of what is no LDT in the GDT is #GP or #NP with the selector",
     SPEC("SDM vol. 2A, LLDT"))
{
	u64 ldt = DESC_TYPE(DESC_LDT) | DESC_LIMIT(7);

	gdt_set_spare(1, 0);
	SUBTEST("ti");
	EXPECT_FAULT(GP(8 | ERR_TI), lldt_try(8 | ERR_TI));
	SUBTEST("beyond-gdt");
	EXPECT_FAULT(GP(GDT_ENTRIES * 8), lldt_try(GDT_ENTRIES * 8));
	SUBTEST("data");
	EXPECT_FAULT(GP(SEL_KERNEL_DATA), lldt_try(SEL_KERNEL_DATA));
	SUBTEST("tss");
	EXPECT_FAULT(GP(SEL_TSS), lldt_try(SEL_TSS));
	SUBTEST("not-present");
	EXPECT_FAULT(NP(SEL_SPARE), lldt_try(gdt_set_spare(0, ldt)));
	SUBTEST("rpl");
	EXPECT_NO_FAULT(lldt_try(gdt_set_spare(0, ldt | DESC_P) | 3));
	SUBTEST("null");
	EXPECT_NO_FAULT(lldt_try(3));
	EXPECT_NO_FAULT(lldt_try(SEL_NULL));
}

TEST(tr_selectors, "LTR of what is no available TSS in the GDT is #GP or #NP with the selector",
     SPEC("SDM vol. 2A, LTR"))
{
	u64 tss = DESC_LIMIT(103) | DESC_BASE((ulong)tss_of_this_cpu());

	gdt_set_spare(1, 0);
	SUBTEST("null");
	EXPECT_FAULT(GP(0), ltr_try(SEL_NULL));
	SUBTEST("ti");
	EXPECT_FAULT(GP(8 | ERR_TI), ltr_try(8 | ERR_TI));
	SUBTEST("beyond-gdt");
	EXPECT_FAULT(GP(GDT_ENTRIES * 8), ltr_try(GDT_ENTRIES * 8));
	SUBTEST("data");
	EXPECT_FAULT(GP(SEL_KERNEL_DATA), ltr_try(SEL_KERNEL_DATA));
	SUBTEST("busy");
	EXPECT_FAULT(GP(SEL_TSS), ltr_try(SEL_TSS));
	SUBTEST("not-present");
	EXPECT_FAULT(NP(SEL_SPARE), ltr_try(gdt_set_spare(0, tss | DESC_TYPE(DESC_TSS_AVAILABLE))));
}
