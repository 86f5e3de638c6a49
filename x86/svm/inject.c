/* SPDX-License-Identifier: MIT */
/* Event injection: APM vol. 2, 15.20. */
#include "intercept.h"

SUITE("SVM: event injection", REQUIRES(svm_available()));

/* An event at the guest's first instruction. */
static void set_up(struct svm_guest *g, enum svm_mode mode, u64 event)
{
	svm_reset(g, mode);
	svm_code_bytes(g, "\x90", 1);
	intercept_patterns(g);
	g->save->rax &= mode == SVM_LONG ? ~0ull : 0xffffffff;
	g->control->eventinj = event;
	/* What a software interrupt returns to, where the CPU has the field. */
	g->control->nrip = g->save->rip;
}

/* Delivered before the first instruction, unconditionally: flags and registers are the guest's. */
static void expect_delivered(struct svm_guest *g, u32 vector, bool has_error, u32 error)
{
	struct vmcb_save before = *g->save;
	u32 word = 0;

	svm_run(g);
	if (!EXPECT_DELIVERED(g, vector))
		return;
	if (has_error)
		EXPECT_EQ(svm_stack_word(g, word++), (u64)error);
	EXPECT_EQ(svm_stack_word(g, word), before.rip);
	EXPECT_EQ(svm_stack_word(g, word + 1), (u64)before.cs.selector);
	EXPECT_EQ(svm_stack_word(g, word + 2) & ~FLAG_RF,
		  before.rflags & ~FLAG_RF & (g->mode == SVM_REAL ? 0xffff : ~0ull));
	EXPECT_EQ(g->save->rax, before.rax);
	EXPECT_EQ(g->control->exitintinfo & EVENT_V, 0ull);
}

TEST(inject_intr, "an injected interrupt is delivered by each vector's gate, although IF is clear",
     SPEC("APM vol. 2, 15.20"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 vector = 0; vector < 256; vector++) {
		SUBTEST("vector-%u", vector);
		set_up(g, SVM_NATIVE, EVENT_V | EVENT_TYPE_INTR | vector);
		expect_delivered(g, vector, false, 0);
	}
}

static void inject_intr_in_modes(enum svm_mode mode)
{
	static const u32 vectors[] = { 0x20, 0x80, 0xff };
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < 2 * ARRAY_SIZE(vectors); i++) {
		SUBTEST("%#x-if%u", vectors[i / 2], i % 2);
		set_up(g, mode, EVENT_V | EVENT_TYPE_INTR | vectors[i / 2]);
		if (i % 2)
			g->save->rflags |= FLAG_IF;
		expect_delivered(g, vectors[i / 2], false, 0);
	}
}

TEST_IN_MODES(inject_intr_in_modes, "an interrupt is injected in every mode",
	      SPEC("APM vol. 2, 15.20"))

static void inject_nmi(enum svm_mode mode)
{
	static const u32 vectors[] = { 0, 2, 3, 14, 0x20, 0xff };
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < ARRAY_SIZE(vectors); i++) {
		SUBTEST("vector-%#x", vectors[i]);
		set_up(g, mode, EVENT_V | EVENT_TYPE_NMI | vectors[i]);
		expect_delivered(g, 2, false, 0);
	}
}

TEST_IN_MODES(
	inject_nmi,
	"an injected NMI is delivered by vector 2, whatever VECTOR is; and it does not block NMIs",
	SPEC("APM vol. 2, 15.20"))

/* Vectors of exceptions that can come in any mode, but BP and OF: they are case inject_bp_of's. */
static const struct {
	const char *name;
	u32 vector;
	bool has_error;
	bool only_32;
} exceptions[] = {
	{ "de", VEC_DE, false, false }, { "db", VEC_DB, false, false },
	{ "br", VEC_BR, false, true },	{ "ud", VEC_UD, false, false },
	{ "nm", VEC_NM, false, false }, { "df", VEC_DF, true, false },
	{ "ts", VEC_TS, true, false },	{ "np", VEC_NP, true, false },
	{ "ss", VEC_SS, true, false },	{ "gp", VEC_GP, true, false },
	{ "pf", VEC_PF, true, false },	{ "mf", VEC_MF, false, false },
	{ "ac", VEC_AC, true, false },	{ "mc", VEC_MC, false, false },
	{ "xf", VEC_XM, false, false },
};

static u32 error_of(u32 vector)
{
	return vector == VEC_DF || vector == VEC_AC ? 0 : 0x1230 + vector;
}

static u64 exception_event(u32 i)
{
	u64 event = EVENT_V | EVENT_TYPE_EXCEPTION | exceptions[i].vector;

	if (exceptions[i].has_error)
		event |= EVENT_EV | EVENT_ERROR(error_of(exceptions[i].vector));
	return event;
}

static void inject_exception(enum svm_mode mode)
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < ARRAY_SIZE(exceptions); i++) {
		if ((exceptions[i].only_32 && mode == SVM_LONG) ||
		    (exceptions[i].has_error && mode == SVM_REAL))
			continue;
		SUBTEST("%s", exceptions[i].name);
		set_up(g, mode, exception_event(i));
		expect_delivered(g, exceptions[i].vector, exceptions[i].has_error,
				 error_of(exceptions[i].vector));
	}
}

TEST_IN_MODES(
	inject_exception,
	"an injected exception is delivered with its error code, and not subject to its intercept",
	SPEC("APM vol. 2, 15.20"))

TEST(inject_from_cpl3, "an event injected at CPL 3 goes to CPL 0, on the stack that the TSS has",
     SPEC("APM vol. 2, 15.20"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < ARRAY_SIZE(exceptions); i++) {
		const u32 first = exceptions[i].has_error;
		u64 rsp;

		if (exceptions[i].only_32 && SVM_NATIVE == SVM_LONG)
			continue;
		SUBTEST("%s", exceptions[i].name);
		set_up(g, SVM_NATIVE, exception_event(i));
		svm_set_cpl(g, 3);
		rsp = g->save->rsp;
		expect_delivered(g, exceptions[i].vector, exceptions[i].has_error,
				 error_of(exceptions[i].vector));
		EXPECT_EQ(g->save->cpl, 0);
		EXPECT_EQ(svm_stack_word(g, first + 3), rsp);
		EXPECT_EQ(svm_stack_word(g, first + 4), (u64)SEL_USER_DATA);
	}
}

TEST(inject_ev, "EV decides whether the error code is pushed", SPEC("APM vol. 2, 15.20"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);
	static const u32 errors[] = { 0, 1, 0x10, 0x8000, 0xffff, 0x7fffffff };

	for (u32 i = 0; i < ARRAY_SIZE(errors); i++) {
		SUBTEST("gp-%#x", errors[i]);
		set_up(g, SVM_NATIVE,
		       EVENT_V | EVENT_EV | EVENT_TYPE_EXCEPTION | VEC_GP | EVENT_ERROR(errors[i]));
		expect_delivered(g, VEC_GP, true, errors[i]);
		SUBTEST("ud-with-error-field-%#x", errors[i]);
		set_up(g, SVM_NATIVE,
		       EVENT_V | EVENT_TYPE_EXCEPTION | VEC_UD | EVENT_ERROR(errors[i]));
		expect_delivered(g, VEC_UD, false, 0);
	}
}

static void inject_bp_of(enum svm_mode mode)
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < 4; i++) {
		const u32 vector = i / 2 ? VEC_OF : VEC_BP, dpl = i % 2 ? 3 : 0;

		if (vector == VEC_OF && mode == SVM_LONG)
			continue;
		SUBTEST("%s-dpl%u", i / 2 ? "of" : "bp", dpl);
		set_up(g, mode, EVENT_V | EVENT_TYPE_EXCEPTION | vector);
		svm_set_cpl(g, 3);
		svm_set_gate(g, vector,
			     sizeof(ulong) == 8 && mode <= SVM_COMPAT ? SEL_KERNEL_CODE
								      : SEL_KERNEL_CS32,
			     (ulong)g->stubs + vector * SVM_STUB_SIZE, DESC_INTERRUPT_GATE, dpl);
		svm_run(g);
		if (dpl) {
			EXPECT_DELIVERED(g, vector);
		} else {
			EXPECT_EXIT(g, SVM_EXIT_EXCP(VEC_GP));
			EXPECT_EQ(g->control->exitinfo1 & 7, (u64)ERR_IDT);
		}
	}
}

TEST_IN_FLAT_MODES(
	inject_bp_of,
	"an injected #BP, and outside of 64-bit mode an injected #OF, checks the gate's DPL as INT3 and INTO do",
	SPEC("APM vol. 2, 15.20"))

TEST(inject_software,
     "an injected software interrupt is delivered by each vector's gate and checks its DPL",
     SPEC("APM vol. 2, 15.20"))
{
	static const u32 vectors[] = { 0, 1, 3, 4, 13, 14, 31, 32, 0x80, 0xff };
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < 3 * ARRAY_SIZE(vectors); i++) {
		const u32 vector = vectors[i / 3];
		static const char *const kinds[] = { "cpl0", "cpl3-dpl3", "cpl3-dpl0" };

		SUBTEST("%u-%s", vector, kinds[i % 3]);
		set_up(g, SVM_NATIVE, EVENT_V | EVENT_TYPE_SOFTWARE | vector);
		if (i % 3)
			svm_set_cpl(g, 3);
		if (i % 3 == 2) {
			svm_set_gate(
				g, vector, sizeof(ulong) == 8 ? SEL_KERNEL_CODE : SEL_KERNEL_CS32,
				(ulong)g->stubs + vector * SVM_STUB_SIZE, DESC_INTERRUPT_GATE, 0);
			svm_run(g);
			EXPECT_EXIT(g, SVM_EXIT_EXCP(VEC_GP));
			EXPECT_EQ(g->control->exitinfo1 & 7, (u64)ERR_IDT);
		} else {
			expect_delivered(g, vector, false, 0);
		}
	}
}

TEST(inject_checks_no_dpl,
     "interrupts, NMIs and other exceptions that are injected do not check the gate's DPL",
     SPEC("APM vol. 2, 15.20"))
{
	static const struct {
		const char *name;
		u64 event;
		u32 vector;
		bool has_error;
	} rows[] = {
		{ "intr", EVENT_TYPE_INTR | 0x40, 0x40, false },
		{ "nmi", EVENT_TYPE_NMI, 2, false },
		{ "ud", EVENT_TYPE_EXCEPTION | VEC_UD, VEC_UD, false },
		{ "gp", EVENT_TYPE_EXCEPTION | EVENT_EV | VEC_GP, VEC_GP, true },
	};
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		set_up(g, SVM_NATIVE, EVENT_V | rows[i].event);
		svm_set_cpl(g, 3);
		svm_set_gate(
			g, rows[i].vector, sizeof(ulong) == 8 ? SEL_KERNEL_CODE : SEL_KERNEL_CS32,
			(ulong)g->stubs + rows[i].vector * SVM_STUB_SIZE, DESC_INTERRUPT_GATE, 0);
		expect_delivered(g, rows[i].vector, rows[i].has_error, 0);
	}
}

static void expect_invalid(struct svm_guest *g)
{
	svm_run(g);
	EXPECT_EXIT(g, SVM_EXIT_INVALID);
}

TEST(inject_reserved_type, "reserved values of TYPE are refused",
     SPEC("APM vol. 2, 15.20, table 15-11"))
{
	static const u32 types[] = { 1, 5, 6, 7 };
	static const u32 vectors[] = { 0, 2, 3, 13, 0x20, 0xff };
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < ARRAY_SIZE(types); i++)
		for (u32 j = 0; j < ARRAY_SIZE(vectors); j++) {
			SUBTEST("type-%u-vector-%#x", types[i], vectors[j]);
			set_up(g, SVM_NATIVE, EVENT_V | EVENT_TYPE(types[i]) | vectors[j]);
			expect_invalid(g);
		}
}

TEST(inject_no_exception, "an exception with the vector of the NMI or of an interrupt is refused",
     SPEC("APM vol. 2, 15.20"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 vector = 2; vector < 256; vector = vector == 2 ? 32 : vector + 1) {
		SUBTEST("vector-%u", vector);
		set_up(g, SVM_NATIVE, EVENT_V | EVENT_TYPE_EXCEPTION | vector);
		expect_invalid(g);
	}
}

TEST(inject_impossible,
     "an exception that the guest's mode cannot have is refused: #OF and #BR in 64-bit mode",
     SPEC("APM vol. 2, 15.20"), BUG("Bochs#126"), REQUIRES(sizeof(ulong) == 8))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	SUBTEST("br");
	set_up(g, SVM_NATIVE, EVENT_V | EVENT_TYPE_EXCEPTION | VEC_BR);
	expect_invalid(g);
	SUBTEST("of");
	set_up(g, SVM_NATIVE, EVENT_V | EVENT_TYPE_EXCEPTION | VEC_OF);
	expect_invalid(g);
}

TEST(inject_not_valid, "with V clear nothing is injected, whatever the other bits are",
     SPEC("APM vol. 2, 15.20"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 type = 0; type < 8; type++) {
		SUBTEST("type-%u", type);
		set_up(g, SVM_NATIVE, EVENT_TYPE(type) | EVENT_EV | 0xd | EVENT_ERROR(0x55));
		svm_run(g);
		EXPECT_DONE(g);
	}
}

TEST(inject_once,
     "what was injected is not injected again by the next VMRUN unless the VMM asks for it",
     SPEC("APM vol. 2, 15.20"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	set_up(g, SVM_NATIVE, EVENT_V | EVENT_TYPE_INTR | 0x40);
	expect_delivered(g, 0x40, false, 0);
	g->save->rip = svm_start(g);
	g->control->eventinj = 0;
	svm_run(g);
	EXPECT_DONE(g);
}

TEST(inject_in_shadow, "an event is injected in an interrupt shadow, too",
     SPEC("APM vol. 2, 15.20"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < 3; i++) {
		static const u64 types[] = { EVENT_TYPE_INTR | 0x40, EVENT_TYPE_NMI | 2,
					     EVENT_TYPE_EXCEPTION | VEC_UD };

		SUBTEST("type-%u", (u32)(types[i] >> 8));
		set_up(g, SVM_NATIVE, EVENT_V | types[i]);
		g->control->interrupt_shadow = INTERRUPT_SHADOW;
		g->save->rflags |= FLAG_IF;
		expect_delivered(g, types[i] & 0xff, false, 0);
	}
}

TEST(inject_gate_flags,
     "an injected event goes through its gate: IF is cleared by an interrupt gate and kept by a trap gate",
     SPEC("APM vol. 2, 15.20; 8.9.3"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 trap = 0; trap < 2; trap++) {
		SUBTEST("%s", trap ? "trap-gate" : "interrupt-gate");
		set_up(g, SVM_NATIVE, EVENT_V | EVENT_TYPE_INTR | 0x40);
		g->save->rflags |= FLAG_IF;
		svm_set_gate(g, 0x40, sizeof(ulong) == 8 ? SEL_KERNEL_CODE : SEL_KERNEL_CS32,
			     (ulong)g->stubs + 0x40 * SVM_STUB_SIZE,
			     trap ? DESC_TRAP_GATE : DESC_INTERRUPT_GATE, 3);
		svm_run(g);
		EXPECT_DELIVERED(g, 0x40);
		EXPECT_EQ(g->save->rflags & FLAG_IF, trap ? FLAG_IF : 0ull);
	}
}
