/* SPDX-License-Identifier: MIT */
/* What the two sizes' tables of registers share: state_64.c, state_32.c. */
#ifndef ASSAY_ARM_STATE_H
#define ASSAY_ARM_STATE_H

#include <arm/sysreg.h>
#include <harness/state.h>

/* Defines read_NAME() and write_NAME() for a row of the system register `name`. */
#define STATE_REGISTER(name)                        \
	static u64 read_##name(u32 id)              \
	{                                           \
		(void)id;                           \
		return read_sys(name);              \
	}                                           \
	static void write_##name(u32 id, u64 value) \
	{                                           \
		(void)id;                           \
		write_sys(name, value);             \
		isb();                              \
	}

/* A row for a register that every machine has. */
#define STATE_ROW(name_, words_, register, value_, flips_)                  \
	{                                                                   \
		.name = name_, .words = words_, .read = read_##register,    \
		.write = write_##register, .value = value_, .flips = flips_ \
	}

/* Address space, vectors and masks of this CPU: the hook of STATE_TABLES. */
void state_reset_tables(void);

/* What only writing brings back: the exclusives monitor, locks. */
void state_reset_rest(void);

#endif
