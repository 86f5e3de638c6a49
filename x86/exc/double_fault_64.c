/* SPDX-License-Identifier: MIT */
/*
 * The second exception comes from the stack that the interrupt-stack table has for the first one:
 * #TS, #SS and #PF. SDM vol. 3A, 6.15, Interrupt 8, tables 6-4 and 6-5.
 */
#include "event.h"

#include <mm/page.h>
#include <mm/space.h>
#include <x86/cr.h>
#include <x86/insn.h>
#include <x86/place.h>

SUITE("Double faults by stacks");

enum class { BENIGN, CONTRIBUTORY, PAGE_FAULT };

static u8 *absent_page;

static void raise(void *arg)
{
	switch ((u32)(ulong)arg) {
	case VEC_DE:
		__asm__ volatile(RAISE("divl %0") : : "r"(0), "a"(1), "d"(0) : "memory", "cc");
		break;
	case VEC_BP:
		__asm__ volatile(RAISE("int3") : : : "memory");
		break;
	case VEC_UD:
		__asm__ volatile(RAISE("ud2") : : : "memory");
		break;
	case VEC_NP:
		__asm__ volatile(RAISE("movw %w0, %%ds") : : "r"(SEL_SPARE + 16) : "memory");
		break;
	case VEC_SS:
		__asm__ volatile(RAISE("movw %w0, %%ss") : : "r"(SEL_SPARE + 16) : "memory");
		break;
	case VEC_GP:
		__asm__ volatile(RAISE("movw %w0, %%ds") : : "r"(GDT_ENTRIES * 8) : "memory");
		break;
	case VEC_PF:
		__asm__ volatile(RAISE("movb %0, %%al") : : "m"(*absent_page) : "eax", "memory");
		break;
	default:
		__asm__ volatile(RAISE("int $0x40") : : : "memory");
	}
}

static const struct {
	const char *name;
	u32 vector;
	enum class class;
} firsts[] = {
	{ "de", VEC_DE, CONTRIBUTORY }, { "np", VEC_NP, CONTRIBUTORY },
	{ "ss", VEC_SS, CONTRIBUTORY }, { "gp", VEC_GP, CONTRIBUTORY },
	{ "pf", VEC_PF, PAGE_FAULT },	{ "bp", VEC_BP, BENIGN },
	{ "ud", VEC_UD, BENIGN },	{ "int-n", 0x40, BENIGN },
};

#define BAD_IST 4u

/* Good raw gates for all, and IST entry 4 for the first one. */
static void prepare(u32 first)
{
	static const u32 vectors[] = { VEC_DE, VEC_BP, VEC_UD, VEC_DF, VEC_TS,
				       VEC_NP, VEC_SS, VEC_GP, VEC_PF, 0x40 };

	for (u32 i = 0; i < ARRAY_SIZE(vectors); i++)
		raw_gate_set(vectors[i], DESC_INTERRUPT_GATE, 3, vectors[i] == first ? BAD_IST : 0);
	gdt_set_spare(2, ((DESC_FLAT | DESC_DB) & ~DESC_P) | DESC_DPL(0));
	absent_page = page_alloc();
	space_unmap(space_kernel(), (ulong)absent_page, PAGE_SIZE);
}

/* `second` is raised while the first one is being delivered. */
static void expect_pair(u32 i, u32 second)
{
	const bool is_double = firsts[i].class == CONTRIBUTORY ? second != VEC_PF
							       : firsts[i].class == PAGE_FAULT;
	const u32 expected = is_double ? VEC_DF : second;
	struct raw_entry entry;

	if (!EXPECT_FAULT(VECTOR(expected),
			  raw_gate_catch(KERNEL, raise, (void *)(ulong)firsts[i].vector, &entry)))
		return;
	EXPECT_EQ(raw_words_below(&entry, raise_sp), RAW_FRAME_WORDS + 1ul);
	if (is_double) {
		EXPECT_EQ(entry.words[0], 0ul);
		return;
	}
	EXPECT_EQ(pushed_frame(&entry, true)->ip, raise_ip);
	EXPECT_EQ(pushed_frame(&entry, true)->sp, raise_sp);
}

TEST(ss_as_second,
     "#SS of a stack that is not canonical, while the first exception is being delivered",
     SPEC("SDM vol. 3A, 6.15, Interrupt 8, table 6-5"))
{
	tss_of_this_cpu()->ist[BAD_IST - 1] = 0x0100000000000000;
	for (u32 i = 0; i < ARRAY_SIZE(firsts); i++) {
		SUBTEST("%s", firsts[i].name);
		prepare(firsts[i].vector);
		expect_pair(i, VEC_SS);
	}
}

TEST(ts_as_second,
     "#TS of a stack beyond the TSS's limit, while the first exception is being delivered",
     SPEC("SDM vol. 3A, 6.15, Interrupt 8, table 6-5"))
{
	const u64 base = (ulong)tss_of_this_cpu();

	for (u32 i = 0; i < ARRAY_SIZE(firsts); i++) {
		SUBTEST("%s", firsts[i].name);
		prepare(firsts[i].vector);
		gdt_set_spare(1, base >> 32);
		/* IST1 is at 36. */
		ASSERT_NO_FAULT(ltr_try(gdt_set_spare(0, DESC_BASE(base) | DESC_P |
								 DESC_TYPE(DESC_TSS_AVAILABLE) |
								 DESC_LIMIT(36 + 7))));
		expect_pair(i, VEC_TS);
	}
	desc_init();
}

TEST(ts_as_first,
     "#TS that cannot be delivered is #DF: by a gate not present, of a bad type, or by #TS again",
     SPEC("SDM vol. 3A, 6.15, Interrupt 8, table 6-5"))
{
	const u64 base = (ulong)tss_of_this_cpu();
	static const char *const names[] = { "np", "gp", "ts" };

	for (u32 i = 0; i < ARRAY_SIZE(names); i++) {
		struct raw_entry entry;

		SUBTEST("%s", names[i]);
		prepare(0x40);
		gdt_set_spare(1, base >> 32);
		ASSERT_NO_FAULT(ltr_try(gdt_set_spare(0, DESC_BASE(base) | DESC_P |
								 DESC_TYPE(DESC_TSS_AVAILABLE) |
								 DESC_LIMIT(36 + 7))));
		if (i == 0)
			idt[VEC_TS].type &= 0x7f;
		else if (i == 1)
			idt[VEC_TS].type = 0x80;
		else
			idt_set_ist(VEC_TS, BAD_IST);
		EXPECT_FAULT(VECTOR(VEC_DF), raw_gate_catch(KERNEL, raise, (void *)0x40ul, &entry));
		EXPECT_EQ(entry.words[0], 0ul);
	}
	desc_init();
}

TEST(pf_as_second,
     "#PF of a stack that is absent, while the first exception is being delivered; CR2 is "
     "that of the push",
     SPEC("SDM vol. 3A, 6.15, Interrupt 8, table 6-5"))
{
	for (u32 i = 0; i < ARRAY_SIZE(firsts); i++) {
		u8 *stack = page_alloc();

		SUBTEST("%s", firsts[i].name);
		prepare(firsts[i].vector);
		space_unmap(space_kernel(), (ulong)stack, PAGE_SIZE);
		tss_of_this_cpu()->ist[BAD_IST - 1] = (ulong)stack + PAGE_SIZE;
		expect_pair(i, VEC_PF);
		EXPECT_EQ(ALIGN_DOWN(read_cr2(), PAGE_SIZE), (ulong)stack);
	}
}

static void int_0x40(void *arg)
{
	(void)arg;
	__asm__ volatile(RAISE("int $0x40") : : : "memory");
}

TEST(push_faults,
     "a push of the frame to an absent page is #PF: a supervisor's write, at CPL 3 too, "
     "with CR2 in that page",
     SPEC("SDM vol. 3A, 4.6.1, 6.14.2"))
{
	u8 *pages = pages_alloc(2, PAGE_SIZE);
	struct raw_entry entry;

	space_unmap(space_kernel(), (ulong)pages, PAGE_SIZE);
	for (ulong fits = 0; fits < RAW_FRAME_WORDS; fits += 2)
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			const ulong top = (ulong)pages + PAGE_SIZE + 8 * fits;

			SUBTEST("%lu-words-fit-cpl%u", fits, cpl);
			raw_gate_set(0x40, DESC_INTERRUPT_GATE, 3, BAD_IST);
			raw_gate_set(VEC_PF, DESC_INTERRUPT_GATE, 0, 0);
			tss_of_this_cpu()->ist[BAD_IST - 1] = top;
			if (!EXPECT_FAULT(VECTOR(VEC_PF),
					  raw_gate_catch(at_cpl(cpl), int_0x40, NULL, &entry)))
				continue;
			EXPECT_EQ(entry.words[0], (ulong)PF_W);
			EXPECT_EQ(ALIGN_DOWN(read_cr2(), PAGE_SIZE), (ulong)pages);
			EXPECT_EQ(pushed_frame(&entry, true)->ip, raise_ip);
			EXPECT_EQ(pushed_frame(&entry, true)->sp, raise_sp);
			EXPECT_EQ(pushed_frame(&entry, true)->cs, (ulong)code_selector(cpl));
			EXPECT_EQ(pushed_frame(&entry, true)->ss, (ulong)stack_selector(cpl));
		}
}

TEST(ist_of_zero,
     "an IST entry of 0 is a stack as any other: the frame goes below the top of the address "
     "space",
     SPEC("SDM vol. 3A, 6.14.5"))
{
	struct raw_entry entry;

	raw_gate_set(0x40, DESC_INTERRUPT_GATE, 3, BAD_IST);
	raw_gate_set(VEC_PF, DESC_INTERRUPT_GATE, 0, 0);
	tss_of_this_cpu()->ist[BAD_IST - 1] = 0;
	ASSERT_FAULT(VECTOR(VEC_PF), raw_gate_catch(KERNEL, int_0x40, NULL, &entry));
	EXPECT_EQ(entry.words[0], (ulong)PF_W);
	EXPECT_EQ(ALIGN_DOWN(read_cr2(), PAGE_SIZE), ALIGN_DOWN(~0ul, PAGE_SIZE));
}

static ulong outer_frame;

static void int_0x42_in_handler(struct trap_frame *frame)
{
	outer_frame = (ulong)frame;
	__asm__ volatile("int $0x42" : : : "memory");
}

TEST(ist_nested, "an event within a handler of the same IST entry starts at the same stack again",
     SPEC("SDM vol. 3A, 6.14.5"))
{
	const ulong top = (ulong)page_alloc() + PAGE_SIZE;
	struct raw_entry entry;

	tss_of_this_cpu()->ist[BAD_IST - 1] = top;
	trap_set_handler(0x40, int_0x42_in_handler);
	idt_set_ist(0x40, BAD_IST);
	raw_gate_set(0x42, DESC_INTERRUPT_GATE, 0, BAD_IST);
	ASSERT_FAULT(VECTOR(0x42), raw_gate_catch(KERNEL, int_0x40, NULL, &entry));
	EXPECT_LT(outer_frame, top);
	EXPECT_GT(outer_frame, top - PAGE_SIZE);
	EXPECT_EQ(entry.sp, top - RAW_FRAME_WORDS * sizeof(ulong));
	EXPECT_LT(pushed_frame(&entry, false)->sp, outer_frame);
}
