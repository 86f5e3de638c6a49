/* SPDX-License-Identifier: MIT */
/*
 * Results and condition codes of binary arithmetic against lib/s390x/model/: every instruction on all pairs
 * of edge operands with every condition code before it, then on operands from the seed. What an
 * instruction does not define, the left half of a register for one of 32 bits, has to stay.
 */
#include <test.h>

#include <s390x/model/alu.h>

SUITE("Binary arithmetic");

/* First operand %r2 or the pair %r2, %r3; second %r5, or as a shift count. */
#define INSN(name, text)                                                  \
	static void insn_##name(struct alu_state *s)                      \
	{                                                                 \
		register u64 r2 __asm__("2") = s->first;                  \
		register u64 r3 __asm__("3") = s->odd;                    \
		register u64 r4 __asm__("4") = (u64)s->cc << 28;          \
		register u64 r5 __asm__("5") = s->second;                 \
                                                                          \
		__asm__ volatile("spm %%r4\n" text "\nipm %%r4"           \
				 : "+d"(r2), "+d"(r3), "+d"(r4), "+d"(r5) \
				 :                                        \
				 : "cc");                                 \
		s->first = r2;                                            \
		s->odd = r3;                                              \
		s->cc = (u32)r4 >> 28 & 3;                                \
	}

/* Mnemonic, text, operation, width, second operand. */
#define ALL(X)                                                              \
	X(ar, "ar %%r2,%%r5", ADD, 32, WHOLE)                               \
	X(agr, "agr %%r2,%%r5", ADD, 64, WHOLE)                             \
	X(agfr, "agfr %%r2,%%r5", ADD, 64, SIGNED_32)                       \
	X(sr, "sr %%r2,%%r5", SUBTRACT, 32, WHOLE)                          \
	X(sgr, "sgr %%r2,%%r5", SUBTRACT, 64, WHOLE)                        \
	X(sgfr, "sgfr %%r2,%%r5", SUBTRACT, 64, SIGNED_32)                  \
	X(alr, "alr %%r2,%%r5", ADD_LOGICAL, 32, WHOLE)                     \
	X(algr, "algr %%r2,%%r5", ADD_LOGICAL, 64, WHOLE)                   \
	X(algfr, "algfr %%r2,%%r5", ADD_LOGICAL, 64, UNSIGNED_32)           \
	X(slr, "slr %%r2,%%r5", SUBTRACT_LOGICAL, 32, WHOLE)                \
	X(slgr, "slgr %%r2,%%r5", SUBTRACT_LOGICAL, 64, WHOLE)              \
	X(slgfr, "slgfr %%r2,%%r5", SUBTRACT_LOGICAL, 64, UNSIGNED_32)      \
	X(alcr, "alcr %%r2,%%r5", ADD_CARRY, 32, WHOLE)                     \
	X(alcgr, "alcgr %%r2,%%r5", ADD_CARRY, 64, WHOLE)                   \
	X(slbr, "slbr %%r2,%%r5", SUBTRACT_BORROW, 32, WHOLE)               \
	X(slbgr, "slbgr %%r2,%%r5", SUBTRACT_BORROW, 64, WHOLE)             \
	X(ark, "ark %%r2,%%r2,%%r5", ADD, 32, WHOLE)                        \
	X(agrk, "agrk %%r2,%%r2,%%r5", ADD, 64, WHOLE)                      \
	X(slgrk, "slgrk %%r2,%%r2,%%r5", SUBTRACT_LOGICAL, 64, WHOLE)       \
	X(nr, "nr %%r2,%%r5", AND, 32, WHOLE)                               \
	X(ngr, "ngr %%r2,%%r5", AND, 64, WHOLE)                             \
	X(or, "or %%r2,%%r5", OR, 32, WHOLE)                                \
	X(ogr, "ogr %%r2,%%r5", OR, 64, WHOLE)                              \
	X(xr, "xr %%r2,%%r5", XOR, 32, WHOLE)                               \
	X(xgr, "xgr %%r2,%%r5", XOR, 64, WHOLE)                             \
	X(cr, "cr %%r2,%%r5", COMPARE, 32, WHOLE)                           \
	X(cgr, "cgr %%r2,%%r5", COMPARE, 64, WHOLE)                         \
	X(cgfr, "cgfr %%r2,%%r5", COMPARE, 64, SIGNED_32)                   \
	X(clr, "clr %%r2,%%r5", COMPARE_LOGICAL, 32, WHOLE)                 \
	X(clgr, "clgr %%r2,%%r5", COMPARE_LOGICAL, 64, WHOLE)               \
	X(clgfr, "clgfr %%r2,%%r5", COMPARE_LOGICAL, 64, UNSIGNED_32)       \
	X(lcr, "lcr %%r2,%%r5", COMPLEMENT, 32, WHOLE)                      \
	X(lcgr, "lcgr %%r2,%%r5", COMPLEMENT, 64, WHOLE)                    \
	X(lcgfr, "lcgfr %%r2,%%r5", COMPLEMENT, 64, SIGNED_32)              \
	X(lpr, "lpr %%r2,%%r5", POSITIVE, 32, WHOLE)                        \
	X(lpgr, "lpgr %%r2,%%r5", POSITIVE, 64, WHOLE)                      \
	X(lpgfr, "lpgfr %%r2,%%r5", POSITIVE, 64, SIGNED_32)                \
	X(lnr, "lnr %%r2,%%r5", NEGATIVE, 32, WHOLE)                        \
	X(lngr, "lngr %%r2,%%r5", NEGATIVE, 64, WHOLE)                      \
	X(lngfr, "lngfr %%r2,%%r5", NEGATIVE, 64, SIGNED_32)                \
	X(lr, "lr %%r2,%%r5", LOAD, 32, WHOLE)                              \
	X(lgr, "lgr %%r2,%%r5", LOAD, 64, WHOLE)                            \
	X(lgfr, "lgfr %%r2,%%r5", LOAD, 64, SIGNED_32)                      \
	X(llgfr, "llgfr %%r2,%%r5", LOAD, 64, UNSIGNED_32)                  \
	X(lghr, "lghr %%r2,%%r5", LOAD, 64, SIGNED_16)                      \
	X(llghr, "llghr %%r2,%%r5", LOAD, 64, UNSIGNED_16)                  \
	X(lhr, "lhr %%r2,%%r5", LOAD, 32, SIGNED_16)                        \
	X(lbr, "lbr %%r2,%%r5", LOAD, 32, SIGNED_8)                         \
	X(lgbr, "lgbr %%r2,%%r5", LOAD, 64, SIGNED_8)                       \
	X(llgcr, "llgcr %%r2,%%r5", LOAD, 64, UNSIGNED_8)                   \
	X(ltr, "ltr %%r2,%%r5", LOAD_TEST, 32, WHOLE)                       \
	X(ltgr, "ltgr %%r2,%%r5", LOAD_TEST, 64, WHOLE)                     \
	X(ltgfr, "ltgfr %%r2,%%r5", LOAD_TEST, 64, SIGNED_32)               \
	X(msr, "msr %%r2,%%r5", MULTIPLY_SINGLE, 32, WHOLE)                 \
	X(msgr, "msgr %%r2,%%r5", MULTIPLY_SINGLE, 64, WHOLE)               \
	X(msgfr, "msgfr %%r2,%%r5", MULTIPLY_SINGLE, 64, SIGNED_32)         \
	X(sla, "sla %%r2,0(%%r5)", SHIFT_LEFT, 32, WHOLE)                   \
	X(slag, "slag %%r2,%%r2,0(%%r5)", SHIFT_LEFT, 64, WHOLE)            \
	X(sra, "sra %%r2,0(%%r5)", SHIFT_RIGHT, 32, WHOLE)                  \
	X(srag, "srag %%r2,%%r2,0(%%r5)", SHIFT_RIGHT, 64, WHOLE)           \
	X(sll, "sll %%r2,0(%%r5)", SHIFT_LEFT_LOGICAL, 32, WHOLE)           \
	X(sllg, "sllg %%r2,%%r2,0(%%r5)", SHIFT_LEFT_LOGICAL, 64, WHOLE)    \
	X(srl, "srl %%r2,0(%%r5)", SHIFT_RIGHT_LOGICAL, 32, WHOLE)          \
	X(srlg, "srlg %%r2,%%r2,0(%%r5)", SHIFT_RIGHT_LOGICAL, 64, WHOLE)   \
	X(rll, "rll %%r2,%%r2,0(%%r5)", ROTATE, 32, WHOLE)                  \
	X(rllg, "rllg %%r2,%%r2,0(%%r5)", ROTATE, 64, WHOLE)                \
	X(mr, "mr %%r2,%%r5", MULTIPLY, 32, WHOLE)                          \
	X(mlr, "mlr %%r2,%%r5", MULTIPLY_LOGICAL, 32, WHOLE)                \
	X(mlgr, "mlgr %%r2,%%r5", MULTIPLY_LOGICAL, 64, WHOLE)              \
	X(slda, "slda %%r2,0(%%r5)", SHIFT_DOUBLE_LEFT, 32, WHOLE)          \
	X(srda, "srda %%r2,0(%%r5)", SHIFT_DOUBLE_RIGHT, 32, WHOLE)         \
	X(sldl, "sldl %%r2,0(%%r5)", SHIFT_DOUBLE_LEFT_LOGICAL, 32, WHOLE)  \
	X(srdl, "srdl %%r2,0(%%r5)", SHIFT_DOUBLE_RIGHT_LOGICAL, 32, WHOLE) \
	X(flogr, "flogr %%r2,%%r5", FIND_LEFTMOST_ONE, 64, WHOLE)           \
	X(popcnt, "popcnt %%r2,%%r5", POPULATION, 64, WHOLE)

#define DIVISIONS(X)                                              \
	X(dr, "dr %%r2,%%r5", DIVIDE, 32, WHOLE)                  \
	X(dlr, "dlr %%r2,%%r5", DIVIDE_LOGICAL, 32, WHOLE)        \
	X(dsgr, "dsgr %%r2,%%r5", DIVIDE_SINGLE, 64, WHOLE)       \
	X(dsgfr, "dsgfr %%r2,%%r5", DIVIDE_SINGLE, 64, SIGNED_32) \
	X(dlgr, "dlgr %%r2,%%r5", DIVIDE_LOGICAL, 64, WHOLE)

#define DEFINE(name, text, operation, width, operand) INSN(name, text)
#define ROW(name, text, operation, width, operand) \
	{ #name, insn_##name, { ALU_##operation, width, ALU_##operand } },
ALL(DEFINE)
DIVISIONS(DEFINE)

struct row {
	const char *name;
	void (*insn)(struct alu_state *s);
	struct alu_instruction model;
};

static const struct row all[] = { ALL(ROW) };
static const struct row divisions[] = { DIVISIONS(ROW) };

static const u64 edges[] = {
	0,
	1,
	2,
	0x1f,
	0x20,
	0x3f,
	0x7f,
	0x80,
	0x7fff,
	0x8000,
	0x7fffffff,
	0x80000000,
	0x80000001,
	0xffffffff,
	0x100000000,
	0xffffffff80000000,
	0xffffffff00000000,
	0x7fffffffffffffff,
	0x8000000000000000,
	0x8000000000000001,
	0xfffffffffffffffe,
	0xffffffffffffffff,
};

#define RANDOM_ROUNDS 1500

static void check(const struct row *row, struct alu_state before)
{
	struct alu_state actual = before, expected = before;

	if (!alu_execute(&row->model, &expected))
		return; /* an exception, which exc:divide is about */
	row->insn(&actual);
#define WHERE "%#llx, %#llx with %#llx, cc %u", before.first, before.odd, before.second, before.cc
	EXPECT_EQ(actual.first, expected.first, WHERE);
	EXPECT_EQ(actual.odd, expected.odd, WHERE);
	EXPECT_EQ(actual.cc, expected.cc, WHERE);
}

/* A number whose length is random too, so that small ones come up. */
static u64 random_operand(void)
{
	u64 value = random_u64() >> random_below(64);

	return random_below(2) ? value : ~value;
}

static void check_row(const struct row *row)
{
	SUBTEST("%s", row->name);
	for (u32 i = 0; i < ARRAY_SIZE(edges); i++) {
		for (u32 j = 0; j < ARRAY_SIZE(edges); j++) {
			for (u32 cc = 0; cc < 4; cc++)
				check(row, (struct alu_state){ edges[i],
							       edges[(i + j) % ARRAY_SIZE(edges)],
							       edges[j], cc });
		}
	}
	for (u32 i = 0; i < RANDOM_ROUNDS; i++)
		check(row, (struct alu_state){ random_operand(), random_operand(), random_operand(),
					       (u32)random_below(4) });
}

TEST(alu, "results and condition codes are those of the definition",
     SPEC("PoP SA22-7832-13, chapter 7, General Instructions"))
{
	for (u32 i = 0; i < ARRAY_SIZE(all); i++)
		check_row(&all[i]);
}

TEST(division, "quotient and remainder are those of the definition; the condition code stays",
     SPEC("PoP SA22-7832-13, chapter 7, DIVIDE, DIVIDE LOGICAL, DIVIDE SINGLE"))
{
	for (u32 i = 0; i < ARRAY_SIZE(divisions); i++)
		check_row(&divisions[i]);
}
