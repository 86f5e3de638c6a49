/* SPDX-License-Identifier: MIT */
/* Exceptions that only 64-bit mode has: non-canonical addresses, instructions that it took
 * away. */
#include "event.h"

#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/place.h>

SUITE("Exceptions of 64-bit code");

/* The lowest address that is not canonical, with four levels of page tables and with five. */
#define NON_CANONICAL 0x0100000000000000ul

static void read_at(void *arg)
{
	__asm__ volatile(RAISE("movb (%0), %%al") : : "r"(arg) : "rax", "memory");
}

static void read_through_rbp(void *arg)
{
	__asm__ volatile("pushq %%rbp\n"
			 "movq %0, %%rbp\n" RAISE("movb (%%rbp), %%al") "popq %%rbp"
			 :
			 : "c"(arg)
			 : "rax", "memory");
}

/* The event is raised with this very stack pointer, so it must not be delivered on it: IST. */
static void push_at(void *arg)
{
	__asm__ volatile("movq %%rsp, %%rdx\n"
			 "movq %0, %%rsp\n"
			 "1: pushq %%rax\n"
			 "movq %%rdx, %%rsp"
			 :
			 : "c"(arg)
			 : "rdx", "memory");
}

static void jump_to(void *arg)
{
	__asm__ volatile("jmp *%0" : : "r"(arg) : "memory");
}

TEST(non_canonical_is_gp, "an access to a non-canonical address is #GP(0), not #PF",
     SPEC("SDM vol. 1, 3.3.7.1"))
{
	expect_event((struct event){ read_at, (void *)NON_CANONICAL, VEC_GP, EVENT_FAULT, true, 0 },
		     AT_CPL0 | AT_CPL3);
}

TEST(non_canonical_keeps_cr2, "a #GP for a non-canonical address leaves CR2 alone",
     SPEC("SDM vol. 3A, 6.15, Interrupt 14"))
{
	write_cr2(0x1234);
	EXPECT_FAULT(GP(0), fault_of(read_at, (void *)NON_CANONICAL));
	EXPECT_EQ(read_cr2(), 0x1234ul);
}

TEST(non_canonical_stack_is_ss,
     "an access to a non-canonical address through the stack segment is #SS(0)",
     SPEC("SDM vol. 1, 3.3.7.1"))
{
	struct raw_entry entry;

	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		SUBTEST("rbp-cpl%u", cpl);
		raw_gate_set(VEC_SS, DESC_INTERRUPT_GATE, 0, 0);
		EXPECT_FAULT(VECTOR(VEC_SS), raw_gate_catch(at_cpl(cpl), read_through_rbp,
							    (void *)NON_CANONICAL, &entry));
		EXPECT_EQ(entry.words[0], 0ul);
		EXPECT_EQ(pushed_frame(&entry, true)->ip, raise_ip);
	}
	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		SUBTEST("push-cpl%u", cpl);
		raw_gate_set(VEC_SS, DESC_INTERRUPT_GATE, 0, 1);
		EXPECT_FAULT(VECTOR(VEC_SS),
			     raw_gate_catch(at_cpl(cpl), push_at, (void *)NON_CANONICAL, &entry));
		EXPECT_EQ(entry.words[0], 0ul);
		EXPECT_EQ(pushed_frame(&entry, true)->sp, NON_CANONICAL);
	}
}

/* Whether the address pushed is the jump's or the target's differs between vendors. */
TEST(jump_to_non_canonical_is_gp, "a jump to a non-canonical address ends in #GP(0)",
     SPEC("SDM vol. 2A, JMP"), BUG("XSA-170"))
{
	EXPECT_FAULT(GP(0), fault_of(jump_to, (void *)NON_CANONICAL));
	EXPECT_FAULT(GP(0), run_user(jump_to, (void *)NON_CANONICAL));
}

/* Run from memory: the assembler refuses most of these. INT3 follows, for those that are executed. */
static const struct {
	const char *name;
	u8 size, code[6];
} invalid[] = {
	{ "push-es", 1, { 0x06 } },  { "pop-es", 1, { 0x07 } },
	{ "push-cs", 1, { 0x0e } },  { "push-ss", 1, { 0x16 } },
	{ "pop-ss", 1, { 0x17 } },   { "push-ds", 1, { 0x1e } },
	{ "pop-ds", 1, { 0x1f } },   { "daa", 1, { 0x27 } },
	{ "das", 1, { 0x2f } },	     { "aaa", 1, { 0x37 } },
	{ "aas", 1, { 0x3f } },	     { "pusha", 1, { 0x60 } },
	{ "popa", 1, { 0x61 } },     { "alias-82", 3, { 0x82, 0xc0, 1 } },
	{ "far-call", 6, { 0x9a } }, { "into", 1, { 0xce } },
	{ "aam", 2, { 0xd4, 10 } },  { "aad", 2, { 0xd5, 10 } },
	{ "salc", 1, { 0xd6 } },     { "far-jmp", 6, { 0xea } },
};

TEST(invalid_in_64_bit_mode,
     "instructions that 64-bit mode took away are #UD there, INTO among them",
     SPEC("SDM vol. 2, Virtual-8086 and 64-Bit Mode columns; vol. 2D, A.3"))
{
	static u8 code[16];

	for (u32 i = 0; i < ARRAY_SIZE(invalid); i++) {
		SUBTEST("%s", invalid[i].name);
		for (u32 j = 0; j < sizeof(code); j++)
			code[j] = j < invalid[i].size ? invalid[i].code[j] : 0xcc;
		EXPECT_FAULT(UD, fault_of((void (*)(void *))code, NULL));
		EXPECT_EQ(trap_last_frame()->ip, (ulong)code);
		EXPECT_FAULT(UD, run_user((void (*)(void *))code, NULL));
	}
}
