/* SPDX-License-Identifier: MIT */
/* CR8 and V_TPR: APM vol. 2, 15.21.2. */
#include "intercept.h"

#include <x86/apic.h>

SUITE("SVM: the virtual TPR", REQUIRES(svm_available()));

static const u8 read_code[] = { 0x44, 0x0f, 0x20, 0xc3 };  /* MOV RBX, CR8 */
static const u8 write_code[] = { 0x44, 0x0f, 0x22, 0xc3 }; /* MOV CR8, RBX */

static void set_up(struct svm_guest *g, const u8 *code, u64 vintr)
{
	svm_reset(g, SVM_LONG);
	svm_code_bytes(g, code, 4);
	g->control->vintr = vintr;
}

TEST(cr8_read_masking, "with V_INTR_MASKING set, reads of CR8 return V_TPR",
     SPEC("APM vol. 2, 15.21.2"))
{
	struct svm_guest *g = svm_new(SVM_LONG);

	write_cr8(11);
	for (u32 tpr = 0; tpr < 16; tpr++) {
		SUBTEST("tpr-%u", tpr);
		set_up(g, read_code, V_TPR(tpr) | V_INTR_MASKING);
		g->registers.bx = 99;
		svm_run(g);
		EXPECT_DONE(g);
		EXPECT_EQ(g->registers.bx, (ulong)tpr);
		EXPECT_EQ(g->control->vintr & V_TPR_MASK, (u64)tpr);
		EXPECT_EQ(read_cr8(), 11ul);
	}
	write_cr8(0);
}

TEST(cr8_read, "with V_INTR_MASKING clear, reads of CR8 return the APIC's TPR",
     SPEC("APM vol. 2, 15.21.2"))
{
	struct svm_guest *g = svm_new(SVM_LONG);

	for (u32 tpr = 0; tpr < 16; tpr++) {
		SUBTEST("tpr-%u", tpr);
		write_cr8(tpr);
		set_up(g, read_code, V_TPR(tpr ^ 5));
		g->registers.bx = 99;
		svm_run(g);
		EXPECT_DONE(g);
		EXPECT_EQ(g->registers.bx, (ulong)tpr);
	}
	write_cr8(0);
}

TEST(cr8_write_masking, "with V_INTR_MASKING set, writes of CR8 affect V_TPR alone",
     SPEC("APM vol. 2, 15.21.2"))
{
	struct svm_guest *g = svm_new(SVM_LONG);

	write_cr8(11);
	for (u32 tpr = 0; tpr < 16; tpr++) {
		SUBTEST("tpr-%u", tpr);
		set_up(g, write_code, V_TPR(tpr ^ 5) | V_INTR_MASKING);
		g->registers.bx = tpr;
		svm_run(g);
		EXPECT_DONE(g);
		EXPECT_EQ(g->control->vintr & V_TPR_MASK, (u64)tpr);
		EXPECT_EQ(read_cr8(), 11ul);
		EXPECT_EQ(apic_read(APIC_TPR), 11u << 4);
	}
	write_cr8(0);
}

TEST(cr8_write, "with V_INTR_MASKING clear, writes of CR8 affect the APIC's TPR and V_TPR",
     SPEC("APM vol. 2, 15.21.2"))
{
	struct svm_guest *g = svm_new(SVM_LONG);

	for (u32 tpr = 0; tpr < 16; tpr++) {
		SUBTEST("tpr-%u", tpr);
		write_cr8(tpr ^ 3);
		set_up(g, write_code, V_TPR(tpr ^ 5));
		g->registers.bx = tpr;
		svm_run(g);
		EXPECT_DONE(g);
		EXPECT_EQ(g->control->vintr & V_TPR_MASK, (u64)tpr);
		EXPECT_EQ(read_cr8(), (ulong)tpr);
		EXPECT_EQ(apic_read(APIC_TPR), tpr << 4);
	}
	write_cr8(0);
}

TEST(cr8_lock_encoding,
     "LOCK MOV CR0 is the other encoding of MOV CR8 in 64-bit and in 32-bit code",
     SPEC("APM vol. 2, 15.21.3"), REQUIRES(cpu_has(X86_FEATURE_ALTMOVCR8)))
{
	static const u8 read_alt[] = { 0xf0, 0x0f, 0x20, 0xc3 },
			write_alt[] = { 0xf0, 0x0f, 0x22, 0xc3 };
	static const enum svm_mode modes[] = { SVM_LONG, SVM_COMPAT, SVM_PAE, SVM_PROTECTED };
	struct svm_guest *g = svm_new(SVM_LONG);

	for (u32 m = 0; m < ARRAY_SIZE(modes); m++) {
		SUBTEST("%s-read", svm_mode_name(modes[m]));
		svm_reset(g, modes[m]);
		svm_code_bytes(g, read_alt, 4);
		g->control->vintr = V_TPR(7) | V_INTR_MASKING;
		svm_run(g);
		EXPECT_DONE(g);
		EXPECT_EQ(g->registers.bx, 7ul);
		SUBTEST("%s-write", svm_mode_name(modes[m]));
		svm_reset(g, modes[m]);
		svm_code_bytes(g, write_alt, 4);
		g->control->vintr = V_TPR(7) | V_INTR_MASKING;
		g->registers.bx = 9;
		svm_run(g);
		EXPECT_DONE(g);
		EXPECT_EQ(g->control->vintr & V_TPR_MASK, 9ull);
		SUBTEST("%s-read-intercepted", svm_mode_name(modes[m]));
		svm_reset(g, modes[m]);
		svm_code_bytes(g, read_alt, 4);
		svm_intercept(g, SVM_EXIT_CR_READ(8), true);
		intercept_run_and_expect(g, SVM_EXIT_CR_READ(8));
		SUBTEST("%s-write-intercepted", svm_mode_name(modes[m]));
		svm_reset(g, modes[m]);
		svm_code_bytes(g, write_alt, 4);
		svm_intercept(g, SVM_EXIT_CR_WRITE(8), true);
		intercept_run_and_expect(g, SVM_EXIT_CR_WRITE(8));
	}
}

/* What two writes of CR8 do to a virtual interrupt of priority 5. */
struct cr8_writes {
	const char *name;
	u32 start, first, second, taken_at; /* 0: not taken */
};

static void check_writes(const struct cr8_writes *rows, u32 count)
{
	/* MOV CR8, RBX; NOP; MOV CR8, RCX; NOP */
	static const u8 code[] = { 0x44, 0x0f, 0x22, 0xc3, 0x90, 0x44, 0x0f, 0x22, 0xc1, 0x90 };
	struct svm_guest *g = svm_new(SVM_LONG);

	for (u32 i = 0; i < count; i++) {
		SUBTEST("%s", rows[i].name);
		svm_reset(g, SVM_LONG);
		svm_code_bytes(g, code, sizeof(code));
		g->control->vintr = V_IRQ | V_INTR_PRIO(5) | V_INTR_VECTOR(0x45) | V_INTR_MASKING |
				    V_TPR(rows[i].start);
		g->save->rflags |= FLAG_IF;
		g->registers.bx = rows[i].first;
		g->registers.cx = rows[i].second;
		svm_run(g);
		if (rows[i].taken_at) {
			EXPECT_DELIVERED(g, 0x45);
			EXPECT_EQ(svm_stack_word(g, 0), svm_start(g) + rows[i].taken_at);
		} else {
			EXPECT_DONE(g);
			EXPECT_EQ(g->control->vintr & V_IRQ, V_IRQ);
		}
	}
}

TEST(cr8_unmasks_virq, "a write of CR8 that lowers V_TPR lets a virtual interrupt in",
     SPEC("APM vol. 2, 15.21.2, 15.21.4"))
{
	static const struct cr8_writes rows[] = {
		{ "by-first", 9, 4, 9, 4 },
		{ "by-second", 9, 8, 3, 9 },
	};

	check_writes(rows, ARRAY_SIZE(rows));
}

TEST(cr8_masks_virq,
     "writes of CR8 that leave V_TPR above the priority of a virtual interrupt keep it out",
     SPEC("APM vol. 2, 15.21.2, 15.21.4"))
{
	static const struct cr8_writes rows[] = {
		{ "lowered-not-enough", 9, 7, 6, 0 },
		{ "raised", 9, 15, 6, 0 },
		{ "kept", 6, 6, 6, 0 },
	};

	check_writes(rows, ARRAY_SIZE(rows));
}

TEST(virq_not_in_host_cr8,
     "a virtual interrupt that the guest did not take is not taken in the host after a write of CR8",
     SPEC("APM vol. 2, 15.6, 15.21.4"))
{
	struct svm_guest *g = svm_new(SVM_LONG);

	svm_code_bytes(g, "\x90", 1);
	g->control->vintr = V_IRQ | V_INTR_PRIO(15) | V_INTR_VECTOR(0x45);
	svm_run(g);
	EXPECT_DONE(g);
	EXPECT_EQ(g->control->vintr & V_IRQ, V_IRQ);
	/* An interrupt here would be unexpected, and end the case. */
	write_cr8(1);
	write_cr8(0);
	__asm__ volatile("sti; nop; nop; nop; cli" : : : "memory");
}
