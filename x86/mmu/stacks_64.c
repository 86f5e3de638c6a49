/* SPDX-License-Identifier: MIT */
/*
 * Changes of the stack: the pointers in the TSS are read, and what a call gate pushes is written, as the
 * supervisor, although CPL 3 asks for it. What returns to CPL 3 pop is read at CPL 0.
 */
#include "operands.h"

#include <mm/page.h>
#include <string.h>
#include <x86/desc.h>
#include <x86/enter.h>
#include <x86/insn.h>

SUITE("Accesses of stack switches");

#define FREE_ADDRESS 0xffff924000000000ul
#define STACK_TOP    (FREE_ADDRESS + 8 * PAGE_SIZE)
#define VEC_TRIED    0x40
#define GATE	     2 /* of the spare descriptors; the TSS has the first two */
#define PF_IST	     1

OPERAND_CODE(event_here, "int $0x40");
OPERAND_CODE(gate_call, "lcalll *(%rsi)");

extern u8 trap_stubs[];

static struct {
	struct space *space;
	u8 *memory; /* two pages of the TSS, one of the stack */
} area;

static u8 event_stack[0x1000] __aligned(16);

static const struct kind {
	const char *name;
	u32 prot;
	bool absent, smap;
	bool read_faults, write_faults;
	u32 read_error, write_error;
} kinds[] = {
	{ "supervisor", PROT_WRITE, false, false, false, false, 0, 0 },
	{ "supervisor-smap", PROT_WRITE, false, true, false, false, 0, 0 },
	{ "user", PROT_WRITE | PROT_USER, false, false, false, false, 0, 0 },
	{ "user-smap", PROT_WRITE | PROT_USER, false, true, true, true, PF_P, PF_P | PF_W },
	{ "read-only", 0, false, false, false, true, 0, PF_P | PF_W },
	{ "absent", 0, true, false, true, true, 0, PF_W },
};

/* The TSS so that the border between its pages is at this offset in it; it is this CPU's from now on. */
static void begin(u32 border)
{
	const ulong base = FREE_ADDRESS + PAGE_SIZE - border;
	struct tss *tss;

	area.space = space_create_supervisor();
	area.memory = pages_alloc(3, PAGE_SIZE);
	for (u32 page = 0; page < 2; page++)
		space_map_page(area.space, FREE_ADDRESS + page * PAGE_SIZE,
			       (ulong)area.memory + page * PAGE_SIZE, 0, PROT_WRITE);
	space_map_page(area.space, STACK_TOP - PAGE_SIZE, (ulong)area.memory + 2 * PAGE_SIZE, 0,
		       PROT_WRITE);
	space_switch(area.space);
	tss = (struct tss *)(area.memory + PAGE_SIZE - border);
	*tss = *tss_of_this_cpu();
	tss->rsp[0] = (ulong)event_stack + sizeof(event_stack);
	gdt_set_spare(1, base >> 32);
	ASSERT_NO_FAULT(ltr_try(gdt_set_spare(0, DESC_BASE(base) | DESC_LIMIT(sizeof(*tss) - 1) |
							 DESC_P | DESC_TYPE(DESC_TSS_AVAILABLE))));
	idt_set_gate(VEC_TRIED, trap_stubs + 16 * VEC_TRIED, 3, 0);
	idt_set_ist(VEC_PF, PF_IST);
}

static void set_page(ulong address, const struct kind *kind, const u8 *memory)
{
	if (kind->absent)
		space_unmap(area.space, address, PAGE_SIZE);
	else
		space_map_page(area.space, address, (ulong)memory, 0, kind->prot);
}

static struct fault enter_with(const struct kind *kind, struct trap_frame *frame)
{
	struct fault fault;

	if (kind->smap)
		write_cr4(read_cr4() | CR4_SMAP);
	fault = enter(frame);
	write_cr4(read_cr4() & ~CR4_SMAP);
	return fault;
}

static bool has_kind(const struct kind *kind)
{
	if (!kind->smap || cpu_has(X86_FEATURE_SMAP))
		return true;
	SKIP_ROW("no SMAP");
	return false;
}

/*
 * The border is before the pointer of the stack for #PF, so that the page of RSP0 alone is tried; then
 * behind it, with the page of the second entry of the interrupt stack table.
 */
TEST(stack_pointer_access, "the TSS's stack pointers are read as the supervisor at every CPL",
     SPEC("SDM vol. 3A, 4.6, 6.14.2, 6.14.5, 7.7"))
{
	for (u32 ist = 0; ist < 2; ist++)
		for (u32 i = 0; i < ARRAY_SIZE(kinds); i++)
			for (u32 cpl = ist ? 0 : 3; cpl <= 3; cpl += 3) {
				const ulong page = FREE_ADDRESS + (ist ? PAGE_SIZE : 0);
				struct trap_frame frame = enter_frame(cpl, operand_event_here);
				struct fault fault;
				ulong at;

				SUBTEST("%s-%s-cpl%u", ist ? "ist" : "rsp0", kinds[i].name, cpl);
				if (!has_kind(&kinds[i]))
					continue;
				begin(ist ? __builtin_offsetof(struct tss, ist[1])
					  : __builtin_offsetof(struct tss, ist[0]));
				idt_set_ist(VEC_TRIED, ist ? 2 : 0);
				at = ist ? page
					 : page + PAGE_SIZE -
						     __builtin_offsetof(struct tss, ist[0]) +
						     __builtin_offsetof(struct tss, rsp[0]);
				set_page(page, &kinds[i],
					 ist ? area.memory + PAGE_SIZE : area.memory);
				fault = enter_with(&kinds[i], &frame);
				if (fault.kind == PF(0, 0).kind && fault.address - at < 8)
					fault.address = at;
				EXPECT_FAULT(kinds[i].read_faults ? PF(kinds[i].read_error, at)
								  : VECTOR(VEC_TRIED),
					     fault);
			}
}

TEST(call_gate_pushes, "what a call gate pushes on the new stack is written as the supervisor",
     SPEC("SDM vol. 3A, 4.6, 5.8.5"))
{
	static u8 pointer[8] __aligned(8);
	const u16 selector = SEL_SPARE + 8 * GATE + 3;

	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct trap_frame frame;
		struct fault fault;
		u8 *scratch;
		u64 offset = (ulong)operand_end;

		SUBTEST("%s", kinds[i].name);
		if (!has_kind(&kinds[i]))
			continue;
		begin(__builtin_offsetof(struct tss, ist[1]));
		((struct tss *)(area.memory + PAGE_SIZE - __builtin_offsetof(struct tss, ist[1])))
			->rsp[0] = STACK_TOP;
		idt_set_ist(VEC_UD, PF_IST);
		gdt_set_spare(GATE, (offset & 0xffff) | (u64)SEL_KERNEL_CODE << 16 | DESC_P |
					    DESC_DPL(3) | DESC_TYPE(DESC_CALL_GATE) |
					    (offset >> 16 & 0xffff) << 48);
		gdt_set_spare(GATE + 1, offset >> 32);
		memcpy(pointer + 4, &selector, sizeof(selector));
		scratch = page_alloc();
		memcpy(scratch, pointer, sizeof(pointer));
		space_grant_user(area.space, (ulong)scratch, PAGE_SIZE);
		set_page(STACK_TOP - PAGE_SIZE, &kinds[i], area.memory + 2 * PAGE_SIZE);
		frame = enter_frame(3, operand_gate_call);
		frame.si = (ulong)scratch;
		fault = enter_with(&kinds[i], &frame);
		/* Four words, of which any may be the first. */
		if (fault.kind == PF(0, 0).kind && STACK_TOP - fault.address <= 32)
			fault.address = STACK_TOP;
		EXPECT_FAULT(kinds[i].write_faults ? PF(kinds[i].write_error, STACK_TOP) : UD,
			     fault);
		if (!kinds[i].write_faults)
			EXPECT_EQ(trap_last_frame()->cs, (ulong)SEL_KERNEL_CODE);
	}
}

/* ------------------------------------------------------------------- returns, and their pops at CPL 0 */

OPERAND_CODE(iret_0, "iretq");
OPERAND_CODE(lret_0, "lretq");

static void fill(u8 *memory, u64 cs, u64 ss, bool iret)
{
	const u64 iret_frame[] = { (ulong)operand_end, cs, FLAG_1, 0, ss };
	const u64 lret_frame[] = { (ulong)operand_end, cs, 0, ss };

	if (iret)
		memcpy(memory, iret_frame, sizeof(iret_frame));
	else
		memcpy(memory, lret_frame, sizeof(lret_frame));
}

static void fill_iret_same(u8 *memory)
{
	fill(memory, SEL_KERNEL_CODE, SEL_KERNEL_DATA, true);
}

static void fill_iret_outer(u8 *memory)
{
	fill(memory, SEL_USER_CS64, SEL_USER_DATA, true);
}

static void fill_lret_same(u8 *memory)
{
	fill(memory, SEL_KERNEL_CODE, SEL_KERNEL_DATA, false);
}

static void fill_lret_outer(u8 *memory)
{
	fill(memory, SEL_USER_CS64, SEL_USER_DATA, false);
}

#define AT_CPL_0 (OPERAND_POP | OPERAND_CPL_0 | OPERAND_LOOSE)

static const struct accessor pops[] = {
	{ "iret-same", operand_iret_0, OPERAND_READ, 40, 1, AT_CPL_0, 0, fill_iret_same },
	{ "iret-outer", operand_iret_0, OPERAND_READ, 40, 1, AT_CPL_0, 0, fill_iret_outer },
	{ "lret-same", operand_lret_0, OPERAND_READ, 16, 1, AT_CPL_0, 0, fill_lret_same },
	{ "lret-outer", operand_lret_0, OPERAND_READ, 32, 1, AT_CPL_0, 0, fill_lret_outer },
};

TEST(returns_pop_as_supervisor,
     "what IRET and far RET pop at CPL 0 is read as the supervisor, to CPL 3 too",
     SPEC("SDM vol. 3A, 4.6"))
{
	check_operands(pops, ARRAY_SIZE(pops));
}
