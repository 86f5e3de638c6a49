/* SPDX-License-Identifier: MIT */
/* Guests that are C functions, and what the library promises of them. */
#include "intercept.h"

#include <sys/landing.h>
#include <x86/insn.h>

SUITE("SVM: functions as guests", REQUIRES(svm_available()));

static void add_one(void *arg)
{
	++*(u32 *)arg;
	EXPECT_EQ(*(u32 *)arg & 1, 1u); /* expectations work in the guest */
}

static void assert_in_guest(void *arg)
{
	++*(u32 *)arg;
	landing_end();
}

TEST(function_returns, "a function runs as a guest, and its return is an exit by VMMCALL",
     SPEC("APM vol. 2, 15.5.1, 15.18"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);
	u32 counter = 0;

	svm_call(g, add_one, &counter);
	svm_run(g);
	EXPECT_DONE(g);
	EXPECT_EQ(counter, 1u);
}

/* Runs the guest; true if it returned. */
static bool run_to_end(struct svm_guest *g)
{
	struct landing landing = { .kind = LANDING_END };
	volatile bool returned = false;

	if (landing_set(&landing)) {
		svm_run(g);
		returned = true;
	}
	landing_clear(&landing);
	return returned;
}

TEST(function_left, "the end of a case inside a guest leaves the guest first",
     SPEC("APM vol. 2, 15.6, 15.18"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);
	struct fault fault;
	u32 counter = 0;

	svm_call(g, assert_in_guest, &counter);
	EXPECT(!run_to_end(g));
	EXPECT_EQ(counter, 1u);
	EXPECT_EXIT(g, SVM_EXIT_VMMCALL);
	/* This is the host: VMMCALL is an exit in a guest only. */
	fault = vmmcall_try(0);
	EXPECT_FAULT(hypercall_fault(fault), fault);
}
