/* SPDX-License-Identifier: MIT */
/* CR0, CR2 and CLTS at CPL 0. PE and PG are the paging mode's, SMSW and LMSW are in seg/tables.c. SDM vol. 3A, 2.5. */
#include <test.h>

#include <x86/cr.h>
#include <x86/insn.h>

SUITE("CR0 and CR2");

TEST(cr0_bits, "MP, EM, TS, NE, WP, AM and CD of CR0 can be set and cleared, each alone",
     SPEC("SDM vol. 3A, 2.5; APM vol. 2, 3.1.1"))
{
	static const struct {
		const char *name;
		ulong bit;
	} rows[] = {
		{ "mp", CR0_MP }, { "em", CR0_EM }, { "ts", CR0_TS }, { "ne", CR0_NE },
		{ "wp", CR0_WP }, { "am", CR0_AM }, { "cd", CR0_CD },
	};
	ulong start = read_cr0();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		ulong bit = rows[i].bit, before = start & ~bit;

		SUBTEST("%s", rows[i].name);
		EXPECT_NO_FAULT(write_cr0_try(before));
		EXPECT_EQ(read_cr0(), before);
		EXPECT_NO_FAULT(write_cr0_try(before | bit));
		EXPECT_EQ(read_cr0(), before | bit);
		EXPECT_NO_FAULT(write_cr0_try(before));
		EXPECT_EQ(read_cr0(), before);
		write_cr0(start);
	}
}

TEST(cr0_et, "CR0.ET is always 1: writing 0 is accepted and changes nothing",
     SPEC("SDM vol. 3A, 2.5, ET: hardcoded to 1; APM vol. 2, 3.1.4"))
{
	ulong before = read_cr0();

	EXPECT_EQ(before & CR0_ET, CR0_ET);
	EXPECT_NO_FAULT(write_cr0_try(before & ~CR0_ET));
	EXPECT_EQ(read_cr0(), before);
}

TEST(cr0_reserved_bits,
     "reserved bits of CR0 in its low half stay clear: setting them has no effect",
     SPEC("SDM vol. 2B, MOV to control registers"))
{
	ulong before = read_cr0();

	for_each_set_bit(bit, BITS(28, 19) | BIT(17) | BITS(15, 6)) {
		SUBTEST("bit-%llu", bit);
		EXPECT_NO_FAULT(write_cr0_try(before | (ulong)BIT(bit)));
		EXPECT_EQ(read_cr0(), before);
		write_cr0(before);
	}
}

TEST(cr0_high_half, "bits 63-32 of CR0 are reserved: #GP(0) and CR0 stays",
     SPEC("SDM vol. 2B, MOV to control registers, 64-Bit Mode Exceptions"),
	  REQUIRES(sizeof(ulong) == 8))
{
	ulong before = read_cr0();

	for (u32 bit = 32; bit < sizeof(ulong) * 8; bit++) {
		SUBTEST("bit-%u", bit);
		EXPECT_FAULT(GP(0), write_cr0_try(before | (ulong)BIT(bit)));
		EXPECT_EQ(read_cr0(), before);
	}
}

TEST(cr0_nw_without_cd, "CR0.NW cannot be set with CD clear: #GP(0); NW and CD together can",
     SPEC("SDM vol. 2B, MOV to control registers; vol. 3A, table 11-5"))
{
	ulong before = read_cr0();

	SUBTEST("nw");
	EXPECT_FAULT(GP(0), write_cr0_try(before | CR0_NW));
	EXPECT_EQ(read_cr0(), before);
	write_cr0(before);
	SUBTEST("cd-nw");
	EXPECT_NO_FAULT(write_cr0_try(before | CR0_CD | CR0_NW));
	EXPECT_EQ(read_cr0(), before | CR0_CD | CR0_NW);
	SUBTEST("cd-cleared-alone");
	EXPECT_FAULT(GP(0), write_cr0_try(before | CR0_NW));
	EXPECT_EQ(read_cr0(), before | CR0_CD | CR0_NW);
	write_cr0(before);
}

/* TS among all settings of what is next to it. */
TEST(clts, "CLTS clears CR0.TS and nothing else", SPEC("SDM vol. 2A, CLTS"))
{
	static const ulong others[] = { 0, CR0_MP, CR0_EM, CR0_MP | CR0_EM, CR0_NE, CR0_AM };
	ulong start = read_cr0() & ~(CR0_MP | CR0_EM | CR0_NE | CR0_AM | CR0_TS);

	for (u32 i = 0; i < ARRAY_SIZE(others); i++)
		for (u32 ts = 0; ts <= 1; ts++) {
			SUBTEST("others-%#lx-ts%u", others[i], ts);
			write_cr0(start | others[i] | (ts ? CR0_TS : 0));
			EXPECT_NO_FAULT(clts_try());
			EXPECT_EQ(read_cr0(), start | others[i]);
		}
}

TEST(cr2_bits, "CR2 keeps every bit that is written to it", SPEC("SDM vol. 3A, 2.5"))
{
	for (u32 bit = 0; bit < sizeof(ulong) * 8; bit++) {
		SUBTEST("bit-%u", bit);
		EXPECT_NO_FAULT(write_cr2_try((ulong)BIT(bit)));
		EXPECT_EQ(read_cr2(), (ulong)BIT(bit));
		EXPECT_NO_FAULT(write_cr2_try(~(ulong)BIT(bit)));
		EXPECT_EQ(read_cr2(), ~(ulong)BIT(bit));
	}
}

TEST(cr3_cache_bits, "CR3 keeps PWT and PCD, and the address of the root table",
     SPEC("SDM vol. 3A, 2.5; 4.5, table 4-12; 4.4.1, table 4-7"))
{
	ulong before = read_cr3();

	for (ulong bits = 0; bits <= 3; bits++) {
		SUBTEST("pcd%lu-pwt%lu", bits >> 1, bits & 1);
		EXPECT_NO_FAULT(write_cr3_try(before | bits << 3));
		EXPECT_EQ(read_cr3(), before | bits << 3);
	}
	write_cr3(before);
}
