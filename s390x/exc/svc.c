/* SPDX-License-Identifier: MIT */
/* SUPERVISOR CALL: what the interruption stores, also when EXECUTE supplies the number. */
#include <test.h>

#include <s390x/access.h>
#include <s390x/cr.h>
#include <s390x/facility.h>

SUITE("Supervisor calls");

#define NUMBER(n)                                                       \
	SUBTEST("%#x", n);                                              \
	EXPECT_FAULT(SUPERVISOR_CALL(n), svc_try(n));                   \
	EXPECT_EQ(trap_last_frame()->info.svc_ilc, 2u);                 \
	EXPECT_EQ(((const u8 *)trap_last_frame()->psw.addr)[-2], 0x0a); \
	EXPECT_EQ(((const u8 *)trap_last_frame()->psw.addr)[-1], (u8)(n))

TEST(svc_number,
     "the interruption code of SVC is its eight-bit number; the old PSW points after it",
     SPEC("PoP SA22-7832-13, chapter 6, Supervisor-Call Interruption"))
{
	NUMBER(0);
	NUMBER(1);
	NUMBER(0x7f);
	NUMBER(0x80);
	NUMBER(0xaa);
	NUMBER(0xff);
}

static void svc_with_key(void *arg)
{
	(void)arg;
	__asm__ volatile("cr %%r15,%%r15\n" /* condition code 0 */
			 "svc 3"
			 :
			 :
			 : "cc", "memory");
}

TEST(svc_problem_state,
     "SVC stores a PSW with problem state, and its handler runs in supervisor state",
     SPEC("PoP SA22-7832-13, chapter 7, SUPERVISOR CALL"))
{
	EXPECT_FAULT(SUPERVISOR_CALL(3), run_user(svc_with_key, NULL));
	EXPECT_EQ(trap_last_frame()->psw.mask & ~PSW_PM, PSW_KERNEL | PSW_PROBLEM);
	EXPECT_EQ(psw_mask() & PSW_PROBLEM, 0u);
}

TEST(svc_executed, "SVC as the target of EXECUTE has the number ORed in and the length of EXECUTE",
     SPEC("PoP SA22-7832-13, chapter 7, EXECUTE; chapter 5, Instruction-Length Code"))
{
	fault_clear();
	__asm__ volatile("lghi %%r1,0x21\n"
			 "larl %%r2,0f\n"
			 "j 1f\n"
			 "0: svc 0x42\n"
			 "1:" GUARDED("ex %%r1,0(%%r2)")
			 :
			 :
			 : "1", "2", "cc", "memory");
	EXPECT_FAULT(SUPERVISOR_CALL(0x63), fault_taken());
	EXPECT_EQ(trap_last_frame()->info.svc_ilc, 4u);
	if (!has_facility(FACILITY_EXECUTE_EXTENSION))
		return;
	fault_clear();
	__asm__ volatile("lghi %%r1,0x21\n"
			 "j 1f\n"
			 "0: svc 0x42\n"
			 "1:" GUARDED("exrl %%r1,0b")
			 :
			 :
			 : "1", "cc", "memory");
	EXPECT_FAULT(SUPERVISOR_CALL(0x63), fault_taken());
	EXPECT_EQ(trap_last_frame()->info.svc_ilc, 6u);
}

TEST(svc_with_low_protection,
     "what an interruption stores is not subject to low-address protection",
     SPEC("PoP SA22-7832-13, chapter 3, Low-Address Protection"))
{
	write_cr(0, read_cr(0) | CR0_LOW_PROTECTION);
	EXPECT_FAULT(SUPERVISOR_CALL(0x11), svc_try(0x11));
	EXPECT_FAULT(SUPERVISOR_CALL(0x12), svc_try(0x12));
	write_cr(0, read_cr(0) & ~CR0_LOW_PROTECTION);
}
