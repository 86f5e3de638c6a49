/* SPDX-License-Identifier: MIT */
#include "access.h"

#include <x86/desc.h>

extern const u8 access_kernel_stubs[], access_user_stubs[];
extern const u8 access_gate_done[], access_gate_pf[], access_gate_gp[], access_gate_ss[];

#define STUB_SIZE 16

/* What gates from CPL 1 to 3 switch to. */
static u8 gate_stack[0x800] __aligned(16);

void access_prepare(void)
{
	idt_set_gate(VEC_ACCESS_DONE, access_gate_done, 3, 0);
	idt_set_gate(VEC_PF, access_gate_pf, 0, 0);
	idt_set_gate(VEC_GP, access_gate_gp, 0, 0);
	idt_set_gate(VEC_SS, access_gate_ss, 0, 0);
	tss_set_stack0(tss_of_this_cpu(), (ulong)gate_stack + sizeof(gate_stack));
}

ulong access_stub(enum stub stub, bool user)
{
	return (ulong)(user ? access_user_stubs : access_kernel_stubs) + stub * STUB_SIZE;
}

void access_read_byte(void *address)
{
	__asm__ volatile("movb (%0), %%al" : : "r"(address) : "eax", "memory");
}

void access_write_byte(void *address)
{
	__asm__ volatile("movb $0x5a, (%0)" : : "r"(address) : "memory");
}
