/* SPDX-License-Identifier: MIT */
/*
 * The one header that a test includes to declare and check cases. A whole topic file:
 *
 *	#include <test.h>
 *	#include <x86/msr.h>
 *
 *	SUITE("Model-specific registers", REQUIRES(cpu_has(X86_FEATURE_MSR)));
 *
 *	TEST(unknown_msr_faults, "Reading an MSR that does not exist raises #GP(0).",
 *	     SPEC("SDM vol. 2B, RDMSR"))
 *	{
 *		u64 value;
 *
 *		EXPECT_FAULT(GP(0), rdmsr_try(0x40000fff, &value));
 *	}
 *
 * harness/case.h explains SUITE and TEST, harness/expect.h EXPECT_*, ASSERT_*, SUBTEST and SKIP,
 * harness/fault.h faults as values, docs/writing-a-test.md all of it with examples.
 */
#ifndef ASSAY_TEST_H
#define ASSAY_TEST_H

#include <arch/fault.h>
#include <harness/case.h>
#include <harness/expect.h>
#include <harness/fault.h>
#include <harness/ktap.h>
#include <harness/random.h>
#include <harness/run.h>
#include <types.h>

#endif
