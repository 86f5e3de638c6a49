/* SPDX-License-Identifier: MIT */
/* Instructions that only CPL 0 may use, and operands that they do not take. SDM vol. 2. */
#include <test.h>

#include <string.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/msr.h>
#include <x86/place.h>

SUITE("Privileged instructions");

static u8 memory[64] __aligned(64);

enum at_cpl3 { AT3_GP, AT3_UD };

/* All with CX -> memory, AX and DX 0. */
static const struct {
	const char *name;
	enum at_cpl3 at_cpl3;
	bool works; /* can be executed at CPL 0 without harm */
	enum x86_feature feature;
	u8 size, code[6];
} insns[] = {
	{ "hlt", AT3_GP, false, X86_FEATURE_FPU, 1, { 0xf4 } },
	{ "clts", AT3_GP, true, X86_FEATURE_FPU, 2, { 0x0f, 0x06 } },
	{ "invd", AT3_GP, false, X86_FEATURE_FPU, 2, { 0x0f, 0x08 } },
	{ "wbinvd", AT3_GP, true, X86_FEATURE_FPU, 2, { 0x0f, 0x09 } },
	{ "wbnoinvd", AT3_GP, true, X86_FEATURE_FPU, 3, { 0xf3, 0x0f, 0x09 } },
	{ "invlpg", AT3_GP, true, X86_FEATURE_FPU, 3, { 0x0f, 0x01, 0x39 } },
	{ "lmsw-register", AT3_GP, false, X86_FEATURE_FPU, 3, { 0x0f, 0x01, 0xf0 } },
	{ "lmsw-memory", AT3_GP, false, X86_FEATURE_FPU, 3, { 0x0f, 0x01, 0x31 } },
	{ "mov-from-dr0", AT3_GP, true, X86_FEATURE_FPU, 3, { 0x0f, 0x21, 0xc0 } },
	{ "mov-from-dr7", AT3_GP, true, X86_FEATURE_FPU, 3, { 0x0f, 0x21, 0xf8 } },
	{ "mov-to-dr0", AT3_GP, true, X86_FEATURE_FPU, 3, { 0x0f, 0x23, 0xc0 } },
	{ "rdmsr", AT3_GP, false, X86_FEATURE_MSR, 2, { 0x0f, 0x32 } },
	{ "wrmsr", AT3_GP, false, X86_FEATURE_MSR, 2, { 0x0f, 0x30 } },
	/* #UD, although they exist: there is no #GP(0) to be had from these. */
	{ "clac", AT3_UD, true, X86_FEATURE_SMAP, 3, { 0x0f, 0x01, 0xca } },
	{ "stac", AT3_UD, false, X86_FEATURE_SMAP, 3, { 0x0f, 0x01, 0xcb } },
	{ "monitor", AT3_UD, false, X86_FEATURE_MONITOR, 3, { 0x0f, 0x01, 0xc8 } },
	{ "mwait", AT3_UD, false, X86_FEATURE_MONITOR, 3, { 0x0f, 0x01, 0xc9 } },
	{ "rsm", AT3_UD, false, X86_FEATURE_FPU, 2, { 0x0f, 0xaa } },
};

TEST(privileged_at_cpl3, "privileged instructions are #GP(0) at CPL 3, or #UD as the manual says",
     SPEC("SDM vol. 3A, 5.9; vol. 2, each instruction"), BUG("CVE-2018-10853"), BUG("XSA-105"))
{
	for (u32 i = 0; i < ARRAY_SIZE(insns); i++) {
		struct registers r = { .cx = (ulong)memory, .flags = FLAG_1 };

		if (!cpu_has(insns[i].feature))
			continue;
		SUBTEST("%s", insns[i].name);
		EXPECT_FAULT(insns[i].at_cpl3 == AT3_GP ? GP(0) : UD,
			     execute_in(USER, code_bytes(insns[i].code, insns[i].size), &r));
		EXPECT_EQ(trap_last_frame()->ip, (ulong)code_bytes_last());
		EXPECT_EQ(trap_last_frame()->ax, 0ul);
		EXPECT_EQ(trap_last_frame()->cs & 3, 3ul);
	}
}

/* FORCED_EMULATION, which KVM takes at CPL 3 as well. */
static const u8 forced[] = { 0x0f, 0x0b, 'k', 'v', 'm' };

TEST(privileged_emulated, "privileged instructions are #GP(0) at CPL 3 when they are emulated, too",
     SPEC("SDM vol. 3A, 5.9; vol. 2, each instruction"), BUG("CVE-2018-10853"))
{
	if (place_missing(FORCED))
		SKIP("%s", place_missing(FORCED));
	for (u32 i = 0; i < ARRAY_SIZE(insns); i++) {
		struct registers r = { .cx = (ulong)memory, .flags = FLAG_1 };
		u8 code[sizeof(forced) + sizeof(insns[i].code)];

		if (!cpu_has(insns[i].feature))
			continue;
		memcpy(code, forced, sizeof(forced));
		memcpy(code + sizeof(forced), insns[i].code, insns[i].size);
		SUBTEST("%s", insns[i].name);
		EXPECT_FAULT(
			insns[i].at_cpl3 == AT3_GP ? GP(0) : UD,
			execute_in(USER, code_bytes(code, sizeof(forced) + insns[i].size), &r));
		EXPECT_EQ(trap_last_frame()->ip, (ulong)code_bytes_last() + sizeof(forced));
		EXPECT_EQ(trap_last_frame()->cs & 3, 3ul);
	}
}

TEST(privileged_at_cpl0, "privileged instructions work at CPL 0, and change no flag",
     SPEC("SDM vol. 3A, 5.9; vol. 2, each instruction"))
{
	const ulong flags = FLAG_1 | FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF;

	for (u32 i = 0; i < ARRAY_SIZE(insns); i++) {
		struct registers r = { .cx = (ulong)memory, .flags = flags };

		if (!insns[i].works || !cpu_has(insns[i].feature))
			continue;
		SUBTEST("%s", insns[i].name);
		EXPECT_NO_FAULT(execute_in(KERNEL, code_bytes(insns[i].code, insns[i].size), &r));
		EXPECT_EQ(r.flags, flags);
		EXPECT_EQ(r.cx, (ulong)memory);
	}
}

/* RSM outside SMM; register forms of what takes memory only; LOCK. */
static const struct {
	const char *name;
	u8 size, code[6];
} undefined[] = {
	{ "rsm", 2, { 0x0f, 0xaa } },
	{ "sgdt-register", 3, { 0x0f, 0x01, 0xc6 } },
	{ "lgdt-register", 3, { 0x0f, 0x01, 0xd3 } },
	{ "lidt-register", 3, { 0x0f, 0x01, 0xdc } },
	{ "invlpg-register", 3, { 0x0f, 0x01, 0xff } },
	{ "lock-invlpg", 4, { 0xf0, 0x0f, 0x01, 0x39 } },
	{ "lock-clts", 3, { 0xf0, 0x0f, 0x06 } },
	{ "lock-wbinvd", 3, { 0xf0, 0x0f, 0x09 } },
};

TEST(privileged_undefined, "forms that do not exist are #UD at CPL 0",
     SPEC("SDM vol. 2, each instruction; table A-6"))
{
	for (u32 i = 0; i < ARRAY_SIZE(undefined); i++) {
		struct registers r = { .cx = (ulong)memory, .flags = FLAG_1 };

		/* 0F 01 DC is STGI where there is SVM. */
		if (undefined[i].code[2] == 0xdc && cpu_has(X86_FEATURE_SVM))
			continue;
		SUBTEST("%s", undefined[i].name);
		EXPECT_FAULT(UD, execute_in(KERNEL,
					    code_bytes(undefined[i].code, undefined[i].size), &r));
		EXPECT_EQ(trap_last_frame()->ip, (ulong)code_bytes_last());
	}
}

/* ------------------------------------------------------------------------------------ STAC, CLAC */

static const u8 clac_code[] = { 0x0f, 0x01, 0xca };
static const u8 stac_code[] = { 0x0f, 0x01, 0xcb };

TEST(stac_clac,
     "STAC sets AC, CLAC clears it, and all other flags and registers stay; without SMAP #UD",
     SPEC("SDM vol. 2A, CLAC; 2B, STAC"))
{
	const ulong others = FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF;

	for (u32 i = 0; i < 8; i++) {
		ulong flags = FLAG_1 | (i & 1 ? FLAG_AC : 0) | (i & 2 ? others : 0);
		struct registers r = { .ax = 1, .cx = 2, .flags = flags };

		SUBTEST("%s-%u", i & 4 ? "stac" : "clac", i & 3);
		if (!cpu_has(X86_FEATURE_SMAP)) {
			EXPECT_FAULT(UD,
				     execute_in(KERNEL,
						code_bytes(i & 4 ? stac_code : clac_code, 3), &r));
			continue;
		}
		EXPECT_NO_FAULT(
			execute_in(KERNEL, code_bytes(i & 4 ? stac_code : clac_code, 3), &r));
		EXPECT_EQ(r.flags, (flags & ~FLAG_AC) | (i & 4 ? FLAG_AC : 0));
		EXPECT_EQ(r.ax, 1ul);
	}
}

TEST(stac_clac_prefixes, "LOCK, 66H, F2H and F3H with STAC and CLAC are #UD",
     SPEC("SDM vol. 2A, CLAC; 2B, STAC; table A-6"))
{
	static const u8 prefixes[] = { 0xf0, 0x66, 0xf2, 0xf3 };

	for (u32 i = 0; i < 2; i++)
		for (u32 j = 0; j < ARRAY_SIZE(prefixes); j++) {
			const u8 code[] = { prefixes[j], 0x0f, 0x01, i ? 0xcb : 0xca };
			struct registers r = { .flags = FLAG_1 };

			/* F2 0F 01 CA is ERETS of FRED. */
			SUBTEST("%s-%#x", i ? "stac" : "clac", prefixes[j]);
			EXPECT_FAULT(UD, execute_in(KERNEL, code_bytes(code, sizeof(code)), &r));
		}
}
