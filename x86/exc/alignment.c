/* SPDX-License-Identifier: MIT */
/* #AC: misaligned data, at CPL 3 only, with CR0.AM and AC set. SDM vol. 3A, 6.15, Interrupt 17.
 */
#include "iret.h"

#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/place.h>

SUITE("Alignment checks");

static u8 data[32] __aligned(16);

struct access {
	const char *name;
	void (*run)(void *arg);
	u32 size;
};

struct access_at {
	u8 *address;
	ulong flags;
};

#define DEFINE_ACCESS_(name, insn)                                                    \
	static void name(void *arg)                                                   \
	{                                                                             \
		const struct access_at *a = arg;                                      \
                                                                                      \
		__asm__ volatile("push %1\npopf\n" RAISE(insn) "push %2\npopf"        \
				 :                                                    \
				 : "d"(a->address), "c"(a->flags), "b"((ulong)FLAG_1) \
				 : "memory", "cc", "eax");                            \
	}

DEFINE_ACCESS_(read_word, "movw (%0), %%ax")
DEFINE_ACCESS_(write_word, "movw %%ax, (%0)")
DEFINE_ACCESS_(read_dword, "movl (%0), %%eax")
DEFINE_ACCESS_(write_dword, "movl %%eax, (%0)")
DEFINE_ACCESS_(update_dword, "addl $1, (%0)")
DEFINE_ACCESS_(read_qword, "fildll (%0)\nfninit")
DEFINE_ACCESS_(read_byte, "movb (%0), %%al")

static const struct access accesses[] = {
	{ "read-word", read_word, 2 },	     { "write-word", write_word, 2 },
	{ "read-dword", read_dword, 4 },     { "write-dword", write_dword, 4 },
	{ "update-dword", update_dword, 4 }, { "read-qword", read_qword, 8 },
	{ "read-byte", read_byte, 1 },
};

TEST(ac_at_cpl3,
     "a misaligned access at CPL 3 with AM and AC set is #AC(0), a fault; an aligned one is not",
     SPEC("SDM vol. 3A, 6.15, Interrupt 17, table 6-7"))
{
	write_cr0(read_cr0() | CR0_AM);
	for (u32 i = 0; i < ARRAY_SIZE(accesses); i++) {
		SUBTEST("%s", accesses[i].name);
		for (u32 offset = 0; offset < accesses[i].size; offset++) {
			struct access_at at = { data + offset, FLAG_1 | FLAG_AC };
			struct event event = { accesses[i].run, &at, VEC_AC, EVENT_FAULT, true, 0 };
			struct raw_entry entry;

			if (offset)
				expect_event_at(event, 3, &entry);
			else
				EXPECT_NO_FAULT(run_user(accesses[i].run, &at));
		}
	}
	write_cr0(read_cr0() & ~CR0_AM);
}

TEST(no_ac_without_all, "a misaligned access raises nothing at CPL 0, or with AM or AC clear",
     SPEC("SDM vol. 3A, 6.15, Interrupt 17"))
{
	const ulong cr0 = read_cr0() & ~CR0_AM;

	for (u32 bits = 0; bits < 8; bits++) {
		struct access_at at = { data + 1, FLAG_1 | (bits & 2 ? FLAG_AC : 0) };
		const bool user = bits & 4;

		if (bits == 7)
			continue;
		SUBTEST("am%u-ac%u-cpl%u", bits & 1, bits >> 1 & 1, user ? 3 : 0);
		write_cr0(cr0 | (bits & 1 ? CR0_AM : 0));
		EXPECT_NO_FAULT(run_in(user ? USER : KERNEL, read_dword, &at));
		EXPECT_NO_FAULT(run_in(user ? USER : KERNEL, write_word, &at));
	}
	write_cr0(cr0);
}

static u8 kernel_stack[512] __aligned(16);

TEST(no_ac_of_frame,
     "the frame that an event at CPL 3 with AM and AC set pushes is no user's access: its "
     "stack may be misaligned",
     SPEC("SDM vol. 3A, 6.15, Interrupt 17"), BUG("CVE-2015-5307"))
{
	write_cr0(read_cr0() | CR0_AM);
	for (ulong offset = 0; offset < 4; offset++) {
		struct iret_try try = { .frame = iret_frame(3), .flags = FLAG_1 };
		const ulong top = (ulong)kernel_stack + sizeof(kernel_stack) - 16 + offset;
		struct raw_entry entry;

		SUBTEST("offset%lu", offset);
		try.frame.flags = FLAG_1 | FLAG_AC;
		raw_gate_set(VEC_UD, DESC_INTERRUPT_GATE, 0, 0);
		tss_set_stack0(tss_of_this_cpu(), top);
		EXPECT_FAULT(VECTOR(VEC_UD), raw_gate_catch(KERNEL, iret_asm, &try, &entry));
		EXPECT_EQ(entry.sp, (sizeof(ulong) == 8 ? ALIGN_DOWN(top, 16) : top) -
					    RAW_FRAME_WORDS_USER * sizeof(ulong));
		EXPECT_EQ(pushed_frame(&entry, false)->flags & ~FLAG_RF, FLAG_1 | FLAG_AC);
		EXPECT_EQ(entry.flags & FLAG_AC, FLAG_AC);
	}
	write_cr0(read_cr0() & ~CR0_AM);
}
