/* SPDX-License-Identifier: MIT */
/* Alignments that A32's loads and stores of structures ask for. */
#include <test.h>

#include "check.h"
#include "fp_check.h"

SUITE("Alignment of AArch32's structures", REQUIRES(has_a32()));

TEST(a32_simd_alignment,
     "VLD1 to VLD4 and VST1 to VST4 with an alignment fault where the address does not have it, and only there",
     SPEC("DDI 0487, F6.1, VLD1 (multiple single elements), VST4 (single 4-element structure from one lane) and others, <align>; E2.4"))
{
	static const struct {
		const char *name;
		u32 insn; /* of [r1] */
		u32 align;
	} rows[] = {
		{ "vld1-8-64", 0xf461071f, 8 },	       { "vld1-16-128", 0xf4610a6f, 16 },
		{ "vld1-32-256", 0xf46102bf, 32 },     { "vld2-8-64", 0xf461081f, 8 },
		{ "vld2-16-128", 0xf461036f, 16 },     { "vld3-8-64", 0xf461041f, 8 },
		{ "vld4-16-256", 0xf461007f, 32 },     { "vst1-8-64", 0xf441071f, 8 },
		{ "vst2-8-256", 0xf441033f, 32 },      { "vst4-8-128", 0xf441002f, 16 },
		{ "vld1-one-16-16", 0xf4e1045f, 2 },   { "vld1-one-32-32", 0xf4e108bf, 4 },
		{ "vld2-one-8-16", 0xf4e1013f, 2 },    { "vld2-one-16-32", 0xf4e1055f, 4 },
		{ "vld2-one-32-64", 0xf4e1099f, 8 },   { "vld4-one-8-32", 0xf4e1033f, 4 },
		{ "vld4-one-16-64", 0xf4e1075f, 8 },   { "vld4-one-32-128", 0xf4e10baf, 16 },
		{ "vst4-one-32-64", 0xf4c10b9f, 8 },   { "vst1-one-32-32", 0xf4c108bf, 4 },
		{ "vld1-all-16-16", 0xf4e10c5f, 2 },   { "vld2-all-32-64", 0xf4e10d9f, 8 },
		{ "vld4-all-32-128", 0xf4e10fdf, 16 }, { "vld4-all-8-32", 0xf4e10f1f, 4 },
		{ "vld1-8-none", 0xf461070f, 1 },
	};
	static u8 memory[128] __aligned(64);

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		const u32 code[] = { rows[i].insn, EXECUTE_END_A32 };
		u32 wnr = rows[i].insn & BIT(21) ? 0 : BIT(6);
		ulong at = a32_code(code, sizeof(code));

		SUBTEST("%s", rows[i].name);
		for (u32 offset = 0; offset <= 2 * rows[i].align; offset++) {
			ulong address = (ulong)memory + offset;
			struct arm_registers r = { .x = { 0, address }, .has_fp = true };

			EXPECT_FAULT(offset % rows[i].align
					     ? DATA_ABORT_LOWER(FSC_ALIGNMENT | wnr, address)
					     : NO_FAULT,
				     arm_run(ARM_EL0_A32, at, &r), "offset %u", offset);
		}
	}
}
