/* SPDX-License-Identifier: MIT */
#include <arm/state.h>

#include <arch/space.h>
#include <arm/sysreg.h>
#include <arm/timer.h>
#include <arm/trap.h>

#define CPACR_CP10_CP11 (0xfu << 20)

/* As boot_32.S has it, with the bits that are one on this CPU alone. */
#define SCTLR_RESET 0x00c5187du

#define CNTKCTL_RESET (CNTKCTL_EL0PCTEN | CNTKCTL_EL0VCTEN)

/* What this CPU made of SCTLR_RESET, and of CPACR, which has no bits for what is not there. */
static u32 sctlr, cpacr;

static bool has_pmu(void)
{
	u32 version = read_sys(ID_DFR0) >> 24 & 0xf;

	return version && version != 0xf;
}

void state_reset_registers(void)
{
	__asm__ volatile("cpsie af\n\tcpsid i" ::: "memory");
	write_sys(VBAR, (ulong)vectors);
	write_sys(MAIR0, MAIR_VALUE);
	write_sys(MAIR1, 0);
	write_sys(TTBCR, TTBCR_VALUE);
	write_sys(TTBR0, (ulong)kernel_root);
	write_sys(SCTLR, SCTLR_RESET);
	write_sys(CPACR, CPACR_CP10_CP11);
	write_sys(CNTKCTL, CNTKCTL_RESET);
	write_sys(TPIDRUR, 0);
	if (has_pmu())
		write_sys(PMUSERENR, 0);
	__asm__ volatile("clrex" ::: "memory");
	isb();
	sctlr = read_sys(SCTLR);
	cpacr = read_sys(CPACR);
}

void state_describe_leaks(char *text, size_t size)
{
	size_t used = 0;

	used = state_describe_leak(text, size, used, "CPSR",
				   read_cpsr() & (PSTATE_AIF | PSTATE_MODE | PSTATE_E),
				   PSTATE_I | MODE_SYS);
	used = state_describe_leak(text, size, used, "SCTLR", read_sys(SCTLR), sctlr);
	used = state_describe_leak(text, size, used, "TTBCR", read_sys(TTBCR), TTBCR_VALUE);
	used = state_describe_leak(text, size, used, "TTBR0", read_sys(TTBR0), (ulong)kernel_root);
	used = state_describe_leak(text, size, used, "MAIR0", read_sys(MAIR0), MAIR_VALUE);
	used = state_describe_leak(text, size, used, "VBAR", read_sys(VBAR), (ulong)vectors);
	used = state_describe_leak(text, size, used, "CPACR", read_sys(CPACR), cpacr);
	state_describe_leak(text, size, used, "CNTKCTL", read_sys(CNTKCTL), CNTKCTL_RESET);
}
