/* SPDX-License-Identifier: MIT */
/*
 * Instructions with intercepts of their own, in every mode. The code is the same bytes in all of them:
 * an address in BX, of a page, is [BP+DI] in 16-bit code.
 */
#include "intercept.h"

#include <string.h>

SUITE("SVM: instruction intercepts", REQUIRES(svm_available()));

/* What is true of the instruction. */
#define PRIV	BIT(0) /* #GP(0) above CPL 0, before the intercept is looked at */
#define PROT	BIT(1) /* #UD in real and virtual-8086 mode */
#define FIRST	BIT(2) /* the intercept takes priority over all exceptions */
#define NO_RUN	BIT(3) /* not executed here: what it would do is for other cases or not known */
#define ENTERS	BIT(4) /* goes through the IDT */
#define SVM	BIT(5) /* virtual-8086 mode is another case: svm_insn_in_vm86 */
#define PRIV_UD BIT(6) /* #UD above CPL 0 */

static void ltr_setup(struct svm_guest *g)
{
	g->gdt[SEL_TSS / 8] &= ~DESC_TYPE(2); /* available, not busy */
	g->save->rax = SEL_TSS;
}

static void iret_setup(struct svm_guest *g)
{
	intercept_iret_frame(g);
}

static void vmcb_setup(struct svm_guest *g)
{
	g->save->rax = (ulong)g->data;
}

static void monitor_setup(struct svm_guest *g)
{
	g->save->rax = g->mode == SVM_LONG || g->mode == SVM_COMPAT ? (ulong)g->data : 0;
}

static void xsetbv_setup(struct svm_guest *g)
{
	g->save->cr4 |= CR4_OSXSAVE;
	g->save->rax = 1;
}

static void popf_setup(struct svm_guest *g)
{
	intercept_push(g, FLAG_1);
}

static const struct row {
	const char *name;
	u32 code;
	u32 bytes, size;
	u32 kind;
	void (*setup)(struct svm_guest *g);
	u32 vector; /* ENTERS, or what it raises if not intercepted */
	enum x86_feature feature;
} rows[] = {
	/* clang-format off */
	{ "sidt", SVM_EXIT_IDTR_READ, 0x0b010f, 3, 0, NULL, 0, 0 },
	{ "sgdt", SVM_EXIT_GDTR_READ, 0x03010f, 3, 0, NULL, 0, 0 },
	{ "sldt", SVM_EXIT_LDTR_READ, 0xc0000f, 3, PROT, NULL, 0, 0 },
	{ "sldt-memory", SVM_EXIT_LDTR_READ, 0x03000f, 3, PROT, NULL, 0, 0 },
	{ "str", SVM_EXIT_TR_READ, 0xc8000f, 3, PROT, NULL, 0, 0 },
	{ "str-memory", SVM_EXIT_TR_READ, 0x0b000f, 3, PROT, NULL, 0, 0 },
	{ "lidt", SVM_EXIT_IDTR_WRITE, 0x1b010f, 3, PRIV, NULL, 0, 0 },
	{ "lgdt", SVM_EXIT_GDTR_WRITE, 0x13010f, 3, PRIV, NULL, 0, 0 },
	{ "lldt", SVM_EXIT_LDTR_WRITE, 0xd0000f, 3, PRIV | PROT, NULL, 0, 0 },
	{ "lldt-memory", SVM_EXIT_LDTR_WRITE, 0x13000f, 3, PRIV | PROT, NULL, 0, 0 },
	{ "ltr", SVM_EXIT_TR_WRITE, 0xd8000f, 3, PRIV | PROT, ltr_setup, 0, 0 },
	{ "rdtsc", SVM_EXIT_RDTSC, 0x310f, 2, 0, NULL, 0, X86_FEATURE_TSC },
	{ "rdpmc", SVM_EXIT_RDPMC, 0x330f, 2, PRIV | NO_RUN, NULL, 0, 0 },
	{ "pushf", SVM_EXIT_PUSHF, 0x9c, 1, FIRST, NULL, 0, 0 },
	{ "popf", SVM_EXIT_POPF, 0x9d, 1, FIRST, popf_setup, 0, 0 },
	{ "cpuid", SVM_EXIT_CPUID, 0xa20f, 2, 0, NULL, 0, 0 },
	{ "rsm", SVM_EXIT_RSM, 0xaa0f, 2, FIRST, NULL, VEC_UD, 0 },
	{ "iret", SVM_EXIT_IRET, 0xcf, 1, FIRST, iret_setup, 0, 0 },
	{ "int-0x80", SVM_EXIT_SWINT, 0x80cd, 2, FIRST | ENTERS, NULL, 0x80, 0 },
	{ "int-3", SVM_EXIT_SWINT, 0x03cd, 2, FIRST | ENTERS, NULL, 3, 0 },
	{ "int-14", SVM_EXIT_SWINT, 0x0ecd, 2, FIRST | ENTERS, NULL, 14, 0 },
	{ "int-255", SVM_EXIT_SWINT, 0xffcd, 2, FIRST | ENTERS, NULL, 255, 0 },
	{ "invd", SVM_EXIT_INVD, 0x080f, 2, PRIV, NULL, 0, 0 },
	{ "pause", SVM_EXIT_PAUSE, 0x90f3, 2, 0, NULL, 0, 0 },
	{ "hlt", SVM_EXIT_HLT, 0xf4, 1, PRIV | NO_RUN, NULL, 0, 0 },
	{ "invlpg", SVM_EXIT_INVLPG, 0x3b010f, 3, PRIV, NULL, 0, 0 },
	{ "invlpga", SVM_EXIT_INVLPGA, 0xdf010f, 3, PRIV | PROT | SVM, vmcb_setup, 0, 0 },
	{ "vmmcall", SVM_EXIT_VMMCALL, 0xd9010f, 3, FIRST, NULL, VEC_UD, 0 },
	{ "vmrun", SVM_EXIT_VMRUN, 0xd8010f, 3, PRIV | PROT | SVM | NO_RUN, vmcb_setup, 0, 0 },
	{ "vmload", SVM_EXIT_VMLOAD, 0xda010f, 3, PRIV | PROT | SVM | NO_RUN, vmcb_setup, 0, 0 },
	{ "vmsave", SVM_EXIT_VMSAVE, 0xdb010f, 3, PRIV | PROT | SVM | NO_RUN, vmcb_setup, 0, 0 },
	{ "stgi", SVM_EXIT_STGI, 0xdc010f, 3, PRIV | PROT | SVM, NULL, 0, 0 },
	{ "clgi", SVM_EXIT_CLGI, 0xdd010f, 3, PRIV | PROT | SVM, NULL, 0, 0 },
	{ "skinit", SVM_EXIT_SKINIT, 0xde010f, 3, PRIV | PROT | SVM | NO_RUN, NULL, 0, 0 },
	{ "rdtscp", SVM_EXIT_RDTSCP, 0xf9010f, 3, 0, NULL, 0, X86_FEATURE_RDTSCP },
	{ "icebp", SVM_EXIT_ICEBP, 0xf1, 1, ENTERS, NULL, VEC_DB, 0 },
	{ "wbinvd", SVM_EXIT_WBINVD, 0x090f, 2, PRIV, NULL, 0, 0 },
	{ "wbnoinvd", SVM_EXIT_WBINVD, 0x090ff3, 3, PRIV, NULL, 0, X86_FEATURE_WBNOINVD },
	{ "monitor", SVM_EXIT_MONITOR, 0xc8010f, 3, PRIV_UD, monitor_setup, 0, X86_FEATURE_MONITOR },
	{ "mwait", SVM_EXIT_MWAIT, 0xc9010f, 3, PRIV_UD | NO_RUN, NULL, 0, X86_FEATURE_MONITOR },
	{ "xsetbv", SVM_EXIT_XSETBV, 0xd1010f, 3, PRIV | FIRST, xsetbv_setup, 0, X86_FEATURE_XSAVE },
	{ "rdpru", SVM_EXIT_RDPRU, 0xfd010f, 3, 0, NULL, 0, X86_FEATURE_RDPRU },
	{ "mcommit", SVM_EXIT_MCOMMIT, 0xfa010ff3, 4, NO_RUN, NULL, 0, X86_FEATURE_MCOMMIT },
	/* clang-format on */
};

/* Where, and whether by KVM's emulator. */
struct setting {
	enum svm_mode mode;
	u32 cpl;
	bool forced;
};

static void set_up(struct svm_guest *g, const struct row *row, const struct setting *setting)
{
	svm_reset(g, setting->mode);
	if (setting->cpl)
		svm_set_cpl(g, setting->cpl);
	svm_code_bytes(g, &row->bytes, row->size);
	if (setting->forced)
		intercept_force_emulation(g);
	intercept_patterns(g);
	if (g->mode != SVM_REAL && g->mode != SVM_VM86 && g->mode != SVM_PROTECTED16) {
		g->registers.bx = (ulong)g->data;
	} else {
		g->registers.bp = g->registers.di = 0;
	}
	memset(g->data, 0, 16);
	memset(low8(MODE_SS), 0, 16);
	g->registers.cx = g->registers.dx = 0;
	g->save->rax = 0;
	if (row->setup)
		row->setup(g);
}

/* The exception that comes before the intercept, or 0. */
static u32 raises_before(const struct row *row, const struct setting *setting)
{
	const enum svm_mode mode = setting->mode;
	const u32 cpl = setting->cpl;

	if ((row->kind & PROT) && (mode == SVM_REAL || mode == SVM_VM86))
		return VEC_UD;
	if ((row->kind & PRIV_UD) && (cpl == 3 || mode == SVM_VM86))
		return VEC_UD;
	if ((row->kind & PRIV) && !(row->kind & FIRST) && (cpl == 3 || mode == SVM_VM86))
		return VEC_GP;
	return 0;
}

static void check_intercepted(struct svm_guest *g, const struct row *row,
			      const struct setting *setting)
{
	u32 before = raises_before(row, setting);

	if ((row->kind & SVM) && setting->mode == SVM_VM86)
		return;
	/* Whether there is a counter is asked before. */
	if (setting->forced && row->code == SVM_EXIT_RDPMC)
		return;
	SUBTEST("%s", row->name);
	if (row->feature && !cpu_has(row->feature)) {
		SKIP_ROW("CPUID has it not");
		return;
	}
	set_up(g, row, setting);
	svm_intercept(g, row->code, true);
	intercept_run_and_expect(g, before ? SVM_EXIT_EXCP(before) : row->code);
	if (before)
		return;
	if (cpu_has(X86_FEATURE_NRIPS))
		EXPECT_EQ(g->control->nrip, svm_end(g));
}

static void check_all_intercepted(struct setting setting)
{
	struct svm_guest *g = svm_new(setting.mode);

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		check_intercepted(g, &rows[i], &setting);
}

static void intercept_insn(enum svm_mode mode)
{
	check_all_intercepted((struct setting){ mode, 0, false });
}

TEST_IN_MODES(intercept_insn,
	      "each instruction exits where its intercept is set, before it has done anything",
	      SPEC("APM vol. 2, 15.7, 15.9, table 15-7; appendix C"))

static void intercept_insn_cpl3(enum svm_mode mode)
{
	check_all_intercepted((struct setting){ mode, 3, false });
}

TEST_IN_FLAT_MODES(intercept_insn_cpl3,
		   "at CPL 3, the exceptions that are checked first come instead of the exit",
		   SPEC("APM vol. 2, 15.9, table 15-7"))

/* All intercepts of vectors 3 and 4 but this one: what belongs to another must not stop it. */
static void intercept_all_others(struct svm_guest *g, u32 code)
{
	for (u32 other = SVM_EXIT_INTR; other <= SVM_EXIT_XSETBV; other++)
		svm_intercept(g, other, true);
	svm_intercept(g, code, false);
}

static void check_not_intercepted(struct svm_guest *g, const struct row *row,
				  const struct setting *setting)
{
	const enum svm_mode mode = setting->mode;
	u32 before = raises_before(row, setting);
	u32 vector = before ? before : row->kind & ENTERS ? 0 : row->vector;

	if ((row->kind & NO_RUN) || ((row->kind & SVM) && mode == SVM_VM86))
		return;
	/* The emulator does not go through the IDT outside of real mode. */
	if (setting->forced && (row->kind & ENTERS))
		return;
	/* XSETBV's privilege is looked at after its intercept. */
	if ((row->kind & PRIV) && mode == SVM_VM86)
		vector = before ? before : VEC_GP;
	SUBTEST("%s", row->name);
	if (row->feature && !cpu_has(row->feature)) {
		SKIP_ROW("CPUID has it not");
		return;
	}
	set_up(g, row, setting);
	intercept_all_others(g, row->code);
	if (row->kind & ENTERS)
		svm_deliver(g);
	svm_run(g);
	if (vector) {
		EXPECT_EXIT(g, SVM_EXIT_EXCP(vector));
		EXPECT_EQ(g->save->rip, svm_end(g) - row->size);
	} else if (row->kind & ENTERS) {
		EXPECT_DELIVERED(g, row->vector);
		EXPECT_EQ(svm_stack_word(g, 0), svm_end(g));
	} else {
		EXPECT_DONE(g);
	}
}

static void check_none_intercepted(struct setting setting)
{
	struct svm_guest *g = svm_new(setting.mode);

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].code != SVM_EXIT_VMMCALL)
			check_not_intercepted(g, &rows[i], &setting);
}

static void no_intercept_insn(enum svm_mode mode)
{
	check_none_intercepted((struct setting){ mode, 0, false });
}

TEST_IN_MODES(no_intercept_insn,
	      "each instruction is executed where only its own intercept is clear",
	      SPEC("APM vol. 2, 15.7, 15.9, table 15-7"))

/* ------------------------------------------------------------------------------ by KVM's emulator */

static void forced_intercept_insn(enum svm_mode mode)
{
	check_all_intercepted((struct setting){ mode, 0, true });
}

TEST_IN_MODES(forced_intercept_insn,
	      "an instruction that KVM emulates exits where its intercept is set, as without",
	      SPEC("APM vol. 2, 15.7, 15.9, table 15-7; appendix C"), REQUIRES(INTERCEPT_FORCED))

static void forced_intercept_insn_cpl3(enum svm_mode mode)
{
	check_all_intercepted((struct setting){ mode, 3, true });
}

TEST_IN_FLAT_MODES(
	forced_intercept_insn_cpl3,
	"at CPL 3, the exceptions that are checked first come instead of the exit, where KVM emulates, too",
	SPEC("APM vol. 2, 15.9, table 15-7"), REQUIRES(INTERCEPT_FORCED))

static void forced_no_intercept_insn(enum svm_mode mode)
{
	check_none_intercepted((struct setting){ mode, 0, true });
}

TEST_IN_MODES(forced_no_intercept_insn,
	      "an instruction that KVM emulates is executed where only its own intercept is clear",
	      SPEC("APM vol. 2, 15.7, 15.9, table 15-7"), REQUIRES(INTERCEPT_FORCED))
