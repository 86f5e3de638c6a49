/* SPDX-License-Identifier: MIT */
/*
 * An override prefix goes for the operand of every instruction that has one in memory: FS has a base, and what DI is
 * an offset of is absent in DS.
 */
#include "insn.h"

#include <mm/page.h>
#include <string.h>
#include <test.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/vector.h>
#include <x86/x87.h>

SUITE("Segment overrides");

/* In page 0, which is absent. */
#define OFFSET 0x40

struct overridden {
	const char *name;
	const void *code;
	bool stores;
	enum x86_feature feature;
};

#define FS "%%fs:" AT("di")
#define LOAD_(name, text, ...)                         \
	{                                              \
		name, CODE(text), false, ##__VA_ARGS__ \
	}
#define STORE_(name, text, ...)                       \
	{                                             \
		name, CODE(text), true, ##__VA_ARGS__ \
	}

static void check(const struct overridden *table, u32 count)
{
	u8 *page = page_alloc();
	struct registers r = { .ax = gdt_set_spare(0, (DESC_FLAT | DESC_DB) +
							      DESC_BASE((u64)(ulong)page)),
			       .flags = FLAG_1 };

	vector_enable();
	ASSERT_NO_FAULT(execute_try(CODE("mov %%eax, %%fs"), &r));
	for (u32 i = 0; i < count; i++) {
		u8 *operand = page + OFFSET;
		u8 before[512];

		if (!cpu_has(table[i].feature))
			continue;
		SUBTEST("%s", table[i].name);
		fninit();
		/* For divisors and bounds: not 0. The control word and MXCSR have reserved bits. */
		memset(operand, 1, sizeof(before));
		memset(operand + 24, 0, 8);
		operand[0] = 0x7f;
		operand[1] = 0x03;
		memcpy(before, operand, sizeof(before));
		r = (struct registers){ .di = OFFSET,
					.ax = 0x5678,
					.cx = 0x33,
					.dx = 0,
					.bx = 0x4321,
					.flags = FLAG_1 };
		EXPECT_NO_FAULT(execute_try(table[i].code, &r));
		if (table[i].stores)
			EXPECT(memcmp(before, operand, sizeof(before)) != 0, "nothing was stored");
		else
			EXPECT_MEM_EQ(operand, before, sizeof(before));
	}
	r = (struct registers){ .ax = 0, .flags = FLAG_1 };
	EXPECT_NO_FAULT(execute_try(CODE("mov %%eax, %%fs"), &r));
	fninit();
}

#define FPU X86_FEATURE_FPU
#define SSE X86_FEATURE_SSE2

TEST(segment_override, "an override prefix goes for the operand in memory of integer instructions",
     SPEC("SDM vol. 2A, 2.1.1; vol. 1, 3.7.4"))
{
	const struct overridden table[] = {
		LOAD_("mov_load8", "movb " FS ", %%al", FPU),
		LOAD_("mov_load16", "movw " FS ", %%ax", FPU),
		LOAD_("mov_load32", "movl " FS ", %%eax", FPU),
		STORE_("mov_store8", "movb %%al, " FS, FPU),
		STORE_("mov_store16", "movw %%ax, " FS, FPU),
		STORE_("mov_store32", "movl %%eax, " FS, FPU),
		STORE_("mov_immediate", "movl $0x12345678, " FS, FPU),
		STORE_("add_store", "addl %%eax, " FS, FPU),
		LOAD_("add_load", "addl " FS ", %%eax", FPU),
		STORE_("add_immediate", "addw $5, " FS, FPU),
		LOAD_("cmp", "cmpl %%eax, " FS, FPU),
		STORE_("and_store8", "andb %%al, " FS, FPU),
		STORE_("and_store16", "andw %%ax, " FS, FPU),
		STORE_("and_store32", "andl %%eax, " FS, FPU),
		LOAD_("and_load8", "andb " FS ", %%al", FPU),
		LOAD_("and_load32", "andl " FS ", %%eax", FPU),
		STORE_("or_store16", "orw %%ax, " FS, FPU),
		STORE_("or_store32", "orl %%eax, " FS, FPU),
		LOAD_("or_load8", "orb " FS ", %%al", FPU),
		LOAD_("or_load32", "orl " FS ", %%eax", FPU),
		STORE_("xor_store8", "xorb %%al, " FS, FPU),
		STORE_("xor_store16", "xorw %%ax, " FS, FPU),
		STORE_("xor_store32", "xorl %%eax, " FS, FPU),
		LOAD_("xor_load8", "xorb " FS ", %%al", FPU),
		LOAD_("xor_load32", "xorl " FS ", %%eax", FPU),
		STORE_("adc_store8", "adcb %%al, " FS, FPU),
		STORE_("adc_store16", "adcw %%ax, " FS, FPU),
		STORE_("adc_store32", "adcl %%eax, " FS, FPU),
		LOAD_("adc_load8", "adcb " FS ", %%al", FPU),
		LOAD_("adc_load32", "adcl " FS ", %%eax", FPU),
		STORE_("sbb_store8", "sbbb %%al, " FS, FPU),
		STORE_("sbb_store16", "sbbw %%ax, " FS, FPU),
		STORE_("sbb_store32", "sbbl %%eax, " FS, FPU),
		LOAD_("sbb_load8", "sbbb " FS ", %%al", FPU),
		LOAD_("sbb_load32", "sbbl " FS ", %%eax", FPU),
		STORE_("sub_store8", "subb %%al, " FS, FPU),
		STORE_("sub_store16", "subw %%ax, " FS, FPU),
		STORE_("sub_store32", "subl %%eax, " FS, FPU),
		LOAD_("sub_load8", "subb " FS ", %%al", FPU),
		LOAD_("sub_load32", "subl " FS ", %%eax", FPU),
		STORE_("mov_immediate8", "movb $0x12, " FS, FPU),
		STORE_("mov_immediate16", "movw $0x1234, " FS, FPU),
		LOAD_("movzx_8_16", "movzbw " FS ", %%cx", FPU),
		LOAD_("movzx_8_32", "movzbl " FS ", %%ecx", FPU),
		LOAD_("movsx_8_16", "movsbw " FS ", %%cx", FPU),
		LOAD_("movsx_16_32", "movswl " FS ", %%ecx", FPU),
		LOAD_("cmp8", "cmpb %%al, " FS, FPU),
		LOAD_("cmp16", "cmpw $5, " FS, FPU),
		LOAD_("test32", "testl %%eax, " FS, FPU),
		LOAD_("test", "testb $1, " FS, FPU),
		STORE_("not", "notl " FS, FPU),
		STORE_("neg", "negw " FS, FPU),
		STORE_("inc", "incb " FS, FPU),
		LOAD_("mul", "mull " FS, FPU),
		LOAD_("imul", "imul " FS ", %%ecx", FPU),
		LOAD_("imul_immediate", "imul $3, " FS ", %%ecx", FPU),
		LOAD_("div", "divl " FS, FPU),
		LOAD_("idiv", "idivw " FS, FPU),
		STORE_("shl", "shll $1, " FS, FPU),
		STORE_("ror", "rorw %%cl, " FS, FPU),
		STORE_("shld", "shldl $4, %%eax, " FS, FPU),
		STORE_("shrd", "shrdl %%cl, %%ebx, " FS, FPU),
		LOAD_("bt", "btl %%edx, " FS, FPU),
		STORE_("btc", "btcl %%edx, " FS, FPU),
		STORE_("bts_immediate", "btsl $7, " FS, FPU),
		LOAD_("bsf", "bsfl " FS ", %%ecx", FPU),
		LOAD_("movzx", "movzwl " FS ", %%ecx", FPU),
		LOAD_("movsx", "movsbl " FS ", %%ecx", FPU),
		STORE_("seto", "seto " FS "; incb " FS, FPU),
		STORE_("setno", "setno " FS "; incb " FS, FPU),
		STORE_("setb", "setb " FS "; incb " FS, FPU),
		STORE_("setae", "setae " FS "; incb " FS, FPU),
		STORE_("sete", "sete " FS "; incb " FS, FPU),
		STORE_("setne", "setne " FS "; incb " FS, FPU),
		STORE_("setbe", "setbe " FS "; incb " FS, FPU),
		STORE_("seta", "seta " FS "; incb " FS, FPU),
		STORE_("sets", "sets " FS "; incb " FS, FPU),
		STORE_("setns", "setns " FS "; incb " FS, FPU),
		STORE_("setp", "setp " FS "; incb " FS, FPU),
		STORE_("setnp", "setnp " FS "; incb " FS, FPU),
		STORE_("setl", "setl " FS "; incb " FS, FPU),
		STORE_("setge", "setge " FS "; incb " FS, FPU),
		STORE_("setle", "setle " FS "; incb " FS, FPU),
		STORE_("setg", "setg " FS "; incb " FS, FPU),
		LOAD_("cmovcc", "cmovnz " FS ", %%ecx", X86_FEATURE_CMOV),
		STORE_("xchg", "xchgl %%eax, " FS, FPU),
		STORE_("xadd", "xaddl %%eax, " FS, FPU),
		STORE_("cmpxchg8b", "mov $0x0101037f, %%eax; mov $0x01010101, %%edx; cmpxchg8b " FS,
		       X86_FEATURE_CX8),
		LOAD_("movbe_load", "movbe " FS ", %%eax", X86_FEATURE_MOVBE),
		STORE_("movbe_store", "movbe %%eax, " FS, X86_FEATURE_MOVBE),
		STORE_("movnti", "movnti %%eax, " FS, SSE),
		LOAD_("push", "push " FS "; pop " NATIVE("cx"), FPU),
		STORE_("pop", "push " NATIVE("bx") "; pop " FS, FPU),
		STORE_("mov_from_segment", "movw %%ss, " FS, FPU),
		STORE_("sgdt", "sgdt " FS, FPU),
		STORE_("sidt", "sidt " FS, FPU),
		STORE_("sldt", "sldt " FS, FPU),
		STORE_("str", "str " FS, FPU),
		STORE_("smsw", "smsw " FS, FPU),
		LOAD_("lar", "lar " FS ", %%ecx", FPU),
		LOAD_("verr", "verr " FS, FPU),
		LOAD_("lods",
		      "mov " NATIVE("di") ", " NATIVE("si") "; lodsb %%fs:(" NATIVE("si") "), %%al",
		      FPU),
		LOAD_("xlat",
		      "mov " NATIVE("di") ", " NATIVE("bx") "; xor %%eax, %%eax; .byte 0x64; xlat",
		      FPU),
		STORE_("lgdt", "sgdt " FS "; lgdt " FS, FPU),
		STORE_("lidt", "sidt " FS "; lidt " FS, FPU),
		LOAD_("clflush", "clflush " FS, X86_FEATURE_CLFSH),
		LOAD_("popcnt", "popcntl " FS ", %%ecx", X86_FEATURE_POPCNT),
		LOAD_("crc32", "crc32l " FS ", %%ecx", X86_FEATURE_SSE4_2),
		LOAD_("andn", "andn " FS ", %%ecx, %%ecx", X86_FEATURE_BMI1),
		LOAD_("pdep", "pdep " FS ", %%ecx, %%ecx", X86_FEATURE_BMI2),
	};

	check(table, ARRAY_SIZE(table));
}

TEST(segment_override_x87, "an override prefix goes for the operand in memory of x87 instructions",
     SPEC("SDM vol. 2A, 2.1.1; vol. 1, 3.7.4"), REQUIRES(cpu_has(X86_FEATURE_FPU)))
{
	const struct overridden table[] = {
		LOAD_("fld_m32", "flds " FS, FPU),
		LOAD_("fld_m64", "fldl " FS, FPU),
		LOAD_("fld_m80", "fldt " FS, FPU),
		LOAD_("fild_m16", "filds " FS, FPU),
		LOAD_("fild_m32", "fildl " FS, FPU),
		LOAD_("fild_m64", "fildll " FS, FPU),
		LOAD_("fbld", "fbld " FS, FPU),
		LOAD_("fldcw", "fldcw " FS, FPU),
		LOAD_("fadd_m32", "fld1; fadds " FS, FPU),
		LOAD_("fmul_m64", "fld1; fmull " FS, FPU),
		LOAD_("fiadd_m16", "fld1; fiadds " FS, FPU),
		LOAD_("fidiv_m32", "fld1; fidivl " FS, FPU),
		LOAD_("fadd_m64", "fld1; faddl " FS, FPU),
		LOAD_("fmul_m32", "fld1; fmuls " FS, FPU),
		LOAD_("fsub_m32", "fld1; fsubs " FS, FPU),
		LOAD_("fsub_m64", "fld1; fsubl " FS, FPU),
		LOAD_("fsubr_m32", "fld1; fsubrs " FS, FPU),
		LOAD_("fsubr_m64", "fld1; fsubrl " FS, FPU),
		LOAD_("fdiv_m32", "fld1; fdivs " FS, FPU),
		LOAD_("fdiv_m64", "fld1; fdivl " FS, FPU),
		LOAD_("fdivr_m32", "fld1; fdivrs " FS, FPU),
		LOAD_("fdivr_m64", "fld1; fdivrl " FS, FPU),
		LOAD_("fcom_m32", "fld1; fcoms " FS, FPU),
		LOAD_("fcom_m64", "fld1; fcoml " FS, FPU),
		LOAD_("fcomp_m32", "fld1; fcomps " FS, FPU),
		LOAD_("fcomp_m64", "fld1; fcompl " FS, FPU),
		LOAD_("fiadd_m32", "fld1; fiaddl " FS, FPU),
		LOAD_("fimul_m16", "fld1; fimuls " FS, FPU),
		LOAD_("fimul_m32", "fld1; fimull " FS, FPU),
		LOAD_("fisub_m16", "fld1; fisubs " FS, FPU),
		LOAD_("fisub_m32", "fld1; fisubl " FS, FPU),
		LOAD_("fisubr_m16", "fld1; fisubrs " FS, FPU),
		LOAD_("fisubr_m32", "fld1; fisubrl " FS, FPU),
		LOAD_("fidiv_m16", "fld1; fidivs " FS, FPU),
		LOAD_("fidivr_m16", "fld1; fidivrs " FS, FPU),
		LOAD_("fidivr_m32", "fld1; fidivrl " FS, FPU),
		LOAD_("ficom_m16", "fld1; ficoms " FS, FPU),
		LOAD_("ficom_m32", "fld1; ficoml " FS, FPU),
		LOAD_("ficomp_m32", "fld1; ficompl " FS, FPU),
		LOAD_("ficomp_m16", "fld1; ficomps " FS, FPU),
		STORE_("fst_m32", "fld1; fsts " FS, FPU),
		STORE_("fst_m64", "fld1; fstl " FS, FPU),
		STORE_("fstp_m80", "fld1; fstpt " FS, FPU),
		STORE_("fist_m16", "fldpi; fists " FS, FPU),
		STORE_("fist_m32", "fldpi; fistl " FS, FPU),
		STORE_("fistp_m64", "fldpi; fistpll " FS, FPU),
		STORE_("fbstp", "fldpi; fbstp " FS, FPU),
		STORE_("fisttp", "fldpi; fisttpl " FS, X86_FEATURE_SSE3),
		STORE_("fnstcw", "fldcw " FS "; movw $0, " FS "; fnstcw " FS "; incb " FS, FPU),
		STORE_("fnstsw", "fnstsw " FS, FPU),
		STORE_("fnstenv", "fnstenv " FS "; fldenv " FS, FPU),
		STORE_("fnstenv_16", "data16 fnstenv " FS "; data16 fldenv " FS, FPU),
		STORE_("fnsave", "fnsave " FS "; frstor " FS, FPU),
		STORE_("fnsave_16", "data16 fnsave " FS "; data16 frstor " FS, FPU),
		STORE_("fxsave", "fxsave " FS "; fxrstor " FS, X86_FEATURE_FXSR),
	};

	check(table, ARRAY_SIZE(table));
}

#define X(name, text, feature) LOAD_(name, text " " FS ", %%xmm1", feature)
#define Y(name, text)	       LOAD_(name, text " " FS ", %%xmm1, %%xmm1", X86_FEATURE_AVX)

TEST(segment_override_vector,
     "an override prefix goes for the operand in memory of vector instructions",
     SPEC("SDM vol. 2A, 2.1.1; vol. 1, 3.7.4"), REQUIRES(cpu_has(X86_FEATURE_SSE2)))
{
	const struct overridden table[] = {
		X("movaps", "movaps", SSE),
		X("movups", "movups", SSE),
		X("movdqa", "movdqa", SSE),
		X("movdqu", "movdqu", SSE),
		X("movss", "movss", SSE),
		X("movsd", "movsd", SSE),
		X("movd", "movd", SSE),
		X("movq", "movq", SSE),
		X("movlps", "movlps", SSE),
		X("movhpd", "movhpd", SSE),
		X("addps", "addps", SSE),
		X("mulsd", "mulsd", SSE),
		X("paddb", "paddb", SSE),
		X("pand", "pand", SSE),
		X("psllw", "psllw", SSE),
		X("pshufd", "pshufd $1,", SSE),
		X("shufps", "shufps $1,", SSE),
		X("cvtps2pd", "cvtps2pd", SSE),
		X("cvtss2sd", "cvtss2sd", SSE),
		X("cvtsd2ss", "cvtsd2ss", SSE),
		X("cvtpd2ps", "cvtpd2ps", SSE),
		X("cvttps2dq", "cvttps2dq", SSE),
		X("sqrtsd", "sqrtsd", SSE),
		X("cmpss", "cmpss $1,", SSE),
		X("ucomisd", "ucomisd", SSE),
		X("movlpd", "movlpd", SSE),
		X("cvtdq2pd", "cvtdq2pd", SSE),
		X("cvtps2dq", "cvtps2dq", SSE),
		X("comiss", "comiss", SSE),
		X("pinsrw", "pinsrw $1,", SSE),
		X("lddqu", "lddqu", X86_FEATURE_SSE3),
		X("pshufb", "pshufb", X86_FEATURE_SSSE3),
		X("pmovzxbw", "pmovzxbw", X86_FEATURE_SSE4_1),
		X("pinsrd", "pinsrd $1,", X86_FEATURE_SSE4_1),
		X("pcmpistri", "pcmpistri $0,", X86_FEATURE_SSE4_2),
		LOAD_("movq_mmx", "movq " FS ", %%mm1", SSE),
		LOAD_("paddw_mmx", "paddw " FS ", %%mm1", SSE),
		LOAD_("cvtpi2ps", "cvtpi2ps " FS ", %%xmm1", SSE),
		LOAD_("cvtsi2sd", "cvtsi2sdl " FS ", %%xmm1", SSE),
		LOAD_("cvttsd2si", "cvttsd2si " FS ", %%ecx", SSE),
		STORE_("movaps_store", "movaps %%xmm1, " FS, SSE),
		STORE_("movups_store", "movups %%xmm1, " FS, SSE),
		STORE_("movdqa_store", "movdqa %%xmm1, " FS, SSE),
		STORE_("movdqu_store", "movdqu %%xmm1, " FS, SSE),
		STORE_("movss_store", "movss %%xmm1, " FS, SSE),
		STORE_("movsd_store", "movsd %%xmm1, " FS, SSE),
		STORE_("movd_store", "movd %%xmm1, " FS, SSE),
		STORE_("movq_store", "movq %%xmm1, " FS, SSE),
		STORE_("movlps_store", "movlps %%xmm1, " FS, SSE),
		STORE_("movhps_store", "movhps %%xmm1, " FS, SSE),
		STORE_("movntdq", "movntdq %%xmm1, " FS, SSE),
		STORE_("movntps", "movntps %%xmm1, " FS, SSE),
		STORE_("movq_mmx_store", "movq %%mm1, " FS, SSE),
		STORE_("movntq", "movntq %%mm1, " FS, SSE),
		STORE_("pextrd", "pextrd $1, %%xmm1, " FS, X86_FEATURE_SSE4_1),
		STORE_("pextrb", "pextrb $1, %%xmm1, " FS, X86_FEATURE_SSE4_1),
		STORE_("stmxcsr", "stmxcsr " FS "; ldmxcsr " FS, SSE),
		Y("vaddps", "vaddps"),
		Y("vpaddb", "vpaddb"),
		LOAD_("vmovdqu_256", "vmovdqu " FS ", %%ymm1", X86_FEATURE_AVX),
		LOAD_("vbroadcastss", "vbroadcastss " FS ", %%ymm1", X86_FEATURE_AVX),
		STORE_("vmovups_256", "vmovups %%ymm1, " FS, X86_FEATURE_AVX),
		STORE_("vextractf128", "vextractf128 $1, %%ymm1, " FS, X86_FEATURE_AVX),
		STORE_("vmaskmovps",
		       "vpcmpeqd %%xmm2, %%xmm2, %%xmm2; vmaskmovps %%xmm1, %%xmm2, " FS,
		       X86_FEATURE_AVX),
	};
	struct vector_registers v = { .mxcsr = 0x1f80 };

	vector_enable();
	vector_load(&v);
	check(table, ARRAY_SIZE(table));
}
