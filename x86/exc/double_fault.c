/* SPDX-License-Identifier: MIT */
/*
 * A second exception while the first is being delivered: #DF or one after the other, by their
 * classes. SDM vol. 3A, 6.15, Interrupt 8, tables 6-4 and 6-5. The second one comes from the
 * first one's gate.
 */
#include <test.h>

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>
#include <x86/apic.h>
#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/insn.h>
#include <x86/raw_gate.h>

SUITE("Double faults");

static u8 *absent_page;

static void raise_de(void *arg)
{
	(void)arg;
	__asm__ volatile(RAISE("divl %0") : : "r"(0), "a"(1), "d"(0) : "memory", "cc");
}

static void raise_np(void *arg)
{
	(void)arg;
	__asm__ volatile(RAISE("movw %w0, %%ds") : : "r"(SEL_SPARE) : "memory");
}

static void raise_ss(void *arg)
{
	(void)arg;
	__asm__ volatile(RAISE("movw %w0, %%ss") : : "r"(SEL_SPARE) : "memory");
}

static void raise_gp(void *arg)
{
	(void)arg;
	__asm__ volatile(RAISE("movw %w0, %%ds") : : "r"(GDT_ENTRIES * 8) : "memory");
}

static void raise_pf(void *arg)
{
	(void)arg;
	__asm__ volatile(RAISE("movb %0, %%al") : : "m"(*absent_page) : "eax", "memory");
}

static void raise_ud(void *arg)
{
	(void)arg;
	__asm__ volatile(RAISE("ud2") : : : "memory");
}

static void raise_bp(void *arg)
{
	(void)arg;
	__asm__ volatile(RAISE("int3") : : : "memory");
}

static void raise_nm(void *arg)
{
	(void)arg;
	__asm__ volatile(RAISE("fnop") : : : "memory");
}

static void raise_int(void *arg)
{
	(void)arg;
	__asm__ volatile(RAISE("int $0x40") : : : "memory");
}

/* 1 / 0 with ZE unmasked, and what waits for it. */
static void raise_mf(void *arg)
{
	const u16 control = 0x037b;

	(void)arg;
	__asm__ volatile("fninit\nfldcw %0\nfld1\nfldz\nfdivrp\n" RAISE("fwait")
			 :
			 : "m"(control)
			 : "memory");
}

/* The first exceptions, which can all be raised at CPL 0 and 3 alike. */
struct source {
	const char *name;
	void (*raise)(void *arg);
	u32 vector;
};

static const struct source contributory[] = {
	{ "de", raise_de, VEC_DE },
	{ "np", raise_np, VEC_NP },
	{ "ss", raise_ss, VEC_SS },
	{ "gp", raise_gp, VEC_GP },
};

static const struct source page_fault = { "pf", raise_pf, VEC_PF };

static const struct source benign[] = {
	{ "bp", raise_bp, VEC_BP }, { "ud", raise_ud, VEC_UD },	  { "nm", raise_nm, VEC_NM },
	{ "mf", raise_mf, VEC_MF }, { "int-n", raise_int, 0x40 },
};

/* What can be wrong with a gate, and what that raises. */
enum defect { NOT_PRESENT, BAD_TYPE, NULL_SELECTOR, DATA_SELECTOR, DEFECTS };

static const struct {
	const char *name;
	u32 vector;
} defects[DEFECTS] = {
	[NOT_PRESENT] = { "np", VEC_NP },
	[BAD_TYPE] = { "gp-type", VEC_GP },
	[NULL_SELECTOR] = { "gp-null", VEC_GP },
	[DATA_SELECTOR] = { "gp-data", VEC_GP },
};

static void break_gate(u32 vector, enum defect defect)
{
	switch (defect) {
	case NOT_PRESENT:
		idt[vector].type &= (u8)~0x80;
		break;
	case BAD_TYPE:
		idt[vector].type = 0x80;
		break;
	case NULL_SELECTOR:
		idt[vector].selector = SEL_NULL;
		break;
	default:
		idt[vector].selector = SEL_KERNEL_DATA;
		break;
	}
}

/* Raw gates, of DPL 0, for all that may come; a descriptor for #NP and #SS; a page for #PF. */
static void prepare(void)
{
	static const u32 vectors[] = { VEC_DE, VEC_BP, VEC_UD, VEC_NM, VEC_DF, VEC_TS, VEC_NP,
				       VEC_SS, VEC_GP, VEC_PF, VEC_MF, VEC_DB, 0x40 };

	/* Of these, INT3 and INT n check the DPL. */
	for (u32 i = 0; i < ARRAY_SIZE(vectors); i++)
		raw_gate_set(vectors[i], DESC_INTERRUPT_GATE,
			     vectors[i] == VEC_BP || vectors[i] == 0x40 ? 3 : 0, 0);
	absent_page = page_alloc();
	space_unmap(space_kernel(), (ulong)absent_page, PAGE_SIZE);
}

static void prepare_segment(const struct source *source, u32 cpl)
{
	bool for_ss = source->vector == VEC_SS;

	gdt_set_spare(0, ((DESC_FLAT | DESC_DB) & ~DESC_P) | DESC_DPL(for_ss ? cpl : 3));
}

static struct fault raise_at(const struct source *source, u32 cpl, struct raw_entry *entry)
{
	return raw_gate_catch(at_cpl(cpl), source->raise, NULL, entry);
}

/* #DF has error code 0. The address pushed is undefined: there is no way back (Interrupt 8). */
static void expect_df(const struct source *source, u32 cpl)
{
	struct raw_entry entry;
	const u32 words = 1 + (cpl ? RAW_FRAME_WORDS_USER : RAW_FRAME_WORDS);

	prepare_segment(source, cpl);
	if (!EXPECT_FAULT(VECTOR(VEC_DF), raise_at(source, cpl, &entry)))
		return;
	EXPECT_EQ(entry.words[0], 0ul);
	EXPECT_EQ(raw_words_below(&entry, cpl ? tss_stack0(tss_of_this_cpu()) : raise_sp),
		  (ulong)words);
}

TEST(df_of_contributory,
     "a contributory exception while one is being delivered is #DF, error code 0",
     SPEC("SDM vol. 3A, 6.15, Interrupt 8"))
{
	for (u32 s = 0; s < ARRAY_SIZE(contributory); s++)
		for (u32 d = 0; d < DEFECTS; d++) {
			/* At CPL 3, SS cannot be loaded with this RPL. */
			const u32 last = contributory[s].vector == VEC_SS ? 0 : 3;

			for (u32 cpl = 0; cpl <= last; cpl += 3) {
				SUBTEST("%s-%s-cpl%u", contributory[s].name, defects[d].name, cpl);
				prepare();
				break_gate(contributory[s].vector, d);
				expect_df(&contributory[s], cpl);
			}
		}
}

TEST(df_of_page_fault,
     "a contributory exception while #PF is being delivered is #DF; CR2 is the #PF's",
     SPEC("SDM vol. 3A, 6.15, Interrupt 8"))
{
	for (u32 d = 0; d < DEFECTS; d++)
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			SUBTEST("%s-cpl%u", defects[d].name, cpl);
			prepare();
			break_gate(VEC_PF, d);
			expect_df(&page_fault, cpl);
			EXPECT_EQ(read_cr2(), (ulong)absent_page);
		}
}

TEST(benign_then_any, "after a benign exception that cannot be delivered, the second one is served",
     SPEC("SDM vol. 3A, 6.15, Interrupt 8"))
{
	const ulong cr0 = read_cr0();

	for (u32 s = 0; s < ARRAY_SIZE(benign); s++)
		for (u32 d = 0; d < DEFECTS; d++)
			for (u32 cpl = 0; cpl <= 3; cpl += 3) {
				struct raw_entry entry;

				SUBTEST("%s-%s-cpl%u", benign[s].name, defects[d].name, cpl);
				prepare();
				break_gate(benign[s].vector, d);
				write_cr0(cr0 | (benign[s].vector == VEC_NM ? CR0_TS : 0));
				EXPECT_FAULT(VECTOR(defects[d].vector),
					     raise_at(&benign[s], cpl, &entry));
				EXPECT_EQ(entry.words[1], raise_ip);
				write_cr0(cr0);
			}
}

static void step_over_nop(void *arg)
{
	(void)arg;
	__asm__ volatile("push %0\n" RAISE("popf") "nop\nnop"
			 :
			 : "r"((ulong)(FLAG_1 | FLAG_TF))
			 : "memory", "cc");
}

TEST(debug_then_any, "the same for a single-step trap: the address pushed is that after the step",
     SPEC("SDM vol. 3A, 6.15, Interrupt 8"))
{
	static const struct source step = { "db", step_over_nop, VEC_DB };

	for (u32 d = 0; d < DEFECTS; d++)
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			struct raw_entry entry;

			SUBTEST("%s-cpl%u", defects[d].name, cpl);
			prepare();
			break_gate(VEC_DB, d);
			EXPECT_FAULT(VECTOR(defects[d].vector), raise_at(&step, cpl, &entry));
			EXPECT_EQ(entry.words[1], raise_next_ip + 1);
			EXPECT_EQ(entry.flags & FLAG_TF, 0ul);
		}
	write_dr6(DR6_RESET);
}

static void raise_interrupt(void *arg)
{
	(void)arg;
	apic_send_vector(0, 0x40);
	__asm__ volatile("sti\nnop\nnop\nnop\nnop\ncli" : : : "memory");
}

TEST(interrupt_then_any, "after an interrupt that cannot be delivered, the exception is served",
     SPEC("SDM vol. 3A, 6.15, Interrupt 8"))
{
	static const struct source interrupt = { "interrupt", raise_interrupt, 0x40 };

	for (u32 d = 0; d < DEFECTS; d++) {
		struct raw_entry entry;

		SUBTEST("%s", defects[d].name);
		prepare();
		break_gate(0x40, d);
		EXPECT_FAULT(VECTOR(defects[d].vector), raise_at(&interrupt, 0, &entry));
		if (apic_vector_bit(APIC_ISR, 0x40))
			apic_eoi();
	}
}

/* --------------------------------------------------------------- page faults of the IDT itself
 */

/*
 * A copy of the IDT that crosses a page boundary right below the gate of #PF. Before the
 * boundary are the gates of #DE to #GP, after it #PF and all above.
 */
static ulong split_idt(void)
{
	u8 *pages = pages_alloc(3, PAGE_SIZE);
	struct idt_gate *copy = (struct idt_gate *)(pages + PAGE_SIZE) - VEC_PF;

	memcpy(copy, idt, sizeof(idt));
	return (ulong)copy;
}

static struct fault raise_with_idt(const struct source *source, u32 cpl, ulong base,
				   struct raw_entry *entry)
{
	struct desc_table_register moved = { sizeof(idt) - 1, base };
	struct desc_table_register usual = { sizeof(idt) - 1, (ulong)idt };
	struct fault fault;

	lidt(&moved);
	fault = raise_at(source, cpl, entry);
	lidt(&usual);
	return fault;
}

TEST(contributory_then_pf,
     "a #PF while a contributory exception is being delivered is served as #PF",
     SPEC("SDM vol. 3A, 6.15, Interrupt 8, table 6-5"))
{
	for (u32 s = 0; s < ARRAY_SIZE(contributory); s++) {
		struct raw_entry entry;
		ulong base, gate;

		SUBTEST("%s", contributory[s].name);
		prepare();
		base = split_idt();
		prepare_segment(&contributory[s], 0);
		space_unmap(space_kernel(), ALIGN_DOWN(base, PAGE_SIZE), PAGE_SIZE);
		if (!EXPECT_FAULT(VECTOR(VEC_PF),
				  raise_with_idt(&contributory[s], 0, base, &entry)))
			continue;
		EXPECT_EQ(entry.words[0], 0ul); /* a supervisor read of a page that is absent */
		EXPECT_EQ(entry.words[1], raise_ip);
		/* Any byte of the gate. */
		gate = base + contributory[s].vector * sizeof(struct idt_gate);
		EXPECT_EQ(ALIGN_DOWN(read_cr2() - base, (ulong)sizeof(struct idt_gate)) + base,
			  gate);
	}
}

TEST(gate_read_is_supervisor, "the IDT is read with supervisor privilege, also for events at CPL 3",
     SPEC("SDM vol. 3A, 4.6.1, implicit supervisor-mode accesses"))
{
	static const struct source source = { "ud", raise_ud, VEC_UD };
	struct raw_entry entry;
	ulong base;

	prepare();
	base = split_idt();
	space_unmap(space_kernel(), ALIGN_DOWN(base, PAGE_SIZE), PAGE_SIZE);
	ASSERT_FAULT(VECTOR(VEC_PF), raise_with_idt(&source, 3, base, &entry));
	EXPECT_EQ(entry.words[0], 0ul);
	EXPECT_EQ(entry.words[1], raise_ip);
}

TEST(df_of_two_page_faults, "a #PF while #PF is being delivered is #DF",
     BUG("XSA-196"), SPEC("SDM vol. 3A, 6.15, Interrupt 8, table 6-5"))
{
	struct raw_entry entry;
	ulong base;

	prepare();
	base = split_idt();
	space_unmap(space_kernel(), ALIGN_UP(base + 1, PAGE_SIZE), PAGE_SIZE);
	ASSERT_FAULT(VECTOR(VEC_DF), raise_with_idt(&page_fault, 0, base, &entry));
	EXPECT_EQ(entry.words[0], 0ul);
}
