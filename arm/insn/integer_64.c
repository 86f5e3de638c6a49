/* SPDX-License-Identifier: MIT */
/* Data processing of A64 in general registers: every class of encodings of DDI 0487, C4.1.92 and C4.1.95. */
#include <test.h>

#include <arm/a64_check.h>
#include <arm/features.h>

SUITE("A64 data processing in general registers");

static const struct a64_row add_subtract[] = {
	ROW("immediate", 0x11000000, SF | BITS(30, 29) | BITS(22, 10) | RDN, a64_add_immediate),
	ROW("add-sp", 0x910003e0, RD | BITS(22, 10), a64_add_immediate),
	ROW("sub-to-sp", 0xd100001f, RN | BITS(22, 10), a64_add_immediate),
	ROW("cmp-32-immediate", 0x7100001f, RN | BITS(22, 10), a64_add_immediate),
	ROW("shifted", 0x0b000000, SF | BITS(30, 29) | BITS(23, 22) | BITS(15, 10) | RDNM,
	    a64_add_shifted),
	ROW("shifted-64-lsl", 0x8b000000, BITS(30, 29) | BITS(15, 10) | RDNM, a64_add_shifted),
	ROW("shifted-64-lsr", 0x8b400000, BITS(30, 29) | BITS(15, 10) | RDNM, a64_add_shifted),
	ROW("shifted-64-asr", 0x8b800000, BITS(30, 29) | BITS(15, 10) | RDNM, a64_add_shifted),
	ROW("shifted-32-lsl", 0x0b000000, BITS(30, 29) | BITS(14, 10) | RDNM, a64_add_shifted),
	ROW("shifted-32-lsr", 0x0b400000, BITS(30, 29) | BITS(14, 10) | RDNM, a64_add_shifted),
	ROW("shifted-32-asr", 0x0b800000, BITS(30, 29) | BITS(14, 10) | RDNM, a64_add_shifted),
	ROW("extended-uxtb", 0x0b200000, SF | BITS(30, 29) | BITS(12, 10) | RDNM, a64_add_extended),
	ROW("extended-uxth", 0x0b202000, SF | BITS(30, 29) | BITS(12, 10) | RDNM, a64_add_extended),
	ROW("extended-uxtw", 0x0b204000, SF | BITS(30, 29) | BITS(12, 10) | RDNM, a64_add_extended),
	ROW("extended-uxtx", 0x0b206000, SF | BITS(30, 29) | BITS(12, 10) | RDNM, a64_add_extended),
	ROW("extended-sxtb", 0x0b208000, SF | BITS(30, 29) | BITS(12, 10) | RDNM, a64_add_extended),
	ROW("extended-sxth", 0x0b20a000, SF | BITS(30, 29) | BITS(12, 10) | RDNM, a64_add_extended),
	ROW("extended-sxtw", 0x0b20c000, SF | BITS(30, 29) | BITS(12, 10) | RDNM, a64_add_extended),
	ROW("extended-sxtx", 0x0b20e000, SF | BITS(30, 29) | BITS(12, 10) | RDNM, a64_add_extended),
	ROW("extended-from-sp", 0x8b2003e0, BITS(15, 10) | RD | RM, a64_add_extended),
	ROW("extended-to-sp", 0x8b20001f, BITS(15, 10) | RN | RM, a64_add_extended),
	ROW("carry", 0x1a000000, SF | BITS(30, 29) | RDNM, a64_add_carry),
};

TEST(a64_add_subtract,
     "ADD, ADDS, SUB, SUBS with immediates, shifted and extended registers; ADC, ADCS, SBC, SBCS",
     SPEC("DDI 0487, C4.1.92.2, C4.1.95.4 to C4.1.95.6; C6.2, ADD (extended register) and others"))
{
	a64_check(add_subtract, ARRAY_SIZE(add_subtract));
}

static const struct a64_row logical[] = {
	ROW("and-bic-64", 0x8a000000, BITS(23, 21) | BITS(15, 10) | RDNM, a64_logical_shifted),
	ROW("orr-orn-64", 0xaa000000, BITS(23, 21) | BITS(15, 10) | RDNM, a64_logical_shifted),
	ROW("eor-eon-64", 0xca000000, BITS(23, 21) | BITS(15, 10) | RDNM, a64_logical_shifted),
	ROW("ands-bics-64", 0xea000000, BITS(23, 21) | BITS(15, 10) | RDNM, a64_logical_shifted),
	ROW("and-bic-32", 0x0a000000, BITS(23, 21) | BITS(15, 10) | RDNM, a64_logical_shifted),
	ROW("orr-orn-32", 0x2a000000, BITS(23, 21) | BITS(15, 10) | RDNM, a64_logical_shifted),
	ROW("eor-eon-32", 0x4a000000, BITS(23, 21) | BITS(15, 10) | RDNM, a64_logical_shifted),
	ROW("ands-bics-32", 0x6a000000, BITS(23, 21) | BITS(15, 10) | RDNM, a64_logical_shifted),
	ROW("immediate", 0x12000000, SF | BITS(30, 29) | BITS(22, 10) | RDN, a64_logical_immediate),
	ROW("immediate-64", 0x92000000, BITS(30, 29) | BITS(22, 10) | RDN, a64_logical_immediate),
	ROW("immediate-to-31", 0x9200001f, BITS(30, 29) | BITS(22, 10) | RN, a64_logical_immediate),
};

TEST(a64_logical, "AND, ORR, EOR, ANDS and their complements with shifted registers and immediates",
     SPEC("DDI 0487, C4.1.92.4, C4.1.95.3; C6.2, AND (shifted register) and others"))
{
	a64_check(logical, ARRAY_SIZE(logical));
}

/* All 8192 values of N, immr, imms for both sizes, also the reserved ones. */
TEST(a64_bitmask_immediates,
     "each bitmask immediate is the pattern that N, immr and imms describe, or is reserved",
     SPEC("DDI 0487, J1.3, DecodeBitMasks; C4.1.92.4"))
{
	static const struct a64_row row = ROW("", 0xd2000020, 0, a64_logical_immediate);
	static u32 code[CODE_WORDS_MAX - 1];
	static struct arm_registers in, expected, actual;
	const u32 each = 1024;

	for (u32 first = 0; first < 16384; first += each) {
		ulong at;

		SUBTEST("%s-n%u-immr-%u-to-%u", first & 8192 ? "64" : "32", first >> 12 & 1,
			first >> 6 & 63, (first + each - 1) >> 6 & 63);
		for (u32 i = 0; i < each; i++) {
			u32 n = first + i;

			code[2 * i] = (row.code & ~SF) | (n & 8192 ? (u32)SF : 0) |
				      (n & 8191) << 10;
			code[2 * i + 1] = EXECUTE_END;
		}
		at = arm_code(code, 2 * each);
		for (u32 i = 0; i < each; i++) {
			struct fault fault;

			in.x[1] = random_u64();
			in.pc = at + 8 * i;
			expected = actual = in;
			if (a64_step(row.model, code[2 * i], &expected) == A64_UNDEFINED) {
				EXPECT_FAULT(UNDEFINED, arm_run(ARM_EL1, in.pc, &actual), "%08x",
					     code[2 * i]);
				continue;
			}
			fault = arm_run(ARM_EL1, in.pc, &actual);
			EXPECT_NO_FAULT(fault, "%08x", code[2 * i]);
			EXPECT_EQ(actual.x[0], expected.x[0], "%08x of %#llx", code[2 * i],
				  in.x[1]);
		}
	}
}

static const struct a64_row moves[] = {
	ROW("movn", 0x12800000, SF | BITS(22, 5) | RD, a64_move_wide),
	ROW("movz", 0x52800000, SF | BITS(22, 5) | RD, a64_move_wide),
	ROW("movk", 0x72800000, SF | BITS(22, 5) | RD, a64_move_wide),
	ROW("unallocated", 0x32800000, SF | BITS(22, 5) | RD, a64_move_wide),
	ROW("adr", 0x10000000, BITS(30, 29) | BITS(23, 5) | RD, a64_pc_relative),
	ROW("adrp", 0x90000000, BITS(30, 29) | BITS(23, 5) | RD, a64_pc_relative),
};

TEST(a64_moves, "MOVN, MOVZ, MOVK with each shift; ADR and ADRP with offsets of both signs",
     SPEC("DDI 0487, C4.1.92.1, C4.1.92.5; C6.2, MOVK, ADRP and others"))
{
	a64_check(moves, ARRAY_SIZE(moves));
}

static const struct a64_row bitfields[] = {
	ROW("sbfm-64", 0x93400000, BITS(21, 10) | RDN, a64_bitfield),
	ROW("bfm-64", 0xb3400000, BITS(21, 10) | RDN, a64_bitfield),
	ROW("ubfm-64", 0xd3400000, BITS(21, 10) | RDN, a64_bitfield),
	ROW("sbfm-32", 0x13000000, BITS(21, 10) | RDN, a64_bitfield),
	ROW("bfm-32", 0x33000000, BITS(21, 10) | RDN, a64_bitfield),
	ROW("ubfm-32", 0x53000000, BITS(21, 10) | RDN, a64_bitfield),
	ROW("lsl-64", 0xd3400000, BITS(21, 16) | RDN, a64_bitfield),
	ROW("lsr-64", 0xd340fc00, BITS(21, 16) | RDN, a64_bitfield),
	ROW("asr-64", 0x9340fc00, BITS(21, 16) | RDN, a64_bitfield),
	ROW("asr-32", 0x13007c00, BITS(20, 16) | RDN, a64_bitfield),
	ROW("sxtw", 0x93407c00, RDN, a64_bitfield),
	ROW("sxth-sxtb", 0x93401c00, BIT(13) | RDN, a64_bitfield),
	ROW("sxth-sxtb-32", 0x13001c00, BIT(13) | RDN, a64_bitfield),
	ROW("unallocated", 0x13000000, SF | BITS(30, 29) | BITS(22, 10) | RDN, a64_bitfield),
	ROW("extr-64", 0x93c00000, BITS(15, 10) | RDNM, a64_extract),
	ROW("extr-32", 0x13800000, BITS(14, 10) | RDNM, a64_extract),
	ROW("extr-unallocated", 0x13800000, SF | BIT(22) | BITS(15, 10) | RDNM, a64_extract),
};

TEST(a64_bitfields, "SBFM, BFM, UBFM with each pair of positions, and EXTR",
     SPEC("DDI 0487, C4.1.92.6, C4.1.92.7; C6.2, BFM, SBFM, UBFM, EXTR"))
{
	a64_check(bitfields, ARRAY_SIZE(bitfields));
}

static const struct a64_row multiplications[] = {
	ROW("madd-64", 0x9b000000, RA | RDNM, a64_three_sources),
	ROW("msub-64", 0x9b008000, RA | RDNM, a64_three_sources),
	ROW("madd-32", 0x1b000000, RA | RDNM, a64_three_sources),
	ROW("msub-32", 0x1b008000, RA | RDNM, a64_three_sources),
	ROW("smaddl", 0x9b200000, RA | RDNM, a64_three_sources),
	ROW("smsubl", 0x9b208000, RA | RDNM, a64_three_sources),
	ROW("umaddl", 0x9ba00000, RA | RDNM, a64_three_sources),
	ROW("umsubl", 0x9ba08000, RA | RDNM, a64_three_sources),
	ROW("smulh", 0x9b407c00, RDNM, a64_three_sources),
	ROW("umulh", 0x9bc07c00, RDNM, a64_three_sources),
	ROW("unallocated-32", 0x1b200000, BITS(22, 21) | BIT(15) | RA | RDNM, a64_three_sources),
	ROW("udiv", 0x1ac00800, SF | RDNM, a64_two_sources),
	ROW("sdiv", 0x1ac00c00, SF | RDNM, a64_two_sources),
};

TEST(a64_multiplications, "MADD, MSUB, the long ones, SMULH, UMULH, UDIV, SDIV",
     SPEC("DDI 0487, C4.1.95.2, C4.1.95.8; C6.2, MADD, SMSUBL, UMULH, SDIV and others"))
{
	a64_check(multiplications, ARRAY_SIZE(multiplications));
}

static const struct a64_row bits[] = {
	ROW("lslv", 0x1ac02000, SF | RDNM, a64_two_sources),
	ROW("lsrv", 0x1ac02400, SF | RDNM, a64_two_sources),
	ROW("asrv", 0x1ac02800, SF | RDNM, a64_two_sources),
	ROW("rorv", 0x1ac02c00, SF | RDNM, a64_two_sources),
	ROW("crc32", 0x1ac04000, BITS(11, 10) | RDNM, a64_two_sources, .present = has_crc32),
	ROW("crc32x", 0x9ac04c00, RDNM, a64_two_sources, .present = has_crc32),
	ROW("crc32c", 0x1ac05000, BITS(11, 10) | RDNM, a64_two_sources, .present = has_crc32),
	ROW("crc32cx", 0x9ac05c00, RDNM, a64_two_sources, .present = has_crc32),
	ROW("crc32-of-64-bits-unallocated", 0x9ac04000, BITS(12, 10) | RDNM, a64_two_sources),
	ROW("two-sources-unallocated", 0x1ac00000, BIT(10) | RDNM, a64_two_sources),
	ROW("smax-umax-smin-umin", 0x1ac06000, SF | BITS(11, 10) | RDNM, a64_two_sources,
	    .present = has_cssc),
	ROW("smax-umax-smin-umin-immediate", 0x11c00000, SF | BITS(19, 10) | RDN,
	    a64_min_max_immediate, .present = has_cssc),
	ROW("rbit", 0x5ac00000, SF | RDN, a64_one_source),
	ROW("rev16", 0x5ac00400, SF | RDN, a64_one_source),
	ROW("rev32", 0x5ac00800, SF | RDN, a64_one_source),
	ROW("rev", 0x5ac00c00, SF | RDN, a64_one_source),
	ROW("clz", 0x5ac01000, SF | RDN, a64_one_source),
	ROW("cls", 0x5ac01400, SF | RDN, a64_one_source),
	ROW("ctz", 0x5ac01800, SF | RDN, a64_one_source, .present = has_cssc),
	ROW("cnt", 0x5ac01c00, SF | RDN, a64_one_source, .present = has_cssc),
	ROW("abs", 0x5ac02000, SF | RDN, a64_one_source, .present = has_cssc),
	ROW("one-source-unallocated", 0x5ac02400, SF | RDN, a64_one_source),
};

TEST(a64_bits, "shifts by a register, CRC32, reversals, counts of bits, minimum and maximum",
     SPEC("DDI 0487, C4.1.95.1, C4.1.95.2; C6.2, LSLV, CRC32B, REV, CLS and others"))
{
	a64_check(bits, ARRAY_SIZE(bits));
}

static const struct a64_row conditional[] = {
	ROW("ccmp-ccmn-register", 0x3a400000, SF | BIT(30) | BITS(15, 12) | RN | RM | BITS(3, 0),
	    a64_conditional_compare),
	ROW("ccmp-ccmn-immediate", 0x3a400800, SF | BIT(30) | BITS(15, 12) | RN | RM | BITS(3, 0),
	    a64_conditional_compare),
	ROW("ccmp-unallocated", 0x1a400000, SF | BITS(30, 29) | BITS(15, 10) | RN | RM | BITS(4, 0),
	    a64_conditional_compare),
	ROW("csel", 0x1a800000, SF | BITS(15, 12) | RDNM, a64_conditional_select),
	ROW("csinc", 0x1a800400, SF | BITS(15, 12) | RDNM, a64_conditional_select),
	ROW("csinv", 0x5a800000, SF | BITS(15, 12) | RDNM, a64_conditional_select),
	ROW("csneg", 0x5a800400, SF | BITS(15, 12) | RDNM, a64_conditional_select),
	ROW("csel-unallocated", 0x1a800800, SF | BITS(30, 29) | BITS(15, 12) | RDNM,
	    a64_conditional_select),
	ROW("rmif", 0xba000400, BITS(20, 15) | RN | BITS(3, 0), a64_rotate_flags,
	    .present = has_flagm),
	ROW("setf8-setf16", 0x3a00080d, BIT(14) | RN, a64_set_flags, .present = has_flagm),
	ROW("cfinv", 0xd500401f, 0, a64_flag_format, .present = has_flagm),
	ROW("xaflag", 0xd500403f, 0, a64_flag_format, .present = has_flagm2),
	ROW("axflag", 0xd500405f, 0, a64_flag_format, .present = has_flagm2),
};

TEST(a64_conditional,
     "CCMP, CCMN, CSEL, CSINC, CSINV, CSNEG, and what FEAT_FlagM and FEAT_FlagM2 add",
     SPEC("DDI 0487, C4.1.95.6 to C4.1.95.11; C6.2, CCMP (immediate), CSNEG, RMIF, AXFLAG and others"))
{
	a64_check(conditional, ARRAY_SIZE(conditional));
}

/* Each condition with each set of flags: 16 times 16, each by B.cond, CSEL and CCMP. */
TEST(a64_conditions,
     "each condition holds for the flags that it is defined for, in B.cond, CSEL, CCMP, BC.cond",
     SPEC("DDI 0487, C1.2.4, condition codes; J1.3, ConditionHolds"))
{
	static const struct a64_row selects[] = {
		ROW("b", 0x54000040, 0, a64_branch_conditional),
		ROW("bc", 0x54000050, 0, a64_branch_conditional, .present = has_hbc),
		ROW("csel", 0x9a820020, 0, a64_conditional_select),
		ROW("ccmp", 0xfa420020, 0, a64_conditional_compare),
	};

	for (u32 i = 0; i < ARRAY_SIZE(selects); i++) {
		bool branch = i < 2;

		if (selects[i].present && !selects[i].present())
			continue;
		for (u32 condition = 0; condition < 16; condition++) {
			u32 insn = selects[i].code | condition << (branch ? 0 : 12);
			/* A branch, taken or not, comes to an end of its own. */
			u32 code[] = { insn, EXECUTE_END, EXECUTE_END };
			ulong at = arm_code(code, ARRAY_SIZE(code));

			SUBTEST("%s-%u", selects[i].name, condition);
			for (u64 flags = 0; flags < 16; flags++) {
				struct arm_registers in = { .x = { 0, 11, 22 },
							    .pstate = flags << 28 };
				struct arm_registers expected, actual = in;

				in.pc = at;
				expected = in;
				a64_step(selects[i].model, insn, &expected);
				EXPECT_NO_FAULT(arm_run(ARM_EL0, at, &actual));
				EXPECT_EQ(actual.pc, expected.pc, "flags %#llx", in.pstate);
				EXPECT_EQ(actual.x[0], expected.x[0], "flags %#llx", in.pstate);
				EXPECT_EQ(actual.pstate & PSTATE_NZCV, expected.pstate,
					  "flags %#llx", in.pstate);
			}
		}
	}
}

static const struct a64_row branches[] = {
	ROW("b-conditional", 0x54000040, BITS(23, 7) | BITS(3, 0), a64_branch_conditional,
	    .flags = A64_ALONE),
	ROW("b", 0x14000002, BITS(25, 2), a64_branch_immediate, .flags = A64_ALONE),
	ROW("bl", 0x94000002, BITS(25, 2), a64_branch_immediate, .flags = A64_ALONE),
	ROW("br", 0xd61f0000, RN & ~BIT(5), a64_branch_register, .flags = A64_ALONE),
	ROW("blr", 0xd63f0000, RN & ~BIT(5), a64_branch_register, .flags = A64_ALONE),
	ROW("blr-lr", 0xd63f03c0, 0, a64_branch_register, .flags = A64_ALONE),
	ROW("ret", 0xd65f0000, RN & ~BIT(5), a64_branch_register, .flags = A64_ALONE),
	ROW("cbz-cbnz", 0x34000040, SF | BIT(24) | BITS(23, 7) | RD, a64_compare_branch,
	    .flags = A64_ALONE),
	ROW("tbz-tbnz", 0x36000040, SF | BIT(24) | BITS(23, 19) | BITS(18, 7) | RD, a64_test_branch,
	    .flags = A64_ALONE),
};

TEST(a64_branches,
     "branches lead where their offset or register says, and leave what they do not name",
     SPEC("DDI 0487, C4.1.93; C6.2, B.cond, BL, BLR, CBNZ, TBZ and others"))
{
	a64_check(branches, ARRAY_SIZE(branches));
}
