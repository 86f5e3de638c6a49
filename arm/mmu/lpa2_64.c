/* SPDX-License-Identifier: MIT */
/* TCR_EL1.DS, FEAT_LPA2: addresses of 52 bits with 4 KiB granules, and a level -1. And the Contiguous bit. */
#include <test.h>

#include <arm/access.h>
#include <arm/granule.h>
#include <mm/page.h>

#include "stage1.h"

SUITE("52-bit addresses and contiguous entries");

#define TCR_T0SZ     BITS(5, 0)
#define TCR_SH0	     BITS(13, 12)
#define TCR_IPS	     BITS(34, 32)
#define TCR_DS	     BIT(59)
#define PAR_F	     BIT(0)
#define PAR_FST(par) ((u32)((par) >> 1) & 0x3f)
#define PAR_SH(par)  ((par) >> 7 & 3)
#define PAR_PA	     BITS(51, 12)

/* Level -1: D24.2, ESR_EL1, DFSC. */
#define FSC_ADDRESS_SIZE_MINUS_1 0x29
#define FSC_TRANSLATION_MINUS_1	 0x2b

static bool has_lpa2(void)
{
	u64 tgran4 = read_sys(ID_AA64MMFR0) >> 28 & 0xf;

	return tgran4 == 1;
}

static bool has_52_bits_of_pa(void)
{
	return (read_sys(ID_AA64MMFR0) & 0xf) == 6;
}

/* Bits 9-8 are those of the output address with DS. */
static u64 page_without_sh(phys_t phys, u32 level, u32 prot)
{
	return arch_pte_page(phys & BITS(49, 0), level, prot) & ~PTE_SH_INNER;
}

static u32 half_terabytes(void)
{
	return 3;
}

static const struct space_format format_52 = {
	.name = "4k-52",
	.top_level = 4,
	.entry_size = 8,
	.entries = { 512, 512, 512, 512, 16 },
	.shift = { 12, 21, 30, 39, 48 },
	.max_page_level = half_terabytes,
	.page = page_without_sh,
	.table = arch_pte_table,
	.present = arch_pte_present,
	.is_page = arch_pte_is_page,
	.phys = arch_pte_phys,
	.prot = arch_pte_prot,
	.write = arch_pte_write,
	.flush_page = arch_space_flush_page,
	.flush_all = arch_space_flush_all,
};

static u64 old_tcr;

/* TCR_EL1 for the format, with DS and 52 bits of each. */
static u64 tcr_52(void)
{
	return (read_sys(TCR) & ~(TCR_T0SZ | TCR_IPS)) | (64 - 52) | TCR_DS | 6ull << 32;
}

static void begin(struct space *space, u64 tcr)
{
	old_tcr = read_sys(TCR);
	translation_set((ulong)space->root, tcr);
}

static void end(void)
{
	translation_set((ulong)space_kernel()->root, old_tcr);
}

/* PAR_EL1 after AT S1E1R. */
static u64 at(ulong va)
{
	__asm__ volatile("at s1e1r, %0\n\tisb" : : "r"(va) : "memory");
	return read_sys(PAR);
}

#define HIGH_VA (0x5ul << 48 | 0x123456789000)

TEST(lpa2_in_use, "code, stack, exceptions and EL0 work with DS, from a table of level -1 on",
     SPEC("DDI 0487, D8.2, VMSAv8-64 translation using the 4KB granule; TCR_EL1.DS"),
	  REQUIRES(has_lpa2()))
{
	struct space *space = space_create_like_kernel(&format_52, ~0u);
	u32 *page = page_alloc();

	space_map(space, HIGH_VA, (ulong)page, PAGE_SIZE, PROT_WRITE | PROT_USER);
	begin(space, tcr_52());
	WRITE_ONCE(*page, 0x12345678);
	EXPECT_NO_FAULT(fault_of(access_read, page));
	EXPECT_NO_FAULT(run_user(access_read, page));
	EXPECT_EQ(READ_ONCE(*(u32 *)HIGH_VA), 0x12345678);
	EXPECT_NO_FAULT(run_user(access_write, (void *)HIGH_VA));
	EXPECT_EQ(READ_ONCE(*page), 0);
	end();
}

TEST(lpa2_level_minus_1,
     "an address whose entry of level -1 is invalid is a translation fault of that level",
     SPEC("DDI 0487, D8.2; D24.2, ESR_EL1, DFSC 0b101011"), REQUIRES(has_lpa2()))
{
	struct space *space = space_create_like_kernel(&format_52, ~0u);

	begin(space, tcr_52());
	for (u32 i = 1; i < 16; i++) {
		ulong va = (ulong)i << 48 | 0x1000;

		SUBTEST("entry-%u", i);
		access_expect_aborts(FSC_TRANSLATION_MINUS_1, va);
		EXPECT_EQ(PAR_FST(at(va)), FSC_TRANSLATION_MINUS_1);
	}
	end();
}

TEST(lpa2_output_address, "a page leads to all 52 bits: bits 51-50 are bits 9-8 of the descriptor",
     SPEC("DDI 0487, D8.3, page descriptor with DS; D24.2, PAR_EL1"), REQUIRES(has_lpa2()),
	  REQUIRES(has_52_bits_of_pa()))
{
	for (u32 bit = 12; bit < 52; bit++) {
		struct space *space = space_create_like_kernel(&format_52, ~0u);
		phys_t phys = BIT(bit);
		u64 par;

		SUBTEST("bit-%u", bit);
		space_map_page(space, HIGH_VA, phys & BITS(49, 0), 0, PROT_WRITE);
		*space_entry_at(space, HIGH_VA, 0) |= phys >> 50 << 8;
		begin(space, tcr_52());
		par = at(HIGH_VA);
		end();
		EXPECT_EQ(par & PAR_F, 0);
		EXPECT_EQ(par & PAR_PA, phys);
	}
}

TEST(lpa2_blocks, "blocks of each size, 512 GiB too, lead to their memory",
     SPEC("DDI 0487, D8.3, block descriptor: level 0 with DS"), REQUIRES(has_lpa2()))
{
	for (u32 level = 1; level < 4; level++) {
		struct space *space = space_create_like_kernel(&format_52, ~0u);
		u64 size = space_size_at(space, level), par;
		ulong va = ALIGN_DOWN(HIGH_VA, size);

		SUBTEST("level-%u", 3 - level);
		space_map_page(space, va, 0, level, PROT_WRITE);
		begin(space, tcr_52());
		par = at(va + size - PAGE_SIZE);
		end();
		EXPECT_EQ(par & PAR_F, 0);
		EXPECT_EQ(par & PAR_PA, size - PAGE_SIZE);
	}
}

TEST(lpa2_address_size, "an output address beyond IPS is an address size fault of its level",
     SPEC("DDI 0487, D8.15, Address size fault; TCR_EL1.IPS"), REQUIRES(has_lpa2()),
	  REQUIRES(has_52_bits_of_pa()))
{
	for (u32 level = 0; level < 4; level++)
		for (u32 bit = 48; bit < 52; bit++) {
			struct space *space = space_create_like_kernel(&format_52, ~0u);
			u64 size = space_size_at(space, level), par;
			ulong va = ALIGN_DOWN(HIGH_VA, size);

			SUBTEST("level-%u-bit-%u", 3 - level, bit);
			space_map_page(space, va, BIT(bit) & BITS(49, 0), level, PROT_WRITE);
			*space_entry_at(space, va, level) |= BIT(bit) >> 50 << 8;
			/* 48 bits. */
			begin(space, (tcr_52() & ~TCR_IPS) | 5ull << 32);
			par = at(va);
			end();
			EXPECT_EQ(par & PAR_F, PAR_F);
			EXPECT_EQ(PAR_FST(par), FSC_ADDRESS_SIZE(3 - level));
		}
}

TEST(lpa2_shareability, "with DS, the shareability of what is cached is TCR_EL1.SH0",
     SPEC("DDI 0487, TCR_EL1.DS, SH0; D24.2, PAR_EL1.SH"), REQUIRES(has_lpa2()))
{
	static const u32 shs[] = { 0, 2, 3 };

	for (u32 i = 0; i < ARRAY_SIZE(shs); i++) {
		struct space *space = space_create_like_kernel(&format_52, ~0u);
		u64 par;

		SUBTEST("sh-%u", shs[i]);
		begin(space, (tcr_52() & ~TCR_SH0) | (u64)shs[i] << 12);
		par = at((ulong)page_alloc());
		end();
		EXPECT_EQ(par & PAR_F, 0);
		EXPECT_EQ(PAR_SH(par), shs[i]);
	}
}

TEST(lpa2_sizes, "T0SZ from 12 to 24 with DS: what is beyond is a translation fault of level 0",
     SPEC("DDI 0487, TCR_EL1.T0SZ; J1.3, AArch64.S1Translate: fault.level is 0 where the address is out of range"),
	  REQUIRES(has_lpa2()))
{
	struct space *space = space_create_like_kernel(&format_52, ~0u);

	for (u32 t0sz = 12; t0sz < 16; t0sz++) {
		ulong beyond = BIT(64 - t0sz);

		SUBTEST("t0sz-%u", t0sz);
		begin(space, (tcr_52() & ~TCR_T0SZ) | t0sz);
		EXPECT_EQ(PAR_FST(at(beyond)), FSC_TRANSLATION(0));
		EXPECT_EQ(at((ulong)space & ~0xffful) & PAR_F, 0);
		end();
	}
}

/* ------------------------------------------------------------------------------- Contiguous */

TEST(contiguous_entries,
     "sixteen entries with the Contiguous bit lead to their memory, and to new memory after TLBI",
     SPEC("DDI 0487, D8.7, the Contiguous bit"))
{
	static const ulong va = 0x123400000000;

	for (u32 level = 0; level < 2; level++) {
		u64 size = space_page_size(level);
		u8 *memory = pages_alloc(16, 16 * PAGE_SIZE);

		SUBTEST("level-%u", 3 - level);
		for (u32 round = 0; round < 2; round++) {
			for (u32 i = 0; i < 16; i++) {
				/* Of level 2 all lead to the first GiB with memory: what is there does not matter. */
				ulong phys = level ? ALIGN_DOWN((ulong)memory, 16 * size) + i * size
						   : (ulong)memory + i * size;

				*space_entry_at(space_kernel(), va + i * size, level) =
					arch_pte_page(phys, level, PROT_WRITE | PROT_USER) |
					PTE_CONTIG;
				if (!level)
					*(u64 *)(memory + i * PAGE_SIZE) = 0x1000 * round + i;
			}
			dsb();
			for (u32 i = 0; i < 16; i++) {
				if (!level)
					EXPECT_EQ(READ_ONCE(*(u64 *)(va + i * size)),
						  0x1000 * round + i);
				EXPECT_NO_FAULT(run_user(access_read, (void *)(va + i * size)));
			}
			/* Break before make, of all of them. */
			for (u32 i = 0; i < 16; i++)
				*space_entry_at(space_kernel(), va + i * size, level) = 0;
			arch_tlb_flush_all();
			for (u32 i = 0; i < 16; i++)
				EXPECT_FAULT(DATA_ABORT(FSC_TRANSLATION(3 - level), va + i * size),
					     fault_of(access_read, (void *)(va + i * size)));
		}
	}
}
