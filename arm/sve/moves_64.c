/* SPDX-License-Identifier: MIT */
/* SVE: elements that move, of vectors and predicates, at several vector lengths. */
#include <test.h>

#include <arm/sysreg.h>
#include <model/a64.h>
#include <string.h>

#include "long.h"
#include "sve.h"

SUITE("SVE moves of elements", REQUIRES(has_sve()));

#define ALL_SIZES 15u
#define H_S_D	  14u
#define S_AND_D	  12u

typedef u64 element_at(const u8 *n, const u8 *m, u32 count, u32 bytes, u32 i);

/* The same for z0 of z1 and z2, and for p3 of p1 and p2, whose elements move with all their bits. */
static void permute(struct sve_state *s, u32 bytes, element_at *from)
{
	u8 z[SVE_LONGEST] = { 0 }, p[SVE_LONGEST] = { 0 };
	u32 count = s->vl / bytes;

	for (u32 i = 0; i < count; i++) {
		sve_set(z, bytes, i, from(s->z[1], s->z[2], count, bytes, i));
		sve_set(p, bytes, i, from(s->p[1], s->p[2], count, bytes, i));
	}
	memcpy(s->z[0], z, sizeof(z));
	memcpy(s->p[3], p, sizeof(p));
}

#define PERMUTATION(name, expression)                                                 \
	static u64 name##_from(const u8 *n, const u8 *m, u32 count, u32 bytes, u32 i) \
	{                                                                             \
		(void)count;                                                          \
		(void)m;                                                              \
		return expression;                                                    \
	}                                                                             \
	static void name(struct sve_state *s, u32 bytes)                              \
	{                                                                             \
		u8 p[SVE_LONGEST];                                                    \
                                                                                      \
		memcpy(p, s->p[3], sizeof(p));                                        \
		permute(s, bytes, name##_from);                                       \
		memcpy(s->p[3], p, sizeof(p));                                        \
	}                                                                             \
	static void name##_predicate(struct sve_state *s, u32 bytes)                  \
	{                                                                             \
		u8 z[SVE_LONGEST];                                                    \
                                                                                      \
		memcpy(z, s->z[0], sizeof(z));                                        \
		permute(s, bytes, name##_from);                                       \
		memcpy(s->z[0], z, sizeof(z));                                        \
	}

/* Element i of both sources, one after the other. */
static u64 of_pair(const u8 *n, const u8 *m, u32 count, u32 bytes, u32 i)
{
	return i < count ? sve_get(n, bytes, i) : sve_get(m, bytes, i - count);
}

PERMUTATION(rev, sve_get(n, bytes, count - 1 - i))
PERMUTATION(zip1, sve_get(i & 1 ? m : n, bytes, i / 2))
PERMUTATION(zip2, sve_get(i & 1 ? m : n, bytes, count / 2 + i / 2))
PERMUTATION(uzp1, of_pair(n, m, count, bytes, 2 * i))
PERMUTATION(uzp2, of_pair(n, m, count, bytes, 2 * i + 1))
PERMUTATION(trn1, sve_get(i & 1 ? m : n, bytes, i & ~1u))
PERMUTATION(trn2, sve_get(i & 1 ? m : n, bytes, i | 1))

static void tbl(struct sve_state *s, u32 bytes)
{
	u32 count = s->vl / bytes;

	for (u32 i = 0; i < count; i++) {
		u64 index = sve_get(s->z[2], bytes, i);

		sve_set(s->z[0], bytes, i, index < count ? sve_get(s->z[1], bytes, (u32)index) : 0);
	}
}

#define ROW(name, code, sizes)           \
	{                                \
#name, code, sizes, name \
	}
#define BOTH(name, vector, predicate)                                      \
	ROW(name, vector, ALL_SIZES),                                      \
	{                                                                  \
#name "-predicate", predicate, ALL_SIZES, name##_predicate \
	}

static const struct sve_long_row permutations[] = {
	BOTH(rev, 0x05383820, 0x05344023),  BOTH(zip1, 0x05226020, 0x05224023),
	BOTH(zip2, 0x05226420, 0x05224423), BOTH(uzp1, 0x05226820, 0x05224823),
	BOTH(uzp2, 0x05226c20, 0x05224c23), BOTH(trn1, 0x05227020, 0x05225023),
	BOTH(trn2, 0x05227420, 0x05225423), ROW(tbl, 0x05223020, ALL_SIZES),
};

TEST(sve_long_permutations, "REV, ZIP, UZP, TRN of vectors and predicates, and TBL, at each length",
     SPEC("DDI 0487, C8.2, REV (vector), REV (predicate), ZIP1, ZIP2 (vectors) and others"))
{
	sve_long_check(permutations, ARRAY_SIZE(permutations));
}

/* The element that LASTA or LASTB takes of z1; without an active one, the first or the last of all. */
static u64 last_element(const struct sve_state *s, u32 bytes, bool after)
{
	u32 count = s->vl / bytes;
	s32 last = sve_last(s, s->p[0], bytes);
	u32 at = after ? (u32)(last + 1) % count : last < 0 ? count - 1 : (u32)last;

	return sve_get(s->z[1], bytes, at);
}

static void to_scalar(struct sve_state *s, u32 bytes, u64 value)
{
	memset(s->z[0], 0, s->vl);
	sve_set(s->z[0], bytes, 0, value);
}

#define LAST(letter, after)                                                                 \
	static void last##letter(struct sve_state *s, u32 bytes)                            \
	{                                                                                   \
		s->x0 = last_element(s, bytes, after);                                      \
	}                                                                                   \
	static void last##letter##_simd(struct sve_state *s, u32 bytes)                     \
	{                                                                                   \
		to_scalar(s, bytes, last_element(s, bytes, after));                         \
	}                                                                                   \
	static void clast##letter(struct sve_state *s, u32 bytes)                           \
	{                                                                                   \
		s->x0 = sve_last(s, s->p[0], bytes) < 0 ? s->x0 & BITS(bytes * 8 - 1, 0)    \
							: last_element(s, bytes, after);    \
	}                                                                                   \
	static void clast##letter##_simd(struct sve_state *s, u32 bytes)                    \
	{                                                                                   \
		to_scalar(s, bytes,                                                         \
			  sve_last(s, s->p[0], bytes) < 0 ? sve_get(s->z[0], bytes, 0)      \
							  : last_element(s, bytes, after)); \
	}                                                                                   \
	static void clast##letter##_vector(struct sve_state *s, u32 bytes)                  \
	{                                                                                   \
		if (sve_last(s, s->p[0], bytes) < 0)                                        \
			return;                                                             \
		for (u32 i = 0; i < s->vl / bytes; i++)                                     \
			sve_set(s->z[0], bytes, i, last_element(s, bytes, after));          \
	}

LAST(a, true)
LAST(b, false)

static void compact(struct sve_state *s, u32 bytes)
{
	u32 at = 0;

	memset(s->z[0], 0, s->vl);
	for (u32 i = 0; i < s->vl / bytes; i++)
		if (s->p[0][i * bytes])
			sve_set(s->z[0], bytes, at++, sve_get(s->z[1], bytes, i));
}

static void splice(struct sve_state *s, u32 bytes)
{
	s32 first = sve_first(s, s->p[0], bytes), last = sve_last(s, s->p[0], bytes);
	u8 out[SVE_LONGEST] = { 0 };
	u32 at = 0, count = s->vl / bytes;

	for (s32 i = first; first >= 0 && i <= last; i++)
		sve_set(out, bytes, at++, sve_get(s->z[0], bytes, (u32)i));
	for (u32 i = 0; at < count; i++)
		sve_set(out, bytes, at++, sve_get(s->z[1], bytes, i));
	memcpy(s->z[0], out, sizeof(out));
}

static void ext_37(struct sve_state *s, u32 bytes)
{
	u32 position = 37 < s->vl ? 37 : 0;
	u8 out[SVE_LONGEST] = { 0 };

	(void)bytes;
	for (u32 i = 0; i < s->vl; i++)
		out[i] = (u8)of_pair(s->z[0], s->z[1], s->vl, 1, position + i);
	memcpy(s->z[0], out, sizeof(out));
}

static void insert(struct sve_state *s, u32 bytes, u64 value)
{
	memmove(s->z[0] + bytes, s->z[0], s->vl - bytes);
	sve_set(s->z[0], bytes, 0, value);
}

static void insr(struct sve_state *s, u32 bytes)
{
	insert(s, bytes, s->x0);
}

static void insr_simd(struct sve_state *s, u32 bytes)
{
	insert(s, bytes, sve_get(s->z[1], bytes, 0));
}

static const struct sve_long_row selections[] = {
	ROW(lasta, 0x0520a020, ALL_SIZES),	   ROW(lastb, 0x0521a020, ALL_SIZES),
	ROW(lasta_simd, 0x05228020, ALL_SIZES),	   ROW(lastb_simd, 0x05238020, ALL_SIZES),
	ROW(clasta, 0x0530a020, ALL_SIZES),	   ROW(clastb, 0x0531a020, ALL_SIZES),
	ROW(clasta_simd, 0x052a8020, ALL_SIZES),   ROW(clastb_simd, 0x052b8020, ALL_SIZES),
	ROW(clasta_vector, 0x05288020, ALL_SIZES), ROW(clastb_vector, 0x05298020, ALL_SIZES),
	ROW(compact, 0x05218020, S_AND_D),	   ROW(splice, 0x052c8020, ALL_SIZES),
	ROW(ext_37, 0x05241420, SVE_FIXED(0)),	   ROW(insr, 0x05243800, ALL_SIZES),
	ROW(insr_simd, 0x05343820, ALL_SIZES),
};

TEST(sve_selections,
     "LASTA, CLASTB, COMPACT, SPLICE, EXT, INSR take elements by the predicate, also where none is active",
     SPEC("DDI 0487, C8.2, LASTA, CLASTB, COMPACT, SPLICE, EXT, INSR and others"))
{
	sve_long_check(selections, ARRAY_SIZE(selections));
}

/* z0 = expression of element i where p0 is active, else what `otherwise` says. */
#define ELEMENTS(name, expression, otherwise)                                               \
	static void name(struct sve_state *s, u32 bytes)                                    \
	{                                                                                   \
		u32 count = s->vl / bytes, bits = bytes * 8;                                \
		u8 out[SVE_LONGEST] = { 0 };                                                \
                                                                                            \
		for (u32 i = 0; i < count; i++) {                                           \
			u64 d = sve_get(s->z[0], bytes, i), n = sve_get(s->z[1], bytes, i), \
			    m = sve_get(s->z[2], bytes, i);                                 \
                                                                                            \
			(void)bits;                                                         \
			(void)d;                                                            \
			(void)n;                                                            \
			(void)m;                                                            \
			sve_set(out, bytes, i,                                              \
				(u64)(s->p[0][i * bytes] ? (expression) : (otherwise)));    \
		}                                                                           \
		memcpy(s->z[0], out, sizeof(out));                                          \
	}
#define EACH(name, expression) ELEMENTS(name, expression, expression)

/* Elements of half the size: `from` is that which becomes element 0. */
static u64 half(const struct sve_state *s, u32 bytes, u32 i, u32 from)
{
	return sve_get(s->z[1], bytes / 2, i + from);
}

/* The doubleword of a vector in which the element lies. */
static u64 wide(const u8 *v, u32 bytes, u32 i)
{
	return sve_get(v, 8, i * bytes / 8);
}

static u64 reversed(u64 value, u32 bits, u32 piece)
{
	u64 out = 0;

	for (u32 at = 0; at < bits; at += piece)
		out |= (value >> at & BITS(piece - 1, 0)) << (bits - piece - at);
	return out;
}

#define SIGNED(value) a64_signed(value, bits)

ELEMENTS(select, n, m)
EACH(index_immediate, -3 + 5 * (s64)i)
EACH(index_scalar, s->x0 + s->x0 * i)
EACH(dup_scalar, s->x0)
EACH(dup_element, bytes < s->vl ? sve_get(s->z[1], bytes, 1) : 0)
ELEMENTS(cpy_immediate, -5, d)
ELEMENTS(cpy_zeroing, -5, 0)
ELEMENTS(cpy_scalar, s->x0, d)
ELEMENTS(cpy_simd, sve_get(s->z[1], bytes, 0), d)
ELEMENTS(revb, reversed(n, bits, 8), d)
ELEMENTS(revh, reversed(n, bits, 16), d)
ELEMENTS(revw, reversed(n, bits, 32), d)
ELEMENTS(rbit, reversed(n, bits, 1), d)
EACH(sunpklo, a64_signed(half(s, bytes, i, 0), bits / 2))
EACH(sunpkhi, a64_signed(half(s, bytes, i, count), bits / 2))
EACH(uunpklo, half(s, bytes, i, 0))
EACH(uunpkhi, half(s, bytes, i, count))
EACH(add_immediate, d + 7)
EACH(add_shifted, d + 0x700)
EACH(sub_immediate, d - 7)
EACH(subr_immediate, 7 - d)
EACH(uqadd_immediate, d + 7 > BITS(bits - 1, 0) || d + 7 < d ? ~0ull : d + 7)
EACH(mul_immediate, d *(u64)-7)
EACH(smax_immediate, SIGNED(d) > -7 ? d : (u64)-7)
EACH(umin_immediate, d < 200 ? d : 200)
EACH(lsr_wide, wide(s->z[2], bytes, i) >= bits ? 0 : n >> wide(s->z[2], bytes, i))
ELEMENTS(lsl_wide, wide(s->z[1], bytes, i) >= bits ? 0 : d << wide(s->z[1], bytes, i), d)
EACH(adr_scaled, n + (m << 2))
EACH(adr_signed, n + ((u64)a64_signed(m, 32) << 3))
EACH(and_immediate, d & 0xff00)
EACH(inch_mul3, d + 3ull * (s->vl / 2))

static void sdot(struct sve_state *s, u32 bytes)
{
	for (u32 i = 0; i < s->vl / bytes; i++) {
		u64 sum = sve_get(s->z[0], bytes, i);

		for (u32 k = 0; k < 4; k++)
			sum += (u64)(a64_signed(sve_get(s->z[1], bytes / 4, 4 * i + k), bytes * 2) *
				     a64_signed(sve_get(s->z[2], bytes / 4, 4 * i + k), bytes * 2));
		sve_set(s->z[0], bytes, i, sum);
	}
}

/* UADDV and SADDV: a doubleword, whatever the elements are. */
static void sum_of_all(struct sve_state *s, u32 bytes, bool is_signed)
{
	u64 sum = 0;

	for (u32 i = 0; i < s->vl / bytes; i++) {
		u64 n = sve_get(s->z[1], bytes, i);

		if (s->p[0][i * bytes])
			sum += is_signed ? (u64)a64_signed(n, bytes * 8) : n;
	}
	to_scalar(s, 8, sum);
}

static void uaddv(struct sve_state *s, u32 bytes)
{
	sum_of_all(s, bytes, false);
}

static void saddv(struct sve_state *s, u32 bytes)
{
	sum_of_all(s, bytes, true);
}

static const struct sve_long_row elements[] = {
	ROW(select, 0x0522c020, ALL_SIZES),
	ROW(index_immediate, 0x042543a0, ALL_SIZES),
	ROW(index_scalar, 0x04204c00, ALL_SIZES),
	ROW(dup_scalar, 0x05203800, ALL_SIZES),
	{ "dup_element", 0x05232020, SVE_FIXED(0), dup_element },
	{ "dup_element", 0x05262020, SVE_FIXED(1), dup_element },
	{ "dup_element", 0x052c2020, SVE_FIXED(2), dup_element },
	{ "dup_element", 0x05382020, SVE_FIXED(3), dup_element },
	ROW(cpy_immediate, 0x05105f60, ALL_SIZES),
	ROW(cpy_zeroing, 0x05101f60, ALL_SIZES),
	ROW(cpy_scalar, 0x0528a000, ALL_SIZES),
	ROW(cpy_simd, 0x05208020, ALL_SIZES),
	ROW(revb, 0x05248020, H_S_D),
	ROW(revh, 0x05258020, S_AND_D),
	ROW(revw, 0x05e68020, SVE_FIXED(3)),
	ROW(rbit, 0x05278020, ALL_SIZES),
	ROW(sunpklo, 0x05303820, H_S_D),
	ROW(sunpkhi, 0x05313820, H_S_D),
	ROW(uunpklo, 0x05323820, H_S_D),
	ROW(uunpkhi, 0x05333820, H_S_D),
	ROW(add_immediate, 0x2520c0e0, ALL_SIZES),
	ROW(add_shifted, 0x2520e0e0, H_S_D),
	ROW(sub_immediate, 0x2521c0e0, ALL_SIZES),
	ROW(subr_immediate, 0x2523c0e0, ALL_SIZES),
	ROW(uqadd_immediate, 0x2525c0e0, ALL_SIZES),
	ROW(mul_immediate, 0x2530df20, ALL_SIZES),
	ROW(smax_immediate, 0x2528df20, ALL_SIZES),
	ROW(umin_immediate, 0x252bd900, ALL_SIZES),
	ROW(lsr_wide, 0x04228420, 7),
	ROW(lsl_wide, 0x041b8020, 7),
	{ "adr_scaled", 0x04a2a820, SVE_FIXED(2), adr_scaled },
	{ "adr_scaled", 0x04e2a820, SVE_FIXED(3), adr_scaled },
	ROW(adr_signed, 0x0422ac20, SVE_FIXED(3)),
	ROW(and_immediate, 0x0583c0e0, SVE_FIXED(3)),
	ROW(inch_mul3, 0x0472c3e0, SVE_FIXED(1)),
	ROW(sdot, 0x44820020, SVE_FIXED(2)),
	ROW(uaddv, 0x04012020, ALL_SIZES),
	ROW(saddv, 0x04002020, 7),
};

TEST(sve_elements,
     "moves, immediates, wide shifts, addresses, sums: every element of every vector length",
     SPEC("DDI 0487, C8.2, SEL (vectors), INDEX, DUP, CPY, REVB, SUNPKHI, ADR, LSR (wide elements), UADDV and others"))
{
	sve_long_check(elements, ARRAY_SIZE(elements));
}

/* p3 = condition where p0 is active: n is the element of z1, x the same as a signed number, y a doubleword of z2. */
#define COMPARE(name, condition)                                             \
	static void name(struct sve_state *s, u32 bytes)                     \
	{                                                                    \
		u32 bits = bytes * 8;                                        \
		u8 out[SVE_LONGEST] = { 0 };                                 \
                                                                             \
		for (u32 i = 0; i < s->vl / bytes; i++) {                    \
			u64 n = sve_get(s->z[1], bytes, i);                  \
			s64 x = SIGNED(n), y = (s64)wide(s->z[2], bytes, i); \
                                                                             \
			(void)x;                                             \
			(void)y;                                             \
			out[i * bytes] = s->p[0][i * bytes] && (condition);  \
		}                                                            \
		memcpy(s->p[3], out, sizeof(out));                           \
		sve_flags(s, s->p[0], s->p[3], bytes);                       \
	}

COMPARE(cmpgt_immediate, x > -5)
COMPARE(cmphi_immediate, n > 100)
COMPARE(cmpeq_wide, x == y)
COMPARE(cmplt_wide, x < y)
COMPARE(cmplo_wide, n < (u64)y)

static const struct sve_long_row comparisons[] = {
	ROW(cmpgt_immediate, 0x251b0033, ALL_SIZES),
	ROW(cmphi_immediate, 0x24390033, ALL_SIZES),
	ROW(cmpeq_wide, 0x24022023, 7),
	ROW(cmplt_wide, 0x24026023, 7),
	ROW(cmplo_wide, 0x2402e023, 7),
};

TEST(sve_long_comparisons, "comparisons with immediates and with wide elements, at each length",
     SPEC("DDI 0487, C8.2, CMP<cc> (immediate), CMP<cc> (wide elements)"))
{
	sve_long_check(comparisons, ARRAY_SIZE(comparisons));
}
