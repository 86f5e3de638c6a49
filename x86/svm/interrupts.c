/* SPDX-License-Identifier: MIT */
/* Physical interrupts and NMIs while a guest runs: APM vol. 2, 15.13, 15.21. */
#include "pending.h"

SUITE("SVM: physical interrupts", REQUIRES(svm_available()));

static void set_up(struct svm_guest *g)
{
	svm_reset(g, SVM_NATIVE);
	svm_code_bytes(g, "\x90\x90\x90", 3);
	intercept_patterns(g);
}

/* Who takes a physical interrupt, by everything that has a say. */
TEST(intr_matrix,
     "a physical interrupt exits, or is delivered in the guest, where the IF that counts is set",
     SPEC("APM vol. 2, 15.13.1, 15.21.1"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < 16; i++) {
		const bool masking = i & 1, host_if = i & 2, guest_if = i & 4, intercept = i & 8;
		const bool enabled = masking ? host_if : guest_if;

		SUBTEST("%s-%s-host-if%u-guest-if%u", intercept ? "intercept" : "no-intercept",
			masking ? "masking" : "no-masking", host_if, guest_if);
		set_up(g);
		pending_make();
		g->control->vintr = masking ? V_INTR_MASKING : 0;
		g->registers.host_flags |= host_if ? FLAG_IF : 0;
		g->save->rflags |= guest_if ? FLAG_IF : 0;
		svm_intercept(g, SVM_EXIT_INTR, intercept);
		svm_run(g);
		if (!enabled) {
			EXPECT_DONE(g);
		} else if (intercept) {
			EXPECT_EXIT(g, SVM_EXIT_INTR);
			EXPECT_EQ(g->save->rip, svm_start(g));
			EXPECT_EQ(g->control->exitintinfo & EVENT_V, 0ull);
		} else {
			EXPECT_DELIVERED(g, VECTOR_1);
			EXPECT_EQ(svm_stack_word(g, 0), svm_start(g));
			apic_eoi();
		}
		EXPECT_EQ(g->registers.host_flags & FLAG_IF, host_if ? FLAG_IF : 0ull);
		/* Not in the host before GIF is set and IF: it is still pending, unless it was taken. */
		EXPECT_EQ(irq_taken(0, VECTOR_1), 0u);
		irq_window();
		EXPECT_EQ(irq_taken(0, VECTOR_1), enabled && !intercept ? 0u : 1u);
	}
}

TEST(intr_in_shadow, "in an interrupt shadow a physical interrupt comes after one instruction",
     SPEC("APM vol. 2, 15.21.5"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 intercept = 0; intercept < 2; intercept++) {
		SUBTEST("%s", intercept ? "intercept" : "no-intercept");
		set_up(g);
		pending_make();
		g->control->interrupt_shadow = INTERRUPT_SHADOW;
		g->save->rflags |= FLAG_IF;
		svm_intercept(g, SVM_EXIT_INTR, intercept);
		svm_run(g);
		if (intercept) {
			EXPECT_EXIT(g, SVM_EXIT_INTR);
			EXPECT_EQ(g->save->rip, svm_start(g) + 1);
		} else {
			EXPECT_DELIVERED(g, VECTOR_1);
			EXPECT_EQ(svm_stack_word(g, 0), svm_start(g) + 1);
			apic_eoi();
		}
		irq_window();
	}
}

TEST(intr_after_sti, "a physical interrupt comes after the instruction that follows STI",
     SPEC("APM vol. 2, 15.13.1, 15.21.5"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	set_up(g);
	svm_code_bytes(g, "\x90\xfb\x90\x90", 4);
	pending_make();
	svm_intercept(g, SVM_EXIT_INTR, true);
	svm_run(g);
	EXPECT_EXIT(g, SVM_EXIT_INTR);
	EXPECT_EQ(g->save->rip, svm_start(g) + 3);
	EXPECT_EQ(g->save->rflags & FLAG_IF, FLAG_IF);
	irq_window();
	EXPECT_EQ(irq_taken(0, VECTOR_1), 1u);
}

TEST(intr_and_guest_gif, "CLGI in the guest holds a physical interrupt, STGI lets it exit",
     SPEC("APM vol. 2, 15.17, table 15-10"))
{
	static const u8 code[] = { 0x0f, 0x01, 0xdd, 0xfb, 0x90, 0x90, 0x0f, 0x01, 0xdc, 0x90 };
	struct svm_guest *g = svm_new(SVM_NATIVE);

	SUBTEST("held");
	set_up(g);
	svm_code_bytes(g, code, 6);
	pending_make();
	svm_intercept(g, SVM_EXIT_INTR, true);
	svm_run(g);
	EXPECT_DONE(g);
	irq_window();
	EXPECT_EQ(irq_taken(0, VECTOR_1), 1u);
	SUBTEST("let-in");
	set_up(g);
	svm_code_bytes(g, code, sizeof(code));
	pending_make();
	svm_intercept(g, SVM_EXIT_INTR, true);
	svm_run(g);
	EXPECT_EXIT(g, SVM_EXIT_INTR);
	EXPECT_EQ(g->save->rip, svm_start(g) + 9);
	irq_window();
}

TEST(intr_before_virq, "physical interrupts take priority over virtual ones",
     SPEC("APM vol. 2, 15.21.4"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 intercept = 0; intercept < 2; intercept++) {
		SUBTEST("%s", intercept ? "intercept" : "no-intercept");
		set_up(g);
		pending_make();
		g->control->vintr = V_IRQ | V_INTR_PRIO(15) | V_INTR_VECTOR(0x66);
		g->save->rflags |= FLAG_IF;
		svm_intercept(g, SVM_EXIT_INTR, intercept);
		svm_run(g);
		if (intercept) {
			EXPECT_EXIT(g, SVM_EXIT_INTR);
			EXPECT_EQ(g->save->rip, svm_start(g));
		} else {
			EXPECT_DELIVERED(g, VECTOR_1);
			apic_eoi();
		}
		EXPECT_EQ(g->control->vintr & V_IRQ, V_IRQ);
		irq_window();
	}
}

TEST(intr_no_exception_intercept, "interrupts with a vector below 32 check no exception intercept",
     SPEC("APM vol. 2, 15.12, 15.13"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	/* The APIC accepts vectors from 16 on. */
	for (u32 vector = 16; vector < 32; vector++) {
		SUBTEST("vector-%u", vector);
		set_up(g);
		g->control->intercepts[2] = ~0u;
		apic_send_vector(0, vector);
		g->save->rflags |= FLAG_IF;
		svm_run(g);
		EXPECT_DELIVERED(g, vector);
		apic_eoi();
	}
}

/* A guest that waits for an interrupt of the APIC's timer, so that it comes while the guest runs. */
static void wait_for_timer(struct svm_guest *g, const u8 *code, size_t size)
{
	svm_reset(g, SVM_NATIVE);
	svm_code_bytes(g, code, size);
	g->save->rflags |= FLAG_IF;
	irq_record(VECTOR_1, VECTOR_1);
	apic_timer_start(VECTOR_1 | APIC_TIMER_ONESHOT, 0, 1000000);
}

static const u8 spin[] = { 0xeb, 0xfe };
static const u8 halt[] = { 0xf4, 0xeb, 0xfd };

TEST(intr_while_running,
     "an interrupt that comes while the guest runs exits, or is delivered in it",
     SPEC("APM vol. 2, 15.13.1"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	SUBTEST("intercept");
	wait_for_timer(g, spin, sizeof(spin));
	svm_intercept(g, SVM_EXIT_INTR, true);
	svm_run(g);
	EXPECT_EXIT(g, SVM_EXIT_INTR);
	EXPECT_EQ(g->save->rip, svm_start(g));
	irq_window();
	EXPECT_EQ(irq_taken(0, VECTOR_1), 1u);
	SUBTEST("no-intercept");
	wait_for_timer(g, spin, sizeof(spin));
	svm_run(g);
	EXPECT_DELIVERED(g, VECTOR_1);
	EXPECT_EQ(svm_stack_word(g, 0), svm_start(g));
	apic_eoi();
}

TEST(intr_while_running_host_if,
     "with V_INTR_MASKING, an interrupt that comes while the guest runs exits by the host's IF alone",
     SPEC("APM vol. 2, 15.13.1, 15.21.1"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	wait_for_timer(g, spin, sizeof(spin));
	g->save->rflags &= ~FLAG_IF;
	g->registers.host_flags |= FLAG_IF;
	g->control->vintr = V_INTR_MASKING;
	svm_intercept(g, SVM_EXIT_INTR, true);
	svm_run(g);
	EXPECT_EXIT(g, SVM_EXIT_INTR);
	irq_window();
}

TEST(halted_guest, "HLT that is not intercepted halts the guest until an interrupt comes",
     SPEC("APM vol. 2, 15.9, table 15-7; 15.13.1"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	SUBTEST("intercept");
	wait_for_timer(g, halt, sizeof(halt));
	svm_intercept(g, SVM_EXIT_INTR, true);
	svm_run(g);
	EXPECT_EXIT(g, SVM_EXIT_INTR);
	/* After the HLT, or at the HLT if the interrupt came before it. */
	EXPECT_LE(g->save->rip, svm_start(g) + 1);
	irq_window();
	SUBTEST("delivered");
	wait_for_timer(g, halt, sizeof(halt));
	svm_run(g);
	EXPECT_DELIVERED(g, VECTOR_1);
	apic_eoi();
}

TEST(halted_guest_virtual, "a virtual interrupt that is pending ends HLT",
     SPEC("APM vol. 2, 15.21.4"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	svm_code_bytes(g, "\xfb\xf4\x90", 3);
	g->control->vintr = V_IRQ | V_INTR_PRIO(5) | V_INTR_VECTOR(0x66);
	svm_run(g);
	EXPECT_DELIVERED(g, 0x66);
	EXPECT_EQ(svm_stack_word(g, 0), svm_start(g) + 2);
}

TEST(nmi_intercept,
     "an NMI exits where its intercept is set and stays pending for the host; else the guest has it",
     SPEC("APM vol. 2, 15.13.2, 15.21.9, table 15-13"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	pending_record_nmis();
	for (u32 i = 0; i < 4; i++) {
		const bool intercept = i & 1, guest_if = i & 2;

		SUBTEST("%s-if%u", intercept ? "intercept" : "no-intercept", guest_if);
		pending_nmis = 0;
		set_up(g);
		g->save->rflags |= guest_if ? FLAG_IF : 0;
		svm_intercept(g, SVM_EXIT_NMI, intercept);
		clgi();
		pending_send_nmi();
		EXPECT_EQ(pending_nmis, 0u);
		svm_run(g);
		if (intercept) {
			EXPECT_EXIT(g, SVM_EXIT_NMI);
			EXPECT_EQ(g->save->rip, svm_start(g));
			EXPECT_EQ(g->control->exitintinfo & EVENT_V, 0ull);
		} else {
			EXPECT_DELIVERED(g, VEC_NMI);
			EXPECT_EQ(svm_stack_word(g, 0), svm_start(g));
		}
		delay_us(100);
		EXPECT_EQ(pending_nmis, intercept ? 1u : 0u);
		arch_leave_exception(); /* the guest's handler has executed no IRET */
	}
}

TEST(nmi_before_intr, "an NMI comes before an interrupt", SPEC("APM vol. 2, 8.5; 15.13"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	pending_record_nmis();
	set_up(g);
	g->save->rflags |= FLAG_IF;
	svm_intercept(g, SVM_EXIT_NMI, true);
	svm_intercept(g, SVM_EXIT_INTR, true);
	pending_make();
	clgi();
	pending_send_nmi();
	svm_run(g);
	EXPECT_EXIT(g, SVM_EXIT_NMI);
	delay_us(100);
	EXPECT_EQ(pending_nmis, 1u);
	svm_run(g);
	EXPECT_EXIT(g, SVM_EXIT_INTR);
	irq_window();
	EXPECT_EQ(irq_taken(0, VECTOR_1), 1u);
}
