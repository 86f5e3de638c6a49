/* SPDX-License-Identifier: MIT */
/*
 * IN, OUT, INS and OUTS. The ports are registers that read back: the mask of the 8259 (bytes), index and
 * data of the CMOS memory as two bytes of a word, and the address of PCI's configuration space, which
 * only takes doublewords.
 */
#include "insn.h"

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>
#include <test.h>
#include <x86/cr.h>
#include <x86/io.h>

SUITE("Port I/O");

#define PIC_MASK    0x21
#define CMOS_INDEX  0x70
#define CMOS_DATA   0x71
/* A byte of general purpose. */
#define CMOS_SPARE  0x50
#define PCI_ADDRESS 0xcf8
/* Bits of it that can be written. */
#define PCI_VALUE   0x80a55a54u

#define FILLED ((ulong)0x1122334455667788)

/* What a case leaves is masked interrupts, and no configuration address. */
static void finish(void)
{
	outb(PIC_MASK, 0xff);
	outl(PCI_ADDRESS, 0);
}

static struct registers run(const void *code, ulong ax, ulong dx)
{
	struct registers r = { .ax = ax, .dx = dx, .cx = FILLED, .flags = FLAG_1 | ALU_STATUS };
	struct registers before = r;

	EXPECT_NO_FAULT(execute_try(code, &r));
	before.ax = r.ax;
	EXPECT_MEM_EQ(&r, &before, sizeof(r));
	return r;
}

/* The port is DX, whatever is above it. */
#define DX(port) ((FILLED & ~0xfffful) | (port))

TEST(in, "IN loads AL, AX or EAX and nothing else, 32 bits clearing the upper half",
     SPEC("SDM vol. 2A, IN; vol. 1, 3.4.1.1"))
{
	for (u32 i = 0; i < 256; i += 5) {
		u32 pci = (PCI_VALUE ^ i << 8) & ~3u;

		outb(PIC_MASK, (u8)i);
		EXPECT_EQ(run(CODE("inb %%dx, %%al"), FILLED, DX(PIC_MASK)).ax,
			  (FILLED & ~0xfful) | i);
		EXPECT_EQ(run(CODE("inb $0x21, %%al"), FILLED, FILLED).ax, (FILLED & ~0xfful) | i);
		/* Nothing is there that would keep 32 bits; what is above them is cleared. */
		EXPECT_EQ(run(CODE("inl $0xe8, %%eax"), FILLED, FILLED).ax & ~(ulong)0xffffffff,
			  0u);

		outb(CMOS_INDEX, CMOS_SPARE);
		outb(CMOS_DATA, (u8)i);
		EXPECT_EQ(run(CODE("inw %%dx, %%ax"), FILLED, DX(CMOS_INDEX)).ax & ~0xfful,
			  (FILLED & ~0xfffful) | i << 8);
		EXPECT_EQ(run(CODE("inw $0x70, %%ax"), FILLED, FILLED).ax & ~0xfful,
			  (FILLED & ~0xfffful) | i << 8);

		outl(PCI_ADDRESS, pci);
		EXPECT_EQ(run(CODE("inl %%dx, %%eax"), FILLED, DX(PCI_ADDRESS)).ax, pci);
	}
	finish();
}

TEST(out, "OUT writes AL, AX or EAX, and changes no register", SPEC("SDM vol. 2B, OUT"))
{
	for (u32 i = 0; i < 256; i += 5) {
		ulong ax = (FILLED & ~0xfful) | i;
		u32 pci = (PCI_VALUE ^ i << 8) & ~3u;

		run(CODE("outb %%al, %%dx"), ax, DX(PIC_MASK));
		EXPECT_EQ(inb(PIC_MASK), i);
		run(CODE("outb %%al, $0x21"), ax ^ 0xff, FILLED);
		EXPECT_EQ(inb(PIC_MASK), i ^ 0xff);

		run(CODE("outw %%ax, %%dx"), (FILLED & ~0xfffful) | i << 8 | CMOS_SPARE,
		    DX(CMOS_INDEX));
		EXPECT_EQ(inb(CMOS_DATA), i);
		run(CODE("outw %%ax, $0x70"), (FILLED & ~0xfffful) | (i ^ 0xff) << 8 | CMOS_SPARE,
		    FILLED);
		EXPECT_EQ(inb(CMOS_DATA), i ^ 0xff);

		run(CODE("outl %%eax, %%dx"), (FILLED & ~(ulong)0xffffffff) | pci, DX(PCI_ADDRESS));
		EXPECT_EQ(inl(PCI_ADDRESS), pci);
		/* PCI takes nothing narrower there. */
		run(CODE("outw %%ax, %%dx"), ~0ul, DX(PCI_ADDRESS));
		EXPECT_EQ(inl(PCI_ADDRESS), pci);
	}
	finish();
}

struct string_io {
	const char *name;
	const void *code;
	u16 port;
	bool in, repeated;
	u32 width; /* in bytes */
};

#define STRING_IO                                                                 \
	{ "insb", CODE("insb"), PIC_MASK, true, false, 1 },                       \
		{ "insd", CODE("insl"), PCI_ADDRESS, true, false, 4 },            \
		{ "rep_insb", CODE("rep insb"), PIC_MASK, true, true, 1 },        \
		{ "rep_insw", CODE("rep insw"), PCI_ADDRESS + 1, true, true, 2 }, \
		{ "rep_insd", CODE("rep insl"), PCI_ADDRESS, true, true, 4 },     \
		{ "outsb", CODE("outsb"), PIC_MASK, false, false, 1 },            \
		{ "outsd", CODE("outsl"), PCI_ADDRESS, false, false, 4 },         \
		{ "rep_outsb", CODE("rep outsb"), PIC_MASK, false, true, 1 },     \
		{ "rep_outsw", CODE("rep outsw"), CMOS_INDEX, false, true, 2 },   \
	{                                                                         \
		"rep_outsd", CODE("rep outsl"), PCI_ADDRESS, false, true, 4       \
	}

/* A value that the port keeps, and what it is as it reads. */
static void set_port(const struct string_io *row, u32 value)
{
	if (row->port == PIC_MASK)
		outb(PIC_MASK, (u8)value);
	else if (row->port == PCI_ADDRESS)
		outl(PCI_ADDRESS, value & PCI_VALUE);
}

static u32 port_value(const struct string_io *row)
{
	if (row->port == PIC_MASK)
		return inb(PIC_MASK);
	if (row->port == CMOS_INDEX)
		return (u32)inb(CMOS_DATA) << 8 | CMOS_SPARE;
	return row->width == 2 ? inw(row->port) : inl(row->port);
}

static void check_string_io(const struct string_io *row, ulong count, bool down, u32 offset)
{
	static u8 area[256], expected[256];
	ulong step = down ? -(ulong)row->width : row->width;
	ulong done = row->repeated ? count : 1, last;
	struct registers r = { .dx = DX(row->port),
			       .cx = count,
			       .si = (ulong)area + 128 + offset,
			       .di = (ulong)area + 128 + offset,
			       .ax = FILLED,
			       .bx = FILLED,
			       .bp = FILLED,
			       .flags = FLAG_1 | ALU_STATUS | (down ? FLAG_DF : 0) };
	struct registers after = r;
	u32 value;

	for (u32 i = 0; i < sizeof(area); i++)
		area[i] = (u8)random_u64();
	/* What PCI and CMOS do not keep is not written; each element has a different value. */
	for (u32 i = 0; i < 4 * 32 && !row->in && row->width > 1; i += row->width) {
		ulong at = 128 + offset + (down ? -(ulong)i : i);
		u32 kept = row->width == 4 ? (u32)random_u64() & PCI_VALUE
					   : CMOS_SPARE | ((u32)random_u64() & 0xff) << 8;

		if (at + row->width <= sizeof(area) && at >= row->width)
			memcpy(area + at, &kept, row->width);
	}
	memcpy(expected, area, sizeof(area));
	set_port(row, (u32)random_u64());
	value = port_value(row);
	last = 128 + offset + (done - 1) * step;
	for (ulong i = 0; i < done && row->in; i++)
		memcpy(expected + 128 + offset + i * step, &value, row->width);
	if (!row->in && done) {
		value = 0;
		memcpy(&value, area + last, row->width);
	}
	if (row->in)
		after.di += done * step;
	else
		after.si += done * step;
	if (row->repeated)
		after.cx = 0;

	EXPECT_NO_FAULT(execute_try(row->code, &r));
	EXPECT_MEM_EQ(&r, &after, sizeof(r), "count %lu down %u", (unsigned long)count, down);
	EXPECT_MEM_EQ(area, expected, sizeof(area), "count %lu down %u", (unsigned long)count,
		      down);
	EXPECT_EQ(port_value(row), value, "count %lu down %u", (unsigned long)count, down);
}

TEST(string_io, "INS stores what the port has, OUTS writes what memory has, and DI or SI moves on",
     SPEC("SDM vol. 2, INS/INSB/INSW/INSD, OUTS/OUTSB/OUTSW/OUTSD"))
{
	static const ulong counts[] = { 0, 1, 2, 7 };
	const struct string_io table[] = { STRING_IO };

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		SUBTEST("%s", table[i].name);
		for (u32 j = 0; j < ARRAY_SIZE(counts); j++) {
			check_string_io(&table[i], counts[j], false, j);
			check_string_io(&table[i], counts[j], true, j);
		}
	}
	finish();
}

TEST(string_io_fault, "INS and OUTS that meet an absent page have done all elements before",
     SPEC("SDM vol. 2, INS, OUTS; vol. 3A, 6.5, Faults"))
{
	u8 *area = pages_alloc(2, PAGE_SIZE);
	struct registers r = {
		.dx = PIC_MASK, .cx = 5, .di = (ulong)area + PAGE_SIZE - 2, .flags = FLAG_1
	};

	space_unmap(space_kernel(), (ulong)area + PAGE_SIZE, PAGE_SIZE);
	outb(PIC_MASK, 0xa5);

	SUBTEST("ins");
	EXPECT_FAULT(PF(PF_W, area + PAGE_SIZE), execute_try(CODE("rep insb"), &r));
	EXPECT_EQ(r.cx, 3u);
	EXPECT_EQ(r.di, (ulong)area + PAGE_SIZE);
	EXPECT_MEM_EQ(area + PAGE_SIZE - 3, ((u8[]){ 0, 0xa5, 0xa5 }), 3);

	SUBTEST("outs");
	area[PAGE_SIZE - 2] = 0x3c;
	area[PAGE_SIZE - 1] = 0xc3;
	r = (struct registers){
		.dx = PIC_MASK, .cx = 5, .si = (ulong)area + PAGE_SIZE - 2, .flags = FLAG_1
	};
	EXPECT_FAULT(PF(0, area + PAGE_SIZE), execute_try(CODE("rep outsb"), &r));
	EXPECT_EQ(r.cx, 3u);
	EXPECT_EQ(r.si, (ulong)area + PAGE_SIZE);
	EXPECT_EQ(inb(PIC_MASK), 0xc3);

	/* An element that does not fit is not written. */
	SUBTEST("outs_across");
	outl(PCI_ADDRESS, PCI_VALUE);
	r = (struct registers){ .dx = PCI_ADDRESS,
				.si = (ulong)area + PAGE_SIZE - 2,
				.flags = FLAG_1 };
	EXPECT_FAULT(PF(0, area + PAGE_SIZE), execute_try(CODE("outsl"), &r));
	EXPECT_EQ(r.si, (ulong)area + PAGE_SIZE - 2);
	EXPECT_EQ(inl(PCI_ADDRESS), PCI_VALUE);

	SUBTEST("zero_count");
	r = (struct registers){ .dx = PIC_MASK,
				.si = (ulong)area + PAGE_SIZE,
				.di = (ulong)area + PAGE_SIZE,
				.flags = FLAG_1 };
	EXPECT_NO_FAULT(execute_try(CODE("rep outsb"), &r));
	EXPECT_NO_FAULT(execute_try(CODE("rep insb"), &r));
	EXPECT_EQ(r.si, (ulong)area + PAGE_SIZE);
	EXPECT_EQ(r.di, (ulong)area + PAGE_SIZE);
	finish();
}
