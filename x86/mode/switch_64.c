/* SPDX-License-Identifier: MIT */
/*
 * Into IA-32e mode and out of it: SDM vol. 3A, 9.8.5; APM vol. 2, 14.6. Code starts in 32-bit protected
 * mode without paging; the kernel's page tables, which map it one to one, are CR3's.
 */
#include <test.h>

#include <mm/page.h>
#include <mm/space.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/mode.h>
#include <x86/msr.h>

SUITE("IA-32e mode switches");

#define SEL_64 MODE_SEL_SPARE /* 0x68: 64-bit code */

static void prepare(struct mode *m)
{
	mode_init(m, MODE_32);
	m->cr3 = (u32)read_cr3();
	mode_gdt()[SEL_64 / 8] = DESC_FLAT | DESC_CODE | DESC_L;
}

/* MODE_DS gets what is read at each step. */
TEST(long_mode_and_back,
     "PAE, LME, PG: LMA is set and compatibility mode runs; then 64-bit mode; and back down",
     SPEC("SDM vol. 3A, 9.8.5; 9.8.5.4"))
{
	struct mode m;
	const u32 *log = low32(MODE_DS);

	prepare(&m);
	for (u32 i = 0; i < 32; i++)
		low32(MODE_DS)[i] = 0xdeaddead;
	EXPECT_NO_FAULT(mode_run(
		&m,
		CODE32("9: movl $0x20, %%eax; movl %%eax, %%cr4\n"
		       "movl $0xc0000080, %%ecx; rdmsr; movl %%eax, 0x40000\n"
		       "orl $0x100, %%eax; wrmsr; rdmsr; movl %%eax, 0x40004\n"
		       "movl %%cr0, %%esi; orl $0x80000000, %%esi; movl %%esi, %%cr0; jmp 1f; 1:\n"
		       /* Compatibility mode: 40H is INC, PUSH takes 4 bytes. */
		       "rdmsr; movl %%eax, 0x40008; xorl %%ebx, %%ebx; .byte 0x43\n"
		       "movl %%ebx, 0x4000c; movl %%esp, %%ebx; pushl $1; subl %%esp, %%ebx; popl %%edx\n"
		       "movl %%ebx, 0x40010; movl %%cr0, %%edx; movl %%edx, 0x40014\n"
		       "ljmp $0x68, $1f - 9b + 0x20000\n"
		       ".code64\n"
		       "1: movq $0x123456789abcdef0, %%rbx; movq %%rbx, 0x40018; shrq $32, %%rbx\n"
		       "movl %%ebx, 0x40020; movq %%rsp, %%rbx; pushq $1; subq %%rsp, %%rbx; popq %%rdx\n"
		       "movl %%ebx, 0x40024; movl %%cs, %%edx; movl %%edx, 0x40028\n"
		       "rdmsr; movl %%eax, 0x4002c; movq $-1, %%r15; movq $-1, %%rdi\n"
		       "pushq $8; leaq 1f(%%rip), %%rbx; pushq %%rbx; lretq\n"
		       ".code32\n"
		       "1: movl %%cs, %%edx; movl %%edx, 0x40030; movl $0xffffffff, %%ebx; .byte 0x43\n"
		       "movl %%ebx, 0x40034\n"
		       "movl %%cr0, %%esi; andl $0x7fffffff, %%esi; movl %%esi, %%cr0; jmp 1f; 1:\n"
		       "rdmsr; movl %%eax, 0x40038; andl $~0x100, %%eax; wrmsr; rdmsr; movl %%eax, 0x4003c\n"
		       "xorl %%eax, %%eax; movl %%eax, %%cr4; movl %%cr4, %%eax; movl %%eax, 0x40040\n")));
	EXPECT_EQ(log[0], 0);
	EXPECT_EQ(log[1], EFER_LME, "LME alone does not activate");
	EXPECT_EQ(log[2], EFER_LME | EFER_LMA, "PG does");
	EXPECT_EQ(log[3], 1);
	EXPECT_EQ(log[4], 4);
	EXPECT_EQ(log[5], CR0_PG | CR0_PE | CR0_ET | CR0_NE);
	EXPECT_EQ(log[6], 0x9abcdef0);
	EXPECT_EQ(log[8], 0x12345678);
	EXPECT_EQ(log[9], 8);
	EXPECT_EQ(log[10], SEL_64);
	EXPECT_EQ(log[11], EFER_LME | EFER_LMA);
	EXPECT_EQ(log[12], MODE_SEL_CODE);
	EXPECT_EQ(log[13], 0);
	EXPECT_EQ(log[14], EFER_LME, "clearing PG deactivates");
	EXPECT_EQ(log[15], 0);
	EXPECT_EQ(log[16], 0);
	EXPECT_EQ(m.edi, 0xffffffff);
	EXPECT_EQ(m.cr0, CR0_PE | CR0_ET | CR0_NE);
}

TEST(pg_with_lme_without_pae, "setting CR0.PG with EFER.LME set and CR4.PAE clear is #GP(0)",
     SPEC("SDM vol. 3A, 4.1.2; vol. 2B, MOV to control registers"))
{
	struct mode m;

	prepare(&m);
	m.efer = EFER_LME;
	m.eax = m.cr0 | CR0_PG;
	EXPECT_FAULT(GP(0), mode_run(&m, CODE32("movl %%eax, %%cr0")));
	EXPECT_EQ(m.cr0 & CR0_PG, 0);
	EXPECT_EQ(m.efer, EFER_LME);
}

TEST(lme_with_paging, "with paging on, EFER.LME can be neither set nor cleared: #GP(0)",
     SPEC("SDM vol. 3A, 4.1.2; 9.8.5; APM vol. 2, 3.1.7"))
{
	struct mode m;

	SUBTEST("set-pae");
	prepare(&m);
	mode_use_pae(&m);
	m.ecx = MSR_EFER;
	m.eax = EFER_LME;
	EXPECT_FAULT(GP(0), mode_run(&m, CODE32("wrmsr")));
	EXPECT_EQ(m.efer, 0);
	SUBTEST("set-2-level");
	prepare(&m);
	mode_use_paging(&m);
	m.ecx = MSR_EFER;
	m.eax = EFER_LME;
	EXPECT_FAULT(GP(0), mode_run(&m, CODE32("wrmsr")));
	EXPECT_EQ(m.efer, 0);
	SUBTEST("clear");
	EXPECT_FAULT(GP(0), wrmsr_try(MSR_EFER, rdmsr(MSR_EFER) & ~(u64)EFER_LME));
	EXPECT_EQ(rdmsr(MSR_EFER) & (EFER_LME | EFER_LMA), EFER_LME | EFER_LMA);
	SUBTEST("same");
	EXPECT_NO_FAULT(wrmsr_try(MSR_EFER, rdmsr(MSR_EFER)));
}

TEST(lme_without_paging, "with paging off, EFER.LME can be set and cleared, and LMA stays clear",
     SPEC("SDM vol. 3A, 9.8.5; 2.2.1"))
{
	struct mode m;

	prepare(&m);
	m.ecx = MSR_EFER;
	EXPECT_NO_FAULT(mode_run(&m, CODE32("movl $0x100, %%eax; wrmsr; rdmsr; movl %%eax, %%ebx; "
					    "xorl %%eax, %%eax; wrmsr; rdmsr; movl %%eax, %%esi")));
	EXPECT_EQ(m.ebx, EFER_LME);
	EXPECT_EQ(m.esi, 0);
}

TEST(la57_in_long_mode, "CR4.LA57 cannot be changed in IA-32e mode: #GP(0)",
     SPEC("SDM vol. 2B, MOV to control registers"), REQUIRES(cpu_has(X86_FEATURE_LA57)))
{
	const ulong cr4 = read_cr4();

	EXPECT_FAULT(GP(0), write_cr4_try(cr4 ^ CR4_LA57));
	EXPECT_EQ(read_cr4(), cr4);
}

TEST(pae_in_long_mode, "CR4.PAE cannot be cleared in IA-32e mode: #GP(0)",
     SPEC("SDM vol. 2B, MOV to control registers; vol. 3A, 4.1.2"))
{
	const ulong cr4 = read_cr4();

	EXPECT_FAULT(GP(0), write_cr4_try(cr4 & ~(ulong)CR4_PAE));
	EXPECT_EQ(read_cr4(), cr4);
}

/*
 * Clears CR0.PG. A CPU that does it goes on outside IA-32e mode, with code of 32 bits; the far
 * jump, which has no encoding in 64-bit mode, leads it back.
 */
static struct fault clear_pg_try(void)
{
	const ulong cr0 = read_cr0();

	fault_clear();
	__asm__ volatile(GUARDED("mov %0, %%cr0\n"
				 ".byte 0xea\n"
				 ".long 761f\n"
				 ".word %c2\n"
				 ".code32\n"
				 "761: movl %%edx, %%cr0\n"
				 "ljmp %3, $762f\n"
				 ".code64\n"
				 "762:")
			 :
			 : "a"(cr0 & ~(ulong)CR0_PG), "d"(cr0), "i"(SEL_KERNEL_CS32),
			   "i"(SEL_KERNEL_CODE)
			 : "memory");
	return fault_taken();
}

TEST(pg_in_64_bit_mode, "CR0.PG cannot be cleared in 64-bit mode: #GP(0)",
     SPEC("SDM vol. 2B, MOV to control registers; vol. 3A, 4.1.2"))
{
	const ulong cr0 = read_cr0();

	EXPECT_FAULT(GP(0), clear_pg_try());
	EXPECT_EQ(read_cr0(), cr0);
	EXPECT_EQ(rdmsr(MSR_EFER) & EFER_LMA, EFER_LMA);
}

TEST(pe_in_64_bit_mode, "CR0.PE cannot be cleared with PG set: #GP(0)",
     SPEC("SDM vol. 2B, MOV to control registers"))
{
	const ulong cr0 = read_cr0();

	EXPECT_FAULT(GP(0), write_cr0_try(cr0 & ~(ulong)CR0_PE));
	EXPECT_EQ(read_cr0(), cr0);
}

TEST(long_mode_from_l_segment,
     "IA-32e mode cannot be activated from a code segment with L set: #GP(0)",
     SPEC("SDM vol. 2B, MOV to control registers: CS.L"))
{
	struct mode m;

	prepare(&m);
	/* L means nothing yet, and D is 0: 16-bit code. */
	m.cs = SEL_64;
	m.cr4 = CR4_PAE;
	m.efer = EFER_LME;
	m.eax = m.cr0 | CR0_PG;
	EXPECT_FAULT(GP(0), mode_run(&m, CODE16("movl %%eax, %%cr0")));
	EXPECT_EQ(m.cr0 & CR0_PG, 0);
	EXPECT_EQ(m.efer, EFER_LME);
}
