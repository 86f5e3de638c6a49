/* SPDX-License-Identifier: MIT */
/*
 * Data breakpoints: a trap after the access exactly if the access, of whatever size, has a byte
 * in common with the bytes watched. SDM vol. 3B, 17.2.4, 17.2.5, 17.3.1.2.
 */
#include <x86/debug.h>

#include <mm/page.h>
#include <x86/desc.h>
#include <x86/place.h>

SUITE("Data breakpoints");

static u8 memory[64] __aligned(64);
#define WATCHED (memory + 32)

/* Accesses of [DI]; the code is one instruction. */
struct access {
	const char *name;
	bool reads, writes;
	u8 bytes, size, code[4];
};

static const struct access by_size[] = {
	{ "load-1", true, false, 1, 2, { 0x8a, 0x07 } },	/* MOV AL, [DI] */
	{ "load-2", true, false, 2, 3, { 0x66, 0x8b, 0x07 } },	/* MOV AX, [DI] */
	{ "load-4", true, false, 4, 2, { 0x8b, 0x07 } },	/* MOV EAX, [DI] */
	{ "store-1", false, true, 1, 2, { 0x88, 0x07 } },	/* MOV [DI], AL */
	{ "store-2", false, true, 2, 3, { 0x66, 0x89, 0x07 } }, /* MOV [DI], AX */
	{ "store-4", false, true, 4, 2, { 0x89, 0x07 } },	/* MOV [DI], EAX */
	{ "fild-8", true, false, 8, 2, { 0xdf, 0x2f } },	/* FILD qword [DI] */
	{ "fistp-8", false, true, 8, 2, { 0xdf, 0x3f } },	/* FISTP qword [DI] */
};

static const struct access others[] = {
	{ "add", true, true, 4, 2, { 0x01, 0x07 } },		/* ADD [DI], EAX */
	{ "cmp", true, false, 4, 2, { 0x39, 0x07 } },		/* CMP [DI], EAX */
	{ "xchg", true, true, 4, 2, { 0x87, 0x07 } },		/* XCHG EAX, [DI] */
	{ "lock-inc", true, true, 4, 3, { 0xf0, 0xff, 0x07 } }, /* LOCK INC dword [DI] */
	/* PUSH [DI]; POP BX */
	{ "push-memory", true, false, sizeof(ulong), 3, { 0xff, 0x37, 0x5b } },
	{ "lodsb", true, false, 1, 1, { 0xac } },
	{ "stosb", false, true, 1, 1, { 0xaa } },
	{ "scasb", true, false, 1, 1, { 0xae } },
	{ "bts", true, true, 4, 4, { 0x0f, 0xba, 0x2f, 0 } },	      /* BTS dword [DI], 0 */
	{ "lea", false, false, 4, 2, { 0x8d, 0x07 } },		      /* LEA EAX, [DI] */
	{ "prefetch-nop", false, false, 4, 3, { 0x0f, 0x1f, 0x07 } }, /* NOP [DI] */
};

static void run_access(const struct access *access, u32 cpl, u8 *address)
{
	struct debug_registers r = { .ax = 0x5a, .si = (ulong)address, .di = (ulong)address };

	if (access->code[0] >> 4 == 0xd)
		__asm__ volatile("fninit\nfldz" : : : "memory");
	debug_set_code(access->code, access->size);
	EXPECT_NO_FAULT(run_in(at_cpl(cpl), debug_run_code, &r));
	debug_end();
}

/* PUSH of memory is followed by a POP. */
static u32 first_instruction(const struct access *access)
{
	return access->code[0] == 0xff && access->code[1] == 0x37 ? 2 : access->size;
}

static void expect_hit(const struct access *access, u32 cpl, ulong dr6)
{
	if (!EXPECT_EQ(debug_count, 1u))
		return;
	EXPECT_EQ(debug_hits[0].ip, (ulong)debug_code + first_instruction(access));
	EXPECT_EQ(debug_hits[0].dr6, dr6);
	EXPECT_EQ(debug_hits[0].cs & 3, (ulong)cpl);
}

/* All offsets at which the access is aligned, or all others. */
static void expect_overlap(const struct access *access, u32 length, bool aligned)
{
	for (s32 offset = -16; offset <= 16; offset++) {
		const bool hits = offset < (s32)length && offset + access->bytes > 0;

		if ((offset % access->bytes == 0) != aligned)
			continue;
		debug_break(0, (ulong)WATCHED, BREAK_ACCESS, length);
		run_access(access, 0, WATCHED + offset);
		if (!EXPECT_EQ(debug_count, (u32)hits, "offset %d", offset) || !hits)
			continue;
		EXPECT_EQ(debug_hits[0].ip, (ulong)debug_code + access->size);
		EXPECT_EQ(debug_hits[0].dr6, DR6_RESET | DR6_B(0));
		EXPECT_EQ(debug_hits[0].flags & FLAG_RF, 0ul);
	}
}

/* LEN of 8 bytes is for 64-bit mode. */
#define LONGEST ((u32)sizeof(ulong))

TEST(overlap, "a data breakpoint hits exactly if the access has a byte in common with it",
     SPEC("SDM vol. 3B, 17.2.5"))
{
	for (u32 length = 1; length <= LONGEST; length *= 2)
		for (u32 i = 0; i < ARRAY_SIZE(by_size); i++) {
			SUBTEST("len%u-%s", length, by_size[i].name);
			expect_overlap(&by_size[i], length, true);
		}
}

TEST(overlap_misaligned, "the same for accesses that are not aligned", SPEC("SDM vol. 3B, 17.2.5"))
{
	for (u32 length = 1; length <= LONGEST; length *= 2)
		for (u32 i = 0; i < ARRAY_SIZE(by_size); i++) {
			if (by_size[i].bytes == 1)
				continue;
			SUBTEST("len%u-%s", length, by_size[i].name);
			expect_overlap(&by_size[i], length, false);
		}
}

TEST(overlap_across_pages,
     "an access across a page boundary hits a breakpoint on either side of it",
     SPEC("SDM vol. 3B, 17.2.5"))
{
	u8 *boundary = (u8 *)pages_alloc(2, PAGE_SIZE) + PAGE_SIZE;

	for (u32 i = 0; i < ARRAY_SIZE(by_size); i++)
		for (s32 at = -1; at <= 0; at++) {
			if (by_size[i].bytes == 1)
				continue;
			SUBTEST("%s-%s", by_size[i].name, at < 0 ? "before" : "behind");
			debug_break(0, (ulong)boundary + at, BREAK_ACCESS, 1);
			run_access(&by_size[i], 0, boundary - by_size[i].bytes / 2);
			if (!EXPECT_EQ(debug_count, 1u))
				continue;
			EXPECT_EQ(debug_hits[0].ip, (ulong)debug_code + by_size[i].size);
			EXPECT_EQ(debug_hits[0].dr6, DR6_RESET | DR6_B(0));
		}
}

static void expect_kind(const struct access *access, enum breakpoint_kind kind)
{
	const bool hits = access->writes || (kind == BREAK_ACCESS && access->reads);

	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		SUBTEST("%s-%s-cpl%u", kind == BREAK_WRITE ? "write" : "access", access->name, cpl);
		debug_break(0, (ulong)WATCHED, kind, 1);
		run_access(access, cpl, WATCHED);
		if (hits)
			expect_hit(access, cpl, DR6_RESET | DR6_B(0));
		else
			EXPECT_EQ(debug_count, 0u);
	}
}

TEST(kinds, "R/W 01 hits at writes only, R/W 11 at reads and writes, at CPL 0 and 3",
     SPEC("SDM vol. 3B, 17.2.4"))
{
	for (u32 kind = BREAK_WRITE; kind <= BREAK_ACCESS; kind += BREAK_ACCESS - BREAK_WRITE) {
		for (u32 i = 0; i < ARRAY_SIZE(by_size); i++)
			expect_kind(&by_size[i], kind);
		for (u32 i = 0; i < ARRAY_SIZE(others); i++)
			expect_kind(&others[i], kind);
	}
}

TEST(enables, "each breakpoint is enabled by its L or its G bit, and sets its own B bit",
     SPEC("SDM vol. 3B, 17.2.3-17.2.4"))
{
	const struct access *store = &by_size[3];

	for (u32 n = 0; n < 4; n++)
		for (u32 bits = 0; bits < 4; bits++) {
			const ulong enable = (bits & 1 ? DR7_L(n) : 0) | (bits & 2 ? DR7_G(n) : 0);

			SUBTEST("dr%u-l%u-g%u", n, bits & 1, bits >> 1);
			/* The others watch another byte, enabled. */
			debug_record();
			write_dr7(DR7_RESET);
			for (u32 other = 0; other < 4; other++)
				write_dr_try(other, (ulong)WATCHED + (other == n ? 0 : 8));
			write_dr7(DR7_RESET | dr7_kind(0, BREAK_WRITE, 1) |
				  dr7_kind(1, BREAK_WRITE, 1) | dr7_kind(2, BREAK_WRITE, 1) |
				  dr7_kind(3, BREAK_WRITE, 1) | (0xff & ~(3ul << 2 * n)) | enable);
			run_access(store, 0, WATCHED);
			if (bits)
				expect_hit(store, 0, DR6_RESET | DR6_B(n));
			else
				EXPECT_EQ(debug_count, 0u);
		}
}

TEST(le_and_ge_do_not_enable, "LE and GE enable no breakpoint by themselves",
     SPEC("SDM vol. 3B, 17.2.4"))
{
	debug_record();
	write_dr0((ulong)WATCHED);
	write_dr7(DR7_RESET | DR7_LE | DR7_GE | dr7_kind(0, BREAK_WRITE, 1));
	run_access(&by_size[3], 0, WATCHED);
	EXPECT_EQ(debug_count, 0u);
}

TEST(several_at_once, "an access that several breakpoints watch is one #DB with all their bits",
     SPEC("SDM vol. 3B, 17.2.3"))
{
	const struct access *store = &by_size[5];
	static const struct {
		const char *name;
		u8 offsets[4];
		u8 hits;
	} rows[] = {
		{ "all", { 0, 1, 2, 3 }, 0xf },
		{ "same", { 0, 0, 0, 0 }, 0xf },
		{ "first-and-last", { 0, 4, 5, 3 }, 0x9 },
		{ "second", { 4, 1, 8, 9 }, 0x2 },
		{ "none", { 4, 5, 6, 7 }, 0 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		debug_record();
		for (u32 n = 0; n < 4; n++)
			write_dr_try(n, (ulong)WATCHED + rows[i].offsets[n]);
		write_dr7(DR7_RESET | 0x55 | dr7_kind(0, BREAK_WRITE, 1) |
			  dr7_kind(1, BREAK_ACCESS, 1) | dr7_kind(2, BREAK_WRITE, 1) |
			  dr7_kind(3, BREAK_ACCESS, 1));
		run_access(store, 0, WATCHED);
		if (rows[i].hits)
			expect_hit(store, 0, DR6_RESET | rows[i].hits);
		else
			EXPECT_EQ(debug_count, 0u);
	}
}

TEST(moved_while_enabled,
     "a breakpoint whose address is changed while it is enabled watches the new one",
     SPEC("SDM vol. 3B, 17.2.1"))
{
	const struct access *store = &by_size[3];

	SUBTEST("old");
	debug_break(1, (ulong)WATCHED, BREAK_WRITE, 1);
	write_dr1((ulong)WATCHED + 8);
	run_access(store, 0, WATCHED);
	EXPECT_EQ(debug_count, 0u);
	SUBTEST("new");
	debug_break(1, (ulong)WATCHED, BREAK_WRITE, 1);
	write_dr1((ulong)WATCHED + 8);
	run_access(store, 0, WATCHED + 8);
	expect_hit(store, 0, DR6_RESET | DR6_B(1));
	SUBTEST("other-kind");
	debug_break(1, (ulong)WATCHED, BREAK_WRITE, 1);
	write_dr7(DR7_RESET | DR7_L(1) | dr7_kind(1, BREAK_ACCESS, 1));
	run_access(&by_size[0], 0, WATCHED);
	expect_hit(&by_size[0], 0, DR6_RESET | DR6_B(1));
	SUBTEST("disabled");
	debug_break(1, (ulong)WATCHED, BREAK_WRITE, 1);
	write_dr7(DR7_RESET | dr7_kind(1, BREAK_WRITE, 1));
	run_access(store, 0, WATCHED);
	EXPECT_EQ(debug_count, 0u);
}

TEST(execution_is_no_access, "a fetch of what a data breakpoint watches does not hit it",
     SPEC("SDM vol. 3B, 17.2.4"))
{
	static const u8 nops[] = { 0x90, 0x90 };

	debug_set_code(nops, sizeof(nops));
	debug_break(0, (ulong)debug_code, BREAK_ACCESS, 1);
	EXPECT_NO_FAULT(fault_of(debug_run_code, NULL));
	debug_end();
	EXPECT_EQ(debug_count, 0u);
}

TEST(handler_state, "#DB of a data breakpoint comes with the store done, DR7 as it was",
     SPEC("SDM vol. 3B, 17.3.1.2"))
{
	const struct access *store = &by_size[5];
	const ulong dr7 = DR7_RESET | DR7_L(0) | dr7_kind(0, BREAK_WRITE, 4);

	*(u32 *)WATCHED = 0;
	debug_break(0, (ulong)WATCHED, BREAK_WRITE, 4);
	run_access(store, 3, WATCHED);
	expect_hit(store, 3, DR6_RESET | DR6_B(0));
	EXPECT_EQ(debug_hits[0].dr7, dr7);
	EXPECT_EQ(*(u32 *)WATCHED, 0x5au);
}

static void leave_dr6(struct trap_frame *frame)
{
	debug_count++;
	(void)frame;
}

TEST(dr6_accumulates, "no debug exception clears BD, BS or BT of DR6: that is software's",
     SPEC("SDM vol. 3B, 17.2.3"))
{
	static const u32 bits[] = { 13, 14, 15 };

	for (u32 i = 0; i < ARRAY_SIZE(bits); i++) {
		SUBTEST("bit%u", bits[i]);
		debug_break(0, (ulong)WATCHED, BREAK_WRITE, 1);
		trap_set_handler(VEC_DB, leave_dr6);
		write_dr6(DR6_RESET | BIT(bits[i]));
		run_access(&by_size[3], 0, WATCHED);
		EXPECT_EQ(debug_count, 1u);
		EXPECT_EQ(read_dr6(), DR6_RESET | DR6_B(0) | BIT(bits[i]));
	}
	write_dr6(DR6_RESET);
}

/* ----------------------------------------------------------------------- repeated strings */

static const u8 rep_movsb[] = { 0xf3, 0xa4 };

static ulong cx_at_hit;

static void note_cx(struct trap_frame *frame)
{
	if (!debug_count++)
		cx_at_hit = frame->cx;
	debug_hits[0].ip = frame->ip;
	debug_hits[0].dr6 = read_dr6();
	write_dr7(DR7_RESET);
}

/* Intel: the trap is after the iteration or up to the end of a fast string's group. */
TEST(rep_movs, "a data breakpoint within REP MOVS hits once for its element, which is done by then",
     SPEC("SDM vol. 3B, 17.3.1.2"))
{
	static u8 source[16];

	for (u32 i = 0; i < 16; i += 5) {
		struct debug_registers r = { .cx = 16, .si = (ulong)source, .di = (ulong)memory };

		SUBTEST("element%u", i);
		debug_set_code(rep_movsb, sizeof(rep_movsb));
		debug_break(0, (ulong)memory + i, BREAK_WRITE, 1);
		trap_set_handler(VEC_DB, note_cx);
		EXPECT_NO_FAULT(fault_of(debug_run_code, &r));
		debug_end();
		EXPECT_EQ(debug_count, 1u);
		EXPECT_LE(cx_at_hit, 16ul - i - 1);
		EXPECT_EQ(debug_hits[0].ip, (ulong)debug_code + (cx_at_hit ? 0 : 2));
		EXPECT_EQ(debug_hits[0].dr6, DR6_RESET | DR6_B(0));
		EXPECT_EQ(r.cx, 0ul);
		EXPECT_EQ(r.di, (ulong)memory + 16);
		EXPECT_EQ(r.si, (ulong)source + 16);
	}
	write_dr6(DR6_RESET);
}
