/* SPDX-License-Identifier: MIT */
/* Segments in 64-bit mode: FS and GS have a base, the others none, whatever the prefix says. */
#include <string.h>
#include <test.h>
#include <x86/cr.h>
#include <x86/execute.h>
#include <x86/msr.h>

SUITE("Segments in 64-bit mode");

#define FS_BASE 64
#define GS_BASE 128

static u64 places[32];

struct row {
	const char *name;
	u8 size, bytes[8];
};

/* Each loads RAX from [RSI] or so, all registers being the address of `places`; a REX.W follows. */
static const struct row loads[] = {
	{ "by_rax", 3, { 0x48, 0x8b, 0x00 } },
	{ "by_rbp", 4, { 0x48, 0x8b, 0x45, 0x00 } },
	{ "by_rsi", 3, { 0x48, 0x8b, 0x06 } },
	{ "by_r13_rcx", 5, { 0x49, 0x8b, 0x44, 0x0d, 0x00 } },
	{ "lods", 2, { 0x48, 0xad } },
};

static const struct {
	u8 prefix;
	u64 base;
} overrides[] = { { 0x26, 0 }, { 0x2e, 0 },	  { 0x36, 0 },
		  { 0x3e, 0 }, { 0x64, FS_BASE }, { 0x65, GS_BASE } };

static struct registers filled(void)
{
	ulong at = (ulong)places;

	for (u32 i = 0; i < ARRAY_SIZE(places); i++)
		places[i] = i * sizeof(places[0]);
	return (struct registers){
		.ax = at, .bp = at, .si = at, .di = at, .r13 = at, .bx = at, .flags = FLAG_1
	};
}

static void set_bases(u64 fs, u64 gs)
{
	wrmsr(MSR_FS_BASE, fs);
	wrmsr(MSR_GS_BASE, gs);
}

TEST(segment_prefixes_64,
     "ES, CS, SS and DS prefixes do nothing in 64-bit mode, FS and GS add their base",
     SPEC("SDM vol. 1, 3.4.2.1; vol. 3A, 3.4.4"))
{
	set_bases(FS_BASE, GS_BASE);
	for (u32 i = 0; i < ARRAY_SIZE(loads); i++) {
		SUBTEST("%s", loads[i].name);
		for (u32 j = 0; j < ARRAY_SIZE(overrides); j++) {
			u8 bytes[16] = { overrides[j].prefix };
			struct registers r = filled();

			memcpy(bytes + 1, loads[i].bytes, loads[i].size);
			EXPECT_NO_FAULT(execute_try(code_bytes(bytes, loads[i].size + 1u), &r));
			EXPECT_EQ(r.ax, overrides[j].base, "prefix %#x", overrides[j].prefix);
		}
	}
	set_bases(0, 0);
}

TEST(segment_base_wraps_64, "a base is added in 64 bits, also to an address of 32 bits",
     SPEC("SDM vol. 1, 3.3.7; vol. 2A, 2.1.1; vol. 3A, 3.4.4"))
{
	struct registers r;

	SUBTEST("negative_base");
	set_bases(-(u64)FS_BASE, 0);
	r = filled();
	r.si += FS_BASE + 24;
	EXPECT_NO_FAULT(execute_try(CODE("mov %%fs:(%%rsi), %%rax"), &r));
	EXPECT_EQ(r.ax, 24u);

	/* ESI is truncated before the base is added, not the sum. */
	SUBTEST("address_32");
	set_bases((ulong)places - 0xfffffff0ull, 0);
	r = filled();
	r.si = 0xdeadbeeffffffff0;
	EXPECT_NO_FAULT(execute_try(CODE("mov %%fs:(%%esi), %%rax"), &r));
	EXPECT_EQ(r.ax, 0u);

	SUBTEST("absolute");
	set_bases((ulong)places, 0);
	r = filled();
	EXPECT_NO_FAULT(execute_try(CODE("mov %%fs:16, %%rax"), &r));
	EXPECT_EQ(r.ax, 16u);

	/* The destination of string instructions is in ES, which has no base. */
	SUBTEST("stos");
	set_bases(FS_BASE, 0);
	r = filled();
	r.ax = 0x1234;
	EXPECT_NO_FAULT(execute_try(CODE(".byte 0x64; stosq"), &r));
	EXPECT_EQ(places[0], 0x1234u);
	EXPECT_EQ(places[FS_BASE / 8], (u64)FS_BASE);

	SUBTEST("movs");
	r = filled();
	r.di += 8;
	EXPECT_NO_FAULT(execute_try(CODE(".byte 0x64; movsq"), &r));
	EXPECT_EQ(places[1], (u64)FS_BASE);
	set_bases(0, 0);
}
