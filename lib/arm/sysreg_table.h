/* SPDX-License-Identifier: MIT */
/* The system registers that EL1 and EL0 can name: DDI 0487, D24. */
#ifndef ASSAY_ARM_SYSREG_TABLE_H
#define ASSAY_ARM_SYSREG_TABLE_H

#include <types.h>

/* op0, which is 2 or 3, op1, CRn, CRm, op2 as MRS and MSR have them in bits 19-5. */
#define KEY(op0, op1, crn, crm, op2) \
	((((op0)-2u) << 14) | ((op1) << 11) | ((crn) << 7) | ((crm) << 3) | (op2))
#define KEYS		0x8000u
#define KEY_OP0(key)	(((key) >> 14 & 1) + 2)
#define KEY_OP1(key)	((key) >> 11 & 7)
#define KEY_CRN(key)	((key) >> 7 & 15)
#define KEY_CRM(key)	((key) >> 3 & 15)
#define KEY_OP2(key)	((key)&7)
#define MRS_OF(key, rt) (0xd5300000u | (key) << 5 | (rt))
#define MSR_OF(key, rt) (0xd5100000u | (key) << 5 | (rt))
#define TRAP_OF(key, rt, read) \
	SYSREG_ISS(KEY_OP0(key), KEY_OP1(key), KEY_CRN(key), KEY_CRM(key), KEY_OP2(key), rt, read)

#define READS  BIT(0)
#define WRITES BIT(1)
#define READ0  BIT(2) /* at EL0, too */
#define WRITE0 BIT(3)
#define EITHER BIT(4) /* there or not: nothing is expected */
#define RW     (READS | WRITES)
#define RW0    (RW | READ0 | WRITE0)
#define DEBUG0 BIT(5) /* what EL0 may depends on MDSCR_EL1.TDCC */
#define APART  BIT(6) /* debug registers, which have a case of their own */

struct sysreg {
	const char *name;
	u32 key, last; /* a range of keys with the same rules, if last is not 0, `step` apart */
	u32 step;
	u32 access;
	bool (*present)(void); /* NULL: always */
	/* Bits that hold what was written, whatever it was, while nothing depends on them. */
	u64 held;
};

extern const struct sysreg sysregs[];
extern const u32 sysreg_count;

/* The entry with this encoding that this CPU has, or NULL. */
const struct sysreg *sysreg_find(u32 key);

/* Encodings of which nothing is said: IMPLEMENTATION DEFINED ones. */
bool sysreg_is_unknown(u32 key);

/* In the space of ID registers, reserved ones are read as zero. */
bool sysreg_is_id(u32 key);

#endif
