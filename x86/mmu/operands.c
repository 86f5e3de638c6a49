/* SPDX-License-Identifier: MIT */
#include "operands.h"

#include <mm/page.h>
#include <string.h>
#include <x86/desc.h>
#include <x86/enter.h>

OPERAND_CODE(end, "");

/* Two pages at one of these addresses have the operand; nothing else is there. */
#define LOW_ADDRESS  (2 * GiB)
#define HIGH_ADDRESS (sizeof(ulong) == 8 ? 0xffff924000000000ull : LOW_ADDRESS)

/* What a page is to the access. */
enum page_kind { USER, ABSENT, SUPERVISOR, READ_ONLY, READ_ONLY_SUPERVISOR, PAGE_KINDS };

static const char *const page_names[] = { "user", "absent", "supervisor", "read-only",
					  "read-only-supervisor" };

static struct {
	struct space *space;
	u8 *memory; /* of the two pages, in the supervisor's own mapping */
	ulong address;
	u8 *scratch[2]; /* a page of the supervisor's, and one at user privilege */
} area;

static void prepare(u64 address)
{
	if (address == LOW_ADDRESS && page_memory_end() > LOW_ADDRESS)
		SKIP("the machine has memory at %#llx", LOW_ADDRESS);
	area.space = space_create_supervisor();
	area.memory = pages_alloc(2, PAGE_SIZE);
	area.address = (ulong)address;
	for (u32 user = 0; user < 2; user++)
		area.scratch[user] = page_alloc();
	space_grant_user(area.space, (ulong)area.scratch[1], PAGE_SIZE);
	/* Tables before any change: they stay where they are. */
	space_map_page(area.space, area.address, (ulong)area.memory, 0, PROT_ALL);
	space_map_page(area.space, area.address + PAGE_SIZE, (ulong)area.memory + PAGE_SIZE, 0,
		       PROT_ALL);
	space_switch(area.space);
	if (cpu_has(X86_FEATURE_XSAVE))
		write_cr4(read_cr4() | CR4_OSXSAVE);
	/* Faults at CPL 0 must not need the stack that is tested. */
	if (sizeof(ulong) == 8) {
		idt_set_ist(VEC_PF, 1);
		idt_set_ist(VEC_UD, 1);
	}
}

static void set_page(u32 page, enum page_kind kind)
{
	static const u32 prots[] = { PROT_WRITE | PROT_USER | PROT_EXEC, 0, PROT_WRITE | PROT_EXEC,
				     PROT_USER | PROT_EXEC, PROT_EXEC };
	const ulong address = area.address + page * PAGE_SIZE;

	if (kind == ABSENT)
		space_unmap(area.space, address, PAGE_SIZE);
	else
		space_map_page(area.space, address, (ulong)area.memory + page * PAGE_SIZE, 0,
			       prots[kind]);
}

static u64 read_memory(phys_t address, u32 size)
{
	return size == 4 ? READ_ONCE(*(const u32 *)(ulong)address)
			 : READ_ONCE(*(const u64 *)(ulong)address);
}

/* The walk for a byte of the operand, by what the registers and tables are now. */
static void walk_for(ulong address, enum walk_kind kind, bool user, struct walk_result *result)
{
	struct walk_state state = {
		.cr0 = read_cr0(),
		.cr3 = read_cr3(),
		.cr4 = read_cr4(),
		.efer = (cpu_has(X86_FEATURE_NX) ? BIT(11) : 0) |
			(sizeof(ulong) == 8 ? BIT(10) : 0),
		.physical_bits = cpu_physical_bits(),
		.has_1g = cpu_has(X86_FEATURE_PDPE1GB),
		.read = read_memory,
	};
	struct walk_access access = { .address = address, .kind = kind, .user = user };

	if (sizeof(ulong) == 4)
		memcpy(state.pdpte, area.space->root, sizeof(state.pdpte));
	walk(&state, &access, result);
}

/* What is expected of the whole operand: of its first byte, and of the first one in the next page. */
static struct fault expected_fault(const struct accessor *o, ulong at, u32 cpl, enum walk_kind kind)
{
	const ulong last = at + o->size - 1;
	ulong bytes[2] = { at, ALIGN_DOWN(last, (ulong)PAGE_SIZE) };

	for (u32 i = 0; i < 2; i++) {
		struct walk_result r;

		walk_for(MAX(bytes[i], at), kind, cpl == 3, &r);
		if (r.end != WALK_DONE)
			return PF(r.error, MAX(bytes[i], at));
	}
	/* UD2 is the end. */
	return UD;
}

static struct fault run(const struct accessor *o, ulong at, u32 cpl)
{
	struct trap_frame frame = enter_frame(cpl, o->code);
	struct fault fault;
	const ulong scratch = (ulong)area.scratch[cpl == 3];

	frame.di = o->flags & OPERAND_SI ? scratch : at;
	frame.si = o->flags & OPERAND_SI ? at : scratch;
	frame.bp = o->flags & OPERAND_BP ? at : scratch + 0x800;
	frame.sp = o->flags & OPERAND_PUSH  ? at + o->size
		   : o->flags & OPERAND_POP ? at
					    : scratch + 0x800;
	/* Masks of XSAVE's, operands that change nothing. */
	frame.ax = 3;
	frame.bx = frame.cx = frame.dx = 0;
	fault = enter(&frame);
	if (o->flags & OPERAND_LOOSE && fault.kind == PF(0, 0).kind && fault.address > at &&
	    ALIGN_DOWN(fault.address, (u64)PAGE_SIZE) == ALIGN_DOWN(at, (ulong)PAGE_SIZE))
		fault.address = at;
	if (o->flags & OPERAND_LOOSE && fault.kind == PF(0, 0).kind &&
	    fault.address > area.address + PAGE_SIZE)
		fault.address = area.address + PAGE_SIZE;
	return fault;
}

static void fill(const struct accessor *o, ulong at)
{
	u8 *memory = o->flags & OPERAND_SCRATCH ? area.scratch[1]
						: area.memory + (at - area.address);

	memset(area.memory, 0, 2 * PAGE_SIZE);
	if (o->fill)
		o->fill(memory);
}

static void check(const struct accessor *o, ulong at, u32 cpl)
{
	struct fault expected, as_read, actual;

	fill(o, at);
	expected = expected_fault(o, at, cpl, o->kind == OPERAND_READ ? WALK_READ : WALK_WRITE);
	if (o->kind == OPERAND_NONE)
		expected = UD;
	actual = run(o, at, cpl);
	as_read = expected_fault(o, at, cpl, WALK_READ);
	if (o->kind == OPERAND_UPDATE && !fault_matches(as_read, UD) &&
	    fault_matches(as_read, actual))
		return;
	EXPECT_FAULT(expected, actual, "operand at page offset %#lx",
		     (unsigned long)(at & (PAGE_SIZE - 1)));
}

/* Where an operand of this size and alignment has a border inside it. */
static ulong across(const struct accessor *o)
{
	return area.address + PAGE_SIZE - ALIGN_UP(o->size / 2, MAX(o->align, 1u));
}

static void check_operand(const struct accessor *o, u32 cpl)
{
	for (u32 kind = 0; kind < PAGE_KINDS; kind++) {
		SUBTEST("%s-cpl%u-%s", o->name, cpl, page_names[kind]);
		set_page(0, kind);
		set_page(1, USER);
		check(o, area.address + 0x440, cpl);
		if (o->size < 2 || across(o) + o->size <= area.address + PAGE_SIZE)
			continue;
		check(o, across(o), cpl);
		set_page(0, USER);
		set_page(1, kind);
		check(o, across(o), cpl);
		/* The operand ends where the page does. */
		check(o, area.address + PAGE_SIZE - ALIGN_UP(o->size, MAX(o->align, 1u)), cpl);
	}
}

void check_operands(const struct accessor *operands, u32 count)
{
	prepare(operands[0].flags & OPERAND_LOW ? LOW_ADDRESS : HIGH_ADDRESS);
	for (u32 i = 0; i < count; i++) {
		const struct accessor *o = &operands[i];
		const bool stack = o->flags & (OPERAND_PUSH | OPERAND_POP | OPERAND_BP);

		if (o->feature && !cpu_has(o->feature)) {
			SUBTEST("%s", o->name);
			SKIP_ROW("the CPU does not have it");
			continue;
		}
		if (!(o->flags & OPERAND_CPL_3) && !(stack && sizeof(ulong) == 4))
			check_operand(o, 0);
		if (!(o->flags & OPERAND_CPL_0))
			check_operand(o, 3);
		if (!cpu_has(X86_FEATURE_SMAP) || (o->flags & OPERAND_CPL_3) ||
		    (stack && sizeof(ulong) == 4))
			continue;
		/* At CPL 0 with SMAP: from a page of the kernel's, as the code is in a user page (no SMEP). */
		SUBTEST("%s-smap", o->name);
		set_page(0, USER);
		set_page(1, USER);
		write_cr4(read_cr4() | CR4_SMAP);
		check(o, area.address + 0x440, 0);
		set_page(0, SUPERVISOR);
		check(o, area.address + 0x440, 0);
		write_cr4(read_cr4() & ~CR4_SMAP);
	}
	write_cr4(read_cr4() & ~CR4_OSXSAVE);
	space_switch(space_kernel());
}
