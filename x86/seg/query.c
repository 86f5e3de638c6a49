/* SPDX-License-Identifier: MIT */
/*
 * LAR, LSL, VERR and VERW: what can be learnt of every kind of descriptor at every privilege, against
 * a model. ZF is the only flag that changes, and without it the destination does not.
 */
#include "seg.h"

#include <mm/page.h>
#include <mm/space.h>
#include <x86/insn.h>

SUITE("LAR, LSL, VERR, VERW");

/* What bits 19-16 of LAR's result are, the manual does not say. */
#define LAR_DEFINED 0x00f0ff00u

/* The conditions that all four share. Types 0 to 15 are system descriptors. */
static bool is_visible(u64 descriptor, u32 cpl, u32 rpl)
{
	u32 dpl = desc_dpl(descriptor);

	return kind_is_conforming(desc_kind(descriptor)) || (dpl >= cpl && dpl >= rpl);
}

/* SDM vol. 2A, LAR, "Segment and Gate Types": legacy and IA-32e mode. */
static bool lar_accepts(u32 kind)
{
	if (kind_is_segment(kind))
		return true;
	if (sizeof(ulong) == 8)
		return BIT(kind) & (BIT(2) | BIT(9) | BIT(11) | BIT(12));
	return BIT(kind) & (BITS(5, 1) | BIT(9) | BIT(11) | BIT(12));
}

/* SDM vol. 2A, LSL, table "Segment and Gate Descriptor Types": gates have no limit. */
static bool lsl_accepts(u32 kind)
{
	if (kind_is_segment(kind))
		return true;
	if (sizeof(ulong) == 8)
		return BIT(kind) & (BIT(2) | BIT(9) | BIT(11));
	return BIT(kind) & (BITS(3, 1) | BIT(9) | BIT(11));
}

static bool verr_accepts(u32 kind)
{
	return kind_is_segment(kind) && (!kind_is_code(kind) || kind_is_readable_code(kind));
}

static u64 lar_value(u64 descriptor)
{
	return descriptor >> 32 & LAR_DEFINED;
}

static u64 lsl_value(u64 descriptor)
{
	u64 limit = (descriptor & 0xffff) | (descriptor >> 32 & 0xf0000);

	return descriptor & DESC_G ? limit << 12 | 0xfff : limit;
}

static u64 no_value(u64 descriptor)
{
	(void)descriptor;
	return 0;
}

struct query {
	const char *name;
	bool (*accepts)(u32 kind);
	u64 (*value)(u64 descriptor);
	u64 defined; /* bits of the destination */
	struct {
		u32 width; /* of the destination AX; 0: none */
		const void *code;
	} forms[6];
};

/* The selector is in CX, or in memory at rDI. */
static const struct query *queries(void)
{
	static struct query table[4];

	table[0] = (struct query){ "lar",
				   lar_accepts,
				   lar_value,
				   ~0xf0000ull,
				   { { 32, CODE("lar %%ecx, %%eax") },
				     { 16, CODE("lar %%cx, %%ax") },
				     { 32, CODE(".byte 0x0f, 0x02, 0x07") },
				     { 16, CODE(".byte 0x66, 0x0f, 0x02, 0x07") },
				     ONLY_64({ 64, CODE(".byte 0x48, 0x0f, 0x02, 0xc1") },
					     { 64, CODE(".byte 0x48, 0x0f, 0x02, 0x07") }) } };
	table[1] = (struct query){ "lsl",
				   lsl_accepts,
				   lsl_value,
				   ~0ull,
				   { { 32, CODE("lsl %%ecx, %%eax") },
				     { 16, CODE("lsl %%cx, %%ax") },
				     { 32, CODE(".byte 0x0f, 0x03, 0x07") },
				     { 16, CODE(".byte 0x66, 0x0f, 0x03, 0x07") },
				     ONLY_64({ 64, CODE(".byte 0x48, 0x0f, 0x03, 0xc1") },
					     { 64, CODE(".byte 0x48, 0x0f, 0x03, 0x07") }) } };
	table[2] = (struct query){ "verr",
				   verr_accepts,
				   no_value,
				   ~0ull,
				   { { 0, CODE("verr %%cx") }, { 0, CODE("verr " AT("di")) } } };
	table[3] = (struct query){ "verw",
				   kind_is_writable,
				   no_value,
				   ~0ull,
				   { { 0, CODE("verw %%cx") }, { 0, CODE("verw " AT("di")) } } };
	return table;
}

#define QUERIES 4

/*
 * Runs the forms with this selector, upper half of its register set; false after a failure. All forms
 * only where RPL is CPL: what they have in common need not be seen each time.
 */
static bool check_query(const struct query *q, u32 cpl, u16 selector, bool accepted, u64 value)
{
	const ulong ax = (ulong)0x1122334455667788;
	const u32 forms = (selector & 3u) == cpl ? ARRAY_SIZE(q->forms) : 1;
	bool ok = true;

	for (u32 i = 0; i < forms && q->forms[i].code && ok; i++) {
		u32 width = q->forms[i].width;
		u64 low = width == 16 ? 0xffff : 0xffffffff,
		    upper = width == 16 ? ax & ~0xffffull : 0;
		u64 expected = accepted && width ? upper | (value & low) : ax;
		/* ZF starts as what it is not to become. */
		ulong flags = FLAG_1 | (accepted ? STATUS_FLAGS & ~FLAG_ZF : FLAG_ZF);
		struct registers r = { .ax = ax,
				       .cx = (ulong)0xa5a5a5a5a5a50000 | selector,
				       .di = (ulong)&selector,
				       .flags = flags };
		u64 defined = accepted && width ? q->defined : ~0ull;

		ok &= EXPECT_NO_FAULT(execute_in(at_cpl(cpl), q->forms[i].code, &r));
		ok &= EXPECT_EQ(r.ax & defined, expected & defined,
				"form %u cpl %u selector %#x in table %#llx", i, cpl, selector,
				selector & ERR_TI ? 0 : gdt_entries()[selector >> 3 & 31]);
		ok &= EXPECT_EQ(r.flags, flags ^ FLAG_ZF, "form %u cpl %u selector %#x", i, cpl,
				selector);
	}
	return ok;
}

static void check_kind(const struct query *q, u32 kind)
{
	volatile u64 *entry = &gdt_entries()[SEL_SPARE / 8];
	const u64 other = DESC_LIMIT(0x89abc) | DESC_BASE(0xa5c3965aull) | DESC_AVL;

	for (u32 cpl = 0; cpl <= 3; cpl++)
		for (u32 bits = 0; bits < 64; bits++) {
			u16 rpl = bits >> 2 & 3;
			u64 descriptor = other | DESC_KIND(kind) | DESC_DPL(bits & 3) |
					 (bits & 16 ? DESC_P : 0) | (bits & 32 ? DESC_G : 0);
			bool accepted = q->accepts(kind) && is_visible(descriptor, cpl, rpl);

			*entry = descriptor;
			if (!check_query(q, cpl, SEL_SPARE | rpl, accepted, q->value(descriptor)) ||
			    !EXPECT_EQ(*entry, descriptor))
				return;
		}
}

static void check_all_kinds(const struct query *q)
{
	for (u32 kind = 0; kind < TYPES; kind++) {
		SUBTEST("%s-%u", kind_is_segment(kind) ? "segment" : "system", kind & 15);
		check_kind(q, kind);
	}
}

TEST(lar_every_descriptor,
     "LAR gives the access rights of the types that it accepts, if DPL allows",
     SPEC("SDM vol. 2A, LAR"), BUG("qemu#1376"))
{
	check_all_kinds(&queries()[0]);
}

TEST(lsl_every_descriptor,
     "LSL gives the limit in bytes of the types that have one and that it accepts, if DPL allows",
     SPEC("SDM vol. 2A, LSL"), BUG("qemu#1376"))
{
	check_all_kinds(&queries()[1]);
}

TEST(verr_every_descriptor, "VERR sets ZF for readable segments, if DPL allows",
     SPEC("SDM vol. 2C, VERR/VERW"))
{
	check_all_kinds(&queries()[2]);
}

TEST(verw_every_descriptor, "VERW sets ZF for writable segments, if DPL allows",
     SPEC("SDM vol. 2C, VERR/VERW"))
{
	check_all_kinds(&queries()[3]);
}

/* All bits of the second half that LAR shows, and all of the limit, one at a time. */
TEST(query_each_bit,
     "LAR shows each bit of the access rights, LSL each of the limit, with and without G",
     SPEC("SDM vol. 2A, LAR, LSL"))
{
	const struct query *q = queries();

	for (u32 i = 0; i < 2; i++) {
		SUBTEST("%s", q[i].name);
		for_each_set_bit(bit, ~DESC_S) {
			u64 descriptor = (DESC_S | DESC_P) ^ BIT(bit);

			gdt_set_spare(0, descriptor);
			check_query(&q[i], 0, SEL_SPARE, true, q[i].value(descriptor));
			gdt_set_spare(0, descriptor ^ DESC_G);
			check_query(&q[i], 0, SEL_SPARE, true, q[i].value(descriptor ^ DESC_G));
		}
	}
}

TEST(query_selectors,
     "selectors that are null, beyond a table or of an LDT that is not there clear ZF, without a fault",
     SPEC("SDM vol. 2A, LAR, LSL; vol. 2C, VERR/VERW"), BUG("qemu#1376"))
{
	const struct query *q = queries();
	u64 *ldt = load_new_ldt(4);

	gdt_entries()[0] = DATA_SEG | DESC_DPL(3);
	/* One that has been there would do. */
	ldt[0] = ldt[1] = ldt[2] = ldt[3] = DATA_SEG | DESC_DPL(3);
	unload_ldt();
	for (u32 i = 0; i < QUERIES; i++)
		for (u32 cpl = 0; cpl <= 3; cpl++) {
			SUBTEST("%s-cpl%u", q[i].name, cpl);
			for (u16 rpl = 0; rpl <= 3; rpl++) {
				check_query(&q[i], cpl, rpl, false, 0);
				check_query(&q[i], cpl, (GDT_ENTRIES * 8) | rpl, false, 0);
				check_query(&q[i], cpl, 0xfff8 | rpl, false, 0);
				check_query(&q[i], cpl, ERR_TI | rpl, false, 0);
				check_query(&q[i], cpl, 0x18 | ERR_TI | rpl, false, 0);
			}
		}
	gdt_entries()[0] = 0;
}

TEST(query_limit_edge, "a descriptor has to be within its table with all of its eight bytes",
     SPEC("SDM vol. 2A, LAR, LSL; vol. 2C, VERR/VERW"))
{
	const struct query *q = queries();
	u64 *ldt = load_new_ldt(2), *gdt = gdt_on_page(GDT_ENTRIES * 8 - 1);

	gdt[SEL_SPARE / 8] = DATA_SEG | DESC_DPL(3);
	ldt[0] = ldt[1] = DATA_SEG | DESC_DPL(3);
	for (u32 i = 0; i < QUERIES; i++) {
		u64 value = q[i].value(ldt[0]);

		for (u16 bytes = 6; bytes <= 8; bytes++) {
			u16 limit = (u16)(SEL_SPARE + bytes - 1);

			SUBTEST("%s-gdt-bytes-%u", q[i].name, bytes);
			lgdt(&(struct desc_table_register){ limit, (ulong)gdt });
			check_query(&q[i], 0, SEL_SPARE, bytes == 8, value);
			check_query(&q[i], 3, SEL_SPARE | 3, bytes == 8, value);
		}
		SUBTEST("%s-ldt", q[i].name);
		check_query(&q[i], 0, ERR_TI, true, value);
		check_query(&q[i], 3, 8 | ERR_TI | 3, true, value);
		check_query(&q[i], 0, 16 | ERR_TI, false, value);
	}
	desc_init();
	unload_ldt();
}

TEST(query_memory_operand,
     "a selector in memory is two bytes, whatever the operand size; #PF is raised",
     SPEC("SDM vol. 2A, LAR, LSL; vol. 2C, VERR/VERW"))
{
	const struct query *q = queries();
	u8 *pages = pages_alloc(2, PAGE_SIZE);
	u16 *last = (u16 *)(pages + PAGE_SIZE) - 1;

	*last = SEL_KERNEL_DATA;
	space_unmap(space_kernel(), (ulong)pages + PAGE_SIZE, PAGE_SIZE);
	for (u32 i = 0; i < QUERIES; i++) {
		SUBTEST("%s", q[i].name);
		for (u32 j = 1; j < ARRAY_SIZE(q->forms) && q[i].forms[j].code; j++) {
			struct registers r = {
				.ax = 0, .cx = SEL_KERNEL_DATA, .di = (ulong)last, .flags = FLAG_1
			};

			EXPECT_NO_FAULT(execute_try(q[i].forms[j].code, &r));
			EXPECT_EQ(r.flags, FLAG_1 | FLAG_ZF);
		}
		for (u32 j = 1; j < ARRAY_SIZE(q->forms) && q[i].forms[j].code; j++) {
			struct registers r = { .ax = 1, .di = (ulong)last + 1, .flags = FLAG_1 };
			bool of_memory = (i < 2 && j != 1 && j != 4) || (i >= 2 && j == 1);

			if (!of_memory)
				continue;
			EXPECT_FAULT(PF(0, pages + PAGE_SIZE), execute_try(q[i].forms[j].code, &r),
				     "form %u", j);
			EXPECT_EQ(r.ax, 1ul);
			EXPECT_EQ(r.flags, FLAG_1);
		}
	}
}
