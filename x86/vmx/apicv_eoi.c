/* SPDX-License-Identifier: MIT */
/* What ends virtual interrupts, sends and posts them: SDM vol. 3C, 29.1.4, 29.1.5, 29.6. */
#include "apicv.h"

#include <string.h>

SUITE("VMX: virtual EOI, self-IPI and posted interrupts",
      REQUIRES(vmx_available() && apicv_can(CPU2_VIRTUAL_INTERRUPTS)));

/* --------------------------------------------------------------------------------------- EOI */

static void set_up_eoi(struct apicv *a, bool msr)
{
	apicv_set_up_virtual(a, msr ? CPU2_X2APIC : CPU2_APIC_ACCESSES);
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
			apicv_request(&a, rows[i].rvi);
		apicv_set_status(rows[i].rvi, rows[i].svi);
		vmx_run(a.g);
		EXPECT(!apicv_get_bit(&a, APIC_ISR, rows[i].svi));
		EXPECT_EQ(*apicv_register(&a, APIC_EOI), 0u);
		if (rows[i].delivered) {
			apicv_expect_delivered(&a, rows[i].rvi);
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
	apicv_request(&a, 0x50);
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
		apicv_set_up_virtual(&a, CPU2_APIC_ACCESSES);
		vmx_code(a.g, "\x89\x03\x90", 3);
		a.g->registers.bx = a.address + APIC_ICR;
		a.g->registers.ax = rows[i].icr;
		vmx_run(a.g);
		EXPECT_EQ(*apicv_register(&a, APIC_ICR), rows[i].icr);
		if (rows[i].self) {
			apicv_expect_delivered(&a, vector);
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
		apicv_set_up_virtual(&a, CPU2_X2APIC);
		vmx_code(a.g, "\x0f\x30\x90", 3);
		a.g->registers.cx = 0x83f;
		a.g->registers.ax = vectors[i];
		vmx_run(a.g);
		if (vectors[i] >= 16) {
			apicv_expect_delivered(&a, vectors[i]);
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
		apicv_set_up_virtual(&a, CPU2_X2APIC);
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
		apicv_set_up_virtual(&a, CPU2_APIC_ACCESSES);
		/* Not to be delivered. */
		vmcs_write(VMCS_GUEST_RFLAGS, FLAG_1);
		vmx_code(a.g, "\x89\x03", 2);
		a.g->registers.bx = a.address + APIC_ICR;
		a.g->registers.ax = ICR_SELF | 0x61;
		if (before[i])
			apicv_request(&a, before[i]);
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

	apicv_set_up_virtual(a, 0);
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
		apicv_expect_delivered(&a, vectors[i]);
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

TEST(posted_with_others,
     "posted requests come to those that VIRR has, and RVI falls for none of them",
     SPEC("SDM vol. 3C, 29.6"), REQUIRES(has_posted()))
{
	static const struct {
		const char *name;
		u8 virr, rvi, posted, expected;
		bool if_clear;
	} rows[] = {
		{ "lower", 0x81, 0x81, 0x62, 0x81, false },
		{ "higher", 0x62, 0x62, 0x81, 0x81, false },
		{ "same-register", 0x63, 0x63, 0x61, 0x63, false },
		/* An RVI that VIRR has no bit for. */
		{ "rvi-alone", 0x62, 0x90, 0x71, 0x90, false },
		{ "if-clear", 0x62, 0x62, 0x81, 0x81, true },
	};
	struct apicv a = apicv_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u64 *descriptor;

		SUBTEST("%s", rows[i].name);
		descriptor = set_up_posted(&a);
		if (rows[i].if_clear)
			vmcs_write(VMCS_GUEST_RFLAGS, FLAG_1);
		/* None of them is delivered. */
		*apicv_register(&a, APIC_TPR) = 0xf0;
		apicv_request(&a, rows[i].virr);
		apicv_set_status(rows[i].rvi, 0);
		descriptor[rows[i].posted / 64] = BIT(rows[i].posted % 64);
		descriptor[4] = 1;
		apic_send(ICR_SELF | ICR_ASSERT | NOTIFICATION, 0);
		vmx_run(a.g);
		EXPECT_VMX_DONE(a.g);
		EXPECT_EQ(APICV_RVI(), (u32)rows[i].expected);
		EXPECT(apicv_get_bit(&a, APIC_IRR, rows[i].virr));
		EXPECT(apicv_get_bit(&a, APIC_IRR, rows[i].posted));
	}
}

TEST(posted_nothing, "a notification without requests leaves RVI as it was",
     SPEC("SDM vol. 3C, 29.6"), REQUIRES(has_posted()))
{
	struct apicv a = apicv_new();
	u64 *descriptor = set_up_posted(&a);

	descriptor[4] = 1;
	vmcs_write(VMCS_GUEST_RFLAGS, FLAG_1);
	apicv_request(&a, 0x50);
	apicv_set_status(0x50, 0);
	apic_send(ICR_SELF | ICR_ASSERT | NOTIFICATION, 0);
	vmx_run(a.g);
	SUBTEST("rvi");
	EXPECT_VMX_DONE(a.g);
	EXPECT_EQ(APICV_RVI(), 0x50u);
	SUBTEST("outstanding-notification");
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
