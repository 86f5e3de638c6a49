/* SPDX-License-Identifier: MIT */
/* What of CR4 and CR3 long mode has: bits 63-32, PCIDE, LA57, PAE. */
#include "other.h"

#include <x86/cpuid.h>
#include <x86/cr.h>

SUITE("CR3 and CR4 in long mode");

TEST(cr4_high_half, "bits 63-32 of CR4 are reserved, FRED without its feature too: #GP(0)",
     SPEC("SDM vol. 3A, 2.5; vol. 2B, MOV to control registers"))
{
	for (u32 bit = 32; bit < 64; bit++) {
		if (bit == 32 && cpu_has(X86_FEATURE_FRED))
			continue;
		SUBTEST("bit-%u", bit);
		expect_cr4_refused(BIT(bit), 0);
	}
}

TEST(cr4_pae_in_long_mode, "CR4.PAE cannot be cleared in long mode: #GP(0)",
     SPEC("SDM vol. 2B, MOV to control registers; vol. 3A, 4.1.2"))
{
	expect_cr4_refused(0, CR4_PAE);
}

TEST(cr4_la57_in_long_mode, "CR4.LA57 cannot be changed in long mode: #GP(0)",
     SPEC("SDM vol. 2B, MOV to control registers; vol. 3A, 4.1.2"))
{
	if (read_cr4() & CR4_LA57)
		expect_cr4_refused(0, CR4_LA57);
	else
		expect_cr4_refused(CR4_LA57, 0);
}

/* The root table's address has bits 11-0 clear. */
TEST(cr4_pcide_needs_pcid_0, "CR4.PCIDE cannot be set while CR3 bits 11-0 are not 0: #GP(0)",
     SPEC("SDM vol. 3A, 4.10.1"), REQUIRES(cpu_has(X86_FEATURE_PCID)))
{
	ulong before = read_cr4(), root = read_cr3();

	/* Without PCIDE only PWT and PCD are sure to be kept. */
	for (u32 bit = 3; bit <= 4; bit++) {
		SUBTEST("cr3-bit-%u", bit);
		write_cr3(root | BIT(bit));
		EXPECT_FAULT(GP(0), write_cr4_try(before | CR4_PCIDE));
		EXPECT_EQ(read_cr4(), before);
	}
}

TEST(cr0_pg_with_pcide, "CR0.PG cannot be cleared while CR4.PCIDE is set: #GP(0)",
     SPEC("SDM vol. 3A, 4.10.1"), REQUIRES(cpu_has(X86_FEATURE_PCID)))
{
	ulong before = read_cr0();

	write_cr4(read_cr4() | CR4_PCIDE);
	EXPECT_FAULT(GP(0), write_cr0_try(before & ~CR0_PG));
	EXPECT_EQ(read_cr0(), before);
}

TEST(cr3_pcid, "with PCIDE CR3 bits 11-0 are the PCID, and bit 63 is accepted and not kept",
     SPEC("SDM vol. 3A, 4.10.4.1; vol. 2B, MOV to control registers"),
	  REQUIRES(cpu_has(X86_FEATURE_PCID)))
{
	ulong root = read_cr3();

	write_cr4(read_cr4() | CR4_PCIDE);
	for (u32 bit = 0; bit < 12; bit++) {
		SUBTEST("pcid-bit-%u", bit);
		EXPECT_NO_FAULT(write_cr3_try(root | BIT(bit)));
		EXPECT_EQ(read_cr3(), root | BIT(bit));
		EXPECT_NO_FAULT(write_cr3_try(root | BIT(bit) | BIT(63)));
		EXPECT_EQ(read_cr3(), root | BIT(bit));
	}
	write_cr3(root);
}

/* Bits 61 and 62 are LAM's. */
TEST(cr3_reserved_bits, "CR3 bits 63 to MAXPHYADDR are reserved: #GP(0) and CR3 stays",
     SPEC("SDM vol. 2B, MOV to control registers; APM vol. 2, 5.3.2"))
{
	for (u32 bit = cpu_physical_bits(); bit < 64; bit++) {
		if ((bit == 61 || bit == 62) && cpu_has(X86_FEATURE_LAM))
			continue;
		SUBTEST("bit-%u", bit);
		expect_cr3_refused(BIT(bit));
	}
}

TEST(cr3_lam_bits, "CR3 bits 62 and 61 can be set where there is LAM",
     SPEC("SDM vol. 3A of later editions, 4.5.2"), REQUIRES(cpu_has(X86_FEATURE_LAM)))
{
	ulong before = read_cr3();

	for (u32 bit = 61; bit <= 62; bit++) {
		SUBTEST("bit-%u", bit);
		EXPECT_NO_FAULT(write_cr3_try(before | BIT(bit)));
		EXPECT_EQ(read_cr3(), before | BIT(bit));
	}
	write_cr3(before);
}
