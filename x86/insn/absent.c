/* SPDX-License-Identifier: MIT */
/*
 * Instructions that this CPU does not have, as CPUID says: they are #UD, or what their bytes meant before
 * there was the instruction. A row of an instruction that is there is skipped; the test insn-plain takes
 * many away.
 */
#include "encoding.h"
#include "insn.h"

#include <test.h>
#include <x86/cpuid.h>
#include <x86/cr.h>

SUITE("Instructions that the CPU does not have");

struct absent_row {
	enum x86_feature feature;
	struct encoding encoding;
};

#define M 0x06 /* [SI] */
#define R 0xc0 /* AX, AX */

static void check_table(const struct absent_row *table, u32 count, bool at_user)
{
	for (u32 i = 0; i < count; i++) {
		if (!cpu_has(table[i].feature)) {
			encodings_fault(&table[i].encoding, 1, UD, at_user);
			continue;
		}
		SUBTEST("%s", table[i].encoding.name);
		SKIP_ROW("this CPU has it");
	}
}

TEST(absent_integer, "instructions on registers and memory that CPUID does not have are #UD",
     SPEC("SDM vol. 2, of each instruction: #UD if its CPUID feature flag is 0"))
{
	static const struct absent_row table[] = {
		{ X86_FEATURE_MOVBE, { "movbe_load", 4, { 0x0f, 0x38, 0xf0, M } } },
		{ X86_FEATURE_MOVBE, { "movbe_store", 4, { 0x0f, 0x38, 0xf1, M } } },
		{ X86_FEATURE_MOVBE, { "movbe_load_16", 5, { 0x66, 0x0f, 0x38, 0xf0, M } } },
		{ X86_FEATURE_SSE4_2, { "crc32_8", 5, { 0xf2, 0x0f, 0x38, 0xf0, R } } },
		{ X86_FEATURE_SSE4_2, { "crc32", 5, { 0xf2, 0x0f, 0x38, 0xf1, M } } },
		{ X86_FEATURE_POPCNT, { "popcnt", 4, { 0xf3, 0x0f, 0xb8, R } } },
		{ X86_FEATURE_POPCNT, { "popcnt_m16", 5, { 0x66, 0xf3, 0x0f, 0xb8, M } } },
		{ X86_FEATURE_ADX, { "adcx", 5, { 0x66, 0x0f, 0x38, 0xf6, R } } },
		{ X86_FEATURE_ADX, { "adox", 5, { 0xf3, 0x0f, 0x38, 0xf6, R } } },
		{ X86_FEATURE_BMI1, { "andn", 5, { 0xc4, 0xe2, 0x78, 0xf2, R } } },
		{ X86_FEATURE_BMI1, { "andn_m", 5, { 0xc4, 0xe2, 0x78, 0xf2, M } } },
		{ X86_FEATURE_BMI1, { "blsr", 5, { 0xc4, 0xe2, 0x78, 0xf3, 0xc8 } } },
		{ X86_FEATURE_BMI1, { "blsmsk", 5, { 0xc4, 0xe2, 0x78, 0xf3, 0xd0 } } },
		{ X86_FEATURE_BMI1, { "blsi", 5, { 0xc4, 0xe2, 0x78, 0xf3, 0xd8 } } },
		{ X86_FEATURE_BMI1, { "bextr", 5, { 0xc4, 0xe2, 0x78, 0xf7, R } } },
		{ X86_FEATURE_BMI2, { "bzhi", 5, { 0xc4, 0xe2, 0x78, 0xf5, R } } },
		{ X86_FEATURE_BMI2, { "pdep", 5, { 0xc4, 0xe2, 0x7b, 0xf5, R } } },
		{ X86_FEATURE_BMI2, { "pext", 5, { 0xc4, 0xe2, 0x7a, 0xf5, R } } },
		{ X86_FEATURE_BMI2, { "mulx", 5, { 0xc4, 0xe2, 0x7b, 0xf6, R } } },
		{ X86_FEATURE_BMI2, { "shlx", 5, { 0xc4, 0xe2, 0x79, 0xf7, R } } },
		{ X86_FEATURE_BMI2, { "shrx", 5, { 0xc4, 0xe2, 0x7b, 0xf7, R } } },
		{ X86_FEATURE_BMI2, { "sarx", 5, { 0xc4, 0xe2, 0x7a, 0xf7, R } } },
		{ X86_FEATURE_BMI2, { "rorx", 6, { 0xc4, 0xe3, 0x7b, 0xf0, R, 1 } } },
		{ X86_FEATURE_RDRAND, { "rdrand", 3, { 0x0f, 0xc7, 0xf0 } } },
		{ X86_FEATURE_RDRAND, { "rdrand_16", 4, { 0x66, 0x0f, 0xc7, 0xf0 } } },
		{ X86_FEATURE_RDSEED, { "rdseed", 3, { 0x0f, 0xc7, 0xf8 } } },
		{ X86_FEATURE_RDSEED, { "rdseed_16", 4, { 0x66, 0x0f, 0xc7, 0xf8 } } },
		{ X86_FEATURE_MOVDIRI, { "movdiri", 4, { 0x0f, 0x38, 0xf9, M } } },
		{ X86_FEATURE_MOVDIR64B, { "movdir64b", 5, { 0x66, 0x0f, 0x38, 0xf8, M } } },
		{ X86_FEATURE_ENQCMD, { "enqcmd", 5, { 0xf2, 0x0f, 0x38, 0xf8, M } } },
		{ X86_FEATURE_ENQCMD, { "enqcmds", 5, { 0xf3, 0x0f, 0x38, 0xf8, M } } },
		ONLY_64({ X86_FEATURE_CMPXCHG16B,
			  { "cmpxchg16b", 4, { 0x48, 0x0f, 0xc7, 0x0e } } }, )
			ONLY_64({ X86_FEATURE_LAHF_LM, { "lahf", 1, { 0x9f } } }, )
				ONLY_64({ X86_FEATURE_LAHF_LM, { "sahf", 1, { 0x9e } } }, ) ONLY_64(
					{ X86_FEATURE_RDRAND,
					  { "rdrand_64", 4, { 0x48, 0x0f, 0xc7, 0xf0 } } }, )
					ONLY_64({ X86_FEATURE_BMI1,
						  { "andn_64",
						    5,
						    { 0xc4, 0xe2, 0xf8, 0xf2, R } } }, )
	};

	check_table(table, ARRAY_SIZE(table), true);
}

TEST(rsm_outside_smm, "RSM outside system-management mode is #UD", SPEC("SDM vol. 2B, RSM"))
{
	static const struct encoding e = { "rsm", 2, { 0x0f, 0xaa } };

	encodings_fault(&e, 1, UD, true);
}

/* F3h is no part of BSF and BSR, which ignore it. */
#define SCAN(op, text, model)                                                     \
	INSN(op "_r16", 16, model, text " %%cx, %%ax", IN_AX, IN_CX)              \
	INSN(op "_m16", 16, model, text " " AT("di") ", %%ax", IN_AX, IN_MEMORY)  \
	INSN(op "_r32", 32, model, text " %%ecx, %%eax", IN_AX, IN_CX)            \
	INSN(op "_m32", 32, model, text " " AT("di") ", %%eax", IN_AX, IN_MEMORY) \
	ONLY_64(INSN(op "_r64", 64, model, text " %%rcx, %%rax", IN_AX, IN_CX))   \
	ONLY_64(INSN(op "_m64", 64, model, text " (%%rdi), %%rax", IN_AX, IN_MEMORY))

TEST(tzcnt_as_bsf, "where there is no TZCNT its bytes are BSF",
     SPEC("SDM vol. 2B, TZCNT: \"on processors that do not support TZCNT, the instruction byte encoding "
	  "is executed as BSF\""),
	  REQUIRES(!cpu_has(X86_FEATURE_BMI1)))
{
	const struct insn table[] = { SCAN("tzcnt", "tzcnt", model_bsf) };

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

TEST(lzcnt_as_bsr, "where there is no LZCNT its bytes are BSR",
     SPEC("SDM vol. 2A, LZCNT: \"On processors that do not support LZCNT, the instruction byte encoding "
	  "is executed as BSR\""),
	  REQUIRES(!cpu_has(X86_FEATURE_LZCNT)))
{
	const struct insn table[] = { SCAN("lzcnt", "lzcnt", model_bsr) };

	for_each_insn(insn, table)
		insn_check_edges(insn);
}

TEST(wbnoinvd_as_wbinvd, "WBNOINVD, there or not, does nothing else than WBINVD",
     SPEC("SDM vol. 2D, WBNOINVD"))
{
	static const struct encoding e = { "wbnoinvd", 3, { 0xf3, 0x0f, 0x09 } };
	struct registers r = encoding_registers();

	encodings_do_nothing(&e, 1, false);
	SUBTEST("wbnoinvd_user");
	EXPECT_FAULT(GP(0), execute_in(USER, code_bytes(e.code, e.size), &r));
}
