/* SPDX-License-Identifier: MIT */
/* Single steps of instructions that 64-bit mode does not have or has otherwise. */
#include "step.h"

#include <x86/cpuid.h>
#include <x86/msr.h>
#include <x86/place.h>

SUITE("Single steps in 32-bit mode");

static const struct step_row rows[] = {
	ROW("pop-ss", (0x16, 0x17, 0x90, 0x90), (1, 3, 4), .only_cpl0 = true),
	ROW("pop-ds", (0x1e, 0x1f, 0x90), (1, 2, 3), .only_cpl0 = true),
	ROW("into-of-clear", (0x31, 0xc0, 0xce, 0x90), (2, 3, 4)),
	ROW("pusha-popa", (0x60, 0x61, 0x90), (1, 2, 3)),
	/* PUSHF; PUSH CS; CALL; ADD [ESP], 5; IRET; NOP */
	ROW("iret", (0x9c, 0x0e, 0xe8, 0, 0, 0, 0, 0x83, 0x04, 0x24, 5, 0xcf, 0x90),
	    (1, 2, 7, 11, 12, 13)),
};

TEST(steps_32, "the same for POP SS, INTO without OF, PUSHA, POPA and IRET with TF set before it",
     SPEC("SDM vol. 3B, 17.3.1.4; APM vol. 2, 13.1.4"), BUG("CVE-2018-8897"))
{
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			if (rows[i].only_cpl0 && cpl)
				continue;
			SUBTEST("%s-cpl%u", rows[i].name, cpl);
			expect_steps(&rows[i], cpl);
		}
}

static void ignore(struct trap_frame *frame)
{
	(void)frame;
}

TEST(into, "INTO with OF set clears TF for the handler, as INT n does",
     SPEC("SDM vol. 3B, 17.3.1.4"))
{
	/* MOV AL, 7Fh; INC AL; INTO; NOP; NOP */
	static const struct step_row row = ROW("into", (0xb0, 0x7f, 0xfe, 0xc0, 0xce, 0x90, 0x90),
					       (2, 4, 6, 7));

	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		SUBTEST("cpl%u", cpl);
		trap_set_handler(VEC_OF, ignore);
		expect_steps(&row, cpl);
	}
}

TEST(iret_clears_tf, "an IRET that clears TF is a step itself, and the last one",
     SPEC("APM vol. 2, 13.1.4"))
{
	/* PUSH 2; PUSH CS; CALL; ADD [ESP], 5; IRET; NOP */
	static const u8 iret[] = {
		0x6a, 2, 0x0e, 0xe8, 0, 0, 0, 0, 0x83, 0x04, 0x24, 5, 0xcf, 0x90
	};

	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		SUBTEST("cpl%u", cpl);
		debug_set_code(iret, sizeof(iret));
		debug_record();
		EXPECT_NO_FAULT(run_in(at_cpl(cpl), debug_step_code, NULL));
		if (!EXPECT_EQ(debug_count, 5u))
			continue;
		EXPECT_EQ(debug_hits[4].ip, (ulong)debug_code + 13);
		EXPECT_EQ(debug_hits[4].flags & FLAG_TF, 0ul);
	}
}

/* Loads the stack pointer and the address to return to, and returns. */
void sysenter_target(void);
__asm__(".text\nsysenter_target:\nnop\nsysexit\n");

TEST(sysenter,
     "SYSENTER and SYSEXIT leave TF alone: each is a step, at the target's first "
     "instruction",
     SPEC("SDM vol. 2B, SYSENTER; vol. 3B, 17.3.1.4"), REQUIRES(cpu_has(X86_FEATURE_SEP)))
{
	/* MOV ECX, ESP; CALL; POP EDX; ADD EDX, 6; SYSENTER; NOP */
	static const u8 code[] = { 0x89, 0xe1, 0xe8, 0, 0,    0,    0,
				   0x5a, 0x83, 0xc2, 6, 0x0f, 0x34, 0x90 };
	const ulong target = (ulong)sysenter_target;
	const ulong stops[] = { (ulong)debug_code + 2,
				(ulong)debug_code + 7,
				(ulong)debug_code + 8,
				(ulong)debug_code + 11,
				target,
				target + 1,
				(ulong)debug_code + 13,
				(ulong)debug_code + 14,
				(ulong)debug_code + 15 };
	const u64 flat = DESC_FLAT | DESC_DB;
	static u8 stack[0x1000] __aligned(16);

	wrmsr(MSR_IA32_SYSENTER_CS, gdt_set_spare(0, flat | DESC_CODE));
	gdt_set_spare(1, flat);
	gdt_set_spare(2, flat | DESC_CODE | DESC_DPL(3));
	gdt_set_spare(3, flat | DESC_DPL(3));
	wrmsr(MSR_IA32_SYSENTER_EIP, target);
	wrmsr(MSR_IA32_SYSENTER_ESP, (ulong)stack + sizeof(stack));
	debug_set_code(code, sizeof(code));
	debug_record();
	EXPECT_NO_FAULT(run_user(debug_step_code, NULL));
	ASSERT_EQ(debug_count, (u32)ARRAY_SIZE(stops));
	for (u32 i = 0; i < ARRAY_SIZE(stops); i++) {
		EXPECT_EQ(debug_hits[i].ip, stops[i], "stop %u", i);
		EXPECT_EQ(debug_hits[i].dr6, DR6_RESET | DR6_BS, "stop %u", i);
		EXPECT_EQ(debug_hits[i].cs & 3, i == 4 || i == 5 ? 0ul : 3ul, "stop %u", i);
	}
	wrmsr(MSR_IA32_SYSENTER_CS, 0);
}
