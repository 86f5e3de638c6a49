/* SPDX-License-Identifier: MIT */
/* What is special about 64-bit call gates: 16 bytes, 64-bit code, no parameters, null SS. */
#include "gate.h"

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>
#include <x86/insn.h>
#include <x86/segment.h>

SUITE("64-bit call gates");

/* A gate of DPL 3 to transfer_target; each test changes something. */
static u64 good_gate(void)
{
	return gate_low(DESC_CALL_GATE, 3, SEL_GATE_CODE | 3, (ulong)transfer_target, 0);
}

static struct transfer through_gate(u32 cpl, bool is_call)
{
	static const struct far_pointer pointer = { 0x12345678, SEL_GATE | 3 };
	struct transfer t = { .cpl = cpl,
			      .sp = (ulong)transfer_stack(),
			      .insn = is_call ? transfer_call : transfer_jmp,
			      .pointer = &pointer };

	t.stack0 = cpl ? (ulong)transfer_stack() : t.sp;
	gate_set_code(is_call ? 0 : cpl, 0);
	gate_set_raw(good_gate(), 0);
	return t;
}

TEST(gate_needs_64_bit_code,
     "a 64-bit gate to code that is not 64-bit code is #GP with that selector",
     SPEC("SDM vol. 3A, 5.8.3.1; vol. 2A, CALL, JMP"))
{
	static const struct {
		const char *name;
		u64 flip;
	} rows[] = {
		{ "l0-d0", DESC_L },
		{ "l0-d1", DESC_L | DESC_DB },
		{ "l1-d1", DESC_DB },
		{ "l0-not-present", DESC_L | DESC_P },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 is_call = 0; is_call < 2; is_call++)
			for (u32 cpl = 0; cpl <= 3; cpl += 3) {
				struct transfer t = through_gate(cpl, is_call);

				SUBTEST("%s-%s-cpl%u", is_call ? "call" : "jmp", rows[i].name, cpl);
				gate_set_code(is_call ? 0 : cpl, rows[i].flip);
				expect_refused(&t, GP(SEL_GATE_CODE));
			}
}

TEST(gate_upper_type,
     "a 64-bit gate whose upper half has a type other than 0 is #GP with the gate's selector",
     SPEC("SDM vol. 3A, 5.8.3.1; vol. 2A, CALL, JMP"))
{
	for (u32 is_call = 0; is_call < 2; is_call++)
		for (u32 bit = 40; bit <= 44; bit++) {
			struct transfer t = through_gate(3, is_call);

			SUBTEST("%s-bit-%u", is_call ? "call" : "jmp", bit);
			gate_set_raw(good_gate(), BIT(bit));
			expect_refused(&t, GP(SEL_GATE));
		}
}

TEST(gate_limit_edge, "a 64-bit gate has to be within the GDT's limit with all of its 16 bytes",
     SPEC("SDM vol. 3A, 5.8.3.1; vol. 2A, CALL, JMP"))
{
	for (u32 is_call = 0; is_call < 2; is_call++)
		for (u32 bytes = 7; bytes <= 16; bytes++) {
			struct transfer t = through_gate(0, is_call);
			u64 *gdt;

			SUBTEST("%s-bytes-%u", is_call ? "call" : "jmp", bytes);
			/* The code has to be before the gate. */
			gdt = gdt_on_page((u16)(SEL_SPARE + 8 * GATE_FREE + bytes - 1));
			gdt[SEL_SPARE / 8 + GATE_FREE] = good_gate();
			gdt[SEL_SPARE / 8 + GATE_FREE + 1] = 0;
			t.pointer = &(struct far_pointer){ 0, (SEL_SPARE + 8 * GATE_FREE) | 3 };
			if (bytes == 16)
				EXPECT_EQ(transfer_run(&t).vector, (u32)VEC_UD);
			else
				expect_refused(&t, GP(SEL_SPARE + 8 * GATE_FREE));
			desc_init();
		}
}

TEST(gate_copies_nothing, "a 64-bit gate has no parameter count: what is in its place is ignored",
     SPEC("SDM vol. 3A, 5.8.3.1"))
{
	for (u32 count = 1; count <= 31; count += 10) {
		struct transfer t = through_gate(3, true);
		struct state s;

		SUBTEST("%u", count);
		gate_set_raw(good_gate() | (u64)count << 32, 0);
		s = transfer_run(&t);
		EXPECT_EQ(s.vector, (u32)VEC_UD);
		EXPECT_EQ(s.sp, t.stack0 - 4 * sizeof(ulong));
		EXPECT_EQ(*(const ulong *)s.sp, raise_next_ip);
	}
}

TEST(gate_high_offset, "a 64-bit gate leads to all 64 bits of its offset",
     SPEC("SDM vol. 3A, 5.8.3.1"))
{
	static const ulong targets[] = { 0x123456789000, 0xffff812345678000 };
	u8 *code = page_alloc();

	memcpy(code, "\x0f\x0b", 2);
	for (u32 i = 0; i < ARRAY_SIZE(targets); i++)
		for (u32 is_call = 0; is_call < 2; is_call++) {
			struct transfer t = through_gate(0, is_call);
			struct state s;

			SUBTEST("%s-%#lx", is_call ? "call" : "jmp", targets[i]);
			space_map(space_kernel(), targets[i], (ulong)code, PAGE_SIZE, PROT_ALL);
			gate_set_raw(gate_low(DESC_CALL_GATE, 3, SEL_GATE_CODE | 3, targets[i], 0),
				     targets[i] >> 32);
			s = transfer_run(&t);
			EXPECT_EQ(s.vector, (u32)VEC_UD);
			EXPECT_EQ(s.ip, targets[i]);
		}
}

/* The manual gives the error code as 0 in one place and as a selector in another. */
TEST(gate_non_canonical_offset,
     "a 64-bit gate whose offset is not canonical is #GP of the CALL or JMP",
     SPEC("SDM vol. 2A, CALL, JMP, 64-Bit Mode Exceptions"))
{
	for (u32 is_call = 0; is_call < 2; is_call++)
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			struct transfer t = through_gate(cpl, is_call);

			SUBTEST("%s-cpl%u", is_call ? "call" : "jmp", cpl);
			gate_set_raw(good_gate(), 0x01000000);
			expect_refused(&t, ANY_CODE(VEC_GP));
		}
}

TEST(gate_non_canonical_stack, "a 64-bit gate whose new stack is not canonical is #SS of the CALL",
     SPEC("SDM vol. 2A, CALL, 64-Bit Mode Exceptions"))
{
	for (u32 dpl = 1; dpl <= 2; dpl++) {
		struct transfer t = through_gate(3, true);

		SUBTEST("dpl%u", dpl);
		gate_set_code(dpl, 0);
		gate_set_stack(dpl, 0x0100000000000000);
		expect_refused(&t, ANY_CODE(VEC_SS));
	}
}

TEST(gate_to_null_ss,
     "the SS that a 64-bit gate loads is null with the RPL of the new level, and usable",
     SPEC("SDM vol. 3A, 5.8.5.1"))
{
	for (u32 dpl = 0; dpl <= 2; dpl++) {
		struct transfer t = through_gate(3, true);
		struct state s;

		SUBTEST("dpl%u", dpl);
		gate_set_code(dpl, 0);
		if (dpl)
			gate_set_stack(dpl, (ulong)transfer_stack());
		s = transfer_run(&t);
		EXPECT_EQ(s.vector, (u32)VEC_UD);
		EXPECT_EQ(s.ss, (ulong)dpl);
		EXPECT_EQ(s.cs, (ulong)(SEL_GATE_CODE | dpl));
	}
}
