/* SPDX-License-Identifier: MIT */
/* What CPUID Fn8000_000A may have on top: virtual GIF, pause filter, LBR. APM vol. 2, 15.14, 15.23, 15.33. */
#include "intercept.h"

#include <x86/apic.h>
#include <x86/irq.h>

SUITE("SVM: optional features", REQUIRES(svm_available()));

#define VECTOR_1 0x47

static const u8 stgi_code[] = {
	0xfb, 0x90, 0x0f, 0x01, 0xdc, 0x90, 0x90
};								      /* STI; NOP; STGI; NOP; NOP */
static const u8 clgi_code[] = { 0x0f, 0x01, 0xdd, 0xfb, 0x90, 0x90 }; /* CLGI; STI; NOP; NOP */

static void set_up(struct svm_guest *g, const u8 *code, size_t size, u64 vintr)
{
	svm_reset(g, SVM_NATIVE);
	svm_code_bytes(g, code, size);
	g->control->vintr = vintr | V_IRQ | V_INTR_PRIO(5) | V_INTR_VECTOR(VECTOR_1);
}

TEST(vgif_masks,
     "with virtual GIF clear a virtual interrupt waits; STGI in the guest sets it and lets the interrupt in",
     SPEC("APM vol. 2, 15.33.2"), REQUIRES(cpu_has(X86_FEATURE_VGIF)))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	/* What RESET leaves of the virtual GIF is another question. */
	svm_code_bytes(g, "", 0);
	svm_run(g);
	SUBTEST("clear");
	set_up(g, (const u8 *)"\xfb\x90\x90", 3, V_GIF_ENABLE);
	svm_run(g);
	EXPECT_DONE(g);
	EXPECT_EQ(g->control->vintr & (V_IRQ | V_GIF), V_IRQ);
	SUBTEST("set");
	set_up(g, (const u8 *)"\xfb\x90\x90", 3, V_GIF_ENABLE | V_GIF);
	svm_run(g);
	EXPECT_DELIVERED(g, VECTOR_1);
	EXPECT_EQ(g->control->vintr & (V_IRQ | V_GIF), V_GIF);
	SUBTEST("stgi");
	set_up(g, stgi_code, sizeof(stgi_code), V_GIF_ENABLE);
	svm_run(g);
	EXPECT_DELIVERED(g, VECTOR_1);
	EXPECT_EQ(svm_stack_word(g, 0), svm_start(g) + 5);
	EXPECT_EQ(g->control->vintr & (V_IRQ | V_GIF), V_GIF);
	SUBTEST("clgi");
	set_up(g, clgi_code, sizeof(clgi_code), V_GIF_ENABLE | V_GIF);
	svm_run(g);
	EXPECT_DONE(g);
	EXPECT_EQ(g->control->vintr & (V_IRQ | V_GIF), V_IRQ);
}

TEST(vgif_disabled, "without the enable bit the virtual GIF's value means nothing",
     SPEC("APM vol. 2, 15.33.2"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < 2; i++) {
		SUBTEST("v-gif-%u", i);
		set_up(g, (const u8 *)"\xfb\x90\x90", 3, i ? V_GIF : 0);
		svm_run(g);
		EXPECT_DELIVERED(g, VECTOR_1);
	}
}

TEST(vgif_and_intercepts,
     "the intercepts of STGI and CLGI apply whether virtual GIF is enabled or not",
     SPEC("APM vol. 2, 15.33.2"), REQUIRES(cpu_has(X86_FEATURE_VGIF)))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < 4; i++) {
		const u32 code = i & 1 ? SVM_EXIT_CLGI : SVM_EXIT_STGI;

		SUBTEST("%s-v-gif-%u", svm_exit_name(code), i >> 1);
		set_up(g, i & 1 ? clgi_code : stgi_code + 2, 3, V_GIF_ENABLE | (i & 2 ? V_GIF : 0));
		svm_intercept(g, code, true);
		intercept_run_and_expect(g, code);
		EXPECT_EQ(g->control->vintr & V_GIF, i & 2 ? V_GIF : 0ull);
	}
}

TEST(vgif_and_intr, "virtual GIF does not hold physical interrupts",
     SPEC("APM vol. 2, 15.33.2"), REQUIRES(cpu_has(X86_FEATURE_VGIF)))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < 2; i++) {
		SUBTEST("v-gif-%u", i);
		set_up(g, (const u8 *)"\x90\x90", 2, V_GIF_ENABLE | (i ? V_GIF : 0));
		irq_record(0x55, 0x55);
		apic_send_vector(0, 0x55);
		g->registers.host_flags |= FLAG_IF;
		g->control->vintr |= V_INTR_MASKING;
		svm_intercept(g, SVM_EXIT_INTR, true);
		svm_run(g);
		EXPECT_EXIT(g, SVM_EXIT_INTR);
		irq_window();
		EXPECT_EQ(irq_taken(0, 0x55), 1u);
	}
}

/* ------------------------------------------------------------------------------- pause, LBR */

TEST(pause_count_zero, "with a PAUSE filter count of zero the first PAUSE exits, again and again",
     SPEC("APM vol. 2, 15.9, table 15-7; 15.14.4"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	svm_code_bytes(g, "\xf3\x90\xf3\x90", 4);
	svm_intercept(g, SVM_EXIT_PAUSE, true);
	svm_run(g);
	EXPECT_EXIT(g, SVM_EXIT_PAUSE);
	EXPECT_EQ(g->save->rip, svm_start(g));
	g->save->rip += 2;
	svm_run(g);
	EXPECT_EXIT(g, SVM_EXIT_PAUSE);
	EXPECT_EQ(g->save->rip, svm_start(g) + 2);
}

TEST(pause_filter,
     "the PAUSE filter lets as many PAUSEs by as its count, and the field keeps its value",
     SPEC("APM vol. 2, 15.9, table 15-7; 15.14.4"), REQUIRES(cpu_has(X86_FEATURE_PAUSE_FILTER)))
{
	static const u16 counts[] = { 1, 2, 10, 1000 };
	static const u8 loop[] = { 0xf3, 0x90, 0xff, 0xc3, 0xeb, 0xfa }; /* PAUSE; INC EBX; JMP */
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < ARRAY_SIZE(counts); i++) {
		SUBTEST("count-%u", counts[i]);
		svm_reset(g, SVM_NATIVE);
		svm_code_bytes(g, loop, sizeof(loop));
		g->control->pause_filter_count = counts[i];
		svm_intercept(g, SVM_EXIT_PAUSE, true);
		svm_run(g);
		EXPECT_EXIT(g, SVM_EXIT_PAUSE);
		/* Below zero, says table 15-7, and when it reaches zero, says 15.14.4. */
		EXPECT_LE(g->registers.bx, (ulong)counts[i]);
		EXPECT_GE(g->registers.bx, (ulong)counts[i] - 1);
		EXPECT_EQ(g->control->pause_filter_count, counts[i]);
	}
}

TEST(lbr_virtualization,
     "with LBR virtualization the guest has the VMCB's DebugCtl, and the host's is restored",
     SPEC("APM vol. 2, 15.23.1"), REQUIRES(cpu_has(X86_FEATURE_LBRVIRT)))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);
	u64 host = 0;

	ASSERT_NO_FAULT(rdmsr_try(MSR_IA32_DEBUGCTL, &host));
	SUBTEST("enabled");
	svm_code_bytes(g, "\x0f\x32", 2);
	g->registers.cx = MSR_IA32_DEBUGCTL;
	g->control->virt_ext = LBR_VIRTUALIZATION_ENABLE;
	g->save->dbgctl = 1;
	svm_run(g);
	EXPECT_DONE(g);
	EXPECT_EQ((u32)g->save->rax & 1, 1u);
	EXPECT_EQ(g->save->dbgctl & 1, 1ull);
	EXPECT_EQ(rdmsr(MSR_IA32_DEBUGCTL), host);
	SUBTEST("disabled");
	svm_reset(g, SVM_NATIVE);
	g->registers.cx = MSR_IA32_DEBUGCTL;
	g->save->dbgctl = 1;
	svm_run(g);
	EXPECT_DONE(g);
	EXPECT_EQ((u32)g->save->rax, (u32)host);
}
