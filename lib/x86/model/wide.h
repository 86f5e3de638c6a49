/* SPDX-License-Identifier: MIT */
/* Unsigned numbers of 128 bits, which 32-bit targets have no type for. */
#ifndef ASSAY_X86_MODEL_WIDE_H
#define ASSAY_X86_MODEL_WIDE_H

#include <types.h>

struct wide {
	u64 high, low;
};

static inline bool wide_is_zero(struct wide a)
{
	return !a.high && !a.low;
}

static inline struct wide wide_add(struct wide a, struct wide b)
{
	struct wide sum = { a.high + b.high, a.low + b.low };

	sum.high += sum.low < a.low;
	return sum;
}

static inline struct wide wide_subtract(struct wide a, struct wide b)
{
	return (struct wide){ a.high - b.high - (a.low < b.low), a.low - b.low };
}

static inline bool wide_less(struct wide a, struct wide b)
{
	return a.high != b.high ? a.high < b.high : a.low < b.low;
}

static inline struct wide wide_shift_left(struct wide a, u32 by)
{
	if (by >= 64)
		return (struct wide){ a.low << (by - 64), 0 };
	if (by)
		return (struct wide){ a.high << by | a.low >> (64 - by), a.low << by };
	return a;
}

/* What is shifted out leaves its trace in bit 0. */
static inline struct wide wide_shift_right_sticky(struct wide a, u32 by)
{
	struct wide result;
	bool lost;

	if (by >= 128)
		return (struct wide){ 0, !wide_is_zero(a) };
	if (by >= 64) {
		lost = a.low || (by > 64 && a.high << (128 - by));
		result = (struct wide){ 0, a.high >> (by - 64) };
	} else if (by) {
		lost = a.low << (64 - by);
		result = (struct wide){ a.high >> by, a.high << (64 - by) | a.low >> by };
	} else {
		return a;
	}
	result.low |= lost;
	return result;
}

static inline struct wide wide_multiply(u64 a, u64 b)
{
	u64 a0 = (u32)a, a1 = a >> 32, b0 = (u32)b, b1 = b >> 32;
	u64 middle = a1 * b0 + (a0 * b0 >> 32);
	u64 middle2 = a0 * b1 + (u32)middle;

	return (struct wide){ a1 * b1 + (middle >> 32) + (middle2 >> 32), a * b };
}

#endif
