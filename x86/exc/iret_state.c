/* SPDX-License-Identifier: MIT */
/* What else IRET does to an outer level: FS and GS, conforming code, general registers. */
#include "iret.h"

#include <x86/cr.h>

SUITE("IRET to an outer level");

#define CODE_SIZE (sizeof(ulong) == 8 ? DESC_L : DESC_DB)
#define FLAT_CODE (DESC_FLAT | DESC_CODE | CODE_SIZE)
#define FLAT_DATA (DESC_FLAT | DESC_DB)

TEST(iret_nulls_fs_gs, "IRET to CPL n makes FS and GS null if they hold a segment of DPL below n",
     SPEC("SDM vol. 2A, IRET/IRETD/IRETQ, RETURN-TO-OUTER-PRIVILEGE-LEVEL"))
{
	for (u16 cpl = 1; cpl <= 3; cpl++)
		for (u16 dpl = 0; dpl <= 3; dpl++) {
			struct iret_try try = { .frame = iret_frame(3), .flags = FLAG_1 };
			const u16 data = gdt_set_spare(2, FLAT_DATA | DESC_DPL(dpl));
			const u16 conforming = gdt_set_spare(3, DESC_FLAT | DESC_CODE | DESC_DB |
									DESC_C | DESC_DPL(dpl));
			struct raw_entry entry;
			u16 fs, gs;

			SUBTEST("cpl%u-dpl%u", cpl, dpl);
			try.frame.cs = gdt_set_spare(0, FLAT_CODE | DESC_DPL(cpl)) | cpl;
			try.frame.ss = gdt_set_spare(1, FLAT_DATA | DESC_DPL(cpl)) | cpl;
			__asm__ volatile("mov %0, %%fs\nmov %1, %%gs"
					 :
					 : "r"((ulong)data), "r"((ulong)conforming)
					 : "memory");
			EXPECT_FAULT(VECTOR(VEC_UD), iret_run(&try, &entry));
			__asm__ volatile("mov %%fs, %0\nmov %%gs, %1\n"
					 "mov %2, %%fs\nmov %2, %%gs"
					 : "=&r"(fs), "=&r"(gs)
					 : "r"(0)
					 : "memory");
			EXPECT_EQ(fs, dpl < cpl ? SEL_NULL : data);
			EXPECT_EQ(gs, conforming);
		}
}

TEST(iret_to_conforming, "IRET to conforming code needs a DPL up to the RPL, which becomes CPL",
     SPEC("SDM vol. 2A, IRET/IRETD/IRETQ"))
{
	for (u16 rpl = 0; rpl <= 3; rpl++)
		for (u16 dpl = 0; dpl <= 3; dpl++) {
			struct iret_try try = { .frame = iret_frame(0), .flags = FLAG_1 };
			struct raw_entry entry;

			SUBTEST("rpl%u-dpl%u", rpl, dpl);
			try.frame.cs = gdt_set_spare(0, FLAT_CODE | DESC_C | DESC_DPL(dpl)) | rpl;
			try.frame.ss = gdt_set_spare(1, FLAT_DATA | DESC_DPL(rpl)) | rpl;
			if (!EXPECT_FAULT(VECTOR(dpl <= rpl ? VEC_UD : VEC_GP),
					  iret_run(&try, &entry)))
				continue;
			if (dpl > rpl) {
				EXPECT_EQ(entry.words[0], (ulong)SEL_SPARE);
				EXPECT_EQ(pushed_frame(&entry, true)->ip, (ulong)iret_instruction);
				continue;
			}
			EXPECT_EQ(pushed_frame(&entry, false)->cs, try.frame.cs);
			EXPECT_EQ(pushed_frame(&entry, false)->ip, (ulong)iret_target);
			EXPECT_EQ(entry.sp, ALIGN_DOWN(rpl ? tss_stack0(tss_of_this_cpu())
						       : sizeof(ulong) == 8 ? try.frame.sp
									    : try.sp + 12,
						       RAW_STACK_ALIGN) -
						    (rpl ? RAW_FRAME_WORDS_USER : RAW_FRAME_WORDS) *
							    sizeof(ulong));
		}
}

TEST(iret_privilege_matrix, "IRET to code that is not conforming needs a DPL equal to the RPL",
     SPEC("SDM vol. 2A, IRET/IRETD/IRETQ"))
{
	for (u16 rpl = 0; rpl <= 3; rpl++)
		for (u16 dpl = 0; dpl <= 3; dpl++) {
			struct iret_try try = { .frame = iret_frame(0), .flags = FLAG_1 };
			struct raw_entry entry;

			SUBTEST("rpl%u-dpl%u", rpl, dpl);
			try.frame.cs = gdt_set_spare(0, FLAT_CODE | DESC_DPL(dpl)) | rpl;
			try.frame.ss = gdt_set_spare(1, FLAT_DATA | DESC_DPL(rpl)) | rpl;
			EXPECT_FAULT(VECTOR(dpl == rpl ? VEC_UD : VEC_GP), iret_run(&try, &entry));
		}
}

TEST(iret_ss_matrix, "IRET to CPL n needs an SS whose RPL and DPL are n",
     SPEC("SDM vol. 2A, IRET/IRETD/IRETQ"))
{
	for (u16 cpl = 1; cpl <= 3; cpl++)
		for (u16 rpl = 0; rpl <= 3; rpl++)
			for (u16 dpl = 0; dpl <= 3; dpl++) {
				struct iret_try try = { .frame = iret_frame(0), .flags = FLAG_1 };
				const bool good = rpl == cpl && dpl == cpl;
				struct raw_entry entry;

				SUBTEST("cpl%u-rpl%u-dpl%u", cpl, rpl, dpl);
				try.frame.cs = gdt_set_spare(0, FLAT_CODE | DESC_DPL(cpl)) | cpl;
				try.frame.ss = gdt_set_spare(1, FLAT_DATA | DESC_DPL(dpl)) | rpl;
				if (!EXPECT_FAULT(VECTOR(good ? VEC_UD : VEC_GP),
						  iret_run(&try, &entry)) ||
				    good)
					continue;
				EXPECT_EQ(entry.words[0], SEL_SPARE + 8ul);
				EXPECT_EQ(pushed_frame(&entry, true)->ip, (ulong)iret_instruction);
			}
}
