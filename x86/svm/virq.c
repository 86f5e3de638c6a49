/* SPDX-License-Identifier: MIT */
/* Virtual interrupts: APM vol. 2, 15.21. */
#include "intercept.h"

SUITE("SVM: virtual interrupts", REQUIRES(svm_available()));

#define VECTOR_1 0x45

/* A guest of a few NOPs with IF set, and a virtual interrupt. */
static void set_up(struct svm_guest *g, enum svm_mode mode, u64 vintr)
{
	svm_reset(g, mode);
	svm_code_bytes(g, "\x90\x90\x90", 3);
	intercept_patterns(g);
	g->control->vintr = vintr;
	g->save->rflags |= FLAG_IF;
}

static struct svm_guest *new_guest(enum svm_mode mode)
{
	struct svm_guest *g = svm_new(mode);

	svm_touch(g, mode);
	return g;
}

static u64 pending(u32 priority, u32 vector)
{
	return V_IRQ | V_INTR_PRIO(priority) | V_INTR_VECTOR(vector);
}

/* Taken at the instruction `offset` bytes from the start. */
static void expect_taken(struct svm_guest *g, u32 vector, u32 offset)
{
	u64 start = svm_start(g);

	svm_run(g);
	if (!EXPECT_DELIVERED(g, vector))
		return;
	EXPECT_EQ(svm_stack_word(g, 0), start + offset);
	EXPECT_EQ(g->control->vintr & V_IRQ, 0ull);
	EXPECT_EQ(g->save->rflags & FLAG_IF, 0ull);
	EXPECT_EQ(g->control->exitintinfo & EVENT_V, 0ull);
}

static void expect_not_taken(struct svm_guest *g)
{
	svm_run(g);
	EXPECT_DONE(g);
	EXPECT_EQ(g->control->vintr & V_IRQ, V_IRQ);
}

static void virq_taken(enum svm_mode mode)
{
	struct svm_guest *g = new_guest(mode);

	for (u32 masking = 0; masking < 2; masking++) {
		SUBTEST("masking-%u", masking);
		set_up(g, mode, pending(5, VECTOR_1) | (masking ? V_INTR_MASKING : 0));
		expect_taken(g, VECTOR_1, 0);
	}
}

TEST_IN_MODES(
	virq_taken,
	"a virtual interrupt that nothing masks is taken before the first instruction, and V_IRQ is cleared",
	SPEC("APM vol. 2, 15.21.4"))

static void virq_if(enum svm_mode mode)
{
	struct svm_guest *g = new_guest(mode);

	for (u32 i = 0; i < 4; i++) {
		/* The host's IF means nothing to virtual interrupts. */
		SUBTEST("masking-%u-host-if%u", i & 1, i >> 1);
		set_up(g, mode, pending(5, VECTOR_1) | (i & 1 ? V_INTR_MASKING : 0));
		g->save->rflags &= ~FLAG_IF;
		if (i >> 1)
			g->registers.host_flags |= FLAG_IF;
		expect_not_taken(g);
	}
}

TEST_IN_MODES(virq_if, "a virtual interrupt is not taken with IF clear, and V_IRQ stays set",
	      SPEC("APM vol. 2, 15.21.1, 15.21.4"))

TEST(virq_vector, "a virtual interrupt is delivered by the gate of V_INTR_VECTOR, whichever it is",
     SPEC("APM vol. 2, 15.21.4"))
{
	struct svm_guest *g = new_guest(SVM_NATIVE);

	for (u32 vector = 0; vector < 256; vector++) {
		SUBTEST("vector-%u", vector);
		set_up(g, SVM_NATIVE, pending(15, vector));
		expect_taken(g, vector, 0);
	}
}

TEST(virq_priority, "a virtual interrupt is taken if V_INTR_PRIO is greater than V_TPR",
     SPEC("APM vol. 2, 15.21.4"))
{
	struct svm_guest *g = new_guest(SVM_NATIVE);

	for (u32 priority = 0; priority < 16; priority++)
		for (u32 tpr = 0; tpr < 16; tpr++) {
			SUBTEST("prio-%u-tpr-%u", priority, tpr);
			set_up(g, SVM_NATIVE,
			       pending(priority, VECTOR_1) | V_TPR(tpr) | V_INTR_MASKING);
			if (priority > tpr)
				expect_taken(g, VECTOR_1, 0);
			else
				expect_not_taken(g);
			EXPECT_EQ(g->control->vintr & V_TPR_MASK, (u64)tpr);
		}
}

TEST(virq_ign_tpr, "with V_IGN_TPR set the priorities are not compared",
     SPEC("APM vol. 2, 15.21.4"))
{
	struct svm_guest *g = new_guest(SVM_NATIVE);

	for (u32 tpr = 0; tpr < 16; tpr++) {
		SUBTEST("tpr-%u", tpr);
		set_up(g, SVM_NATIVE,
		       pending(0, VECTOR_1) | V_TPR(tpr) | V_IGN_TPR | V_INTR_MASKING);
		expect_taken(g, VECTOR_1, 0);
	}
}

static void virq_none(enum svm_mode mode)
{
	struct svm_guest *g = new_guest(mode);

	set_up(g, mode, (pending(15, VECTOR_1) & ~V_IRQ) | V_IGN_TPR);
	svm_run(g);
	EXPECT_DONE(g);
	EXPECT_EQ(g->control->vintr & V_IRQ, 0ull);
}

TEST_IN_MODES(virq_none, "with V_IRQ clear there is no virtual interrupt",
	      SPEC("APM vol. 2, 15.21.4"))

static void virq_shadow(enum svm_mode mode)
{
	struct svm_guest *g = new_guest(mode);

	set_up(g, mode, pending(5, VECTOR_1));
	g->control->interrupt_shadow = INTERRUPT_SHADOW;
	expect_taken(g, VECTOR_1, 1);
	EXPECT_EQ(g->control->interrupt_shadow & INTERRUPT_SHADOW, 0ull);
}

TEST_IN_MODES(virq_shadow,
	      "in an interrupt shadow a virtual interrupt is taken after one instruction",
	      SPEC("APM vol. 2, 15.21.4, 15.21.5"))

TEST(virq_sti, "after STI a virtual interrupt is taken after one more instruction",
     SPEC("APM vol. 2, 15.21.5"))
{
	static const u8 code[] = { 0xfb, 0x90, 0x90 };
	struct svm_guest *g = new_guest(SVM_NATIVE);

	for (u32 i = 0; i < 2; i++) {
		SUBTEST("%s", i ? "if-was-set" : "if-was-clear");
		set_up(g, SVM_NATIVE, pending(5, VECTOR_1) | V_TPR(0));
		svm_code_bytes(g, code, sizeof(code));
		if (!i)
			g->save->rflags &= ~FLAG_IF;
		expect_taken(g, VECTOR_1, i ? 0 : 2);
	}
}

/* What VMRUN finds pending and masked, and the guest lets in: after STI and one more instruction. */
static void set_up_sti(struct svm_guest *g, u64 vintr)
{
	set_up(g, SVM_NATIVE, vintr);
	svm_code_bytes(g, "\xfb\x90\x90", 3);
	g->save->rflags &= ~FLAG_IF;
}

TEST(virq_sti_vector, "after STI a virtual interrupt is delivered by the gate of V_INTR_VECTOR",
     SPEC("APM vol. 2, 15.21.4, 15.21.5"))
{
	struct svm_guest *g = new_guest(SVM_NATIVE);

	for (u32 vector = 0; vector < 256; vector++) {
		SUBTEST("vector-%u", vector);
		set_up_sti(g, pending(15, vector));
		expect_taken(g, vector, 2);
	}
}

TEST(virq_sti_priority,
     "after STI a virtual interrupt is taken if V_INTR_PRIO is greater than V_TPR",
     SPEC("APM vol. 2, 15.21.4, 15.21.5"))
{
	struct svm_guest *g = new_guest(SVM_NATIVE);

	for (u32 priority = 0; priority < 16; priority++)
		for (u32 tpr = 0; tpr < 16; tpr++) {
			SUBTEST("prio-%u-tpr-%u", priority, tpr);
			set_up_sti(g, pending(priority, VECTOR_1) | V_TPR(tpr) | V_INTR_MASKING);
			if (priority > tpr)
				expect_taken(g, VECTOR_1, 2);
			else
				expect_not_taken(g);
			EXPECT_EQ(g->control->vintr & V_TPR_MASK, (u64)tpr);
		}
}

TEST(virq_sti_ign_tpr, "after STI, with V_IGN_TPR set, the priorities are not compared",
     SPEC("APM vol. 2, 15.21.4, 15.21.5"))
{
	struct svm_guest *g = new_guest(SVM_NATIVE);

	for (u32 tpr = 0; tpr < 16; tpr++) {
		SUBTEST("tpr-%u", tpr);
		set_up_sti(g, pending(0, VECTOR_1) | V_TPR(tpr) | V_IGN_TPR | V_INTR_MASKING);
		expect_taken(g, VECTOR_1, 2);
	}
}

TEST(shadow_saved,
     "#VMEXIT saves whether the guest is in an interrupt shadow: after STI and MOV SS, and not an instruction later",
     SPEC("APM vol. 2, 15.21.5; 15.6"))
{
	static const struct {
		const char *name;
		u8 code[6], size;
		u64 shadow;
	} rows[] = {
		{ "nop", { 0x90 }, 1, 0 },
		{ "sti", { 0xfb }, 1, INTERRUPT_SHADOW },
		{ "sti-nop", { 0xfb, 0x90 }, 2, 0 },
		{ "mov-ss", { 0x8e, 0xd0 }, 2, INTERRUPT_SHADOW },
		{ "mov-ss-nop", { 0x8e, 0xd0, 0x90 }, 3, 0 },
		{ "mov-ds", { 0x8e, 0xd8 }, 2, 0 },
		{ "cli", { 0xfa }, 1, 0 },
	};
	struct svm_guest *g = new_guest(SVM_NATIVE);

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		svm_reset(g, SVM_NATIVE);
		svm_code_bytes(g, rows[i].code, rows[i].size);
		g->save->rax = SEL_KERNEL_DATA;
		svm_run(g);
		EXPECT_DONE(g);
		EXPECT_EQ(g->control->interrupt_shadow & INTERRUPT_SHADOW, rows[i].shadow);
	}
	SUBTEST("sti-with-if-set");
	svm_reset(g, SVM_NATIVE);
	svm_code_bytes(g, "\xfb", 1);
	g->save->rflags |= FLAG_IF;
	svm_run(g);
	EXPECT_DONE(g);
	EXPECT_EQ(g->control->interrupt_shadow & INTERRUPT_SHADOW, 0ull);
	SUBTEST("loaded-and-saved");
	svm_reset(g, SVM_NATIVE);
	svm_code_bytes(g, "", 0);
	g->control->interrupt_shadow = INTERRUPT_SHADOW;
	svm_run(g);
	EXPECT_DONE(g);
	EXPECT_EQ(g->control->interrupt_shadow & INTERRUPT_SHADOW, INTERRUPT_SHADOW);
}

static void vintr_intercept(enum svm_mode mode)
{
	struct svm_guest *g = new_guest(mode);

	set_up(g, mode, pending(5, VECTOR_1));
	svm_intercept(g, SVM_EXIT_VINTR, true);
	intercept_run_and_expect(g, SVM_EXIT_VINTR);
	EXPECT_EQ(g->control->vintr & V_IRQ, V_IRQ);
	EXPECT_EQ(g->save->rflags & FLAG_IF, FLAG_IF);
	/* And then, without the intercept, it is taken. */
	svm_intercept(g, SVM_EXIT_VINTR, false);
	expect_taken(g, VECTOR_1, 0);
}

TEST_IN_MODES(
	vintr_intercept,
	"the VINTR intercept exits just before a virtual interrupt is taken, and it stays pending",
	SPEC("APM vol. 2, 15.13.5, 15.21.6"))

/* Code that opens the window for a virtual interrupt of priority 5, or does not. */
struct window {
	const char *name;
	u8 code[8], size, at; /* at: where it is open; 0xff: nowhere */
	bool if_set;
	u32 tpr;
};

static void check_windows(const struct window *rows, u32 count)
{
	struct svm_guest *g = new_guest(SVM_NATIVE);

	for (u32 i = 0; i < count; i++) {
		SUBTEST("%s", rows[i].name);
		set_up(g, SVM_NATIVE, pending(5, VECTOR_1) | V_TPR(rows[i].tpr) | V_INTR_MASKING);
		svm_code_bytes(g, rows[i].code, rows[i].size);
		svm_intercept(g, SVM_EXIT_VINTR, true);
		if (!rows[i].if_set)
			g->save->rflags &= ~FLAG_IF;
		intercept_push(g, FLAG_1 | FLAG_IF);
		g->registers.cx = 2;
		svm_run(g);
		if (rows[i].at == 0xff) {
			EXPECT_DONE(g);
		} else {
			EXPECT_EXIT(g, SVM_EXIT_VINTR);
			EXPECT_EQ(g->save->rip, svm_start(g) + rows[i].at);
		}
		EXPECT_EQ(g->control->vintr & V_IRQ, V_IRQ);
	}
}

TEST(vintr_window,
     "the VINTR intercept exits where the guest opens the window: after the instruction that follows STI, after POPF",
     SPEC("APM vol. 2, 15.21.5, 15.21.6"))
{
	static const struct window rows[] = {
		{ "sti", { 0xfb, 0x90, 0x90 }, 3, 2, false, 0 },
		{ "popf", { 0x9d, 0x90, 0x90 }, 3, 1, false, 0 },
		{ "nop", { 0x90, 0x90 }, 2, 0xff, false, 0 },
		{ "cli-sti-cli", { 0xfa, 0xfb, 0xfa, 0x90 }, 4, 0xff, false, 0 },
	};

	check_windows(rows, ARRAY_SIZE(rows));
}

TEST(vintr_window_cr8, "the VINTR intercept exits where the guest opens the window by MOV CR8",
     SPEC("APM vol. 2, 15.21.2, 15.21.6"), REQUIRES(sizeof(ulong) == 8))
{
	static const struct window rows[] = {
		{ "mov-cr8", { 0x44, 0x0f, 0x22, 0xc1, 0x90 }, 5, 4, true, 9 },
	};

	check_windows(rows, ARRAY_SIZE(rows));
}

TEST(virq_not_in_host, "a virtual interrupt that the guest did not take is not pending in the host",
     SPEC("APM vol. 2, 15.6, 15.21.4"))
{
	struct svm_guest *g = new_guest(SVM_NATIVE);

	set_up(g, SVM_NATIVE, pending(5, VECTOR_1));
	g->save->rflags &= ~FLAG_IF;
	expect_not_taken(g);
	/* An interrupt here would be unexpected, and end the case. */
	__asm__ volatile("sti; nop; nop; nop; cli" : : : "memory");
	EXPECT_EQ(read_flags() & FLAG_IF, 0ull);
}

TEST(virq_delivery_fault,
     "a fault of the delivery of a virtual interrupt reports it in EXITINTINFO, and V_IRQ is clear",
     SPEC("APM vol. 2, 15.7.2, 15.21.4"))
{
	struct svm_guest *g = new_guest(SVM_NATIVE);

	set_up(g, SVM_NATIVE, pending(5, VECTOR_1));
	g->save->idtr.limit = 32 * 16 - 1;
	svm_run(g);
	EXPECT_EXIT(g, SVM_EXIT_EXCP(VEC_GP));
	EXPECT_EQ(g->control->exitintinfo & 0xffffffff, EVENT_V | EVENT_TYPE_INTR | VECTOR_1);
	EXPECT_EQ(g->control->vintr & V_IRQ, 0ull);
	EXPECT_EQ(g->save->rip, svm_start(g));
}

TEST(virq_and_injection,
     "an injected event comes before a virtual interrupt, which is then masked by the gate's IF",
     SPEC("APM vol. 2, 15.20, 15.21.4"))
{
	struct svm_guest *g = new_guest(SVM_NATIVE);

	set_up(g, SVM_NATIVE, pending(5, VECTOR_1));
	g->control->eventinj = EVENT_V | EVENT_TYPE_EXCEPTION | VEC_UD;
	svm_run(g);
	EXPECT_DELIVERED(g, VEC_UD);
	EXPECT_EQ(svm_stack_word(g, 0), svm_start(g));
	EXPECT_EQ(g->control->vintr & V_IRQ, V_IRQ);
}

TEST(virq_gif, "CLGI in the guest holds a virtual interrupt pending, STGI lets it in",
     SPEC("APM vol. 2, 15.17, table 15-10; 15.21.4"))
{
	static const u8 code[] = { 0x0f, 0x01, 0xdd, /* CLGI */
				   0xfb, 0x90, 0x90, /* STI */
				   0x0f, 0x01, 0xdc, /* STGI */
				   0x90, 0x90 };
	struct svm_guest *g = new_guest(SVM_NATIVE);

	SUBTEST("held");
	set_up(g, SVM_NATIVE, pending(5, VECTOR_1));
	g->save->rflags &= ~FLAG_IF;
	svm_code_bytes(g, code, 6);
	expect_not_taken(g);
	SUBTEST("let-in");
	set_up(g, SVM_NATIVE, pending(5, VECTOR_1));
	g->save->rflags &= ~FLAG_IF;
	svm_code_bytes(g, code, sizeof(code));
	expect_taken(g, VECTOR_1, 9);
}
