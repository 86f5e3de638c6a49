/* SPDX-License-Identifier: MIT */
/* SVE: how many elements a pattern stands for, and what counts with it; conditions that make predicates. */
#include <test.h>

#include <arm/sysreg.h>
#include <model/a64.h>
#include <string.h>

#include "long.h"
#include "sve.h"

SUITE("SVE counts", REQUIRES(has_sve()));

#define ALL_SIZES 15u
#define H_S_D	  14u
#define PATTERNS  32
#define SYS_ZFR0  s3_0_c0_c4_4 /* ID_AA64ZFR0_EL1 */

/* What the instruction at hand has. */
static u32 pattern, multiplier;

/* DecodePredCount(): DDI 0487, J1.3. */
static u32 pattern_count(u32 elements)
{
	u32 count = 0;

	if (pattern == 0)
		for (count = 1; count * 2 <= elements;)
			count *= 2;
	else if (pattern <= 8)
		count = pattern;
	else if (pattern <= 13)
		count = 16u << (pattern - 9);
	else if (pattern == 29)
		count = elements - elements % 4;
	else if (pattern == 30)
		count = elements - elements % 3;
	else if (pattern == 31)
		count = elements;
	return count <= elements ? count : 0;
}

static u64 amount(const struct sve_state *s, u32 bytes)
{
	return (u64)pattern_count(s->vl / bytes) * multiplier;
}

/* value + by, or value - by, as a number of so many bits that stays at its limits. */
static u64 saturated(u64 value, u64 by, bool subtract, u32 bits, bool is_signed)
{
	u64 ones = BITS(bits - 1, 0);

	if (is_signed) {
		s64 max = (s64)(ones >> 1), min = -max - 1, x = a64_signed(value, bits);

		if (subtract)
			return (u64)(x < min + (s64)by ? min : x - (s64)by);
		return (u64)(x > max - (s64)by ? max : x + (s64)by);
	}
	value &= ones;
	if (subtract)
		return value < by ? 0 : value - by;
	return value > ones - by ? ones : value + by;
}

static void cnt(struct sve_state *s, u32 bytes)
{
	s->x0 = amount(s, bytes);
}

static void inc(struct sve_state *s, u32 bytes)
{
	s->x0 += amount(s, bytes);
}

static void dec(struct sve_state *s, u32 bytes)
{
	s->x0 -= amount(s, bytes);
}

static void inc_vector(struct sve_state *s, u32 bytes)
{
	for (u32 i = 0; i < s->vl / bytes; i++)
		sve_set(s->z[0], bytes, i, sve_get(s->z[0], bytes, i) + amount(s, bytes));
}

static void dec_vector(struct sve_state *s, u32 bytes)
{
	for (u32 i = 0; i < s->vl / bytes; i++)
		sve_set(s->z[0], bytes, i, sve_get(s->z[0], bytes, i) - amount(s, bytes));
}

#define SATURATING(name, subtract, is_signed)                                                     \
	static void name##_x(struct sve_state *s, u32 bytes)                                      \
	{                                                                                         \
		s->x0 = saturated(s->x0, amount(s, bytes), subtract, 64, is_signed);              \
	}                                                                                         \
	static void name##_w(struct sve_state *s, u32 bytes)                                      \
	{                                                                                         \
		s->x0 = saturated(s->x0, amount(s, bytes), subtract, 32, is_signed);              \
	}                                                                                         \
	static void name##_vector(struct sve_state *s, u32 bytes)                                 \
	{                                                                                         \
		for (u32 i = 0; i < s->vl / bytes; i++)                                           \
			sve_set(s->z[0], bytes, i,                                                \
				saturated(sve_get(s->z[0], bytes, i), amount(s, bytes), subtract, \
					  bytes * 8, is_signed));                                 \
	}

SATURATING(sqinc, false, true)
SATURATING(uqinc, false, false)
SATURATING(sqdec, true, true)
SATURATING(uqdec, true, false)

#define ROW(name, code, sizes)           \
	{                                \
#name, code, sizes, name \
	}

static const struct sve_long_row counting[] = {
	ROW(cnt, 0x0420e000, ALL_SIZES),      ROW(inc, 0x0430e000, ALL_SIZES),
	ROW(dec, 0x0430e400, ALL_SIZES),      ROW(sqinc_w, 0x0420f000, ALL_SIZES),
	ROW(uqinc_w, 0x0420f400, ALL_SIZES),  ROW(sqdec_w, 0x0420f800, ALL_SIZES),
	ROW(uqdec_w, 0x0420fc00, ALL_SIZES),  ROW(sqinc_x, 0x0430f000, ALL_SIZES),
	ROW(uqinc_x, 0x0430f400, ALL_SIZES),  ROW(sqdec_x, 0x0430f800, ALL_SIZES),
	ROW(uqdec_x, 0x0430fc00, ALL_SIZES),  ROW(inc_vector, 0x0430c000, H_S_D),
	ROW(dec_vector, 0x0430c400, H_S_D),   ROW(sqinc_vector, 0x0420c000, H_S_D),
	ROW(uqinc_vector, 0x0420c400, H_S_D), ROW(sqdec_vector, 0x0420c800, H_S_D),
	ROW(uqdec_vector, 0x0420cc00, H_S_D),
};

/* The first row has every pattern but most of those without a meaning, the others one of each kind. */
static bool is_tried(u32 row)
{
	if (row)
		return pattern == 0 || pattern == 7 || pattern == 9 || pattern > 28;
	return pattern <= 14 || pattern == 21 || pattern >= 28;
}

/* `multiplied`: with a multiplier for each pattern. */
static void check_patterns(const struct sve_long_row *rows, u32 count, bool multiplied)
{
	struct sve_length lengths[SVE_LENGTHS];
	u32 known = sve_lengths(lengths);

	for (u32 i = 0; i < count; i++)
		for (u32 size = 0; size < 4; size++) {
			if (!(rows[i].sizes >> size & 1))
				continue;
			SUBTEST("%s-%u", rows[i].name, 8 << size);
			for (pattern = 0; pattern < PATTERNS; pattern++) {
				struct sve_long_row row = rows[i];

				if (!is_tried(i))
					continue;
				multiplier = multiplied ? (pattern * 7 + i + size) % 16 + 1 : 1;
				row.code |= pattern << 5 | (multiplier - 1) << 16;
				sve_long_run(&row, size, lengths, known);
			}
		}
	write_sys(CPACR, CPACR_FPEN);
}

TEST(sve_pattern_counts,
     "CNT, INC, DEC and their saturating forms count what each pattern stands for, times an immediate",
     SPEC("DDI 0487, C8.2, CNTB, INCB, DECB, SQINCB, UQDECH (scalar, vector) and others; J1.3, DecodePredCount"))
{
	check_patterns(counting, ARRAY_SIZE(counting), true);
}

static void ptrue(struct sve_state *s, u32 bytes)
{
	u32 count = pattern_count(s->vl / bytes);

	for (u32 i = 0; i < s->vl; i++)
		s->p[3][i] = i % bytes == 0 && i / bytes < count;
}

static void ptrues(struct sve_state *s, u32 bytes)
{
	ptrue(s, bytes);
	sve_flags(s, s->p[3], s->p[3], bytes);
}

static const struct sve_long_row predicates[] = {
	ROW(ptrue, 0x2518e003, ALL_SIZES),
	ROW(ptrues, 0x2519e003, ALL_SIZES),
};

TEST(sve_pattern_predicates, "PTRUE and PTRUES with each pattern, at each vector length",
     SPEC("DDI 0487, C8.2, PTRUE, PTRUES; J1.3, DecodePredCount"))
{
	check_patterns(predicates, ARRAY_SIZE(predicates), false);
}

static void addvl(struct sve_state *s, u32 bytes)
{
	(void)bytes;
	s->x0 += (u64)(-32 * (s64)s->vl);
}

static void addpl(struct sve_state *s, u32 bytes)
{
	(void)bytes;
	s->x0 += 31ull * s->vl / 8;
}

static void rdvl(struct sve_state *s, u32 bytes)
{
	(void)bytes;
	s->x0 = 31ull * s->vl;
}

static const struct sve_long_row lengths[] = {
	ROW(addvl, 0x04205400, SVE_FIXED(0)),
	ROW(addpl, 0x046053e0, SVE_FIXED(0)),
	ROW(rdvl, 0x04bf53e0, SVE_FIXED(0)),
};

TEST(sve_length_multiples,
     "ADDVL, ADDPL and RDVL with the largest immediates, at each vector length",
     SPEC("DDI 0487, C8.2, ADDVL, ADDPL, RDVL"))
{
	sve_long_check(lengths, ARRAY_SIZE(lengths));
}

/* p3 = while `condition` of n, which counts by `step` from x0 or from 0, and m, the other one; as `type`. */
static void while_true(struct sve_state *s, u32 bytes, bool (*condition)(u64 n, u64 m, u32 bits),
		       u64 n, u64 m, u32 bits, bool down)
{
	u32 count = s->vl / bytes;
	bool holds = true;

	memset(s->p[3], 0, sizeof(s->p[3]));
	for (u32 i = 0; i < count; i++) {
		u32 e = down ? count - 1 - i : i;

		holds = holds && condition(n & BITS(bits - 1, 0), m & BITS(bits - 1, 0), bits);
		s->p[3][e * bytes] = holds;
		n += down ? -1ull : 1;
	}
	sve_flags(s, NULL, s->p[3], bytes);
}

#define WHILE(name, expression, down)                                       \
	static bool name##_holds(u64 n, u64 m, u32 bits)                    \
	{                                                                   \
		s64 x = a64_signed(n, bits), y = a64_signed(m, bits);       \
                                                                            \
		(void)x;                                                    \
		(void)y;                                                    \
		return expression;                                          \
	}                                                                   \
	static void while##name##_x_0(struct sve_state *s, u32 bytes)       \
	{                                                                   \
		while_true(s, bytes, name##_holds, s->x0, 0, 64, down);     \
	}                                                                   \
	static void while##name##_0_x(struct sve_state *s, u32 bytes)       \
	{                                                                   \
		while_true(s, bytes, name##_holds, 0, s->x0, 64, down);     \
	}                                                                   \
	static void while##name##_w_0(struct sve_state *s, u32 bytes)       \
	{                                                                   \
		while_true(s, bytes, name##_holds, s->x0, 0, 32, down);     \
	}                                                                   \
	static void while##name##_0_w(struct sve_state *s, u32 bytes)       \
	{                                                                   \
		while_true(s, bytes, name##_holds, 0, s->x0, 32, down);     \
	}                                                                   \
	static void while##name##_x_x(struct sve_state *s, u32 bytes)       \
	{                                                                   \
		while_true(s, bytes, name##_holds, s->x0, s->x0, 64, down); \
	}

WHILE(lt, x < y, false)
WHILE(le, x <= y, false)
WHILE(lo, n < m, false)
WHILE(ls, n <= m, false)
WHILE(ge, x >= y, true)
WHILE(gt, x > y, true)
WHILE(hs, n >= m, true)
WHILE(hi, n > m, true)

#define WHILE_ROWS(name, code)                                          \
	ROW(while##name##_x_0, (code) | 0x001f1000, ALL_SIZES),         \
		ROW(while##name##_0_x, (code) | 0x000013e0, ALL_SIZES), \
		ROW(while##name##_w_0, (code) | 0x001f0000, ALL_SIZES), \
		ROW(while##name##_0_w, (code) | 0x000003e0, ALL_SIZES), \
		ROW(while##name##_x_x, (code) | 0x00001000, ALL_SIZES)

static const struct sve_long_row whiles[] = {
	WHILE_ROWS(lt, 0x25200403),
	WHILE_ROWS(le, 0x25200413),
	WHILE_ROWS(lo, 0x25200c03),
	WHILE_ROWS(ls, 0x25200c13),
};

TEST(sve_long_while,
     "WHILELT, WHILELE, WHILELO, WHILELS count up from or to 0 with 32 and 64 bits, at each vector length",
     SPEC("DDI 0487, C8.2, WHILELT, WHILELE, WHILELO, WHILELS"))
{
	sve_long_check(whiles, ARRAY_SIZE(whiles));
}

static const struct sve_long_row whiles_down[] = {
	WHILE_ROWS(ge, 0x25200003),
	WHILE_ROWS(gt, 0x25200013),
	WHILE_ROWS(hs, 0x25200803),
	WHILE_ROWS(hi, 0x25200813),
};

static bool has_sve2(void)
{
	return has_sve() && (read_sys(ZFR0) & 0xf); /* SVEver */
}

TEST(sve_while_down,
     "WHILEGE, WHILEGT, WHILEHS, WHILEHI count down from the highest element, at each vector length",
     SPEC("DDI 0487, C8.2, WHILEGE, WHILEGT, WHILEHS, WHILEHI"), REQUIRES(has_sve2()))
{
	sve_long_check(whiles_down, ARRAY_SIZE(whiles_down));
}
