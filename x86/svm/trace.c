/* SPDX-License-Identifier: MIT */
/* Single-stepping of the host and of guests: APM vol. 2, 15.5.1, VMRUN and TF/RF Bits in EFLAGS. */
#include "intercept.h"

SUITE("SVM: single-stepping", REQUIRES(svm_available()));

static u32 steps, steps_after_vmrun;

static void step(struct trap_frame *frame)
{
	steps++;
	if (frame->ip == (ulong)svm_vmrun_next) {
		steps_after_vmrun++;
		frame->flags &= ~FLAG_TF;
	}
}

TEST(host_trace_trap,
     "the host's TF traps after VMRUN as after one instruction, and the guest has none of it",
     SPEC("APM vol. 2, 15.5.1, VMRUN and TF/RF Bits in EFLAGS"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	steps = steps_after_vmrun = 0;
	svm_code_bytes(g, "\x90\x90\x90", 3);
	trap_set_handler(VEC_DB, step);
	g->registers.host_flags |= FLAG_TF;
	svm_run(g);
	EXPECT_DONE(g);
	EXPECT_GT(steps, 2u);
	EXPECT_EQ(steps_after_vmrun, 1u);
}

static void guest_trace_trap(enum svm_mode mode)
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	svm_reset(g, mode);
	svm_code_bytes(g, "\x90\x90", 2);
	g->save->rflags |= FLAG_TF;
	svm_run(g);
	EXPECT_EXIT(g, SVM_EXIT_EXCP(VEC_DB));
	EXPECT_EQ(g->save->rip, svm_start(g) + 1);
}

TEST_IN_MODES(guest_trace_trap, "the guest's TF traps after its first instruction, not before",
	      SPEC("APM vol. 2, 15.5.1, VMRUN and TF/RF Bits in EFLAGS"))
