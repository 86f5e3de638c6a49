/* SPDX-License-Identifier: MIT */
/* Debug exceptions: single steps and data breakpoints are traps, instruction breakpoints
 * faults. */
#include "event.h"

#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/place.h>

SUITE("Debug exceptions");

/* DR7 for breakpoint 0: enabled, of this kind and length. SDM vol. 3B, 17.2.4. */
#define DR7_L0	     BIT(0)
#define DR7_EXECUTE  (0u << 16)
#define DR7_WRITE    (1u << 16)
#define DR7_ACCESS   (3u << 16)
#define DR7_LENGTH_1 (0u << 18)
#define DR7_LENGTH_4 (3u << 18)
#define DR6_B0	     BIT(0)
#define DR6_BS	     BIT(14)

static u32 watched;
static u8 code[4] = { 0x90, 0x90, 0xc3 };

static void step_over_nop(void *arg)
{
	(void)arg;
	__asm__ volatile("push %0\n" RAISE("popf") "nop\nnop\nnop"
			 :
			 : "r"((ulong)(FLAG_1 | FLAG_TF))
			 : "memory", "cc");
}

static void write_watched(void *arg)
{
	(void)arg;
	__asm__ volatile(RAISE("movl $1, %0") "nop" : "=m"(watched) : : "memory");
}

static void read_watched(void *arg)
{
	(void)arg;
	__asm__ volatile(RAISE("movl %0, %%eax") "nop" : : "m"(watched) : "eax", "memory");
}

static void run_code(void *arg)
{
	(void)arg;
	__asm__ volatile("call *%0" : : "r"(code) : "memory");
}

TEST(single_step_is_trap, "with TF set, #DB comes after the next instruction, with DR6.BS",
     SPEC("SDM vol. 3B, 17.3.1.4"))
{
	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		struct raw_entry entry;

		SUBTEST("cpl%u", cpl);
		write_dr6(DR6_RESET);
		raw_gate_set(VEC_DB, DESC_INTERRUPT_GATE, 0, 0);
		EXPECT_FAULT(VECTOR(VEC_DB),
			     raw_gate_catch(at_cpl(cpl), step_over_nop, NULL, &entry));
		EXPECT_EQ(pushed_frame(&entry, false)->ip, raise_next_ip + 1);
		EXPECT_EQ(pushed_frame(&entry, false)->flags, FLAG_1 | FLAG_TF);
		EXPECT_EQ(entry.flags & FLAG_TF, 0ul);
		EXPECT_EQ(read_dr6(), (ulong)(DR6_RESET | DR6_BS));
	}
}

TEST(data_breakpoint_is_trap, "a data breakpoint is a trap after the access, with DR6.B0",
     SPEC("SDM vol. 3B, 17.3.1.2"))
{
	static const struct {
		const char *name;
		void (*access)(void *arg);
		u32 kind;
		bool hits;
	} rows[] = {
		{ "write-of-write", write_watched, DR7_WRITE, true },
		{ "read-of-write", read_watched, DR7_WRITE, false },
		{ "write-of-access", write_watched, DR7_ACCESS, true },
		{ "read-of-access", read_watched, DR7_ACCESS, true },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			struct raw_entry entry;
			struct fault fault;

			SUBTEST("%s-cpl%u", rows[i].name, cpl);
			raw_gate_set(VEC_DB, DESC_INTERRUPT_GATE, 0, 0);
			write_dr6(DR6_RESET);
			write_dr0((ulong)&watched);
			write_dr7(DR7_RESET | DR7_L0 | rows[i].kind | DR7_LENGTH_4);
			fault = raw_gate_catch(at_cpl(cpl), rows[i].access, NULL, &entry);
			write_dr7(DR7_RESET);
			if (!rows[i].hits) {
				EXPECT_NO_FAULT(fault);
				continue;
			}
			EXPECT_FAULT(VECTOR(VEC_DB), fault);
			EXPECT_EQ(pushed_frame(&entry, false)->ip, raise_next_ip);
			EXPECT_EQ(read_dr6() & ~0xeul, (ulong)(DR6_RESET | DR6_B0));
		}
}

TEST(instruction_breakpoint_is_fault, "an instruction breakpoint is a fault before it, with DR6.B0",
     SPEC("SDM vol. 3B, 17.3.1.1"))
{
	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		struct raw_entry entry;
		struct fault fault;

		SUBTEST("cpl%u", cpl);
		raw_gate_set(VEC_DB, DESC_INTERRUPT_GATE, 0, 0);
		write_dr6(DR6_RESET);
		write_dr0((ulong)&code[1]);
		write_dr7(DR7_RESET | DR7_L0 | DR7_EXECUTE | DR7_LENGTH_1);
		fault = raw_gate_catch(at_cpl(cpl), run_code, NULL, &entry);
		write_dr7(DR7_RESET);
		EXPECT_FAULT(VECTOR(VEC_DB), fault);
		EXPECT_EQ(pushed_frame(&entry, false)->ip, (ulong)&code[1]);
		EXPECT_EQ(read_dr6() & ~0xeul, (ulong)(DR6_RESET | DR6_B0));
	}
}

static u32 hits;

static void resume_with_rf(struct trap_frame *frame)
{
	if (++hits < 10)
		frame->flags |= FLAG_RF;
	else
		write_dr7(DR7_RESET);
}

TEST(rf_resumes,
     "IRET with RF in the image runs the instruction with a breakpoint once without #DB",
     SPEC("SDM vol. 3B, 17.3.1.1"))
{
	hits = 0;
	trap_set_handler(VEC_DB, resume_with_rf);
	write_dr0((ulong)&code[1]);
	write_dr7(DR7_RESET | DR7_L0 | DR7_EXECUTE | DR7_LENGTH_1);
	run_code(NULL);
	EXPECT_EQ(hits, 1u);
	/* RF is gone after one instruction: the next time it hits again. */
	run_code(NULL);
	EXPECT_EQ(hits, 2u);
	write_dr7(DR7_RESET);
}
