/* SPDX-License-Identifier: MIT */
#include <arm/state.h>

#include <arch/fault.h>
#include <arch/space.h>
#include <arm/granule.h>
#include <arm/sysreg.h>
#include <arm/timer.h>
#include <arm/trap.h>

#define ID_FIELD(reg, low) (read_sys(reg) >> (low)&0xf)

#define SCTLR_RES1 (SCTLR_LSMAOE | SCTLR_NTLSMD | SCTLR_SPAN | SCTLR_EIS | SCTLR_TSCXT | SCTLR_EOS)
#define SCTLR_RESET                                                                     \
	(SCTLR_RES1 | SCTLR_M | SCTLR_C | SCTLR_I | SCTLR_SA | SCTLR_SA0 | SCTLR_NTWI | \
	 SCTLR_NTWE | SCTLR_DZE | SCTLR_UCT | SCTLR_UCI)

#define CNTKCTL_RESET (CNTKCTL_EL0PCTEN | CNTKCTL_EL0VCTEN)

static bool has_pan(u32 id)
{
	(void)id;
	return ID_FIELD(ID_AA64MMFR1, 20);
}

static bool has_uao(u32 id)
{
	(void)id;
	return ID_FIELD(ID_AA64MMFR2, 4);
}

static bool has_pmu(u32 id)
{
	u64 version = ID_FIELD(ID_AA64DFR0, 8);

	(void)id;
	return version && version != 0xf;
}

static bool has_fp(u32 id)
{
	(void)id;
	return ID_FIELD(ID_AA64PFR0, 16) != 0xf;
}

static u64 reset_daif(void)
{
	return PSTATE_I;
}

static u64 reset_vbar(void)
{
	return (ulong)vectors;
}

static u64 reset_mair(void)
{
	return MAIR_VALUE;
}

static u64 reset_tcr(void)
{
	return TCR_VALUE | MIN(read_sys(ID_AA64MMFR0) & 7, 5ull) << 32;
}

static u64 reset_ttbr0(void)
{
	return (ulong)kernel_root;
}

static u64 reset_sctlr(void)
{
	return SCTLR_RESET;
}

static u64 reset_cpacr(void)
{
	return CPACR_FPEN;
}

static u64 reset_cntkctl(void)
{
	return CNTKCTL_RESET;
}

static u64 zero(void)
{
	return 0;
}

STATE_REGISTER(DAIF)
STATE_REGISTER(SPSEL)
STATE_REGISTER(VBAR)
STATE_REGISTER(MAIR)
STATE_REGISTER(TCR)
STATE_REGISTER(TTBR0)
STATE_REGISTER(TTBR1)
STATE_REGISTER(SCTLR)
STATE_REGISTER(CPACR)
STATE_REGISTER(CNTKCTL)
STATE_REGISTER(MDSCR)
STATE_REGISTER(TPIDRUR)
STATE_REGISTER(PAN)
STATE_REGISTER(UAO)
STATE_REGISTER(PMUSERENR)
STATE_REGISTER(FPCR)
STATE_REGISTER(FPSR)

/* A row that only some CPUs have, or that needs more than STATE_ROW() has. */
#define ROW_IF(name_, words_, register, value_, exists_, flips_)                               \
	{                                                                                      \
		.name = name_, .words = words_, .read = read_##register,                       \
		.write = write_##register, .value = value_, .exists = exists_, .flips = flips_ \
	}

const struct state_row state_rows[] = {
	STATE_ROW("DAIF", "I set, D, A and F clear", DAIF, reset_daif, 0),
	STATE_ROW("SPSel", "0", SPSEL, zero, 0),
	STATE_ROW("VBAR_EL1", "the library's vectors", VBAR, reset_vbar, 0),
	STATE_ROW("MAIR_EL1", "0x044400ff", MAIR, reset_mair, BITS(63, 56)),
	STATE_ROW("TCR_EL1", "48 bits from TTBR0_EL1, 4 KiB pages, TTBR1_EL1 disabled", TCR,
		  reset_tcr, 0),
	STATE_ROW("TTBR0_EL1", "the kernel's space", TTBR0, reset_ttbr0, 0),
	STATE_ROW("TTBR1_EL1", "0", TTBR1, zero, 0x12345000),
	STATE_ROW("SCTLR_EL1", "M C I SA SA0 DZE UCT UCI nTWI nTWE and what is RES1", SCTLR,
		  reset_sctlr, SCTLR_UCI | SCTLR_UCT | SCTLR_DZE | SCTLR_SA0),
	STATE_ROW("CPACR_EL1", "FPEN = 3", CPACR, reset_cpacr, CPACR_FPEN),
	STATE_ROW("CNTKCTL_EL1", "EL0VCTEN EL0PCTEN", CNTKCTL, reset_cntkctl, CNTKCTL_RESET),
	STATE_ROW("MDSCR_EL1", "0", MDSCR, zero, BIT(12)),
	STATE_ROW("TPIDR_EL0", "0", TPIDRUR, zero, 0x5a5a),
	ROW_IF("PAN", "0", PAN, zero, has_pan, 0),
	ROW_IF("UAO", "0", UAO, zero, has_uao, BIT(23)),
	ROW_IF("PMUSERENR_EL0", "0", PMUSERENR, zero, has_pmu, 1),
	ROW_IF("FPCR", "0", FPCR, zero, has_fp, BIT(22)),
	ROW_IF("FPSR", "0", FPSR, zero, has_fp, BIT(0)),
};
const u32 state_row_count = ARRAY_SIZE(state_rows);

void state_reset_tables(void)
{
	arch_leave_exception();
	write_sys(DAIF, PSTATE_I);
	write_sys(VBAR, (ulong)vectors);
	write_sys(MAIR, MAIR_VALUE);
	translation_set((ulong)kernel_root, reset_tcr());
	write_sys(TTBR1, 0);
	write_sys(SCTLR, SCTLR_RESET);
	isb();
}

void state_reset_rest(void)
{
	write_sys(OSLAR, 0);
	__asm__ volatile("clrex" ::: "memory");
	isb();
}
