/* SPDX-License-Identifier: MIT */
#include "transfer.h"

#include <mm/page.h>
#include <string.h>
#include <x86/place.h>

__asm__(".pushsection .text\n"
	".globl transfer_target\n"
	"transfer_target: ud2\n"
	".popsection");

u8 *transfer_stack(void)
{
	u8 *page = page_alloc();

	memset(page, 0x5a, PAGE_SIZE);
	return page + PAGE_SIZE / 2;
}

/*
 * RAISE() on the stack of the test, without a word pushed there: that is the instruction's. `loads` are
 * what is to be loaded after what needs DS.
 */
#define ON_STACK_(loads, insn)                                                   \
	"pushf\npop raise_flags\n"                                               \
	"mov %0, " RAISE_SP_ "\n" RAISE_MOV_ RAISE_SP_ ", raise_sp\n" RAISE_MOV_ \
	"$881f, raise_ip\n" RAISE_MOV_ "$882f, raise_next_ip\n" loads "881: " insn "\n882:"

#define DEFINE_BRANCH_(name, insn)                             \
	void name(void *arg)                                   \
	{                                                      \
		const struct transfer *t = arg;                \
                                                               \
		tss_set_stack0(tss_of_this_cpu(), t->stack0);  \
		__asm__ volatile(ON_STACK_("", insn " *(%1)")  \
				 :                             \
				 : "r"(t->sp), "r"(t->pointer) \
				 : "memory");                  \
	}

DEFINE_BRANCH_(transfer_call, "lcalll")
DEFINE_BRANCH_(transfer_jmp, "ljmpl")

#define DEFINE_RET_(name, insn)                                                                   \
	void name(void *arg)                                                                      \
	{                                                                                         \
		const struct transfer *t = arg;                                                   \
                                                                                                  \
		tss_set_stack0(tss_of_this_cpu(), t->stack0);                                     \
		__asm__ volatile(ON_STACK_("mov %1, %%ds\nmov %2, %%es\nmov %3, %%fs\n"           \
					   "mov %4, %%gs\n",                                      \
					   insn)                                                  \
				 :                                                                \
				 : "r"(t->sp), "r"(t->data[0]), "r"(t->data[1]), "r"(t->data[2]), \
				   "r"(t->data[3])                                                \
				 : "memory");                                                     \
	}

/* REX.W where there is one. */
#define NATIVE_SIZE ONLY_64(".byte 0x48; ")

DEFINE_RET_(transfer_ret, NATIVE_SIZE "lretl")
DEFINE_RET_(transfer_ret_n, NATIVE_SIZE "lretl $0x20")
DEFINE_RET_(transfer_iret, NATIVE_SIZE "iretl")
DEFINE_RET_(transfer_ret_32, "lretl")
DEFINE_RET_(transfer_ret_16, "lretw")

static bool has_error_code(u32 vector)
{
	return vector >= VEC_TS && vector <= VEC_PF;
}

struct at_cpl {
	const struct transfer *t;
	struct fault fault;
};

static void run_at_its_cpl(void *arg)
{
	struct at_cpl *a = arg;

	a->fault = run_in(at_cpl(a->t->cpl), a->t->insn, (void *)a->t);
}

struct state transfer_run(const struct transfer *t)
{
	static const u32 vectors[] = { VEC_UD, VEC_DF, VEC_TS, VEC_NP, VEC_SS, VEC_GP, VEC_PF };
	struct at_cpl a = { t, NO_FAULT };
	struct raw_entry entry;
	struct state s = { 0 };
	const ulong *frame = entry.words;
	struct fault fault;

	for (u32 i = 0; i < ARRAY_SIZE(vectors); i++)
		if (vectors[i] != VEC_DF)
			raw_gate_set(vectors[i], DESC_INTERRUPT_GATE, 0, 0);
	fault = raw_gate_catch(KERNEL, run_at_its_cpl, &a, &entry);
	__asm__ volatile("mov %%fs, %0\nmov %%gs, %1\n"
			 "mov %2, %%ss\nmov %2, %%ds\nmov %2, %%es\nmov %3, %%fs\nmov %3, %%gs"
			 : "=&r"(s.fs), "=&r"(s.gs)
			 : "r"(SEL_KERNEL_DATA), "r"(0)
			 : "memory");
	s.vector = fault.kind ? fault.kind - 1 : 0;
	if (a.fault.kind)
		s.vector = a.fault.kind - 1;
	if (has_error_code(s.vector))
		s.error = *frame++;
	s.ip = frame[0];
	s.cs = frame[1];
	s.flags = frame[2] & ~FLAG_RF;
	s.ds = entry.ds;
	s.es = entry.es;
	if (sizeof(ulong) == 8 || (s.cs & 3)) {
		s.sp = frame[3];
		s.ss = frame[4] & 0xffff;
	} else {
		/* No change of privilege: the frame is where the stack was. */
		s.sp = entry.sp + (ulong)(frame + 3 - entry.words) * sizeof(ulong);
		s.ss = entry.ss;
	}
	s.cs &= 0xffff;
	return s;
}

static bool expect_unchanged(const struct transfer *t, const struct state *s)
{
	bool ok = EXPECT_EQ(s->ip, raise_ip);

	ok &= EXPECT_EQ(s->cs, (ulong)ring_code_selector(t->cpl));
	ok &= EXPECT_EQ(s->ss, (ulong)ring_data_selector(t->cpl));
	ok &= EXPECT_EQ(s->sp, t->sp);
	ok &= EXPECT_EQ(s->flags, raise_flags);
	return ok;
}

bool expect_refused(const struct transfer *t, struct fault expected)
{
	struct state s = transfer_run(t);
	bool ok;

	ok = EXPECT_EQ(s.vector, expected.kind - 1);
	if (!ok)
		return false;
	if (expected.fields & FAULT_CODE)
		ok &= EXPECT_EQ((u64)s.error, expected.code);
	return ok & expect_unchanged(t, &s);
}

bool expect_refused_with(const struct transfer *t, u16 selector)
{
	struct state s = transfer_run(t);
	bool ok;

	ok = EXPECT(has_error_code(s.vector), "vector %u", s.vector);
	if (!ok)
		return false;
	ok &= EXPECT_EQ(s.error, (ulong)selector);
	return ok & expect_unchanged(t, &s);
}
