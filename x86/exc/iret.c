/* SPDX-License-Identifier: MIT */
/*
 * IRET in protected mode: where it goes, what it refuses, which flags it restores, and what a
 * refused one leaves: everything as it was. SDM vol. 2A, IRET/IRETD/IRETQ.
 */
#include "iret.h"

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>
#include <x86/apic.h>
#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/insn.h>

SUITE("IRET");

#define CODE_SIZE (sizeof(ulong) == 8 ? DESC_L : DESC_DB)
#define FLAT_CODE (DESC_FLAT | DESC_CODE | CODE_SIZE)
#define FLAT_DATA (DESC_FLAT | DESC_DB)

struct iret_frame iret_frame(u32 cpl)
{
	return (struct iret_frame){
		.ip = (ulong)iret_target,
		.cs = code_selector(cpl),
		.flags = FLAG_1,
		.sp = (ulong)page_alloc() + 0x800,
		.ss = stack_selector(cpl),
	};
}

void map_low_page(void)
{
	u8 *page = page_alloc();

	memcpy(page, "\x0f\x0b", 2);
	space_map(space_kernel(), LOW_CODE, (ulong)page, PAGE_SIZE, PROT_ALL);
	raw_gate_set(VEC_UD, DESC_INTERRUPT_GATE, 0, 0);
}

struct fault iret_run(struct iret_try *try, struct raw_entry *entry)
{
	static const u32 vectors[] = { VEC_UD, VEC_TS, VEC_NP, VEC_SS, VEC_GP, VEC_PF };
	/* Events at CPL 3 after IRET come here: RSP0 is not run_user()'s now. */
	static u8 stack[0x1000] __aligned(16);
	struct fault fault;

	for (u32 i = 0; i < ARRAY_SIZE(vectors); i++)
		raw_gate_set(vectors[i], DESC_INTERRUPT_GATE, 0, 0);
	tss_set_stack0(tss_of_this_cpu(), (ulong)stack + sizeof(stack));
	fault = raw_gate_catch(KERNEL, iret_asm, try, entry);
	__asm__ volatile("movl %0, %%ds\nmovl %0, %%es" : : "r"(SEL_KERNEL_DATA) : "memory");
	return fault;
}

static u16 flags_of_target(const struct raw_entry *entry)
{
	return (u16)pushed_frame(entry, false)->flags;
}

TEST(iret_same_cpl, "IRET at CPL 0 loads IP, CS and flags; SP and SS too in 64-bit mode",
     SPEC("SDM vol. 2A, IRET/IRETD/IRETQ"))
{
	struct iret_try try = { .frame = iret_frame(0), .flags = FLAG_1 };
	struct raw_entry entry;

	try.frame.flags = FLAG_1 | FLAG_CF | FLAG_SF | FLAG_OF;
	ASSERT_FAULT(VECTOR(VEC_UD), iret_run(&try, &entry));
	EXPECT_EQ(pushed_frame(&entry, false)->ip, (ulong)iret_target);
	EXPECT_EQ(pushed_frame(&entry, false)->cs, SEL_KERNEL_CODE);
	EXPECT_EQ(flags_of_target(&entry), FLAG_1 | FLAG_CF | FLAG_SF | FLAG_OF);
	if (sizeof(ulong) == 8) {
		EXPECT_EQ(pushed_frame(&entry, false)->sp, try.frame.sp);
		EXPECT_EQ(pushed_frame(&entry, false)->ss, SEL_KERNEL_DATA);
	} else {
		/* Three words are taken, then the #UD pushes three. */
		EXPECT_EQ(entry.sp, try.sp);
	}
}

TEST(iret_to_user, "IRET to CPL 3 loads IP, CS, flags, SP and SS",
     SPEC("SDM vol. 2A, IRET/IRETD/IRETQ"))
{
	struct iret_try try = { .frame = iret_frame(3), .flags = FLAG_1 };
	struct raw_entry entry;

	ASSERT_FAULT(VECTOR(VEC_UD), iret_run(&try, &entry));
	EXPECT_EQ(pushed_frame(&entry, false)->ip, (ulong)iret_target);
	EXPECT_EQ(pushed_frame(&entry, false)->cs, (ulong)code_selector(3));
	EXPECT_EQ(pushed_frame(&entry, false)->sp, try.frame.sp);
	EXPECT_EQ(pushed_frame(&entry, false)->ss, SEL_USER_DATA);
}

TEST(iret_to_rings_1_and_2, "IRET goes to CPL 1 and 2 as well",
     SPEC("SDM vol. 2A, IRET/IRETD/IRETQ"))
{
	for (u16 cpl = 1; cpl <= 2; cpl++) {
		struct iret_try try = { .frame = iret_frame(3), .flags = FLAG_1 };
		struct raw_entry entry;

		SUBTEST("cpl%u", cpl);
		try.frame.cs = gdt_set_spare(0, FLAT_CODE | DESC_DPL(cpl)) | cpl;
		try.frame.ss = gdt_set_spare(1, FLAT_DATA | DESC_DPL(cpl)) | cpl;
		EXPECT_FAULT(VECTOR(VEC_UD), iret_run(&try, &entry));
		EXPECT_EQ(pushed_frame(&entry, false)->cs, try.frame.cs);
		EXPECT_EQ(pushed_frame(&entry, false)->ss, try.frame.ss);
	}
}

/* A refused IRET: the error code, and everything as before it. */
static void expect_refused(struct iret_try *try, u32 vector, ulong error)
{
	struct raw_entry entry;

	if (!EXPECT_FAULT(VECTOR(vector), iret_run(try, &entry)))
		return;
	EXPECT_EQ(entry.words[0], error);
	EXPECT_EQ(pushed_frame(&entry, true)->ip, (ulong)iret_instruction);
	EXPECT_EQ(pushed_frame(&entry, true)->cs, SEL_KERNEL_CODE);
	EXPECT_EQ(pushed_frame(&entry, true)->flags & ~FLAG_RF, try->flags);
	EXPECT_EQ(raw_words_below(&entry, try->sp), (ulong)(RAW_FRAME_WORDS + 1));
	if (sizeof(ulong) == 8) {
		EXPECT_EQ(pushed_frame(&entry, true)->sp, try->sp);
		EXPECT_EQ(pushed_frame(&entry, true)->ss, SEL_KERNEL_DATA);
	}
}

TEST(iret_bad_cs,
     "IRET with a CS that is null, no code segment or of the wrong privilege is #GP with it",
     SPEC("SDM vol. 2A, IRET/IRETD/IRETQ"))
{
	static const struct {
		const char *name;
		u16 rpl;
		u64 flip;
		bool np;
	} rows[] = {
		{ "data", 0, DESC_CODE | DESC_L, false },
		{ "system", 0, DESC_S, false },
		{ "dpl3-rpl0", 0, DESC_DPL(3), false },
		{ "dpl0-rpl3", 3, 0, false },
		{ "dpl1-rpl3", 3, DESC_DPL(1), false },
		{ "conforming-dpl3-rpl0", 0, DESC_C | DESC_DPL(3), false },
		{ "not-present", 0, DESC_P, true },
		{ "not-present-dpl3", 3, DESC_P | DESC_DPL(3), true },
	};
	struct iret_try try = { .flags = FLAG_1 };

	gdt_set_spare(1, 0);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		try.frame = iret_frame(rows[i].rpl);
		try.frame.cs = gdt_set_spare(0, FLAT_CODE ^ rows[i].flip) | rows[i].rpl;
		expect_refused(&try, rows[i].np ? VEC_NP : VEC_GP, SEL_SPARE);
	}
	try.frame = iret_frame(0);
	SUBTEST("null");
	try.frame.cs = SEL_NULL;
	expect_refused(&try, VEC_GP, 0);
	SUBTEST("null-rpl3");
	try.frame.cs = 3;
	expect_refused(&try, VEC_GP, 0);
	SUBTEST("beyond-gdt");
	try.frame.cs = GDT_ENTRIES * 8;
	expect_refused(&try, VEC_GP, GDT_ENTRIES * 8);
	SUBTEST("no-ldt");
	try.frame.cs = 8 | ERR_TI;
	expect_refused(&try, VEC_GP, 8 | ERR_TI);
}

TEST(iret_bad_ss,
     "IRET to CPL 3 with an SS that is null, no writable data or of another DPL is #GP with it",
     SPEC("SDM vol. 2A, IRET/IRETD/IRETQ"))
{
	static const struct {
		const char *name;
		u16 rpl;
		u64 descriptor;
		u32 vector;
	} rows[] = {
		{ "code", 3, FLAT_CODE | DESC_DPL(3), VEC_GP },
		{ "read-only", 3, (FLAT_DATA | DESC_DPL(3)) & ~DESC_W, VEC_GP },
		{ "system", 3, DESC_P | DESC_TYPE(DESC_LDT) | DESC_DPL(3), VEC_GP },
		{ "dpl0", 3, FLAT_DATA, VEC_GP },
		{ "dpl2", 3, FLAT_DATA | DESC_DPL(2), VEC_GP },
		{ "rpl0", 0, FLAT_DATA | DESC_DPL(3), VEC_GP },
		{ "not-present", 3, (FLAT_DATA | DESC_DPL(3)) & ~DESC_P, VEC_SS },
	};
	struct iret_try try = { .frame = iret_frame(3), .flags = FLAG_1 };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		try.frame.ss = gdt_set_spare(0, rows[i].descriptor) | rows[i].rpl;
		expect_refused(&try, rows[i].vector, SEL_SPARE);
	}
	SUBTEST("null");
	try.frame.ss = SEL_NULL;
	expect_refused(&try, VEC_GP, 0);
	SUBTEST("null-rpl3");
	try.frame.ss = 3;
	expect_refused(&try, VEC_GP, 0);
	SUBTEST("beyond-gdt");
	try.frame.ss = GDT_ENTRIES * 8 | 3;
	expect_refused(&try, VEC_GP, GDT_ENTRIES * 8);
}

static const struct {
	const char *name;
	ulong flag;
} flags[] = {
	{ "cf", FLAG_CF }, { "pf", FLAG_PF },	  { "af", FLAG_AF }, { "zf", FLAG_ZF },
	{ "sf", FLAG_SF }, { "if", FLAG_IF },	  { "df", FLAG_DF }, { "of", FLAG_OF },
	{ "nt", FLAG_NT }, { "iopl", FLAG_IOPL }, { "ac", FLAG_AC }, { "id", FLAG_ID },
};

TEST(iret_flags_at_cpl0, "IRET at CPL 0 restores every flag, set and clear",
     BUG("XSA-204"), SPEC("SDM vol. 2A, IRET/IRETD/IRETQ"))
{
	for (u32 cpl = 0; cpl <= 3; cpl += 3)
		for (u32 i = 0; i < ARRAY_SIZE(flags); i++) {
			struct iret_try try = { .frame = iret_frame(cpl), .flags = FLAG_1 };
			struct raw_entry entry;

			SUBTEST("%s-to-cpl%u", flags[i].name, cpl);
			try.frame.flags = FLAG_1 | flags[i].flag;
			EXPECT_FAULT(VECTOR(VEC_UD), iret_run(&try, &entry));
			EXPECT_EQ(pushed_frame(&entry, false)->flags & ~FLAG_RF, try.frame.flags);

			/* NT before IRET would be another instruction. */
			try.flags = FLAG_1 | (flags[i].flag & ~FLAG_NT);
			try.frame.flags = FLAG_1;
			EXPECT_FAULT(VECTOR(VEC_UD), iret_run(&try, &entry));
			EXPECT_EQ(pushed_frame(&entry, false)->flags & ~FLAG_RF, FLAG_1);
		}
}

TEST(iret_flags_reserved, "the reserved flags keep their values whatever IRET finds on the stack",
     SPEC("SDM vol. 1, 3.4.3"))
{
	struct iret_try try = { .frame = iret_frame(0), .flags = FLAG_1 };
	struct raw_entry entry;

	try.frame.flags = BIT(3) | BIT(5) | BIT(15);
	ASSERT_FAULT(VECTOR(VEC_UD), iret_run(&try, &entry));
	EXPECT_EQ(pushed_frame(&entry, false)->flags & ~FLAG_RF, FLAG_1);
}

/* ------------------------------------------------------------------------------ IRET at CPL 3
 */

struct user_iret {
	ulong flags_before, flags;
};

/* IRET to the next instruction, at CPL 3, with flags of one's choice. */
static void iret_at_user(void *arg)
{
	const struct user_iret *u = arg;

	iret_same_asm(u->flags);
	__asm__ volatile(RAISE("ud2") : : : "memory");
}

TEST(iret_flags_at_cpl3,
     "IRET at CPL 3 with IOPL 0 changes neither IOPL nor IF, but the other flags",
     SPEC("SDM vol. 2A, IRET/IRETD/IRETQ"))
{
	for (u32 i = 0; i < ARRAY_SIZE(flags); i++) {
		struct user_iret u = { FLAG_1, FLAG_1 | flags[i].flag };
		struct raw_entry entry;

		SUBTEST("%s", flags[i].name);
		raw_gate_set(VEC_UD, DESC_INTERRUPT_GATE, 0, 0);
		EXPECT_FAULT(VECTOR(VEC_UD), raw_gate_catch(USER, iret_at_user, &u, &entry));
		EXPECT_EQ(pushed_frame(&entry, false)->flags & ~FLAG_RF,
			  u.flags & ~(FLAG_IF | FLAG_IOPL));
	}
}

TEST(iret_to_inner_ring, "IRET to a more privileged level is #GP with the selector",
     SPEC("SDM vol. 2A, IRET/IRETD/IRETQ"))
{
	EXPECT_FAULT(GP(SEL_KERNEL_CODE), run_user(iret_to_kernel_asm, NULL));
}

/* ------------------------------------------------------------------------------- data segments
 */

TEST(iret_nulls_data_segments,
     "IRET to CPL 3 makes DS and ES null if they hold a segment of DPL below 3",
     SPEC("SDM vol. 2A, IRET/IRETD/IRETQ, RETURN-TO-OUTER-PRIVILEGE-LEVEL"))
{
	static const struct {
		const char *name;
		u64 descriptor;
		bool nulled;
	} rows[] = {
		{ "data-dpl0", FLAT_DATA, true },
		{ "data-dpl1", FLAT_DATA | DESC_DPL(1), true },
		{ "data-dpl2", FLAT_DATA | DESC_DPL(2), true },
		{ "data-dpl3", FLAT_DATA | DESC_DPL(3), false },
		{ "code-dpl0", DESC_FLAT | DESC_CODE | DESC_DB, true },
		{ "conforming-dpl0", DESC_FLAT | DESC_CODE | DESC_DB | DESC_C, false },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct iret_try try = { .frame = iret_frame(3), .flags = FLAG_1 };
		struct raw_entry entry;
		u16 selector = gdt_set_spare(0, rows[i].descriptor);

		SUBTEST("%s", rows[i].name);
		try.data = selector;
		EXPECT_FAULT(VECTOR(VEC_UD), iret_run(&try, &entry));
		EXPECT_EQ(entry.ds, rows[i].nulled ? SEL_NULL : selector);
		EXPECT_EQ(entry.es, rows[i].nulled ? SEL_NULL : selector);
	}
}

TEST(iret_keeps_data_segments, "IRET at the same privilege keeps DS and ES",
     SPEC("SDM vol. 2A, IRET/IRETD/IRETQ"))
{
	struct iret_try try = { .frame = iret_frame(0), .flags = FLAG_1 };
	struct raw_entry entry;

	ASSERT_FAULT(VECTOR(VEC_UD), iret_run(&try, &entry));
	EXPECT_EQ(entry.ds, SEL_KERNEL_DATA);
	EXPECT_EQ(entry.es, SEL_KERNEL_DATA);
}

/* ------------------------------------------------------------------------------ faults in IRET
 */

TEST(iret_to_absent_page,
     "IRET to a page that is absent completes: #PF is the target's, at its CPL",
     SPEC("SDM vol. 3A, 6.5; vol. 2A, IRET/IRETD/IRETQ"))
{
	ulong target = (ulong)page_alloc();

	space_unmap(space_kernel(), target, PAGE_SIZE);
	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		struct iret_try try = { .frame = iret_frame(cpl), .flags = FLAG_1 };
		struct raw_entry entry;

		SUBTEST("cpl%u", cpl);
		try.frame.ip = target;
		EXPECT_FAULT(VECTOR(VEC_PF), iret_run(&try, &entry));
		EXPECT_EQ(entry.words[0] & ~PF_I, cpl ? PF_U : 0);
		EXPECT_EQ(pushed_frame(&entry, true)->ip, target);
		EXPECT_EQ(pushed_frame(&entry, true)->cs, (ulong)code_selector(cpl));
		EXPECT_EQ(read_cr2(), target);
	}
}
