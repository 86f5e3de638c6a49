/* SPDX-License-Identifier: MIT */
/*
 * Events of compatibility mode, at CPL 0 and 3: they go to 64-bit code through 64-bit gates, with
 * the frame of 64-bit mode. SDM vol. 3A, 6.14.
 */
#include "iret.h"

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>
#include <x86/cr.h>

SUITE("Events in compatibility mode");

#define VECTOR_USED 0x40

static u8 code[32];
static u8 stack[512] __aligned(16);
static const struct {
	s32 lower, upper;
} bounds = { -5, 10 };

struct row {
	const char *name;
	u8 size, code[12];
	u32 vector;
	u8 pushed_ip; /* offset in the code */
	bool has_error_code;
	u32 error_code;
	ulong flags;
	u8 address_at; /* where in the code the address of `operand` goes; 0: nowhere */
	const void *operand;
	bool only_cpl3;
};

/* BP and OF have gates of DPL 3, as INT n's. The UD2 after most code ends what goes on. */
static const struct row rows[] = {
	{ .name = "int-n",
	  .size = 2,
	  .code = { 0xcd, VECTOR_USED },
	  .vector = VECTOR_USED,
	  .pushed_ip = 2 },
	{ .name = "int3", .size = 1, .code = { 0xcc }, .vector = VEC_BP, .pushed_ip = 1 },
	{ .name = "int-3", .size = 2, .code = { 0xcd, 3 }, .vector = VEC_BP, .pushed_ip = 2 },
	{ .name = "into",
	  .size = 1,
	  .code = { 0xce },
	  .vector = VEC_OF,
	  .pushed_ip = 1,
	  .flags = FLAG_OF },
	{ .name = "into-of-clear", .size = 1, .code = { 0xce }, .vector = VEC_UD, .pushed_ip = 1 },
	/* MOV EAX, 7fffffffh; BOUND EAX, [bounds] */
	{ .name = "bound",
	  .size = 11,
	  .code = { 0xb8, 0xff, 0xff, 0xff, 0x7f, 0x62, 0x05 },
	  .vector = VEC_BR,
	  .pushed_ip = 5,
	  .address_at = 7,
	  .operand = &bounds },
	/* MOV EAX, 10; BOUND EAX, [bounds] */
	{ .name = "bound-inside",
	  .size = 11,
	  .code = { 0xb8, 10, 0, 0, 0, 0x62, 0x05 },
	  .vector = VEC_UD,
	  .pushed_ip = 11,
	  .address_at = 7,
	  .operand = &bounds },
	{ .name = "ud2", .size = 2, .code = { 0x0f, 0x0b }, .vector = VEC_UD },
	/* MOV ECX, 0; DIV ECX: no flag is defined by MOV */
	{ .name = "div",
	  .size = 7,
	  .code = { 0xb9, 0, 0, 0, 0, 0xf7, 0xf1 },
	  .vector = VEC_DE,
	  .pushed_ip = 5 },
	{ .name = "aam-0", .size = 2, .code = { 0xd4, 0 }, .vector = VEC_DE },
	{ .name = "cli",
	  .size = 1,
	  .code = { 0xfa },
	  .vector = VEC_GP,
	  .has_error_code = true,
	  .only_cpl3 = true },
	/* MOV EAX, selector; MOV DS, EAX */
	{ .name = "selector",
	  .size = 7,
	  .code = { 0xb8, 0xf8, 0xff, 0, 0, 0x8e, 0xd8 },
	  .vector = VEC_GP,
	  .pushed_ip = 5,
	  .has_error_code = true,
	  .error_code = 0xfff8 },
	/* Encodings that 64-bit mode gives another meaning: INC, DEC, PUSH and POP of ES, PUSHA. */
	{ .name = "inc-eax",
	  .size = 5,
	  .code = { 0xb8, 0, 0, 0, 0x7f },
	  .vector = VEC_UD,
	  .pushed_ip = 5 },
	{ .name = "push-pop-es",
	  .size = 2,
	  .code = { 0x06, 0x07 },
	  .vector = VEC_UD,
	  .pushed_ip = 2 },
	{ .name = "pusha-popa",
	  .size = 2,
	  .code = { 0x60, 0x61 },
	  .vector = VEC_UD,
	  .pushed_ip = 2 },
	{ .name = "far-pointer-with-c5", .size = 2, .code = { 0xc5, 0xc0 }, .vector = VEC_UD },
};

static void prepare_code(const struct row *row)
{
	const u32 address = (u32)(ulong)row->operand;

	memset(code, 0, sizeof(code));
	memcpy(code, row->code, row->size);
	if (row->address_at)
		memcpy(code + row->address_at, &address, sizeof(address));
	if (row->code[0] != 0x0f && row->code[0] != 0xc5)
		memcpy(code + row->size, "\x0f\x0b", 2);
}

static void expect_row(const struct row *row, u32 cpl)
{
	struct iret_try try = { .frame = iret_frame(cpl), .flags = FLAG_1 };
	const struct pushed *pushed;
	struct raw_entry entry;
	ulong top;

	/* IRET nulls what CPL 3 may not have, and compatibility mode refuses a null DS. */
	try.data = SEL_USER_DATA;
	prepare_code(row);
	try.frame.ip = (ulong)code;
	try.frame.cs = cpl ? SEL_USER_CS32 : SEL_KERNEL_CS32;
	try.frame.sp = (ulong)stack + sizeof(stack) - 8;
	try.frame.flags = FLAG_1 | FLAG_DF | row->flags;
	raw_gate_set(row->vector, DESC_INTERRUPT_GATE,
		     row->vector == VECTOR_USED || row->vector == VEC_BP || row->vector == VEC_OF
			     ? 3
			     : 0,
		     0);
	if (!EXPECT_FAULT(VECTOR(row->vector), iret_run(&try, &entry)))
		return;
	pushed = pushed_frame(&entry, row->has_error_code);
	top = cpl ? tss_stack0(tss_of_this_cpu()) : try.frame.sp;
	EXPECT_EQ(raw_words_below(&entry, top), (ulong)(RAW_FRAME_WORDS + row->has_error_code));
	if (row->has_error_code)
		EXPECT_EQ(entry.words[0], (ulong)row->error_code);
	EXPECT_EQ(pushed->ip, (ulong)code + row->pushed_ip);
	EXPECT_EQ(pushed->cs, try.frame.cs);
	EXPECT_EQ(pushed->flags & ~FLAG_RF, try.frame.flags);
	EXPECT_EQ(pushed->sp, try.frame.sp);
	EXPECT_EQ(pushed->ss, try.frame.ss);
	EXPECT_EQ(entry.cs, SEL_KERNEL_CODE);
	EXPECT_EQ(entry.ss, cpl ? SEL_NULL : SEL_KERNEL_DATA);
	EXPECT_EQ(entry.flags & ~FLAG_RF, try.frame.flags);
}

TEST(compat_events,
     "an event in compatibility mode pushes five words of 64 bits, as in 64-bit mode",
     SPEC("SDM vol. 3A, 6.14.2-6.14.4"), BUG("XSA-196"), BUG("XSA-106"))
{
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			if (rows[i].only_cpl3 && !cpl)
				continue;
			SUBTEST("%s-cpl%u", rows[i].name, cpl);
			expect_row(&rows[i], cpl);
		}
}

TEST(compat_page_fault, "#PF in compatibility mode has CR2 and the error code as in 64-bit mode",
     SPEC("SDM vol. 3A, 4.7, 6.14"))
{
	u8 *page = page_alloc();
	/* MOV AL, [page]; MOV [page], AL */
	static const struct row accesses[] = {
		{ .name = "read", .size = 5, .code = { 0xa0 }, .address_at = 1 },
		{ .name = "write",
		  .size = 5,
		  .code = { 0xa2 },
		  .address_at = 1,
		  .error_code = PF_W },
	};

	space_unmap(space_kernel(), (ulong)page, PAGE_SIZE);
	for (u32 i = 0; i < ARRAY_SIZE(accesses); i++)
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			struct row row = accesses[i];

			SUBTEST("%s-cpl%u", row.name, cpl);
			row.vector = VEC_PF;
			row.has_error_code = true;
			row.error_code |= cpl ? PF_U : 0;
			row.operand = page;
			write_cr2(0);
			expect_row(&row, cpl);
			EXPECT_EQ(read_cr2(), (ulong)page);
		}
}

TEST(compat_gate_dpl,
     "INT n in compatibility mode at CPL 3 through a gate of DPL 0 is #GP, of the INT",
     SPEC("SDM vol. 3A, 6.12.1.1"), BUG("XSA-106"))
{
	struct iret_try try = { .frame = iret_frame(3), .flags = FLAG_1 };
	struct raw_entry entry;

	prepare_code(&rows[0]);
	try.frame.ip = (ulong)code;
	try.frame.cs = SEL_USER_CS32;
	raw_gate_set(VECTOR_USED, DESC_INTERRUPT_GATE, 0, 0);
	ASSERT_FAULT(VECTOR(VEC_GP), iret_run(&try, &entry));
	EXPECT_EQ(pushed_frame(&entry, true)->ip, (ulong)code);
	EXPECT_EQ(pushed_frame(&entry, true)->cs, SEL_USER_CS32);
}
