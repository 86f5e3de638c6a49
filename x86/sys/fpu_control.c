/* SPDX-License-Identifier: MIT */
/*
 * CR0.EM, MP and TS, CR4.OSFXSR and OSXSAVE: which instruction is #NM and which is #UD. SDM vol. 3A,
 * 2.5, 13.1; table 11-3 of AMD's vol. 2.
 */
#include <test.h>

#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/place.h>
#include <x86/xsave.h>

SUITE("CR0.EM, MP and TS");

static struct xsave_area area;

enum rule {
	RULE_X87,    /* EM or TS: #NM */
	RULE_WAIT,   /* MP and TS: #NM */
	RULE_MMX,    /* EM: #UD; TS: #NM */
	RULE_SSE,    /* EM, or OSFXSR clear: #UD; TS: #NM */
	RULE_FXSAVE, /* EM or TS: #NM */
	RULE_NONE,   /* none of these bits matters */
};

static const struct {
	const char *name;
	enum rule rule;
	enum x86_feature feature;
	u8 size, code[8];
} insns[] = {
	/* FNOP; FLD1, FSTP ST(0) back; FNINIT; FNSTSW AX; FXAM; FADD ST, ST; FNSTCW [CX] */
	{ "fnop", RULE_X87, X86_FEATURE_FPU, 2, { 0xd9, 0xd0 } },
	{ "fninit", RULE_X87, X86_FEATURE_FPU, 2, { 0xdb, 0xe3 } },
	{ "fnclex", RULE_X87, X86_FEATURE_FPU, 2, { 0xdb, 0xe2 } },
	{ "fnstsw", RULE_X87, X86_FEATURE_FPU, 2, { 0xdf, 0xe0 } },
	{ "fxam", RULE_X87, X86_FEATURE_FPU, 2, { 0xd9, 0xe5 } },
	{ "fnstcw", RULE_X87, X86_FEATURE_FPU, 2, { 0xd9, 0x39 } },
	{ "fldcw", RULE_X87, X86_FEATURE_FPU, 2, { 0xd9, 0x29 } },
	{ "fld", RULE_X87, X86_FEATURE_FPU, 4, { 0xd9, 0x01, 0xdd, 0xd8 } },
	{ "fild-qword", RULE_X87, X86_FEATURE_FPU, 4, { 0xdf, 0x29, 0xdd, 0xd8 } },
	{ "ffree", RULE_X87, X86_FEATURE_FPU, 2, { 0xdd, 0xc0 } },
	{ "fcmovb", RULE_X87, X86_FEATURE_CMOV, 2, { 0xda, 0xc0 } },
	{ "fnstenv", RULE_X87, X86_FEATURE_FPU, 2, { 0xd9, 0x31 } },
	{ "fwait", RULE_WAIT, X86_FEATURE_FPU, 1, { 0x9b } },
	/* EMMS; MOVD MM0, EAX; PADDB MM0, MM1; MOVQ MM0, [CX] */
	{ "emms", RULE_MMX, X86_FEATURE_MMX, 2, { 0x0f, 0x77 } },
	{ "movd-mm", RULE_MMX, X86_FEATURE_MMX, 3, { 0x0f, 0x6e, 0xc0 } },
	{ "paddb-mm", RULE_MMX, X86_FEATURE_MMX, 3, { 0x0f, 0xfc, 0xc1 } },
	{ "movq-mm", RULE_MMX, X86_FEATURE_MMX, 3, { 0x0f, 0x6f, 0x01 } },
	{ "pshufw-mm", RULE_MMX, X86_FEATURE_SSE, 4, { 0x0f, 0x70, 0xc0, 0 } },
	/* MOVAPS, MOVUPS, ADDPS, LDMXCSR, STMXCSR, MOVDQA, PADDB XMM, ADDSD, ... */
	{ "movaps", RULE_SSE, X86_FEATURE_SSE, 3, { 0x0f, 0x28, 0xc1 } },
	{ "movups-load", RULE_SSE, X86_FEATURE_SSE, 3, { 0x0f, 0x10, 0x01 } },
	{ "movups-store", RULE_SSE, X86_FEATURE_SSE, 3, { 0x0f, 0x11, 0x01 } },
	{ "xorps", RULE_SSE, X86_FEATURE_SSE, 3, { 0x0f, 0x57, 0xc0 } },
	{ "addps", RULE_SSE, X86_FEATURE_SSE, 3, { 0x0f, 0x58, 0xc1 } },
	{ "movss", RULE_SSE, X86_FEATURE_SSE, 4, { 0xf3, 0x0f, 0x10, 0xc1 } },
	{ "stmxcsr", RULE_SSE, X86_FEATURE_SSE, 3, { 0x0f, 0xae, 0x19 } },
	{ "ldmxcsr", RULE_SSE, X86_FEATURE_SSE, 4, { 0x0f, 0xae, 0x51, 24 } },
	{ "movdqa", RULE_SSE, X86_FEATURE_SSE2, 4, { 0x66, 0x0f, 0x6f, 0xc1 } },
	{ "paddb", RULE_SSE, X86_FEATURE_SSE2, 4, { 0x66, 0x0f, 0xfc, 0xc1 } },
	{ "addsd", RULE_SSE, X86_FEATURE_SSE2, 4, { 0xf2, 0x0f, 0x58, 0xc1 } },
	{ "movntdq", RULE_SSE, X86_FEATURE_SSE2, 4, { 0x66, 0x0f, 0xe7, 0x01 } },
	{ "haddps", RULE_SSE, X86_FEATURE_SSE3, 4, { 0xf2, 0x0f, 0x7c, 0xc1 } },
	{ "pshufb", RULE_SSE, X86_FEATURE_SSSE3, 5, { 0x66, 0x0f, 0x38, 0x00, 0xc1 } },
	{ "pminsb", RULE_SSE, X86_FEATURE_SSE4_1, 5, { 0x66, 0x0f, 0x38, 0x38, 0xc1 } },
	{ "pcmpgtq", RULE_SSE, X86_FEATURE_SSE4_2, 5, { 0x66, 0x0f, 0x38, 0x37, 0xc1 } },
	{ "aesenc", RULE_SSE, X86_FEATURE_AES, 5, { 0x66, 0x0f, 0x38, 0xdc, 0xc1 } },
	{ "pclmulqdq", RULE_SSE, X86_FEATURE_PCLMULQDQ, 6, { 0x66, 0x0f, 0x3a, 0x44, 0xc1, 0 } },
	{ "fxsave", RULE_FXSAVE, X86_FEATURE_FXSR, 3, { 0x0f, 0xae, 0x01 } },
	{ "fxrstor", RULE_FXSAVE, X86_FEATURE_FXSR, 3, { 0x0f, 0xae, 0x09 } },
	/* What lies among the vector instructions but uses none of their registers. */
	{ "movnti", RULE_NONE, X86_FEATURE_SSE2, 3, { 0x0f, 0xc3, 0x01 } },
	{ "sfence", RULE_NONE, X86_FEATURE_SSE, 3, { 0x0f, 0xae, 0xf8 } },
	{ "lfence", RULE_NONE, X86_FEATURE_SSE2, 3, { 0x0f, 0xae, 0xe8 } },
	{ "mfence", RULE_NONE, X86_FEATURE_SSE2, 3, { 0x0f, 0xae, 0xf0 } },
	{ "prefetcht0", RULE_NONE, X86_FEATURE_SSE, 3, { 0x0f, 0x18, 0x09 } },
	{ "pause", RULE_NONE, X86_FEATURE_SSE2, 2, { 0xf3, 0x90 } },
	{ "clflush", RULE_NONE, X86_FEATURE_CLFSH, 3, { 0x0f, 0xae, 0x39 } },
	{ "crc32", RULE_NONE, X86_FEATURE_SSE4_2, 5, { 0xf2, 0x0f, 0x38, 0xf1, 0xc0 } },
	{ "popcnt", RULE_NONE, X86_FEATURE_POPCNT, 4, { 0xf3, 0x0f, 0xb8, 0xc0 } },
};

static struct fault expected(enum rule rule, ulong cr0, ulong cr4)
{
	const bool em = cr0 & CR0_EM, mp = cr0 & CR0_MP, ts = cr0 & CR0_TS;

	switch (rule) {
	case RULE_X87:
	case RULE_FXSAVE:
		return em || ts ? NM : NO_FAULT;
	case RULE_WAIT:
		return mp && ts ? NM : NO_FAULT;
	case RULE_MMX:
		return em ? UD : ts ? NM : NO_FAULT;
	case RULE_SSE:
		return em || !(cr4 & CR4_OSFXSR) ? UD : ts ? NM : NO_FAULT;
	default:
		return NO_FAULT;
	}
}

/* An area that FXRSTOR, LDMXCSR and FLDCW can be pointed at. */
static void fill_area(void)
{
	area = (struct xsave_area){ .bytes = { [XSAVE_FCW] = 0x7f, 0x03 } };
	area.bytes[XSAVE_MXCSR] = 0x80;
	area.bytes[XSAVE_MXCSR + 1] = 0x1f;
}

/* Bits of `setting`: EM, MP, TS, OSFXSR clear. */
#define EM_AND_TS 5u

static void expect_availability(u32 i, u32 setting)
{
	const ulong cr0 = read_cr0(), cr4 = read_cr4();
	const ulong bits0 = (setting & 1 ? CR0_EM : 0) | (setting & 2 ? CR0_MP : 0) |
			    (setting & 4 ? CR0_TS : 0);
	const ulong bits4 = setting & 8 ? 0 : CR4_OSFXSR;

	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		struct registers r = { .cx = (ulong)&area, .flags = FLAG_1 };
		struct fault fault;

		fill_area();
		write_cr0((cr0 & ~(CR0_EM | CR0_MP | CR0_TS)) | bits0);
		write_cr4((cr4 & ~CR4_OSFXSR) | bits4);
		fault = execute_in(at_cpl(cpl), code_bytes(insns[i].code, insns[i].size), &r);
		write_cr0(cr0);
		write_cr4(cr4);
		EXPECT_FAULT(expected(insns[i].rule, bits0, bits4), fault, "cpl%u%s%s%s%s", cpl,
			     bits0 & CR0_EM ? " EM" : "", bits0 & CR0_MP ? " MP" : "",
			     bits0 & CR0_TS ? " TS" : "", bits4 ? " OSFXSR" : "");
		if (fault.kind)
			EXPECT_EQ(trap_last_frame()->ip, (ulong)code_bytes_last());
	}
}

TEST(fpu_availability, "CR0.EM, MP, TS and CR4.OSFXSR decide on each instruction: #NM, #UD or none",
     SPEC("SDM vol. 3A, 2.5, 9.2.1, 13.1.2; vol. 2, exceptions of each instruction"),
	  BUG("XSA-190"))
{
	for (u32 i = 0; i < ARRAY_SIZE(insns); i++) {
		bool decides; /* between #UD and #NM, if both EM and TS are set */

		if (!cpu_has(insns[i].feature))
			continue;
		decides = insns[i].rule == RULE_MMX || insns[i].rule == RULE_SSE;
		SUBTEST("%s", insns[i].name);
		for (u32 setting = 0; setting < 16; setting++)
			if (!decides || (setting & EM_AND_TS) != EM_AND_TS)
				expect_availability(i, setting);
		if (!decides)
			continue;
		SUBTEST("%s-em-and-ts", insns[i].name);
		for (u32 setting = 0; setting < 16; setting++)
			if ((setting & EM_AND_TS) == EM_AND_TS)
				expect_availability(i, setting);
	}
}

/* VEX: OSXSAVE and XCR0 take the place of OSFXSR, and EM does not matter. */
static const struct {
	const char *name;
	enum x86_feature feature;
	u8 size, code[8];
} vex[] = {
	{ "vxorps", X86_FEATURE_AVX, 4, { 0xc5, 0xf8, 0x57, 0xc0 } },
	{ "vxorps-256", X86_FEATURE_AVX, 4, { 0xc5, 0xfc, 0x57, 0xc0 } },
	{ "vzeroupper", X86_FEATURE_AVX, 3, { 0xc5, 0xf8, 0x77 } },
	{ "vmovups", X86_FEATURE_AVX, 4, { 0xc5, 0xf8, 0x10, 0x01 } },
	{ "vpaddb-256", X86_FEATURE_AVX2, 4, { 0xc5, 0xfd, 0xfc, 0xc1 } },
	{ "vstmxcsr", X86_FEATURE_AVX, 4, { 0xc5, 0xf8, 0xae, 0x19 } },
};

TEST(avx_availability, "VEX instructions need CR4.OSXSAVE and XCR0 bits 2-1, else #UD; with TS #NM",
     SPEC("SDM vol. 2A, 2.4.2; vol. 1, 14.3, table 2-18"), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	static const u64 xcr0[] = { 1, 3, 7 };
	ulong cr0 = read_cr0() & ~(CR0_EM | CR0_TS), cr4 = read_cr4();

	for (u32 i = 0; i < ARRAY_SIZE(vex); i++)
		for (u32 j = 0; j < ARRAY_SIZE(xcr0); j++)
			for (u32 setting = 0; setting < 8; setting++) {
				bool em = setting & 4, osxsave = !(setting & 1), ts = setting & 2;
				bool enabled = osxsave && xcr0[j] == 7;
				struct registers r = { .cx = (ulong)&area, .flags = FLAG_1 };
				struct fault fault;

				if (!cpu_has(vex[i].feature))
					continue;
				if (setting % 4 == 0)
					SUBTEST("%s-xcr0-%llu%s", vex[i].name, xcr0[j],
						em ? "-em" : "");
				write_cr4(cr4 | CR4_OSXSAVE);
				ASSERT_NO_FAULT(xsetbv_try(0, xcr0[j]));
				write_cr4(osxsave ? cr4 | CR4_OSXSAVE : cr4);
				write_cr0(cr0 | (ts ? CR0_TS : 0) | (em ? CR0_EM : 0));
				fault = execute_in(setting & 2 ? USER : KERNEL,
						   code_bytes(vex[i].code, vex[i].size), &r);
				write_cr0(cr0);
				EXPECT_FAULT(!enabled ? UD
					     : ts     ? NM
						      : NO_FAULT,
					     fault, "osxsave %d ts %d em %d", osxsave, ts, em);
			}
}

TEST(fwait_ignores_em, "WAIT with EM set and MP clear is no fault, whatever TS",
     SPEC("SDM vol. 3A, 2.5, table 9-3"))
{
	static const u8 fwait[] = { 0x9b };
	ulong cr0 = read_cr0() & ~(CR0_EM | CR0_TS | CR0_MP);

	for (u32 ts = 0; ts <= 1; ts++) {
		struct registers r = { .flags = FLAG_1 };

		SUBTEST("ts%u", ts);
		write_cr0(cr0 | CR0_EM | (ts ? CR0_TS : 0));
		EXPECT_NO_FAULT(execute_in(USER, code_bytes(fwait, 1), &r));
		write_cr0(cr0);
	}
}
