/* SPDX-License-Identifier: MIT */
/* Aligned accesses of 64 bits, where registers have that size. See tearing.c. */
#include "tearing.h"

#include <test.h>

#include <sys/cpu.h>

SUITE("Single-copy atomicity of 64 bits", REQUIRES(cpu_count() > 1));

TEARING_ACCESSES(u64)

TEST(aligned_access_is_not_torn_64, "an aligned load or store of 64 bits is one access",
     SPEC("SDM vol. 3A, 8.1.1; DDI 0487, B2.2.1, requirements for single-copy atomicity; "
	  "PoP SA22-7832-13, chapter 5, Block-Concurrent References"))
{
	static const struct tearing_row row = { "64-bits", 8, store_u64, load_u64 };

	tearing_check(&row);
}
