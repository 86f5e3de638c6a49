/* SPDX-License-Identifier: MIT */
#include <arm/state.h>

#include <arch/space.h>
#include <arm/granule.h>
#include <arm/sysreg.h>
#include <arm/timer.h>
#include <arm/trap.h>

#define ID_FIELD(reg, low) (read_sys(reg) >> (low)&0xf)

#define CPACR_FPEN (3ull << 20)

#define SCTLR_RES1 (SCTLR_LSMAOE | SCTLR_NTLSMD | SCTLR_SPAN | SCTLR_EIS | SCTLR_TSCXT | SCTLR_EOS)
#define SCTLR_RESET                                                                     \
	(SCTLR_RES1 | SCTLR_M | SCTLR_C | SCTLR_I | SCTLR_SA | SCTLR_SA0 | SCTLR_NTWI | \
	 SCTLR_NTWE | SCTLR_DZE | SCTLR_UCT | SCTLR_UCI)

#define CNTKCTL_RESET (CNTKCTL_EL0PCTEN | CNTKCTL_EL0VCTEN)

static bool has_pan(void)
{
	return ID_FIELD(ID_AA64MMFR1, 20);
}

static bool has_uao(void)
{
	return ID_FIELD(ID_AA64MMFR2, 4);
}

static bool has_pmu(void)
{
	u64 version = ID_FIELD(ID_AA64DFR0, 8);

	return version && version != 0xf;
}

static bool has_fp(void)
{
	return ID_FIELD(ID_AA64PFR0, 16) != 0xf;
}

static u64 reset_tcr(void)
{
	return TCR_VALUE | MIN(read_sys(ID_AA64MMFR0) & 7, 5ull) << 32;
}

void state_reset_registers(void)
{
	write_sys(DAIF, PSTATE_I);
	write_sys(VBAR, (ulong)vectors);
	write_sys(MAIR, MAIR_VALUE);
	translation_set((ulong)kernel_root, reset_tcr());
	write_sys(TTBR1, 0);
	write_sys(SCTLR, SCTLR_RESET);
	write_sys(CPACR, CPACR_FPEN);
	write_sys(CNTKCTL, CNTKCTL_RESET);
	write_sys(MDSCR, 0);
	write_sys(OSLAR, 0);
	isb();
	write_sys(TPIDRUR, 0);
	if (has_pan())
		write_sys(PAN, 0);
	if (has_uao())
		write_sys(UAO, 0);
	if (has_pmu())
		write_sys(PMUSERENR, 0);
	if (has_fp()) {
		write_sys(FPCR, 0);
		write_sys(FPSR, 0);
	}
	__asm__ volatile("clrex" ::: "memory");
	isb();
}

void state_describe_leaks(char *text, size_t size)
{
	size_t used = 0;

	used = state_describe_leak(text, size, used, "DAIF", read_sys(DAIF), PSTATE_I);
	used = state_describe_leak(text, size, used, "SPSel", read_sys(SPSEL), 0);
	used = state_describe_leak(text, size, used, "SCTLR_EL1", read_sys(SCTLR), SCTLR_RESET);
	used = state_describe_leak(text, size, used, "TCR_EL1", read_sys(TCR), reset_tcr());
	used = state_describe_leak(text, size, used, "TTBR0_EL1", read_sys(TTBR0),
				   (ulong)kernel_root);
	used = state_describe_leak(text, size, used, "MAIR_EL1", read_sys(MAIR), MAIR_VALUE);
	used = state_describe_leak(text, size, used, "VBAR_EL1", read_sys(VBAR), (ulong)vectors);
	used = state_describe_leak(text, size, used, "CPACR_EL1", read_sys(CPACR), CPACR_FPEN);
	used = state_describe_leak(text, size, used, "CNTKCTL_EL1", read_sys(CNTKCTL),
				   CNTKCTL_RESET);
	used = state_describe_leak(text, size, used, "MDSCR_EL1", read_sys(MDSCR), 0);
	if (has_pan())
		used = state_describe_leak(text, size, used, "PAN", read_sys(PAN), 0);
	if (has_uao())
		state_describe_leak(text, size, used, "UAO", read_sys(UAO), 0);
}
