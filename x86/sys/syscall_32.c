/* SPDX-License-Identifier: MIT */
/*
 * SYSCALL and SYSRET of legacy mode, which only AMD's CPUs have: the target is STAR bits 31-0, and
 * there is no SFMASK. SDM vol. 2B, SYSCALL: #UD outside 64-bit mode.
 */
#include <test.h>

#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/enter.h>
#include <x86/msr.h>

SUITE("SYSCALL and SYSRET of legacy mode");

static const u8 syscall_code[2] = { 0x0f, 0x05 };
static const u8 sysret_code[2] = { 0x0f, 0x07 };
static const u8 ud2_code[2] = { 0x0f, 0x0b };

static bool has_legacy_syscall(void)
{
	return cpu_has(X86_FEATURE_SYSCALL) && cpu_is_amd();
}

static void set_up(u64 target)
{
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE);
	wrmsr(MSR_STAR, (u64)SEL_USER_CS32 << 48 | (u64)SEL_KERNEL_CODE << 32 | target);
}

TEST(syscall_legacy, "SYSCALL goes to STAR bits 31-0 at CPL 0 with ECX the next EIP; IF is cleared",
     SPEC("APM vol. 3, SYSCALL"), REQUIRES(has_legacy_syscall()))
{
	const ulong kept = FLAG_1 | FLAG_CF | FLAG_SF | FLAG_DF | FLAG_IOPL | FLAG_NT | FLAG_AC;

	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		struct trap_frame from = enter_frame(cpl, syscall_code);
		const struct trap_frame *at = trap_last_frame();

		SUBTEST("cpl%u", cpl);
		set_up((ulong)ud2_code);
		from.flags = kept | FLAG_IF;
		EXPECT_FAULT(UD, enter(&from));
		EXPECT_EQ(at->ip, (ulong)ud2_code);
		EXPECT_EQ(at->cs, SEL_KERNEL_CODE);
		EXPECT_EQ(at->ss, SEL_KERNEL_DATA);
		EXPECT_EQ(at->cx, (ulong)syscall_code + 2);
		EXPECT_EQ(at->sp, cpl ? from.sp : enter_kernel_stack());
		EXPECT_EQ(at->flags & ~FLAG_RF, kept);
		enter_expect_registers(at, &from, BIT(ENTER_CX));
	}
}

TEST(syscall_legacy_selectors, "SYSCALL and SYSRET take flat segments, whatever the GDT has there",
     SPEC("APM vol. 3, SYSCALL, SYSRET"), REQUIRES(has_legacy_syscall()))
{
	struct trap_frame from = enter_frame(3, syscall_code);
	const struct trap_frame *at = trap_last_frame();

	set_up((ulong)enter_probe);
	wrmsr(MSR_STAR,
	      (u64)(SEL_SPARE + 16) << 48 | (u64)(SEL_SPARE | 1) << 32 | (ulong)enter_probe);
	SUBTEST("syscall");
	EXPECT_FAULT(UD, enter(&from));
	EXPECT_EQ(at->ip, (ulong)enter_probe + ENTER_PROBE_32);
	EXPECT_EQ(at->cs, SEL_SPARE);
	EXPECT_EQ(at->ss & ~3ul, SEL_SPARE + 8);
	SUBTEST("sysret");
	from = enter_frame(0, sysret_code);
	from.cx = (ulong)enter_probe;
	EXPECT_FAULT(UD, enter(&from));
	EXPECT_EQ(at->ip, (ulong)enter_probe + ENTER_PROBE_32);
	EXPECT_EQ(at->cs, (SEL_SPARE + 16) | 3);
	EXPECT_EQ(at->ss & ~3ul, SEL_SPARE + 24);
}

TEST(sysret_legacy, "SYSRET goes to ECX at CPL 3 and sets IF; the stack pointer stays",
     SPEC("APM vol. 3, SYSRET"), REQUIRES(has_legacy_syscall()))
{
	struct trap_frame from = enter_frame(0, sysret_code);
	const struct trap_frame *at = trap_last_frame();

	set_up(0);
	from.cx = (ulong)ud2_code;
	from.flags = FLAG_1 | FLAG_CF | FLAG_AC;
	EXPECT_FAULT(UD, enter(&from));
	EXPECT_EQ(at->ip, (ulong)ud2_code);
	EXPECT_EQ(at->cs, SEL_USER_CS32);
	EXPECT_EQ(at->ss, SEL_USER_DATA);
	EXPECT_EQ(at->sp, enter_kernel_stack());
	EXPECT_EQ(at->flags & ~FLAG_RF, from.flags | FLAG_IF);
	enter_expect_registers(at, &from, 0);
}

TEST(sysret_legacy_at_cpl3, "SYSRET at CPL 3 is #GP(0)",
     SPEC("APM vol. 3, SYSRET"), REQUIRES(has_legacy_syscall()))
{
	struct trap_frame from = enter_frame(3, sysret_code);

	set_up(0);
	EXPECT_FAULT(GP(0), enter(&from));
	EXPECT_EQ(trap_last_frame()->ip, (ulong)sysret_code);
}

TEST(syscall_legacy_without_sce, "SYSCALL and SYSRET with EFER.SCE clear, or without them, are #UD",
     SPEC("APM vol. 3, SYSCALL, SYSRET"), BUG("CVE-2012-0045"))
{
	for (u32 i = 0; i < 2; i++)
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			const u8 *code = i ? sysret_code : syscall_code;
			struct trap_frame from = enter_frame(cpl, code);

			SUBTEST("%s-cpl%u", i ? "sysret" : "syscall", cpl);
			EXPECT_FAULT(UD, enter(&from));
			EXPECT_EQ(trap_last_frame()->ip, (ulong)code);
			EXPECT_EQ(trap_last_frame()->cs, from.cs);
		}
}
