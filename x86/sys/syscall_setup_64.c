/* SPDX-License-Identifier: MIT */
#include "syscall_64.h"

const u8 syscall_code[2] = { 0x0f, 0x05 };
const u8 sysretq_code[3] = { 0x48, 0x0f, 0x07 };
const u8 sysretl_code[2] = { 0x0f, 0x07 };
const u8 syscall_ud2[2] = { 0x0f, 0x0b };

void syscall_set_up(void)
{
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE);
	wrmsr(MSR_STAR, (u64)SEL_USER_CS32 << 48 | (u64)SEL_KERNEL_CODE << 32);
	wrmsr(MSR_LSTAR, (ulong)enter_probe);
	wrmsr(MSR_CSTAR, (ulong)syscall_ud2);
	wrmsr(MSR_SFMASK, 0);
}

void syscall_expect(const struct trap_frame *from, ulong target, u32 size)
{
	const struct trap_frame *at = trap_last_frame();

	EXPECT_FAULT(UD, enter(from));
	EXPECT_EQ(at->ip, target + size);
	EXPECT_EQ(at->cs, SEL_KERNEL_CODE);
	EXPECT_EQ(at->ss, SEL_KERNEL_DATA);
	EXPECT_EQ(at->sp, from->sp);
	EXPECT_EQ(at->cx, from->ip + SYSCALL_SIZE);
	EXPECT_EQ(at->r11, from->flags);
	EXPECT_EQ(at->flags & (SYSCALL_SYSTEM_FLAGS | FLAG_1),
		  from->flags & (SYSCALL_SYSTEM_FLAGS | FLAG_1));
	/* The probe has changed AX. */
	enter_expect_registers(at, from, BIT(ENTER_AX) | BIT(ENTER_CX) | BIT(ENTER_R11));
}
