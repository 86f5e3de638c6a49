/* SPDX-License-Identifier: MIT */
/* The global interrupt flag: APM vol. 2, 15.17. */
#include "pending.h"

SUITE("SVM: GIF", REQUIRES(svm_available()));

TEST(gif_holds_intr, "CLGI holds an interrupt pending although IF is set, STGI lets it in",
     SPEC("APM vol. 2, 15.17, table 15-10"))
{
	svm_enable();
	for (u32 i = 0; i < 2; i++) {
		SUBTEST("%s", i ? "gif-set" : "gif-clear");
		pending_make();
		if (!i)
			clgi();
		irq_window();
		EXPECT_EQ(irq_taken(0, VECTOR_1), i);
		stgi();
		irq_window();
		EXPECT_EQ(irq_taken(0, VECTOR_1), 1u);
	}
}

TEST(gif_holds_nmi, "CLGI holds an NMI pending, STGI lets it in",
     SPEC("APM vol. 2, 15.17, table 15-10; table 15-13"))
{
	svm_enable();
	pending_record_nmis();
	for (u32 i = 0; i < 2; i++) {
		SUBTEST("%s", i ? "gif-set" : "gif-clear");
		pending_nmis = 0;
		if (!i)
			clgi();
		pending_send_nmi();
		delay_us(100);
		EXPECT_EQ(pending_nmis, i);
		stgi();
		delay_us(100);
		EXPECT_EQ(pending_nmis, 1u);
	}
}

TEST(gif_holds_two_nmis,
     "of two NMIs that come while GIF is clear at most two are taken, and at least one",
     SPEC("APM vol. 2, 15.17, table 15-10"))
{
	svm_enable();
	pending_record_nmis();
	clgi();
	pending_send_nmi();
	pending_send_nmi();
	delay_us(100);
	EXPECT_EQ(pending_nmis, 0u);
	stgi();
	delay_us(100);
	EXPECT_GE(pending_nmis, 1u);
	EXPECT_LE(pending_nmis, 2u);
}

static u32 traps;

static void count_trap(struct trap_frame *frame)
{
	traps++;
	frame->flags &= ~FLAG_TF;
}

TEST(gif_trace_trap, "single-stepping works with GIF clear", SPEC("APM vol. 2, 15.17, table 15-10"))
{
	svm_enable();
	traps = 0;
	trap_set_handler(VEC_DB, count_trap);
	clgi();
	write_flags(FLAG_1 | FLAG_TF);
	__asm__ volatile("nop; nop");
	stgi();
	EXPECT_EQ(traps, 1u);
}

TEST(gif_breakpoint, "with GIF clear a match of a breakpoint is discarded, and does not come later",
     SPEC("APM vol. 2, 15.17, table 15-10"))
{
	static volatile u32 word;

	svm_enable();
	trap_set_handler(VEC_DB, count_trap);
	for (u32 i = 0; i < 2; i++) {
		SUBTEST("%s", i ? "gif-set" : "gif-clear");
		traps = 0;
		write_dr0((ulong)&word);
		write_dr7(DR7_RESET | BIT(0) | 0xd0000); /* writes, 4 bytes */
		if (!i)
			clgi();
		word = i;
		__asm__ volatile("nop");
		EXPECT_EQ(traps, i);
		stgi();
		__asm__ volatile("nop");
		EXPECT_EQ(traps, i);
		write_dr7(DR7_RESET);
	}
	write_dr0(0);
}
