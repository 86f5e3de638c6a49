/* SPDX-License-Identifier: MIT */
/* Single steps of IRETQ and SYSCALL. */
#include "step.h"

#include <x86/cpuid.h>
#include <x86/msr.h>
#include <x86/place.h>

SUITE("Single steps in 64-bit mode");

/* MOV RDX, RSP; MOV ECX, SS; PUSH both; PUSHF; PUSH CS by RCX; LEA RAX, after; PUSH; IRETQ; NOP */
static const struct step_row iret = ROW("iret",
					(0x48, 0x89, 0xe2, 0x8c, 0xd1, 0x51, 0x52, 0x9c, 0x8c, 0xc9,
					 0x51, 0x48, 0x8d, 0x05, 3, 0, 0, 0, 0x50, 0x48, 0xcf,
					 0x90),
					(3, 5, 6, 7, 8, 10, 11, 18, 19, 21, 22));

TEST(iret_is_step,
     "IRETQ with TF set before it and in the image is a step as any other instruction",
     SPEC("SDM vol. 3B, 17.3.1.4; APM vol. 2, 13.1.4"))
{
	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		SUBTEST("cpl%u", cpl);
		expect_steps(&iret, cpl);
	}
}

TEST(iret_clears_tf, "an IRETQ that clears TF is a step itself, and the last one",
     SPEC("APM vol. 2, 13.1.4"))
{
	/* The same with PUSH 2 for PUSHF. */
	static const u8 code[] = { 0x48, 0x89, 0xe2, 0x8c, 0xd1, 0x51, 0x52, 0x6a,
				   2,	 0x8c, 0xc9, 0x51, 0x48, 0x8d, 0x05, 3,
				   0,	 0,    0,    0x50, 0x48, 0xcf, 0x90 };

	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		SUBTEST("cpl%u", cpl);
		debug_set_code(code, sizeof(code));
		debug_record();
		EXPECT_NO_FAULT(run_in(at_cpl(cpl), debug_step_code, NULL));
		if (!EXPECT_EQ(debug_count, 10u))
			continue;
		EXPECT_EQ(debug_hits[9].ip, (ulong)debug_code + 22);
		EXPECT_EQ(debug_hits[9].flags & FLAG_TF, 0ul);
	}
}

void syscall_target(void);
__asm__(".text\nsyscall_target:\nnop\nsysretq\n");

static void step_syscall(ulong sfmask)
{
	static const u8 code[] = { 0x0f, 0x05, 0x90, 0x90 };

	wrmsr(MSR_STAR, 0x0023000800000000);
	wrmsr(MSR_LSTAR, (ulong)syscall_target);
	wrmsr(MSR_SFMASK, sfmask);
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE);
	debug_set_code(code, sizeof(code));
	debug_record();
	EXPECT_NO_FAULT(run_user(debug_step_code, NULL));
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) & ~EFER_SCE);
	wrmsr(MSR_SFMASK, 0);
}

static u32 hits_at_cpl0(void)
{
	u32 count = 0;

	for (u32 i = 0; i < debug_count; i++)
		count += (debug_hits[i].cs & 3) == 0;
	return count;
}

/* Whether the first stop after SYSRET is at its target or an instruction later, no manual says. */
static void expect_end_of_steps(void)
{
	ASSERT_GE(debug_count, 2u);
	EXPECT_EQ(debug_hits[debug_count - 2].ip, (ulong)debug_code + 4);
	EXPECT_EQ(debug_hits[debug_count - 1].ip, (ulong)debug_code + 5);
	for (u32 i = 0; i < debug_count; i++)
		EXPECT_EQ(debug_hits[i].dr6, DR6_RESET | DR6_BS, "stop %u", i);
}

TEST(syscall_masks_tf,
     "SYSCALL with TF in SFMASK is no step: no #DB at CPL 0, and TF is back after "
     "SYSRET",
     SPEC("SDM vol. 2B, SYSCALL; APM vol. 3, SYSCALL"), BUG("XSA-204"),
							    REQUIRES(cpu_has(X86_FEATURE_SYSCALL)))
{
	step_syscall(FLAG_TF);
	EXPECT_EQ(hits_at_cpl0(), 0u);
	expect_end_of_steps();
}

TEST(syscall_keeps_tf, "SYSCALL with TF not in SFMASK is a step: #DB at LSTAR, at CPL 0",
     SPEC("SDM vol. 2B, SYSCALL; APM vol. 3, SYSCALL"), BUG("XSA-204"),
							    REQUIRES(cpu_has(X86_FEATURE_SYSCALL)))
{
	step_syscall(0);
	EXPECT_EQ(hits_at_cpl0(), 2u);
	EXPECT_EQ(debug_hits[0].ip, (ulong)syscall_target);
	EXPECT_EQ(debug_hits[0].cs, SEL_KERNEL_CODE);
	EXPECT_EQ(debug_hits[1].ip, (ulong)syscall_target + 1);
	expect_end_of_steps();
}
