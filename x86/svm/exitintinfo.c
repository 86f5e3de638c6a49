/* SPDX-License-Identifier: MIT */
/* Intercepts while an event is being delivered: APM vol. 2, 15.7.2, 15.7.3, 15.12. */
#include "intercept.h"

SUITE("SVM: EXITINTINFO", REQUIRES(svm_available()));

/* What the guest begins to deliver. */
enum source { CODE, INJECTED };

static const struct row {
	const char *name;
	enum source source;
	u8 code[4], size;
	u64 event; /* what EXITINTINFO has; and what is injected */
	bool has_error;
} rows[] = {
	{ "int-0x40", CODE, { 0xcd, 0x40 }, 2, EVENT_V | EVENT_TYPE_SOFTWARE | 0x40, false },
	{ "int-3", CODE, { 0xcd, 0x03 }, 2, EVENT_V | EVENT_TYPE_SOFTWARE | 3, false },
	{ "int-0xff", CODE, { 0xcd, 0xff }, 2, EVENT_V | EVENT_TYPE_SOFTWARE | 0xff, false },
	{ "int3", CODE, { 0xcc }, 1, EVENT_V | EVENT_TYPE_EXCEPTION | VEC_BP, false },
	{ "ud2", CODE, { 0x0f, 0x0b }, 2, EVENT_V | EVENT_TYPE_EXCEPTION | VEC_UD, false },
	{ "gp",
	  CODE,
	  { 0x8e, 0xd8 },
	  2,
	  EVENT_V | EVENT_EV | EVENT_TYPE_EXCEPTION | VEC_GP | EVENT_ERROR(0x7f8),
	  true },
	{ "inject-intr", INJECTED, { 0x90 }, 1, EVENT_V | EVENT_TYPE_INTR | 0x41, false },
	{ "inject-intr-0xff", INJECTED, { 0x90 }, 1, EVENT_V | EVENT_TYPE_INTR | 0xff, false },
	{ "inject-nmi", INJECTED, { 0x90 }, 1, EVENT_V | EVENT_TYPE_NMI | 2, false },
	{ "inject-ud", INJECTED, { 0x90 }, 1, EVENT_V | EVENT_TYPE_EXCEPTION | VEC_UD, false },
	{ "inject-np",
	  INJECTED,
	  { 0x90 },
	  1,
	  EVENT_V | EVENT_EV | EVENT_TYPE_EXCEPTION | VEC_NP | EVENT_ERROR(0x120),
	  true },
	{ "inject-pf",
	  INJECTED,
	  { 0x90 },
	  1,
	  EVENT_V | EVENT_EV | EVENT_TYPE_EXCEPTION | VEC_PF | EVENT_ERROR(0x2),
	  true },
	{ "inject-software", INJECTED, { 0x90 }, 1, EVENT_V | EVENT_TYPE_SOFTWARE | 0x42, false },
};

/* What goes wrong with the delivery. */
enum obstacle { GATE_ABSENT, BEYOND_LIMIT, GATE_NO_GATE, OBSTACLES };

static const char *const obstacle_names[] = { "absent", "limit", "type" };

static u32 vector_of(const struct row *row)
{
	return row->event & 0xff;
}

/* The event alone is not intercepted: all others are. */
static void set_up(struct svm_guest *g, enum svm_mode mode, const struct row *row)
{
	svm_reset(g, mode);
	svm_code_bytes(g, row->code, row->size);
	intercept_patterns(g);
	g->save->rax = 0x7f8;
	if (row->source == INJECTED)
		g->control->eventinj = row->event;
	g->control->nrip = g->save->rip;
	if (vector_of(row) < 32)
		svm_intercept(g, SVM_EXIT_EXCP(vector_of(row)), false);
}

static void spoil(struct svm_guest *g, enum obstacle obstacle, u32 vector)
{
	const u32 size = g->mode == SVM_LONG || g->mode == SVM_COMPAT ? 16 : 8;

	switch (obstacle) {
	case GATE_ABSENT:
		g->idt[vector * size + 5] &= 0x7f;
		break;
	case GATE_NO_GATE:
		g->idt[vector * size + 5] = 0x80; /* type 0, DPL 0: present */
		g->idt[vector * size + 5] |= 0x60;
		break;
	default:
		g->save->idtr.limit = vector * size + size - 2;
	}
}

static bool is_software(const struct row *row)
{
	const u64 type = row->event & EVENT_TYPE(7);

	return type == EVENT_TYPE_SOFTWARE || vector_of(row) == VEC_BP;
}

static void exitintinfo_fault(enum svm_mode mode)
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < ARRAY_SIZE(rows) * OBSTACLES; i++) {
		const struct row *row = &rows[i / OBSTACLES];
		const enum obstacle obstacle = i % OBSTACLES;
		const u32 second = obstacle == GATE_ABSENT ? VEC_NP : VEC_GP;
		const u64 mask = row->has_error ? ~0ull : 0xffffffff;

		/* One that is not intercepted would make a double fault of it. */
		if (!svm_mode_possible(mode) || second == vector_of(row))
			continue;
		SUBTEST("%s-%s", row->name, obstacle_names[obstacle]);
		set_up(g, mode, row);
		spoil(g, obstacle, vector_of(row));
		svm_run(g);
		EXPECT_EXIT(g, SVM_EXIT_EXCP(second));
		EXPECT_EQ(g->control->exitintinfo & mask, row->event & mask);
		EXPECT_EQ(g->control->exitinfo1 & 6, (u64)ERR_IDT);
		/* EXT is clear if the first is an instruction's own event. */
		if (is_software(row))
			EXPECT_EQ(g->control->exitinfo1 & 1, 0ull);
		EXPECT_EQ(g->save->rip, svm_start(g));
	}
}

TEST_IN_FLAT_MODES(
	exitintinfo_fault,
	"an intercepted fault of a delivery reports in EXITINTINFO what was being delivered",
	SPEC("APM vol. 2, 15.7.2, figure 15-1; 15.12"), BUG("36e2e98363e6"))

static void exitinfo1_index(enum svm_mode mode)
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 obstacle = 0; obstacle < OBSTACLES; obstacle++) {
		SUBTEST("%s", obstacle_names[obstacle]);
		set_up(g, mode, &rows[0]);
		spoil(g, obstacle, vector_of(&rows[0]));
		svm_run(g);
		EXPECT_EXIT(g, SVM_EXIT_EXCP(obstacle == GATE_ABSENT ? VEC_NP : VEC_GP));
		EXPECT_EQ(g->control->exitinfo1, (u64)(vector_of(&rows[0]) * 8 + ERR_IDT));
	}
}

TEST_IN_FLAT_MODES(exitinfo1_index, "the error code of a fault of a delivery has the gate's index",
		   SPEC("APM vol. 2, 15.12.14; 8.4.1"))

TEST(exitintinfo_stack_fault,
     "a page fault on the stack of the handler reports what was being delivered, and the address",
     SPEC("APM vol. 2, 15.7.2; 15.12.15"), REQUIRES(sizeof(ulong) == 8))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		const u64 mask = row->has_error ? ~0ull : 0xffffffff;

		if (vector_of(row) == VEC_PF)
			continue;
		SUBTEST("%s", row->name);
		set_up(g, SVM_NATIVE, row);
		svm_set_cpl(g, 3);
		*(u64 *)(g->tss + 4) = 0x800; /* page 0 is absent */
		svm_run(g);
		EXPECT_EXIT(g, SVM_EXIT_EXCP(VEC_PF));
		EXPECT_EQ(g->control->exitintinfo & mask, row->event & mask);
		EXPECT_EQ(g->control->exitinfo1, (u64)PF_W);
		EXPECT_EQ(g->control->exitinfo2, 0x7f8ull);
		EXPECT_EQ(g->save->rip, svm_start(g));
		EXPECT_EQ(g->save->cpl, 3);
	}
}

TEST(exitintinfo_before_combining,
     "a second exception is checked for its intercept before it makes a double fault",
     SPEC("APM vol. 2, 15.7.3, 15.12"))
{
	static const struct {
		const char *name;
		u64 intercepted;
		u32 exit;
		u64 event;
	} cases[] = {
		{ "gp-and-df", BIT(VEC_GP) | BIT(VEC_DF), VEC_GP,
		  EVENT_V | EVENT_EV | EVENT_TYPE_EXCEPTION | VEC_NP | EVENT_ERROR(SVM_SEL_SPARE) },
		{ "gp", BIT(VEC_GP), VEC_GP,
		  EVENT_V | EVENT_EV | EVENT_TYPE_EXCEPTION | VEC_NP | EVENT_ERROR(SVM_SEL_SPARE) },
		{ "df", BIT(VEC_DF), VEC_DF,
		  EVENT_V | EVENT_EV | EVENT_TYPE_EXCEPTION | VEC_NP | EVENT_ERROR(SVM_SEL_SPARE) },
	};
	struct svm_guest *g = svm_new(SVM_NATIVE);
	static const u8 mov_ds_ax[] = { 0x8e, 0xd8 };

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		SUBTEST("%s", cases[i].name);
		svm_reset(g, SVM_NATIVE);
		svm_code_bytes(g, mov_ds_ax, sizeof(mov_ds_ax));
		g->gdt[SVM_SEL_SPARE / 8] = DESC_FLAT & ~DESC_P;
		g->save->rax = SVM_SEL_SPARE;
		spoil(g, GATE_NO_GATE, VEC_NP);
		g->control->intercepts[2] = (u32)cases[i].intercepted;
		svm_run(g);
		EXPECT_EXIT(g, SVM_EXIT_EXCP(cases[i].exit));
		EXPECT_EQ(g->control->exitintinfo, cases[i].event);
	}
}

TEST(exitintinfo_aggregate,
     "EXITINTINFO has what all exceptions but the intercepted one come to: the second, or a double fault",
     SPEC("APM vol. 2, 15.7.2; 8.2.9"))
{
	static const struct {
		const char *name;
		u8 code[2];
		u64 event; /* after the second one, #NP */
	} firsts[] = {
		{ "int-0x40", { 0xcd, 0x40 }, EVENT_V | EVENT_EV | EVENT_TYPE_EXCEPTION | VEC_NP },
		{ "ud", { 0x0f, 0x0b }, EVENT_V | EVENT_EV | EVENT_TYPE_EXCEPTION | VEC_NP },
		{ "ss", { 0x8e, 0xd0 }, EVENT_V | EVENT_EV | EVENT_TYPE_EXCEPTION | VEC_DF },
	};
	static const u32 vectors[] = { 0x40, VEC_UD, VEC_SS };
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < ARRAY_SIZE(firsts); i++) {
		SUBTEST("%s", firsts[i].name);
		svm_reset(g, SVM_NATIVE);
		svm_code_bytes(g, firsts[i].code, 2);
		svm_deliver(g);
		g->gdt[SVM_SEL_SPARE / 8] = DESC_FLAT & ~DESC_P;
		g->save->rax = SVM_SEL_SPARE;
		svm_intercept(g, SVM_EXIT_EXCP(VEC_GP), true);
		spoil(g, GATE_ABSENT, vectors[i]);
		spoil(g, GATE_NO_GATE, VEC_NP);
		spoil(g, GATE_NO_GATE, VEC_DF);
		svm_run(g);
		EXPECT_EXIT(g, SVM_EXIT_EXCP(VEC_GP));
		EXPECT_EQ(g->control->exitintinfo & 0xffffffff, firsts[i].event);
	}
}

TEST(exitintinfo_double_fault,
     "a double fault that is not intercepted is delivered; a fault of that is a shutdown",
     SPEC("APM vol. 2, 15.7.2, 15.7.3, 15.14.3"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);
	static const u8 mov_ds_ax[] = { 0x8e, 0xd8 };

	for (u32 shutdown = 0; shutdown < 2; shutdown++) {
		SUBTEST("%s", shutdown ? "shutdown" : "delivered");
		svm_reset(g, SVM_NATIVE);
		svm_code_bytes(g, mov_ds_ax, sizeof(mov_ds_ax));
		g->save->rax = 0x7f8;
		spoil(g, GATE_NO_GATE, VEC_GP);
		if (shutdown)
			spoil(g, GATE_NO_GATE, VEC_DF);
		svm_deliver(g);
		svm_run(g);
		if (shutdown) {
			EXPECT_EXIT(g, SVM_EXIT_SHUTDOWN);
		} else {
			EXPECT_DELIVERED(g, VEC_DF);
			EXPECT_EQ(svm_stack_word(g, 0), 0ull);
		}
	}
}

/* A fault of the delivery of what is injected: with a gate that is absent, or of no type. */
static u32 inject_and_fail(struct svm_guest *g, u32 vector, bool has_error)
{
	const u32 second = vector == VEC_NP ? VEC_GP : VEC_NP;

	svm_reset(g, SVM_NATIVE);
	svm_code_bytes(g, "\x90", 1);
	svm_deliver(g);
	spoil(g, second == VEC_GP ? GATE_NO_GATE : GATE_ABSENT, vector);
	g->control->eventinj = EVENT_V | EVENT_VECTOR(vector) | (has_error ? EVENT_EV : 0) |
			       (vector < 32 ? EVENT_TYPE_EXCEPTION : EVENT_TYPE_INTR);
	svm_run(g);
	return second;
}

TEST(inject_combined,
     "an injected exception makes a double fault of a second one as if it had occurred in the guest",
     SPEC("APM vol. 2, 15.20; 8.2.9"))
{
	static const struct {
		const char *name;
		u32 vector;
		bool has_error, contributory;
	} firsts[] = {
		{ "de", VEC_DE, false, true },	{ "ud", VEC_UD, false, false },
		{ "nm", VEC_NM, false, false }, { "ts", VEC_TS, true, true },
		{ "np", VEC_NP, true, true },	{ "ss", VEC_SS, true, true },
		{ "gp", VEC_GP, true, true },	{ "pf", VEC_PF, true, true },
		{ "mf", VEC_MF, false, false }, { "intr", 0x40, false, false },
	};
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < ARRAY_SIZE(firsts); i++) {
		u32 second;

		SUBTEST("%s", firsts[i].name);
		second = inject_and_fail(g, firsts[i].vector, firsts[i].has_error);
		EXPECT_DELIVERED(g, firsts[i].contributory ? VEC_DF : second);
		EXPECT_EQ(g->control->exitintinfo & EVENT_V, 0ull);
	}
}

TEST(inject_df_fails, "a fault of the delivery of a double fault that is injected is a shutdown",
     SPEC("APM vol. 2, 15.20; 8.2.9; 15.14.3"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	inject_and_fail(g, VEC_DF, true);
	EXPECT_EXIT(g, SVM_EXIT_SHUTDOWN);
}

TEST(exitintinfo_reinjected,
     "what EXITINTINFO reports can be injected as it is, and the delivery is completed",
     SPEC("APM vol. 2, 15.7.2, 15.20"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		const u32 size = SVM_NATIVE == SVM_LONG ? 16 : 8;

		/* A software interrupt's return address is the next RIP, which not every CPU saves. */
		if (is_software(row) || vector_of(row) == VEC_NP)
			continue;
		SUBTEST("%s", row->name);
		set_up(g, SVM_NATIVE, row);
		spoil(g, GATE_ABSENT, vector_of(row));
		svm_run(g);
		ASSERT_EQ(g->control->exitcode, (u64)SVM_EXIT_EXCP(VEC_NP));
		g->idt[vector_of(row) * size + 5] |= 0x80;
		g->control->eventinj = g->control->exitintinfo;
		svm_run(g);
		EXPECT_DELIVERED(g, vector_of(row));
		if (row->has_error)
			EXPECT_EQ(svm_stack_word(g, 0), row->event >> 32);
		EXPECT_EQ(svm_stack_word(g, row->has_error), svm_start(g));
	}
}

TEST(exitintinfo_not_valid, "EXITINTINFO is not valid at an exit that no delivery led to",
     SPEC("APM vol. 2, 15.7.2"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);
	static const u8 code[] = { 0xcd, 0x40 };

	SUBTEST("after-int");
	svm_code_bytes(g, code, sizeof(code));
	g->control->exitintinfo = EVENT_V | 0x55;
	svm_run(g);
	EXPECT_DELIVERED(g, 0x40);
	EXPECT_EQ(g->control->exitintinfo & EVENT_V, 0ull);
	SUBTEST("after-injection");
	svm_reset(g, SVM_NATIVE);
	g->control->eventinj = EVENT_V | EVENT_TYPE_INTR | 0x40;
	svm_run(g);
	EXPECT_DELIVERED(g, 0x40);
	EXPECT_EQ(g->control->exitintinfo & EVENT_V, 0ull);
	SUBTEST("stale-field");
	svm_reset(g, SVM_NATIVE);
	svm_code_bytes(g, "\x90", 1);
	g->control->exitintinfo = EVENT_V | EVENT_TYPE_EXCEPTION | 0xd;
	svm_run(g);
	EXPECT_DONE(g);
	EXPECT_EQ(g->control->exitintinfo & EVENT_V, 0ull);
}
