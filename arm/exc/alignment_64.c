/* SPDX-License-Identifier: MIT */
/* Alignment of SP, PC and data. */
#include <test.h>

#include <mm/page.h>
#include <mm/space.h>

SUITE("Alignment");

#define DEVICE_ALIAS 0xc0000000ul

/* A load through an SP that is off by so much. */
static struct fault load_by_sp(ulong off)
{
	fault_clear();
	__asm__ volatile("mov x9, sp\n"
			 "sub x10, x9, #64\n"
			 "add x10, x10, %0\n"
			 "mov sp, x10\n" GUARDED("ldr x10, [sp]") "mov sp, x9"
			 :
			 : "r"(off)
			 : "x9", "x10", "memory");
	return fault_taken();
}

static void load_by_sp_user(void *off)
{
	__asm__ volatile("mov x9, sp\n"
			 "sub x10, x9, #64\n"
			 "add x10, x10, %0\n"
			 "mov sp, x10\n"
			 "ldr x10, [sp]\n"
			 "mov sp, x9"
			 :
			 : "r"(off)
			 : "x9", "x10", "memory");
}

static void change_sctlr(u64 set, u64 clear)
{
	write_sys(SCTLR, (read_sys(SCTLR) | set) & ~clear);
	isb();
}

TEST(sp_alignment, "a load through an SP that is no multiple of 16 faults if SA (EL0: SA0) is set",
     SPEC("DDI 0487, D1.2.2.2, SP alignment checking"))
{
	for (ulong off = 1; off <= 16; off <<= 1) {
		SUBTEST("off-%lu", off);
		EXPECT_FAULT(off < 16 ? SP_ALIGNMENT : NO_FAULT, load_by_sp(off));
		EXPECT_FAULT(off < 16 ? SP_ALIGNMENT : NO_FAULT,
			     run_user(load_by_sp_user, (void *)off));
	}
	SUBTEST("sa-0");
	change_sctlr(0, SCTLR_SA);
	EXPECT_NO_FAULT(load_by_sp(8));
	EXPECT_FAULT(SP_ALIGNMENT, run_user(load_by_sp_user, (void *)8));
	SUBTEST("sa0-0");
	change_sctlr(SCTLR_SA, SCTLR_SA0);
	EXPECT_FAULT(SP_ALIGNMENT, load_by_sp(8));
	EXPECT_NO_FAULT(run_user(load_by_sp_user, (void *)8));
	change_sctlr(SCTLR_SA0, 0);
}

static void jump(void *address)
{
	__asm__ volatile("blr %0" : : "r"(address) : "x30", "memory");
}

static void nothing(void *arg)
{
	(void)arg;
}

TEST(pc_alignment, "a branch to an address that is no multiple of 4 is a PC alignment fault there",
     SPEC("DDI 0487, D1.2.2.1, PC alignment checking; D17.2.40, FAR_EL1"))
{
	for (ulong off = 1; off < 4; off++) {
		ulong address = (ulong)nothing + off;

		SUBTEST("off-%lu", off);
		EXPECT_FAULT(PC_ALIGNMENT(address), fault_of(jump, (void *)address));
		EXPECT_EQ(trap_last_frame()->pc, address);
		EXPECT_FAULT(PC_ALIGNMENT(address), run_user(jump, (void *)address));
	}
}

static u64 bytes[4] __aligned(32) = { 0x0706050403020100, 0x0f0e0d0c0b0a0908, 0x1716151413121110,
				      0x1f1e1d1c1b1a1918 };

static struct fault load64_try(ulong address, u64 *value)
{
	fault_clear();
	__asm__ volatile(GUARDED("ldr %0, [%1]") : "+r"(*value) : "r"(address) : "memory");
	return fault_taken();
}

static struct fault store16_try(ulong address)
{
	fault_clear();
	__asm__ volatile(GUARDED("strh wzr, [%0]") : : "r"(address) : "memory");
	return fault_taken();
}

TEST(unaligned_normal,
     "an unaligned load of Normal memory works while SCTLR_EL1.A is clear, and faults else",
     SPEC("DDI 0487, B2.8.2, alignment of data accesses; D17.2.118, A"))
{
	for (ulong off = 0; off < 8; off++) {
		u64 value = 0;

		SUBTEST("off-%lu", off);
		EXPECT_NO_FAULT(load64_try((ulong)bytes + 7 + off, &value));
		EXPECT_EQ(value, 0x0e0d0c0b0a090807 + 0x0101010101010101 * off);
		change_sctlr(SCTLR_A, 0);
		EXPECT_FAULT(off == 1 ? NO_FAULT
				      : DATA_ABORT(FSC_ALIGNMENT, (ulong)bytes + 7 + off),
			     load64_try((ulong)bytes + 7 + off, &value));
		change_sctlr(0, SCTLR_A);
	}
	SUBTEST("store");
	change_sctlr(SCTLR_A, 0);
	EXPECT_FAULT(DATA_ABORT(ABORT_WRITE | FSC_ALIGNMENT, (ulong)bytes + 1),
		     store16_try((ulong)bytes + 1));
	change_sctlr(0, SCTLR_A);
	EXPECT_EQ(bytes[0], 0x0706050403020100);
}

TEST(unaligned_device, "an unaligned access to Device memory is an alignment fault",
     SPEC("DDI 0487, B2.7.2, Device memory; B2.8.2"))
{
	u64 value = 0;

	space_map_page(space_kernel(), DEVICE_ALIAS, (ulong)page_alloc(), 0,
		       PROT_DEVICE | PROT_WRITE);
	EXPECT_NO_FAULT(load64_try(DEVICE_ALIAS + 8, &value));
	EXPECT_FAULT(DATA_ABORT(FSC_ALIGNMENT, DEVICE_ALIAS + 4),
		     load64_try(DEVICE_ALIAS + 4, &value));
	EXPECT_FAULT(DATA_ABORT(ABORT_WRITE | FSC_ALIGNMENT, DEVICE_ALIAS + 1),
		     store16_try(DEVICE_ALIAS + 1));
}

TEST(unaligned_exclusive,
     "an exclusive load across 16 bytes is an alignment fault, whatever A says",
     SPEC("DDI 0487, B2.8.2, unaligned accesses by Load-Exclusive"))
{
	u32 value = 0;

	fault_clear();
	__asm__ volatile(GUARDED("ldxr %w0, [%1]")
			 : "+r"(value)
			 : "r"((ulong)bytes + 14)
			 : "memory");
	EXPECT_FAULT(DATA_ABORT(FSC_ALIGNMENT, (ulong)bytes + 14), fault_taken());
}
