/* SPDX-License-Identifier: MIT */
/*
 * What delivery does to the flags: the image that is pushed, and what the handler starts with.
 * Interrupt gates and trap gates differ in IF alone.
 */
#include "event.h"

#include <mm/page.h>
#include <mm/space.h>
#include <x86/cr.h>
#include <x86/desc.h>

SUITE("Flags at delivery");

/* Sets flags and raises at once; POPF cannot set RF or VM. */
static void int3_with_flags(void *arg)
{
	__asm__ volatile("push %0\npopf\n" RAISE("int3")
			 :
			 : "r"(*(const ulong *)arg)
			 : "memory", "cc");
}

static void ud2_with_flags(void *arg)
{
	__asm__ volatile("push %0\npopf\n" RAISE("ud2")
			 :
			 : "r"(*(const ulong *)arg)
			 : "memory", "cc");
}

static void int_0x40_with_flags(void *arg)
{
	__asm__ volatile("push %0\npopf\n" RAISE("int $0x40")
			 :
			 : "r"(*(const ulong *)arg)
			 : "memory", "cc");
}

static const struct {
	const char *name;
	void (*raise)(void *arg);
	u32 vector, dpl;
} sources[] = {
	{ "int3", int3_with_flags, VEC_BP, 3 },
	{ "ud2", ud2_with_flags, VEC_UD, 0 },
	{ "int-n", int_0x40_with_flags, 0x40, 3 },
};

static const struct {
	const char *name;
	u32 type;
} gates[] = {
	{ "interrupt-gate", DESC_INTERRUPT_GATE },
	{ "trap-gate", DESC_TRAP_GATE },
};

/* TF is debug.c's: with it, a trap would come before the event. */
static const struct {
	const char *name;
	ulong set;
} images[] = {
	{ "none", 0 },
	{ "arithmetic", FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF },
	{ "if", FLAG_IF },
	{ "df", FLAG_DF },
	{ "nt", FLAG_NT },
	{ "iopl3", FLAG_IOPL },
	{ "ac", FLAG_AC },
	{ "id", FLAG_ID },
	{ "if-nt-df-ac", FLAG_IF | FLAG_NT | FLAG_DF | FLAG_AC },
};

TEST(delivery_flags,
     "delivery pushes the flags, clears TF, NT, RF and VM, and IF for interrupt gates only",
     SPEC("SDM vol. 3A, 6.12.1.2 and 6.8.1"))
{
	for (u32 s = 0; s < ARRAY_SIZE(sources); s++)
		for (u32 g = 0; g < ARRAY_SIZE(gates); g++)
			for (u32 i = 0; i < ARRAY_SIZE(images); i++) {
				ulong flags = FLAG_1 | images[i].set;
				ulong cleared = FLAG_NT | (g == 0 ? FLAG_IF : 0);
				struct raw_entry entry;

				SUBTEST("%s-%s-%s", sources[s].name, gates[g].name, images[i].name);
				raw_gate_set(sources[s].vector, gates[g].type, sources[s].dpl, 0);
				if (!EXPECT_FAULT(VECTOR(sources[s].vector),
						  raw_gate_catch(KERNEL, sources[s].raise, &flags,
								 &entry)))
					continue;
				EXPECT_EQ(pushed_frame(&entry, false)->flags & ~FLAG_RF, flags);
				EXPECT_EQ(entry.flags, flags & ~cleared);
			}
}

TEST(delivery_flags_from_user, "the same from CPL 3, where POPF changes neither IF nor IOPL",
     SPEC("SDM vol. 3A, 6.12.1.2"))
{
	for (u32 s = 0; s < ARRAY_SIZE(sources); s++)
		for (u32 i = 0; i < ARRAY_SIZE(images); i++) {
			ulong flags = FLAG_1 | images[i].set;
			ulong expected = flags & ~(FLAG_IF | FLAG_IOPL);
			struct raw_entry entry;

			SUBTEST("%s-%s", sources[s].name, images[i].name);
			raw_gate_set(sources[s].vector, DESC_INTERRUPT_GATE, sources[s].dpl, 0);
			if (!EXPECT_FAULT(VECTOR(sources[s].vector),
					  raw_gate_catch(USER, sources[s].raise, &flags, &entry)))
				continue;
			EXPECT_EQ(pushed_frame(&entry, false)->flags & ~FLAG_RF, expected);
			EXPECT_EQ(entry.flags, expected & ~FLAG_NT);
		}
}

/* -------------------------------------------------------------------------------------------
 * RF */

static u8 *absent_page;

static void fault_ud(void *arg)
{
	(void)arg;
	__asm__ volatile("ud2");
}

static void fault_de(void *arg)
{
	(void)arg;
	__asm__ volatile("divl %0" : : "r"(0), "a"(1), "d"(0) : "cc");
}

static void fault_gp(void *arg)
{
	(void)arg;
	__asm__ volatile("movw %w0, %%ds" : : "r"(GDT_ENTRIES * 8));
}

static void fault_np(void *arg)
{
	(void)arg;
	__asm__ volatile("movw %w0, %%ds" : : "r"(SEL_SPARE));
}

static void fault_pf(void *arg)
{
	(void)arg;
	READ_ONCE(*absent_page);
}

static void fault_pf_of_fetch(void *arg)
{
	(void)arg;
	((void (*)(void))absent_page)();
}

static void trap_int3(void *arg)
{
	(void)arg;
	__asm__ volatile("int3");
}

static void trap_int_0x40(void *arg)
{
	(void)arg;
	__asm__ volatile("int $0x40");
}

TEST(rf_pushed, "the flags that a fault pushes have RF set, those of a software interrupt have not",
     SPEC("SDM vol. 3B, 17.3.1.1"))
{
	static const struct {
		const char *name;
		void (*raise)(void *arg);
		u32 vector;
		bool error_code, rf;
	} rows[] = {
		{ "de", fault_de, VEC_DE, false, true },
		{ "ud", fault_ud, VEC_UD, false, true },
		{ "gp", fault_gp, VEC_GP, true, true },
		{ "np", fault_np, VEC_NP, true, true },
		{ "pf", fault_pf, VEC_PF, true, true },
		{ "pf-fetch", fault_pf_of_fetch, VEC_PF, true, true },
		{ "int3", trap_int3, VEC_BP, false, false },
		{ "int-n", trap_int_0x40, 0x40, false, false },
	};

	absent_page = page_alloc();
	space_unmap(space_kernel(), (ulong)absent_page, PAGE_SIZE);
	gdt_set_spare(0, DESC_FLAT & ~DESC_P);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct raw_entry entry;

		SUBTEST("%s", rows[i].name);
		raw_gate_set(rows[i].vector, DESC_INTERRUPT_GATE, 0, 0);
		if (!EXPECT_FAULT(VECTOR(rows[i].vector),
				  raw_gate_catch(KERNEL, rows[i].raise, NULL, &entry)))
			continue;
		EXPECT_EQ(pushed_frame(&entry, rows[i].error_code)->flags & FLAG_RF,
			  rows[i].rf ? FLAG_RF : 0);
	}
}
