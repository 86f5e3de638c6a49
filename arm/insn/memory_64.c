/* SPDX-License-Identifier: MIT */
/*
 * Loads and stores of A64 in every addressing mode. What surrounds the operand is different everywhere, so
 * that a wrong sign, scale or range of an offset shows; some operands cross from one page to the next.
 */
#include <test.h>

#include <arm/a64_check.h>
#include <arm/features.h>

SUITE("A64 loads and stores");

#define IMM9  BITS(20, 12)
#define IMM12 BITS(21, 10)
#define OPC   BITS(23, 22)
#define M     .flags = A64_MEMORY
#define MV    .flags = A64_MEMORY | A64_FP | A64_ANY_FP
#define MA    .flags = A64_MEMORY | A64_ALIGNED

/* A row for each size; opc varies: store, load, sign extension. */
#define EACH_SIZE(name, code, vary, model)                                        \
	ROW(name "-8", (code), (vary) | OPC | RDN, model, M),                     \
		ROW(name "-16", (code) | 1u << 30, (vary) | OPC | RDN, model, M), \
		ROW(name "-32", (code) | 2u << 30, (vary) | OPC | RDN, model, M), \
		ROW(name "-64", (code) | 3u << 30, (vary) | OPC | RDN, model, M)
#define EACH_VECTOR_SIZE(name, code, vary, model)                                                  \
	ROW(name "-8", (code), (vary) | BIT(22) | RDN, model, MV),                                 \
		ROW(name "-16", (code) | 1u << 30, (vary) | BIT(22) | RDN, model, MV),             \
		ROW(name "-32", (code) | 2u << 30, (vary) | BIT(22) | RDN, model, MV),             \
		ROW(name "-64", (code) | 3u << 30, (vary) | BIT(22) | RDN, model, MV),             \
		ROW(name "-128", (code) | 1u << 23, (vary) | BIT(22) | RDN, model, MV),            \
		ROW(name "-unallocated", (code) | 1u << 23 | 1u << 30, BIT(31) | BIT(22) | (vary), \
		    model, MV)

static const struct a64_row immediates[] = {
	EACH_SIZE("unsigned-offset", 0x39000000, IMM12, a64_unsigned_offset),
	EACH_SIZE("unscaled", 0x38000000, IMM9, a64_unscaled),
	EACH_SIZE("post-index", 0x38000400, IMM9, a64_post_index),
	EACH_SIZE("pre-index", 0x38000c00, IMM9, a64_pre_index),
	EACH_SIZE("unprivileged", 0x38000800, IMM9, a64_unprivileged),
};

TEST(a64_load_store_immediate,
     "loads and stores of each size, with each extension, offset, pre- and post-index",
     SPEC("DDI 0487, C4.1.94.11 to C4.1.94.17; C6.2, LDR (immediate), LDRSB (immediate), STUR and others"))
{
	a64_check(immediates, ARRAY_SIZE(immediates));
}

static const struct a64_row register_offsets[] = {
	EACH_SIZE("uxtw", 0x38204800, RM | BIT(12), a64_register_offset),
	EACH_SIZE("lsl", 0x38206800, RM | BIT(12), a64_register_offset),
	EACH_SIZE("sxtw", 0x3820c800, RM | BIT(12), a64_register_offset),
	EACH_SIZE("sxtx", 0x3820e800, RM | BIT(12), a64_register_offset),
	ROW("unallocated", 0x38200800, BITS(31, 30) | OPC | RM | BIT(15) | BITS(13, 12) | RDN,
	    a64_register_offset, M),
};

TEST(a64_load_store_register, "loads and stores with a register as offset, extended and shifted",
     SPEC("DDI 0487, C4.1.94.19; C6.2, LDR (register), STRB (register) and others"))
{
	a64_check(register_offsets, ARRAY_SIZE(register_offsets));
}

static const struct a64_row vectors[] = {
	EACH_VECTOR_SIZE("unsigned-offset", 0x3d000000, IMM12, a64_unsigned_offset),
	EACH_VECTOR_SIZE("unscaled", 0x3c000000, IMM9, a64_unscaled),
	EACH_VECTOR_SIZE("post-index", 0x3c000400, IMM9, a64_post_index),
	EACH_VECTOR_SIZE("pre-index", 0x3c000c00, IMM9, a64_pre_index),
	EACH_VECTOR_SIZE("register", 0x3c204800, RM | BIT(15) | BITS(13, 12), a64_register_offset),
};

TEST(a64_load_store_vector, "loads and stores of SIMD and floating-point registers, in each mode",
     SPEC("DDI 0487, C4.1.94.14 to C4.1.94.19; C7.2, LDR (immediate, SIMD&FP), STUR (SIMD&FP) and others"))
{
	a64_check(vectors, ARRAY_SIZE(vectors));
}

#define PAIR (BIT(22) | BITS(21, 15) | RA | RDN)
#define EACH_PAIR(name, code, flags_)                                               \
	ROW(name "-no-allocate", (code), PAIR, a64_pair, flags_),                   \
		ROW(name "-post-index", (code) | 1u << 23, PAIR, a64_pair, flags_), \
		ROW(name "-offset", (code) | 2u << 23, PAIR, a64_pair, flags_),     \
		ROW(name "-pre-index", (code) | 3u << 23, PAIR, a64_pair, flags_)

static const struct a64_row pairs[] = {
	EACH_PAIR("32", 0x28000000, M),
	EACH_PAIR("64", 0xa8000000, M),
	ROW("ldpsw-offset", 0x69400000, BITS(21, 15) | RA | RDN, a64_pair, M),
	ROW("ldpsw-post-index", 0x68c00000, BITS(21, 15) | RA | RDN, a64_pair, M),
	ROW("ldpsw-pre-index", 0x69c00000, BITS(21, 15) | RA | RDN, a64_pair, M),
	ROW("unallocated", 0xe8000000, BITS(24, 23) | PAIR, a64_pair, M),
	EACH_PAIR("vector-32", 0x2c000000, MV),
	EACH_PAIR("vector-64", 0x6c000000, MV),
	EACH_PAIR("vector-128", 0xac000000, MV),
	ROW("vector-unallocated", 0xec000000, BITS(24, 23) | PAIR, a64_pair, MV),
};

TEST(a64_pairs, "LDP, STP, LDPSW, LDNP, STNP of each size, in each mode",
     SPEC("DDI 0487, C4.1.94.7 to C4.1.94.10; C6.2, LDP, LDPSW; C7.2, STP (SIMD&FP)"))
{
	a64_check(pairs, ARRAY_SIZE(pairs));
}

static const struct a64_row ordered[] = {
	ROW("ldar", 0x08dffc00, BITS(31, 30) | RDN, a64_ordered, MA),
	ROW("stlr", 0x089ffc00, BITS(31, 30) | RDN, a64_ordered, MA),
	ROW("ldlar", 0x08df7c00, BITS(31, 30) | RDN, a64_ordered, .present = has_lor, MA),
	ROW("stllr", 0x089f7c00, BITS(31, 30) | RDN, a64_ordered, .present = has_lor, MA),
	ROW("ldapr", 0x38bfc000, BITS(31, 30) | RDN, a64_rcpc, .present = has_lrcpc, MA),
	ROW("ldapur-stlur", 0x19000000, BITS(31, 30) | OPC | IMM9 | RDN, a64_rcpc_unscaled,
	    .present = has_lrcpc2, MA),
	ROW("ldxr", 0x085f7c00, BITS(31, 30) | RDN, a64_exclusive, MA),
	ROW("ldaxr", 0x085ffc00, BITS(31, 30) | RDN, a64_exclusive, MA),
	ROW("ldxp", 0x887f0000, BIT(30) | RA | RDN, a64_exclusive, MA),
	ROW("ldaxp", 0x887f8000, BIT(30) | RA | RDN, a64_exclusive, MA),
	ROW("stxr-fails", 0x08007c00, BITS(31, 30) | RDNM, a64_exclusive, MA),
	ROW("stlxr-fails", 0x0800fc00, BITS(31, 30) | RDNM, a64_exclusive, MA),
	ROW("stxp-fails", 0x88200000, BIT(30) | RA | RDNM, a64_exclusive, MA),
	ROW("stlxp-fails", 0x88208000, BIT(30) | RA | RDNM, a64_exclusive, MA),
};

TEST(a64_ordered_exclusive,
     "acquire, release and exclusive loads and stores; a store without a monitor does not store",
     SPEC("DDI 0487, C4.1.94; C6.2, LDAR, LDAPUR, LDXP, STXR and others; B2.12"))
{
	a64_check(ordered, ARRAY_SIZE(ordered));
}

#define ATOMIC (BITS(31, 30) | BITS(23, 22) | RDNM)
#define ATOMIC_ROW(name, op) \
	ROW(name, 0x38200000 | (op) << 12, ATOMIC, a64_atomic, .present = has_lse, MA)

static const struct a64_row atomics[] = {
	ATOMIC_ROW("ldadd", 0),
	ATOMIC_ROW("ldclr", 1),
	ATOMIC_ROW("ldeor", 2),
	ATOMIC_ROW("ldset", 3),
	ATOMIC_ROW("ldsmax", 4),
	ATOMIC_ROW("ldsmin", 5),
	ATOMIC_ROW("ldumax", 6),
	ATOMIC_ROW("ldumin", 7),
	ATOMIC_ROW("swp", 8),
	ROW("cas", 0x08a07c00, BITS(31, 30) | BIT(22) | BIT(15) | RDNM, a64_compare_and_swap,
	    .present = has_lse, MA),
	ROW("casp", 0x08207c00, BIT(30) | BIT(22) | BIT(15) | RN | BITS(20, 17) | BITS(4, 1),
	    a64_compare_and_swap_pair, .present = has_lse, MA),
	ROW("casp-odd", 0x08217c01, BIT(30) | BIT(22) | BIT(15) | RDNM, a64_compare_and_swap_pair,
	    .present = has_lse, MA),
};

TEST(a64_atomics, "FEAT_LSE: LDADD to LDUMIN, SWP, CAS, CASP of each size and ordering",
     SPEC("DDI 0487, C4.1.94.16, C4.1.94.5; C6.2, LDADD, SWPB, CASP and others"))
{
	a64_check(atomics, ARRAY_SIZE(atomics));
}

/* The comparison succeeds: registers are set to what is in memory, or to it but for one bit. */
TEST(a64_compare_and_swap_hits,
     "CAS and CASP store if all that they compare is equal, and not else",
     SPEC("DDI 0487, C6.2, CAS, CASP"), REQUIRES(has_lse()))
{
	static u64 memory[2] __aligned(16);
	const u64 low = 0x8123456789abcdef, high = 0xfedcba9876543210;

	for (u32 size = 0; size < 4; size++) {
		u32 bits = 8u << size;
		u64 mask = BITS(bits - 1, 0);

		SUBTEST("cas-%u", bits);
		for (s32 flip = -1; flip < 64; flip++) {
			u64 expected = flip < 0 ? low : low ^ BIT(flip);
			bool equal = !((expected ^ low) & mask);
			/* CASAL x1, x2, [x0] */
			const u32 code[] = { 0x08e1fc02 | size << 30 };
			struct arm_registers r = { .x = { (ulong)memory, expected, ~low } };

			memory[0] = low;
			EXPECT_NO_FAULT(arm_execute(ARM_EL0, code, 1, &r));
			EXPECT_EQ(r.x[1], low & mask, "flipped bit %d", flip);
			EXPECT_EQ(memory[0], equal ? (low & ~mask) | (~low & mask) : low,
				  "flipped bit %d", flip);
		}
	}
	for (u32 is_64 = 0; is_64 < 2; is_64++) {
		SUBTEST("casp-%s", is_64 ? "64" : "32");
		for (s32 flip = -1; flip < (is_64 ? 128 : 64); flip++) {
			const u32 half = is_64 ? 64 : 32;
			/* CASP x2, x3, x4, x5, [x0] */
			const u32 code[] = { 0x08227c04 | is_64 << 30 };
			struct arm_registers r = { .x = { (ulong)memory, 0, low,
							  is_64 ? high : low >> 32, ~low, ~high } };

			memory[0] = low;
			memory[1] = high;
			if (flip >= 0)
				r.x[2 + flip / half] ^= BIT(flip % half);
			EXPECT_NO_FAULT(arm_execute(ARM_EL0, code, 1, &r));
			EXPECT_EQ(r.x[2], is_64 ? low : (u32)low);
			EXPECT_EQ(r.x[3], is_64 ? high : low >> 32);
			if (flip >= 0)
				EXPECT_EQ(memory[0], low, "flipped bit %d", flip);
			else
				EXPECT_EQ(memory[0], is_64 ? ~low : (u32)~low | ~high << 32);
			EXPECT_EQ(memory[1], flip < 0 && is_64 ? ~high : high, "flipped bit %d",
				  flip);
		}
	}
}

#define STRUCTURES (BIT(30) | BIT(22) | BITS(11, 10) | RDN)

static const struct a64_row structures[] = {
	ROW("4-of-4", 0x0c000000, STRUCTURES, a64_structures, MV),
	ROW("1-of-4", 0x0c002000, STRUCTURES, a64_structures, MV),
	ROW("3-of-3", 0x0c004000, STRUCTURES, a64_structures, MV),
	ROW("1-of-3", 0x0c006000, STRUCTURES, a64_structures, MV),
	ROW("1-of-1", 0x0c007000, STRUCTURES, a64_structures, MV),
	ROW("2-of-2", 0x0c008000, STRUCTURES, a64_structures, MV),
	ROW("1-of-2", 0x0c00a000, STRUCTURES, a64_structures, MV),
	ROW("unallocated", 0x0c001000, STRUCTURES | BITS(15, 14), a64_structures, MV),
	ROW("post-index", 0x0c9f0000, STRUCTURES | BITS(15, 12), a64_structures_post, MV),
	ROW("post-index-register", 0x0c800000, STRUCTURES | BITS(15, 12) | RM, a64_structures_post,
	    MV),
	ROW("single-8", 0x0d000000, BIT(30) | BITS(22, 21) | BIT(13) | BITS(12, 10) | RDN,
	    a64_structure, MV),
	ROW("single-16", 0x0d004000, BIT(30) | BITS(22, 21) | BIT(13) | BITS(12, 10) | RDN,
	    a64_structure, MV),
	ROW("single-32-64", 0x0d008000, BIT(30) | BITS(22, 21) | BIT(13) | BITS(12, 10) | RDN,
	    a64_structure, MV),
	ROW("replicate", 0x0d00c000, BIT(30) | BITS(22, 21) | BIT(13) | BITS(12, 10) | RDN,
	    a64_structure, MV),
	ROW("single-post-index", 0x0d9f0000, BIT(30) | BITS(22, 21) | BITS(15, 10) | RDN,
	    a64_structure_post, MV),
	ROW("single-post-index-register", 0x0d800000,
	    BIT(30) | BITS(22, 21) | BITS(15, 10) | RM | RDN, a64_structure_post, MV),
};

TEST(a64_structures,
     "LD1 to LD4, ST1 to ST4 of several registers, of one element, and LD1R to LD4R",
     SPEC("DDI 0487, C4.1.94.1 to C4.1.94.4; C7.2, LD1 (multiple structures), LD4R, ST3 (single structure) and others"))
{
	a64_check(structures, ARRAY_SIZE(structures));
}
