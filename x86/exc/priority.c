/* SPDX-License-Identifier: MIT */
/*
 * Which of several events at the same instruction boundary is served: SDM vol. 3A, 6.9, table
 * 6-2. Traps of the last instruction, then breakpoints, faults of the fetch, of decoding, of
 * execution.
 */
#include "event.h"

#include <mm/page.h>
#include <mm/space.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/place.h>

SUITE("Priorities of exceptions");

#define DR7_L0	     BIT(0)
#define DR7_ACCESS_4 (3u << 16 | 3u << 18)

static u32 watched;
static u8 ud2_code[] = { 0x0f, 0x0b };

static void run_at(void *arg)
{
	__asm__ volatile("call *%0" : : "r"(arg) : "memory");
}

static void run_at_with_tf(void *arg)
{
	__asm__ volatile("push %0\n" RAISE("popf") "nop\nud2"
			 :
			 : "r"((ulong)(FLAG_1 | FLAG_TF))
			 : "memory", "cc");
	(void)arg;
}

static void ud2_with_tf(void *arg)
{
	__asm__ volatile("push %0\n" RAISE("popf") "ud2"
			 :
			 : "r"((ulong)(FLAG_1 | FLAG_TF))
			 : "memory", "cc");
	(void)arg;
}

static void write_watched_then_ud2(void *arg)
{
	__asm__ volatile(RAISE("movl $1, %0") "ud2" : "=m"(watched) : : "memory");
	(void)arg;
}

static void read_dword(void *arg)
{
	__asm__ volatile(RAISE("movl (%0), %%eax") : : "r"(arg) : "eax", "memory");
}

static void load_ds_from(void *arg)
{
	__asm__ volatile(RAISE("movw (%0), %%ds") : : "r"(arg) : "memory");
}

static void set_breakpoint(const void *address, u32 kind)
{
	write_dr6(DR6_RESET);
	write_dr0((ulong)address);
	write_dr7(DR7_RESET | DR7_L0 | kind);
	raw_gate_set(VEC_DB, DESC_INTERRUPT_GATE, 0, 0);
}

TEST(breakpoint_before_ud, "an instruction breakpoint comes before the #UD of its instruction",
     SPEC("SDM vol. 3A, 6.9, table 6-2"))
{
	struct raw_entry entry;
	struct fault fault;

	raw_gate_set(VEC_UD, DESC_INTERRUPT_GATE, 0, 0);
	set_breakpoint(ud2_code, 0);
	fault = raw_gate_catch(KERNEL, run_at, ud2_code, &entry);
	write_dr7(DR7_RESET);
	EXPECT_FAULT(VECTOR(VEC_DB), fault);
	EXPECT_EQ(pushed_frame(&entry, false)->ip, (ulong)ud2_code);
	EXPECT_FAULT(VECTOR(VEC_UD), raw_gate_catch(KERNEL, run_at, ud2_code, &entry));
}

TEST(breakpoint_before_fetch_fault, "an instruction breakpoint comes before the #PF of the fetch",
     SPEC("SDM vol. 3A, 6.9, table 6-2"))
{
	void *page = space_absent_page();
	struct raw_entry entry;
	struct fault fault;

	set_breakpoint(page, 0);
	fault = raw_gate_catch(KERNEL, run_at, page, &entry);
	write_dr7(DR7_RESET);
	EXPECT_FAULT(VECTOR(VEC_DB), fault);
	EXPECT_EQ(pushed_frame(&entry, false)->ip, (ulong)page);
}

TEST(fetch_fault_before_ud,
     "an instruction whose second byte is absent is #PF with CR2 there, IP at its start",
     SPEC("SDM vol. 3A, 6.9, table 6-2"))
{
	u8 *pages = pages_alloc(2, PAGE_SIZE);
	u8 *start = pages + PAGE_SIZE - 1;
	const u64 fetch = cpu_has(X86_FEATURE_NX) ? PF_I : 0;

	*start = ud2_code[0];
	space_unmap(space_kernel(), (ulong)pages + PAGE_SIZE, PAGE_SIZE);
	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		SUBTEST("cpl%u", cpl);
		EXPECT_FAULT(PF(fetch | (cpl ? PF_U : 0), start + 1),
			     run_in(at_cpl(cpl), run_at, start));
		EXPECT_EQ(trap_last_frame()->ip, (ulong)start);
	}
}

TEST(step_before_next_fault,
     "the single-step trap of an instruction comes before the next one's fault",
     SPEC("SDM vol. 3A, 6.9, table 6-2"))
{
	struct raw_entry entry;

	raw_gate_set(VEC_DB, DESC_INTERRUPT_GATE, 0, 0);
	raw_gate_set(VEC_UD, DESC_INTERRUPT_GATE, 0, 0);
	ASSERT_FAULT(VECTOR(VEC_DB), raw_gate_catch(KERNEL, run_at_with_tf, NULL, &entry));
	EXPECT_EQ(pushed_frame(&entry, false)->ip, raise_next_ip + 1);
}

TEST(fault_instead_of_step,
     "an instruction that faults has no single-step trap; TF is in the flags pushed",
     SPEC("SDM vol. 3B, 17.3.1.4"))
{
	struct raw_entry entry;

	write_dr6(DR6_RESET);
	raw_gate_set(VEC_DB, DESC_INTERRUPT_GATE, 0, 0);
	raw_gate_set(VEC_UD, DESC_INTERRUPT_GATE, 0, 0);
	ASSERT_FAULT(VECTOR(VEC_UD), raw_gate_catch(KERNEL, ud2_with_tf, NULL, &entry));
	EXPECT_EQ(pushed_frame(&entry, false)->ip, raise_next_ip);
	EXPECT_EQ(pushed_frame(&entry, false)->flags & ~FLAG_RF, FLAG_1 | FLAG_TF);
	EXPECT_EQ(entry.flags & FLAG_TF, 0ul);
	EXPECT_EQ(read_dr6(), (ulong)DR6_RESET);
}

TEST(data_breakpoint_before_next_fault,
     "a data breakpoint's trap comes before the next instruction's fault",
     SPEC("SDM vol. 3A, 6.9, table 6-2"))
{
	struct raw_entry entry;
	struct fault fault;

	raw_gate_set(VEC_UD, DESC_INTERRUPT_GATE, 0, 0);
	set_breakpoint(&watched, DR7_ACCESS_4);
	fault = raw_gate_catch(KERNEL, write_watched_then_ud2, NULL, &entry);
	write_dr7(DR7_RESET);
	EXPECT_FAULT(VECTOR(VEC_DB), fault);
	EXPECT_EQ(pushed_frame(&entry, false)->ip, raise_next_ip);
}

TEST(page_fault_before_data_breakpoint, "an access that faults triggers no data breakpoint",
     SPEC("SDM vol. 3B, 17.2.5"))
{
	void *page = space_absent_page();
	struct raw_entry entry;
	struct fault fault;

	raw_gate_set(VEC_PF, DESC_INTERRUPT_GATE, 0, 0);
	set_breakpoint(page, DR7_ACCESS_4);
	fault = raw_gate_catch(KERNEL, read_dword, page, &entry);
	write_dr7(DR7_RESET);
	EXPECT_FAULT(VECTOR(VEC_PF), fault);
	EXPECT_EQ(read_dr6() & ~0xeul, (ulong)DR6_RESET);
}

TEST(operand_fault_before_selector, "a selector that cannot be read is #PF, whatever it would be",
     SPEC("SDM vol. 2B, MOV"))
{
	void *page = space_absent_page();

	EXPECT_FAULT(PF(0, page), fault_of(load_ds_from, page));
	EXPECT_EQ(trap_last_frame()->ip, raise_ip);
}
