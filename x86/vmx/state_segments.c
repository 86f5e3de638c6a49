/* SPDX-License-Identifier: MIT */
/* Segment and descriptor-table registers across VM entry and VM exit: SDM vol. 3C, 26.3.2.2, 27.3.2, 27.5.2. */
#include "checks.h"

#include <string.h>
#include <x86/insn.h>
#include <x86/segment.h>

SUITE("VMX: segments across VM entry and VM exit", REQUIRES(vmx_available()));

static const char *const names[] = { "es", "cs", "ss", "ds", "fs", "gs", "ldtr", "tr" };

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
		  DESC_BASE(0x4000) | DESC_LIMIT(0x99) | DESC_P | DESC_TYPE(DESC_TSS_AVAILABLE),
		  { VMX_SEL_SPARE, 0x4000, 0x99, 0x8b } },
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

/* A base that needs all of a register. */
#define HIGH_BASE ((ulong)(sizeof(ulong) == 8 ? 0xffff912340000000ull : 0xe0000000ull))

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

/* ----------------------------------------------------------------------------------- the host's */

static u16 selector_of(u32 segment)
{
	ulong value = 0;

	switch (segment) {
	case VMX_ES:
		__asm__ volatile("mov %%es, %0" : "=r"(value));
		break;
	case VMX_CS:
		__asm__ volatile("mov %%cs, %0" : "=r"(value));
		break;
	case VMX_SS:
		__asm__ volatile("mov %%ss, %0" : "=r"(value));
		break;
	case VMX_DS:
		__asm__ volatile("mov %%ds, %0" : "=r"(value));
		break;
	case VMX_FS:
		__asm__ volatile("mov %%fs, %0" : "=r"(value));
		break;
	case VMX_GS:
		__asm__ volatile("mov %%gs, %0" : "=r"(value));
		break;
	case VMX_LDTR:
		return sldt();
	default:
		return str();
	}
	return (u16)value;
}

TEST(host_segments, "after an exit, selectors are the host's, and LDTR is null",
     SPEC("SDM vol. 3C, 27.5.2"), BUG("afc8de0118be"))
{
	static const struct {
		u32 segment, host;
		u16 selector;
	} rows[] = {
		{ VMX_ES, VMCS_HOST_ES_SELECTOR, SEL_KERNEL_CS32 },
		{ VMX_DS, VMCS_HOST_DS_SELECTOR, 0x60 },
		{ VMX_FS, VMCS_HOST_FS_SELECTOR, 0x58 },
		{ VMX_GS, VMCS_HOST_GS_SELECTOR, 0xfff8 },
		{ VMX_SS, VMCS_HOST_SS_SELECTOR, SEL_KERNEL_DATA },
		{ VMX_CS, VMCS_HOST_CS_SELECTOR, SEL_KERNEL_CODE },
		{ VMX_TR, VMCS_HOST_TR_SELECTOR, SEL_TSS },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", names[rows[i].segment]);
		vmx_reset(g);
		if (rows[i].segment < VMX_LDTR)
			vmx_set_user(g);
		vmcs_write(VMCS_SELECTOR(VMX_TR), 0x1000);
		vmcs_write(rows[i].host, rows[i].selector);
		vmx_run(g);
		EXPECT_VMX_DONE(g);
		EXPECT_EQ(selector_of(rows[i].segment), rows[i].selector);
	}
	SUBTEST("ldtr");
	vmx_reset(g);
	write_segment(VMX_LDTR, (struct segment){ 0x50, (ulong)g->data, 0x7f, 0x82 });
	vmx_run(g);
	EXPECT_VMX_DONE(g);
	EXPECT_EQ(selector_of(VMX_LDTR), 0);
}

TEST(host_ldtr_unusable, "after an exit, LDTR is unusable: a selector of the LDT is #GP",
     SPEC("SDM vol. 3C, 27.5.2"), BUG("afc8de0118be"))
{
	struct vmx_guest *g = vmx_new();
	struct fault fault;
	u16 loaded;

	((u64 *)g->data)[2] = DESC_FLAT | DESC_DB;
	write_segment(VMX_LDTR, (struct segment){ 0x50, (ulong)g->data, 0x7f, 0x82 });
	vmx_code(g, "\x8e\xc0", 2); /* MOV ES, AX */
	g->registers.ax = 0x14;
	vmx_run(g);
	EXPECT_VMX_DONE(g);
	EXPECT_EQ(vmcs_read(VMCS_SELECTOR(VMX_ES)), 0x14ull);
	fault = load_es_try(0x14, &loaded);
	EXPECT_FAULT(GP(0x14), fault);
}

TEST(host_flat, "after an exit, data segments are flat, whatever the guest's were",
     SPEC("SDM vol. 3C, 27.5.2"), REQUIRES(sizeof(ulong) == 4))
{
	struct vmx_guest *g = vmx_new();

	for (u32 segment = 0; segment < 6; segment++) {
		volatile u32 value = 0;

		if (segment == VMX_CS || segment == VMX_SS)
			continue;
		SUBTEST("%s", names[segment]);
		vmx_reset(g);
		write_segment(segment, (struct segment){ 0x10, 0x1000, 0x2f, 0x91 });
		vmcs_write(VMCS_HOST_FS_SELECTOR, SEL_KERNEL_DATA);
		vmcs_write(VMCS_HOST_GS_SELECTOR, SEL_KERNEL_DATA);
		vmx_run(g);
		EXPECT_VMX_DONE(g);
		switch (segment) {
		case VMX_ES:
			__asm__ volatile("movl $0x1234, %%es:(%0)" : : "r"(&value) : "memory");
			break;
		case VMX_DS:
			__asm__ volatile("movl $0x1234, %%ds:(%0)" : : "r"(&value) : "memory");
			break;
		case VMX_FS:
			__asm__ volatile("movl $0x1234, %%fs:(%0)" : : "r"(&value) : "memory");
			break;
		default:
			__asm__ volatile("movl $0x1234, %%gs:(%0)" : : "r"(&value) : "memory");
			break;
		}
		EXPECT_EQ(value, 0x1234u);
	}
}

#ifdef __x86_64__
extern const u8 vmx_exit_point[];

TEST(host_rip_high, "an exit goes to all 64 bits of the host's RIP", SPEC("SDM vol. 3C, 27.5.3"))
{
	const ulong page = ALIGN_DOWN((ulong)vmx_exit_point, (ulong)PAGE_SIZE);
	struct vmx_guest *g = vmx_new();

	/* What is at vmx_exit_point may be anywhere, and returns to where it was called. */
	space_map(space_kernel(), HIGH_BASE, page, 2 * PAGE_SIZE, PROT_EXEC);
	vmcs_write(VMCS_HOST_RIP, HIGH_BASE + ((ulong)vmx_exit_point - page));
	vmx_run(g);
	EXPECT_VMX_DONE(g);
}
#endif

TEST(host_tables, "after an exit, GDTR and IDTR have the host's bases and limits of 0xffff",
     SPEC("SDM vol. 3C, 27.5.2"))
{
	struct vmx_guest *g = vmx_new();

	vmx_run(g);
	EXPECT_VMX_DONE(g);
	SUBTEST("gdtr");
	EXPECT_EQ((u64)g->exit_gdtr.base, vmcs_read(VMCS_HOST_GDTR_BASE));
	EXPECT_EQ(g->exit_gdtr.limit, 0xffff);
	SUBTEST("idtr");
	EXPECT_EQ((u64)g->exit_idtr.base, vmcs_read(VMCS_HOST_IDTR_BASE));
	EXPECT_EQ(g->exit_idtr.limit, 0xffff);
	SUBTEST("gdtr-other");
	memcpy(g->data, gdt_entries(), GDT_ENTRIES * 8);
	vmx_reset(g);
	vmcs_write(VMCS_HOST_GDTR_BASE, (ulong)g->data);
	vmx_run(g);
	EXPECT_VMX_DONE(g);
	EXPECT_EQ((u64)g->exit_gdtr.base, (u64)(ulong)g->data);
	/* Nothing is loaded from it before the host has its own again. */
	SUBTEST("gdtr-high");
	vmx_reset(g);
	vmcs_write(VMCS_HOST_GDTR_BASE, HIGH_BASE + 0x5000);
	vmx_run(g);
	EXPECT_EQ(g->exit_gdtr.base, HIGH_BASE + 0x5000);
	SUBTEST("idtr-high");
	vmx_reset(g);
	vmcs_write(VMCS_HOST_IDTR_BASE, HIGH_BASE + 0x5000);
	vmx_run(g);
	EXPECT_EQ(g->exit_idtr.base, HIGH_BASE + 0x5000);
	SUBTEST("idtr-other");
	memcpy(g->code + PAGE_SIZE, idt, sizeof(idt));
	vmx_reset(g);
	vmcs_write(VMCS_HOST_IDTR_BASE, (ulong)g->code + PAGE_SIZE);
	vmx_run(g);
	EXPECT_VMX_DONE(g);
	EXPECT_EQ((u64)g->exit_idtr.base, (u64)(ulong)g->code + PAGE_SIZE);
}

TEST(host_tables_after_refusal, "a VM entry that fails early leaves GDTR and IDTR as they were",
     SPEC("SDM vol. 3C, 26.2, 26.7"))
{
	struct vmx_guest *g = vmx_new();
	const struct desc_table_register gdtr = sgdt(), idtr = sidt();

	SUBTEST("controls");
	vmcs_write(VMCS_CR3_TARGET_COUNT, 0xffffffff);
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_FAIL_VALID(VMX_ERROR_CONTROLS));
	EXPECT_EQ(g->exit_gdtr.limit, gdtr.limit);
	EXPECT_EQ(g->exit_idtr.limit, idtr.limit);
	/* 26.7: then the host's state is loaded as by a VM exit. */
	SUBTEST("guest-state");
	vmx_reset(g);
	vmcs_write(VMCS_GUEST_ACTIVITY, 5);
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_ENTRY_FAILURE | VMX_EXIT_INVALID_GUEST_STATE);
	EXPECT_EQ(g->exit_gdtr.limit, 0xffff);
	EXPECT_EQ(g->exit_idtr.limit, 0xffff);
}

TEST(host_tss, "after an exit, the TSS is the one that the host's field names",
     SPEC("SDM vol. 3C, 27.5.2"), REQUIRES(sizeof(ulong) == 8))
{
	struct vmx_guest *g = vmx_new();
	struct tss *other = page_alloc();
	u8 *stack = page_alloc();

	*other = *tss_of_this_cpu();
	/* An entry of the interrupt-stack table that no other gate uses, 7, at its place: SDM vol. 3A, 7.7. */
	*(u64 *)((u8 *)other + 0x24 + 6 * 8) = (ulong)stack + PAGE_SIZE;
	vmcs_write(VMCS_HOST_TR_BASE, (ulong)other);
	vmx_run(g);
	EXPECT_VMX_DONE(g);
	idt_set_ist(VEC_UD, 7);
	EXPECT_FAULT(UD, ud2_try());
	idt_set_ist(VEC_UD, 0);
	/* SS of the frame is the first thing pushed. */
	EXPECT_EQ(*(u64 *)(stack + PAGE_SIZE - 8), (u64)SEL_KERNEL_DATA);
}

static u16 port;

static void read_port(void *arg)
{
	(void)arg;
	u8 value;

	__asm__ volatile("in %1, %0" : "=a"(value) : "d"(port) : "memory");
}

TEST(host_tss_limit,
     "after an exit, the limit of TR is 0x67: no I/O permission map beyond it counts",
     SPEC("SDM vol. 3C, 27.5.2"))
{
	struct vmx_guest *g = vmx_new();
	struct tss *tss = tss_of_this_cpu();
	const u16 before = tss->io_map_base;
	const u8 *map = (const u8 *)tss + 0x68;
	struct fault fault;

	/* A port that the memory after the TSS would permit. */
	for (port = 0; map[port / 8] || map[port / 8 + 1]; port += 8)
		;
	/* The guest's TR has a map and a limit that would do. */
	EXPECT_GE(vmcs_read(VMCS_LIMIT(VMX_TR)), 0x68ull + port / 8 + 1);
	vmx_run(g);
	EXPECT_VMX_DONE(g);
	tss->io_map_base = 0x68;
	fault = run_user(read_port, NULL);
	tss->io_map_base = before;
	EXPECT_FAULT(GP(0), fault);
}
