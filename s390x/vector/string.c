/* SPDX-License-Identifier: MIT */
/* Vector string instructions: where, whether, and up to a zero; every flag of M5. */
#include "check.h"

#include <stdio.h>

SUITE("Vector strings");

#define IN 8 /* M5: invert, result type, zero search, condition code */
#define RT 4
#define ZS 2
#define CS 1

/* Strings of few different characters, with zeros among them. */
static struct bytes16 random_string(u32 size, bool zeros)
{
	struct bytes16 v = { { 0 } };

	for (u32 n = 0; n < elements(size); n++)
		set_element(&v, size, n, zeros && !random_below(8) ? 0 : 1 + random_below(6));
	return v;
}

/* Index of the leftmost element that is zero; `count` if none is. */
static u32 first_zero(struct bytes16 v, u32 size)
{
	u32 n = 0;

	while (n < elements(size) && element(v, size, n))
		n++;
	return n;
}

static void set_index(struct bytes16 *v, u32 index)
{
	*v = (struct bytes16){ { 0 } };
	v->byte[7] = (u8)index;
}

/* FIND ELEMENT EQUAL and NOT EQUAL: the leftmost place, in bytes, 16 if there is none. */
static void find_element(struct operation *o, u32 m5, bool equal)
{
	u32 count = elements(o->size), zero = m5 & ZS ? first_zero(o->v2, o->size) : count,
	    found = 0;
	u32 bytes = 1u << o->size;

	while (found < count &&
	       (element(o->v2, o->size, found) == element(o->v3, o->size, found)) != equal)
		found++;
	set_index(&o->v1, (found < zero ? found : zero) * bytes);
	if (equal) {
		if (zero < count && zero <= found)
			o->cc = 0;
		else
			o->cc = found == count ? 3 : zero < count ? 2 : 1;
		return;
	}
	if (zero < count && zero < found)
		o->cc = 0;
	else if (found < count)
		o->cc = element(o->v2, o->size, found) < element(o->v3, o->size, found) ? 1 : 2;
	else
		o->cc = zero < count ? 0 : 3;
}

/* FIND ANY ELEMENT EQUAL: members of a set; the mask or the place, inverted or not. */
static void find_any(struct operation *o, u32 m5)
{
	u32 count = elements(o->size), zero = m5 & ZS ? first_zero(o->v2, o->size) : count;
	u32 bytes = 1u << o->size, found = count;
	struct bytes16 mask = { { 0 } };

	for (u32 n = 0; n < count; n++) {
		bool any = false;

		for (u32 k = 0; k < count; k++)
			any |= element(o->v2, o->size, n) == element(o->v3, o->size, k);
		any ^= !!(m5 & IN);
		if (any && found == count)
			found = n;
		set_element(&mask, o->size, n, any ? ~0ull : 0);
	}
	if (m5 & RT)
		o->v1 = mask;
	else
		set_index(&o->v1, (found < zero ? found : zero) * bytes);
	if (zero < count && zero < found)
		o->cc = 0;
	else if (found < count)
		o->cc = zero <= found ? 0 : zero < count ? 2 : 1;
	else
		o->cc = zero < count ? 0 : 3;
}

/* ISOLATE STRING: zeros from the first zero on. */
static void isolate(struct operation *o, u32 m5)
{
	u32 zero = first_zero(o->v2, o->size);

	(void)m5;
	o->v1 = o->v2;
	for (u32 n = zero; n < elements(o->size); n++)
		set_element(&o->v1, o->size, n, 0);
	o->cc = zero < elements(o->size) ? 0 : 3;
}

static void find_equal(struct operation *o, u32 m5)
{
	find_element(o, m5, true);
}

static void find_not_equal(struct operation *o, u32 m5)
{
	find_element(o, m5, false);
}

/* STRING RANGE COMPARE: pairs of V3's elements are limits, whose controls are in V4. */
static void range_compare(struct operation *o, u32 m5)
{
	u32 count = elements(o->size), zero = m5 & ZS ? first_zero(o->v2, o->size) : count;
	u32 bytes = 1u << o->size, bits = 8 * bytes, found = count;
	struct bytes16 mask = { { 0 } };

	for (u32 n = 0; n < count; n++) {
		u64 a = element(o->v2, o->size, n);
		bool any = false;

		for (u32 k = 0; k < count; k += 2) {
			bool both = true;

			for (u32 side = 0; side < 2; side++) {
				u64 limit = element(o->v3, o->size, k + side);
				/* Equal, low, high: the three leftmost bits. */
				u64 control = element(o->v4, o->size, k + side) >> (bits - 3);

				both &= (a == limit && (control & 4)) ||
					(a < limit && (control & 2)) ||
					(a > limit && (control & 1));
			}
			any |= both;
		}
		any ^= !!(m5 & IN);
		if (any && found == count)
			found = n;
		set_element(&mask, o->size, n, any ? ~0ull : 0);
	}
	if (m5 & RT)
		o->v1 = mask;
	else
		set_index(&o->v1, (found < zero ? found : zero) * bytes);
	if (zero < count && zero < found)
		o->cc = 0;
	else if (found < count)
		o->cc = zero <= found ? 0 : zero < count ? 2 : 1;
	else
		o->cc = zero < count ? 0 : 3;
}

struct string_insn {
	u8 opcode;
	u8 allowed;  /* flags of M5 */
	u8 operands; /* 2 to 4 */
	void (*model)(struct operation *o, u32 m5);
};

static bool check_one(const struct string_insn *i, u32 size, u32 m5, u32 n)
{
	struct execution e = { .cc = n & 3 }, expected;
	struct operation o = { .size = size };
	char where[48];
	u8 code[6];

	fill_vectors(&e);
	put_vector(&e, 7, random_string(size, n & 1));
	put_vector(&e, 27, random_below(3) ? random_string(size, n & 2) : get_vector(&e, 7));
	if (n % 5 == 0) {
		/* Equal up to one place. */
		struct bytes16 v = get_vector(&e, 7);

		set_element(&v, size, (u32)random_below(elements(size)), random_below(7));
		put_vector(&e, 27, v);
	}
	put_vector(&e, 14, random_vector());
	o.v2 = get_vector(&e, 7);
	o.v3 = get_vector(&e, 27);
	o.v4 = get_vector(&e, 14);
	expected = e;
	i->model(&o, m5);
	put_vector(&expected, 19, o.v1);
	if (m5 & CS)
		expected.cc = o.cc;
	if (i->operands == 4)
		encode_vector(code, i->opcode, 19, 7, 27, size, m5 << 4, 14);
	else
		encode_vector(code, i->opcode, 19, 7, i->operands == 3 ? 27 : 0, 0, m5 << 4, size);
	snprintf(where, sizeof(where), "round %u", n);
	return EXPECT_NO_FAULT(execute(code, 6, &e), "%s", where) &&
	       expect_vectors(&e, &expected, where);
}

static void check(const struct string_insn *i)
{
	for (u32 size = 0; size < 3; size++) {
		for (u32 m5 = 0; m5 < 16; m5++) {
			if (m5 & ~(u32)i->allowed)
				continue;
			SUBTEST("size %u, M5 %u", size, m5);
			for (u32 n = 0; n < 40; n++) {
				if (!check_one(i, size, m5, n))
					break;
			}
		}
	}
	SUBTEST("size 3, which there is not");
	{
		struct execution e = { 0 };
		u8 code[6];

		fill_vectors(&e);
		if (i->operands == 4)
			encode_vector(code, i->opcode, 19, 7, 27, 3, 0, 14);
		else
			encode_vector(code, i->opcode, 19, 7, i->operands == 3 ? 27 : 0, 0, 0, 3);
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 6), execute(code, 6, &e));
	}
}

#define STRING(name_, manual, opcode_, allowed_, operands_, model_)                           \
	TEST(name_, manual ": place or mask, zero search, condition code",                    \
	     SPEC("PoP SA22-7832-13, chapter 23, " manual),                                   \
		  REQUIRES(has_facility(FACILITY_VECTOR)))                                    \
	{                                                                                     \
		static const struct string_insn i = { opcode_, allowed_, operands_, model_ }; \
                                                                                              \
		check(&i);                                                                    \
	}

/* clang-format off */
STRING(vfee, "VECTOR FIND ELEMENT EQUAL", 0x80, ZS | CS, 3, find_equal)
STRING(vfene, "VECTOR FIND ELEMENT NOT EQUAL", 0x81, ZS | CS, 3, find_not_equal)
STRING(vfae, "VECTOR FIND ANY ELEMENT EQUAL", 0x82, IN | RT | ZS | CS, 3, find_any)
STRING(vistr, "VECTOR ISOLATE STRING", 0x5c, CS, 2, isolate)
STRING(vstrc, "VECTOR STRING RANGE COMPARE", 0x8a, IN | RT | ZS | CS, 4, range_compare)
/* clang-format on */
