/* SPDX-License-Identifier: MIT */
/* Encodings that are #UD in every mode, beyond those of UD0 to UD2: SDM vol. 2D, appendix A. */
#include "encoding.h"

#include <test.h>
#include <x86/cpuid.h>
#include <x86/place.h>

SUITE("Undefined opcodes");

#define MEMORY(r) ((r) << 3 | 6)
#define DIRECT(r) (0xc0 | (r) << 3)

/* Those of AMD's 3DNow! (0Eh, 0Fh) and of Cyrix and VIA (A6h, A7h) are left out. */
TEST(undefined_opcodes_0f, "two- and three-byte opcodes without an instruction are #UD",
     SPEC("SDM vol. 2D, A.3, tables A-3 to A-5: blank cells"))
{
	static const struct encoding table[] = {
		{ "0f04", 2, { 0x0f, 0x04 } },
		{ "0f0a", 2, { 0x0f, 0x0a } },
		{ "0f0c", 2, { 0x0f, 0x0c } },
		{ "0f24", 3, { 0x0f, 0x24, 0xc0 } },
		{ "0f25", 3, { 0x0f, 0x25, 0xc0 } },
		{ "0f26", 3, { 0x0f, 0x26, 0xc0 } },
		{ "0f27", 3, { 0x0f, 0x27, 0xc0 } },
		{ "0f36", 2, { 0x0f, 0x36 } },
		{ "0f39", 2, { 0x0f, 0x39 } },
		{ "0f3b", 2, { 0x0f, 0x3b } },
		{ "0f3c", 2, { 0x0f, 0x3c } },
		{ "0f3d", 2, { 0x0f, 0x3d } },
		{ "0f3e", 2, { 0x0f, 0x3e } },
		{ "0f3f", 2, { 0x0f, 0x3f } },
		{ "0f7a", 3, { 0x0f, 0x7a, MEMORY(0) } },
		{ "0f7b", 3, { 0x0f, 0x7b, MEMORY(0) } },
		{ "0f38_3f_f2", 5, { 0xf2, 0x0f, 0x38, 0x3f, 0xc0 } },
		{ "0f38_7f", 4, { 0x0f, 0x38, 0x7f, 0xc0 } },
		{ "0f38_ff", 4, { 0x0f, 0x38, 0xff, 0xc0 } },
		{ "0f3a_00", 5, { 0x0f, 0x3a, 0x00, 0xc0, 0 } },
		{ "0f3a_07", 5, { 0x0f, 0x3a, 0x07, 0xc0, 0 } },
		{ "0f3a_ff", 5, { 0x0f, 0x3a, 0xff, 0xc0, 0 } },
	};

	encodings_fault(table, ARRAY_SIZE(table), UD, true);
}

TEST(vex_only_without_vex, "an instruction that is only encoded with VEX is #UD without it",
     SPEC("SDM vol. 2A, 2.3; vol. 2D, A.3, tables A-4 and A-5: superscript v"))
{
	static const struct encoding table[] = {
		{ "andn", 4, { 0x0f, 0x38, 0xf2, 0xc0 } },
		{ "blsr", 4, { 0x0f, 0x38, 0xf3, 0xc8 } },
		{ "bzhi", 4, { 0x0f, 0x38, 0xf5, 0xc0 } },
		{ "pdep", 5, { 0xf2, 0x0f, 0x38, 0xf5, 0xc0 } },
		{ "pext", 5, { 0xf3, 0x0f, 0x38, 0xf5, 0xc0 } },
		{ "mulx", 5, { 0xf2, 0x0f, 0x38, 0xf6, 0xc0 } },
		{ "bextr", 4, { 0x0f, 0x38, 0xf7, 0xc0 } },
		{ "shlx", 5, { 0x66, 0x0f, 0x38, 0xf7, 0xc0 } },
		{ "rorx", 6, { 0xf2, 0x0f, 0x3a, 0xf0, 0xc0, 1 } },
		{ "vpermilps", 5, { 0x66, 0x0f, 0x38, 0x0c, 0xc0 } },
		{ "vpermilpd", 5, { 0x66, 0x0f, 0x38, 0x0d, 0xc0 } },
		{ "vpermps", 5, { 0x66, 0x0f, 0x38, 0x16, 0xc0 } },
		{ "vbroadcastss", 5, { 0x66, 0x0f, 0x38, 0x18, 0xc0 } },
		{ "vpsravd", 5, { 0x66, 0x0f, 0x38, 0x46, 0xc0 } },
		{ "vpbroadcastd", 5, { 0x66, 0x0f, 0x38, 0x58, 0xc0 } },
		{ "vfmadd132ps", 5, { 0x66, 0x0f, 0x38, 0x98, 0xc0 } },
		{ "vperm2f128", 6, { 0x66, 0x0f, 0x3a, 0x06, 0xc0, 0 } },
		{ "vinsertf128", 6, { 0x66, 0x0f, 0x3a, 0x18, 0xc0, 0 } },
	};

	encodings_fault(table, ARRAY_SIZE(table), UD, true);
}

/* No prefix chooses an instruction here, with VEX neither. */
TEST(vex_only_without_prefix, "0F 38 0C without 66h is #UD",
     SPEC("SDM vol. 2D, A.3, table A-4: VPERMILPS is 66h and VEX"))
{
	static const struct encoding table[] = {
		{ "0f38_0c", 4, { 0x0f, 0x38, 0x0c, 0xc0 } },
		{ "0f38_0d", 4, { 0x0f, 0x38, 0x0d, 0xc0 } },
	};

	encodings_fault(table, ARRAY_SIZE(table), UD, true);
}

TEST(undefined_group_members, "members of groups without an instruction are #UD",
     SPEC("SDM vol. 2D, A.4, table A-6: blank cells"))
{
	static const struct encoding table[] = {
		{ "fe_2", 2, { 0xfe, DIRECT(2) } },
		{ "fe_3", 2, { 0xfe, MEMORY(3) } },
		{ "fe_4", 2, { 0xfe, MEMORY(4) } },
		{ "fe_5", 2, { 0xfe, MEMORY(5) } },
		{ "fe_6", 2, { 0xfe, MEMORY(6) } },
		{ "fe_7", 2, { 0xfe, DIRECT(7) } },
		{ "ff_7_memory", 2, { 0xff, MEMORY(7) } },
		{ "ff_7_register", 2, { 0xff, DIRECT(7) } },
		{ "c6_1", 3, { 0xc6, MEMORY(1), 0 } },
		{ "c6_4", 3, { 0xc6, MEMORY(4), 0 } },
		{ "c6_7_memory", 3, { 0xc6, MEMORY(7), 0 } },
		{ "c7_1", 6, { 0xc7, MEMORY(1), 0, 0, 0, 0 } },
		{ "c7_6", 6, { 0xc7, DIRECT(6), 0, 0, 0, 0 } },
		{ "0fba_0", 4, { 0x0f, 0xba, MEMORY(0), 0 } },
		{ "0fba_1", 4, { 0x0f, 0xba, MEMORY(1), 0 } },
		{ "0fba_2", 4, { 0x0f, 0xba, DIRECT(2), 0 } },
		{ "0fba_3", 4, { 0x0f, 0xba, MEMORY(3), 0 } },
		{ "0fc7_0", 3, { 0x0f, 0xc7, MEMORY(0) } },
		{ "0fc7_1_register", 3, { 0x0f, 0xc7, DIRECT(1) } },
		{ "0fc7_2", 3, { 0x0f, 0xc7, MEMORY(2) } },
		{ "0f01_5", 3, { 0x0f, 0x01, MEMORY(5) } },
		{ "0f00_6", 3, { 0x0f, 0x00, MEMORY(6) } },
		{ "0f00_7", 3, { 0x0f, 0x00, MEMORY(7) } },
		{ "0fae_0_register", 3, { 0x0f, 0xae, DIRECT(0) } },
		{ "0fae_1_register", 3, { 0x0f, 0xae, DIRECT(1) } },
		{ "0fae_2_register", 3, { 0x0f, 0xae, DIRECT(2) } },
		{ "0fae_3_register", 3, { 0x0f, 0xae, DIRECT(3) } },
		{ "0fae_4_register", 3, { 0x0f, 0xae, DIRECT(4) } },
		{ "0f71_0", 4, { 0x0f, 0x71, DIRECT(0), 0 } },
		{ "0f71_2_memory", 4, { 0x0f, 0x71, MEMORY(2), 0 } },
		{ "0f72_5", 4, { 0x0f, 0x72, DIRECT(5), 0 } },
		{ "0f73_3_without_66", 4, { 0x0f, 0x73, DIRECT(3), 0 } },
		{ "0fc3_register", 3, { 0x0f, 0xc3, DIRECT(0) } },
		{ "0fb2_register", 3, { 0x0f, 0xb2, DIRECT(0) } },
		{ "0fb4_register", 3, { 0x0f, 0xb4, DIRECT(0) } },
		{ "0fb5_register", 3, { 0x0f, 0xb5, DIRECT(0) } },
		{ "lea_register", 2, { 0x8d, DIRECT(1) } },
		{ "0f01_eb", 3, { 0x0f, 0x01, 0xeb } },
	};

	encodings_fault(table, ARRAY_SIZE(table), UD, true);
}

TEST(xop_absent, "8Fh with /1 to /7 is #UD without XOP",
     SPEC("SDM vol. 2D, A.4, table A-6; APM vol. 3, 1.2.8"),
	  REQUIRES(!(cpuid(0x80000001, 0).ecx & BIT(11))))
{
	static const struct encoding table[] = {
		{ "8f_1", 2, { 0x8f, DIRECT(1) } },
		{ "8f_2", 2, { 0x8f, DIRECT(2) } },
		{ "8f_4", 2, { 0x8f, DIRECT(4) } },
		{ "8f_7", 2, { 0x8f, DIRECT(7) } },
	};

	/* At CPL 3 only, as an emulator that takes it for POP loses the address to return to. */
	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		struct registers r = encoding_registers();

		SUBTEST("%s", table[i].name);
		EXPECT_FAULT(UD, execute_in(USER, code_bytes(table[i].code, table[i].size), &r));
	}
}
