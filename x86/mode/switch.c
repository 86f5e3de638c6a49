/* SPDX-License-Identifier: MIT */
/*
 * From mode to mode, and the switches that are refused. SDM vol. 3A, 9.8, 9.9; 2.5; 4.1.2, figure 4-1.
 * Code that starts in one mode and ends in another is judged by the mode that it ends in.
 */
#include <test.h>

#include <mm/page.h>
#include <string.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/mode.h>

SUITE("Mode switches");

/* What LIDT takes in real mode at DS:0, for the IDT of protected mode; at DS:8, for the IVT. */
static void store_tables(void)
{
	*low16(MODE_DS) = 256 * 8 - 1;
	*low32(MODE_DS + 2) = MODE_IDT;
	*low16(MODE_DS + 8) = 256 * 4 - 1;
	*low32(MODE_DS + 10) = MODE_IVT;
}

/*
 * For 16-bit code that goes on in real mode on a CPU that does what it should refuse: vector 6 of the
 * IVT is where vector 3 of the IDT is.
 */
static void expect_real_mode_too(void)
{
	*low32(MODE_IDT + VEC_UD * 4) = MODE_LOW >> 4 << 16 | mode_real_stub(VEC_UD);
}

TEST(real_to_protected,
     "setting CR0.PE takes effect at once; segments keep what they have until loaded",
     SPEC("SDM vol. 3A, 9.9.1; vol. 2A, LMSW"))
{
	const struct {
		const char *name;
		struct mode_code code;
	} rows[] = {
		{ "mov-cr0", CODE16("lidtl 0; movl %%cr0, %%ecx; orb $1, %%cl; movl %%ecx, %%cr0; "
				    "movw %%cs, %%dx; movl 0x20, %%eax; smsw %%bx; "
				    "movw %%ss, %%bp; jmp 1f; 1: sldt %%di") },
		{ "lmsw", CODE16("lidtl 0; smsw %%cx; orb $1, %%cl; lmsw %%cx; "
				 "movw %%cs, %%dx; movl 0x20, %%eax; smsw %%bx; "
				 "movw %%ss, %%bp; jmp 1f; 1: sldt %%di") },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct mode m;

		SUBTEST("%s", rows[i].name);
		mode_init(&m, MODE_REAL);
		store_tables();
		*low32(MODE_DS + 0x20) = 0xcafe1234;
		m.edi = 0x55;
		EXPECT_NO_FAULT(mode_run(&m, rows[i].code));
		/* The frame is one of protected mode, on the stack that SS still describes. */
		EXPECT_EQ(m.cr0, CR0_PE | CR0_ET | CR0_NE);
		EXPECT_EQ(m.eax, 0xcafe1234);
		EXPECT_EQ(m.edx, MODE_CODE >> 4);
		EXPECT_EQ(m.ebx, CR0_PE | CR0_ET | CR0_NE);
		EXPECT_EQ(m.ebp, MODE_SS >> 4);
		EXPECT_EQ(m.edi, 0, "SLDT is an instruction now");
		EXPECT_EQ(m.handler_ss, MODE_SS >> 4);
		EXPECT_EQ(m.handler_esp, MODE_SP - 12);
		EXPECT_EQ(*low32(MODE_SS + MODE_SP - 12), m.code_end);
		EXPECT_EQ(*low16(MODE_SS + MODE_SP - 8), MODE_CODE >> 4);
	}
}

TEST(real_to_32_and_back,
     "real mode to 32-bit protected mode, to 16-bit protected mode, and to real mode",
     SPEC("SDM vol. 3A, 9.9.1, 9.9.2"))
{
	struct mode m;

	mode_init(&m, MODE_REAL);
	store_tables();
	EXPECT_NO_FAULT(mode_run(
		&m,
		CODE16("9: lidtl 0; movl %%cr0, %%eax; orb $1, %%al; movl %%eax, %%cr0\n"
		       "ljmpl %[code32], $1f - 9b + %c[code]\n"
		       ".code32\n"
		       "1: movl %[data32], %%eax; movl %%eax, %%ss; movl %%eax, %%ds\n"
		       "movl %[stack], %%esp\n"
		       "pushl $0x12345678; movl %c[stack] - 4, %%ebx; popl %%edx; movl %%cr0, %%ecx\n"
		       "ljmp %[code16], $1f - 9b\n"
		       ".code16\n"
		       "1: movw %[data16], %%ax; movw %%ax, %%ds; movw %%ax, %%es; movw %%ax, %%ss\n"
		       "movl %%cr0, %%eax; andb $0xfe, %%al; movl %%eax, %%cr0\n"
		       "ljmpw %[code] >> 4, $1f - 9b\n"
		       "1: movw %[ds] >> 4, %%ax; movw %%ax, %%ds; movw %[ss] >> 4, %%ax; movw %%ax, %%ss\n"
		       "movw %[sp], %%sp; lidtl 8; smsw %%ax; movw %%cs, %%di\n",
		       [code] "i"(MODE_CODE), [code32] "i"(MODE_SEL_CODE),
		       [data32] "i"(MODE_SEL_DATA), [code16] "i"(MODE_SEL_CODE16),
		       [data16] "i"(MODE_SEL_REAL), [ds] "i"(MODE_DS), [ss] "i"(MODE_SS),
		       [sp] "i"(MODE_SP), [stack] "i"(MODE_SS + MODE_SP))));
	EXPECT_EQ(m.ebx, 0x12345678);
	EXPECT_EQ(m.edx, 0x12345678);
	EXPECT_EQ(m.ecx, CR0_PE | CR0_ET | CR0_NE);
	EXPECT_EQ(m.eax & 0xffff, CR0_ET | CR0_NE);
	EXPECT_EQ(m.edi, MODE_CODE >> 4);
	EXPECT_EQ(m.cr0, CR0_ET | CR0_NE);
}

/* ------------------------------------------------------------------------------------- paging */

TEST(paging_on_and_off,
     "setting CR0.PG turns translation on for the next instruction; clearing it, off",
     SPEC("SDM vol. 3A, 4.1.2"))
{
	struct mode m;
	u32 *table;

	mode_init(&m, MODE_32);
	table = mode_use_paging(&m);
	table[MODE_DS >> 12] = MODE_ES | 7;
	*low32(MODE_DS) = 1;
	*low32(MODE_ES) = 2;
	m.cr0 &= ~CR0_PG;
	EXPECT_NO_FAULT(mode_run(&m, CODE32("movl %%cr0, %%esi; movl 0x40000, %%eax\n"
					    "orl $0x80000000, %%esi; movl %%esi, %%cr0\n"
					    "movl 0x40000, %%ebx; movl %%cr0, %%ebp\n"
					    "andl $0x7fffffff, %%esi; movl %%esi, %%cr0\n"
					    "movl 0x40000, %%ecx; movl %%cr0, %%edx\n")));
	EXPECT_EQ(m.eax, 1);
	EXPECT_EQ(m.ebx, 2);
	EXPECT_EQ(m.ecx, 1);
	EXPECT_EQ(m.ebp, CR0_PG | CR0_ET | CR0_NE | CR0_PE);
	EXPECT_EQ(m.edx, CR0_ET | CR0_NE | CR0_PE);
	EXPECT_EQ(m.cr4, CR4_PSE);
}

TEST(pse_bit, "without CR4.PSE a directory entry's PS bit is ignored; with it the page has 4 MiB",
     SPEC("SDM vol. 3A, 4.3, table 4-4"))
{
	for (u32 pse = 0; pse < 2; pse++) {
		u32 *pages = page_alloc();
		struct mode m;

		SUBTEST("pse-%u", pse);
		mode_init(&m, MODE_32);
		mode_use_paging(&m);
		pages[5] = MODE_ES | 7;
		low32(m.cr3)[0x300] = (u32)(ulong)pages | 7 | 0x80;
		if (pse)
			low32(m.cr3)[0x300] = 0x87;
		else
			m.cr4 &= ~CR4_PSE;
		*low32(MODE_ES) = 0x7ab1e;
		*low32(MODE_DS) = 0xb16;
		m.esi = pse ? 0xc0000000 + MODE_DS : 0xc0005000;
		EXPECT_NO_FAULT(mode_run(&m, CODE32("movl (%%esi), %%eax")));
		EXPECT_EQ(m.eax, pse ? 0xb16 : 0x7ab1e);
		EXPECT_EQ(m.cr4, pse ? CR4_PSE : 0);
	}
}

TEST(pae_paging, "with CR4.PAE entries have 64 bits, CR3 leads to four PDPTEs",
     SPEC("SDM vol. 3A, 4.4, 4.1.2"), REQUIRES(cpu_has(X86_FEATURE_PAE)))
{
	struct mode m;
	u64 *pdpt;

	mode_init(&m, MODE_32);
	pdpt = mode_use_pae(&m);
	*low32(MODE_DS) = 0xb16;
	/* The second GiB leads to the first one too. */
	pdpt[1] = pdpt[0];
	m.cr0 &= ~CR0_PG;
	m.cr4 = 0;
	EXPECT_NO_FAULT(
		mode_run(&m, CODE32("movl $0x20, %%eax; movl %%eax, %%cr4\n"
				    "movl %%cr0, %%esi; orl $0x80000000, %%esi; movl %%esi, %%cr0\n"
				    "movl 0x40040000, %%ebx; movl %%cr4, %%ecx; movl %%cr3, %%edx\n"
				    "andl $0x7fffffff, %%esi; movl %%esi, %%cr0\n"
				    "xorl %%eax, %%eax; movl %%eax, %%cr4; movl %%cr4, %%edi\n")));
	EXPECT_EQ(m.ebx, 0xb16);
	EXPECT_EQ(m.ecx, CR4_PAE);
	EXPECT_EQ(m.edx, m.cr3);
	EXPECT_EQ(m.edi, 0);
}

/*
 * With AMD's nested paging, MOV to CR3 does not load them: they are read when they are needed (APM vol. 2, 15.25.10).
 * A guest cannot see what it runs on, but an emulator and hardware without a hypervisor have no such thing.
 */
static bool pdptes_are_registers(void)
{
	return cpu_has(X86_FEATURE_PAE) &&
	       (!cpu_is_amd() || !*cpu_hypervisor() || !strcmp(cpu_hypervisor(), "TCGTCGTCGTCG"));
}

TEST(pdptes_are_loaded,
     "PDPTEs are registers: a change in memory counts from the next MOV to CR3 on",
     SPEC("SDM vol. 3A, 4.4.1"), REQUIRES(pdptes_are_registers()))
{
	struct mode m;
	u64 *pdpt;

	mode_init(&m, MODE_32);
	pdpt = mode_use_pae(&m);
	*low32(MODE_DS) = 0xb16;
	pdpt[1] = pdpt[0];
	m.esi = (u32)(ulong)&pdpt[1];
	/* An INVLPG has no effect on them. */
	EXPECT_NO_FAULT(mode_run(
		&m, CODE32("movl $0, (%%esi); invlpg 0x40040000; movl 0x40040000, %%eax")));
	EXPECT_EQ(m.eax, 0xb16);

	mode_init(&m, MODE_32);
	pdpt = mode_use_pae(&m);
	pdpt[1] = pdpt[0];
	m.esi = (u32)(ulong)&pdpt[1];
	EXPECT_FAULT(PF(0, 0x40040000),
		     mode_run(&m, CODE32("movl $0, (%%esi); movl %%cr3, %%eax; movl %%eax, %%cr3; "
					 "movl 0x40040000, %%eax")));
}

TEST(pdpte_reserved_bits,
     "a present PDPTE with a reserved bit makes MOV to CR3, CR0 and CR4 #GP(0)",
     SPEC("SDM vol. 3A, 4.4.1, table 4-8"), REQUIRES(pdptes_are_registers()))
{
	static const u8 bits[] = { 1, 2, 5, 6, 7, 8, 62, 63 };

	for (u32 i = 0; i < ARRAY_SIZE(bits); i++) {
		struct mode m;
		u64 *pdpt, *bad = page_alloc();

		SUBTEST("bit-%u-cr3", bits[i]);
		mode_init(&m, MODE_32);
		pdpt = mode_use_pae(&m);
		memcpy(bad, pdpt, 32);
		bad[2] |= BIT(bits[i]);
		m.eax = (u32)(ulong)bad;
		EXPECT_FAULT(GP(0), mode_run(&m, CODE32("movl %%eax, %%cr3")));
		EXPECT_EQ(m.cr3, (u32)(ulong)pdpt, "CR3 keeps its value");
		SUBTEST("bit-%u-cr0", bits[i]);
		mode_init(&m, MODE_32);
		mode_use_pae(&m);
		m.cr3 = (u32)(ulong)bad;
		m.eax = m.cr0;
		m.cr0 &= ~CR0_PG;
		EXPECT_FAULT(GP(0), mode_run(&m, CODE32("movl %%eax, %%cr0")));
		EXPECT_EQ(m.cr0 & CR0_PG, 0);
	}
}

TEST(pdpte_not_present, "a PDPTE that is not present may have any bit set",
     SPEC("SDM vol. 3A, 4.4.1"), REQUIRES(cpu_has(X86_FEATURE_PAE)))
{
	struct mode m;
	u64 *pdpt, *other = page_alloc();

	mode_init(&m, MODE_32);
	pdpt = mode_use_pae(&m);
	memcpy(other, pdpt, 32);
	other[2] = ~0ull & ~BIT(0);
	m.eax = (u32)(ulong)other;
	EXPECT_NO_FAULT(mode_run(&m, CODE32("movl %%eax, %%cr3")));
	EXPECT_EQ(m.cr3, (u32)(ulong)other);
}

/* ------------------------------------------------------------------------------------- refused */

TEST(nw_without_cd, "CR0.NW set with CD clear is #GP(0), with and without paging",
     SPEC("SDM vol. 2B, MOV to control registers; vol. 3A, 2.5"))
{
	struct mode m;

	SUBTEST("protected");
	mode_init(&m, MODE_32);
	m.eax = m.cr0 | CR0_NW;
	EXPECT_FAULT(GP(0), mode_run(&m, CODE32("movl %%eax, %%cr0")));
	EXPECT_EQ(m.cr0 & (CR0_NW | CR0_CD), 0);
	SUBTEST("real");
	mode_init(&m, MODE_REAL);
	m.eax = m.cr0 | CR0_NW;
	EXPECT_FAULT(VECTOR(VEC_GP), mode_run(&m, CODE16("movl %%eax, %%cr0")));
	SUBTEST("with-cd");
	mode_init(&m, MODE_32);
	m.eax = m.cr0 | CR0_NW | CR0_CD;
	EXPECT_NO_FAULT(mode_run(&m, CODE32("movl %%eax, %%cr0")));
	EXPECT_EQ(m.cr0 & (CR0_NW | CR0_CD), CR0_NW | CR0_CD);
}

TEST(pg_without_pe_in_real_mode, "in real mode, setting CR0.PG with PE clear is #GP",
     SPEC("SDM vol. 2B, MOV to control registers; vol. 3A, 2.5, PG"))
{
	struct mode m;

	mode_init(&m, MODE_REAL);
	/* Paging that works, so that a CPU that turns it on can go on. */
	mode_use_paging(&m);
	m.eax = m.cr0;
	m.cr0 &= ~CR0_PG;
	EXPECT_FAULT(VECTOR(VEC_GP), mode_run(&m, CODE16("movl %%eax, %%cr0")));
	EXPECT_EQ(m.cr0 & (CR0_PG | CR0_PE), 0);
}

TEST(pe_cleared_with_pg, "clearing CR0.PE while PG stays set is #GP(0), and nothing changes",
     SPEC("SDM vol. 2B, MOV to control registers; vol. 3A, 2.5, PG"))
{
	struct mode m;

	mode_init(&m, MODE_16);
	mode_use_paging(&m);
	m.eax = m.cr0 & ~CR0_PE;
	expect_real_mode_too();
	EXPECT_FAULT(GP(0), mode_run(&m, CODE16("movl %%eax, %%cr0")));
	EXPECT_EQ(m.cr0 & (CR0_PG | CR0_PE), CR0_PG | CR0_PE);
}

TEST(pcide_outside_long_mode, "CR4.PCIDE cannot be set outside IA-32e mode: #GP(0)",
     SPEC("SDM vol. 2B, MOV to control registers; vol. 3A, 4.10.1"),
	  REQUIRES(cpu_has(X86_FEATURE_PCID)))
{
	struct mode m;

	mode_init(&m, MODE_32);
	m.eax = CR4_PCIDE;
	EXPECT_FAULT(GP(0), mode_run(&m, CODE32("movl %%eax, %%cr4")));
	EXPECT_EQ(m.cr4, 0);
}
