/* SPDX-License-Identifier: MIT */
/*
 * The CPU's own accesses to the IDT and the TSS: reads of the supervisor's, whoever runs, which SMAP keeps
 * from user pages. Each structure lies across two pages, of which the second is tried in every way.
 */
#include "operands.h"

#include <mm/page.h>
#include <string.h>
#include <x86/desc.h>
#include <x86/enter.h>
#include <x86/insn.h>

SUITE("Accesses to system structures");

#define FREE_ADDRESS (sizeof(ulong) == 8 ? 0xffff924000000000ull : 2 * GiB)
#define VEC_TRIED    0x40
#define PORT	     0x80 /* of power-on self-test codes */

OPERAND_CODE(interrupt, "int $0x40");
OPERAND_CODE(in, "inb $0x80, %al");

extern u8 trap_stubs[];

static struct {
	struct space *space;
	u8 *memory;
	ulong address;
} area;

static u8 event_stack[0x1000] __aligned(16);

static void prepare(void)
{
	area.space = space_create_supervisor();
	area.memory = pages_alloc(3, PAGE_SIZE);
	area.address = (ulong)FREE_ADDRESS;
	for (u32 page = 0; page < 3; page++)
		space_map_page(area.space, area.address + page * PAGE_SIZE,
			       (ulong)area.memory + page * PAGE_SIZE, 0, PROT_WRITE | PROT_EXEC);
	space_switch(area.space);
}

static const struct {
	const char *name;
	bool absent, smap;
	u32 prot;
	struct {
		bool faults;
		u32 error;
	} expected;
} kinds[] = {
	{ "supervisor", false, false, PROT_WRITE, { false, 0 } },
	{ "supervisor-smap", false, true, PROT_WRITE, { false, 0 } },
	{ "read-only", false, false, 0, { false, 0 } },
	{ "user", false, false, PROT_WRITE | PROT_USER, { false, 0 } },
	{ "user-smap", false, true, PROT_WRITE | PROT_USER, { true, PF_P } },
	{ "absent", true, false, 0, { true, 0 } },
};

static void set_second_page(u32 kind)
{
	const ulong address = area.address + PAGE_SIZE;

	if (kinds[kind].absent)
		space_unmap(area.space, address, PAGE_SIZE);
	else
		space_map_page(area.space, address, (ulong)area.memory + PAGE_SIZE, 0,
			       kinds[kind].prot);
}

/* Runs the code at this CPL; `at` is what is accessed, `size` bytes of which any may be the first. */
static void check(u32 kind, u32 cpl, const u8 *code, struct fault otherwise, ulong at, u32 size)
{
	struct trap_frame frame = enter_frame(cpl, code);
	struct fault fault;

	set_second_page(kind);
	if (kinds[kind].smap)
		write_cr4(read_cr4() | CR4_SMAP);
	fault = enter(&frame);
	write_cr4(read_cr4() & ~CR4_SMAP);
	if (fault.kind == PF(0, 0).kind && fault.address - at < size)
		fault.address = at;
	EXPECT_FAULT(kinds[kind].expected.faults ? PF(kinds[kind].expected.error, at) : otherwise,
		     fault);
}

static bool has_kind(u32 kind)
{
	if (!kinds[kind].smap || cpu_has(X86_FEATURE_SMAP))
		return true;
	SKIP_ROW("no SMAP");
	return false;
}

TEST(idt_access, "a gate is read as the supervisor at every CPL", SPEC("SDM vol. 3A, 4.6"))
{
	const ulong first = VEC_TRIED * sizeof(struct idt_gate);
	struct desc_table_register idtr;

	prepare();
	idt_set_gate(VEC_TRIED, trap_stubs + 16 * VEC_TRIED, 3, 0);
	memcpy(area.memory + PAGE_SIZE - first, idt, sizeof(idt));
	idtr = (struct desc_table_register){ sizeof(idt) - 1, area.address + PAGE_SIZE - first };
	lidt(&idtr);
	for (u32 kind = 0; kind < ARRAY_SIZE(kinds); kind++) {
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			SUBTEST("%s-cpl%u", kinds[kind].name, cpl);
			if (has_kind(kind))
				check(kind, cpl, operand_interrupt, VECTOR(VEC_TRIED),
				      area.address + PAGE_SIZE, sizeof(struct idt_gate));
		}
	}
}

TEST(io_bitmap_access, "the I/O permission bitmap is read as the supervisor at CPL 3",
     SPEC("SDM vol. 3A, 4.6; vol. 1, 18.5.2"))
{
	const ulong size = sizeof(struct tss);
	struct tss *tss;
	u16 selector;

	prepare();
	/* The bitmap is the second page's start. */
	tss = (struct tss *)(area.memory + PAGE_SIZE - size);
	*tss = *tss_of_this_cpu();
	tss->io_map_base = (u16)size;
	tss_set_stack0(tss, (ulong)event_stack + sizeof(event_stack));
	selector = gdt_set_spare(0, DESC_BASE((u64)(area.address + PAGE_SIZE - size)) |
					    DESC_LIMIT(size + 0x100) | DESC_P |
					    DESC_TYPE(DESC_TSS_AVAILABLE));
	if (sizeof(ulong) == 8)
		gdt_set_spare(1, (u64)area.address >> 32);
	ASSERT_NO_FAULT(ltr_try(selector));
	for (u32 kind = 0; kind < ARRAY_SIZE(kinds); kind++) {
		SUBTEST("%s", kinds[kind].name);
		if (has_kind(kind))
			check(kind, 3, operand_in, UD, area.address + PAGE_SIZE + PORT / 8, 2);
	}
}
