/* SPDX-License-Identifier: MIT */
/*
 * #AC whose delivery raises #AC: its handler is conforming code, so that its frame is pushed at CPL 3,
 * with AC set, on a stack that is misaligned.
 */
#include "storm.h"

#include <x86/cr.h>
#include <x86/desc.h>

SUITE("Endless exceptions: #AC", REQUIRES(cpu_count() > 1));

static u32 memory[2];

void storm_ac_handler(void);
__asm__(".text\n"
	"storm_ac_handler:\n"
	"int $0xf0\n"); /* VEC_USER_RETURN */

/* AC is set only when the stack is misaligned, and clear when it is not any more. */
static void access_misaligned(void *arg)
{
	__asm__ volatile("movl %%esp, %%ecx\n"
			 "subl $1, %%esp\n"
			 "andl $~3, %%esp\n"
			 "pushl %1\n"
			 "popfl\n"
			 "leal -1(%%esp), %%esp\n"
			 "movl %0, %%eax\n"
			 "leal 1(%%esp), %%esp\n"
			 "pushl $2\n"
			 "popfl\n"
			 "movl %%ecx, %%esp"
			 :
			 : "m"(*(u32 *)((u8 *)memory + 1)), "i"(2 | 0x40000)
			 : "eax", "ecx", "memory", "cc");
	(void)arg;
}

static void enter_storm(void *unused)
{
	(void)unused;
	write_cr0(read_cr0() | CR0_AM);
	idt[VEC_AC].selector = gdt_set_spare(0, DESC_FLAT | DESC_CODE | DESC_DB | DESC_C);
	WRITE_ONCE(storm_entered, true);
	run_user(access_misaligned, NULL);
	write_cr0(read_cr0() & ~CR0_AM);
	WRITE_ONCE(storm_left, true);
}

TEST(ac_while_delivering_ac,
     "#AC in the delivery of #AC keeps no other CPU from running, and ends with INIT",
     SPEC("SDM vol. 3A, 6.15, Interrupt 17; 8.4.3"), BUG("CVE-2015-5307"), BUG("XSA-156"))
{
	idt_set_gate(VEC_AC, storm_ac_handler, 0, 0);
	storm_run(enter_storm);
}
