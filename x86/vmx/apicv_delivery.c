/* SPDX-License-Identifier: MIT */
/*
 * Virtual interrupts: evaluation, delivery, EOI, self-IPI and posted interrupts: SDM vol. 3C, 29.1.3 to 29.1.5,
 * 29.2, 29.6; 26.3.2.5.
 */
#include "apicv.h"

#include <string.h>

SUITE("VMX: virtual interrupts", REQUIRES(vmx_available() && apicv_can(CPU2_VIRTUAL_INTERRUPTS)));

static void set_up(struct apicv *a, u64 also)
{
	apicv_reset(a);
	apicv_enable(a, CPU2_VIRTUAL_INTERRUPTS | also);
	vmx_deliver(a->g);
	vmx_code(a->g, "\x90", 1);
	vmcs_set(VMCS_GUEST_RFLAGS, FLAG_IF);
}

static void request(struct apicv *a, u32 vector)
{
	apicv_set_bit(a, APIC_IRR, vector);
}

/* The guest is at its handler, and the virtual APIC says so. */
static void expect_delivered(struct apicv *a, u32 vector)
{
	EXPECT_VMX_EXIT(a->g, VMX_EXIT_VMCALL);
	EXPECT_EQ(vmx_delivered(a->g), (s32)vector);
	EXPECT(!apicv_get_bit(a, APIC_IRR, vector));
	EXPECT(apicv_get_bit(a, APIC_ISR, vector));
	EXPECT_EQ(*apicv_register(a, APIC_PPR), vector & 0xf0);
	EXPECT_EQ(APICV_SVI(), vector);
}

TEST(virtual_delivery,
     "a pending virtual interrupt is delivered right after VM entry, vector by vector",
     SPEC("SDM vol. 3C, 26.3.2.5; 29.2.1; 29.2.2"))
{
	struct apicv a = apicv_new();

	for (u32 vector = 16; vector < 256; vector += vector == 255 ? 1 : 7) {
		const ulong *stack;

		SUBTEST("vector-%u", vector);
		set_up(&a, 0);
		request(&a, vector);
		apicv_set_status(vector, 0);
		vmx_run(a.g);
		expect_delivered(&a, vector);
		EXPECT_EQ(APICV_RVI(), 0u);
		stack = (const ulong *)(ulong)vmcs_read(VMCS_GUEST_RSP);
		EXPECT_EQ((u64)stack[0], vmx_start(a.g));
		EXPECT_EQ((u64)stack[2] & FLAG_IF, FLAG_IF);
	}
}

TEST(virtual_delivery_next, "after a delivery, RVI is the highest request that is left",
     SPEC("SDM vol. 3C, 29.2.2"))
{
	static const struct {
		const char *name;
		u32 first, others[3], rvi;
	} rows[] = {
		{ "none", 0x40, { 0, 0, 0 }, 0 },
		{ "same-class", 0x4f, { 0x41, 0x40, 0 }, 0x41 },
		{ "lower", 0xf0, { 0x20, 0x31, 0x21 }, 0x31 },
		{ "next-word", 0x60, { 0x5f, 0x10, 0 }, 0x5f },
		{ "lowest", 0xff, { 0x10, 0, 0 }, 0x10 },
	};
	struct apicv a = apicv_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		set_up(&a, 0);
		request(&a, rows[i].first);
		for (u32 j = 0; j < 3; j++)
			if (rows[i].others[j])
				request(&a, rows[i].others[j]);
		apicv_set_status(rows[i].first, 0);
		vmx_run(a.g);
		expect_delivered(&a, rows[i].first);
		EXPECT_EQ(APICV_RVI(), rows[i].rvi);
	}
}

TEST(virtual_priority, "a request is delivered if its class is above that of VPPR",
     SPEC("SDM vol. 3C, 29.1.3; 29.2.1"))
{
	struct apicv a = apicv_new();
	static const u8 classes[] = { 0, 3, 4, 5, 15 };

	for (u32 i = 0; i < ARRAY_SIZE(classes); i++)
		for (u32 j = 0; j < ARRAY_SIZE(classes); j++) {
			u32 vtpr = classes[i] << 4 | 1, svi = classes[j] ? classes[j] << 4 | 2u : 0;
			u32 higher = MAX(classes[i], classes[j]);
			u32 vppr = classes[i] >= svi >> 4 ? vtpr : svi & 0xf0;

			SUBTEST("vtpr-%#x-svi-%#x", vtpr, svi);
			set_up(&a, 0);
			request(&a, 0x4f);
			*apicv_register(&a, APIC_TPR) = vtpr;
			*apicv_register(&a, APIC_PPR) = 0xffffffff;
			if (svi)
				apicv_set_bit(&a, APIC_ISR, svi);
			apicv_set_status(0x4f, svi);
			vmx_run(a.g);
			if (higher < 4) {
				expect_delivered(&a, 0x4f);
			} else {
				EXPECT_VMX_DONE(a.g);
				EXPECT_EQ(APICV_RVI(), 0x4fu);
				EXPECT_EQ(APICV_SVI(), svi);
				/* VM entry makes it anew, and clears its upper bytes. */
				EXPECT_EQ(*apicv_register(&a, APIC_PPR), vppr);
			}
		}
}

TEST(virtual_rvi, "RVI decides what is pending, and not the requests in VIRR",
     SPEC("SDM vol. 3C, 29.2.1"))
{
	struct apicv a = apicv_new();

	set_up(&a, 0);
	request(&a, 0x60);
	apicv_set_status(0, 0);
	vmx_run(a.g);
	EXPECT_VMX_DONE(a.g);
	EXPECT(apicv_get_bit(&a, APIC_IRR, 0x60));
}

TEST(virtual_blocked, "IF, STI, MOV SS and the interrupt window hold a virtual interrupt back",
     SPEC("SDM vol. 3C, 29.2.1; 29.2.2"))
{
	static const struct {
		const char *name, *bytes;
		u32 size;
		u64 rflags;
		u32 interruptibility;
		s32 at; /* where it is delivered, or -1 */
	} rows[] = {
		{ "if-clear", "\x90\x90", 2, 0, 0, -1 },
		{ "if-set-later", "\x90\xfb\x90\x90", 4, 0, 0, 3 },
		{ "blocked-by-sti", "\x90\x90", 2, FLAG_IF, 1, 1 },
		{ "blocked-by-mov-ss", "\x90\x90", 2, FLAG_IF, 2, 1 },
		{ "popf", "\x9d\x90", 2, 0, 0, 1 },
	};
	struct apicv a = apicv_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		ulong *stack = (ulong *)a.g->stack_top - 1;

		SUBTEST("%s", rows[i].name);
		set_up(&a, 0);
		vmx_code(a.g, rows[i].bytes, rows[i].size);
		vmcs_write(VMCS_GUEST_RFLAGS, FLAG_1 | rows[i].rflags);
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, rows[i].interruptibility);
		*stack = FLAG_1 | FLAG_IF;
		if (rows[i].bytes[0] == '\x9d')
			vmcs_write(VMCS_GUEST_RSP, (ulong)stack);
		request(&a, 0x60);
		apicv_set_status(0x60, 0);
		vmx_run(a.g);
		if (rows[i].at < 0) {
			EXPECT_VMX_DONE(a.g);
			EXPECT_EQ(APICV_RVI(), 0x60u);
			continue;
		}
		expect_delivered(&a, 0x60);
		stack = (ulong *)(ulong)vmcs_read(VMCS_GUEST_RSP);
		EXPECT_EQ((u64)stack[0], vmx_start(a.g) + (u32)rows[i].at);
	}
	SUBTEST("interrupt-window");
	set_up(&a, 0);
	vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_INTERRUPT_WINDOW);
	request(&a, 0x60);
	apicv_set_status(0x60, 0);
	vmx_run(a.g);
	EXPECT_VMX_EXIT(a.g, VMX_EXIT_INTERRUPT_WINDOW);
	EXPECT_EQ(APICV_RVI(), 0x60u);
}

TEST(virtual_hlt, "a virtual interrupt wakes a guest from HLT", SPEC("SDM vol. 3C, 29.2.2"))
{
	struct apicv a = apicv_new();

	for (u32 state = 0; state < 2; state++) {
		SUBTEST("%s", state ? "activity-state" : "instruction");
		if (state && !(rdmsr(MSR_IA32_VMX_MISC) & BIT(6))) {
			SKIP_ROW("no HLT activity state");
			continue;
		}
		set_up(&a, 0);
		/* STI; HLT: the interrupt comes after HLT has been executed, or before HLT. */
		vmx_code(a.g, "\xfb\xf4", 2);
		if (state)
			vmcs_write(VMCS_GUEST_ACTIVITY, 1);
		else
			vmcs_write(VMCS_GUEST_RFLAGS, FLAG_1);
		request(&a, 0x60);
		apicv_set_status(0x60, 0);
		/* A guest that does not wake must not sleep for ever. */
		if (vmx_can(VMCS_PIN_CONTROLS, PIN_PREEMPTION_TIMER))
			vmcs_set(VMCS_PIN_CONTROLS, PIN_PREEMPTION_TIMER);
		vmcs_write(VMCS_PREEMPTION_TIMER_VALUE, 0x100000);
		vmx_run(a.g);
		expect_delivered(&a, 0x60);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_ACTIVITY), 0ull);
	}
}

TEST(virtual_injection_first, "an event that is injected comes before a virtual interrupt",
     SPEC("SDM vol. 3C, 26.6.5"))
{
	struct apicv a = apicv_new();

	set_up(&a, 0);
	request(&a, 0x60);
	apicv_set_status(0x60, 0);
	vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, INTR_VALID | INTR_EXTERNAL | 0x40);
	vmx_run(a.g);
	/* The gate clears IF. */
	EXPECT_VMX_EXIT(a.g, VMX_EXIT_VMCALL);
	EXPECT_EQ(vmx_delivered(a.g), 0x40);
	EXPECT_EQ(APICV_RVI(), 0x60u);
}

TEST(virtual_off, "without the control, nothing is evaluated", SPEC("SDM vol. 3C, 29.2.1"))
{
	struct apicv a = apicv_new();

	apicv_reset(&a);
	apicv_enable_shadow(&a);
	vmx_deliver(a.g);
	vmx_code(a.g, "\x90", 1);
	vmcs_set(VMCS_GUEST_RFLAGS, FLAG_IF);
	request(&a, 0x60);
	apicv_set_status(0x60, 0);
	vmx_run(a.g);
	EXPECT_VMX_DONE(a.g);
}

/* --------------------------------------------------------------------------------------- TPR */

/* Lowers the TPR by MOV to CR8, memory or MSR, and the request that was held back comes. */
TEST(virtual_tpr_lowered, "lowering the TPR evaluates what is pending", SPEC("SDM vol. 3C, 29.1.2"))
{
	struct apicv a = apicv_new();
	static const char *const names[] = { "cr8", "memory", "msr" };

	for (u32 way = 0; way < 3; way++)
		for (u32 class = 5; class < 8; class ++) {
			u64 also = way == 1 ? CPU2_APIC_ACCESSES : way == 2 ? CPU2_X2APIC : 0;
			const ulong *stack;

			if (way == 0 && sizeof(ulong) == 4)
				continue;
			SUBTEST("%s-class-%u", names[way], class);
			if (!apicv_can(also)) {
				SKIP_ROW("the capability MSR does not allow the control");
				continue;
			}
			set_up(&a, also);
			/* MOV CR8, RAX; MOV [BX], EAX; WRMSR; a NOP after them. */
			vmx_code(a.g,
				 way == 0   ? "\x44\x0f\x22\xc0\x90"
				 : way == 1 ? "\x89\x03\x90"
					    : "\x0f\x30\x90",
				 way == 0 ? 5 : 3);
			a.g->registers.ax = way == 0 ? class : class << 4;
			a.g->registers.bx = a.address + APIC_TPR;
			a.g->registers.cx = 0x808;
			*apicv_register(&a, APIC_TPR) = 0xf0;
			/* A threshold is of no meaning here. */
			vmcs_write(VMCS_TPR_THRESHOLD, 15);
			request(&a, 0x6a);
			apicv_set_status(0x6a, 0);
			vmx_run(a.g);
			EXPECT_EQ(*apicv_register(&a, APIC_TPR), class << 4);
			if (class < 6) {
				expect_delivered(&a, 0x6a);
				stack = (const ulong *)(ulong)vmcs_read(VMCS_GUEST_RSP);
				EXPECT_EQ((u64)stack[0], vmx_end(a.g) - 1);
			} else {
				EXPECT_VMX_DONE(a.g);
				EXPECT_EQ(*apicv_register(&a, APIC_PPR), class << 4);
			}
		}
}

/* --------------------------------------------------------------------------------------- EOI */

static void set_up_eoi(struct apicv *a, bool msr)
{
	set_up(a, msr ? CPU2_X2APIC : CPU2_APIC_ACCESSES);
	vmx_code(a->g, msr ? "\x0f\x30\x90" : "\x89\x03\x90", 3);
	a->g->registers.bx = a->address + APIC_EOI;
	a->g->registers.cx = 0x80b;
}

static void eoi(bool msr)
{
	static const struct {
		const char *name;
		u32 svi, others[2], left;
		u32 rvi; /* delivered after it if its class is higher than what is left */
		bool delivered;
	} rows[] = {
		{ "last", 0x61, { 0, 0 }, 0, 0, false },
		{ "nested", 0x61, { 0x40, 0x31 }, 0x40, 0, false },
		{ "nested-same-class", 0x6f, { 0x60, 0 }, 0x60, 0, false },
		{ "pending", 0x61, { 0, 0 }, 0, 0x50, true },
		{ "pending-lower", 0x91, { 0x70, 0 }, 0x70, 0x71, false },
		{ "pending-higher", 0x91, { 0x70, 0 }, 0x70, 0x81, true },
	};
	struct apicv a = apicv_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		set_up_eoi(&a, msr);
		apicv_set_bit(&a, APIC_ISR, rows[i].svi);
		for (u32 j = 0; j < 2; j++)
			if (rows[i].others[j])
				apicv_set_bit(&a, APIC_ISR, rows[i].others[j]);
		if (rows[i].rvi)
			request(&a, rows[i].rvi);
		apicv_set_status(rows[i].rvi, rows[i].svi);
		vmx_run(a.g);
		EXPECT(!apicv_get_bit(&a, APIC_ISR, rows[i].svi));
		EXPECT_EQ(*apicv_register(&a, APIC_EOI), 0u);
		if (rows[i].delivered) {
			expect_delivered(&a, rows[i].rvi);
			continue;
		}
		EXPECT_VMX_DONE(a.g);
		EXPECT_EQ(APICV_SVI(), rows[i].left);
		EXPECT_EQ(*apicv_register(&a, APIC_PPR), rows[i].left & 0xf0);
	}
}

TEST(virtual_eoi_memory,
     "a write of EOI ends the virtual interrupt in service and evaluates what is pending",
     SPEC("SDM vol. 3C, 29.1.4; 29.4.3.2"), REQUIRES(apicv_can(CPU2_APIC_ACCESSES)))
{
	eoi(false);
}

TEST(virtual_eoi_msr,
     "WRMSR of EOI ends the virtual interrupt in service and evaluates what is pending",
     SPEC("SDM vol. 3C, 29.1.4; 29.5"), REQUIRES(apicv_can(CPU2_X2APIC)))
{
	eoi(true);
}

TEST(virtual_eoi_exit,
     "a bit of the EOI-exit bitmap makes the EOI of its vector exit after it, and no other",
     SPEC("SDM vol. 3C, 29.1.4; 24.6.8"), BUG("Do not load EOI-exitmap while running L2"),
					      REQUIRES(apicv_can(CPU2_APIC_ACCESSES)))
{
	struct apicv a = apicv_new();

	for (u32 vector = 16; vector < 256; vector += vector == 255 ? 1 : 5)
		for (u32 own = 0; own < 2; own++) {
			SUBTEST("vector-%u-%s", vector, own ? "own-bit" : "all-other-bits");
			set_up_eoi(&a, false);
			for (u32 i = 0; i < 4; i++) {
				u64 bits = i == vector / 64 ? BIT(vector % 64) : 0;

				vmcs_write(VMCS_EOI_EXIT_BITMAP0 + 2 * i, own ? bits : ~bits);
			}
			apicv_set_bit(&a, APIC_ISR, vector);
			apicv_set_status(0, vector);
			vmx_run(a.g);
			if (own) {
				EXPECT_VMX_EXIT(a.g, VMX_EXIT_VIRTUALIZED_EOI);
				EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), (u64)vector);
				EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(a.g) + 2);
			} else {
				EXPECT_VMX_DONE(a.g);
			}
			EXPECT(!apicv_get_bit(&a, APIC_ISR, vector));
			EXPECT_EQ(APICV_SVI(), 0u);
		}
}

TEST(virtual_eoi_exit_msr,
     "the EOI-exit bitmap counts for WRMSR of EOI, too; what is pending waits",
     SPEC("SDM vol. 3C, 29.1.4"), REQUIRES(apicv_can(CPU2_X2APIC)))
{
	struct apicv a = apicv_new();

	set_up_eoi(&a, true);
	vmcs_write(VMCS_EOI_EXIT_BITMAP1, BIT(0x61 - 64));
	apicv_set_bit(&a, APIC_ISR, 0x61);
	request(&a, 0x50);
	apicv_set_status(0x50, 0x61);
	vmx_run(a.g);
	EXPECT_VMX_EXIT(a.g, VMX_EXIT_VIRTUALIZED_EOI);
	EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), 0x61ull);
	EXPECT_EQ(APICV_RVI(), 0x50u);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(a.g) + 2);
}

/* ---------------------------------------------------------------------------------- self-IPI */

TEST(virtual_self_ipi_icr,
     "a write of ICR that is a fixed self-IPI is one, every other exits after it",
     SPEC("SDM vol. 3C, 29.1.5; 29.4.3.2"), REQUIRES(apicv_can(CPU2_APIC_ACCESSES)))
{
	static const struct {
		const char *name;
		u32 icr;
		bool self;
	} rows[] = {
		{ "self-0x10", ICR_SELF | 0x10, true },
		{ "self-0x61", ICR_SELF | 0x61, true },
		{ "self-0xff", ICR_SELF | 0xff, true },
		{ "self-assert", ICR_SELF | ICR_ASSERT | 0x61, true },
		{ "self-logical", ICR_SELF | ICR_LOGICAL | 0x61, true },
		{ "self-vector-0x0f", ICR_SELF | 0x0f, false },
		{ "self-vector-0", ICR_SELF, false },
		{ "no-shorthand", 0x61, false },
		{ "all", ICR_ALL | 0x61, false },
		{ "all-but-self", ICR_ALL_BUT_SELF | 0x61, false },
		{ "level", ICR_SELF | ICR_LEVEL | 0x61, false },
		{ "lowest", ICR_SELF | ICR_LOWEST | 0x61, false },
		{ "nmi", ICR_SELF | ICR_NMI | 0x61, false },
		{ "init", ICR_SELF | ICR_INIT | 0x61, false },
		{ "pending", ICR_SELF | ICR_PENDING | 0x61, false },
		{ "bit-13", ICR_SELF | (u32)BIT(13) | 0x61, false },
		{ "bit-16", ICR_SELF | (u32)BIT(16) | 0x61, false },
		{ "bit-17", ICR_SELF | (u32)BIT(17) | 0x61, false },
		{ "bit-20", ICR_SELF | (u32)BIT(20) | 0x61, false },
		{ "bit-31", ICR_SELF | (u32)BIT(31) | 0x61, false },
	};
	struct apicv a = apicv_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u32 vector = rows[i].icr & 0xff;

		SUBTEST("%s", rows[i].name);
		set_up(&a, CPU2_APIC_ACCESSES);
		vmx_code(a.g, "\x89\x03\x90", 3);
		a.g->registers.bx = a.address + APIC_ICR;
		a.g->registers.ax = rows[i].icr;
		vmx_run(a.g);
		EXPECT_EQ(*apicv_register(&a, APIC_ICR), rows[i].icr);
		if (rows[i].self) {
			expect_delivered(&a, vector);
		} else {
			EXPECT_VMX_EXIT(a.g, VMX_EXIT_APIC_WRITE);
			EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), (u64)APIC_ICR);
			EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(a.g) + 2);
			EXPECT_EQ(APICV_RVI(), 0u);
		}
	}
}

TEST(virtual_self_ipi_msr,
     "WRMSR of the self-IPI register is a self-IPI; of a vector below 16, an exit after it",
     SPEC("SDM vol. 3C, 29.1.5; 29.5"), REQUIRES(apicv_can(CPU2_X2APIC)))
{
	static const u32 vectors[] = { 0, 1, 15, 16, 0x61, 0xff };
	struct apicv a = apicv_new();

	for (u32 i = 0; i < ARRAY_SIZE(vectors); i++) {
		SUBTEST("vector-%u", vectors[i]);
		set_up(&a, CPU2_X2APIC);
		vmx_code(a.g, "\x0f\x30\x90", 3);
		a.g->registers.cx = 0x83f;
		a.g->registers.ax = vectors[i];
		vmx_run(a.g);
		if (vectors[i] >= 16) {
			expect_delivered(&a, vectors[i]);
		} else {
			EXPECT_VMX_EXIT(a.g, VMX_EXIT_APIC_WRITE);
			EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), 0x3f0ull);
			EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(a.g) + 2);
		}
	}
}

TEST(virtual_self_ipi_msr_stored,
     "WRMSR of the self-IPI register stores its value on the virtual-APIC page",
     SPEC("SDM vol. 3C, 29.5"), REQUIRES(apicv_can(CPU2_X2APIC)))
{
	static const u32 vectors[] = { 1, 15, 16, 0xff };
	struct apicv a = apicv_new();

	for (u32 i = 0; i < ARRAY_SIZE(vectors); i++) {
		SUBTEST("vector-%u", vectors[i]);
		set_up(&a, CPU2_X2APIC);
		vmx_code(a.g, "\x0f\x30\x90", 3);
		a.g->registers.cx = 0x83f;
		a.g->registers.ax = vectors[i];
		*(u64 *)(a.virtual + 0x3f0) = ~0ull;
		vmx_run(a.g);
		EXPECT_EQ(*(u64 *)(a.virtual + 0x3f0), (u64)vectors[i]);
	}
}

TEST(virtual_self_ipi_max, "a self-IPI makes RVI the higher of the two",
     SPEC("SDM vol. 3C, 29.1.5"), REQUIRES(apicv_can(CPU2_APIC_ACCESSES)))
{
	struct apicv a = apicv_new();
	static const u32 before[] = { 0, 0x50, 0x61, 0x72 };

	for (u32 i = 0; i < ARRAY_SIZE(before); i++) {
		SUBTEST("rvi-%#x", before[i]);
		set_up(&a, CPU2_APIC_ACCESSES);
		/* Not to be delivered. */
		vmcs_write(VMCS_GUEST_RFLAGS, FLAG_1);
		vmx_code(a.g, "\x89\x03", 2);
		a.g->registers.bx = a.address + APIC_ICR;
		a.g->registers.ax = ICR_SELF | 0x61;
		if (before[i])
			request(&a, before[i]);
		apicv_set_status(before[i], 0);
		vmx_run(a.g);
		EXPECT_VMX_DONE(a.g);
		EXPECT_EQ(APICV_RVI(), MAX(before[i], 0x61u));
		EXPECT(apicv_get_bit(&a, APIC_IRR, 0x61));
	}
}

/* --------------------------------------------------------------------------- posted interrupts */

#define NOTIFICATION 0x33

static bool has_posted(void)
{
	return vmx_can(VMCS_PIN_CONTROLS, PIN_POSTED_INTERRUPTS);
}

static u64 *set_up_posted(struct apicv *a)
{
	u64 *descriptor = page_alloc();

	set_up(a, 0);
	vmcs_set(VMCS_PIN_CONTROLS, PIN_POSTED_INTERRUPTS);
	vmcs_set(VMCS_EXIT_CONTROLS, EXIT_ACK_INTERRUPT);
	vmcs_write(VMCS_POSTED_INTERRUPT_VECTOR, NOTIFICATION);
	vmcs_write(VMCS_POSTED_INTERRUPT_DESCRIPTOR, (ulong)descriptor);
	/* NOPs enough for the interrupt to come. */
	memset(a->g->code, 0x90, 64);
	vmx_code(a->g, a->g->code, 64);
	return descriptor;
}

TEST(posted_interrupt,
     "the notification vector moves the posted requests into VIRR, and the highest is delivered",
     SPEC("SDM vol. 3C, 29.6"), REQUIRES(has_posted()))
{
	static const u8 vectors[] = { 0x20, 0x3f, 0x40, 0x7f, 0x80, 0xff };
	struct apicv a = apicv_new();

	for (u32 i = 0; i < ARRAY_SIZE(vectors); i++) {
		u64 *descriptor;

		SUBTEST("vector-%#x", vectors[i]);
		descriptor = set_up_posted(&a);
		descriptor[vectors[i] / 64] |= BIT(vectors[i] % 64);
		descriptor[0] |= BIT(0x1f);
		descriptor[4] = 1 | BIT(1) | BIT(63);
		apic_send(ICR_SELF | ICR_ASSERT | NOTIFICATION, 0);
		vmx_run(a.g);
		expect_delivered(&a, vectors[i]);
		EXPECT(apicv_get_bit(&a, APIC_IRR, 0x1f));
		EXPECT_EQ(APICV_RVI(), 0x1fu);
		for (u32 j = 0; j < 4; j++)
			EXPECT_EQ(descriptor[j], 0ull);
		/* Only the outstanding-notification bit is the processor's. */
		EXPECT_EQ(descriptor[4], BIT(1) | BIT(63));
		EXPECT(!apic_vector_bit(APIC_ISR, NOTIFICATION));
		EXPECT(!apic_vector_bit(APIC_IRR, NOTIFICATION));
	}
}

TEST(posted_nothing, "a notification without requests leaves RVI as it was",
     SPEC("SDM vol. 3C, 29.6"), REQUIRES(has_posted()))
{
	struct apicv a = apicv_new();
	u64 *descriptor = set_up_posted(&a);

	descriptor[4] = 1;
	vmcs_write(VMCS_GUEST_RFLAGS, FLAG_1);
	request(&a, 0x50);
	apicv_set_status(0x50, 0);
	apic_send(ICR_SELF | ICR_ASSERT | NOTIFICATION, 0);
	vmx_run(a.g);
	EXPECT_VMX_DONE(a.g);
	EXPECT_EQ(APICV_RVI(), 0x50u);
	EXPECT_EQ(descriptor[4], 0ull);
}

TEST(posted_other_vector, "another vector exits with its vector, and nothing posted is moved",
     SPEC("SDM vol. 3C, 29.6"), REQUIRES(has_posted()))
{
	struct apicv a = apicv_new();
	u64 *descriptor = set_up_posted(&a);

	descriptor[1] = 1;
	descriptor[4] = 1;
	apic_send(ICR_SELF | ICR_ASSERT | (NOTIFICATION + 1), 0);
	vmx_run(a.g);
	EXPECT_VMX_EXIT(a.g, VMX_EXIT_EXTERNAL_INTERRUPT);
	EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_INFO),
		  INTR_VALID | INTR_EXTERNAL | (NOTIFICATION + 1));
	EXPECT_EQ(descriptor[1], 1ull);
	EXPECT_EQ(descriptor[4], 1ull);
	apic_eoi();
}
