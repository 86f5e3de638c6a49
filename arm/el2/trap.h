/* SPDX-License-Identifier: MIT */
/* Instructions of EL1 and EL0 that controls of EL2 trap: tables of them, and one check, both ways. */
#ifndef ASSAY_ARM_EL2_TRAP_H
#define ASSAY_ARM_EL2_TRAP_H

#include <arm/el2.h>
#include <arm/features.h>
#include <arm/sysreg_table.h>
#include <types.h>

struct el2_trap {
	const char *name;
	u32 insn;  /* with x1 */
	u64 traps; /* bits of the control of which each alone traps it */
	u32 class; /* EC; 0 is EC_SYSREG */
	u32 iss;
	u32 key; /* of MSR and MRS, whose register has to be there; else NO_KEY */
	bool (*present)(void);
	bool address; /* x1 is that of a page; else MSR writes what the register has, or 0 */
};

#define NO_KEY (~0u)

/* MRS of a register, MSR, a system instruction. */
#define READ(name_, traps_, ...)                                                              \
	{                                                                                     \
		.name = "read-" name_, .traps = traps_, .insn = MRS_OF(KEY(__VA_ARGS__), 1u), \
		.iss = (u32)TRAP_OF(KEY(__VA_ARGS__), 1, 1), .key = KEY(__VA_ARGS__)          \
	}
#define WRITE(name_, traps_, ...)                                                              \
	{                                                                                      \
		.name = "write-" name_, .traps = traps_, .insn = MSR_OF(KEY(__VA_ARGS__), 1u), \
		.iss = (u32)TRAP_OF(KEY(__VA_ARGS__), 1, 0), .key = KEY(__VA_ARGS__)           \
	}
#define SYSTEM(name_, traps_, present_, op1, crn, crm, op2)                                \
	{                                                                                  \
		.name = name_, .traps = traps_,                                            \
		.insn = 0xd5080001u | (op1) << 16 | (crn) << 12 | (crm) << 8 | (op2) << 5, \
		.iss = (u32)SYSREG_ISS(1, op1, crn, crm, op2, 1, 0), .key = NO_KEY,        \
		.present = present_, .address = true                                       \
	}
#define INSTRUCTION(name_, traps_, present_, insn_, class_, iss_)                            \
	{                                                                                    \
		.name = name_, .traps = traps_, .insn = insn_, .class = class_, .iss = iss_, \
		.key = NO_KEY, .present = present_                                           \
	}

/*
 * A row for each trap: at `el`, each of its bits alone traps the instruction to EL2, with this syndrome, its own address
 * as the return address, and nothing done; all bits of `all` but its own do not. Where `inverted`, a bit traps while it
 * is 0. `others` are settings that hold throughout.
 */
void el2_check_traps(const struct el2_trap *traps, u32 count, enum el2_register reg, u64 all,
		     bool inverted, enum arm_el el, const struct el2_setting *others,
		     u32 other_count);

/* Features that only EL2 asks for. */
static inline bool has_fgt(void)
{
	return read_sys(ID_AA64MMFR0) >> 56 & 0xf;
}

static inline bool has_evt(void)
{
	return read_sys(ID_AA64MMFR2) >> 56 & 0xf;
}

static inline bool has_vhe(void)
{
	return read_sys(ID_AA64MMFR1) >> 8 & 0xf;
}

static inline bool has_ecv(void)
{
	return read_sys(ID_AA64MMFR0) >> 60 & 0xf;
}

static inline bool has_tlbios(void)
{
	return (read_sys(ID_AA64ISAR0) >> 56 & 0xf) >= 1;
}

static inline bool has_tlbirange(void)
{
	return (read_sys(ID_AA64ISAR0) >> 56 & 0xf) >= 2;
}

static inline bool has_dpb(void)
{
	return (read_sys(ID_AA64ISAR1) & 0xf) >= 1;
}

static inline bool has_dpb2(void)
{
	return (read_sys(ID_AA64ISAR1) & 0xf) >= 2;
}

static inline bool has_pan2(void)
{
	return (read_sys(ID_AA64MMFR1) >> 20 & 0xf) >= 2;
}

static inline bool has_pauth(void)
{
	return (read_sys(ID_AA64ISAR1) & 0xff000ff0) || (read_sys(ID_AA64ISAR2) & 0xff00);
}

static inline bool has_pmu(void)
{
	u64 version = read_sys(ID_AA64DFR0) >> 8 & 0xf;

	return version && version != 0xf;
}

static inline bool has_mte2(void)
{
	return (read_sys(ID_AA64PFR1) >> 8 & 0xf) >= 2;
}

static inline bool has_specres(void)
{
	return read_sys(ID_AA64ISAR1) >> 40 & 0xf;
}

static inline bool has_gic_registers(void)
{
	return read_sys(ID_AA64PFR0) >> 24 & 0xf;
}

#endif
