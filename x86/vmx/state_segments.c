/* SPDX-License-Identifier: MIT */
/* Segment and descriptor-table registers across VM entry and VM exit: SDM vol. 3C, 26.3.2.2, 27.3.2, 27.5.2. */
#include "checks.h"

#include <string.h>
#include <x86/insn.h>
#include <x86/segment.h>

SUITE("VMX: segments across VM entry and VM exit", REQUIRES(vmx_available()));

/* Access rights that may be told apart: P, DPL, S, type, AVL, L, D/B, G, unusable. */
#define RIGHTS 0x1f0ffull

struct segment {
	u64 selector, base, limit, rights;
};

static struct segment read_segment(u32 segment)
{
	return (struct segment){ vmcs_read(VMCS_SELECTOR(segment)), vmcs_read(VMCS_BASE(segment)),
				 vmcs_read(VMCS_LIMIT(segment)),
				 vmcs_read(VMCS_ACCESS_RIGHTS(segment)) };
}

static void write_segment(u32 segment, struct segment s)
{
	vmcs_write(VMCS_SELECTOR(segment), s.selector);
	vmcs_write(VMCS_BASE(segment), s.base);
	vmcs_write(VMCS_LIMIT(segment), s.limit);
	vmcs_write(VMCS_ACCESS_RIGHTS(segment), s.rights);
}

static void expect_segment(u32 segment, struct segment expected)
{
	struct segment s = read_segment(segment);

	EXPECT_EQ(s.selector, expected.selector);
	EXPECT_EQ(s.rights & RIGHTS, expected.rights);
	if (expected.rights & ACCESS_UNUSABLE)
		return;
	EXPECT_EQ(s.base, expected.base);
	EXPECT_EQ(s.limit, expected.limit);
}

/* A base that needs all of a register. */
#define HIGH_BASE ((ulong)(sizeof(ulong) == 8 ? 0xffff912340000000ull : 0xe0000000ull))

TEST(segments_kept, "what VM entry loads of a segment, VM exit saves, whatever its selector says",
     SPEC("SDM vol. 3C, 26.3.2.2, 27.3.2"))
{
	static const struct {
		const char *name;
		u32 segment;
		struct segment value;
	} rows[] = {
		{ "es-byte-limit", VMX_ES, { 0x98, 0x1230, 0x345, 0x93 } },
		{ "es-expand-down", VMX_ES, { 0x13, 0x1000, 0xffff, 0xf7 } },
		{ "es-read-only", VMX_ES, { 0xfff8, 0x1000, 0xfffff, 0x4091 } },
		{ "es-code", VMX_ES, { 0xabc0, 0xfffff000, 0xffffffff, 0xc09b } },
		{ "es-available-bit", VMX_ES, { 0x10, 0, 0xffffffff, 0xd093 } },
		{ "fs", VMX_FS, { 0x7ffc, 0x12345678, 0xabcdefff, 0xc0f3 } },
		{ "gs", VMX_GS, { 0x0008, 0x87654321, 0x10fff, 0xc093 } },
		{ "gs-unusable", VMX_GS, { 0x0010, 0, 0, 0x10000 } },
		{ "fs-unusable", VMX_FS, { 0x0000, 0, 0, 0x10000 } },
		{ "ldtr", VMX_LDTR, { 0x50, 0x123000, 0x7f, 0x82 } },
		{ "ldtr-large", VMX_LDTR, { 0x7ff8, 0x123000, 0x1ffff, 0x8082 } },
		{ "ldtr-unusable", VMX_LDTR, { 0x28, 0, 0, 0x10000 } },
		{ "tr", VMX_TR, { 0x1000, 0x54321000, 0x12345, 0x8b } },
		{ "tr-high", VMX_TR, { 0x1000, HIGH_BASE + 0x1000, 0x12345, 0x8b } },
		{ "tr-available-bit", VMX_TR, { 0x1000, 0x1000, 0x67, 0x108b } },
		{ "ldtr-high", VMX_LDTR, { 0x50, HIGH_BASE + 0x2000, 0x7f, 0x1082 } },
		{ "fs-high", VMX_FS, { 0x10, HIGH_BASE + 0x3000, 0xffffffff, 0xc093 } },
		{ "gs-high", VMX_GS, { 0x10, HIGH_BASE + 0x4000, 0xffffffff, 0xc093 } },
		{ "tr-null", VMX_TR, { 0, 0x1000, 0x67, 0x8b } },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct segment value = rows[i].value;

		SUBTEST("%s", rows[i].name);
		vmx_reset(g);
		write_segment(rows[i].segment, value);
		vmx_run(g);
		EXPECT_VMX_DONE(g);
		expect_segment(rows[i].segment, value);
	}
}

TEST(segments_loaded, "a segment that the guest loads is saved as its descriptor has it",
     SPEC("SDM vol. 3C, 27.3.2"))
{
	static const struct {
		const char *name, *code;
		u32 segment;
		u64 descriptor;
		struct segment value;
	} rows[] = {
		/* MOV from AX, which has the spare selector. */
		{ "es",
		  "\x8e\xc0",
		  VMX_ES,
		  DESC_BASE(0x1234567) | DESC_LIMIT(0x12345) | DESC_P | DESC_S | DESC_W,
		  { VMX_SEL_SPARE, 0x1234567, 0x12345, 0x93 } },
		{ "es-pages",
		  "\x8e\xc0",
		  VMX_ES,
		  DESC_BASE(0x80000000) | DESC_LIMIT(0x12345) | DESC_P | DESC_S | DESC_G | DESC_DB,
		  { VMX_SEL_SPARE, 0x80000000, 0x12345fff, 0xc091 } },
		{ "fs-dpl-3",
		  "\x8e\xe0",
		  VMX_FS,
		  DESC_BASE(0x1000) | DESC_LIMIT(1) | DESC_P | DESC_S | DESC_W | DESC_DPL(3),
		  { VMX_SEL_SPARE, 0x1000, 1, 0xf3 } },
		{ "gs-code",
		  "\x8e\xe8",
		  VMX_GS,
		  DESC_BASE(0x2000) | DESC_LIMIT(2) | DESC_P | DESC_S | DESC_CODE | DESC_W |
			  DESC_AVL,
		  { VMX_SEL_SPARE, 0x2000, 2, 0x109b } },
		{ "ldtr",
		  "\x0f\x00\xd0",
		  VMX_LDTR,
		  DESC_BASE(0x3000) | DESC_LIMIT(0x4f) | DESC_P | DESC_TYPE(DESC_LDT),
		  { VMX_SEL_SPARE, 0x3000, 0x4f, 0x82 } },
		{ "tr",
		  "\x0f\x00\xd8",
		  VMX_TR,
		  DESC_BASE(0x4000) | DESC_LIMIT(0x99) | DESC_P | DESC_AVL |
			  DESC_TYPE(DESC_TSS_AVAILABLE),
		  { VMX_SEL_SPARE, 0x4000, 0x99, 0x108b } },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		vmx_reset(g);
		vmx_code(g, rows[i].code, rows[i].segment < VMX_LDTR ? 2 : 3);
		g->gdt[VMX_SEL_SPARE / 8] = rows[i].descriptor;
		g->gdt[VMX_SEL_SPARE / 8 + 1] = 0;
		g->registers.ax = VMX_SEL_SPARE;
		vmx_run(g);
		EXPECT_VMX_DONE(g);
		expect_segment(rows[i].segment, rows[i].value);
	}
}

TEST(segments_null,
     "a segment register that the guest loads with a null selector is saved unusable",
     SPEC("SDM vol. 3C, 24.4.1, 27.3.2"))
{
	static const struct {
		const char *name, *code;
		u32 size, segment;
	} rows[] = {
		{ "es", "\x8e\xc0", 2, VMX_ES },	 { "ds", "\x8e\xd8", 2, VMX_DS },
		{ "fs", "\x8e\xe0", 2, VMX_FS },	 { "gs", "\x8e\xe8", 2, VMX_GS },
		{ "ldtr", "\x0f\x00\xd0", 3, VMX_LDTR },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 rpl = 0; rpl < 4; rpl += 3) {
			SUBTEST("%s-rpl-%u", rows[i].name, rpl);
			vmx_reset(g);
			vmx_code(g, rows[i].code, rows[i].size);
			g->registers.ax = rpl;
			vmx_run(g);
			EXPECT_VMX_DONE(g);
			EXPECT_EQ(vmcs_read(VMCS_SELECTOR(rows[i].segment)), (u64)rpl);
			EXPECT_EQ(vmcs_read(VMCS_ACCESS_RIGHTS(rows[i].segment)) & ACCESS_UNUSABLE,
				  ACCESS_UNUSABLE);
		}
}

TEST(segments_unusable_used, "an unusable segment of VM entry faults as a null one does",
     SPEC("SDM vol. 3C, 24.4.1, 26.3.2.2"), REQUIRES(sizeof(ulong) == 4))
{
	struct vmx_guest *g = vmx_new();

	for (u32 unusable = 0; unusable < 2; unusable++) {
		SUBTEST("%s", unusable ? "unusable" : "usable");
		vmx_reset(g);
		vmx_code(g, "\x26\x8a\x03", 3); /* MOV AL, ES:[EBX] */
		g->registers.bx = (ulong)g->data;
		if (unusable)
			vmcs_write(VMCS_ACCESS_RIGHTS(VMX_ES), ACCESS_UNUSABLE);
		vmx_run(g);
		if (unusable)
			EXPECT_VMX_EXCEPTION(g, VEC_GP);
		else
			EXPECT_VMX_DONE(g);
	}
}

TEST(segments_hidden, "the guest's accesses go by the hidden parts that VM entry loads",
     SPEC("SDM vol. 3C, 26.3.2.2"))
{
	/* MOV AL, FS:[BX], where BX is 0x10. */
	static const struct {
		const char *name;
		u64 limit;
		bool ok; /* in 32-bit code; 64-bit code has no limits */
	} rows[] = { { "limit-0xf", 0xf, false },
		     { "limit-0x10", 0x10, true },
		     { "limit-0xffff", 0xffff, true } };
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		vmx_reset(g);
		vmx_code(g, "\x64\x8a\x03", 3);
		g->data[0x10] = 0x77;
		write_segment(VMX_FS,
			      (struct segment){ 0x10, (ulong)g->data, rows[i].limit, 0x93 });
		g->registers.bx = 0x10;
		vmx_run(g);
		if (rows[i].ok || sizeof(ulong) == 8) {
			EXPECT_VMX_DONE(g);
			EXPECT_EQ(g->registers.ax, 0x77ul);
		} else {
			EXPECT_VMX_EXCEPTION(g, VEC_GP);
		}
	}
}

TEST(tables_kept, "GDTR and IDTR of the guest are loaded and saved, base and limit",
     SPEC("SDM vol. 3C, 26.3.2.2, 27.3.2"))
{
	static const struct {
		const char *name;
		enum vmcs_field base, limit;
		const char *store, *load;
	} rows[] = {
		{ "gdtr", VMCS_GUEST_GDTR_BASE, VMCS_GUEST_GDTR_LIMIT, "\x0f\x01\x03",
		  "\x0f\x01\x13" },
		{ "idtr", VMCS_GUEST_IDTR_BASE, VMCS_GUEST_IDTR_LIMIT, "\x0f\x01\x0b",
		  "\x0f\x01\x1b" },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct desc_table_register table = { 0x123, HIGH_BASE + 0x7654321 };

		SUBTEST("%s-loaded", rows[i].name);
		vmx_reset(g);
		vmx_code(g, rows[i].store, 3);
		vmcs_write(rows[i].base, HIGH_BASE + 0x12345678);
		vmcs_write(rows[i].limit, 0xabcd);
		g->registers.bx = (ulong)g->data;
		vmx_run(g);
		EXPECT_VMX_DONE(g);
		EXPECT_EQ((*(struct desc_table_register *)g->data).base, HIGH_BASE + 0x12345678);
		EXPECT_EQ((*(struct desc_table_register *)g->data).limit, 0xabcd);
		EXPECT_EQ(vmcs_read(rows[i].base), (u64)HIGH_BASE + 0x12345678);
		EXPECT_EQ(vmcs_read(rows[i].limit), 0xabcdull);
		SUBTEST("%s-saved", rows[i].name);
		vmx_reset(g);
		vmx_code(g, rows[i].load, 3);
		*(struct desc_table_register *)g->data = table;
		g->registers.bx = (ulong)g->data;
		vmx_run(g);
		EXPECT_VMX_DONE(g);
		EXPECT_EQ(vmcs_read(rows[i].base), (u64)table.base);
		EXPECT_EQ(vmcs_read(rows[i].limit), (u64)table.limit);
	}
}
