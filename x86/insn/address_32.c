/* SPDX-License-Identifier: MIT */
/* 16-bit addresses, and which segment an address is in: both are visible outside 64-bit mode only. */
#include <mm/page.h>
#include <string.h>
#include <test.h>
#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/execute.h>

SUITE("Addresses outside 64-bit mode");

/* Table 2-1: the two registers of each R/M; 6 is the displacement alone where MOD is 0. */
static u16 address_16(const struct registers *r, u32 mod, u32 rm, u16 displacement)
{
	const ulong first[8] = { r->bx, r->bx, r->bp, r->bp, r->si, r->di, r->bp, r->bx };
	const ulong second[8] = { r->si, r->di, r->si, r->di, 0, 0, 0, 0 };

	if (mod == 0 && rm == 6)
		return displacement;
	if (mod == 0)
		displacement = 0;
	if (mod == 1)
		displacement = (u16)(s16)(s8)displacement;
	return (u16)(first[rm] + second[rm] + displacement);
}

static u32 encode_16(u32 mod, u32 rm, u16 displacement, u8 *bytes)
{
	bytes[0] = (u8)(mod << 6 | 2 << 3 | rm); /* DX */
	memcpy(bytes + 1, &displacement, 2);
	return 1 + (mod == 1 ? 1 : mod == 2 || rm == 6 ? 2 : 0);
}

TEST(lea_16_bit_addresses, "every 16-bit address wraps at 64 KiB and is zero-extended",
     SPEC("SDM vol. 2A, 2.1.5, table 2-1; LEA"))
{
	static const u16 displacements[] = { 0x7f, 0x80, 0x1234, 0xfedc };

	for (u32 mod = 0; mod < 3; mod++) {
		for (u32 rm = 0; rm < 8; rm++) {
			SUBTEST("mod_%u_rm_%u", mod, rm);
			for (u32 i = 0; i < 32; i++) {
				u16 displacement = displacements[i % 4];
				u8 bytes[8] = { 0x67, 0x8d };
				u32 size = 2 + encode_16(mod, rm, displacement, bytes + 2);
				struct registers r, before = { .flags = FLAG_1 };

				for (u32 j = 0; j < 7; j++)
					before.general[j] = (ulong)random_u64();
				r = before;
				execute(code_bytes(bytes, size), &r);
				before.dx = address_16(&before, mod, rm, displacement);
				EXPECT_MEM_EQ(r.general, before.general, sizeof(r.general),
					      "displacement %#x", displacement);
			}
		}
	}
}

/*
 * The segments as tests see them: the same offset is another place in each of them. SS stays flat, as
 * it is the stack's.
 */
enum segment { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS, SEGMENTS };

static const u8 override_of[SEGMENTS] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65 };

/* Where offset 0 of each segment is: CS is flat, too. */
#define STEP 64
static u8 places[SEGMENTS * STEP] __aligned(PAGE_SIZE);

static ulong base_of(enum segment segment)
{
	return segment == SEG_CS || segment == SEG_SS ? 0 : segment * STEP;
}

/* Loads ES, DS, FS and GS with segments of these bases; restored by code, as the library needs DS. */
static struct fault run_in_segments(const u8 *bytes, u32 size, struct registers *r)
{
	static const u8 load[] = {
		0x06, 0x1e, 0x0f,	    0xa0, 0x0f, 0xa8, /* PUSH ES, DS, FS, GS */
		0x50,					      /* PUSH EAX */
		0x66, 0xb8, SEL_SPARE,	    0,	  0x8e, 0xc0, /* MOV AX, selector; MOV ES, AX */
		0x66, 0xb8, SEL_SPARE + 24, 0,	  0x8e, 0xd8, /* DS */
		0x66, 0xb8, SEL_SPARE + 32, 0,	  0x8e, 0xe0, /* FS */
		0x66, 0xb8, SEL_SPARE + 40, 0,	  0x8e, 0xe8, /* GS */
		0x58,					      /* POP EAX */
	};
	static const u8 restore[] = { 0x0f, 0xa9, 0x0f, 0xa1, 0x1f, 0x07 };
	u8 all[CODE_BYTES_MAX];

	for (enum segment s = SEG_ES; s < SEGMENTS; s++)
		gdt_set_spare(s, DESC_FLAT | DESC_DB | DESC_BASE(base_of(s)));
	memcpy(all, load, sizeof(load));
	memcpy(all + sizeof(load), bytes, size);
	memcpy(all + sizeof(load) + size, restore, sizeof(restore));
	return execute_try(code_bytes(all, sizeof(load) + size + sizeof(restore)), r);
}

struct segment_row {
	const char *name;
	u8 size, bytes[6];
	enum segment segment; /* by default */
};

/* All load EAX from an address that is `places` by the registers that are filled with that. */
static const struct segment_row loads[] = {
	{ "by_eax", 2, { 0x8b, 0x00 }, SEG_DS },
	{ "by_ebx", 2, { 0x8b, 0x03 }, SEG_DS },
	{ "by_esi", 2, { 0x8b, 0x06 }, SEG_DS },
	{ "by_edi", 2, { 0x8b, 0x07 }, SEG_DS },
	{ "by_ebp", 3, { 0x8b, 0x45, 0x00 }, SEG_SS },
	{ "by_ebp_disp32", 6, { 0x8b, 0x85, 0, 0, 0, 0 }, SEG_SS },
	{ "by_ebp_ecx", 4, { 0x8b, 0x44, 0x0d, 0x00 }, SEG_SS },
	/* EBP as index does not choose SS. */
	{ "by_ebx_index_only", 3, { 0x8b, 0x04, 0x0b }, SEG_DS },
	{ "by_ecx_ebp", 3, { 0x8b, 0x04, 0x29 }, SEG_DS },
};

static struct registers filled(void)
{
	ulong address = (ulong)places;
	struct registers r = { .ax = address,
			       .bx = address,
			       .bp = address,
			       .si = address,
			       .di = address,
			       .cx = 0,
			       .dx = 0,
			       .flags = FLAG_1 };

	for (u32 i = 0; i < sizeof(places); i += 4)
		memcpy(places + i, &i, 4);
	return r;
}

TEST(default_segment,
     "an address with EBP or ESP as base is in SS, others in DS; a prefix overrides",
     SPEC("SDM vol. 1, 3.7.4, table 3-5; vol. 2A, 2.1.1"), BUG("KVM: SS for ESP/EBP base"))
{
	for (u32 i = 0; i < ARRAY_SIZE(loads); i++) {
		const struct segment_row *row = &loads[i];
		struct registers r = filled();

		SUBTEST("%s", row->name);
		EXPECT_NO_FAULT(run_in_segments(row->bytes, row->size, &r));
		EXPECT_EQ(r.ax, base_of(row->segment));
		for (enum segment s = SEG_ES; s < SEGMENTS; s++) {
			u8 bytes[8] = { override_of[s] };

			memcpy(bytes + 1, row->bytes, row->size);
			r = filled();
			EXPECT_NO_FAULT(run_in_segments(bytes, row->size + 1u, &r));
			EXPECT_EQ(r.ax, base_of(s), "override %#x", override_of[s]);
		}
	}
}

TEST(absolute_segment,
     "MOV of the accumulator with an absolute offset is in DS or what the prefix says",
     SPEC("SDM vol. 2B, MOV; vol. 1, 3.7.4"))
{
	u32 address = (u32)(ulong)places;

	for (enum segment s = SEG_ES; s < SEGMENTS; s++) {
		struct registers r = filled();
		u8 bytes[6] = { override_of[s], 0xa1 };

		SUBTEST("prefix_%02x", override_of[s]);
		memcpy(bytes + 2, &address, 4);
		EXPECT_NO_FAULT(run_in_segments(bytes, 6, &r));
		EXPECT_EQ(r.ax, base_of(s));
		r = filled();
		EXPECT_NO_FAULT(run_in_segments(bytes + 1, 5, &r));
		EXPECT_EQ(r.ax, base_of(SEG_DS));
	}
}

/* What a string instruction reads and writes: source in DS or the prefix's segment, destination in ES. */
TEST(string_segments,
     "the source of string instructions can be overridden, the destination is in ES",
     SPEC("SDM vol. 2, MOVS, STOS, LODS, CMPS, SCAS, XLAT; vol. 1, 7.3.9"))
{
	for (enum segment s = SEG_ES; s < SEGMENTS; s++) {
		struct registers r;
		u32 stored;

		SUBTEST("prefix_%02x", override_of[s]);
		r = filled();
		EXPECT_NO_FAULT(run_in_segments((u8[]){ override_of[s], 0xad }, 2, &r));
		EXPECT_EQ(r.ax, base_of(s), "LODS");

		r = filled();
		r.di += 32;
		EXPECT_NO_FAULT(run_in_segments((u8[]){ override_of[s], 0xa5 }, 2, &r));
		memcpy(&stored, places + base_of(SEG_ES) + 32, 4);
		EXPECT_EQ(stored, base_of(s), "MOVS");

		r = filled();
		r.ax = 0x5a5a5a5a;
		EXPECT_NO_FAULT(run_in_segments((u8[]){ override_of[s], 0xab }, 2, &r));
		memcpy(&stored, places + base_of(SEG_ES), 4);
		EXPECT_EQ(stored, 0x5a5a5a5au, "STOS");

		r = filled();
		r.ax = base_of(SEG_ES);
		EXPECT_NO_FAULT(run_in_segments((u8[]){ override_of[s], 0xaf }, 2, &r));
		EXPECT_EQ(r.flags & FLAG_ZF, FLAG_ZF, "SCAS");

		r = filled();
		EXPECT_NO_FAULT(run_in_segments((u8[]){ override_of[s], 0xa7 }, 2, &r));
		EXPECT_EQ(r.flags & FLAG_ZF, base_of(s) == base_of(SEG_ES) ? FLAG_ZF : 0, "CMPS");

		r = filled();
		r.ax = 0x1100;
		EXPECT_NO_FAULT(run_in_segments((u8[]){ override_of[s], 0xd7 }, 2, &r));
		EXPECT_EQ(r.ax, 0x1100 + (base_of(s) & 0xff), "XLAT");
	}
}
