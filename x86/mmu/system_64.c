/* SPDX-License-Identifier: MIT */
/* What the CPU pushes as it delivers an event: writes of the supervisor's to the stack of the gate. */
#include "operands.h"

#include <mm/page.h>
#include <x86/desc.h>
#include <x86/enter.h>

SUITE("Pushes of events");

#define FREE_ADDRESS 0xffff924000000000ul
#define VEC_TRIED    0x40
#define IST_TRIED    2

OPERAND_CODE(event, "int $0x40");

extern u8 trap_stubs[];

static const struct {
	const char *name;
	u32 prot;
	bool absent, smap, faults;
	u32 error;
} kinds[] = {
	{ "supervisor", PROT_WRITE, false, false, false, 0 },
	{ "supervisor-smap", PROT_WRITE, false, true, false, 0 },
	{ "user", PROT_WRITE | PROT_USER, false, false, false, 0 },
	{ "user-smap", PROT_WRITE | PROT_USER, false, true, true, PF_P | PF_W },
	{ "read-only", 0, false, false, true, PF_P | PF_W },
	{ "absent", 0, true, false, true, PF_W },
};

TEST(event_pushes, "an event's frame is written as the supervisor, at every CPL",
     SPEC("SDM vol. 3A, 4.6, 6.14.2"))
{
	struct space *space = space_create_supervisor();
	u8 *memory = page_alloc();
	const ulong top = FREE_ADDRESS + PAGE_SIZE;

	space_map_page(space, FREE_ADDRESS, (ulong)memory, 0, PROT_WRITE);
	space_switch(space);
	idt_set_gate(VEC_TRIED, trap_stubs + 16 * VEC_TRIED, 3, IST_TRIED);
	idt_set_ist(VEC_PF, 1);
	tss_of_this_cpu()->ist[IST_TRIED - 1] = top;
	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++) {
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			struct trap_frame frame = enter_frame(cpl, operand_event);
			struct fault fault;

			SUBTEST("%s-cpl%u", kinds[i].name, cpl);
			if (kinds[i].smap && !cpu_has(X86_FEATURE_SMAP)) {
				SKIP_ROW("no SMAP");
				continue;
			}
			if (kinds[i].absent)
				space_unmap(space, FREE_ADDRESS, PAGE_SIZE);
			else
				space_map_page(space, FREE_ADDRESS, (ulong)memory, 0,
					       kinds[i].prot);
			if (kinds[i].smap)
				write_cr4(read_cr4() | CR4_SMAP);
			fault = enter(&frame);
			write_cr4(read_cr4() & ~CR4_SMAP);
			/* Five words, of which any may be the first. */
			if (fault.kind == PF(0, 0).kind && top - fault.address <= 40)
				fault.address = top;
			EXPECT_FAULT(kinds[i].faults ? PF(kinds[i].error, top) : VECTOR(VEC_TRIED),
				     fault);
		}
	}
}
