/* SPDX-License-Identifier: MIT */
#include <arm/state.h>

#include <arch/fault.h>
#include <arch/space.h>
#include <arm/sysreg.h>
#include <arm/timer.h>
#include <arm/trap.h>

#define CPACR_CP10_CP11 (0xfu << 20)

/* As boot_32.S has it, with the bits that are one on this CPU alone. */
#define SCTLR_RESET 0x00c5187du

#define CNTKCTL_RESET (CNTKCTL_EL0PCTEN | CNTKCTL_EL0VCTEN)

static bool has_pmu(u32 id)
{
	u32 version = read_sys(ID_DFR0) >> 24 & 0xf;

	(void)id;
	return version && version != 0xf;
}

static u64 read_psr(u32 id)
{
	(void)id;
	return read_cpsr();
}

static void write_psr(u32 id, u64 value)
{
	(void)id;
	(void)value;
	__asm__ volatile("cpsie af\n\tcpsid i\n\tsetend le" ::: "memory");
}

static u64 reset_psr(void)
{
	return PSTATE_I | MODE_SYS;
}

static u64 reset_vbar(void)
{
	return (ulong)vectors;
}

static u64 reset_mair(void)
{
	return MAIR_VALUE;
}

static u64 reset_ttbcr(void)
{
	return TTBCR_VALUE;
}

static u64 reset_ttbr0(void)
{
	return (ulong)kernel_root;
}

static u64 reset_cntkctl(void)
{
	return CNTKCTL_RESET;
}

static u64 zero(void)
{
	return 0;
}

STATE_REGISTER(VBAR)
STATE_REGISTER(MAIR0)
STATE_REGISTER(MAIR1)
STATE_REGISTER(TTBCR)
STATE_REGISTER(TTBR0)
STATE_REGISTER(SCTLR)
STATE_REGISTER(CPACR)
STATE_REGISTER(CNTKCTL)
STATE_REGISTER(TPIDRUR)
STATE_REGISTER(PMUSERENR)

const struct state_row state_rows[] = {
	{ .name = "CPSR",
	  .words = "System mode, I set, A and F clear, little-endian",
	  .read = read_psr,
	  .write = write_psr,
	  .value = reset_psr,
	  .ignored = ~0ull & ~(u64)(PSTATE_AIF | PSTATE_MODE | PSTATE_E) },
	STATE_ROW("VBAR", "the library's vectors", VBAR, reset_vbar, 0),
	STATE_ROW("MAIR0", "0x044400ff", MAIR0, reset_mair, BITS(31, 24)),
	STATE_ROW("MAIR1", "0", MAIR1, zero, BITS(31, 24)),
	STATE_ROW("TTBCR", "long descriptors, 32 bits from TTBR0", TTBCR, reset_ttbcr, 0),
	STATE_ROW("TTBR0", "the kernel's space", TTBR0, reset_ttbr0, 0),
	/* What the first reset made of them: they have no bits for what this CPU does not have. */
	STATE_ROW("SCTLR", "M C I Z nTWI nTWE CP15BEN", SCTLR, NULL, 0),
	STATE_ROW("CPACR", "CP10 and CP11 for both privileges", CPACR, NULL, 0),
	STATE_ROW("CNTKCTL", "PL0VCTEN PL0PCTEN", CNTKCTL, reset_cntkctl, CNTKCTL_RESET),
	STATE_ROW("TPIDRURW", "0", TPIDRUR, zero, 0x5a5a),
	{ .name = "PMUSERENR",
	  .words = "0",
	  .read = read_PMUSERENR,
	  .write = write_PMUSERENR,
	  .value = zero,
	  .exists = has_pmu,
	  .flips = 1 },
};
const u32 state_row_count = ARRAY_SIZE(state_rows);

void state_reset_tables(void)
{
	__asm__ volatile("cpsie af\n\tcpsid i" ::: "memory");
	write_sys(VBAR, (ulong)vectors);
	write_sys(MAIR0, MAIR_VALUE);
	write_sys(MAIR1, 0);
	write_sys(TTBCR, TTBCR_VALUE);
	write_sys(TTBR0, (ulong)kernel_root);
	write_sys(SCTLR, SCTLR_RESET);
	write_sys(CPACR, CPACR_CP10_CP11);
	isb();
}

void state_reset_rest(void)
{
	__asm__ volatile("clrex" ::: "memory");
	isb();
}
