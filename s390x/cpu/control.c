/* SPDX-License-Identifier: MIT */
/* Branches on the condition code, EXECUTE, and instructions whose registers must be even. */
#include <test.h>

#include <s390x/facility.h>

SUITE("Branches, EXECUTE, register pairs");

/* Bit 8 >> cc of the mask decides. */
static bool taken(u32 mask, u32 cc)
{
	return mask & 8 >> cc;
}

#define BRANCH_ON(mask)                                    \
	static bool branch_##mask(u32 cc)                  \
	{                                                  \
		u32 result;                                \
                                                           \
		__asm__ volatile("sll %1,28\n"             \
				 "spm %1\n"                \
				 "lhi %0,1\n"              \
				 "brc " #mask ",1f\n"      \
				 "lhi %0,0\n"              \
				 "1:"                      \
				 : "=&d"(result), "+d"(cc) \
				 :                         \
				 : "cc");                  \
		return result;                             \
	}
BRANCH_ON(0)
BRANCH_ON(1)
BRANCH_ON(2)
BRANCH_ON(3)
BRANCH_ON(4)
BRANCH_ON(5)
BRANCH_ON(6)
BRANCH_ON(7)
BRANCH_ON(8)
BRANCH_ON(9)
BRANCH_ON(10)
BRANCH_ON(11)
BRANCH_ON(12)
BRANCH_ON(13)
BRANCH_ON(14)
BRANCH_ON(15)

TEST(branch_masks,
     "BRANCH RELATIVE ON CONDITION branches where the mask has the condition code's bit",
     SPEC("PoP SA22-7832-13, chapter 7, BRANCH RELATIVE ON CONDITION"))
{
	static bool (*const branch[])(u32 cc) = {
		branch_0,  branch_1,  branch_2,	 branch_3,  branch_4,  branch_5,
		branch_6,  branch_7,  branch_8,	 branch_9,  branch_10, branch_11,
		branch_12, branch_13, branch_14, branch_15,
	};

	for (u32 mask = 0; mask < 16; mask++) {
		for (u32 cc = 0; cc < 4; cc++)
			EXPECT_EQ(branch[mask](cc), taken(mask, cc), "mask %u, cc %u", mask, cc);
	}
}

TEST(executed_branch, "EXECUTE supplies the mask of a branch, which is taken as if it stood there",
     SPEC("PoP SA22-7832-13, chapter 7, EXECUTE, BRANCH ON CONDITION"))
{
	for (u32 mask = 0; mask < 16; mask++) {
		for (u32 cc = 0; cc < 4; cc++) {
			u32 code = cc << 28, result;

			__asm__ volatile("larl %%r5,1f\n"
					 "larl %%r4,3f\n"
					 "spm %1\n"
					 "lhi %0,0\n"
					 "ex %2,0(%%r4)\n"
					 "j 2f\n"
					 "3: bcr 0,%%r5\n"
					 "1: lhi %0,1\n"
					 "2:"
					 : "=&d"(result)
					 : "d"(code), "a"(mask << 4)
					 : "4", "5", "cc");
			EXPECT_EQ(result, (u32)taken(mask, cc), "mask %u, cc %u", mask, cc);
		}
	}
}

TEST(branch_on_count,
     "BRANCH ON COUNT branches until the register is zero, and never with register 0",
     SPEC("PoP SA22-7832-13, chapter 7, BRANCH ON COUNT"))
{
	u64 count = 1000, rounds = 0, left = 5;

	__asm__ volatile("1: aghi %1,1\n"
			 "brctg %0,1b"
			 : "+d"(count), "+d"(rounds)
			 :
			 : "cc");
	EXPECT_EQ(rounds, 1000u);
	EXPECT_EQ(count, 0u);
	/* A second operand of register 0 only counts. */
	__asm__ volatile("bctgr %0,%%r0" : "+d"(left) : : "cc");
	EXPECT_EQ(left, 4u);
}

static u8 from[256], to[256 + 16];

TEST(execute_length, "EXECUTE ORs the last byte of R1 into the length of MVC",
     SPEC("PoP SA22-7832-13, chapter 7, EXECUTE"))
{
	for (u32 i = 0; i < 256; i++)
		from[i] = (u8)(i % 255 + 1);
	for (u32 length = 1; length <= 256; length++) {
		u32 moved = 0;

		for (u32 i = 0; i < sizeof(to); i++)
			to[i] = 0;
		/* All but the last byte is not looked at. */
		__asm__ volatile("larl %%r4,1f\n"
				 "j 2f\n"
				 "1: mvc 0(1,%0),0(%1)\n"
				 "2: ex %2,0(%%r4)"
				 :
				 : "a"(to), "a"(from), "a"(0xabcdef00u | (length - 1))
				 : "4", "memory");
		while (moved < sizeof(to) && to[moved])
			moved++;
		EXPECT_EQ(moved, length);
		EXPECT_MEM_EQ(to, from, length);
		EXPECT_EQ(to[length], 0u);
	}
}

TEST(execute_register_0, "EXECUTE with R1 = 0 changes nothing in its target",
     SPEC("PoP SA22-7832-13, chapter 7, EXECUTE"))
{
	for (u32 i = 0; i < 16; i++) {
		from[i] = (u8)(i + 1);
		to[i] = 0;
	}
	__asm__ volatile("lghi %%r0,7\n"
			 "larl %%r4,1f\n"
			 "j 2f\n"
			 "1: mvc 0(4,%0),0(%1)\n"
			 "2: ex %%r0,0(%%r4)"
			 :
			 : "a"(to), "a"(from)
			 : "0", "4", "memory");
	EXPECT_EQ(to[3], 4u);
	EXPECT_EQ(to[4], 0u);
}

TEST(execute_relative, "EXECUTE RELATIVE LONG does the same with a relative address",
     SPEC("PoP SA22-7832-13, chapter 7, EXECUTE RELATIVE LONG"),
	  REQUIRES(has_facility(FACILITY_EXECUTE_EXTENSION)))
{
	for (u32 length = 1; length <= 16; length++) {
		for (u32 i = 0; i < sizeof(to); i++) {
			from[i % 256] = 0x77;
			to[i] = 0;
		}
		__asm__ volatile("j 2f\n"
				 "1: mvc 0(1,%0),0(%1)\n"
				 "2: exrl %2,1b"
				 :
				 : "a"(to), "a"(from), "a"(length - 1)
				 : "memory");
		EXPECT_EQ(to[length - 1], 0x77u);
		EXPECT_EQ(to[length], 0u);
	}
}

/* ----------------------------------------------------------------------------- odd register pairs */

static u64 doubleword[4] __aligned(16);

#define PAIR(name, text)                                                          \
	static struct fault pair_##name(void)                                     \
	{                                                                         \
		fault_clear();                                                    \
		__asm__ volatile("lgr %%r1,%0\n"                                  \
				 "lghi %%r2,1\n"                                  \
				 "lghi %%r3,2\n"                                  \
				 "lghi %%r4,3\n"                                  \
				 "lghi %%r5,4\n" GUARDED(text)                    \
				 :                                                \
				 : "a"(doubleword)                                \
				 : "0", "1", "2", "3", "4", "5", "cc", "memory"); \
		return fault_taken();                                             \
	}

/* By .insn: the assemblers know the rule. */
#define PAIRS(X)                                                       \
	X(mr, ".insn rr,0x1c00,%%r3,%%r2", 2)                          \
	X(dr, ".insn rr,0x1d00,%%r3,%%r2", 2)                          \
	X(mlr, ".insn rre,0xb9960000,%%r3,%%r2", 4)                    \
	X(mlgr, ".insn rre,0xb9860000,%%r3,%%r2", 4)                   \
	X(dlr, ".insn rre,0xb9970000,%%r3,%%r2", 4)                    \
	X(dlgr, ".insn rre,0xb9870000,%%r3,%%r2", 4)                   \
	X(dsgr, ".insn rre,0xb90d0000,%%r3,%%r2", 4)                   \
	X(dsgfr, ".insn rre,0xb91d0000,%%r3,%%r2", 4)                  \
	X(m, ".insn rx,0x5c000000,%%r3,0(%%r1)", 4)                    \
	X(d, ".insn rx,0x5d000000,%%r3,0(%%r1)", 4)                    \
	X(srda, ".insn rs,0x8e000000,%%r3,%%r0,1", 4)                  \
	X(slda, ".insn rs,0x8f000000,%%r3,%%r0,1", 4)                  \
	X(srdl, ".insn rs,0x8c000000,%%r3,%%r0,1", 4)                  \
	X(sldl, ".insn rs,0x8d000000,%%r3,%%r0,1", 4)                  \
	X(flogr, ".insn rre,0xb9830000,%%r3,%%r2", 4)                  \
	X(cds_first, ".insn rs,0xbb000000,%%r3,%%r4,0(%%r1)", 4)       \
	X(cds_third, ".insn rs,0xbb000000,%%r2,%%r5,0(%%r1)", 4)       \
	X(cdsg_first, ".insn rsy,0xeb000000003e,%%r3,%%r4,0(%%r1)", 6) \
	X(lpq, ".insn rxy,0xe3000000008f,%%r3,0(%%r1)", 6)             \
	X(stpq, ".insn rxy,0xe3000000008e,%%r3,0(%%r1)", 6)            \
	X(mvcl_first, ".insn rr,0x0e00,%%r3,%%r4", 2)                  \
	X(mvcl_second, ".insn rr,0x0e00,%%r2,%%r5", 2)                 \
	X(clcl_first, ".insn rr,0x0f00,%%r3,%%r4", 2)                  \
	X(mvcle_first, ".insn rs,0xa8000000,%%r3,%%r4,0", 4)           \
	X(clcle_second, ".insn rs,0xa9000000,%%r2,%%r5,0", 4)          \
	X(cksm_second, ".insn rre,0xb2410000,%%r2,%%r5", 4)            \
	X(tre_first, ".insn rre,0xb2a50000,%%r3,%%r4", 4)

#define DEFINE(name, text, length) PAIR(name, text)
PAIRS(DEFINE)

TEST(odd_pairs, "an odd register where a pair is needed is a specification exception",
     SPEC("PoP SA22-7832-13, chapter 6, Specification Exception; chapter 7"))
{
#define ROW(name, text, length) { #name, pair_##name, length },
	static const struct {
		const char *name;
		struct fault (*insn)(void);
		u32 length;
	} rows[] = { PAIRS(ROW) };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, rows[i].length), rows[i].insn());
	}
}
