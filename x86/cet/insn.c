/* SPDX-License-Identifier: MIT */
/* The instructions of shadow stacks: SDM vol. 2 of later editions, each one's page. */
#include <test.h>

#include "cet.h"

#include <mm/page.h>

SUITE("Shadow-stack instructions", REQUIRES(cpu_has(X86_FEATURE_CET_SS)));

#define SS_WR (CET_SH_STK_EN | CET_WR_SHSTK_EN)

/* Bit 0 of a restore token: 64-bit mode. */
#define TOKEN_MODE     (sizeof(ulong) == 8 ? 1u : 0u)
#define TOKEN_PREVIOUS BIT(1)

TEST(insn_enabled,
     "what changes shadow stacks is #UD without SH_STK_EN, and WRSS also without WR_SHSTK_EN; RDSSP is a NOP",
     SPEC("SDM vol. 2 of later editions, INCSSP, RDSSP, SAVEPREVSSP, RSTORSSP, WRSS, SETSSBSY, CLRSSBSY"))
{
	const struct {
		const char *name;
		struct cet_code code;
		bool wrss;
	} rows[] = {
		{ "incssp", CET_CODE("incsspd %%eax"), false },
		{ "saveprevssp", CET_CODE("saveprevssp"), false },
		{ "rstorssp", CET_CODE("rstorssp " AT("si")), false },
		{ "clrssbsy", CET_CODE("clrssbsy " AT("si")), false },
		{ "setssbsy", CET_CODE("setssbsy"), false },
		{ "wrss", CET_CODE("wrssd %%eax, " AT("si")), true },
	};
	const struct cet_code rdssp = CET_CODE(RDSSP("ax"));

	for_each_place(place, KERNEL | USER)
	{
		struct shadow_stack stack = shadow_stack(place);

		for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
			struct registers r = { .ax = 0, .si = stack.top, .flags = FLAG_1 };

			SUBTEST("%s-%s-off", place_name(place), rows[i].name);
			EXPECT_FAULT(UD,
				     cet_run(place, CET_WR_SHSTK_EN, &stack, &rows[i].code, &r));
			if (!rows[i].wrss)
				continue;
			SUBTEST("%s-%s-no-write", place_name(place), rows[i].name);
			EXPECT_FAULT(UD, cet_run(place, CET_SH_STK_EN, &stack, &rows[i].code, &r));
		}
		for (u32 on = 0; on < 2; on++) {
			struct registers r = { .ax = 0x1234, .flags = FLAG_1 };

			SUBTEST("%s-rdssp-%s", place_name(place), on ? "on" : "off");
			EXPECT_NO_FAULT(cet_run(place, on ? CET_SH_STK_EN : 0, &stack, &rdssp, &r));
			EXPECT_EQ(r.ax, on ? stack.top : 0x1234);
		}
	}
}

TEST(insn_privileged, "WRUSS is #GP(0) at CPL 3", SPEC("SDM vol. 2D of later editions, WRUSS"))
{
	const struct cet_code wruss = CET_CODE("wrussd %%eax, " AT("si"));
	struct shadow_stack stack = shadow_stack(USER);
	struct registers r = { .si = stack.top, .flags = FLAG_1 };

	SUBTEST("wruss");
	EXPECT_FAULT(GP(0), cet_run(USER, SS_WR, &stack, &wruss, &r));
}

TEST(incssp, "INCSSP adds bits 7-0 of its register times its operand size to SSP",
     SPEC("SDM vol. 2A of later editions, INCSSP"))
{
	static const u16 counts[] = { 0, 1, 2, 3, 127, 128, 255, 256, 257 };
	const struct cet_code dword = CET_CODE("incsspd %%eax; " RDSSP("bx"));
	const struct cet_code native = CET_CODE(INCSSP("ax") "; " RDSSP("bx"));

	for_each_place(place, KERNEL | USER)
	{
		for (u32 i = 0; i < ARRAY_SIZE(counts); i++) {
			struct shadow_stack stack = shadow_stack(place);
			struct registers r = { .ax = counts[i], .flags = FLAG_1 };

			SUBTEST("%s-d-%u", place_name(place), counts[i]);
			EXPECT_NO_FAULT(cet_run(place, CET_SH_STK_EN, &stack, &dword, &r));
			EXPECT_EQ(r.bx, stack.top + 4 * (counts[i] & 0xff));
			if (sizeof(ulong) == 4)
				continue;
			SUBTEST("%s-q-%u", place_name(place), counts[i]);
			EXPECT_NO_FAULT(cet_run(place, CET_SH_STK_EN, &stack, &native, &r));
			EXPECT_EQ(r.bx, stack.top + 8 * (counts[i] & 0xff));
		}
	}
}

TEST(incssp_reads,
     "INCSSP reads the last element that it pops: beyond the shadow stack it is #PF, SSP stays",
     SPEC("SDM vol. 2A of later editions, INCSSP"))
{
	/* Twice 127 elements, then some. */
	const struct cet_code code = CET_CODE(
		"movl $255, %%eax; incsspd %%eax; incsspd %%eax; mov %%ecx, %%eax; incsspd %%eax");

	for_each_place(place, KERNEL | USER)
	{
		for (u32 beyond = 0; beyond < 2; beyond++) {
			struct shadow_stack stack = shadow_stack(place);
			struct registers r = { .cx = 2 + beyond, .flags = FLAG_1 };
			ulong end = stack.page + PAGE_SIZE;

			SUBTEST("%s-%s", place_name(place), beyond ? "beyond" : "last");
			EXPECT_FAULT(beyond ? PF(PF_SS | (place == USER ? PF_U : 0), end)
					    : NO_FAULT,
				     cet_run(place, CET_SH_STK_EN, &stack, &code, &r));
			EXPECT_EQ(cet_ssp(), beyond ? end - 8 : end);
		}
	}
}

TEST(wrss, "WRSS writes 4 or 8 aligned bytes of the shadow stack; unaligned it is #GP(0)",
     SPEC("SDM vol. 2D of later editions, WRSS"))
{
	const struct cet_code dword = CET_CODE("wrssd %%eax, " AT("si"));
	const struct cet_code native = CET_CODE(WRSS("ax", "si"));

	for_each_place(place, KERNEL | USER)
	{
		for (u32 wide = 0; wide < (sizeof(ulong) == 8 ? 2u : 1u); wide++)
			for (u32 offset = 0; offset < 8; offset++) {
				struct shadow_stack stack = shadow_stack(place);
				ulong address = stack.top - 64;
				struct registers r = { .ax = (ulong)0x1122334455667788ull,
						       .si = address + offset,
						       .flags = FLAG_1 };
				bool good = !(offset & (wide ? 7 : 3));
				u64 expected = wide ? 0x1122334455667788ull
						    : (u64)0x55667788 << 8 * offset;

				SUBTEST("%s-%s-%u", place_name(place), wide ? "q" : "d", offset);
				r.ax = wide ? r.ax : 0x55667788;
				EXPECT_FAULT(
					good ? NO_FAULT : GP(0),
					cet_run(place, SS_WR, &stack, wide ? &native : &dword, &r));
				EXPECT_EQ(shadow_read8(&stack, address), good ? expected : 0);
			}
	}
}

TEST(wruss, "WRUSS at CPL 0 writes user shadow stacks, without IA32_S_CET; unaligned it is #GP(0)",
     SPEC("SDM vol. 2D of later editions, WRUSS"))
{
	const struct cet_code dword = CET_CODE("wrussd %%eax, " AT("si"));

	for (u32 offset = 0; offset < 8; offset++) {
		struct shadow_stack stack = shadow_stack(USER);
		ulong address = stack.top - 64;
		struct registers r = { .ax = 0x55667788, .si = address + offset, .flags = FLAG_1 };
		bool good = !(offset & 3);

		SUBTEST("%u", offset);
		EXPECT_FAULT(good ? NO_FAULT : GP(0), cet_run(KERNEL, 0, &stack, &dword, &r));
		EXPECT_EQ(shadow_read8(&stack, address), good ? (u64)0x55667788 << 8 * offset : 0);
	}
}

TEST(rstorssp,
     "RSTORSSP takes SSP from a restore token and leaves the old SSP there; a wrong token is #CP(4)",
     SPEC("SDM vol. 2B of later editions, RSTORSSP"))
{
	/* The token is at the offset of -64: what it says, relative to its address. */
	static const struct {
		const char *name;
		s32 offset;	/* of the address in the token to the token's */
		u32 bits, flip; /* wrong bits */
		u64 high;
		bool good, hole;
	} rows[] = {
		{ "good", 8, 0, 0, 0, true, false },
		{ "hole", 12, 0, 0, 0, true, true },
		{ "below", 0, 0, 0, 0, false, false },
		{ "above", 16, 0, 0, 0, false, false },
		{ "previous", 8, TOKEN_PREVIOUS, 0, 0, false, false },
		{ "mode", 8, 0, 1, 0, false, false },
		{ "high", 8, 0, 0, BIT(32), false, false },
	};
	const struct cet_code code = CET_CODE("rstorssp " AT("si") "; " RDSSP("bx"));

	for_each_place(place, KERNEL | USER)
	{
		for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
			struct shadow_stack stack = shadow_stack(place);
			ulong at = stack.top - 64;
			u64 token = (at + (ulong)rows[i].offset) | rows[i].bits | rows[i].high |
				    (TOKEN_MODE ^ rows[i].flip);
			struct registers r = { .si = at, .flags = FLAG_1 | FLAG_ZF };

			SUBTEST("%s-%s", place_name(place), rows[i].name);
			shadow_write8(&stack, at, token);
			EXPECT_FAULT(rows[i].good ? NO_FAULT : CP(CP_RSTORSSP),
				     cet_run(place, CET_SH_STK_EN, &stack, &code, &r));
			if (rows[i].good) {
				EXPECT_EQ(r.bx, at);
				EXPECT_EQ(shadow_read8(&stack, at),
					  (u64)stack.top | TOKEN_PREVIOUS | TOKEN_MODE);
				EXPECT_EQ(r.flags & (FLAG_CF | FLAG_ZF),
					  rows[i].hole ? FLAG_CF : 0);
			} else {
				EXPECT_EQ(shadow_read8(&stack, at), token);
				EXPECT_EQ(cet_ssp(), stack.top);
			}
		}
	}
	SUBTEST("unaligned");
	{
		struct shadow_stack stack = shadow_stack(KERNEL);
		struct registers r = { .si = stack.top - 60, .flags = FLAG_1 };

		EXPECT_FAULT(GP(0), cet_run(KERNEL, CET_SH_STK_EN, &stack, &code, &r));
	}
}

TEST(saveprevssp,
     "SAVEPREVSSP pops the previous-SSP token and pushes a restore token there; without that bit #GP(0)",
     SPEC("SDM vol. 2B of later editions, SAVEPREVSSP, RSTORSSP"))
{
	const struct cet_code both = CET_CODE("rstorssp " AT("si") "; saveprevssp; " RDSSP("bx"));
	const struct cet_code alone = CET_CODE("test %%eax, %%eax; saveprevssp");
	const struct cet_code carry = CET_CODE("stc; saveprevssp");

	for_each_place(place, KERNEL | USER)
	{
		struct shadow_stack stack = shadow_stack(place);
		ulong at = stack.top - 64;
		struct registers r = { .si = at, .flags = FLAG_1 };

		SUBTEST("%s-saved", place_name(place));
		shadow_write8(&stack, at, (at + 8) | TOKEN_MODE);
		EXPECT_NO_FAULT(cet_run(place, CET_SH_STK_EN, &stack, &both, &r));
		EXPECT_EQ(r.bx, at + 8);
		EXPECT_EQ(shadow_read8(&stack, stack.top - 8), (u64)stack.top | TOKEN_MODE);

		/* At CPL 0, the token of SETSSBSY is at the top: it has not bit 1. */
		SUBTEST("%s-no-token", place_name(place));
		EXPECT_FAULT(GP(0), cet_run(place, CET_SH_STK_EN, &stack, &alone, &r));
		EXPECT_EQ(cet_ssp(), stack.top);
		if (sizeof(ulong) == 4)
			continue;
		SUBTEST("%s-hole-in-64-bit-mode", place_name(place));
		EXPECT_FAULT(GP(0), cet_run(place, CET_SH_STK_EN, &stack, &carry, &r));
	}
}

TEST(setssbsy,
     "SETSSBSY marks the token at IA32_PL0_SSP busy and loads SSP; another value there is #CP(5), unaligned #GP(0)",
     SPEC("SDM vol. 2B of later editions, SETSSBSY"))
{
	static const struct {
		const char *name;
		u64 flip;
		u32 offset;
		bool good;
	} rows[] = {
		{ "free", 0, 0, true },	       { "busy", TOKEN_BUSY, 0, false },
		{ "bit-1", BIT(1), 0, false }, { "bit-2", BIT(2), 0, false },
		{ "address", 8, 0, false },    { "high", BIT(32), 0, false },
		{ "unaligned", 0, 4, false },
	};
	/* A first one gives SSP, which a fault needs. */
	const struct cet_code code =
		CET_CODE("movl $0x6a4, %%ecx; xorl %%edx, %%edx; wrmsr; setssbsy; " RDSSP("bx"));

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct shadow_stack first = shadow_stack(KERNEL), stack = shadow_stack(KERNEL);
		struct registers r = { .ax = stack.top + rows[i].offset, .flags = FLAG_1 };
		u64 token = stack.top ^ rows[i].flip;
		struct fault fault;

		SUBTEST("%s", rows[i].name);
		shadow_write8(&stack, stack.top, token);
		fault = cet_run(KERNEL, CET_SH_STK_EN, &first, &code, &r);
		if (rows[i].good) {
			EXPECT_NO_FAULT(fault);
			EXPECT_EQ(r.bx, stack.top);
		} else {
			EXPECT_FAULT(rows[i].offset ? GP(0) : CP(CP_SETSSBSY), fault);
			EXPECT_EQ(cet_ssp(), first.top);
		}
		EXPECT_EQ(shadow_read8(&stack, stack.top),
			  rows[i].good ? token | TOKEN_BUSY : token);
	}
}

TEST(clrssbsy, "CLRSSBSY clears the busy bit of a token and SSP; another value sets CF and stays",
     SPEC("SDM vol. 2A of later editions, CLRSSBSY"))
{
	static const struct {
		const char *name;
		u64 flip;
		bool good;
	} rows[] = {
		{ "busy", 0, true },	    { "free", TOKEN_BUSY, false },
		{ "bit-1", BIT(1), false }, { "bit-2", BIT(2), false },
		{ "address", 8, false },    { "high", BIT(32), false },
	};
	const struct cet_code code = CET_CODE("clrssbsy " AT("si") "; " RDSSP("bx"));
	const u32 flags = FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF;

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct shadow_stack stack = shadow_stack(KERNEL);
		ulong at = stack.top - 64;
		struct registers r = { .si = at, .bx = 1, .flags = FLAG_1 | flags };
		u64 token = (at | TOKEN_BUSY) ^ rows[i].flip;

		SUBTEST("%s", rows[i].name);
		shadow_write8(&stack, at, token);
		EXPECT_NO_FAULT(cet_run(KERNEL, CET_SH_STK_EN, &stack, &code, &r));
		EXPECT_EQ(r.bx, 0ul);
		EXPECT_EQ(r.flags & flags, rows[i].good ? 0 : FLAG_CF);
		EXPECT_EQ(shadow_read8(&stack, at), rows[i].good ? (u64)at : token);
	}
	SUBTEST("unaligned");
	{
		struct shadow_stack stack = shadow_stack(KERNEL);
		struct registers r = { .si = stack.top - 60, .flags = FLAG_1 };

		EXPECT_FAULT(GP(0), cet_run(KERNEL, CET_SH_STK_EN, &stack, &code, &r));
	}
}
