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

bool intercept_run_and_expect(struct svm_guest *g, u64 code)
{
	struct svm_registers before = g->registers;
	struct vmcb_save save = *g->save;
	bool ok;

	svm_run(g);
	ok = EXPECT_EXIT(g, code);
	ok &= EXPECT_EQ(g->save->rip, save.rip);
	ok &= EXPECT_EQ(g->save->rax, save.rax);
	ok &= EXPECT_EQ(g->save->rsp, save.rsp);
	ok &= EXPECT_EQ(g->save->rflags & ~FLAG_RF, save.rflags & ~FLAG_RF);
	ok &= EXPECT_MEM_EQ(&g->registers, &before, sizeof(before));
	ok &= EXPECT_EQ(g->control->exitintinfo & EVENT_V, 0ull);
	return ok;
}
