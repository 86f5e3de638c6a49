/* SPDX-License-Identifier: MIT */
/*
 * What delivery leaves alone: general registers, data segment registers, control registers; and
 * where it takes place: from every privilege level, to conforming code, at interrupts from outside.
 */
#include "iret.h"

#include <mm/page.h>
#include <x86/apic.h>
#include <x86/cr.h>
#include <x86/execute.h>
#include <x86/insn.h>
#include <x86/place.h>

SUITE("State around delivery");

#define VECTOR_USED 0x40
#define CODE_SIZE   (sizeof(ulong) == 8 ? DESC_L : DESC_DB)

/* ---------------------------------------------------------------------- general registers */

static struct trap_frame seen;
static u32 seen_count, skip;

static void note_frame(struct trap_frame *frame)
{
	seen = *frame;
	seen_count++;
	frame->ip += skip;
}

static void execute_at(void *arg)
{
	void **call = arg;

	execute(call[0], call[1]);
}

static void expect_same_registers(const struct registers *r)
{
	EXPECT_EQ(seen.ax, r->ax);
	EXPECT_EQ(seen.cx, r->cx);
	EXPECT_EQ(seen.dx, r->dx);
	EXPECT_EQ(seen.bx, r->bx);
	EXPECT_EQ(seen.bp, r->bp);
	EXPECT_EQ(seen.si, r->si);
	EXPECT_EQ(seen.di, r->di);
}

static void raise_with_registers(const void *code, u32 vector, u32 length_to_skip)
{
	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		struct registers r, before;
		void *call[] = { (void *)(ulong)code, &r };

		for (u32 i = 0; i < ARRAY_SIZE(r.general); i++)
			r.general[i] = (ulong)0x0123456789abcdef * (i + 3);
		r.flags = FLAG_1 | FLAG_CF | FLAG_SF;
		before = r;
		seen_count = 0;
		skip = length_to_skip;
		trap_set_handler(vector, note_frame);
		idt[vector].type |= 0x60;
		EXPECT_NO_FAULT(run_in(at_cpl(cpl), execute_at, call));
		if (!EXPECT_EQ(seen_count, 1u, "CPL %u", cpl))
			continue;
		expect_same_registers(&before);
		for (u32 i = 0; i < ARRAY_SIZE(r.general); i++)
			EXPECT_EQ(r.general[i], before.general[i], "CPL %u, register %u", cpl, i);
		EXPECT_EQ(r.flags, before.flags, "CPL %u", cpl);
	}
}

TEST(registers_kept, "delivery and IRET keep every general register and the flags, at CPL 0 and 3",
     SPEC("SDM vol. 3A, 6.12.1"))
{
	SUBTEST("int-n");
	raise_with_registers(CODE("int $0x40"), VECTOR_USED, 0);
	SUBTEST("int3");
	raise_with_registers(CODE("int3"), VEC_BP, 0);
	SUBTEST("ud2");
	raise_with_registers(CODE("ud2"), VEC_UD, 2);
	SUBTEST("gp");
	raise_with_registers(CODE("mov %%ax, %%ds"), VEC_GP, 2);
}

/* ------------------------------------------------------------------------ segment registers */

static void load_data_segments(const u16 *selectors)
{
	__asm__ volatile("mov %0, %%ds\nmov %1, %%es\nmov %2, %%fs\nmov %3, %%gs"
			 :
			 : "r"((ulong)selectors[0]), "r"((ulong)selectors[1]),
			   "r"((ulong)selectors[2]), "r"((ulong)selectors[3])
			 : "memory");
}

static void int_with_segments(void *arg)
{
	load_data_segments(arg);
	__asm__ volatile("int $0x40" : : : "memory");
}

TEST(data_segments_kept, "delivery keeps DS, ES, FS and GS, also with a change of privilege",
     SPEC("SDM vol. 3A, 6.12.1, 6.14"))
{
	static const u16 usual[] = { SEL_KERNEL_DATA, SEL_KERNEL_DATA, SEL_NULL, SEL_NULL };

	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		struct raw_entry entry;
		u16 selectors[4], fs, gs;

		SUBTEST("cpl%u", cpl);
		for (u32 i = 0; i < 4; i++)
			selectors[i] = gdt_set_spare(i, DESC_FLAT | DESC_DB | DESC_DPL(3)) | 3;
		raw_gate_set(VECTOR_USED, DESC_INTERRUPT_GATE, 3, 0);
		EXPECT_FAULT(VECTOR(VECTOR_USED),
			     raw_gate_catch(at_cpl(cpl), int_with_segments, selectors, &entry));
		__asm__ volatile("mov %%fs, %0\nmov %%gs, %1" : "=r"(fs), "=r"(gs));
		load_data_segments(usual);
		EXPECT_EQ(entry.ds, selectors[0]);
		EXPECT_EQ(entry.es, selectors[1]);
		EXPECT_EQ(fs, selectors[2]);
		EXPECT_EQ(gs, selectors[3]);
	}
}

/* --------------------------------------------------------------------------- control registers */

static void int_0x40(void *arg)
{
	(void)arg;
	__asm__ volatile("int $0x40" : : : "memory");
}

TEST(control_registers_kept, "delivery changes none of CR0, CR2, CR3, CR4, DR6 and DR7",
     SPEC("SDM vol. 3A, 6.12.1"))
{
	const ulong cr0 = read_cr0(), cr3 = read_cr3(), cr4 = read_cr4();

	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		struct raw_entry entry;

		SUBTEST("cpl%u", cpl);
		write_cr2(0x12345678);
		raw_gate_set(VECTOR_USED, DESC_INTERRUPT_GATE, 3, 0);
		EXPECT_FAULT(VECTOR(VECTOR_USED),
			     raw_gate_catch(at_cpl(cpl), int_0x40, NULL, &entry));
		EXPECT_EQ(read_cr0(), cr0);
		EXPECT_EQ(read_cr2(), 0x12345678ul);
		EXPECT_EQ(read_cr3(), cr3);
		EXPECT_EQ(read_cr4(), cr4);
		EXPECT_EQ(read_dr6(), (ulong)DR6_RESET);
		EXPECT_EQ(read_dr7(), (ulong)DR7_RESET);
	}
}

/* CR2 is #PF's alone. */
static void raise_vector(void *arg)
{
	switch ((u32)(ulong)arg) {
	case VEC_DE:
		__asm__ volatile("divl %0" : : "r"(0), "a"(1), "d"(0) : "cc");
		break;
	case VEC_UD:
		__asm__ volatile("ud2");
		break;
	case VEC_NP:
		__asm__ volatile("movw %w0, %%ds" : : "r"(SEL_SPARE));
		break;
	case VEC_SS:
		__asm__ volatile("movw %w0, %%ss" : : "r"(SEL_SPARE));
		break;
	case VEC_GP:
		__asm__ volatile("movw %w0, %%ds" : : "r"(GDT_ENTRIES * 8));
		break;
	default:
		__asm__ volatile("int3");
	}
}

TEST(only_pf_changes_cr2, "no exception but #PF changes CR2",
     SPEC("SDM vol. 3A, 6.15, Interrupt 14"))
{
	static const struct {
		const char *name;
		u32 vector;
	} rows[] = { { "de", VEC_DE }, { "bp", VEC_BP }, { "ud", VEC_UD },
		     { "np", VEC_NP }, { "ss", VEC_SS }, { "gp", VEC_GP } };

	gdt_set_spare(0, (DESC_FLAT | DESC_DB) & ~DESC_P);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fault fault;

		SUBTEST("%s", rows[i].name);
		write_cr2(0x87654321);
		fault = fault_of(raise_vector, (void *)(ulong)rows[i].vector);
		EXPECT_EQ(fault.kind, rows[i].vector + 1);
		EXPECT_EQ(read_cr2(), (ulong)0x87654321);
	}
}

/* ------------------------------------------------------------------------- every privilege */

TEST(from_rings_1_and_2, "an exception at CPL 1 or 2 goes to CPL 0 on the stack of the TSS",
     SPEC("SDM vol. 3A, 6.12.1"))
{
	for (u16 cpl = 1; cpl <= 2; cpl++) {
		struct iret_try try = { .frame = iret_frame(3), .flags = FLAG_1 };
		struct raw_entry entry;

		SUBTEST("cpl%u", cpl);
		try.frame.cs = gdt_set_spare(0, DESC_FLAT | DESC_CODE | CODE_SIZE | DESC_DPL(cpl)) |
			       cpl;
		try.frame.ss = gdt_set_spare(1, DESC_FLAT | DESC_DB | DESC_DPL(cpl)) | cpl;
		if (!EXPECT_FAULT(VECTOR(VEC_UD), iret_run(&try, &entry)))
			continue;
		EXPECT_EQ(entry.sp, ALIGN_DOWN(tss_stack0(tss_of_this_cpu()), RAW_STACK_ALIGN) -
					    RAW_FRAME_WORDS_USER * sizeof(ulong));
		EXPECT_EQ(entry.cs, SEL_KERNEL_CODE);
		EXPECT_EQ(entry.ss, sizeof(ulong) == 8 ? SEL_NULL : SEL_KERNEL_DATA);
		EXPECT_EQ(pushed_frame(&entry, false)->sp, try.frame.sp);
		EXPECT_EQ(pushed_frame(&entry, false)->ss, try.frame.ss);
	}
}

TEST(privilege_of_gate, "INT n at CPL n needs a gate whose DPL is n or more",
     SPEC("SDM vol. 3A, 6.12.1.1"))
{
	for (u16 cpl = 1; cpl <= 3; cpl++)
		for (u32 dpl = 0; dpl <= 3; dpl++) {
			struct iret_try try = { .frame = iret_frame(3), .flags = FLAG_1 };
			static const u8 code[] = { 0xcd, VECTOR_USED };
			struct raw_entry entry;

			SUBTEST("cpl%u-dpl%u", cpl, dpl);
			try.frame.ip = (ulong)code;
			try.frame.cs = gdt_set_spare(0, DESC_FLAT | DESC_CODE | CODE_SIZE |
								DESC_DPL(cpl)) |
				       cpl;
			try.frame.ss = gdt_set_spare(1, DESC_FLAT | DESC_DB | DESC_DPL(cpl)) | cpl;
			raw_gate_set(VECTOR_USED, DESC_INTERRUPT_GATE, dpl, 0);
			EXPECT_FAULT(VECTOR(dpl >= cpl ? VECTOR_USED : VEC_GP),
				     iret_run(&try, &entry));
			EXPECT_EQ(pushed_frame(&entry, dpl < cpl)->ip,
				  (ulong)code + (dpl >= cpl ? 2 : 0));
		}
}

/* ------------------------------------------------------------------------ external interrupts */

TEST(interrupt_behind_iret,
     "a pending interrupt is taken at the first instruction that an IRET with IF "
     "returns to",
     SPEC("SDM vol. 3A, 6.8.1; vol. 2A, IRET/IRETD/IRETQ"))
{
	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		struct iret_try try = { .frame = iret_frame(cpl), .flags = FLAG_1 };
		struct raw_entry entry;
		const ulong stack = (ulong)try.frame.sp;

		SUBTEST("cpl%u", cpl);
		try.frame.flags = FLAG_1 | FLAG_IF | FLAG_DF | FLAG_CF;
		raw_gate_set(VECTOR_USED, DESC_INTERRUPT_GATE, 0, 0);
		apic_make_pending(VECTOR_USED);
		if (!EXPECT_FAULT(VECTOR(VECTOR_USED), iret_run(&try, &entry)))
			continue;
		apic_eoi();
		EXPECT_EQ(pushed_frame(&entry, false)->ip, (ulong)iret_target);
		EXPECT_EQ(pushed_frame(&entry, false)->cs, (ulong)code_selector(cpl));
		EXPECT_EQ(pushed_frame(&entry, false)->flags, try.frame.flags);
		EXPECT_EQ(entry.flags, try.frame.flags & ~FLAG_IF);
		EXPECT_EQ(entry.cs, SEL_KERNEL_CODE);
		if (cpl || sizeof(ulong) == 8) {
			EXPECT_EQ(pushed_frame(&entry, false)->sp, stack);
			EXPECT_EQ(pushed_frame(&entry, false)->ss, (ulong)stack_selector(cpl));
		}
	}
}

TEST(no_interrupt_without_if, "a pending interrupt waits while IF is clear, at CPL 3 too",
     SPEC("SDM vol. 3A, 6.8.1"))
{
	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		struct iret_try try = { .frame = iret_frame(cpl), .flags = FLAG_1 };
		struct raw_entry entry;

		SUBTEST("cpl%u", cpl);
		raw_gate_set(VECTOR_USED, DESC_INTERRUPT_GATE, 0, 0);
		apic_make_pending(VECTOR_USED);
		EXPECT_FAULT(VECTOR(VEC_UD), iret_run(&try, &entry));
		EXPECT(apic_vector_bit(APIC_IRR, VECTOR_USED));
		try.frame.flags |= FLAG_IF;
		EXPECT_FAULT(VECTOR(VECTOR_USED), iret_run(&try, &entry));
		apic_eoi();
	}
}

TEST(trap_gate_of_interrupt, "an interrupt through a trap gate leaves IF set",
     SPEC("SDM vol. 3A, 6.12.1.2"))
{
	struct iret_try try = { .frame = iret_frame(0), .flags = FLAG_1 };
	struct raw_entry entry;

	try.frame.flags = FLAG_1 | FLAG_IF;
	raw_gate_set(VECTOR_USED, DESC_TRAP_GATE, 0, 0);
	apic_make_pending(VECTOR_USED);
	ASSERT_FAULT(VECTOR(VECTOR_USED), iret_run(&try, &entry));
	EXPECT_EQ(entry.flags, FLAG_1 | FLAG_IF);
	apic_eoi();
}
