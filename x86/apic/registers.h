/* SPDX-License-Identifier: MIT */
/* The registers of table 10-1 (SDM vol. 3A), as data. */
#ifndef ASSAY_APIC_REGISTERS_H
#define ASSAY_APIC_REGISTERS_H

#include <types.h>

struct apic_register {
	const char *name;
	u32 offset;
	u32 bits; /* that software may write; the others are reserved or the APIC's */
	u32 base; /* bits that have to be set in what is written, for the state to stay a tame one */
	bool read_only;
	u32 follows; /* the register whose write changes this one, or 0 */
	u32 min_lvt; /* there if the version register's Max LVT Entry is at least this */
};

#define APIC_REGISTERS_MAX 64

/* Those that this CPU's APIC has and that can be read. */
u32 apic_register_count(void);
struct apic_register apic_register(u32 index);

#endif
