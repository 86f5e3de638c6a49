/* SPDX-License-Identifier: MIT */
/* What comes after an injected event: in its handler, and what has been pending. APM vol. 2, 15.20, 15.21. */
#include "pending.h"

SUITE("SVM: after an injected event", REQUIRES(svm_available()));

static ulong stub_of(const struct svm_guest *g, u32 vector)
{
	return (ulong)g->stubs + vector * SVM_STUB_SIZE;
}

static void set_gate(struct svm_guest *g, u32 vector, ulong handler, u32 type)
{
	svm_set_gate(g, vector, sizeof(ulong) == 8 ? SEL_KERNEL_CODE : SEL_KERNEL_CS32, handler,
		     type, 3);
}

static void set_up(struct svm_guest *g, u64 event)
{
	svm_reset(g, SVM_NATIVE);
	svm_code_bytes(g, "\x90", 1);
	svm_deliver(g);
	g->control->eventinj = EVENT_V | event;
	g->control->nrip = g->save->rip;
}

TEST(inject_handler_faults,
     "an exception in the handler of an injected one is delivered as itself, and makes no double fault",
     SPEC("APM vol. 2, 15.20; 8.2.9"))
{
	static const u8 mov_ds_ax[] = { 0x8e, 0xd8 };
	static const u8 div_cx[] = { 0xf7, 0xf1 };
	static const struct {
		const char *name;
		u32 vector;
		bool has_error;
	} rows[] = {
		{ "de", VEC_DE, false }, { "ts", VEC_TS, true }, { "np", VEC_NP, true },
		{ "ss", VEC_SS, true },	 { "gp", VEC_GP, true }, { "pf", VEC_PF, true },
		{ "df", VEC_DF, true },
	};
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		const bool gp = rows[i].vector != VEC_GP;
		const u32 second = gp ? VEC_GP : VEC_DE;

		SUBTEST("%s", rows[i].name);
		set_up(g,
		       EVENT_TYPE_EXCEPTION | rows[i].vector | (rows[i].has_error ? EVENT_EV : 0));
		svm_code_bytes(g, gp ? mov_ds_ax : div_cx, 2);
		g->save->rax = 0x7f8; /* beyond the GDT */
		g->registers.cx = 0;
		set_gate(g, rows[i].vector, (ulong)svm_start(g), DESC_INTERRUPT_GATE);
		svm_run(g);
		EXPECT_DELIVERED(g, second);
		if (gp)
			EXPECT_EQ(svm_stack_word(g, 0), 0x7f8ull);
		EXPECT_EQ(svm_stack_word(g, gp), svm_start(g));
	}
}

/* The handler's frame is on the stack, and nothing else has happened. */
static void expect_exit_in_handler(struct svm_guest *g, u32 code, u32 vector)
{
	svm_run(g);
	EXPECT_EXIT(g, code);
	EXPECT_EQ(g->save->rip, (u64)stub_of(g, vector));
	EXPECT_EQ(svm_stack_word(g, 0), svm_start(g));
	EXPECT_EQ(g->control->exitintinfo & EVENT_V, 0ull);
	EXPECT_EQ(g->control->eventinj & EVENT_V, 0ull);
}

TEST(inject_then_intr,
     "an interrupt that is pending comes after the injected event, at the handler's first instruction",
     SPEC("APM vol. 2, 15.20; 15.13.1"))
{
	static const struct {
		const char *name;
		u64 event;
		u32 vector;
	} rows[] = {
		{ "ud", EVENT_TYPE_EXCEPTION | VEC_UD, VEC_UD },
		{ "intr", EVENT_TYPE_INTR | 0x40, 0x40 },
		{ "nmi", EVENT_TYPE_NMI, VEC_NMI },
		{ "software", EVENT_TYPE_SOFTWARE | 0x41, 0x41 },
	};
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		set_up(g, rows[i].event);
		/* A trap gate leaves IF set. */
		set_gate(g, rows[i].vector, stub_of(g, rows[i].vector), DESC_TRAP_GATE);
		g->save->rflags |= FLAG_IF;
		pending_make();
		svm_intercept(g, SVM_EXIT_INTR, true);
		expect_exit_in_handler(g, SVM_EXIT_INTR, rows[i].vector);
		irq_window();
		EXPECT_EQ(irq_taken(0, VECTOR_1), 1u);
	}
}

TEST(inject_then_nmi,
     "an NMI that is pending comes after the injected event, which may be an NMI, too",
     SPEC("APM vol. 2, 15.20; 15.13.2; 15.21.9"))
{
	static const struct {
		const char *name;
		u64 event;
		u32 vector;
	} rows[] = {
		{ "ud", EVENT_TYPE_EXCEPTION | VEC_UD, VEC_UD },
		{ "intr", EVENT_TYPE_INTR | 0x40, 0x40 },
		{ "nmi", EVENT_TYPE_NMI, VEC_NMI },
	};
	struct svm_guest *g = svm_new(SVM_NATIVE);

	pending_record_nmis();
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		pending_nmis = 0;
		set_up(g, rows[i].event);
		svm_intercept(g, SVM_EXIT_NMI, true);
		clgi();
		pending_send_nmi();
		expect_exit_in_handler(g, SVM_EXIT_NMI, rows[i].vector);
		delay_us(100);
		EXPECT_EQ(pending_nmis, 1u);
	}
}
