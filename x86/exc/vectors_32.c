/* SPDX-License-Identifier: MIT */
/* The exceptions of instructions that 64-bit mode does not have: INTO, BOUND, AAM, and stack
 * limits. */
#include "event.h"

#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/insn.h>
#include <x86/place.h>

SUITE("Exceptions of 32-bit code");

static void execute_into(void *arg)
{
	(void)arg;
	__asm__ volatile("movb $0x7f, %%al\naddb $1, %%al\n" RAISE("into")
			 :
			 :
			 : "eax", "memory", "cc");
}

static void execute_into_without_of(void *arg)
{
	(void)arg;
	__asm__ volatile("xorl %%eax, %%eax\ninto" : : : "eax", "memory", "cc");
}

static void execute_aam_0(void *arg)
{
	(void)arg;
	__asm__ volatile(RAISE(".byte 0xd4, 0") : : : "eax", "memory", "cc");
}

/* An index outside bounds. */
static void execute_bound(void *arg)
{
	static const struct bounds bounds = { -5, 10 };

	__asm__ volatile(RAISE(BOUND_EAX_AT_ECX)
			 :
			 : "a"(*(const s32 *)arg), "c"(&bounds)
			 : "memory");
}

TEST(of_is_trap, "#OF of INTO with OF set is a trap without error code",
     SPEC("SDM vol. 3A, 6.15, Interrupt 4"))
{
	expect_event((struct event){ execute_into, .vector = VEC_OF, .kind = EVENT_SOFTWARE },
		     AT_CPL0 | AT_CPL3);
}

TEST(into_needs_of, "INTO with OF clear does nothing", SPEC("SDM vol. 2A, INT n/INTO/INT3/INT1"))
{
	EXPECT_NO_FAULT(fault_of(execute_into_without_of, NULL));
	EXPECT_NO_FAULT(run_user(execute_into_without_of, NULL));
}

TEST(into_checks_gate_dpl,
     "INTO at CPL 3 through a gate of DPL 0 is #GP with the vector and IDT bits",
     SPEC("SDM vol. 3A, 6.12.1.1"), BUG("XSA-106"))
{
	raw_gate_set(VEC_OF, DESC_INTERRUPT_GATE, 0, 0);
	EXPECT_FAULT(GP(VEC_OF << 3 | ERR_IDT), run_user(execute_into, NULL));
	EXPECT_EQ(trap_last_frame()->ip, raise_ip);
}

TEST(br_is_fault, "#BR of BOUND is a fault without error code, raised outside the bounds only",
     SPEC("SDM vol. 3A, 6.15, Interrupt 5"))
{
	static const struct {
		s32 index;
		bool inside;
	} rows[] = { { -6, false }, { -5, true }, { 0, true }, { 10, true }, { 11, false } };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct event event = { .raise = execute_bound,
				       .arg = (void *)&rows[i].index,
				       .vector = VEC_BR };
		struct raw_entry entry;

		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			SUBTEST("index%d-cpl%u", rows[i].index, cpl);
			if (!rows[i].inside)
				expect_event_at(event, cpl, &entry);
			else if (cpl)
				EXPECT_NO_FAULT(run_user(execute_bound, event.arg));
			else
				EXPECT_NO_FAULT(fault_of(execute_bound, event.arg));
		}
	}
}

static const struct {
	s16 lower, upper;
} bounds_16 = { -5, 10 };

static void execute_bound_16(void *arg)
{
	__asm__ volatile(RAISE(".byte 0x66\n" BOUND_EAX_AT_ECX)
			 :
			 : "a"(*(const s32 *)arg), "c"(&bounds_16)
			 : "memory");
}

TEST(br_of_16_bits, "BOUND with 16-bit operands compares AX, signed, with two words",
     SPEC("SDM vol. 2A, BOUND"))
{
	static const struct {
		const char *name;
		s32 index;
		bool inside;
	} rows[] = {
		{ "below", 0x7654fffa, false },
		{ "lower", 0x0001fffb, true },
		{ "zero", (s32)0x80000000, true },
		{ "upper", 0x7fff000a, true },
		{ "above", 11, false },
		{ "most-negative", 0x00008000, false },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			struct event event = { .raise = execute_bound_16,
					       .arg = (void *)(ulong)&rows[i].index,
					       .vector = VEC_BR };
			struct raw_entry entry;

			SUBTEST("%s-cpl%u", rows[i].name, cpl);
			if (!rows[i].inside)
				expect_event_at(event, cpl, &entry);
			else
				EXPECT_NO_FAULT(run_in(at_cpl(cpl), execute_bound_16, event.arg));
		}
}

TEST(de_of_aam, "AAM 0 is #DE", SPEC("SDM vol. 2A, AAM"))
{
	expect_event((struct event){ execute_aam_0, .vector = VEC_DE }, AT_CPL0 | AT_CPL3);
}

/* Reads a byte through SS = `arg` and goes back to the stack that it had. */
static void read_above_stack_limit(void *arg)
{
	__asm__ volatile("movl %%ss, %%edx\n"
			 "movw %w0, %%ss\n" RAISE("movb %%ss:0x1000, %%al") "movw %%dx, %%ss"
			 :
			 : "c"(*(const u16 *)arg)
			 : "eax", "edx", "memory");
}

/* The limit is far above the stack, but below the address read. */
TEST(ss_of_limit, "an access through SS beyond its limit is #SS(0)",
     SPEC("SDM vol. 3A, 6.15, Interrupt 12"))
{
	/* Expand-down, so that the stack itself, above the limit, remains usable. */
	const u64 descriptor = DESC_P | DESC_S | DESC_W | DESC_C | DESC_A | DESC_DB |
			       DESC_LIMIT(0x1fff);

	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		u16 selector = gdt_set_spare(0, descriptor | DESC_DPL(cpl));
		struct event event = {
			read_above_stack_limit, &selector, VEC_SS, EVENT_FAULT, true, 0
		};
		struct raw_entry entry;

		SUBTEST("cpl%u", cpl);
		selector |= (u16)cpl;
		raw_gate_set(VEC_SS, DESC_INTERRUPT_GATE, 0, 0);
		if (!EXPECT_FAULT(VECTOR(VEC_SS),
				  raw_gate_catch(at_cpl(cpl), event.raise, event.arg, &entry)))
			continue;
		EXPECT_EQ(entry.words[0], 0ul);
		EXPECT_EQ(pushed_frame(&entry, true)->ip, raise_ip);
	}
}

static void read_through_ds(void *arg)
{
	__asm__ volatile("movl %%ds, %%edx\n"
			 "movw %w0, %%ds\n"
			 "movb %%ds:0x1000, %%al\n"
			 "movw %%dx, %%ds"
			 :
			 : "c"(*(const u16 *)arg)
			 : "eax", "edx", "memory");
}

TEST(gp_of_limit, "an access through DS beyond its limit, or with a null selector in it, is #GP(0)",
     SPEC("SDM vol. 3A, 5.3, 5.4.1"), BUG("XSA-191"))
{
	u16 selector = gdt_set_spare(0, DESC_P | DESC_S | DESC_W | DESC_DB | DESC_DPL(3) |
						DESC_LIMIT(0xfff)) |
		       3;

	SUBTEST("limit-cpl0");
	EXPECT_FAULT(GP(0), fault_of(read_through_ds, &selector));
	SUBTEST("limit-cpl3");
	EXPECT_FAULT(GP(0), run_user(read_through_ds, &selector));
	selector = SEL_NULL;
	SUBTEST("null-cpl0");
	EXPECT_FAULT(GP(0), fault_of(read_through_ds, &selector));
	SUBTEST("null-cpl3");
	EXPECT_FAULT(GP(0), run_user(read_through_ds, &selector));
}
