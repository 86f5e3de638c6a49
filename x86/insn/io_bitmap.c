/* SPDX-License-Identifier: MIT */
/*
 * Who may use a port: CPL against IOPL, then the bits of the TSS's I/O permission bitmap, of which the
 * CPU reads two bytes for every access. Ports here have no device.
 */
#include "insn.h"

#include <mm/page.h>
#include <string.h>
#include <test.h>
#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/insn.h>

SUITE("I/O permission");

#define BITMAP_BYTES 8192
#define STACK_PAGES  2
/* A TSS has two entries on x86_64. */
#define SPARE	     0

struct io_tss {
	struct tss tss;
	u8 bitmap[BITMAP_BYTES + 1];
} __packed;

static struct io_tss *io_tss;

/* Loads a TSS of our own, with a bitmap from `base` on that denies all, and this limit. */
static void load_tss(u32 base, u32 limit)
{
	u64 address;

	if (!io_tss)
		io_tss = pages_alloc(ALIGN_UP(sizeof(*io_tss), PAGE_SIZE) / PAGE_SIZE, PAGE_SIZE);
	address = (ulong)io_tss;
	io_tss->tss = *tss_of_this_cpu();
	io_tss->tss.io_map_base = (u16)base;
	memset(io_tss->bitmap, 0xff, sizeof(io_tss->bitmap));
	/* Where run_user() has put its stack is not known here, and nothing returns to it. */
	tss_set_stack0(&io_tss->tss,
		       (ulong)pages_alloc(STACK_PAGES, PAGE_SIZE) + STACK_PAGES * PAGE_SIZE);
	gdt_set_spare(SPARE, DESC_BASE(address) | DESC_LIMIT(limit) | DESC_P |
				     DESC_TYPE(DESC_TSS_AVAILABLE));
	if (sizeof(ulong) == 8)
		gdt_set_spare(SPARE + 1, address >> 16 >> 16);
	EXPECT_NO_FAULT(ltr_try(SEL_SPARE + SPARE * 8));
}

#define BITMAP_BASE offsetof(struct io_tss, bitmap)
#define WHOLE	    (sizeof(struct io_tss) - 1)

/* A new TSS in each case: the last one's pages are free again. */
static void start(u32 base, u32 limit)
{
	io_tss = NULL;
	load_tss(base, limit);
}

static void permit(u32 port, bool on)
{
	u8 bit = (u8)BIT(port % 8);

	if (on)
		io_tss->bitmap[port / 8] &= ~bit;
	else
		io_tss->bitmap[port / 8] |= bit;
}

struct io_row {
	const char *name;
	const void *code;
	u32 width;
};

static u8 buffer[64];

#define IO_ROWS                                                                                  \
	{ "inb", CODE("inb %%dx, %%al"), 1 }, { "inw", CODE("inw %%dx, %%ax"), 2 },              \
		{ "inl", CODE("inl %%dx, %%eax"), 4 }, { "outb", CODE("outb %%al, %%dx"), 1 },   \
		{ "outw", CODE("outw %%ax, %%dx"), 2 }, { "outl", CODE("outl %%eax, %%dx"), 4 }, \
		{ "insb", CODE("insb"), 1 }, { "insl", CODE("insl"), 4 },                        \
		{ "rep_insw", CODE("rep insw"), 2 }, { "outsb", CODE("outsb"), 1 },              \
	{                                                                                        \
		"rep_outsl", CODE("rep outsl"), 4                                                \
	}

/* At CPL 3; a refused access changes nothing. */
static struct fault access(const struct io_row *row, u32 port)
{
	struct registers before = { .ax = 0x1234,
				    .cx = 2,
				    .dx = 0x5a5a0000 | port,
				    .si = (ulong)buffer,
				    .di = (ulong)buffer,
				    .flags = FLAG_1 | ALU_STATUS };
	struct registers r = before;
	struct fault fault = execute_in(USER, row->code, &r);

	if (fault.kind)
		EXPECT_MEM_EQ(&r, &before, sizeof(r), "%s, port %#x", row->name, port);
	return fault;
}

/* In the middle of nowhere on a PC, and not at the beginning of a byte of the bitmap. */
#define PORT 0x5a3

TEST(io_bitmap_bits, "an access at CPL 3 needs a clear bit for each of its ports, else #GP(0)",
     SPEC("SDM vol. 1, 18.5.2"))
{
	const struct io_row table[] = { IO_ROWS };

	start(BITMAP_BASE, WHOLE);
	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		SUBTEST("%s", table[i].name);
		for (u32 port = PORT; port < PORT + 9; port++) {
			memset(io_tss->bitmap, 0xff, sizeof(io_tss->bitmap));
			EXPECT_FAULT(GP(0), access(&table[i], port), "port %#x, no bit", port);
			/* All but one of those that it needs. */
			for (u32 denied = 0; denied < table[i].width; denied++) {
				for (u32 j = 0; j < table[i].width; j++)
					permit(port + j, j != denied);
				EXPECT_FAULT(GP(0), access(&table[i], port), "port %#x, bit %u",
					     port, denied);
			}
			/* All of them and no other. */
			for (u32 j = 0; j < table[i].width; j++)
				permit(port + j, true);
			EXPECT_NO_FAULT(access(&table[i], port), "port %#x", port);
			/* And all others. */
			memset(io_tss->bitmap, 0, BITMAP_BYTES);
			for (u32 j = 0; j < table[i].width; j++)
				permit(port + j, false);
			EXPECT_FAULT(GP(0), access(&table[i], port), "port %#x, others", port);
		}
	}
}

TEST(io_bitmap_every_port, "each bit of the bitmap is for one port",
     SPEC("SDM vol. 1, 18.5.2, figure 18-2"))
{
	const struct io_row inb = { "inb", CODE("inb %%dx, %%al"), 1 };
	static const u16 ports[] = { 0x0ed,  0x5a0,  0x5a7,  0x1234, 0x2001, 0x3fff,
				     0x4000, 0x7ffe, 0x8001, 0xbabe, 0xfff0, 0xfffe };

	start(BITMAP_BASE, WHOLE);
	for (u32 i = 0; i < ARRAY_SIZE(ports); i++) {
		permit(ports[i], true);
		for (u32 j = 0; j < ARRAY_SIZE(ports); j++)
			EXPECT_FAULT(i == j ? NO_FAULT : GP(0), access(&inb, ports[j]),
				     "bit of %#x, port %#x", ports[i], ports[j]);
		permit(ports[i], false);
	}
}

TEST(io_bitmap_last_port, "the bits after port 0xffff are those of the byte that ends the bitmap",
     SPEC("SDM vol. 1, 18.5.2: the last byte must be all ones"))
{
	const struct io_row inb = { "inb", CODE("inb %%dx, %%al"), 1 };
	const struct io_row inw = { "inw", CODE("inw %%dx, %%ax"), 2 };

	start(BITMAP_BASE, WHOLE);
	permit(0xffff, true);
	EXPECT_NO_FAULT(access(&inb, 0xffff));
	EXPECT_FAULT(GP(0), access(&inw, 0xffff));
}

TEST(io_bitmap_limit, "both bytes of the bitmap that are read have to be within the TSS's limit",
     SPEC("SDM vol. 1, 18.5.2"))
{
	const struct io_row inb = { "inb", CODE("inb %%dx, %%al"), 1 };
	const struct io_row inl = { "inl", CODE("inl %%dx, %%eax"), 4 };
	u32 byte = BITMAP_BASE + PORT / 8;

	/* The second byte is the last one, then it is not there, then the first is not, too. */
	for (u32 missing = 0; missing < 3; missing++) {
		SUBTEST("missing_%u", missing);
		start(BITMAP_BASE, byte + 1 - missing);
		memset(io_tss->bitmap, 0, sizeof(io_tss->bitmap));
		EXPECT_FAULT(missing ? GP(0) : NO_FAULT, access(&inb, PORT));
		EXPECT_FAULT(missing ? GP(0) : NO_FAULT, access(&inl, PORT));
		EXPECT_FAULT(missing ? GP(0) : NO_FAULT, access(&inb, PORT | 7));
		EXPECT_FAULT(GP(0), access(&inb, PORT + 8));
		EXPECT_NO_FAULT(access(&inb, (PORT & ~7u) - 9));
	}
}

TEST(io_bitmap_base, "the bitmap is where the TSS says, and absent if that is beyond the limit",
     SPEC("SDM vol. 1, 18.5.2"))
{
	const struct io_row inb = { "inb", CODE("inb %%dx, %%al"), 1 };

	/* 16 bytes later, so that the bits are those of 128 ports further on. */
	SUBTEST("moved");
	start(BITMAP_BASE + 16, WHOLE);
	permit(PORT + 128, true);
	EXPECT_NO_FAULT(access(&inb, PORT));
	EXPECT_FAULT(GP(0), access(&inb, PORT + 128));

	SUBTEST("beyond_limit");
	start(0xffff, WHOLE);
	memset(io_tss->bitmap, 0, sizeof(io_tss->bitmap));
	EXPECT_FAULT(GP(0), access(&inb, PORT));
	EXPECT_FAULT(GP(0), access(&inb, 0));

	SUBTEST("at_limit");
	start(WHOLE + 1, WHOLE);
	memset(io_tss->bitmap, 0, sizeof(io_tss->bitmap));
	EXPECT_FAULT(GP(0), access(&inb, 0));
}

static u32 given_iopl;

static void give_iopl(struct trap_frame *frame)
{
	frame->flags = (frame->flags & ~FLAG_IOPL) | given_iopl << 12;
}

struct access_with_iopl {
	const struct io_row *row;
	struct fault fault;
};

static void access_with_iopl(void *arg)
{
	struct access_with_iopl *a = arg;
	struct registers r = {
		.cx = 2, .dx = PORT, .si = (ulong)buffer, .di = (ulong)buffer, .flags = FLAG_1
	};

	__asm__ volatile("int3" : : : "memory", "cc");
	a->fault = execute_try(a->row->code, &r);
}

TEST(io_iopl, "the bitmap does not count where CPL is at most IOPL",
     SPEC("SDM vol. 1, 18.5.1; vol. 2, IN, OUT, INS, OUTS"))
{
	const struct io_row table[] = { IO_ROWS };

	trap_set_handler(VEC_BP, give_iopl);
	start(BITMAP_BASE, WHOLE);
	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		struct registers r = { .cx = 2,
				       .dx = PORT,
				       .si = (ulong)buffer,
				       .di = (ulong)buffer,
				       .flags = FLAG_1 };
		struct access_with_iopl a = { .row = &table[i] };

		SUBTEST("%s", table[i].name);
		EXPECT_NO_FAULT(execute_try(table[i].code, &r), "CPL 0");
		for (given_iopl = 0; given_iopl < 4; given_iopl++) {
			EXPECT_NO_FAULT(run_user(access_with_iopl, &a));
			EXPECT_FAULT(given_iopl == 3 ? NO_FAULT : GP(0), a.fault, "IOPL %u",
				     given_iopl);
		}
	}
}

TEST(io_no_tss_bitmap, "without a bitmap each form of IN and OUT raises #GP(0) at CPL 3",
     SPEC("SDM vol. 1, 18.5; vol. 2, IN, OUT"))
{
	const struct io_row immediate[] = {
		{ "inb_imm8", CODE("inb $0xed, %%al"), 1 },
		{ "inw_imm8", CODE("inw $0xed, %%ax"), 2 },
		{ "inl_imm8", CODE("inl $0xed, %%eax"), 4 },
		{ "outb_imm8", CODE("outb %%al, $0xed"), 1 },
		{ "outw_imm8", CODE("outw %%ax, $0xed"), 2 },
		{ "outl_imm8", CODE("outl %%eax, $0xed"), 4 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(immediate); i++) {
		SUBTEST("%s", immediate[i].name);
		EXPECT_FAULT(GP(0), access(&immediate[i], 0));
	}
	start(BITMAP_BASE, WHOLE);
	for (u32 i = 0; i < ARRAY_SIZE(immediate); i++) {
		SUBTEST("%s_bit", immediate[i].name);
		memset(io_tss->bitmap, 0xff, sizeof(io_tss->bitmap));
		EXPECT_FAULT(GP(0), access(&immediate[i], 0));
		for (u32 j = 0; j < immediate[i].width; j++)
			permit(0xed + j, true);
		EXPECT_NO_FAULT(access(&immediate[i], 0));
	}
}
