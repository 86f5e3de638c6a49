/* SPDX-License-Identifier: MIT */
/*
 * Exceptions of AArch32: the mode that each is taken to, what it masks, the return address in LR and the
 * interrupted code's state in SPSR; and the registers that each mode has for itself. The vectors here
 * are the test's own, with a record for each mode where its SP points.
 */
#include <test.h>

#include <arm/sysreg.h>
#include <string.h>

/* MRS and MSR to another mode's registers came with the Virtualization Extensions, and are in all ARMv8. */
static bool has_banked_access(void)
{
	u32 value = 0;

	fault_clear();
	__asm__ volatile(".arch_extension virt\n" GUARDED("mrs %0, SP_abt")
			 : "+r"(value)
			 :
			 : "memory");
	return !fault_taken().kind;
}

SUITE("Modes and banked registers", REQUIRES(has_banked_access()));

/* What a vector leaves where the mode's SP points. */
struct record {
	u32 lr, r0, cpsr, spsr;
};

extern const u32 modes_vectors[];

/* Go on after the instruction, but for data aborts, whose LR is 8 after it: DDI 0487, table G1-?. */
__asm__(".macro record_vector back\n"
	"	str	lr, [sp]\n"
	"	str	r0, [sp, #4]\n"
	"	mrs	r0, cpsr\n"
	"	str	r0, [sp, #8]\n"
	"	mrs	r0, spsr\n"
	"	str	r0, [sp, #12]\n"
	"	ldr	r0, [sp, #4]\n"
	"	subs	pc, lr, #\\back\n"
	".endm\n"
	"	.text\n"
	"	.arm\n"
	"	.balign 32\n"
	"modes_vectors:\n"
	"	b	.\n"
	"	b	1f\n"
	"	b	1f\n"
	"	b	1f\n"
	"	b	2f\n"
	"	b	.\n"
	"	b	.\n"
	"	b	.\n"
	"1:	record_vector 0\n"
	"2:	record_vector 4\n");

static struct record records[4];

#define WRITE_BANKED(name, value) \
	__asm__ volatile(".arch_extension virt\n\tmsr " #name ", %0" : : "r"(value) : "memory")
#define READ_BANKED(name)                                                                   \
	({                                                                                  \
		u32 banked_;                                                                \
		__asm__ volatile(".arch_extension virt\n\tmrs %0, " #name : "=r"(banked_)); \
		banked_;                                                                    \
	})

/* Runs the instruction, with these A, I and F, under the test's vectors; `at` becomes its address. */
#define RAISE_WITH(insn, masks, at)                             \
	do {                                                    \
		memset(records, 0, sizeof(records));            \
		WRITE_BANKED(SP_svc, &records[0]);              \
		WRITE_BANKED(SP_abt, &records[1]);              \
		WRITE_BANKED(SP_und, &records[2]);              \
		write_sys(VBAR, (ulong)modes_vectors);          \
		isb();                                          \
		__asm__ volatile("msr cpsr_x, %1\n"             \
				 "msr cpsr_c, %1\n"             \
				 "adr %0, 1f\n"                 \
				 "1:	" insn "\n"             \
				 "cpsid i\n"                    \
				 "cpsie af\n"                   \
				 : "=&r"(at)                    \
				 : "r"((u32)(masks) | MODE_SYS) \
				 : "r1", "cc", "memory");       \
		write_sys(VBAR, vbar);                          \
		isb();                                          \
	} while (0)

/* The one record that is not empty must be that of `mode`. */
static void expect_record(u32 mode, u32 index, ulong lr, u32 cpsr_masks, u32 spsr_masks)
{
	const struct record *r = &records[index];

	for (u32 i = 0; i < 3; i++)
		EXPECT_EQ(records[i].lr != 0, i == index, "record %u", i);
	EXPECT_EQ(r->cpsr & PSTATE_MODE, mode);
	EXPECT_EQ(r->cpsr & (PSTATE_AIF | PSTATE_T), cpsr_masks);
	EXPECT_EQ(r->lr, lr);
	EXPECT_EQ(r->spsr & PSTATE_MODE, MODE_SYS);
	EXPECT_EQ(r->spsr & PSTATE_AIF, spsr_masks);
}

TEST(svc_entry, "SVC enters Supervisor mode with IRQs masked, LR after it",
     SPEC("DDI 0487, G1, Supervisor Call exception; table of preferred return addresses"))
{
	ulong vbar = read_sys(VBAR), at;

	RAISE_WITH("svc #1", 0, at);
	expect_record(MODE_SVC, 0, at + 4, PSTATE_I, 0);
	RAISE_WITH("svc #1", PSTATE_AIF, at);
	expect_record(MODE_SVC, 0, at + 4, PSTATE_AIF, PSTATE_AIF);
}

TEST(undefined_entry,
     "an undefined instruction enters Undefined mode with IRQs masked, LR 4 after it",
     SPEC("DDI 0487, G1.13, Undefined Instruction exception"))
{
	ulong vbar = read_sys(VBAR), at;

	RAISE_WITH(".inst 0xe7f000f0", 0, at);
	expect_record(MODE_UND, 2, at + 4, PSTATE_I, 0);
	RAISE_WITH(".inst 0xe7f000f0", PSTATE_F, at);
	expect_record(MODE_UND, 2, at + 4, PSTATE_I | PSTATE_F, PSTATE_F);
}

TEST(breakpoint_entry,
     "BKPT enters Abort mode as a prefetch abort with A and I masked, LR 4 after it",
     SPEC("DDI 0487, G1.13, Prefetch Abort exception"))
{
	ulong vbar = read_sys(VBAR), at;

	RAISE_WITH("bkpt #1", 0, at);
	expect_record(MODE_ABT, 1, at + 4, PSTATE_A | PSTATE_I, 0);
}

TEST(data_abort_entry, "a data abort enters Abort mode with A and I masked, LR 8 after the access",
     SPEC("DDI 0487, G1.13, Data Abort exception"))
{
	ulong vbar = read_sys(VBAR), at;

	/* Page 0 is absent. */
	RAISE_WITH("mov r1, #0\n\tldr r1, [r1, #16]", 0, at);
	expect_record(MODE_ABT, 1, at + 4 + 8, PSTATE_A | PSTATE_I, 0);
}

TEST(flags_in_spsr, "SPSR has the interrupted code's N, Z, C, V and Q", SPEC("DDI 0487, G1.9.4"))
{
	ulong vbar = read_sys(VBAR), at;

	RAISE_WITH("msr cpsr_f, #0xa8000000\n\tsvc #1", 0, at);
	EXPECT_EQ(records[0].spsr >> 27, 0x15);
	RAISE_WITH("msr cpsr_f, #0x50000000\n\tsvc #1", 0, at);
	EXPECT_EQ(records[0].spsr >> 27, 0x0a);
}

TEST(banked_sp, "each mode has an SP and an LR of its own", SPEC("DDI 0487, G1.9.2"))
{
	WRITE_BANKED(SP_svc, 0x11110000);
	WRITE_BANKED(SP_abt, 0x22220000);
	WRITE_BANKED(SP_und, 0x33330000);
	WRITE_BANKED(SP_irq, 0x44440000);
	WRITE_BANKED(SP_fiq, 0x55550000);
	WRITE_BANKED(LR_svc, 0x11110004);
	WRITE_BANKED(LR_abt, 0x22220004);
	WRITE_BANKED(LR_und, 0x33330004);
	WRITE_BANKED(LR_irq, 0x44440004);
	WRITE_BANKED(LR_fiq, 0x55550004);
	EXPECT_EQ(READ_BANKED(SP_svc), 0x11110000);
	EXPECT_EQ(READ_BANKED(SP_abt), 0x22220000);
	EXPECT_EQ(READ_BANKED(SP_und), 0x33330000);
	EXPECT_EQ(READ_BANKED(SP_irq), 0x44440000);
	EXPECT_EQ(READ_BANKED(SP_fiq), 0x55550000);
	EXPECT_EQ(READ_BANKED(LR_svc), 0x11110004);
	EXPECT_EQ(READ_BANKED(LR_abt), 0x22220004);
	EXPECT_EQ(READ_BANKED(LR_und), 0x33330004);
	EXPECT_EQ(READ_BANKED(LR_irq), 0x44440004);
	EXPECT_EQ(READ_BANKED(LR_fiq), 0x55550004);
}

/* SP and LR as code in that mode sees them. */
#define SEEN_IN_MODE(mode)                                  \
	({                                                  \
		u32 sp_;                                    \
		__asm__ volatile("cpsid aif, %1\n"          \
				 "mov %0, sp\n"             \
				 "cps %2\n"                 \
				 "cpsie af"                 \
				 : "=r"(sp_)                \
				 : "i"(mode), "i"(MODE_SYS) \
				 : "memory");               \
		sp_;                                        \
	})

TEST(banked_sp_in_mode, "MSR to a banked SP is what code in that mode has as SP",
     SPEC("DDI 0487, F5.1, MSR (Banked register)"))
{
	WRITE_BANKED(SP_abt, 0x22220000);
	WRITE_BANKED(SP_und, 0x33330000);
	WRITE_BANKED(SP_irq, 0x44440000);
	WRITE_BANKED(SP_fiq, 0x55550000);
	EXPECT_EQ(SEEN_IN_MODE(MODE_ABT), 0x22220000);
	EXPECT_EQ(SEEN_IN_MODE(MODE_UND), 0x33330000);
	EXPECT_EQ(SEEN_IN_MODE(MODE_IRQ), 0x44440000);
	EXPECT_EQ(SEEN_IN_MODE(MODE_FIQ), 0x55550000);
}

TEST(banked_fiq_registers, "FIQ mode has r8 to r12 of its own", SPEC("DDI 0487, G1.9.2"))
{
	u32 fiq, user;

	WRITE_BANKED(r8_fiq, 0x88888888);
	__asm__ volatile("mov r8, %2\n"
			 "cpsid aif, %3\n"
			 "mov %0, r8\n"
			 "cps %4\n"
			 "cpsie af\n"
			 "mov %1, r8\n"
			 : "=&r"(fiq), "=&r"(user)
			 : "r"(0x12345678), "i"(MODE_FIQ), "i"(MODE_SYS)
			 : "r8", "r9", "r10", "r12", "memory");
	EXPECT_EQ(fiq, 0x88888888);
	EXPECT_EQ(user, 0x12345678);
}

static void user_svc(void *arg)
{
	(void)arg;
	__asm__ volatile("svc #0x123456 >> 4" ::: "memory");
}

static void user_change_mode(void *result)
{
	__asm__ volatile("msr cpsr_c, #0x1f\n\tmrs %0, cpsr" : "=r"(*(u32 *)result) : : "memory");
}

TEST(user_cannot_change_mode, "in User mode a write to CPSR changes neither mode nor masks",
     SPEC("DDI 0487, F5.1, MSR (register), as a user-mode instruction"))
{
	u32 cpsr = 0;

	EXPECT_NO_FAULT(run_user(user_change_mode, &cpsr));
	EXPECT_EQ(cpsr & PSTATE_MODE, MODE_USR);
}

/* SVC in T32, to which BLX leads from A32. */
extern const u8 svc_in_t32[];
__asm__("	.text\n"
	"	.thumb\n"
	"	.balign 4\n"
	"svc_in_t32:\n"
	"	svc	#0xa5\n"
	"	bx	lr\n"
	"	.arm\n");

static void user_svc_t32(void *arg)
{
	(void)arg;
	__asm__ volatile("blx %0" : : "r"((ulong)svc_in_t32 + 1) : "lr", "memory");
}

TEST(user_svc_t32, "SVC in T32 returns 2 after itself, with T in SPSR, and enters A32",
     SPEC("DDI 0487, G1, table of preferred return addresses; SCTLR.TE"))
{
	EXPECT_FAULT(SVC(0xa5), run_user(user_svc_t32, NULL));
	EXPECT_EQ(trap_last_frame()->pstate & (PSTATE_T | PSTATE_MODE), PSTATE_T | MODE_USR);
	EXPECT_EQ(trap_last_frame()->pc, (ulong)svc_in_t32 + 2);
}

TEST(user_svc, "SVC in User mode has User mode in SPSR", SPEC("DDI 0487, G1.13"))
{
	EXPECT_FAULT(SVC(0x12345), run_user(user_svc, NULL));
	EXPECT_EQ(trap_last_frame()->pstate & PSTATE_MODE, MODE_USR);
}
