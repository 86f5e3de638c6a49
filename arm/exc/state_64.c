/* SPDX-License-Identifier: MIT */
/* The state that an exception is taken with, and what exception returns accept. */
#include <test.h>

SUITE("Exception entry and return");

static struct {
	u64 daif, spsel, count;
	struct trap_frame frame;
} seen;

static void look(struct trap_frame *frame)
{
	seen.daif = read_sys(DAIF);
	seen.spsel = read_sys(SPSEL);
	seen.frame = *frame;
	seen.count++;
}

static void svc_user(void *arg)
{
	(void)arg;
	__asm__ volatile("svc #1" ::: "memory");
}

/* An SVC with flags and masks of which none is what exception entry makes of it. */
static void svc_with_flags(u64 flags)
{
	__asm__ volatile("msr nzcv, %0\n\tsvc #1" : : "r"(flags) : "cc", "memory");
}

TEST(entry_masks_all, "an exception to EL1 sets D, A, I and F and selects SP_EL1",
     SPEC("DDI 0487, D1.3.1, exception entry"))
{
	seen.count = 0;
	trap_set_handler(VECTOR_FROM_EL1T + VECTOR_SYNC, look);
	svc_with_flags(0);
	EXPECT_EQ(seen.count, 1);
	EXPECT_EQ(seen.daif, PSTATE_DAIF);
	EXPECT_EQ(seen.spsel, 1);
}

/* What SPSR_EL1 has in every implementation; the rest depends on the CPU, and is the next case's. */
#define SPSR_COMMON (PSTATE_NZCV | PSTATE_DAIF | PSTATE_MODE)

TEST(spsr_has_pstate, "SPSR_EL1 has the interrupted code's flags, masks and mode",
     SPEC("DDI 0487, D1.3.1; C5.2.18"))
{
	trap_set_handler(VECTOR_FROM_EL1T + VECTOR_SYNC, look);
	for (u64 flag = PSTATE_V; flag <= PSTATE_N; flag <<= 1) {
		SUBTEST("flag-%d", __builtin_ctzll(flag));
		svc_with_flags(flag);
		EXPECT_EQ(seen.frame.pstate & SPSR_COMMON, flag | PSTATE_I | PSTATE_EL1T);
		svc_with_flags(PSTATE_NZCV & ~flag);
		EXPECT_EQ(seen.frame.pstate & SPSR_COMMON,
			  (PSTATE_NZCV & ~flag) | PSTATE_I | PSTATE_EL1T);
	}
	for (u64 mask = PSTATE_F; mask <= PSTATE_D; mask <<= 1) {
		SUBTEST("mask-%d", __builtin_ctzll(mask));
		write_sys(DAIF, mask);
		svc_with_flags(0);
		EXPECT_EQ(seen.frame.pstate & SPSR_COMMON, mask | PSTATE_EL1T);
	}
	write_sys(DAIF, PSTATE_I);
}

/* A field of PSTATE that came with a feature: how it is written and read, and what entry makes of it. */
#define ACCESSORS(name)                   \
	static void set_##name(u64 value) \
	{                                 \
		write_sys(name, value);   \
	}                                 \
	static u64 get_##name(void)       \
	{                                 \
		return read_sys(name);    \
	}

ACCESSORS(UAO)
ACCESSORS(DIT)
ACCESSORS(SSBS)
ACCESSORS(TCO)
ACCESSORS(ALLINT)

#define FEATURE(reg, low, least)                                \
	static bool has_##reg##_##low(void)                     \
	{                                                       \
		return (read_sys(reg) >> (low)&0xf) >= (least); \
	}

FEATURE(ID_AA64MMFR2, 4, 1)
FEATURE(ID_AA64PFR0, 48, 1)
FEATURE(ID_AA64PFR1, 4, 2)
FEATURE(ID_AA64PFR1, 8, 2) /* without FEAT_MTE2, TCO may be RAZ/WI: C5.2.28 */
FEATURE(ID_AA64PFR1, 36, 1)

/* After entry: 0, 1, or what it was. */
enum entry_makes { MAKES_0, MAKES_1, KEEPS };

static const struct field {
	const char *name;
	u64 bit;
	bool (*exists)(void);
	void (*set)(u64 value);
	u64 (*get)(void);
	enum entry_makes at_entry; /* with SCTLR_EL1.DSSBS = 0, SPINTMASK = 0 but for this: */
	u64 sctlr;
} fields[] = {
	{ "uao", PSTATE_UAO, has_ID_AA64MMFR2_4, set_UAO, get_UAO, MAKES_0, 0 },
	{ "dit", PSTATE_DIT, has_ID_AA64PFR0_48, set_DIT, get_DIT, KEEPS, 0 },
	{ "ssbs", PSTATE_SSBS, has_ID_AA64PFR1_4, set_SSBS, get_SSBS, MAKES_0, 0 },
	{ "ssbs-dssbs", PSTATE_SSBS, has_ID_AA64PFR1_4, set_SSBS, get_SSBS, MAKES_1, SCTLR_DSSBS },
	{ "tco", PSTATE_TCO, has_ID_AA64PFR1_8, set_TCO, get_TCO, MAKES_1, 0 },
	{ "allint", PSTATE_ALLINT, has_ID_AA64PFR1_36, set_ALLINT, get_ALLINT, MAKES_1, 0 },
};

static const struct field *looked_at;
static u64 field_in_handler;

static void look_at_field(struct trap_frame *frame)
{
	field_in_handler = looked_at->get();
	look(frame);
}

TEST(fields_of_pstate,
     "each further field of PSTATE is in SPSR_EL1, gets its value at entry, and is back after ERET",
     SPEC("DDI 0487, D1.4.2, exception entry: PSTATE; C5.2.18"))
{
	trap_set_handler(VECTOR_FROM_EL1T + VECTOR_SYNC, look_at_field);
	for (u32 i = 0; i < ARRAY_SIZE(fields); i++) {
		const struct field *field = &fields[i];

		SUBTEST("%s", field->name);
		if (!field->exists()) {
			SKIP_ROW("the CPU does not have PSTATE.%s", field->name);
			continue;
		}
		looked_at = field;
		for (u32 on = 0; on < 2; on++) {
			u64 value = on ? field->bit : 0, old = field->get(), back;
			u64 sctlr = read_sys(SCTLR);

			write_sys(SCTLR, sctlr | field->sctlr);
			isb();
			field->set(value);
			svc_with_flags(0);
			back = field->get();
			field->set(old);
			write_sys(SCTLR, sctlr);
			isb();
			EXPECT_EQ(seen.frame.pstate & field->bit, value);
			EXPECT_EQ(field_in_handler, field->at_entry == KEEPS	 ? value
						    : field->at_entry == MAKES_1 ? field->bit
										 : 0);
			EXPECT_EQ(back, value);
		}
	}
}

/* A vector that keeps memory that EL0 may use out of the way until PAN is clear, and then is the library's: x11. */
__asm__(".pushsection .text\n"
	".balign 2048\n"
	"pan_vectors:\n"
	"mrs x9, s3_0_c4_c2_3\n"
	".inst 0xd500409f\n" /* MSR PAN, #0 */
	"br x11\n"
	".popsection");
extern const u8 pan_vectors[];

static bool has_pan(void)
{
	return read_sys(ID_AA64MMFR1) >> 20 & 0xf;
}

TEST(pan_at_entry,
     "an exception to EL1 leaves PAN as it was with SCTLR_EL1.SPAN, and sets it without; ERET brings it back",
     SPEC("DDI 0487, D24.2, SCTLR_EL1.SPAN; D8.4.3, FEAT_PAN"), REQUIRES(has_pan()))
{
	u64 sctlr = read_sys(SCTLR), vbar = read_sys(VBAR);

	trap_set_handler(VECTOR_FROM_EL1T + VECTOR_SYNC, look);
	for (u32 row = 0; row < 4; row++) {
		u64 span = row & 2 ? SCTLR_SPAN : 0, pan = row & 1 ? PSTATE_PAN : 0, taken, back;

		SUBTEST("span-%u-pan-%u", row >> 1, row & 1);
		write_sys(SCTLR, (sctlr & ~SCTLR_SPAN) | span);
		isb();
		/* No memory while PAN is set. */
		__asm__ volatile("msr daifset, #0xf\n"
				 "mov x11, %3\n"
				 "msr vbar_el1, %2\n"
				 "isb\n"
				 "msr s3_0_c4_c2_3, %4\n"
				 "svc #1\n"
				 "mrs x10, s3_0_c4_c2_3\n"
				 ".inst 0xd500409f\n"
				 "msr vbar_el1, %3\n"
				 "isb\n"
				 "msr daifclr, #0xd\n"
				 "mov %0, x9\n"
				 "mov %1, x10"
				 : "=r"(taken), "=r"(back)
				 : "r"(pan_vectors), "r"(vbar), "r"(pan)
				 : "x9", "x10", "x11", "memory");
		write_sys(SCTLR, sctlr);
		isb();
		EXPECT_EQ(taken & PSTATE_PAN, span ? pan : PSTATE_PAN);
		EXPECT_EQ(seen.frame.pstate & PSTATE_PAN, pan);
		EXPECT_EQ(back & PSTATE_PAN, pan);
	}
}

TEST(stack_pointer_in_use,
     "SP_EL0 has no name for EL1 while it is the stack pointer: MRS and MSR are UNDEFINED",
     SPEC("DDI 0487, C5.2.14, SP_EL0: PSTATE.SP == '0'"))
{
	u64 value = 0;

	EXPECT_FAULT(UNDEFINED, read_sys_try(SP_EL0, &value));
	EXPECT_FAULT(UNDEFINED, write_sys_try(SP_EL0, 0));
}

TEST(vector_by_source, "the vector tells EL1 with SP_EL0, EL1 with SP_EL1 and EL0 apart",
     SPEC("DDI 0487, D1.3.1, table of vector offsets"))
{
	trap_set_handler(VECTOR_FROM_EL1T + VECTOR_SYNC, look);
	trap_set_handler(VECTOR_FROM_EL1H + VECTOR_SYNC, look);
	SUBTEST("el1t");
	svc_with_flags(0);
	EXPECT_EQ(seen.frame.vector, VECTOR_FROM_EL1T + VECTOR_SYNC);
	SUBTEST("el1h");
	__asm__ volatile("mov x9, sp\n"
			 "msr spsel, #1\n"
			 "mov x10, sp\n"
			 "mov sp, %0\n"
			 "svc #1\n"
			 "mov sp, x10\n"
			 "msr spsel, #0"
			 :
			 : "r"(ALIGN_DOWN((u64)read_sys(TPIDRRO), 4096) - 0x800)
			 : "x9", "x10", "memory");
	EXPECT_EQ(seen.frame.vector, VECTOR_FROM_EL1H + VECTOR_SYNC);
	EXPECT_EQ(seen.frame.pstate & PSTATE_MODE, PSTATE_EL1H);
	SUBTEST("el0");
	EXPECT_FAULT(SVC(1), run_user(svc_user, NULL));
	EXPECT_EQ(trap_last_frame()->vector, VECTOR_FROM_EL0 + VECTOR_SYNC);
	EXPECT_EQ(trap_last_frame()->pstate & PSTATE_MODE, PSTATE_EL0);
}

/* ERET with this SPSR_EL1; goes on after it, if it goes on. */
static void eret_with(void *spsr)
{
	__asm__ volatile("msr daifset, #0xf\n"
			 "adr x9, 1f\n"
			 "msr elr_el1, x9\n"
			 "msr spsr_el1, %0\n"
			 "eret\n"
			 "1: msr daifclr, #0xd"
			 :
			 : "r"(*(u64 *)spsr)
			 : "x9", "cc", "memory");
}

TEST(eret_restores_flags, "ERET takes N, Z, C, V from SPSR_EL1",
     SPEC("DDI 0487, D1.4, exception return"))
{
	for (u64 nzcv = 0; nzcv < 16; nzcv++) {
		u64 spsr = nzcv << 28 | PSTATE_DAIF | PSTATE_EL1T, flags;

		__asm__ volatile("msr daifset, #0xf\n"
				 "adr x9, 1f\n"
				 "msr elr_el1, x9\n"
				 "msr spsr_el1, %1\n"
				 "eret\n"
				 "1: mrs %0, nzcv\n"
				 "msr daifclr, #0xd"
				 : "=&r"(flags)
				 : "r"(spsr)
				 : "x9", "cc", "memory");
		EXPECT_EQ(flags, nzcv << 28);
	}
}

TEST(illegal_state,
     "with PSTATE.IL the next instruction raises an illegal execution state exception",
     SPEC("DDI 0487, D1.4.4, illegal exception returns; D17.2.37, EC 0b001110"))
{
	u64 spsr = PSTATE_IL | PSTATE_DAIF | PSTATE_EL1T;

	EXPECT_FAULT(ILLEGAL_STATE, fault_of(eret_with, &spsr));
	EXPECT_EQ(trap_last_frame()->pstate & PSTATE_IL, PSTATE_IL);
	EXPECT_EQ(*(const u32 *)trap_last_frame()->pc, 0xd5034dff); /* the MSR at 1: */
}

static const struct {
	const char *name;
	u64 mode;
} illegal_modes[] = {
	{ "el2h", 9 },
	{ "el2t", 8 },
	{ "el3h", 13 },
	{ "reserved-1", 1 },
	{ "reserved-2", 2 },
	{ "reserved-7", 7 },
	/* EL1 is in AArch64, so that AArch32 has no modes but User. */
	{ "a32-fiq", 0x11 },
	{ "a32-irq", 0x12 },
	{ "a32-svc", 0x13 },
	{ "a32-mon", 0x16 },
	{ "a32-abt", 0x17 },
	{ "a32-hyp", 0x1a },
	{ "a32-und", 0x1b },
	{ "a32-sys", 0x1f },
	{ "a32-reserved", 0x14 },
};

TEST(illegal_return,
     "a return to a higher level or to a reserved mode sets IL and changes no level",
     SPEC("DDI 0487, D1.4.4, illegal exception returns"))
{
	for (u32 i = 0; i < ARRAY_SIZE(illegal_modes); i++) {
		u64 spsr = PSTATE_DAIF | illegal_modes[i].mode;

		SUBTEST("%s", illegal_modes[i].name);
		EXPECT_FAULT(ILLEGAL_STATE, fault_of(eret_with, &spsr));
		EXPECT_EQ(trap_last_frame()->vector, VECTOR_FROM_EL1T + VECTOR_SYNC);
		EXPECT_EQ(trap_last_frame()->pstate & PSTATE_MODE, PSTATE_EL1T);
	}
}

TEST(illegal_return_flags,
     "an illegal return takes the flags and the masks from SPSR_EL1 all the same",
     SPEC("DDI 0487, D1.4.4, illegal exception returns: PSTATE.{N, Z, C, V, D, A, I, F}"))
{
	/* I and F stay set, so that nothing else comes first. */
	static const u64 values[] = { PSTATE_N | PSTATE_C | PSTATE_D,
				      PSTATE_Z | PSTATE_V | PSTATE_A, PSTATE_NZCV | PSTATE_DAIF,
				      0 };

	for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
		u64 spsr = values[i] | PSTATE_I | PSTATE_F | illegal_modes[0].mode;

		EXPECT_FAULT(ILLEGAL_STATE, fault_of(eret_with, &spsr));
		EXPECT_EQ(trap_last_frame()->pstate & (PSTATE_NZCV | PSTATE_DAIF),
			  values[i] | PSTATE_I | PSTATE_F);
	}
}

TEST(eret_clears_monitor, "an exception return clears the local exclusive monitor",
     SPEC("DDI 0487, B2.9.3; D1.4, ClearExclusiveLocal"))
{
	u32 word = 1, failed;

	__asm__ volatile("msr daifset, #0xf\n"
			 "adr x9, 1f\n"
			 "msr elr_el1, x9\n"
			 "mov x10, %2\n"
			 "msr spsr_el1, x10\n"
			 "ldxr w11, [%1]\n"
			 "eret\n"
			 "1: stxr %w0, wzr, [%1]\n"
			 "msr daifclr, #0xd"
			 : "=&r"(failed)
			 : "r"(&word), "r"(PSTATE_DAIF | PSTATE_EL1T)
			 : "x9", "x10", "x11", "cc", "memory");
	EXPECT_EQ(failed, 1);
	EXPECT_EQ(word, 1);
}
