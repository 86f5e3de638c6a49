/* SPDX-License-Identifier: MIT */
/* Interrupts whose handlers return in the guest: how often they come, and what comes after them. */
#include "pending.h"

#include <string.h>

SUITE("SVM: handlers in the guest", REQUIRES(svm_available()));

#define VIRTUAL_VECTOR 0x66

#ifdef __x86_64__
#define IRET 0x48, 0xcf
#else
#define IRET 0xcf
#endif

/* What the handlers count, from where BX points to. */
struct counts {
	u32 physical, virtual, nmis, nmis_in_handler;
};

static const u8 physical_handler[] = { 0xff, 0x03, IRET };	/* INC DWORD [BX]; IRET */
static const u8 virtual_handler[] = { 0xff, 0x43, 0x04, IRET }; /* INC DWORD [BX + 4]; IRET */

/* A guest whose handlers are at its data's second half. */
static struct counts *set_up(struct svm_guest *g)
{
	struct counts *counts = (struct counts *)g->data;

	svm_reset(g, SVM_NATIVE);
	svm_code_bytes(g, "\x90\x90\x90", 3);
	g->save->rflags |= FLAG_IF;
	g->registers.bx = (ulong)counts;
	memset(counts, 0, sizeof(*counts));
	return counts;
}

static void set_handler(struct svm_guest *g, u32 vector, const u8 *code, size_t size)
{
	u8 *at = g->data + 0x400 + 0x40 * (vector % 8);

	memcpy(at, code, size);
	svm_set_gate(g, vector, sizeof(ulong) == 8 ? SEL_KERNEL_CODE : SEL_KERNEL_CS32, (ulong)at,
		     DESC_INTERRUPT_GATE, 0);
}

TEST(virq_once, "a virtual interrupt comes once, whatever its handler does to IF",
     SPEC("APM vol. 2, 15.21.4"))
{
	static const u8 sti_nop_code[] = { 0xfb, 0x90, 0x90, 0x90 };
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 masking = 0; masking < 2; masking++) {
		struct counts *counts;

		SUBTEST("masking-%u", masking);
		counts = set_up(g);
		svm_code_bytes(g, sti_nop_code, sizeof(sti_nop_code));
		g->save->rflags &= ~FLAG_IF;
		set_handler(g, VIRTUAL_VECTOR, virtual_handler, sizeof(virtual_handler));
		g->control->vintr = V_IRQ | V_INTR_PRIO(5) | V_INTR_VECTOR(VIRTUAL_VECTOR) |
				    (masking ? V_INTR_MASKING : 0);
		svm_run(g);
		EXPECT_DONE(g);
		EXPECT_EQ(counts->virtual, 1u);
		EXPECT_EQ(g->control->vintr & V_IRQ, 0ull);
	}
}

TEST(virq_after_intr,
     "a virtual interrupt that a physical one went before comes when that one's handler has returned",
     SPEC("APM vol. 2, 15.21.4"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);
	struct counts *counts = set_up(g);

	set_handler(g, VECTOR_1, physical_handler, sizeof(physical_handler));
	set_handler(g, VIRTUAL_VECTOR, virtual_handler, sizeof(virtual_handler));
	pending_make();
	g->control->vintr = V_IRQ | V_INTR_PRIO(15) | V_INTR_VECTOR(VIRTUAL_VECTOR);
	svm_run(g);
	EXPECT_DONE(g);
	EXPECT_EQ(counts->physical, 1u);
	EXPECT_EQ(counts->virtual, 1u);
	EXPECT_EQ(g->control->vintr & V_IRQ, 0ull);
	apic_eoi();
	irq_window();
}

TEST(nmi_blocked_in_guest, "an NMI that the guest takes blocks the next one until IRET",
     SPEC("APM vol. 2, 15.21.9, table 15-13; 8.2.3"))
{
	static const u8 send_code[] = {
		0x89, 0x06,		/* MOV [SI], EAX */
		0xff, 0xca,		/* again: DEC EDX */
		0x74, 0x06,		/* JZ to the end */
		0x83, 0x7b, 0x08, 0x02, /* CMP DWORD [BX + 8], 2 */
		0x75, 0xf6,		/* JNE again */
	};
	static const u8 nmi_handler[] = {
		0xff, 0x43, 0x08,	      /* INC DWORD [BX + 8] */
		0x83, 0x7b, 0x08, 0x01,	      /* CMP DWORD [BX + 8], 1 */
		0x75, 0x0f,		      /* JNE to IRET */
		0x89, 0x06,		      /* MOV [SI], EAX */
		0xb9, 0x00, 0x00, 0x01, 0x00, /* MOV ECX, 10000H */
		0xe2, 0xfe,		      /* LOOP to itself */
		0x8b, 0x4b, 0x08,	      /* MOV ECX, [BX + 8] */
		0x89, 0x4b, 0x0c,	      /* MOV [BX + 12], ECX */
		IRET,
	};
	struct svm_guest *g = svm_new(SVM_NATIVE);
	struct counts *counts = set_up(g);

	svm_code_bytes(g, send_code, sizeof(send_code));
	set_handler(g, VEC_NMI, nmi_handler, sizeof(nmi_handler));
	apic_write(APIC_ICR_HIGH, (u32)apic_id() << 24);
	g->registers.si = APIC_DEFAULT_BASE + APIC_ICR;
	g->save->rax = ICR_NMI | ICR_ASSERT;
	g->registers.dx = 0x1000000;
	pending_record_nmis();
	svm_run(g);
	EXPECT_DONE(g);
	EXPECT_EQ(counts->nmis, 2u);
	EXPECT_EQ(counts->nmis_in_handler, 1u);
	EXPECT_EQ(pending_nmis, 0u);
}

/* Its memory is used once, so that a VMM that maps on demand has nothing to do when the interrupt comes. */
static void warm_up(struct svm_guest *g)
{
	static const u8 int_code[] = { 0xcd, VIRTUAL_VECTOR };

	set_up(g);
	svm_code_bytes(g, int_code, sizeof(int_code));
	set_handler(g, VIRTUAL_VECTOR, virtual_handler, sizeof(virtual_handler));
	svm_run(g);
	EXPECT_DONE(g);
}

/* What a VMM needs to hold a physical interrupt back is not to be seen in the fields of the virtual one. */
TEST(virq_and_held_intr,
     "a physical interrupt that the host's IF holds changes nothing of a virtual one",
     SPEC("APM vol. 2, 15.21.1, 15.21.4; 15.6"), BUG("svm_int_ctl_test"))
{
	const u64 fields = V_IRQ | V_INTR_PRIO(9) | V_INTR_VECTOR(VIRTUAL_VECTOR) | V_TPR(3) |
			   V_INTR_MASKING;
	struct svm_guest *g = svm_new(SVM_NATIVE);

	warm_up(g);
	for (u32 i = 0; i < 8; i++) {
		const bool intercept = i & 1, guest_if = i & 2, virtual = i & 4;
		struct counts *counts;

		SUBTEST("%s-guest-if%u-%s", intercept ? "intercept" : "no-intercept", guest_if,
			virtual ? "virtual" : "none");
		counts = set_up(g);
		set_handler(g, VIRTUAL_VECTOR, virtual_handler, sizeof(virtual_handler));
		pending_make();
		svm_intercept(g, SVM_EXIT_INTR, intercept);
		g->control->vintr = virtual ? fields : fields & ~V_IRQ;
		/* By STI, so that it does not depend on what VMRUN itself looks at. */
		svm_code_bytes(g, guest_if ? "\xfb\x90\x90" : "\x90\x90\x90", 3);
		g->save->rflags &= ~FLAG_IF;
		svm_run(g);
		EXPECT_DONE(g);
		EXPECT_EQ(counts->virtual, virtual && guest_if ? 1u : 0u);
		EXPECT_EQ(g->control->vintr, virtual && !guest_if ? fields : fields & ~V_IRQ);
		EXPECT_EQ(irq_taken(0, VECTOR_1), 0u);
		irq_window();
		if (!EXPECT_EQ(irq_taken(0, VECTOR_1), 1u))
			apic_eoi(); /* the guest has taken it */
	}
}
