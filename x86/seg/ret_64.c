/* SPDX-License-Identifier: MIT */
/* Far RET of 64-bit mode: operand sizes, addresses that are not canonical, to compatibility mode. */
#include "transfer.h"

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>

SUITE("Far returns of 64-bit mode");

static struct transfer returning(u32 cpl, void (*insn)(void *t))
{
	struct transfer t = { .cpl = cpl, .sp = (ulong)transfer_stack(), .insn = insn };

	t.stack0 = cpl ? (ulong)transfer_stack() : t.sp;
	return t;
}

TEST(ret_non_canonical,
     "RET to an address that is not canonical is #GP(0) of the RET, to any level",
     SPEC("SDM vol. 2B, RET, 64-Bit Mode Exceptions"), BUG("CVE-2014-3647"))
{
	for (u32 cpl = 0; cpl <= 3; cpl += 3)
		for (u32 rpl = cpl; rpl <= 3; rpl += 3) {
			struct transfer t = returning(cpl, transfer_ret);
			ulong *frame = (ulong *)t.sp;

			SUBTEST("cpl%u-to-cpl%u", cpl, rpl);
			frame[0] = 0x0100000000000000;
			frame[1] = ring_code_selector(rpl);
			frame[2] = (ulong)transfer_stack();
			frame[3] = ring_data_selector(rpl);
			expect_refused(&t, GP(0));
		}
}

TEST(ret_operand_32, "RET without REX.W takes double words, zero-extended, to each level",
     SPEC("SDM vol. 2B, RET"))
{
	for (u32 cpl = 0; cpl <= 3; cpl++)
		for (u32 rpl = cpl; rpl <= 3; rpl++) {
			struct transfer t = returning(cpl, transfer_ret_32);
			u32 *frame = (u32 *)t.sp, outer = (u32)(ulong)transfer_stack();
			u16 cs = ring_code_selector(rpl), ss = ring_data_selector(rpl);
			struct state s;

			SUBTEST("cpl%u-to-cpl%u", cpl, rpl);
			frame[0] = (u32)(ulong)transfer_target;
			frame[1] = 0xabcd0000 | cs;
			frame[2] = outer;
			frame[3] = 0xabcd0000 | ss;
			s = transfer_run(&t);
			EXPECT_EQ(s.vector, (u32)VEC_UD);
			EXPECT_EQ(s.ip, (ulong)transfer_target);
			EXPECT_EQ(s.cs, (ulong)cs);
			EXPECT_EQ(s.sp, cpl == rpl ? t.sp + 8 : (ulong)outer);
			EXPECT_EQ(s.ss, (ulong)ss);
		}
}

TEST(ret_ignores_upper_cs, "RET takes the low 16 bits of the slots of CS and SS",
     SPEC("SDM vol. 2B, RET"))
{
	struct transfer t = returning(0, transfer_ret);
	ulong *frame = (ulong *)t.sp, outer = (ulong)transfer_stack();
	struct state s;

	frame[0] = (ulong)transfer_target;
	frame[1] = 0xabcdabcdabcd0000 | ring_code_selector(3);
	frame[2] = outer;
	frame[3] = 0xabcdabcdabcd0000 | SEL_USER_DATA;
	s = transfer_run(&t);
	EXPECT_EQ(s.vector, (u32)VEC_UD);
	EXPECT_EQ(s.cs, (ulong)SEL_USER_CS64);
	EXPECT_EQ(s.ss, (ulong)SEL_USER_DATA);
	EXPECT_EQ(s.sp, outer);
}

TEST(ret_to_compatibility_mode,
     "RET enters compatibility mode, at its own level and at an outer one",
     SPEC("SDM vol. 2B, RET; vol. 3A, 5.8.6"))
{
	for (u32 cpl = 0; cpl <= 3; cpl += 3)
		for (u32 rpl = cpl; rpl <= 3; rpl += 3) {
			struct transfer t = returning(cpl, transfer_ret);
			ulong *frame = (ulong *)t.sp, outer = (ulong)transfer_stack();
			u16 cs = rpl ? SEL_USER_CS32 : SEL_KERNEL_CS32;
			struct state s;

			SUBTEST("cpl%u-to-cpl%u", cpl, rpl);
			frame[0] = (ulong)transfer_target;
			frame[1] = cs;
			frame[2] = outer;
			frame[3] = ring_data_selector(rpl);
			s = transfer_run(&t);
			EXPECT_EQ(s.vector, (u32)VEC_UD);
			EXPECT_EQ(s.ip, (ulong)transfer_target);
			EXPECT_EQ(s.cs, (ulong)cs);
			EXPECT_EQ(s.sp, cpl == rpl ? t.sp + 16 : outer);
		}
}

TEST(ret_null_ss_needs_64_bit_code,
     "RET to compatibility mode with a null SS is #GP(0) at every level",
     SPEC("SDM vol. 2B, RET; APM vol. 2, 4.5.1"))
{
	for (u16 rpl = 1; rpl <= 3; rpl++) {
		struct transfer t = returning(0, transfer_ret);
		ulong *frame = (ulong *)t.sp;

		SUBTEST("rpl%u", rpl);
		frame[0] = (ulong)transfer_target;
		frame[1] = gdt_set_spare(0, DESC_FLAT | DESC_CODE | DESC_DB | DESC_DPL(rpl)) | rpl;
		frame[2] = (ulong)transfer_stack();
		frame[3] = rpl;
		expect_refused(&t, GP(0));
	}
}
