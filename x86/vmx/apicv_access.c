/* SPDX-License-Identifier: MIT */
/* The APIC-access page, by each kind of access: SDM vol. 3C, 29.4; 27.2.1, table 27-6. */
#include "apicv.h"

#include <string.h>

SUITE("VMX: the APIC-access page", REQUIRES(vmx_available() && apicv_can(CPU2_APIC_ACCESSES)));

#define BYTES(b) b, sizeof(b) - 1

/* [BX] is in the page, [SI] is not; SP where `stack`. */
static const struct kind {
	const char *name, *bytes;
	u32 size;
	u32 type;
	bool stack;
	s32 offset; /* of the access, from the register */
} kinds[] = {
	/* clang-format off */
	{ "mov-read", BYTES("\x8b\x03"), APIC_ACCESS_READ, false, 0 },
	{ "mov-read-byte", BYTES("\x8a\x03"), APIC_ACCESS_READ, false, 0 },
	{ "mov-write", BYTES("\x89\x03"), APIC_ACCESS_WRITE, false, 0 },
	{ "mov-write-immediate", BYTES("\xc7\x03\x00\x00\x00\x00"), APIC_ACCESS_WRITE, false, 0 },
	{ "add-read", BYTES("\x03\x03"), APIC_ACCESS_READ, false, 0 },
	{ "test", BYTES("\x85\x03"), APIC_ACCESS_READ, false, 0 },
	{ "lods", BYTES("\x87\xde\xad"), APIC_ACCESS_READ, false, 0 },
	{ "stos", BYTES("\x87\xdf\xab"), APIC_ACCESS_WRITE, false, 0 },
	{ "push", BYTES("\x50"), APIC_ACCESS_WRITE, true, -(s32)sizeof(ulong) },
	{ "pop", BYTES("\x58"), APIC_ACCESS_READ, true, 0 },
	{ "call-near", BYTES("\xe8\x00\x00\x00\x00"), APIC_ACCESS_WRITE, true, -(s32)sizeof(ulong) },
	{ "ret-near", BYTES("\xc3"), APIC_ACCESS_READ, true, 0 },
	{ "jmp-indirect", BYTES("\xff\x23"), APIC_ACCESS_READ, false, 0 },
	{ "movzx", BYTES("\x0f\xb6\x03"), APIC_ACCESS_READ, false, 0 },
	{ "cmpxchg8b", BYTES("\x0f\xc7\x0b"), APIC_ACCESS_WRITE, false, 0 },
	{ "xchg", BYTES("\x87\x03"), APIC_ACCESS_WRITE, false, 0 },
	{ "inc", BYTES("\xff\x03"), APIC_ACCESS_WRITE, false, 0 },
	{ "lock-or", BYTES("\xf0\x09\x03"), APIC_ACCESS_WRITE, false, 0 },
	/* clang-format on */
};

static void set_up(struct apicv *a, const struct kind *kind, u32 offset)
{
	apicv_reset(a);
	apicv_enable(a, CPU2_APIC_ACCESSES);
	vmx_code(a->g, kind->bytes, kind->size);
	a->g->registers.bx = a->address + offset;
	a->g->registers.si = a->g->registers.di = (ulong)a->g->data;
	if (kind->stack)
		vmcs_write(VMCS_GUEST_RSP, a->address + offset);
}

static void kinds_at(struct apicv *a, u32 offset)
{
	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct kind *kind = &kinds[i];

		SUBTEST("%s", kind->name);
		set_up(a, kind, offset);
		vmx_run(a->g);
		EXPECT_VMX_EXIT(a->g, VMX_EXIT_APIC_ACCESS);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION),
			  (u64)(kind->type | (offset + (u32)kind->offset)));
		EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_INFO) & INTR_VALID, 0ull);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_INFO) & INTR_VALID, 0ull);
		if (kind->stack)
			EXPECT_EQ(vmcs_read(VMCS_GUEST_RSP), (u64)(a->address + offset));
		/* LODS and STOS come after an XCHG. */
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP),
			  kind->type == APIC_ACCESS_FETCH		? (u64)(a->address + offset)
			  : kind->bytes[0] == '\x87' && kind->size == 3 ? vmx_start(a->g) + 2
									: vmx_start(a->g));
	}
}

TEST(apic_access_ram,
     "any access to the APIC-access page exits; where it is RAM, nothing is written",
     SPEC("SDM vol. 3C, 29.4, 29.4.2, 29.4.3; 27.2.1, table 27-6"))
{
	struct apicv a = apicv_new();

	kinds_at(&a, 0x340);
	for (u32 i = 0; i < PAGE_SIZE; i += 4)
		if (*(u32 *)(ulong)(a.access + i) != 0xa5a5a5a5)
			FAIL("offset %#x was written", i);
}

TEST(apic_access_mmio, "the APIC-access page may be where the APIC is: it is not accessed",
     SPEC("SDM vol. 3C, 29.4"))
{
	struct apicv a = apicv_new();
	const u64 ram = a.access;

	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct kind *kind = &kinds[i];
		const u32 before = apic_read(APIC_TPR);

		SUBTEST("%s", kind->name);
		set_up(&a, kind, 0x80);
		space_map(a.space, a.address, APIC_DEFAULT_BASE, PAGE_SIZE, PROT_ALL);
		vmcs_write(VMCS_APIC_ACCESS_ADDRESS, APIC_DEFAULT_BASE);
		a.g->registers.ax = 0x50;
		vmx_run(a.g);
		a.access = ram;
		EXPECT_VMX_EXIT(a.g, VMX_EXIT_APIC_ACCESS);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION),
			  (u64)(kind->type | (0x80 + (u32)kind->offset)));
		EXPECT_EQ(apic_read(APIC_TPR), before);
	}
}

TEST(apic_access_nothing, "the APIC-access page may be where no memory is",
     SPEC("SDM vol. 3C, 29.4"))
{
	struct apicv a = apicv_new();
	/* The top of the physical addresses; on i386, an address that no device of these machines has. */
	const u64 nothing = sizeof(ulong) == 8 ? BIT(cpu_physical_bits()) - PAGE_SIZE : 0xe0000000;

	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct kind *kind = &kinds[i];

		SUBTEST("%s", kind->name);
		set_up(&a, kind, 0x100);
		space_map(a.space, a.address, nothing, PAGE_SIZE, PROT_ALL);
		vmcs_write(VMCS_APIC_ACCESS_ADDRESS, nothing);
		vmx_run(a.g);
		EXPECT_VMX_EXIT(a.g, VMX_EXIT_APIC_ACCESS);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION),
			  (u64)(kind->type | (0x100 + (u32)kind->offset)));
	}
}

static void fetch(u64 page)
{
	struct apicv a = apicv_new();
	static const struct kind jump = { "", BYTES("\xff\xe3"), APIC_ACCESS_FETCH, false, 0 };

	set_up(&a, &jump, 0x340);
	space_map(a.space, a.address, page ? page : a.access, PAGE_SIZE, PROT_ALL);
	vmcs_write(VMCS_APIC_ACCESS_ADDRESS, page ? page : a.access);
	vmx_run(a.g);
	EXPECT_VMX_EXIT(a.g, VMX_EXIT_APIC_ACCESS);
	EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), (u64)(APIC_ACCESS_FETCH | 0x340));
	EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), (u64)a.address + 0x340);
}

TEST(apic_access_fetch_ram, "a fetch from the APIC-access page exits: in RAM",
     SPEC("SDM vol. 3C, 29.4.2; 27.2.1, table 27-6"))
{
	fetch(0);
}

TEST(apic_access_fetch_mmio, "a fetch from the APIC-access page exits: where the APIC is",
     SPEC("SDM vol. 3C, 29.4.2; 27.2.1, table 27-6"))
{
	fetch(APIC_DEFAULT_BASE);
}

TEST(apic_access_fetch_nothing, "a fetch from the APIC-access page exits: where nothing is",
     SPEC("SDM vol. 3C, 29.4.2; 27.2.1, table 27-6"))
{
	fetch(sizeof(ulong) == 8 ? BIT(cpu_physical_bits()) - PAGE_SIZE : 0xe0000000);
}

TEST(apic_access_offsets, "the qualification has the offset in the page",
     SPEC("SDM vol. 3C, 27.2.1, table 27-6"))
{
	static const u32 offsets[] = { 0,     1,     0x20,  0x80,  0x81, 0x300,
				       0x3f0, 0x400, 0x7ff, 0xffc, 0xfff };
	struct apicv a = apicv_new();

	for (u32 i = 0; i < ARRAY_SIZE(offsets); i++)
		for (u32 write = 0; write < 2; write++) {
			SUBTEST("%s-%#x", write ? "write" : "read", offsets[i]);
			set_up(&a, &kinds[0], offsets[i]);
			vmx_code(a.g, write ? "\x88\x03" : "\x8a\x03", 2);
			vmx_run(a.g);
			EXPECT_VMX_EXIT(a.g, VMX_EXIT_APIC_ACCESS);
			EXPECT_EQ(
				vmcs_read(VMCS_EXIT_QUALIFICATION),
				(u64)((write ? APIC_ACCESS_WRITE : APIC_ACCESS_READ) | offsets[i]));
		}
}

TEST(apic_access_off, "without the control, the page is memory; with it, other pages are",
     SPEC("SDM vol. 3C, 29.4"))
{
	struct apicv a = apicv_new();

	SUBTEST("control-off");
	apicv_reset(&a);
	vmx_code(a.g, "\x8b\x03", 2);
	vmcs_write(VMCS_APIC_ACCESS_ADDRESS, a.access);
	vmx_run(a.g);
	EXPECT_VMX_DONE(a.g);
	EXPECT_EQ(a.g->registers.ax, 0xa5a5a5a5ul);
	SUBTEST("secondary-controls-off");
	apicv_reset(&a);
	vmx_code(a.g, "\x8b\x03", 2);
	apicv_enable(&a, CPU2_APIC_ACCESSES);
	vmcs_clear(VMCS_PRIMARY_CONTROLS, CPU_SECONDARY);
	vmx_run(a.g);
	EXPECT_VMX_DONE(a.g);
	SUBTEST("page-before");
	apicv_reset(&a);
	vmx_code(a.g, "\x8b\x03", 2);
	apicv_enable(&a, CPU2_APIC_ACCESSES);
	vmcs_write(VMCS_APIC_ACCESS_ADDRESS, a.access - PAGE_SIZE);
	vmx_run(a.g);
	EXPECT_VMX_DONE(a.g);
	SUBTEST("page-after");
	apicv_reset(&a);
	vmx_code(a.g, "\x8b\x03", 2);
	apicv_enable(&a, CPU2_APIC_ACCESSES);
	vmcs_write(VMCS_APIC_ACCESS_ADDRESS, a.access + PAGE_SIZE);
	vmx_run(a.g);
	EXPECT_VMX_DONE(a.g);
	SUBTEST("address-0xfee00000-not-the-page");
	apicv_reset(&a);
	vmx_code(a.g, "\x8b\x03", 2);
	apicv_enable(&a, CPU2_APIC_ACCESSES);
	space_map(a.space, a.address, APIC_DEFAULT_BASE, PAGE_SIZE, PROT_ALL);
	a.g->registers.bx = a.address + APIC_VERSION;
	vmx_run(a.g);
	EXPECT_VMX_DONE(a.g);
	EXPECT_EQ((u32)a.g->registers.ax, apic_read(APIC_VERSION));
}

TEST(apic_access_page_fault, "a page fault comes before the exit", SPEC("SDM vol. 3C, 29.4.1"))
{
	struct apicv a = apicv_new();

	SUBTEST("absent");
	set_up(&a, &kinds[0], 0x80);
	space_unmap(a.space, a.address, PAGE_SIZE);
	vmx_run(a.g);
	EXPECT_VMX_EXCEPTION(a.g, VEC_PF);
	SUBTEST("read-only");
	set_up(&a, &kinds[2], 0x80);
	space_protect(a.space, a.address, PAGE_SIZE, PROT_USER);
	vmx_run(a.g);
	EXPECT_VMX_EXCEPTION(a.g, VEC_PF);
	SUBTEST("supervisor");
	set_up(&a, &kinds[0], 0x80);
	vmx_set_user(a.g);
	space_protect(a.space, a.address, PAGE_SIZE, PROT_WRITE);
	vmx_run(a.g);
	EXPECT_VMX_EXCEPTION(a.g, VEC_PF);
}

TEST(apic_access_dirty, "accessed and dirty of the guest's entry are set before the exit",
     SPEC("SDM vol. 3C, 29.4.1"))
{
	struct apicv a = apicv_new();

	for (u32 write = 0; write < 2; write++) {
		pte_t *entry;

		SUBTEST("%s", write ? "write" : "read");
		set_up(&a, &kinds[write ? 2 : 0], 0x80);
		entry = space_entry_at(a.space, a.address, 0);
		*entry &= ~(BIT(5) | BIT(6));
		vmx_run(a.g);
		EXPECT_VMX_EXIT(a.g, VMX_EXIT_APIC_ACCESS);
		EXPECT_EQ(*entry & (BIT(5) | BIT(6)), BIT(5) | (write ? BIT(6) : 0));
	}
}

TEST(apic_access_string,
     "an iteration of a string instruction exits after those before it are done",
     SPEC("SDM vol. 3C, 29.4.1"))
{
	struct apicv a = apicv_new();
	u8 *before = page_alloc();

	for (u32 n = 0; n < 4; n++) {
		SUBTEST("iteration-%u", n);
		apicv_reset(&a);
		apicv_enable(&a, CPU2_APIC_ACCESSES);
		/* REP STOSB from n bytes before the page on. */
		space_map(a.space, a.address - PAGE_SIZE, (ulong)before, PAGE_SIZE, PROT_ALL);
		vmx_code(a.g, "\xf3\xaa", 2);
		a.g->registers.di = a.address - n;
		a.g->registers.cx = 8;
		a.g->registers.ax = 0x77;
		vmx_run(a.g);
		EXPECT_VMX_EXIT(a.g, VMX_EXIT_APIC_ACCESS);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), (u64)APIC_ACCESS_WRITE);
		EXPECT_EQ(a.g->registers.di, a.address);
		EXPECT_EQ(a.g->registers.cx, 8ul - n);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(a.g));
		for (u32 i = 1; i <= n; i++)
			EXPECT_EQ(before[PAGE_SIZE - i], 0x77);
	}
}

TEST(apic_access_saved_rf, "RFLAGS.RF is saved as 1 where no event was being delivered",
     SPEC("SDM vol. 3C, 27.3.3"))
{
	struct apicv a = apicv_new();

	for (u32 write = 0; write < 2; write++) {
		SUBTEST("%s", write ? "write" : "read");
		set_up(&a, &kinds[0], 0);
		vmx_code(a.g, write ? "\x89\x03" : "\x8b\x03", 2);
		a.g->registers.bx = a.address + 0x100;
		vmx_run(a.g);
		EXPECT_VMX_EXIT(a.g, VMX_EXIT_APIC_ACCESS);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RFLAGS) & FLAG_RF, FLAG_RF);
	}
}

TEST(apic_access_event, "an access while an event is delivered has the event as IDT vectoring",
     SPEC("SDM vol. 3C, 27.2.1, table 27-6; 27.2.3; 27.2.4"))
{
	static const struct {
		const char *name, *bytes;
		u32 size, inject, info, length;
	} rows[] = {
		{ "int-n", "\xcd\x40", 2, 0, INTR_SOFTWARE_INTERRUPT | 0x40, 2 },
		{ "int3", "\xcc", 1, 0, INTR_SOFTWARE_EXCEPTION | VEC_BP, 1 },
		{ "ud", "\x0f\x0b", 2, 0, INTR_HARDWARE_EXCEPTION | VEC_UD, 0 },
		{ "injected-interrupt", "\x90", 1, INTR_EXTERNAL | 0x40, INTR_EXTERNAL | 0x40, 0 },
		{ "injected-nmi", "\x90", 1, INTR_NMI | 2, INTR_NMI | 2, 0 },
		{ "injected-int-n", "\x90", 1, INTR_SOFTWARE_INTERRUPT | 0x40,
		  INTR_SOFTWARE_INTERRUPT | 0x40, 2 },
	};
	struct apicv a = apicv_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		set_up(&a, &kinds[0], 0);
		vmx_deliver(a.g);
		vmx_code(a.g, rows[i].bytes, rows[i].size);
		vmcs_set(VMCS_GUEST_RFLAGS, FLAG_IF);
		vmcs_write(VMCS_GUEST_RSP, a.address + 0x800);
		if (rows[i].inject) {
			vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, INTR_VALID | rows[i].inject);
			vmcs_write(VMCS_ENTRY_INSTRUCTION_LENGTH, rows[i].length);
		}
		vmx_run(a.g);
		EXPECT_VMX_EXIT(a.g, VMX_EXIT_APIC_ACCESS);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION) & 0xf000, (u64)APIC_ACCESS_EVENT);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION) & 0xf00, 0x700ull);
		EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_INFO) & ~0x1000ull,
			  INTR_VALID | rows[i].info);
		if (rows[i].length)
			EXPECT_EQ(vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH), (u64)rows[i].length);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(a.g));
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RSP), (u64)(a.address + 0x800));
	}
}

TEST(apic_access_event_read,
     "reading the IDT in the APIC-access page is an access of the event, too",
     SPEC("SDM vol. 3C, 27.2.1, table 27-6; 29.4.2"))
{
	struct apicv a = apicv_new();

	for (u32 shadow = 0; shadow < 2; shadow++) {
		SUBTEST("%s", shadow ? "tpr-shadow" : "no-tpr-shadow");
		if (shadow && !vmx_can(VMCS_PRIMARY_CONTROLS, CPU_TPR_SHADOW)) {
			SKIP_ROW("no TPR shadow");
			continue;
		}
		set_up(&a, &kinds[0], 0);
		if (shadow)
			apicv_enable_shadow(&a);
		vmx_deliver(a.g);
		vmx_code(a.g, "\xcd\x40", 2);
		vmcs_write(VMCS_GUEST_IDTR_BASE, a.address);
		vmcs_write(VMCS_GUEST_IDTR_LIMIT, PAGE_SIZE - 1);
		vmx_run(a.g);
		EXPECT_VMX_EXIT(a.g, VMX_EXIT_APIC_ACCESS);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION) & 0xf000, (u64)APIC_ACCESS_EVENT);
		EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_INFO) & ~0x1000ull,
			  INTR_VALID | INTR_SOFTWARE_INTERRUPT | 0x40ull);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(a.g));
	}
}

TEST(apic_access_guest_physical,
     "under EPT, a guest's table in the APIC-access page is a guest-physical access",
     SPEC("SDM vol. 3C, 29.4.6.1; 27.2.1, table 27-6"), REQUIRES(vmx_has_ept()))
{
	struct apicv a = apicv_new();
	struct space *ept = space_create_like_kernel(&vmx_ept_format, PROT_ALL);
	pte_t *entry = space_entry_at(a.space, a.address, 0);
	const ulong table = ALIGN_DOWN((ulong)entry, (ulong)PAGE_SIZE);

	for (u32 event = 0; event < 2; event++) {
		SUBTEST("%s", event ? "event" : "instruction");
		apicv_reset(&a);
		apicv_enable(&a, CPU2_APIC_ACCESSES);
		vmx_use_eptp((ulong)ept->root | EPTP_WB | EPTP_WALK_4);
		/* A page of 4 KiB in EPT, one to one. */
		space_map_page(ept, table, table, 0, PROT_ALL);
		vmcs_write(VMCS_APIC_ACCESS_ADDRESS, table);
		if (event) {
			vmx_deliver(a.g);
			vmx_code(a.g, "\xcd\x40", 2);
			vmcs_write(VMCS_GUEST_RSP, a.address + 0x800);
		} else {
			vmx_code(a.g, "\x8b\x03", 2);
		}
		vmx_run(a.g);
		EXPECT_VMX_EXIT(a.g, VMX_EXIT_APIC_ACCESS);
		/* The offset is undefined. */
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION) & 0xf000,
			  (u64)(event ? APIC_ACCESS_PHYSICAL_EVENT : APIC_ACCESS_PHYSICAL));
		EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_INFO) & INTR_VALID,
			  event ? INTR_VALID : 0ull);
	}
}

TEST(apic_access_ept, "under EPT, it is the physical address that counts",
     SPEC("SDM vol. 3C, 29.4"), REQUIRES(vmx_has_ept()))
{
	struct apicv a = apicv_new();
	struct space *ept = space_create_like_kernel(&vmx_ept_format, PROT_ALL);
	u8 *other = page_alloc();

	SUBTEST("one-to-one");
	set_up(&a, &kinds[0], 0x80);
	vmx_use_eptp((ulong)ept->root | EPTP_WB | EPTP_WALK_4);
	space_map_page(ept, a.access, a.access, 0, PROT_ALL);
	vmx_run(a.g);
	EXPECT_VMX_EXIT(a.g, VMX_EXIT_APIC_ACCESS);
	SUBTEST("guest-physical-only");
	set_up(&a, &kinds[0], 0x80);
	vmx_use_eptp((ulong)ept->root | EPTP_WB | EPTP_WALK_4);
	space_map_page(ept, a.access, (ulong)other, 0, PROT_ALL);
	vmx_run(a.g);
	EXPECT_VMX_DONE(a.g);
	SUBTEST("physical-only");
	set_up(&a, &kinds[0], 0x80);
	vmx_use_eptp((ulong)ept->root | EPTP_WB | EPTP_WALK_4);
	space_map_page(ept, (ulong)other, a.access, 0, PROT_ALL);
	space_map(a.space, a.address, (ulong)other, PAGE_SIZE, PROT_ALL);
	vmx_run(a.g);
	EXPECT_VMX_EXIT(a.g, VMX_EXIT_APIC_ACCESS);
	EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), 0x80ull);
	SUBTEST("violation-first");
	set_up(&a, &kinds[0], 0x80);
	vmx_use_eptp((ulong)ept->root | EPTP_WB | EPTP_WALK_4);
	space_map_page(ept, a.access, a.access, 0, PROT_ALL);
	*space_entry_at(ept, a.access, 0) = 0;
	EXPECT_VMX(invept_try(2, (struct vmx_descriptor){ 0, 0 }), VMX_SUCCEED);
	vmx_run(a.g);
	EXPECT_VMX_EXIT(a.g, VMX_EXIT_EPT_VIOLATION);
}
