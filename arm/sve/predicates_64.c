/* SPDX-License-Identifier: MIT */
/* SVE: operations on predicates, at several vector lengths. */
#include <test.h>

#include <arm/sysreg.h>
#include <string.h>

#include "long.h"
#include "sve.h"

SUITE("SVE predicates", REQUIRES(has_sve()));

#define ALL_SIZES 15u
#define H_S_D	  14u
#define BYTES	  SVE_FIXED(0)

/* p3 = expression of the bits n of p1 and m of p2 where p0 is active, else what `otherwise` says. */
#define LOGIC(name, expression, otherwise, sets_flags)                        \
	static void name(struct sve_state *s, u32 bytes)                      \
	{                                                                     \
		(void)bytes;                                                  \
		for (u32 i = 0; i < s->vl; i++) {                             \
			u8 n = s->p[1][i], m = s->p[2][i];                    \
                                                                              \
			(void)n;                                              \
			s->p[3][i] = s->p[0][i] ? (expression) : (otherwise); \
		}                                                             \
		if (sets_flags)                                               \
			sve_flags(s, s->p[0], s->p[3], 1);                    \
	}

LOGIC(and, n &m, 0, false)
LOGIC(ands, n &m, 0, true)
LOGIC(bic, n & !m, 0, false)
LOGIC(bics, n & !m, 0, true)
LOGIC(eor, n ^ m, 0, false)
LOGIC(eors, n ^ m, 0, true)
LOGIC(sel, n, m, false)
LOGIC(orr, n | m, 0, false)
LOGIC(orrs, n | m, 0, true)
LOGIC(orn, n | !m, 0, false)
LOGIC(orns, n | !m, 0, true)
LOGIC(nor, !(n | m), 0, false)
LOGIC(nors, !(n | m), 0, true)
LOGIC(nand, !(n & m), 0, false)
LOGIC(nands, !(n & m), 0, true)

#define ROW(name, code, sizes)           \
	{                                \
#name, code, sizes, name \
	}

static const struct sve_long_row logic[] = {
	ROW(and, 0x25024023, BYTES),  ROW(ands, 0x25424023, BYTES), ROW(bic, 0x25024033, BYTES),
	ROW(bics, 0x25424033, BYTES), ROW(eor, 0x25024223, BYTES),  ROW(eors, 0x25424223, BYTES),
	ROW(sel, 0x25024233, BYTES),  ROW(orr, 0x25824023, BYTES),  ROW(orrs, 0x25c24023, BYTES),
	ROW(orn, 0x25824033, BYTES),  ROW(orns, 0x25c24033, BYTES), ROW(nor, 0x25824223, BYTES),
	ROW(nors, 0x25c24223, BYTES), ROW(nand, 0x25824233, BYTES), ROW(nands, 0x25c24233, BYTES),
};

TEST(sve_predicate_logic,
     "AND, BIC, EOR, SEL, ORR, ORN, NOR, NAND of predicates; with S, the flags are those of the active elements",
     SPEC("DDI 0487, C8.2, AND, ANDS (predicates) and others; J1.3, PredTest"))
{
	sve_long_check(logic, ARRAY_SIZE(logic));
}

/* BRKA and BRKB: up to the first element of p1, which BRKA has, too. */
static void partition(struct sve_state *s, bool after, bool merging)
{
	bool broken = false;

	for (u32 i = 0; i < s->vl; i++) {
		if (!s->p[0][i]) {
			if (!merging)
				s->p[3][i] = 0;
			continue;
		}
		if (after) {
			s->p[3][i] = !broken;
			broken |= s->p[1][i];
		} else {
			broken |= s->p[1][i];
			s->p[3][i] = !broken;
		}
	}
}

/* BRKPA and BRKPB: nothing unless the last active element of p1 is true; p2 breaks. */
static void propagate_pair(struct sve_state *s, bool after)
{
	s32 at = sve_last(s, s->p[0], 1);
	bool last = at >= 0 && s->p[1][at];

	for (u32 i = 0; i < s->vl; i++) {
		s->p[3][i] = 0;
		if (!s->p[0][i])
			continue;
		if (!after)
			last &= !s->p[2][i];
		s->p[3][i] = last;
		last &= !s->p[2][i];
	}
}

static void propagate(struct sve_state *s)
{
	s32 at = sve_last(s, s->p[0], 1);

	if (at < 0 || !s->p[1][at])
		memset(s->p[3], 0, s->vl);
}

#define BREAK(name, action, flags_of)                    \
	static void name(struct sve_state *s, u32 bytes) \
	{                                                \
		(void)bytes;                             \
		action;                                  \
		flags_of;                                \
	}
#define NO_FLAGS (void)0
#define FLAGS	 sve_flags(s, s->p[0], s->p[3], 1)

BREAK(brka, partition(s, true, false), NO_FLAGS)
BREAK(brkas, partition(s, true, false), FLAGS)
BREAK(brka_m, partition(s, true, true), NO_FLAGS)
BREAK(brkb, partition(s, false, false), NO_FLAGS)
BREAK(brkbs, partition(s, false, false), FLAGS)
BREAK(brkb_m, partition(s, false, true), NO_FLAGS)
BREAK(brkn, propagate(s), NO_FLAGS)
BREAK(brkns, propagate(s), sve_flags(s, NULL, s->p[3], 1))
BREAK(brkpa, propagate_pair(s, true), NO_FLAGS)
BREAK(brkpas, propagate_pair(s, true), FLAGS)
BREAK(brkpb, propagate_pair(s, false), NO_FLAGS)
BREAK(brkpbs, propagate_pair(s, false), FLAGS)
BREAK(ptest, NO_FLAGS, sve_flags(s, s->p[0], s->p[1], 1))

static void pfirst(struct sve_state *s, u32 bytes)
{
	s32 first = sve_first(s, s->p[0], bytes);

	if (first >= 0)
		s->p[3][first] = 1;
	sve_flags(s, s->p[0], s->p[3], 1);
}

static void pnext(struct sve_state *s, u32 bytes)
{
	u32 next = (u32)(sve_last(s, s->p[3], bytes) + 1), count = s->vl / bytes;

	while (next < count && !s->p[0][next * bytes])
		next++;
	memset(s->p[3], 0, s->vl);
	if (next < count)
		s->p[3][next * bytes] = 1;
	sve_flags(s, s->p[0], s->p[3], bytes);
}

static void ptrues(struct sve_state *s, u32 bytes)
{
	for (u32 i = 0; i < s->vl; i++)
		s->p[3][i] = i % bytes == 0;
	sve_flags(s, NULL, s->p[3], bytes);
}

static const struct sve_long_row breaks[] = {
	ROW(brka, 0x25104023, BYTES),	   ROW(brkas, 0x25504023, BYTES),
	ROW(brka_m, 0x25104033, BYTES),	   ROW(brkb, 0x25904023, BYTES),
	ROW(brkbs, 0x25d04023, BYTES),	   ROW(brkb_m, 0x25904033, BYTES),
	ROW(brkn, 0x25184023, BYTES),	   ROW(brkns, 0x25584023, BYTES),
	ROW(brkpa, 0x2502c023, BYTES),	   ROW(brkpas, 0x2542c023, BYTES),
	ROW(brkpb, 0x2502c033, BYTES),	   ROW(brkpbs, 0x2542c033, BYTES),
	ROW(ptest, 0x2550c020, BYTES),	   ROW(pfirst, 0x2558c003, BYTES),
	ROW(pnext, 0x2519c403, ALL_SIZES), ROW(ptrues, 0x2519e3e3, ALL_SIZES),
};

TEST(sve_predicate_breaks,
     "BRKA, BRKB, BRKN, BRKPA, BRKPB, PFIRST, PNEXT, PTEST, PTRUES: which elements are active, and the flags",
     SPEC("DDI 0487, C8.2, BRKA, BRKN, BRKPA, PFIRST, PNEXT, PTEST and others"))
{
	sve_long_check(breaks, ARRAY_SIZE(breaks));
}

/* Elements that are active in p1, and where `mask` is given in it. */
static u64 count_active(const struct sve_state *s, const u8 *mask, u32 bytes)
{
	u64 count = 0;

	for (u32 e = 0; e < s->vl / bytes; e++)
		count += s->p[1][e * bytes] && (!mask || mask[e * bytes]);
	return count;
}

static void cntp(struct sve_state *s, u32 bytes)
{
	s->x0 = count_active(s, s->p[0], bytes);
}

static void incp(struct sve_state *s, u32 bytes)
{
	s->x0 += count_active(s, NULL, bytes);
}

static void decp(struct sve_state *s, u32 bytes)
{
	s->x0 -= count_active(s, NULL, bytes);
}

static void incp_vector(struct sve_state *s, u32 bytes)
{
	u64 count = count_active(s, NULL, bytes);

	for (u32 e = 0; e < s->vl / bytes; e++)
		sve_set(s->z[0], bytes, e, sve_get(s->z[0], bytes, e) + count);
}

/* Half of the elements of p1, each of which becomes twice as long. */
static void unpack(struct sve_state *s, bool high)
{
	u8 out[SVE_LONGEST] = { 0 };

	for (u32 i = 0; i < s->vl / 2; i++)
		out[2 * i] = s->p[1][i + (high ? s->vl / 2 : 0)];
	memcpy(s->p[3], out, sizeof(out));
}

static void punpklo(struct sve_state *s, u32 bytes)
{
	(void)bytes;
	unpack(s, false);
}

static void punpkhi(struct sve_state *s, u32 bytes)
{
	(void)bytes;
	unpack(s, true);
}

static const struct sve_long_row counts[] = {
	ROW(cntp, 0x25208020, ALL_SIZES), ROW(incp, 0x252c8820, ALL_SIZES),
	ROW(decp, 0x252d8820, ALL_SIZES), ROW(incp_vector, 0x252c8020, H_S_D),
	ROW(punpklo, 0x05304023, BYTES),  ROW(punpkhi, 0x05314023, BYTES),
};

TEST(sve_predicate_counts, "CNTP, INCP, DECP count active elements; PUNPKLO and PUNPKHI widen them",
     SPEC("DDI 0487, C8.2, CNTP, INCP (scalar), INCP (vector), PUNPKHI, PUNPKLO"))
{
	sve_long_check(counts, ARRAY_SIZE(counts));
}
