/* SPDX-License-Identifier: MIT */
/* The bases of FS and GS: by descriptor, MSR, WRFSBASE and SWAPGS, and how addresses are made of them. */
#include "seg.h"

#include <mm/page.h>
#include <x86/cpuid.h>
#include <x86/insn.h>
#include <x86/msr.h>
#include <x86/segment.h>

SUITE("Bases of FS and GS");

static const struct {
	const char *name;
	u32 msr;
} bases[] = {
	{ "FS_BASE", MSR_FS_BASE },
	{ "GS_BASE", MSR_GS_BASE },
	{ "KERNEL_GS_BASE", MSR_KERNEL_GS_BASE },
};

/* Not canonical with 57 bits of linear address either, which a CPU that has LA57 may check. */
static const u64 never_canonical[] = {
	0x0100000000000000, 0x4000000000000000, 0x7fffffffffffffff,
	0x8000000000000000, 0xfe00000000000000, 0xff00000000000000 - 1,
};

static const u64 canonical[] = {
	0, 1, 0x7fffffffffff, 0xffff800000000000, ~0ull, 0x123456789abc, 0xffffffff12345678,
};

TEST(base_from_descriptor,
     "loading FS or GS sets a base of 32 bits, zero-extended, whatever it was before",
     SPEC("SDM vol. 3A, 3.4.4"))
{
	const void *const load[] = { CODE("mov %%eax, %%fs"), CODE("mov %%eax, %%gs") };

	for (u32 i = 0; i < 2; i++) {
		struct registers r = { .flags = FLAG_1 };

		SUBTEST("%s", bases[i].name);
		for (u32 bit = 0; bit < 32; bit++) {
			wrmsr(bases[i].msr, 0xffffffffffffffff);
			wrmsr(bases[1 - i].msr, 0x123456789000);
			r.ax = gdt_set_spare(0, DATA_SEG | DESC_BASE(BIT(bit)));
			EXPECT_NO_FAULT(execute_try(load[i], &r));
			EXPECT_EQ(rdmsr(bases[i].msr), BIT(bit));
			EXPECT_EQ(rdmsr(bases[1 - i].msr), 0x123456789000ull);
		}
	}
}

TEST(base_kept_by_refused_load, "a load of FS or GS that faults keeps the base",
     SPEC("SDM vol. 3A, 6.5"))
{
	const void *const load[] = { CODE("mov %%eax, %%fs"), CODE("mov %%eax, %%gs") };

	for (u32 i = 0; i < 2; i++) {
		struct registers r = { .ax = gdt_set_spare(0, DATA_SEG & ~DESC_P),
				       .flags = FLAG_1 };

		SUBTEST("%s", bases[i].name);
		wrmsr(bases[i].msr, 0xffff812345678000);
		EXPECT_FAULT(NP(SEL_SPARE), execute_try(load[i], &r));
		EXPECT_EQ(rdmsr(bases[i].msr), 0xffff812345678000ull);
	}
}

TEST(base_msr_values, "the base MSRs keep canonical values, each its own, and no selector changes",
     SPEC("SDM vol. 3A, 3.4.4; vol. 4, table 2-2"))
{
	struct registers r = { .ax = gdt_set_spare(0, DATA_SEG), .flags = FLAG_1 };

	execute(CODE("mov %%eax, %%fs; mov %%eax, %%gs"), &r);
	for (u32 i = 0; i < ARRAY_SIZE(bases); i++) {
		SUBTEST("%s", bases[i].name);
		for (u32 j = 0; j < ARRAY_SIZE(bases); j++)
			wrmsr(bases[j].msr, 0x1000 * (j + 1));
		for (u32 j = 0; j < ARRAY_SIZE(canonical); j++) {
			EXPECT_NO_FAULT(wrmsr_try(bases[i].msr, canonical[j]));
			for (u32 k = 0; k < ARRAY_SIZE(bases); k++)
				EXPECT_EQ(rdmsr(bases[k].msr),
					  k == i ? canonical[j] : 0x1000 * (k + 1));
		}
		for (u32 bit = 0; bit < 47; bit++) {
			EXPECT_NO_FAULT(wrmsr_try(bases[i].msr, BIT(bit)));
			EXPECT_EQ(rdmsr(bases[i].msr), BIT(bit));
		}
	}
	execute(CODE("mov %%fs, %%eax; mov %%gs, %%ecx"), &r);
	EXPECT_EQ(r.ax, (ulong)SEL_SPARE);
	EXPECT_EQ(r.cx, (ulong)SEL_SPARE);
}

TEST(base_msr_non_canonical, "a base that is not canonical is #GP(0) and the MSR keeps its value",
     SPEC("SDM vol. 2D, WRMSR; vol. 3A, 3.4.4"), BUG("XSA-193"))
{
	for (u32 i = 0; i < ARRAY_SIZE(bases); i++) {
		SUBTEST("%s", bases[i].name);
		wrmsr(bases[i].msr, 0x1234);
		for (u32 j = 0; j < ARRAY_SIZE(never_canonical); j++) {
			EXPECT_FAULT(GP(0), wrmsr_try(bases[i].msr, never_canonical[j]), "%#llx",
				     never_canonical[j]);
			EXPECT_EQ(rdmsr(bases[i].msr), 0x1234ull);
		}
		wrmsr(bases[i].msr, 0);
	}
}

/* ----------------------------------------------------------------------- RDFSBASE and the like */

struct base_insn {
	const char *name;
	const void *code; /* with rAX */
	u32 msr;
	u32 width;
};

#define READS                                                                       \
	{                                                                           \
		{ "rdfsbase-32", CODE("rdfsbase %%eax"), MSR_FS_BASE, 32 },         \
			{ "rdfsbase-64", CODE("rdfsbase %%rax"), MSR_FS_BASE, 64 }, \
			{ "rdgsbase-32", CODE("rdgsbase %%eax"), MSR_GS_BASE, 32 }, \
			{ "rdgsbase-64", CODE("rdgsbase %%rax"), MSR_GS_BASE, 64 }, \
	}

#define WRITES                                                                      \
	{                                                                           \
		{ "wrfsbase-32", CODE("wrfsbase %%eax"), MSR_FS_BASE, 32 },         \
			{ "wrfsbase-64", CODE("wrfsbase %%rax"), MSR_FS_BASE, 64 }, \
			{ "wrgsbase-32", CODE("wrgsbase %%eax"), MSR_GS_BASE, 32 }, \
			{ "wrgsbase-64", CODE("wrgsbase %%rax"), MSR_GS_BASE, 64 }, \
	}

TEST(fsgsbase_read,
     "RDFSBASE and RDGSBASE read the base at any CPL; 32 bits of it are zero-extended",
     SPEC("SDM vol. 2B, RDFSBASE/RDGSBASE"), REQUIRES(cpu_has(X86_FEATURE_FSGSBASE)))
{
	const struct base_insn rows[] = READS;

	write_cr4(read_cr4() | CR4_FSGSBASE);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 cpl = 0; cpl <= 3; cpl++) {
			SUBTEST("%s-cpl%u", rows[i].name, cpl);
			for (u32 j = 0; j < ARRAY_SIZE(canonical); j++) {
				struct registers r = { .ax = 0x5a5a5a5a5a5a5a5a,
						       .flags = FLAG_1 | STATUS_FLAGS };

				wrmsr(rows[i].msr, canonical[j]);
				EXPECT_NO_FAULT(execute_in(at_cpl(cpl), rows[i].code, &r));
				EXPECT_EQ(r.ax, rows[i].width == 64 ? (ulong)canonical[j]
								    : (u32)canonical[j]);
				EXPECT_EQ(r.flags, FLAG_1 | STATUS_FLAGS);
			}
		}
	write_cr4(read_cr4() & ~CR4_FSGSBASE);
}

TEST(fsgsbase_write,
     "WRFSBASE and WRGSBASE write the base at any CPL; 32 bits clear the upper half",
     SPEC("SDM vol. 2D, WRFSBASE/WRGSBASE"), REQUIRES(cpu_has(X86_FEATURE_FSGSBASE)))
{
	const struct base_insn rows[] = WRITES;

	write_cr4(read_cr4() | CR4_FSGSBASE);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 cpl = 0; cpl <= 3; cpl++) {
			SUBTEST("%s-cpl%u", rows[i].name, cpl);
			for (u32 j = 0; j < ARRAY_SIZE(canonical); j++) {
				ulong expected = rows[i].width == 64 ? (ulong)canonical[j]
								     : (u32)canonical[j];
				struct registers r = { .ax = (ulong)canonical[j],
						       .flags = FLAG_1 | STATUS_FLAGS };

				wrmsr(rows[i].msr, 0xffff800000000000);
				EXPECT_NO_FAULT(execute_in(at_cpl(cpl), rows[i].code, &r));
				EXPECT_EQ(rdmsr(rows[i].msr), (u64)expected);
				EXPECT_EQ(r.flags, FLAG_1 | STATUS_FLAGS);
			}
		}
	write_cr4(read_cr4() & ~CR4_FSGSBASE);
}

TEST(fsgsbase_non_canonical,
     "WRFSBASE and WRGSBASE of what is not canonical are #GP(0), base unchanged",
     SPEC("SDM vol. 2D, WRFSBASE/WRGSBASE"), REQUIRES(cpu_has(X86_FEATURE_FSGSBASE)),
	  BUG("XSA-193"))
{
	const struct base_insn rows[] = WRITES;

	write_cr4(read_cr4() | CR4_FSGSBASE);
	for (u32 i = 1; i < ARRAY_SIZE(rows); i += 2)
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			SUBTEST("%s-cpl%u", rows[i].name, cpl);
			wrmsr(rows[i].msr, 0x1234);
			for (u32 j = 0; j < ARRAY_SIZE(never_canonical); j++) {
				struct registers r = { .ax = (ulong)never_canonical[j],
						       .flags = FLAG_1 };

				EXPECT_FAULT(GP(0), execute_in(at_cpl(cpl), rows[i].code, &r));
				EXPECT_EQ(rdmsr(rows[i].msr), 0x1234ull);
			}
			wrmsr(rows[i].msr, 0);
		}
	write_cr4(read_cr4() & ~CR4_FSGSBASE);
}

TEST(fsgsbase_disabled, "without CR4.FSGSBASE, RDFSBASE, RDGSBASE, WRFSBASE and WRGSBASE are #UD",
     SPEC("SDM vol. 2B, RDFSBASE/RDGSBASE; vol. 2D, WRFSBASE/WRGSBASE"))
{
	const struct base_insn reads[] = READS, writes[] = WRITES;

	for (u32 i = 0; i < 8; i++) {
		const struct base_insn *insn = i < 4 ? &reads[i] : &writes[i - 4];

		SUBTEST("%s", insn->name);
		for (u32 cpl = 0; cpl <= 3; cpl++) {
			struct registers r = { .ax = 0x1000, .flags = FLAG_1 };

			wrmsr(insn->msr, 0x2000);
			EXPECT_FAULT(UD, execute_in(at_cpl(cpl), insn->code, &r));
			EXPECT_EQ(r.ax, 0x1000ul);
			EXPECT_EQ(rdmsr(insn->msr), 0x2000ull);
		}
	}
}

/* -------------------------------------------------------------------------------------- SWAPGS */

TEST(swapgs_exchanges, "SWAPGS exchanges GS_BASE and KERNEL_GS_BASE, all bits, and nothing else",
     SPEC("SDM vol. 2B, SWAPGS"))
{
	struct registers r = { .ax = gdt_set_spare(0, DATA_SEG), .flags = FLAG_1 };

	execute(CODE("mov %%eax, %%fs; mov %%eax, %%gs"), &r);
	wrmsr(MSR_FS_BASE, 0x1000);
	for (u32 i = 0; i < ARRAY_SIZE(canonical); i++)
		for (u32 j = 0; j < ARRAY_SIZE(canonical); j++) {
			struct registers s = { .flags = FLAG_1 | STATUS_FLAGS };

			wrmsr(MSR_GS_BASE, canonical[i]);
			wrmsr(MSR_KERNEL_GS_BASE, canonical[j]);
			EXPECT_NO_FAULT(
				execute_try(CODE("swapgs; mov %%gs, %%eax; mov %%fs, %%ecx"), &s));
			EXPECT_EQ(rdmsr(MSR_GS_BASE), canonical[j]);
			EXPECT_EQ(rdmsr(MSR_KERNEL_GS_BASE), canonical[i]);
			EXPECT_EQ(rdmsr(MSR_FS_BASE), 0x1000ull);
			EXPECT_EQ(s.ax, (ulong)SEL_SPARE);
			EXPECT_EQ(s.cx, (ulong)SEL_SPARE);
			EXPECT_EQ(s.flags, FLAG_1 | STATUS_FLAGS);
		}
}

TEST(swapgs_privileged, "SWAPGS above CPL 0 is #GP(0) and exchanges nothing",
     SPEC("SDM vol. 2B, SWAPGS"))
{
	for (u32 cpl = 1; cpl <= 3; cpl++) {
		struct registers r = { .flags = FLAG_1 };

		SUBTEST("cpl%u", cpl);
		wrmsr(MSR_GS_BASE, 0x1000);
		wrmsr(MSR_KERNEL_GS_BASE, 0x2000);
		EXPECT_FAULT(GP(0), execute_in(at_cpl(cpl), CODE("swapgs"), &r));
		EXPECT_EQ(rdmsr(MSR_GS_BASE), 0x1000ull);
		EXPECT_EQ(rdmsr(MSR_KERNEL_GS_BASE), 0x2000ull);
	}
}

TEST(swapgs_takes_effect, "the next access through GS uses the base that SWAPGS has brought",
     SPEC("SDM vol. 2B, SWAPGS"))
{
	u64 data[2] = { 0x1111, 0x2222 };
	struct registers r = { .flags = FLAG_1 };

	wrmsr(MSR_GS_BASE, (u64)(ulong)&data[0]);
	wrmsr(MSR_KERNEL_GS_BASE, (u64)(ulong)&data[1]);
	EXPECT_NO_FAULT(execute_try(CODE("mov %%gs:0, %%rax; swapgs; mov %%gs:0, %%rcx; swapgs; "
					 "mov %%gs:0, %%rdx"),
				    &r));
	EXPECT_EQ(r.ax, 0x1111ul);
	EXPECT_EQ(r.cx, 0x2222ul);
	EXPECT_EQ(r.dx, 0x1111ul);
}

/* ----------------------------------------------------------------------------------- addresses */

TEST(base_is_added,
     "the base is added to the effective address modulo 2^64; to 32 bits of it with 67h",
     SPEC("SDM vol. 3A, 3.2.4, 3.4.4; vol. 1, 3.3.7"))
{
	const struct {
		const char *name;
		const void *code;
		u32 msr;
	} rows[] = {
		{ "fs", CODE("mov %%fs:(%%rdi), %%rax"), MSR_FS_BASE },
		{ "gs", CODE("mov %%gs:(%%rdi), %%rax"), MSR_GS_BASE },
		{ "fs-67", CODE("mov %%fs:(%%edi), %%rax"), MSR_FS_BASE },
		{ "gs-67", CODE("mov %%gs:(%%edi), %%rax"), MSR_GS_BASE },
	};
	static const u64 offsets[] = { 0,
				       1,
				       0x7fffffff,
				       0x80000000,
				       0xffffffff,
				       0x100000000,
				       0xfffffffffffffff0,
				       0x7ffffffff000,
				       0xffff800000000000 };
	u64 *data = page_alloc();

	data[8] = 0x1122334455667788;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		for (u32 j = 0; j < ARRAY_SIZE(offsets); j++) {
			u64 offset = i < 2 ? offsets[j] : (u32)offsets[j];
			u64 base = (u64)(ulong)&data[8] - offset;
			/* What the upper half of rDI is does not matter with 67h. */
			struct registers r = { .di = (ulong)(offset | (i < 2 ? 0 : BITS(63, 32))),
					       .flags = FLAG_1 };

			if ((u64)((s64)(base << 16) >> 16) != base)
				continue;
			wrmsr(rows[i].msr, base);
			EXPECT_NO_FAULT(execute_try(rows[i].code, &r));
			EXPECT_EQ(r.ax, 0x1122334455667788ul, "offset %#llx", offset);
			wrmsr(rows[i].msr, 0);
		}
	}
}

TEST(linear_address_decides,
     "canonical is asked of the sum: an offset that is not can be good, a good one with the base bad",
     SPEC("SDM vol. 1, 3.3.7.1; vol. 3A, 3.4.4"))
{
	u64 data = 0x1234;
	struct registers r = { .flags = FLAG_1 };

	SUBTEST("sum-canonical");
	wrmsr(MSR_FS_BASE, 0xffff800000000000);
	r.di = (ulong)&data + 0x800000000000;
	EXPECT_NO_FAULT(execute_try(CODE("mov %%fs:(%%rdi), %%rax"), &r));
	EXPECT_EQ(r.ax, 0x1234ul);

	SUBTEST("sum-not-canonical");
	wrmsr(MSR_FS_BASE, 0x7fffffffffff);
	r.di = 1;
	EXPECT_FAULT(GP(0), execute_try(CODE("mov %%fs:(%%rdi), %%rax"), &r));
	EXPECT_FAULT(GP(0), execute_try(CODE("mov %%rax, %%fs:(%%rdi)"), &r));
	EXPECT_FAULT(GP(0), execute_in(USER, CODE("mov %%fs:(%%rdi), %%rax"), &r));
	SUBTEST("sum-not-canonical-rbp");
	r.bp = 1;
	EXPECT_FAULT(GP(0), execute_try(CODE("mov %%fs:(%%rbp), %%rax"), &r));
	wrmsr(MSR_FS_BASE, 0);
}

TEST(lea_has_no_base, "LEA and near branches do not use the base of FS",
     SPEC("SDM vol. 2A, LEA; vol. 3A, 3.4.4"))
{
	struct registers r = { .di = 0x1000, .flags = FLAG_1 };

	wrmsr(MSR_FS_BASE, 0x123456789000);
	EXPECT_NO_FAULT(execute_try(CODE(".byte 0x64; lea 8(%%rdi), %%rax"), &r));
	EXPECT_EQ(r.ax, 0x1008ul);
	EXPECT_NO_FAULT(execute_try(CODE("mov $1f, %%eax; .byte 0x64; jmp *%%rax; ud2; 1:\n"), &r));
	wrmsr(MSR_FS_BASE, 0);
}
