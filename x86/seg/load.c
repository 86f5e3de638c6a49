/* SPDX-License-Identifier: MIT */
/*
 * MOV to DS, ES, FS, GS and SS of every kind of descriptor at every privilege level, against a model
 * of the checks: which fault, what the register holds afterwards, and what became of the descriptor.
 */
#include "seg.h"

#include <mm/page.h>
#include <mm/space.h>
#include <x86/insn.h>

SUITE("Loading segment registers");

enum { DS, ES, FS, GS, SS_, REGISTERS };

static const char *const names[REGISTERS] = { "ds", "es", "fs", "gs", "ss" };

/* EAX is the selector; afterwards EBX is what the register held then, and EDX what it holds again. */
#define LOAD_(prefix, seg)                                              \
	CODE_AROUND("mov %%" seg ", %%edx", prefix "mov %%eax, %%" seg, \
		    "mov %%" seg ", %%ebx; mov %%edx, %%" seg)
#define LOAD(seg)                                             \
	{                                                     \
		LOAD_("", seg), LOAD_(FORCED_EMULATION, seg), \
	}

static const void *load_code(u32 reg)
{
	const void *const codes[REGISTERS][2] = { LOAD("ds"), LOAD("es"), LOAD("fs"), LOAD("gs"),
						  LOAD("ss") };

	return codes[reg][forced];
}

/* SDM vol. 2B, MOV: what a load of this register at this CPL raises. Null selectors have index 0. */
static struct fault model_load(u32 reg, u32 cpl, u16 selector, u64 descriptor)
{
	u32 kind = desc_kind(descriptor), dpl = desc_dpl(descriptor), rpl = selector & 3;
	u32 error = ERR_SEL(selector);

	if (error == 0) {
		bool null_is_allowed = reg != SS_ || (sizeof(ulong) == 8 && cpl < 3 && rpl == cpl);

		return null_is_allowed ? NO_FAULT : GP(0);
	}
	if (reg == SS_) {
		if (rpl != cpl || dpl != cpl || !kind_is_writable(kind))
			return GP(error);
		return descriptor & DESC_P ? NO_FAULT : SS(error);
	}
	if (!kind_is_segment(kind) || (kind_is_code(kind) && !kind_is_readable_code(kind)))
		return GP(error);
	if (!kind_is_conforming(kind) && (rpl > dpl || cpl > dpl))
		return GP(error);
	return descriptor & DESC_P ? NO_FAULT : NP(error);
}

/* One load through `entry` of a descriptor table; false after a failure. */
static bool check_load(u32 reg, u32 cpl, u16 selector, u64 descriptor, volatile u64 *entry)
{
	struct fault expected = model_load(reg, cpl, selector, descriptor);
	struct registers r = { .ax = selector, .flags = FLAG_1 | STATUS_FLAGS };
	u64 after = descriptor;
	bool ok;

	*entry = descriptor;
	if (!expected.kind && kind_is_segment(desc_kind(descriptor)))
		after |= DESC_A;
	ok = EXPECT_FAULT(expected, execute_in(at_cpl(cpl), load_code(reg), &r),
			  "descriptor %#llx selector %#x", descriptor, selector);
	ok &= EXPECT_EQ(*entry, after, "selector %#x", selector);
	ok &= EXPECT_EQ((u16)r.bx, expected.kind ? (u16)r.dx : selector, "descriptor %#llx",
			descriptor);
	ok &= EXPECT_EQ(r.flags, FLAG_1 | STATUS_FLAGS);
	return ok;
}

static void check_all_descriptors(u32 reg, u32 cpl)
{
	u64 *entry = &gdt_entries()[SEL_SPARE / 8];
	u64 zero = DESC_LIMIT(0xfffff) | DESC_G | DESC_DB;

	for (u32 kind = 0; kind < TYPES; kind++)
		for (u32 bits = 0; bits < 32; bits++) {
			u64 descriptor = zero | DESC_KIND(kind) | DESC_DPL(bits & 3) |
					 (bits & 16 ? DESC_P : 0);

			if (!check_load(reg, cpl, (u16)(SEL_SPARE | (bits >> 2 & 3)), descriptor,
					entry))
				return;
		}
	EXPECT_EQ(entry[1], 0ull);
}

TEST(load_every_descriptor,
     "a load of every type, DPL, RPL and P is accepted, or refused with its fault; A is set if accepted",
     SPEC("SDM vol. 2B, MOV; vol. 3A, 3.4.5.1, 5.6, 5.7"))
{
	for_each_way() for (u32 reg = 0; reg < REGISTERS; reg++) for (u32 cpl = 0; cpl <= 3; cpl++)
	{
		SUBTEST("%s-cpl%u%s", names[reg], cpl, way_suffix());
		check_all_descriptors(reg, cpl);
	}
}

TEST(load_other_bits,
     "base, limit, G, D/B, AVL and, for data, L do not matter to a load, nor are they changed",
     SPEC("SDM vol. 2B, MOV; vol. 3A, 3.4.5"))
{
	u64 *entry = &gdt_entries()[SEL_SPARE / 8];
	const u64 base = DESC_P | DESC_S | DESC_W;

	for (u32 reg = 0; reg < REGISTERS; reg++) {
		SUBTEST("%s", names[reg]);
		for_each_set_bit(bit, BITS(39, 0) | BITS(63, 48)) {
			check_load(reg, 0, SEL_SPARE, base | BIT(bit), entry);
			check_load(reg, 0, SEL_SPARE,
				   (base | BITS(39, 0) | BITS(63, 48)) ^ BIT(bit), entry);
		}
	}
}

TEST(load_null, "null selectors of every RPL: no fault for DS to GS; SS by mode, CPL and RPL",
     SPEC("SDM vol. 2B, MOV, 64-Bit Mode Exceptions; vol. 3A, 3.4.2, 5.4.1.1"),
	  BUG("CVE-2017-2583"))
{
	for_each_way() for (u32 reg = 0; reg < REGISTERS;
			    reg++) for (u32 cpl = 0; cpl <= 3; cpl++) for (u16 rpl = 0; rpl <= 3;
									   rpl++)
	{
		SUBTEST("%s-cpl%u-rpl%u%s", names[reg], cpl, rpl, way_suffix());
		check_load(reg, cpl, rpl, 0, &gdt_entries()[0]);
	}
}

/* The first entry of the GDT cannot be selected, whatever is in it. */
TEST(load_null_entry_unused, "a null selector does not look at the first entry of the GDT",
     SPEC("SDM vol. 3A, 3.4.2"))
{
	for (u32 reg = 0; reg < SS_; reg++) {
		SUBTEST("%s", names[reg]);
		for (u32 i = 0; i < 3; i++) {
			const u64 contents[] = { DATA_SEG & ~DESC_A, DATA_SEG & ~DESC_P, ~0ull };
			struct registers r = { .ax = 0, .flags = FLAG_1 };

			gdt_entries()[0] = contents[i];
			EXPECT_NO_FAULT(execute_try(load_code(reg), &r));
			EXPECT_EQ(gdt_entries()[0], contents[i]);
		}
	}
	gdt_entries()[0] = 0;
}

TEST(load_from_ldt, "TI selects the LDT, whose entry 0 can be used like any other",
     SPEC("SDM vol. 3A, 3.4.2"))
{
	u64 *ldt = load_new_ldt(4);

	for_each_way() for (u32 reg = 0; reg < REGISTERS; reg++)
	{
		SUBTEST("%s%s", names[reg], way_suffix());
		for (u32 cpl = 0; cpl <= 3; cpl++)
			for (u32 index = 0; index < 4; index++)
				for (u32 kind = FIRST_DATA - 1; kind < TYPES; kind++) {
					u16 selector = (u16)(index << 3 | ERR_TI | cpl);
					u64 descriptor = DESC_P | DESC_KIND(kind) | DESC_DPL(cpl);

					if (!check_load(reg, cpl, selector, descriptor,
							&ldt[index]))
						break;
					ldt[index] = 0;
				}
	}
	unload_ldt();
}

TEST(gdt_limit_edge, "a descriptor has to be within the GDT's limit with all of its eight bytes",
     SPEC("SDM vol. 3A, 3.5.1, 5.3"))
{
	u64 *gdt = gdt_on_page(SEL_SPARE + 7);

	gdt[SEL_SPARE / 8] = DATA_SEG;
	for_each_way() for (u32 reg = 0; reg < REGISTERS; reg++) for (u16 bytes = 0; bytes <= 9;
								      bytes++)
	{
		struct registers r = { .ax = SEL_SPARE, .flags = FLAG_1 };
		u16 limit = (u16)(SEL_SPARE + bytes - 1);

		SUBTEST("%s-bytes-%u%s", names[reg], bytes, way_suffix());
		lgdt(&(struct desc_table_register){ limit, (ulong)gdt });
		/* RPL is not in the error code. */
		if (bytes < 8)
			r.ax |= 3;
		if (bytes >= 8)
			EXPECT_NO_FAULT(execute_try(load_code(reg), &r));
		else
			EXPECT_FAULT(GP(SEL_SPARE), execute_try(load_code(reg), &r));
		EXPECT_EQ((u16)r.bx, bytes >= 8 ? SEL_SPARE : (u16)r.dx);
	}
	desc_init();
}

TEST(ldt_limit_edge, "a descriptor has to be within the LDT's limit with all of its eight bytes",
     SPEC("SDM vol. 3A, 3.5.1, 5.3"))
{
	u64 *ldt = load_new_ldt(3);

	ldt[0] = ldt[1] = ldt[2] = DATA_SEG;
	for (u32 reg = 0; reg < REGISTERS; reg++)
		for (u32 bytes = 1; bytes <= 9; bytes++) {
			u64 descriptor = system_desc(DESC_LDT, (ulong)ldt, 8 + bytes - 1);
			struct registers r = { .ax = 8 | ERR_TI, .flags = FLAG_1 };

			SUBTEST("%s-bytes-%u", names[reg], bytes);
			ASSERT_NO_FAULT(lldt_try(set_spare_system(0, descriptor, (ulong)ldt)));
			if (bytes >= 8)
				EXPECT_NO_FAULT(execute_try(load_code(reg), &r));
			else
				EXPECT_FAULT(GP(8 | ERR_TI), execute_try(load_code(reg), &r));
			r.ax = ERR_TI;
			EXPECT_NO_FAULT(execute_try(load_code(reg), &r));
			r.ax = 16 | ERR_TI;
			EXPECT_FAULT(GP(16 | ERR_TI), execute_try(load_code(reg), &r));
		}
	unload_ldt();
}

TEST(ldt_limit_g, "G scales the limit of an LDT", SPEC("SDM vol. 3A, 3.5.1, 3.4.5"))
{
	u64 *ldt = load_new_ldt(1);
	struct registers r = { .ax = 511 << 3 | ERR_TI, .flags = FLAG_1 };

	ldt[511] = DATA_SEG;
	EXPECT_FAULT(GP(511 << 3 | ERR_TI), execute_try(load_code(FS), &r));
	EXPECT_NO_FAULT(lldt_try(
		set_spare_system(0, system_desc(DESC_LDT, (ulong)ldt, 0) | DESC_G, (ulong)ldt)));
	EXPECT_NO_FAULT(execute_try(load_code(FS), &r));
	r.ax = 512 << 3 | ERR_TI;
	EXPECT_FAULT(GP(512 << 3 | ERR_TI), execute_try(load_code(FS), &r));
	unload_ldt();
}

/* -------------------------------------------------------------- how descriptor tables are accessed */

TEST(table_access_is_supervisors,
     "a load at CPL 3 reads and marks a descriptor on a page that only the supervisor may access",
     SPEC("SDM vol. 3A, 4.6.1, implicit supervisor-mode accesses"))
{
	u64 *gdt = gdt_on_page(GDT_ENTRIES * 8 - 1);
	struct registers r = { .ax = SEL_SPARE | 3, .flags = FLAG_1 };

	gdt[SEL_SPARE / 8] = (DATA_SEG | DESC_DPL(3)) & ~DESC_A;
	space_protect(space_kernel(), (ulong)gdt, PAGE_SIZE, PROT_WRITE);
	for_each_way() for (u32 reg = 0; reg < REGISTERS; reg++)
	{
		SUBTEST("%s%s", names[reg], way_suffix());
		gdt[SEL_SPARE / 8] &= ~DESC_A;
		EXPECT_NO_FAULT(execute_in(USER, load_code(reg), &r));
		EXPECT_EQ(gdt[SEL_SPARE / 8], DATA_SEG | DESC_DPL(3));
	}
	desc_init();
}

/* #PF of an access to the descriptor at `entry`, whose first byte the processor chooses. */
static void expect_table_fault(u64 code, const u64 *entry, struct fault actual)
{
	EXPECT_FAULT(FAULT_CODED_(VEC_PF, code), actual);
	EXPECT_GE(actual.address, (ulong)entry);
	EXPECT_LT(actual.address, (ulong)(entry + 1));
}

TEST(table_access_faults,
     "a descriptor on an absent page is #PF without U, also at CPL 3, and nothing is loaded",
     SPEC("SDM vol. 3A, 4.7; 4.6.1"))
{
	u64 *ldt = load_new_ldt(2);

	space_unmap(space_kernel(), (ulong)ldt, PAGE_SIZE);
	for_each_way() for (u32 reg = 0; reg < REGISTERS; reg++) for (u32 cpl = 0; cpl <= 3;
								      cpl += 3)
	{
		struct registers r = { .ax = 8 | ERR_TI | cpl, .flags = FLAG_1 };

		SUBTEST("%s-cpl%u%s", names[reg], cpl, way_suffix());
		expect_table_fault(0, &ldt[1], execute_in(at_cpl(cpl), load_code(reg), &r));
		EXPECT_EQ((u16)r.bx, (u16)r.dx);
	}
	unload_ldt();
}

TEST(accessed_needs_write,
     "only a descriptor whose A is clear is written: on a read-only page that is #PF, loads nothing",
     SPEC("SDM vol. 3A, 3.4.5.1, 4.6.1"))
{
	u64 *ldt = load_new_ldt(2);

	ldt[0] = DATA_SEG;
	ldt[1] = DATA_SEG & ~DESC_A;
	space_protect(space_kernel(), (ulong)ldt, PAGE_SIZE, PROT_USER);
	for_each_way() for (u32 reg = 0; reg < REGISTERS; reg++)
	{
		struct registers r = { .ax = ERR_TI, .flags = FLAG_1 };

		SUBTEST("%s%s", names[reg], way_suffix());
		EXPECT_NO_FAULT(execute_try(load_code(reg), &r));
		r.ax = 8 | ERR_TI;
		expect_table_fault(PF_P | PF_W, &ldt[1], execute_try(load_code(reg), &r));
		EXPECT_EQ((u16)r.bx, (u16)r.dx);
		EXPECT_EQ(ldt[1], DATA_SEG & ~DESC_A);
	}
	unload_ldt();
}
