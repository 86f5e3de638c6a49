/* SPDX-License-Identifier: MIT */
/* The x87 FPU's state and the instructions that load and store it: SDM vol. 1, 8.1; vol. 2A, FNSAVE. */
#ifndef ASSAY_X86_X87_H
#define ASSAY_X86_X87_H

#include <arch/fault.h>
#include <types.h>
#include <x86/model/x87.h>

/* A register as FSTP m80fp stores it. */
struct f80 {
	u64 significand;
	u16 sign_and_exponent;
} __packed;

/* FNSTENV with 32-bit operands in protected or 64-bit mode: SDM vol. 1, figure 8-9. */
struct x87_environment {
	u16 control, reserved0;
	u16 status, reserved1;
	u16 tag, reserved2;
	u32 ip;
	u16 cs, opcode;
	u32 dp;
	u16 ds, reserved3;
} __packed;

/* FNSAVE. */
struct x87_state {
	struct x87_environment environment;
	struct f80 st[8]; /* ST(0) first */
} __packed;

#define X87_TAG_VALID	0
#define X87_TAG_ZERO	1
#define X87_TAG_SPECIAL 2
#define X87_TAG_EMPTY	3

static inline void fninit(void)
{
	__asm__ volatile("fninit");
}

static inline void fldcw(u16 control)
{
	__asm__ volatile("fldcw %0" : : "m"(control));
}

static inline void fld_f80(const struct f80 *value)
{
	__asm__ volatile("fldt %0" : : "m"(*value));
}

static inline u16 fnstsw(void)
{
	u16 status;

	__asm__ volatile("fnstsw %0" : "=m"(status));
	return status;
}

static inline u16 fnstcw(void)
{
	u16 control;

	__asm__ volatile("fnstcw %0" : "=m"(control));
	return control;
}

/* Stores everything; the FPU is as after FNINIT. */
static inline void fnsave(struct x87_state *state)
{
	__asm__ volatile("fnsave %0" : "=m"(*state));
}

static inline void frstor(const struct x87_state *state)
{
	__asm__ volatile("frstor %0" : : "m"(*state));
}

/* Masks all exceptions afterwards. */
static inline void fnstenv(struct x87_environment *environment)
{
	__asm__ volatile("fnstenv %0" : "=m"(*environment));
}

static inline void fldenv(const struct x87_environment *environment)
{
	__asm__ volatile("fldenv %0" : : "m"(*environment));
}

static inline void fnclex(void)
{
	__asm__ volatile("fnclex");
}

/* The TOP field of a status word, and the tag of the physical register `number`. */
static inline u32 x87_top(u16 status)
{
	return status >> X87_TOP_SHIFT & 7;
}

static inline u32 x87_tag(const struct x87_environment *environment, u32 number)
{
	return environment->tag >> (2 * number) & 3;
}

#endif
