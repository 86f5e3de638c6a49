/* SPDX-License-Identifier: MIT */
/* An extension that CPUID does not enumerate is not there. */
#include "simd.h"

#include <test.h>
#include <x86/cr.h>

SUITE("Extensions and CPUID");

struct extension {
	const char *name;
	enum x86_feature feature;
	const void *code;
};

#define EXTENSION(name, feature, text) { name, X86_FEATURE_##feature, CODE(text) },

TEST(extensions, "an instruction runs if CPUID enumerates its extension, and is #UD if not",
     SPEC("SDM vol. 1, 9.6, 11.6.2, 12.7, 12.12, 14.3; vol. 2A, table 2-18"))
{
	/* clang-format off */
	const struct extension table[] = {
		EXTENSION("paddb_mmx", MMX, "paddb %%mm1, %%mm2")
		EXTENSION("addps", SSE, "addps %%xmm1, %%xmm2")
		EXTENSION("pshufw_mmx", SSE, "pshufw $0, %%mm1, %%mm2")
		EXTENSION("addpd", SSE2, "addpd %%xmm1, %%xmm2")
		EXTENSION("paddb", SSE2, "paddb %%xmm1, %%xmm2")
		EXTENSION("haddps", SSE3, "haddps %%xmm1, %%xmm2")
		EXTENSION("movddup", SSE3, "movddup %%xmm1, %%xmm2")
		EXTENSION("pshufb", SSSE3, "pshufb %%xmm1, %%xmm2")
		EXTENSION("pabsb_mmx", SSSE3, "pabsb %%mm1, %%mm2")
		EXTENSION("ptest", SSE4_1, "ptest %%xmm1, %%xmm2")
		EXTENSION("pmovsxbw", SSE4_1, "pmovsxbw %%xmm1, %%xmm2")
		EXTENSION("roundps", SSE4_1, "roundps $0, %%xmm1, %%xmm2")
		EXTENSION("pinsrb", SSE4_1, "pinsrb $0, %%eax, %%xmm2")
		EXTENSION("pcmpgtq", SSE4_2, "pcmpgtq %%xmm1, %%xmm2")
		EXTENSION("pcmpistri", SSE4_2, "pcmpistri $0, %%xmm1, %%xmm2")
		EXTENSION("extrq", SSE4A, "extrq %%xmm1, %%xmm2")
		EXTENSION("aesenc", AES, "aesenc %%xmm1, %%xmm2")
		EXTENSION("pclmulqdq", PCLMULQDQ, "pclmulqdq $0, %%xmm1, %%xmm2")
		EXTENSION("sha1msg1", SHA, "sha1msg1 %%xmm1, %%xmm2")
		EXTENSION("vandps_ymm", AVX, "vandps %%ymm1, %%ymm2, %%ymm3")
		EXTENSION("vpaddb", AVX, "vpaddb %%xmm1, %%xmm2, %%xmm3")
		EXTENSION("vzeroupper", AVX, "vzeroupper")
		EXTENSION("vpaddb_ymm", AVX2, "vpaddb %%ymm1, %%ymm2, %%ymm3")
		EXTENSION("vpermq_ymm", AVX2, "vpermq $0, %%ymm1, %%ymm2")
		EXTENSION("vpsllvd", AVX2, "vpsllvd %%xmm1, %%xmm2, %%xmm3")
		EXTENSION("vfmadd132ps", FMA, "vfmadd132ps %%xmm1, %%xmm2, %%xmm3")
		EXTENSION("vcvtph2ps", F16C, "vcvtph2ps %%xmm1, %%xmm2")
		EXTENSION("vpaddd", AVX512F, "vpaddd %%zmm1, %%zmm2, %%zmm3")
	};
	/* clang-format on */
	struct registers r = { .flags = FLAG_1 };
	ulong cr4 = read_cr4();

	vector_enable();
	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		bool present = cpu_has(table[i].feature);

		SUBTEST("%s", table[i].name);
		/* XCR0 does not let AVX-512 run here, present or not. */
		if (table[i].feature == X86_FEATURE_AVX512F)
			present = false;
		EXPECT_FAULT(present ? NO_FAULT : UD, execute_try(table[i].code, &r));
	}
	if (cpu_has(X86_FEATURE_MMX))
		__asm__ volatile("emms");
	write_cr4(cr4);
}
