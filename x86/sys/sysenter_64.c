/* SPDX-License-Identifier: MIT */
/* SYSENTER and SYSEXIT in long mode: Intel has them in all of it, AMD nowhere. */
#include "sysenter.h"

SUITE("SYSENTER and SYSEXIT in long mode", REQUIRES(cpu_has(X86_FEATURE_SEP)));

TEST(sysenter_undefined_on_amd, "SYSENTER and SYSEXIT are #UD in long mode on AMD's CPUs",
     SPEC("APM vol. 3, SYSENTER, SYSEXIT; vol. 2, 6.1.2"), REQUIRES(cpu_is_amd()))
{
	static const struct {
		const char *name;
		const u8 *code;
		u32 cpl;
		u16 cs;
	} rows[] = {
		{ "sysenter-64-cpl3", sysenter_code, 3, SEL_USER_CS64 },
		{ "sysenter-64-cpl0", sysenter_code, 0, SEL_KERNEL_CODE },
		{ "sysenter-compatibility-cpl3", sysenter_code, 3, SEL_USER_CS32 },
		{ "sysenter-compatibility-cpl0", sysenter_code, 0, SEL_KERNEL_CS32 },
		{ "sysexit-64", sysexit_code, 0, SEL_KERNEL_CODE },
		{ "sysexit-64-rex-w", sysexitq_code, 0, SEL_KERNEL_CODE },
		{ "sysexit-compatibility", sysexit_code, 0, SEL_KERNEL_CS32 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct trap_frame from = enter_frame(rows[i].cpl, rows[i].code);

		SUBTEST("%s", rows[i].name);
		from.cx = sysenter_set_up();
		from.dx = (ulong)enter_probe;
		from.cs = rows[i].cs;
		EXPECT_FAULT(UD, enter(&from));
		EXPECT_EQ(trap_last_frame()->ip, (ulong)rows[i].code);
		EXPECT_EQ(trap_last_frame()->cs, (ulong)rows[i].cs);
	}
}

TEST(sysenter_from_compatibility_mode, "SYSENTER of compatibility mode enters 64-bit code on Intel",
     SPEC("SDM vol. 2B, SYSENTER"), REQUIRES(cpu_is_intel()))
{
	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		struct trap_frame from = enter_frame(cpl, sysenter_code);
		const struct trap_frame *at = trap_last_frame();
		ulong stack = sysenter_set_up();

		SUBTEST("cpl%u", cpl);
		from.cs = cpl ? SEL_USER_CS32 : SEL_KERNEL_CS32;
		EXPECT_FAULT(UD, enter(&from));
		EXPECT_EQ(at->ip, (ulong)enter_probe + ENTER_PROBE_64);
		EXPECT_EQ(at->cs, SEL_KERNEL_CODE);
		EXPECT_EQ(at->ss, SEL_KERNEL_DATA);
		EXPECT_EQ(at->sp, stack);
	}
}

TEST(sysexit_to_64_bit_code,
     "SYSEXIT with REX.W goes to RDX in 64-bit code at CPL 3, with SYSENTER_CS + 32 and + 40",
     SPEC("SDM vol. 2B, SYSEXIT"), REQUIRES(cpu_is_intel()))
{
	static const u16 selectors[] = { SEL_KERNEL_CODE, SEL_KERNEL_CODE | 3, SEL_SPARE, 0x7000 };

	for (u32 i = 0; i < ARRAY_SIZE(selectors); i++) {
		struct trap_frame from = enter_frame(0, sysexitq_code);
		const struct trap_frame *at = trap_last_frame();

		SUBTEST("cs-%#x", selectors[i]);
		from.cx = sysenter_set_up();
		from.dx = (ulong)enter_probe;
		wrmsr(MSR_IA32_SYSENTER_CS, selectors[i]);
		EXPECT_FAULT(UD, enter(&from));
		EXPECT_EQ(at->ip, (ulong)enter_probe + ENTER_PROBE_64);
		EXPECT_EQ(at->cs, (ulong)(selectors[i] + 32) | 3);
		EXPECT_EQ(at->ss, (ulong)(selectors[i] + 40) | 3);
		EXPECT_EQ(at->sp, from.cx);
		EXPECT_EQ(at->flags & ~FLAG_RF, from.flags);
		enter_expect_registers(at, &from, BIT(ENTER_AX));
	}
}

TEST(sysexit_ignores_upper_halves, "SYSEXIT without REX.W takes EDX and ECX, not RDX and RCX",
     SPEC("SDM vol. 2B, SYSEXIT"), REQUIRES(cpu_is_intel()))
{
	struct trap_frame from = enter_frame(0, sysexit_code);
	const struct trap_frame *at = trap_last_frame();
	ulong stack = sysenter_set_up();

	from.cx = stack | BIT(40);
	from.dx = (ulong)enter_probe | BIT(33);
	EXPECT_FAULT(UD, enter(&from));
	EXPECT_EQ(at->ip, (ulong)enter_probe + ENTER_PROBE_32);
	EXPECT_EQ(at->sp, stack);
}

TEST(sysexit_non_canonical, "SYSEXIT with REX.W to a non-canonical RDX or RCX is #GP(0), at CPL 0",
     SPEC("SDM vol. 2B, SYSEXIT, 64-Bit Mode Exceptions"), REQUIRES(cpu_is_intel()))
{
	for (u32 i = 0; i < 2; i++) {
		struct trap_frame from = enter_frame(0, sysexitq_code);
		const struct trap_frame *at = trap_last_frame();

		SUBTEST("%s", i ? "rcx" : "rdx");
		from.cx = sysenter_set_up();
		from.dx = (ulong)enter_probe;
		*(i ? &from.cx : &from.dx) = 0x0100000000000000;
		EXPECT_FAULT(GP(0), enter(&from));
		EXPECT_EQ(at->ip, (ulong)sysexitq_code);
		EXPECT_EQ(at->cs, SEL_KERNEL_CODE);
		EXPECT_EQ(at->sp, from.sp);
	}
}
