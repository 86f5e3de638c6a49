/* SPDX-License-Identifier: MIT */
#include "intercept.h"

#include <string.h>

void intercept_patterns(struct svm_guest *g)
{
	ulong *general = (ulong *)&g->registers;

	for (u32 i = 0; i < offsetof(struct svm_registers, host_flags) / sizeof(ulong); i++)
		general[i] = (ulong)(0x5a5a123456700000ull + 0x1001ull * i);
	g->save->rax = (ulong)0x3c3c432176500000ull;
}

static u32 word_size(const struct svm_guest *g)
{
	switch (g->mode) {
	case SVM_LONG:
		return 8;
	case SVM_COMPAT:
	case SVM_PAE:
	case SVM_PAGED:
	case SVM_PROTECTED:
		return 4;
	default:
		return 2;
	}
}

static void push(struct svm_guest *g, u64 value, u32 size)
{
	g->save->rsp -= size;
	memcpy((void *)(ulong)(g->save->ss.base + g->save->rsp), &value, size);
}

void intercept_push(struct svm_guest *g, u64 value)
{
	push(g, value, word_size(g));
}

void intercept_iret_frame(struct svm_guest *g)
{
	/* Without a prefix it is IRETD in 64-bit mode, too. */
	u32 size = MIN(word_size(g), 4u);
	u64 rsp = g->save->rsp;

	if (g->mode == SVM_LONG) {
		push(g, g->save->ss.selector, size);
		push(g, rsp, size);
	}
	push(g, g->save->rflags, size);
	push(g, g->save->cs.selector, size);
	push(g, svm_end(g), size);
}

static const u8 forced_emulation[] = { 0x0f, 0x0b, 'k', 'v', 'm' };

void intercept_force_emulation(struct svm_guest *g)
{
	u8 code[sizeof(forced_emulation) + 16];

	memcpy(code, forced_emulation, sizeof(forced_emulation));
	memcpy(code + sizeof(forced_emulation), g->code, g->code_size);
	svm_code_bytes(g, code, sizeof(forced_emulation) + g->code_size);
}

/* Where the guest's first instruction is: the prefix is none. */
static u64 first_rip(const struct svm_guest *g)
{
	const bool forced = !memcmp(g->code, forced_emulation, sizeof(forced_emulation));

	return g->save->rip + (forced ? sizeof(forced_emulation) : 0);
}

/* Selector, base and limit, which an exit that has done nothing leaves. */
static bool same_segment(const char *name, const struct vmcb_segment *actual,
			 const struct vmcb_segment *expected)
{
	bool ok = EXPECT_EQ(actual->selector, expected->selector, "%s", name);

	ok &= EXPECT_EQ(actual->base, expected->base, "%s", name);
	ok &= EXPECT_EQ(actual->limit, expected->limit, "%s", name);
	return ok;
}

/* What is left of the guest's state; CR2 and DR6 are other cases' subject. */
static bool same_state(const struct vmcb_save *actual, const struct vmcb_save *expected)
{
	bool ok = EXPECT_EQ(actual->rip, expected->rip);

	ok &= EXPECT_EQ(actual->rax, expected->rax);
	ok &= EXPECT_EQ(actual->rsp, expected->rsp);
	ok &= EXPECT_EQ(actual->rflags & ~FLAG_RF, expected->rflags & ~FLAG_RF);
	ok &= EXPECT_EQ(actual->cr0, expected->cr0);
	ok &= EXPECT_EQ(actual->cr3, expected->cr3);
	ok &= EXPECT_EQ(actual->cr4, expected->cr4);
	ok &= EXPECT_EQ(actual->efer, expected->efer);
	ok &= EXPECT_EQ(actual->dr7, expected->dr7);
	ok &= EXPECT_EQ(actual->cpl, expected->cpl);
	ok &= EXPECT_EQ(actual->gdtr.base, expected->gdtr.base);
	ok &= EXPECT_EQ(actual->gdtr.limit, expected->gdtr.limit);
	ok &= EXPECT_EQ(actual->idtr.base, expected->idtr.base);
	ok &= EXPECT_EQ(actual->idtr.limit, expected->idtr.limit);
	ok &= same_segment("es", &actual->es, &expected->es);
	ok &= same_segment("cs", &actual->cs, &expected->cs);
	ok &= same_segment("ss", &actual->ss, &expected->ss);
	ok &= same_segment("ds", &actual->ds, &expected->ds);
	ok &= same_segment("fs", &actual->fs, &expected->fs);
	ok &= same_segment("gs", &actual->gs, &expected->gs);
	ok &= same_segment("ldtr", &actual->ldtr, &expected->ldtr);
	ok &= same_segment("tr", &actual->tr, &expected->tr);
	return ok;
}

bool intercept_run_and_expect(struct svm_guest *g, u64 code)
{
	const struct svm_registers before = g->registers;
	struct vmcb_save save = *g->save;
	const struct vmcb_control control = *g->control;
	bool ok;

	save.rip = first_rip(g);
	svm_run(g);
	ok = EXPECT_EXIT(g, code);
	ok &= same_state(g->save, &save);
	ok &= EXPECT_MEM_EQ(&g->registers, &before, offsetof(struct svm_registers, host_flags));
	ok &= EXPECT_EQ(g->control->exitintinfo & EVENT_V, 0ull);
	ok &= EXPECT_MEM_EQ(g->control->intercepts, control.intercepts, sizeof(control.intercepts));
	ok &= EXPECT_EQ(g->control->vintr, control.vintr);
	ok &= EXPECT_EQ(g->control->eventinj, 0ull);
	return ok;
}
