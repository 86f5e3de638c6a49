/* SPDX-License-Identifier: MIT */
/* nRIP: APM vol. 2, 15.7.1. And RIP after an instruction, whatever prefixes it has. */
#include "nested.h"

#include <string.h>
#include <x86/apic.h>
#include <x86/irq.h>

SUITE("SVM: the next RIP", REQUIRES(svm_available()));

/* Prefixes that mean nothing to the instructions here; up to the 15 bytes that an instruction may have. */
static const struct prefixes {
	const char *name;
	u8 bytes[13], size;
} prefixes[] = {
	{ "none", { 0 }, 0 },
	{ "ds", { 0x3e }, 1 },
	{ "67", { 0x67 }, 1 },
	{ "67-twice", { 0x67, 0x67 }, 2 },
	{ "ds-ds-67", { 0x3e, 0x3e, 0x67 }, 3 },
	{ "ten", { 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e }, 10 },
};

static const struct insn {
	const char *name;
	u32 code;
	u8 bytes[3], size;
} insns[] = {
	{ "cpuid", SVM_EXIT_CPUID, { 0x0f, 0xa2 }, 2 },
	{ "rdtsc", SVM_EXIT_RDTSC, { 0x0f, 0x31 }, 2 },
	{ "hlt", SVM_EXIT_HLT, { 0xf4 }, 1 },
	{ "pushf", SVM_EXIT_PUSHF, { 0x9c }, 1 },
	{ "int", SVM_EXIT_SWINT, { 0xcd, 0x40 }, 2 },
	{ "wbinvd", SVM_EXIT_WBINVD, { 0x0f, 0x09 }, 2 },
	{ "mov-cr0", SVM_EXIT_CR_READ(0), { 0x0f, 0x20, 0xc0 }, 3 },
	{ "mov-dr7", SVM_EXIT_DR_READ(7), { 0x0f, 0x21, 0xf8 }, 3 },
	{ "rdmsr", SVM_EXIT_MSR, { 0x0f, 0x32 }, 2 },
	{ "in", SVM_EXIT_IOIO, { 0xe4, 0x80 }, 2 },
};

static void intercept_insn(struct svm_guest *g, const struct insn *insn)
{
	g->registers.cx = MSR_IA32_PAT;
	svm_intercept(g, insn->code, true);
	svm_intercept_port(g, 0x80, true);
	svm_intercept_msr(g, MSR_IA32_PAT, true, true);
}

static void set_up(struct svm_guest *g, const struct prefixes *p, const struct insn *insn)
{
	u8 code[16];

	svm_reset(g, SVM_NATIVE);
	memcpy(code, p->bytes, p->size);
	memcpy(code + p->size, insn->bytes, insn->size);
	svm_code_bytes(g, code, p->size + insn->size);
	intercept_insn(g, insn);
}

TEST(nrip_prefixes, "nRIP is after the instruction, whatever prefixes it has",
     SPEC("APM vol. 2, 15.7.1"), BUG("020df0794f57"), REQUIRES(cpu_has(X86_FEATURE_NRIPS)))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < ARRAY_SIZE(insns); i++)
		for (u32 j = 0; j < ARRAY_SIZE(prefixes); j++) {
			SUBTEST("%s-%s", insns[i].name, prefixes[j].name);
			set_up(g, &prefixes[j], &insns[i]);
			intercept_run_and_expect(g, insns[i].code);
			EXPECT_EQ(g->control->nrip, svm_end(g));
		}
}

TEST(exit_with_prefixes, "an instruction with prefixes exits as it does without",
     SPEC("APM vol. 2, 15.7, 15.9"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < ARRAY_SIZE(insns); i++)
		for (u32 j = 0; j < ARRAY_SIZE(prefixes); j++) {
			SUBTEST("%s-%s", insns[i].name, prefixes[j].name);
			set_up(g, &prefixes[j], &insns[i]);
			intercept_run_and_expect(g, insns[i].code);
			if (insns[i].code == SVM_EXIT_IOIO)
				EXPECT_EQ(g->control->exitinfo2, svm_end(g));
		}
}

TEST(nrip_exceptions,
     "nRIP is after INT3, INTO and BOUND whose exceptions are intercepted, and 0 for other exceptions",
     SPEC("APM vol. 2, 15.7.1"), REQUIRES(cpu_has(X86_FEATURE_NRIPS)))
{
	static const struct {
		const char *name;
		u8 code[3], size;
		u32 vector;
		bool set;
	} rows[] = {
		{ "int3", { 0xcc }, 1, VEC_BP, true },
		{ "into", { 0xce }, 1, VEC_OF, true },
		{ "bound", { 0x62, 0x03 }, 2, VEC_BR, true },
		{ "ud2", { 0x0f, 0x0b }, 2, VEC_UD, false },
		{ "mov-ds", { 0x8e, 0xd8 }, 2, VEC_GP, false },
		{ "div", { 0xf7, 0xf1 }, 2, VEC_DE, false },
	};
	struct svm_guest *g = svm_new(SVM_PROTECTED);

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		svm_reset(g, SVM_PROTECTED);
		svm_code_bytes(g, rows[i].code, rows[i].size);
		g->save->rflags |= FLAG_OF;
		g->save->rax = 0x7f8;
		g->registers.bx = (ulong)g->data;
		g->control->nrip = 0x5555;
		svm_run(g);
		EXPECT_EXIT(g, SVM_EXIT_EXCP(rows[i].vector));
		EXPECT_EQ(g->control->nrip, rows[i].set ? svm_end(g) : 0ull);
	}
}

TEST(nrip_other_exits, "nRIP is 0 at exits that no instruction has led to",
     SPEC("APM vol. 2, 15.7.1"), REQUIRES(cpu_has(X86_FEATURE_NRIPS)))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	SUBTEST("intr");
	svm_code_bytes(g, "\x90", 1);
	irq_record(0x55, 0x55);
	apic_send_vector(0, 0x55);
	g->save->rflags |= FLAG_IF;
	g->control->nrip = 0x5555;
	svm_intercept(g, SVM_EXIT_INTR, true);
	svm_run(g);
	EXPECT_EXIT(g, SVM_EXIT_INTR);
	EXPECT_EQ(g->control->nrip, 0ull);
	irq_window();
}

/* ------------------------------------------------------------------------------ decode assists */

TEST(swint_exitinfo1, "EXITINFO1 of INT n has the vector",
     SPEC("APM vol. 2, 15.8.2, table 15-4"), REQUIRES(cpu_has(X86_FEATURE_DECODE_ASSISTS)))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 vector = 0; vector < 256; vector += 15) {
		const u8 code[] = { 0xcd, (u8)vector };

		SUBTEST("vector-%u", vector);
		svm_reset(g, SVM_NATIVE);
		svm_code_bytes(g, code, sizeof(code));
		svm_intercept(g, SVM_EXIT_SWINT, true);
		intercept_run_and_expect(g, SVM_EXIT_SWINT);
		EXPECT_EQ(g->control->exitinfo1, (u64)vector);
	}
}

TEST(invlpg_exitinfo1, "EXITINFO1 of INVLPG has the linear address",
     SPEC("APM vol. 2, 15.8.3, table 15-5"), REQUIRES(cpu_has(X86_FEATURE_DECODE_ASSISTS)))
{
	static const ulong addresses[] = { 0, 0x123, 0x7ffff000, 0xfffffff8 };
	static const u8 invlpg_bx[] = { 0x0f, 0x01, 0x3b },
			invlpg_fs_bx[] = { 0x64, 0x0f, 0x01, 0x3b };
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < 2 * ARRAY_SIZE(addresses); i++) {
		SUBTEST("%#lx-%s", addresses[i / 2], i % 2 ? "fs" : "ds");
		svm_reset(g, SVM_NATIVE);
		if (i % 2)
			svm_code_bytes(g, invlpg_fs_bx, 4);
		else
			svm_code_bytes(g, invlpg_bx, 3);
		g->registers.bx = addresses[i / 2];
		g->save->fs.base = 0x1000;
		svm_intercept(g, SVM_EXIT_INVLPG, true);
		intercept_run_and_expect(g, SVM_EXIT_INVLPG);
		EXPECT_EQ(g->control->exitinfo1,
			  (u64)(ulong)(addresses[i / 2] + (i % 2 ? 0x1000 : 0)));
	}
}

TEST(guest_bytes,
     "an intercepted page fault of data has the instruction's bytes; other exits have none",
     SPEC("APM vol. 2, 15.8.4, table 15-6"),
	  REQUIRES(cpu_has(X86_FEATURE_DECODE_ASSISTS) && sizeof(ulong) == 8))
{
	static const u8 load[] = { 0x8b, 0x03 };
	struct svm_guest *g = svm_new(SVM_NATIVE);

	SUBTEST("page-fault");
	svm_code_bytes(g, load, sizeof(load));
	g->registers.bx = 0x123;
	svm_run(g);
	EXPECT_EXIT(g, SVM_EXIT_EXCP(VEC_PF));
	EXPECT_EQ(g->control->bytes_fetched & 0xf, 15);
	EXPECT_MEM_EQ(g->control->guest_bytes, g->code, 15);
	SUBTEST("other");
	svm_reset(g, SVM_NATIVE);
	svm_code_bytes(g, "", 0);
	g->control->bytes_fetched = 7;
	svm_run(g);
	EXPECT_EXIT(g, SVM_EXIT_VMMCALL);
	EXPECT_EQ(g->control->bytes_fetched, 0);
}

TEST(exit_high_rip, "RIP, nRIP and the RIP in EXITINFO2 are saved with all 64 bits",
     SPEC("APM vol. 2, 15.6; 15.7.1; 15.10.2"), REQUIRES(sizeof(ulong) == 8))
{
	struct nested n = nested_new();
	struct svm_guest *g = n.g;

	space_map(n.guest, n.address, (ulong)n.page, PAGE_SIZE, PROT_ALL);
	for (u32 i = 0; i < ARRAY_SIZE(insns); i++) {
		const u64 rip = n.address + NESTED_OFFSET;

		SUBTEST("%s", insns[i].name);
		nested_reset(&n);
		g->control->np_control = 0;
		intercept_insn(g, &insns[i]);
		memcpy(n.page + NESTED_OFFSET, insns[i].bytes, insns[i].size);
		g->save->rip = rip;
		svm_run(g);
		EXPECT_EXIT(g, insns[i].code);
		EXPECT_EQ(g->save->rip, rip);
		if (cpu_has(X86_FEATURE_NRIPS))
			EXPECT_EQ(g->control->nrip, rip + insns[i].size);
		if (insns[i].code == SVM_EXIT_IOIO)
			EXPECT_EQ(g->control->exitinfo2, rip + insns[i].size);
	}
}
