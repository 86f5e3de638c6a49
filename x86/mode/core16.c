/* SPDX-License-Identifier: MIT */
#include "core16.h"

#include <string.h>
#include <test.h>
#include <x86/cr.h>

/* What rows look at and change lies below this offset, or at the segment's end. */
#define PATTERN_SIZE 0x1000

static const struct {
	const char *name;
	enum mode_kind kind;
} kinds[] = {
	{ "real", MODE_REAL },
	{ "vm86", MODE_VM86 },
	{ "protected", MODE_16 },
};

static const u32 segments[] = { MODE_DS, MODE_ES, MODE_SS, MODE_FS, MODE_GS };

static void fill_memory(void)
{
	for (u32 s = 0; s < ARRAY_SIZE(segments); s++) {
		for (u32 n = 0; n < PATTERN_SIZE; n++)
			*low8(segments[s] + n) = START_BYTE(segments[s], n);
		for (u32 n = 0x10000 - 16; n < 0x10000; n++)
			*low8(segments[s] + n) = START_BYTE(segments[s], n);
	}
	memset(low8(MODE_SS + MODE_SP - 64), 0xee, 64);
}

/* Of the memory that was filled, what differs from its start and is not in the row's list. */
static u32 stray_byte(const struct core_row *row)
{
	for (u32 s = 0; s < ARRAY_SIZE(segments); s++) {
		for (u32 n = 0; n < PATTERN_SIZE; n++) {
			u32 at = segments[s] + n;
			bool listed = false;

			for (u32 i = 0; i < ARRAY_SIZE(row->memory); i++)
				listed |= at >= row->memory[i].address &&
					  at < row->memory[i].address + row->memory[i].bytes;
			if (!listed && *low8(at) != START_BYTE(segments[s], n))
				return at;
		}
	}
	return 0;
}

static void run(const struct core_row *row, enum mode_kind kind)
{
	const u32 start[] = { START_EAX, START_ECX, START_EDX, START_EBX,
			      START_ESP, START_EBP, START_ESI, START_EDI };
	static const char *const names[] = {
		"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"
	};
	const u32 not_compared = FLAG_VM | FLAG_IOPL | FLAG_RF | row->undefined;
	u32 expected[ARRAY_SIZE(start)];
	struct mode m;

	mode_init(&m, kind);
	memcpy(&m.eax, start, sizeof(start));
	memcpy(expected, start, sizeof(start));
	if (kind == MODE_16) {
		m.fs = MODE_SEL_SPARE;
		m.gs = MODE_SEL_SPARE + 8;
		mode_gdt()[m.fs / 8] = mode_gdt()[MODE_SEL_DS16 / 8] + DESC_BASE(MODE_FS - MODE_DS);
		mode_gdt()[m.gs / 8] = mode_gdt()[MODE_SEL_DS16 / 8] + DESC_BASE(MODE_GS - MODE_DS);
	}
	for (u32 i = 0; i < ARRAY_SIZE(row->out) && row->out[i].which; i++)
		expected[row->out[i].which - EAX] = row->out[i].value;
	fill_memory();
	EXPECT_NO_FAULT(mode_run(&m, row->code));
	for (u32 i = 0; i < ARRAY_SIZE(start); i++)
		EXPECT_EQ((&m.eax)[i], expected[i], "%s", names[i]);
	EXPECT_EQ(m.eflags & ~not_compared, (FLAG_1 | row->flags) & ~not_compared);
	for (u32 i = 0; i < ARRAY_SIZE(row->memory) && row->memory[i].address; i++) {
		u32 mask = row->memory[i].bytes == 2 ? 0xffff : ~0u;

		EXPECT_EQ(*low32(row->memory[i].address) & mask, row->memory[i].value);
	}
	EXPECT_EQ(stray_byte(row), 0u, "a byte elsewhere has changed");
}

void core_run(const struct core_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (u32 k = 0; k < ARRAY_SIZE(kinds); k++) {
			SUBTEST("%s-%s", rows[i].name, kinds[k].name);
			run(&rows[i], kinds[k].kind);
		}
	}
}
