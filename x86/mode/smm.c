/* SPDX-License-Identifier: MIT */
/*
 * System-management mode, entered by a write to the chipset's APM control port: SDM vol. 3C, chapter 34;
 * APM vol. 2, chapter 10. The handler is at SMBASE + 8000H, where SMBASE is 30000H since RESET.
 */
#include <test.h>

#include <string.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/execute.h>
#include <x86/io.h>
#include <x86/mode.h>
#include <x86/msr.h>

#define SMBASE	    0x30000
#define SMM_ENTRY   0x8000 /* from SMBASE on */
#define SMM_RESULTS 0x9000

/* The saved SMBASE: SDM vol. 3C, table 34-1; APM vol. 2, table 10-1. */
#define SAVED_SMBASE	   0xfef8
#define SAVED_SMBASE_AMD64 0xff00

/* Intel ICH9 data sheet, 13.1 (LPC bridge) and 13.8.3 (SMI_EN). */
#define PCI_ADDRESS 0xcf8
#define PCI_DATA    0xcfc
#define LPC(offset) (0x8000f800u | (offset))
#define ICH9_LPC_ID 0x29188086
#define LPC_ID	    LPC(0x00)
#define LPC_PMBASE  LPC(0x40)
#define PMBASE_MASK 0xff80
#define SMI_EN	    0x30
#define GBL_SMI_EN  BIT(0)
#define APMC_EN	    BIT(5)

static u32 lpc_read(u32 address)
{
	outl(PCI_ADDRESS, address);
	return inl(PCI_DATA);
}

SUITE("System-management mode", REQUIRES(lpc_read(LPC_ID) == ICH9_LPC_ID));

/* What the handler notes, at SMM_RESULTS. */
struct smm_seen {
	u32 cr0, cr4, dr7, flags;
	u16 cs, ds, es, ss;
	u32 ip, count;
	u32 new_base;	 /* if not 0, what the handler writes to the saved SMBASE */
	u32 base_offset; /* where that is in the handler's segment */
};

/* At this SMBASE. */
static struct smm_seen *prepare_at(u32 base)
{
	const struct mode_code handler = CODE16(
		"0: movl %%eax, %%cs:0x9100; movw %%ss, %%cs:0x9016; movw $0x3000, %%ax; movw %%ax, %%ss\n"
		"movl $0x9800, %%esp; pushfl; popl %%cs:0x900c\n"
		"movl %%cr0, %%eax; movl %%eax, %%cs:0x9000\n"
		"movl %%cr4, %%eax; movl %%eax, %%cs:0x9004\n"
		"movl %%dr7, %%eax; movl %%eax, %%cs:0x9008\n"
		"movw %%cs, %%cs:0x9010; movw %%ds, %%cs:0x9012; movw %%es, %%cs:0x9014\n"
		"call 1f; 1: popw %%ax; subw $1b - 0b, %%ax\n"
		"movzwl %%ax, %%eax; movl %%eax, %%cs:0x9018; incl %%cs:0x901c\n"
		"movl $-1, %%ebx; movl %%ebx, %%ecx; movl %%ebx, %%edx; movl %%ebx, %%esi\n"
		"movl %%ebx, %%edi; movl %%ebx, %%ebp; movw %%bx, %%ds; movw %%bx, %%es; std\n"
		"movl $0x402, %%eax; movl %%eax, %%dr7\n"
		"movl %%cs:0x9020, %%eax; testl %%eax, %%eax; jz 1f\n"
		"movw %%cs:0x9024, %%bx; movl %%eax, %%cs:(%%bx)\n"
		"1: rsm");
	const u16 pmbase = lpc_read(LPC_PMBASE) & PMBASE_MASK;
	struct smm_seen *seen = (struct smm_seen *)low8(base + SMM_RESULTS);

	memset(seen, 0, sizeof(*seen));
	memcpy(low8(base + SMM_ENTRY), handler.start, handler.size);
	outl(pmbase + SMI_EN, inl(pmbase + SMI_EN) | GBL_SMI_EN | APMC_EN);
	return seen;
}

static struct smm_seen *prepare(void)
{
	return prepare_at(SMBASE);
}

/* The SMI is taken at the end of the OUT. */
static const void *trigger(void)
{
	return CODE("outb %%al, $0xb2");
}

TEST(smi_entry_state,
     "SMM starts in something like real mode: CR0, CR4, DR7, flags and segments have set values",
     SPEC("SDM vol. 3C, 34.5.1, table 34-4"))
{
	const struct smm_seen *seen = prepare();
	struct registers r = { .flags = FLAG_1 | FLAG_CF | FLAG_DF };
	const ulong cr0 = read_cr0();

	EXPECT_NO_FAULT(execute_try(trigger(), &r));
	EXPECT_EQ(seen->count, 1);
	EXPECT_EQ(seen->cr0, cr0 & ~(ulong)(CR0_PE | CR0_EM | CR0_TS | CR0_PG));
	EXPECT_EQ(seen->cr4, 0);
	EXPECT_EQ(seen->dr7, DR7_RESET);
	EXPECT_EQ(seen->flags, FLAG_1);
	EXPECT_EQ(seen->cs, SMBASE >> 4);
	EXPECT_EQ(seen->ds, 0);
	EXPECT_EQ(seen->es, 0);
	EXPECT_EQ(seen->ss, 0);
	EXPECT_EQ(seen->ip, 0x8000);
}

TEST(rsm_restores,
     "RSM brings back every register that the handler has changed, and goes on after the OUT",
     SPEC("SDM vol. 3C, 34.4.1, 34.6; vol. 2B, RSM"))
{
	const struct smm_seen *seen = prepare();
	const ulong cr0 = read_cr0(), cr3 = read_cr3(), cr4 = read_cr4();
	const u64 efer = rdmsr(MSR_EFER);
	struct registers r = { .flags = FLAG_1 | FLAG_CF | FLAG_SF }, before;

	for (u32 i = 0; i < ARRAY_SIZE(r.general); i++)
		r.general[i] = (ulong)(0x1122334455667788ull * (i + 3));
	before = r;
	write_dr0(0x12345);
	write_dr7(DR7_RESET | BIT(9) | BIT(17));
	EXPECT_NO_FAULT(execute_try(trigger(), &r));
	EXPECT_EQ(seen->count, 1);
	for (u32 i = 0; i < ARRAY_SIZE(r.general); i++)
		EXPECT_EQ(r.general[i], before.general[i], "register %u", i);
	EXPECT_EQ(r.flags, before.flags);
	EXPECT_EQ(read_cr0(), cr0);
	EXPECT_EQ(read_cr3(), cr3);
	EXPECT_EQ(read_cr4(), cr4);
	EXPECT_EQ(rdmsr(MSR_EFER), efer);
	EXPECT_EQ(read_dr0(), 0x12345);
	EXPECT_EQ(read_dr7(), DR7_RESET | BIT(9) | BIT(17));
	write_dr7(DR7_RESET);
}

TEST(smi_again, "each SMI enters the handler once; without APMC_EN the port raises none",
     SPEC("SDM vol. 3C, 34.2; ICH9 data sheet, 13.8.3.8"))
{
	const struct smm_seen *seen = prepare();
	const u16 pmbase = lpc_read(LPC_PMBASE) & PMBASE_MASK;
	struct registers r = { .flags = FLAG_1 };

	for (u32 i = 1; i <= 3; i++) {
		EXPECT_NO_FAULT(execute_try(trigger(), &r));
		EXPECT_EQ(seen->count, i);
	}
	outl(pmbase + SMI_EN, inl(pmbase + SMI_EN) & ~(u32)APMC_EN);
	EXPECT_NO_FAULT(execute_try(trigger(), &r));
	EXPECT_EQ(seen->count, 3);
}

TEST(smbase_relocation,
     "RSM loads SMBASE from the saved state: the next SMI starts there, CS says so",
     SPEC("SDM vol. 3C, 34.11; APM vol. 2, 10.2.1"))
{
	const u32 offset = cpu_is_amd() && cpu_has(X86_FEATURE_LM) ? SAVED_SMBASE_AMD64
								   : SAVED_SMBASE;
	const u32 other_base = 0x50000;
	struct smm_seen *seen = prepare(), *other = prepare_at(other_base);
	struct registers r = { .flags = FLAG_1 };

	seen->base_offset = other->base_offset = offset;
	seen->new_base = other_base;
	EXPECT_NO_FAULT(execute_try(trigger(), &r));
	EXPECT_EQ(seen->count, 1);
	EXPECT_EQ(other->count, 0);
	other->new_base = SMBASE;
	EXPECT_NO_FAULT(execute_try(trigger(), &r));
	EXPECT_EQ(seen->count, 1);
	EXPECT_EQ(other->count, 1);
	EXPECT_EQ(other->cs, other_base >> 4);
	EXPECT_EQ(other->ip, 0x8000);
	seen->new_base = 0;
	EXPECT_NO_FAULT(execute_try(trigger(), &r));
	EXPECT_EQ(seen->count, 2);
	EXPECT_EQ(other->count, 1);
}

TEST(rsm_outside_smm, "RSM outside SMM is #UD, at CPL 3 too", SPEC("SDM vol. 2B, RSM"))
{
	struct registers r = { .flags = FLAG_1 };
	struct mode m;

	EXPECT_FAULT(UD, execute_try(CODE("rsm"), &r));
	mode_init(&m, MODE_REAL);
	EXPECT_FAULT(VECTOR(VEC_UD), mode_run(&m, CODE16("rsm; nop")));
	mode_init(&m, MODE_32_USER);
	EXPECT_FAULT(UD, mode_run(&m, CODE32("rsm; nop")));
}
