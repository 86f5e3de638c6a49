/* SPDX-License-Identifier: MIT */
/* Opcodes that 64-bit mode took away: SDM vol. 2D, appendix A, superscript i64; APM vol. 3, appendix B. */
#include "encoding.h"

#include <test.h>

SUITE("Opcodes that 64-bit mode does not have");

TEST(invalid_in_64_bit_mode, "instructions that are invalid in 64-bit mode are #UD",
     SPEC("SDM vol. 2D, A.3, table A-2: i64; APM vol. 3, B.3, table B-3"))
{
	static const struct encoding table[] = {
		{ "push_es", 1, { 0x06 } },
		{ "pop_es", 1, { 0x07 } },
		{ "push_cs", 1, { 0x0e } },
		{ "push_ss", 1, { 0x16 } },
		{ "pop_ss", 1, { 0x17 } },
		{ "push_ds", 1, { 0x1e } },
		{ "pop_ds", 1, { 0x1f } },
		{ "daa", 1, { 0x27 } },
		{ "das", 1, { 0x2f } },
		{ "aaa", 1, { 0x37 } },
		{ "aas", 1, { 0x3f } },
		{ "pusha", 1, { 0x60 } },
		{ "popa", 1, { 0x61 } },
		{ "group1_82", 3, { 0x82, 0x06, 0 } },
		{ "group1_82_register", 3, { 0x82, 0xc0, 0 } },
		{ "far_call", 7, { 0x9a, 0, 0, 0, 0, 8, 0 } },
		{ "into", 1, { 0xce } },
		{ "aam", 2, { 0xd4, 10 } },
		{ "aad", 2, { 0xd5, 10 } },
		{ "salc", 1, { 0xd6 } },
		{ "far_jmp", 7, { 0xea, 0, 0, 0, 0, 8, 0 } },
		{ "66_pusha", 2, { 0x66, 0x60 } },
		{ "rex_push_es", 2, { 0x48, 0x06 } },
	};

	encodings_fault(table, ARRAY_SIZE(table), UD, true);
}
