/* SPDX-License-Identifier: MIT */
/*
 * The x87 environment in 16-bit code, where it has other layouts: 14 bytes, or 28 with a 66H prefix, of which the control,
 * status and tag words are looked at here. SDM vol. 1, figures 8-9 to 8-12.
 */
#include <test.h>

#include <string.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/mode.h>

SUITE("16-bit code: the x87 environment", REQUIRES(cpu_has(X86_FEATURE_FPU)));

#define FROM 0x200
#define TO   0x300

#define CONTROL 0x0b7f
#define STATUS	0x2b20 /* TOP 5, C3 to C0 0011, PE */
#define TAG	0xffff
#define GUARD	0x5a

static const struct {
	const char *name;
	enum mode_kind kind;
} kinds[] = {
	{ "real", MODE_REAL },
	{ "vm86", MODE_VM86 },
	{ "protected", MODE_16 },
};

TEST(x87_environment_16, "FLDENV and FNSTENV take 14 bytes, with 66H 28; FNSAVE and FRSTOR 80 more",
     SPEC("SDM vol. 2A, FLDENV, FRSTOR, FSAVE/FNSAVE, FSTENV/FNSTENV; vol. 1, 8.1.10"))
{
	const struct {
		const char *name;
		struct mode_code code;
		u32 stride, bytes;
	} rows[] = {
		{ "environment", CODE16("fninit; fldenv (%%si); fnstenv (%%di)"), 2, 14 },
		{ "environment-66", CODE16("fninit; data32 fldenv (%%si); data32 fnstenv (%%di)"),
		  4, 28 },
		{ "state", CODE16("fninit; frstor (%%si); fnsave (%%di)"), 2, 94 },
		{ "state-66", CODE16("fninit; data32 frstor (%%si); data32 fnsave (%%di)"), 4,
		  108 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 k = 0; k < ARRAY_SIZE(kinds); k++) {
			const u32 header = 7 * rows[i].stride;
			struct mode m;

			SUBTEST("%s-%s", rows[i].name, kinds[k].name);
			mode_init(&m, kinds[k].kind);
			m.esi = FROM;
			m.edi = TO;
			memset(low8(MODE_DS + FROM), 0, header);
			for (u32 n = header; n < rows[i].bytes; n++)
				*low8(MODE_DS + FROM + n) = (u8)n;
			*low16(MODE_DS + FROM) = CONTROL;
			*low16(MODE_DS + FROM + rows[i].stride) = STATUS;
			*low16(MODE_DS + FROM + 2 * rows[i].stride) = TAG;
			memset(low8(MODE_DS + TO), GUARD, 128);
			EXPECT_NO_FAULT(mode_run(&m, rows[i].code));
			EXPECT_EQ(*low16(MODE_DS + TO), CONTROL);
			EXPECT_EQ(*low16(MODE_DS + TO + rows[i].stride), STATUS);
			EXPECT_EQ(*low16(MODE_DS + TO + 2 * rows[i].stride), TAG);
			for (u32 n = header; n < rows[i].bytes; n++)
				if (!EXPECT_EQ(*low8(MODE_DS + TO + n), (u8)n, "byte %u", n))
					break;
			for (u32 n = rows[i].bytes; n < 128; n++)
				if (!EXPECT_EQ(*low8(MODE_DS + TO + n), GUARD, "byte %u", n))
					break;
		}
}
