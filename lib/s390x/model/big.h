/* SPDX-License-Identifier: MIT */
/* Unsigned integers of 512 bits, for models. What does not fit is lost on the left. */
#ifndef ASSAY_S390X_MODEL_BIG_H
#define ASSAY_S390X_MODEL_BIG_H

#include <s390x/model/bfp.h>

static inline struct big big_of(u64 value)
{
	return (struct big){ { value } };
}

static inline bool big_is_zero(struct big a)
{
	u64 any = 0;

	for (u32 n = 0; n < BIG_WORDS; n++)
		any |= a.word[n];
	return !any;
}

static inline struct big big_or(struct big a, struct big b)
{
	for (u32 n = 0; n < BIG_WORDS; n++)
		a.word[n] |= b.word[n];
	return a;
}

static inline bool big_bit(struct big a, u32 bit)
{
	return a.word[bit / 64] >> bit % 64 & 1;
}

static inline struct big big_clear_bit(struct big a, u32 bit)
{
	a.word[bit / 64] &= ~BIT(bit % 64);
	return a;
}

static inline struct big big_shift_left(struct big a, u32 by)
{
	struct big result = { { 0 } };
	u32 words = by / 64, bits = by % 64;

	for (u32 n = BIG_WORDS; n-- > words;) {
		result.word[n] = a.word[n - words] << bits;
		if (bits && n > words)
			result.word[n] |= a.word[n - words - 1] >> (64 - bits);
	}
	return result;
}

static inline struct big big_shift_right(struct big a, u32 by)
{
	struct big result = { { 0 } };
	u32 words = by / 64, bits = by % 64;

	for (u32 n = 0; n + words < BIG_WORDS; n++) {
		result.word[n] = a.word[n + words] >> bits;
		if (bits && n + words + 1 < BIG_WORDS)
			result.word[n] |= a.word[n + words + 1] << (64 - bits);
	}
	return result;
}

static inline struct big big_low_bits(struct big a, u32 bits)
{
	return bits >= 512 ? a : big_shift_right(big_shift_left(a, 512 - bits), 512 - bits);
}

/* What is shifted out leaves its trace in the rightmost bit. */
static inline struct big big_shift_right_sticky(struct big a, u32 by)
{
	struct big result;

	if (by >= 512)
		return big_of(!big_is_zero(a));
	result = big_shift_right(a, by);
	if (!big_is_zero(big_low_bits(a, by)))
		result.word[0] |= 1;
	return result;
}

/* -1, 0, 1 */
static inline s32 big_compare(struct big a, struct big b)
{
	for (u32 n = BIG_WORDS; n-- > 0;) {
		if (a.word[n] != b.word[n])
			return a.word[n] < b.word[n] ? -1 : 1;
	}
	return 0;
}

static inline struct big big_add(struct big a, struct big b)
{
	u64 carry = 0;

	for (u32 n = 0; n < BIG_WORDS; n++) {
		u64 sum = a.word[n] + b.word[n];
		u64 out = sum < a.word[n];

		a.word[n] = sum + carry;
		carry = out | (a.word[n] < sum);
	}
	return a;
}

static inline struct big big_subtract(struct big a, struct big b)
{
	for (u32 n = 0; n < BIG_WORDS; n++)
		b.word[n] = ~b.word[n];
	return big_add(big_add(a, b), big_of(1));
}

/* How many bits are left of leading zeros. */
static inline u32 big_length(struct big a)
{
	for (u32 n = BIG_WORDS; n-- > 0;) {
		u32 bits = 64;

		if (!a.word[n])
			continue;
		while (!(a.word[n] >> (bits - 1)))
			bits--;
		return n * 64 + bits;
	}
	return 0;
}

/* By adding shifted ones, word by word: 32 bits at a time would ask for the machine's products. */
static inline struct big big_multiply(struct big a, struct big b)
{
	struct big product = { { 0 } };
	u32 length = big_length(b);

	for (u32 n = 0; n < length; n++) {
		if (big_bit(b, n))
			product = big_add(product, a);
		a = big_shift_left(a, 1);
	}
	return product;
}

/* Twice the quotient, and one more if there is a rest. */
static inline struct big big_divide_sticky(struct big a, struct big b)
{
	struct big quotient = { { 0 } }, rest = { { 0 } };

	for (u32 n = big_length(a); n-- > 0;) {
		rest = big_shift_left(rest, 1);
		rest.word[0] |= big_bit(a, n);
		quotient = big_shift_left(quotient, 1);
		if (big_compare(rest, b) >= 0) {
			rest = big_subtract(rest, b);
			quotient.word[0] |= 1;
		}
	}
	quotient = big_shift_left(quotient, 1);
	quotient.word[0] |= !big_is_zero(rest);
	return quotient;
}

/* Twice the root, and one more if there is a rest; digit by digit. */
static inline struct big big_root_sticky(struct big a)
{
	struct big root = { { 0 } }, rest = { { 0 } };

	for (u32 n = (big_length(a) + 1) / 2; n-- > 0;) {
		struct big trial;

		rest = big_shift_left(rest, 2);
		rest.word[0] |= (u64)big_bit(a, 2 * n + 1) << 1 | big_bit(a, 2 * n);
		trial = big_shift_left(root, 2);
		trial.word[0] |= 1;
		root = big_shift_left(root, 1);
		if (big_compare(rest, trial) >= 0) {
			rest = big_subtract(rest, trial);
			root.word[0] |= 1;
		}
	}
	root = big_shift_left(root, 1);
	root.word[0] |= !big_is_zero(rest);
	return root;
}

#endif
