/* SPDX-License-Identifier: MIT */
/*
 * Vector registers loaded from emulated memory and stored there: wider than what a VMM's devices take at once, also
 * across its pages and half in RAM. What wants an aligned operand wants it there, too.
 */
#include "insn.h"

#include <string.h>
#include <test.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/mmio_window.h>
#include <x86/vector.h>

SUITE("Vector operands in emulated memory", REQUIRES(mmio_window()),
      REQUIRES(cpu_has(X86_FEATURE_SSE2)));

enum kind { LOAD, STORE };

struct vector_move {
	const char *name;
	enum kind kind;
	u32 bytes, from; /* how many, and which of the register's the first one is */
	bool aligned;
	bool is_mmx;
	bool keeps; /* a load that leaves the rest of the register as it was; else it is cleared */
	const void *code;
};

/* Register 1 and [DI]. */
#define LOAD_(op, bytes, ...) \
	{ #op "_load", LOAD, bytes, ##__VA_ARGS__, .code = CODE(#op " " AT("di") ", %%xmm1") },
#define STORE_(op, bytes, ...) \
	{ #op "_store", STORE, bytes, ##__VA_ARGS__, .code = CODE(#op " %%xmm1, " AT("di")) },
#define LOAD_MMX(op, bytes) \
	{ #op "_mmx_load", LOAD, bytes, .is_mmx = true, .code = CODE(#op " " AT("di") ", %%mm1") },
#define STORE_MMX(op, bytes) \
	{ #op "_mmx_store", STORE, bytes, .is_mmx = true, .code = CODE(#op " %%mm1, " AT("di")) },
#define BOTH_(op, bytes, ...) LOAD_(op, bytes, ##__VA_ARGS__) STORE_(op, bytes, ##__VA_ARGS__)

/* In it, across its pages, from RAM into it and from it into RAM. */
static const struct {
	const char *name;
	s32 offset;
	bool is_aligned;
} places[] = {
	{ "inside", 64, true },
	{ "unaligned", 67, false },
	{ "across_pages", PAGE_SIZE - 3, false },
	{ "from_ram", -1, false },
	{ "to_ram", 2 * PAGE_SIZE - 1, false },
};

#define GUARD 8

static u8 register_byte(u32 n)
{
	return (u8)(0xc0 + n);
}

static u8 memory_byte(u32 n)
{
	return (u8)(0x11 * (n + 1));
}

static void fill(struct vector_registers *v, u8 *at)
{
	memset(v, 0, sizeof(*v));
	v->mxcsr = 0x1f80;
	for (u32 n = 0; n < sizeof(v->v[1]); n++)
		v->v[1].b[n] = register_byte(n);
	for (u32 n = 0; n < 8; n++)
		((u8 *)&v->mm[1])[n] = register_byte(n);
	for (s32 n = -GUARD; n < 32 + GUARD; n++)
		WRITE_ONCE(at[n], memory_byte((u32)n & 63));
}

static void check(const struct vector_move *m, u8 *at, struct fault expected)
{
	struct registers r = { .di = (ulong)at, .flags = FLAG_1 };
	struct vector_registers before, after;
	const u8 *reg = m->is_mmx ? (const u8 *)&after.mm[1] : after.v[1].b;
	u32 size = m->is_mmx ? 8 : 16;

	fill(&before, at);
	vector_load(&before);
	EXPECT_FAULT(expected, execute_try(m->code, &r));
	vector_store(&after);
	for (u32 n = 0; n < size; n++) {
		bool moved = m->kind == LOAD && !expected.kind && n - m->from < m->bytes;
		u8 rest = m->kind == LOAD && !expected.kind && !m->keeps ? 0 : register_byte(n);

		if (!EXPECT_EQ(reg[n], moved ? memory_byte(n - m->from) : rest,
			       "byte %u of the register", n))
			break;
	}
	for (s32 n = -GUARD; n < (s32)m->bytes + GUARD; n++) {
		bool moved = m->kind == STORE && !expected.kind && (u32)n < m->bytes;
		u8 byte = moved ? register_byte((u32)n + m->from) : memory_byte((u32)n & 63);

		if (!EXPECT_EQ(READ_ONCE(at[n]), byte, "byte %d of memory", n))
			break;
	}
}

static void check_all(const struct vector_move *table, u32 count)
{
	vector_enable();
	for (u32 i = 0; i < count; i++)
		for (u32 p = 0; p < ARRAY_SIZE(places); p++) {
			bool refused = table[i].aligned && !places[p].is_aligned;

			SUBTEST("%s-%s", table[i].name, places[p].name);
			check(&table[i], mmio_window() + places[p].offset,
			      refused ? GP(0) : NO_FAULT);
		}
}

TEST(mmio_vector,
     "whole vectors move to and from emulated memory, where those that are aligned are #GP(0) otherwise",
     SPEC("SDM vol. 2B, MOVAPS, MOVUPS, MOVDQA, MOVDQU, MOVQ, MOVNTDQ, MOVNTPS; vol. 1, 10.4.1.1"))
{
	/* clang-format off */
	const struct vector_move table[] = {
		BOTH_(movups, 16)
		BOTH_(movupd, 16)
		BOTH_(movdqu, 16)
		BOTH_(movaps, 16, .aligned = true)
		BOTH_(movapd, 16, .aligned = true)
		BOTH_(movdqa, 16, .aligned = true)
		STORE_(movntps, 16, .aligned = true)
		STORE_(movntpd, 16, .aligned = true)
		STORE_(movntdq, 16, .aligned = true)
		LOAD_MMX(movq, 8)
		STORE_MMX(movq, 8)
	};
	/* clang-format on */

	check_all(table, ARRAY_SIZE(table));
}

TEST(mmio_vector_parts,
     "parts of vectors move to and from emulated memory, the rest cleared or left",
     SPEC("SDM vol. 2B, MOVD/MOVQ, MOVQ, MOVSS, MOVSD, MOVLPS, MOVHPS"))
{
	/* clang-format off */
	const struct vector_move table[] = {
		BOTH_(movss, 4)
		BOTH_(movsd, 8)
		BOTH_(movd, 4)
		BOTH_(movq, 8)
		BOTH_(movlps, 8, .keeps = true)
		BOTH_(movhps, 8, .from = 8, .keeps = true)
		LOAD_MMX(movd, 4)
		STORE_MMX(movd, 4)
		STORE_MMX(movntq, 8)
	};
	/* clang-format on */

	check_all(table, ARRAY_SIZE(table));
}
