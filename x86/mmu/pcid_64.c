/* SPDX-License-Identifier: MIT */
/* Process-context identifiers: CR4.PCIDE, CR3 with them, and INVPCID. */
#include "mmu.h"

#include <mm/page.h>
#include <x86/desc.h>
#include <x86/msr.h>

SUITE("PCIDs");

#define NO_FLUSH BIT(63)

/* Mapped otherwise in each of two spaces. */
#define FREE_ADDRESS 0xffff924000000000ul

static struct space *spaces[2];
static u8 *pages[3];

static u8 seen(void)
{
	return READ_ONCE(*(const u8 *)FREE_ADDRESS);
}

static ulong cr3_of(u32 space, u32 pcid)
{
	return (ulong)spaces[space]->root | pcid;
}

/* Page n of space n, filled with n + 1; page 2 is for changes. PCIDs are on, 1 is the current one. */
static void prepare(u64 flags)
{
	for (u32 i = 0; i < 3; i++) {
		pages[i] = page_alloc();
		*pages[i] = (u8)(i + 1);
	}
	for (u32 i = 0; i < 2; i++) {
		spaces[i] = space_create();
		space_map_page(spaces[i], FREE_ADDRESS, (ulong)pages[i], 0, PROT_ALL);
		*space_entry_at(spaces[i], FREE_ADDRESS, 0) |= flags;
	}
	write_cr4(read_cr4() | CR4_PCIDE | (flags & PTE_G ? CR4_PGE : 0));
	write_cr3(cr3_of(0, 1));
}

static bool has_pcid(void)
{
	return cpu_has(X86_FEATURE_PCID);
}

TEST(pcide_needs_zero, "CR4.PCIDE can be set only while CR3 bits 11-0 are 0, else #GP(0)",
     SPEC("SDM vol. 3A, 4.10.1"), REQUIRES(has_pcid()))
{
	for (u32 bit = 0; bit < 12; bit++) {
		SUBTEST("bit-%u", bit);
		write_cr3((ulong)space_kernel()->root | BIT(bit));
		EXPECT_FAULT(GP(0), write_cr4_try(read_cr4() | CR4_PCIDE));
		EXPECT_EQ(read_cr4() & CR4_PCIDE, 0u);
	}
	write_cr3((ulong)space_kernel()->root);
	EXPECT_NO_FAULT(write_cr4_try(read_cr4() | CR4_PCIDE));
	EXPECT_EQ(read_cr4() & CR4_PCIDE, CR4_PCIDE);
}

TEST(pcid_in_cr3,
     "with CR4.PCIDE, CR3 keeps bits 11-0; bit 63 is never kept, and #GP(0) without it",
     SPEC("SDM vol. 2B, MOV to control registers; vol. 3A, 4.10.4.1"), REQUIRES(has_pcid()))
{
	const ulong root = (ulong)space_kernel()->root;

	EXPECT_FAULT(GP(0), write_cr3_try(root | NO_FLUSH));
	EXPECT_EQ(read_cr3(), root);
	write_cr4(read_cr4() | CR4_PCIDE);
	for (u32 bit = 0; bit < 12; bit++) {
		SUBTEST("bit-%u", bit);
		EXPECT_NO_FAULT(write_cr3_try(root | BIT(bit)));
		EXPECT_EQ(read_cr3(), root | BIT(bit));
		EXPECT_NO_FAULT(write_cr3_try(root | BIT(bit) | NO_FLUSH));
		EXPECT_EQ(read_cr3(), root | BIT(bit));
	}
	write_cr3(root);
}

TEST(pcids_apart, "translations of one PCID are not used with another, flushed or not",
     SPEC("SDM vol. 3A, 4.10.1"), REQUIRES(has_pcid()))
{
	prepare(0);
	EXPECT_EQ(seen(), 1u);
	write_cr3(cr3_of(1, 2));
	EXPECT_EQ(seen(), 2u);
	for (u32 i = 0; i < 20; i++) {
		write_cr3(cr3_of(0, 1) | (i & 1 ? NO_FLUSH : 0));
		EXPECT_EQ(seen(), 1u);
		write_cr3(cr3_of(1, 2) | (i & 2 ? NO_FLUSH : 0));
		EXPECT_EQ(seen(), 2u);
	}
}

/* Changes the page of space 0 while `pcid` is current, with what makes that be noticed. */
static void change(void)
{
	WRITE_ONCE(*space_entry_at(spaces[0], FREE_ADDRESS, 0),
		   arch_kernel_format.page((ulong)pages[2], 0, PROT_ALL));
}

TEST(cr3_forgets_pcid, "MOV to CR3 without bit 63 forgets what the PCID being loaded had",
     SPEC("SDM vol. 3A, 4.10.4.1"), REQUIRES(has_pcid()))
{
	prepare(0);
	SUBTEST("from another");
	EXPECT_EQ(seen(), 1u);
	write_cr3(cr3_of(1, 2));
	change();
	write_cr3(cr3_of(0, 1));
	EXPECT_EQ(seen(), 3u);
	SUBTEST("from itself");
	prepare(0);
	EXPECT_EQ(seen(), 1u);
	change();
	write_cr3(cr3_of(0, 1));
	EXPECT_EQ(seen(), 3u);
	SUBTEST("pcid-0");
	prepare(0);
	write_cr3(cr3_of(0, 0));
	EXPECT_EQ(seen(), 1u);
	write_cr3(cr3_of(1, 2));
	change();
	write_cr3(cr3_of(0, 0));
	EXPECT_EQ(seen(), 3u);
}

TEST(pcide_off_forgets, "clearing CR4.PCIDE forgets everything of every PCID",
     SPEC("SDM vol. 3A, 4.10.4.1"), REQUIRES(has_pcid()))
{
	prepare(0);
	EXPECT_EQ(seen(), 1u);
	write_cr3(cr3_of(1, 0));
	EXPECT_EQ(seen(), 2u);
	change();
	write_cr4(read_cr4() & ~CR4_PCIDE);
	write_cr4(read_cr4() | CR4_PCIDE);
	write_cr3(cr3_of(0, 1) | NO_FLUSH);
	EXPECT_EQ(seen(), 3u);
}

TEST(invlpg_with_pcid, "INVLPG forgets the current PCID's translation, and global ones of all",
     SPEC("SDM vol. 3A, 4.10.4.1"), REQUIRES(has_pcid()))
{
	SUBTEST("current");
	prepare(0);
	EXPECT_EQ(seen(), 1u);
	change();
	arch_tlb_flush_page(FREE_ADDRESS);
	EXPECT_EQ(seen(), 3u);
	SUBTEST("global");
	prepare(PTE_G);
	EXPECT_EQ(seen(), 1u);
	write_cr3((ulong)space_kernel()->root | 2);
	change();
	arch_tlb_flush_page(FREE_ADDRESS);
	write_cr3(cr3_of(0, 1) | NO_FLUSH);
	EXPECT_EQ(seen(), 3u);
}

/* -------------------------------------------------------------------------------------- INVPCID */

struct descriptor {
	u64 pcid, address;
};

static struct fault invpcid_try(ulong type, u64 pcid, u64 address)
{
	struct descriptor descriptor = { pcid, address };

	fault_clear();
	__asm__ volatile(GUARDED("invpcid %0, %1") : : "m"(descriptor), "r"(type) : "memory");
	return fault_taken();
}

static bool has_both(void)
{
	return cpu_has(X86_FEATURE_PCID) && cpu_has(X86_FEATURE_INVPCID);
}

TEST(invpcid_forgets,
     "each type of INVPCID forgets what it says of a PCID that is not the current one",
     SPEC("SDM vol. 2A, INVPCID; vol. 3A, 4.10.4.1"), REQUIRES(has_both()))
{
	for (u32 type = 0; type < 4; type++) {
		SUBTEST("type-%u", type);
		prepare(0);
		EXPECT_EQ(seen(), 1u);
		write_cr3(cr3_of(1, 2));
		EXPECT_EQ(seen(), 2u);
		change();
		EXPECT_NO_FAULT(invpcid_try(type, type < 2 ? 1 : 0, type ? 0 : FREE_ADDRESS));
		EXPECT_EQ(seen(), 2u);
		write_cr3(cr3_of(0, 1) | NO_FLUSH);
		EXPECT_EQ(seen(), 3u);
	}
}

TEST(invpcid_current, "each type of INVPCID forgets the current PCID's, without CR4.PCIDE too",
     SPEC("SDM vol. 2A, INVPCID; vol. 3A, 4.10.4.1"), REQUIRES(cpu_has(X86_FEATURE_INVPCID)))
{
	for (u32 type = 0; type < 4; type++) {
		SUBTEST("type-%u", type);
		if (has_pcid()) {
			prepare(0);
			EXPECT_EQ(seen(), 1u);
			change();
			EXPECT_NO_FAULT(invpcid_try(type, type < 2, type ? 0 : FREE_ADDRESS));
			EXPECT_EQ(seen(), 3u);
			write_cr3((ulong)space_kernel()->root);
			write_cr4(read_cr4() & ~CR4_PCIDE);
		}
		pages[0] = page_alloc();
		pages[2] = page_alloc();
		*pages[0] = 1;
		*pages[2] = 3;
		space_map_page(space_kernel(), FREE_ADDRESS, (ulong)pages[0], 0, PROT_ALL);
		EXPECT_EQ(seen(), 1u);
		WRITE_ONCE(*space_entry_at(space_kernel(), FREE_ADDRESS, 0),
			   arch_kernel_format.page((ulong)pages[2], 0, PROT_ALL));
		EXPECT_NO_FAULT(invpcid_try(type, 0, type ? 0 : FREE_ADDRESS));
		EXPECT_EQ(seen(), 3u);
	}
}

TEST(invpcid_global, "INVPCID of type 2 forgets global translations",
     SPEC("SDM vol. 3A, 4.10.4.1"), REQUIRES(has_both() && cpu_has(X86_FEATURE_PGE)))
{
	prepare(PTE_G);
	EXPECT_EQ(seen(), 1u);
	change();
	EXPECT_NO_FAULT(invpcid_try(2, 0, 0));
	EXPECT_EQ(seen(), 3u);
}

TEST(invpcid_refused,
     "INVPCID of an unknown type or with a descriptor that is not allowed is #GP(0)",
     SPEC("SDM vol. 2A, INVPCID, 64-Bit Mode Exceptions"), REQUIRES(cpu_has(X86_FEATURE_INVPCID)))
{
	static const ulong types[] = { 4, 5, 0x100, 0x80000000, 0xffffffff, 0x100000000 };

	for (u32 i = 0; i < ARRAY_SIZE(types); i++) {
		SUBTEST("type-%#lx", types[i]);
		EXPECT_FAULT(GP(0), invpcid_try(types[i], 0, 0));
	}
	for (u32 type = 0; type < 4; type++) {
		for (u32 bit = 12; bit < 64; bit++) {
			SUBTEST("type-%u-bit-%u", type, bit);
			EXPECT_FAULT(GP(0), invpcid_try(type, BIT(bit), 0));
		}
		SUBTEST("type-%u-not-canonical", type);
		EXPECT_FAULT(type ? NO_FAULT : GP(0), invpcid_try(type, 0, 0x0000800000000000));
		SUBTEST("type-%u-pcid-without-pcide", type);
		EXPECT_FAULT(type < 2 ? GP(0) : NO_FAULT, invpcid_try(type, 1, 0));
	}
}

static void invpcid_as_user(void *arg)
{
	static const struct descriptor descriptor;

	(void)arg;
	__asm__ volatile("invpcid %0, %1" : : "m"(descriptor), "r"(2ul));
}

static void invpcid_at(void *arg)
{
	__asm__ volatile("invpcid (%0), %1" : : "r"(arg), "r"(2ul) : "memory");
}

TEST(invpcid_faults,
     "INVPCID is #GP(0) above CPL 0, and #PF as a read where its descriptor is absent",
     SPEC("SDM vol. 2A, INVPCID, 64-Bit Mode Exceptions"), REQUIRES(cpu_has(X86_FEATURE_INVPCID)))
{
	u8 *two = pages_alloc(2, PAGE_SIZE);

	EXPECT_FAULT(GP(0), run_user(invpcid_as_user, NULL));
	space_unmap(space_kernel(), (ulong)two + PAGE_SIZE, PAGE_SIZE);
	EXPECT_FAULT(PF(0, two + PAGE_SIZE), fault_of(invpcid_at, two + PAGE_SIZE));
	EXPECT_FAULT(PF(0, two + PAGE_SIZE), fault_of(invpcid_at, two + PAGE_SIZE - 8));
	EXPECT_NO_FAULT(fault_of(invpcid_at, two + PAGE_SIZE - 16));
	space_protect(space_kernel(), (ulong)two, PAGE_SIZE, PROT_USER);
	EXPECT_NO_FAULT(fault_of(invpcid_at, two));
}

TEST(invpcid_absent, "INVPCID where CPUID does not enumerate it is #UD",
     SPEC("SDM vol. 2A, INVPCID, 64-Bit Mode Exceptions"), REQUIRES(!cpu_has(X86_FEATURE_INVPCID)))
{
	EXPECT_FAULT(UD, invpcid_try(2, 0, 0));
}
