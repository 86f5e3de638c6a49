/* SPDX-License-Identifier: MIT */
/* SYSRET of 64-bit code: to 64-bit code and to compatibility mode. */
#include "syscall_64.h"

#include <mm/page.h>

SUITE("SYSRET", REQUIRES(cpu_has(X86_FEATURE_SYSCALL)));

/* What SYSRET takes of R11, and of that what is set in rows about another bit: no trap, no VIF, VIP. */
#define TAKEN  0x3c7fd7ul
#define OTHERS (TAKEN & ~FLAG_TF & ~FLAG_VIF & ~FLAG_VIP)

/* A frame at SYSRET, which goes to the probe with these flags. */
static struct trap_frame sysret_frame(const u8 *code, ulong flags)
{
	struct trap_frame from = enter_frame(0, code);

	syscall_set_up();
	from.cx = (ulong)enter_probe;
	from.r11 = flags;
	return from;
}

TEST(sysret_to_64_bit_code,
     "SYSRETQ goes to RCX at CPL 3 with the flags of R11; the stack pointer and all else stay",
     SPEC("SDM vol. 2B, SYSRET; APM vol. 3, SYSRET"))
{
	struct trap_frame from = sysret_frame(sysretq_code, FLAG_1 | FLAG_CF | FLAG_OF);
	const struct trap_frame *at = trap_last_frame();

	from.flags = FLAG_1 | FLAG_ZF | FLAG_SF;
	EXPECT_FAULT(UD, enter(&from));
	EXPECT_EQ(at->ip, (ulong)enter_probe + ENTER_PROBE_64);
	EXPECT_EQ(at->cs, SEL_USER_CS64);
	EXPECT_EQ(at->ss, SEL_USER_DATA);
	EXPECT_EQ(at->sp, from.sp);
	EXPECT_EQ(at->flags & ~FLAG_RF, FLAG_1 | FLAG_CF | FLAG_OF);
	enter_expect_registers(at, &from, BIT(ENTER_AX));
}

TEST(sysret_to_compatibility_mode,
     "SYSRET with 32-bit operands goes to ECX in 32-bit code at CPL 3 and ignores RCX bits 63-32",
     SPEC("SDM vol. 2B, SYSRET; APM vol. 3, SYSRET"))
{
	static const struct {
		const char *name;
		u64 high;
	} rows[] = {
		{ "rcx-high-0", 0 },
		{ "rcx-high-1", BIT(32) },
		{ "rcx-high-non-canonical", 0x0100000000000000 },
		{ "rcx-high-ones", 0xffffffff00000000 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct trap_frame from = sysret_frame(sysretl_code, FLAG_1 | FLAG_CF);
		const struct trap_frame *at = trap_last_frame();

		SUBTEST("%s", rows[i].name);
		from.cx |= rows[i].high;
		EXPECT_FAULT(UD, enter(&from));
		EXPECT_EQ(at->ip, (ulong)enter_probe + ENTER_PROBE_32);
		EXPECT_EQ(at->cs, SEL_USER_CS32);
		EXPECT_EQ(at->ss, SEL_USER_DATA);
		/* The probe has DEC there, which keeps CF. */
		EXPECT_EQ(at->flags & FLAG_CF, FLAG_CF);
	}
}

TEST(sysret_selectors,
     "SYSRET takes CS and SS from STAR bits 63-48, RPL 3, whatever the GDT has there",
     SPEC("SDM vol. 2B, SYSRET, Operation"))
{
	static const struct {
		const char *name;
		u16 selector;
	} rows[] = {
		{ "user", SEL_USER_CS32 },
		{ "rpl0", SEL_USER_CS32 & ~3 },
		{ "null", 3 },
		{ "null-descriptors", SEL_SPARE | 3 },
		{ "kernel", SEL_KERNEL_CODE | 3 },
		{ "beyond-gdt", 0xff03 },
		{ "ldt", 0x1003 | ERR_TI },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 bits = 32; bits <= 64; bits += 32) {
			struct trap_frame from =
				sysret_frame(bits == 64 ? sysretq_code : sysretl_code, FLAG_1);
			const struct trap_frame *at = trap_last_frame();

			SUBTEST("%s-to-%u", rows[i].name, bits);
			/* SYSCALL's half has nothing to do with it. */
			wrmsr(MSR_STAR, (u64)rows[i].selector << 48 | 0x0000aaaa55555555);
			EXPECT_FAULT(UD, enter(&from));
			EXPECT_EQ(at->ip, (ulong)enter_probe +
						  (bits == 64 ? ENTER_PROBE_64 : ENTER_PROBE_32));
			EXPECT_EQ(at->cs, (ulong)((rows[i].selector | 3) + (bits == 64 ? 16 : 0)));
			/* AMD's manual does not say that SS gets RPL 3. */
			EXPECT_EQ(at->ss & ~3ul, (ulong)((rows[i].selector & ~3) + 8));
		}
}

/* RF, VM and what is reserved are cleared: RFLAGS = (R11 & 3c7fd7h) | 2. */
TEST(sysret_flags, "SYSRET loads every flag but RF and VM from R11; reserved bits are ignored",
     SPEC("SDM vol. 2B, SYSRET, Operation"))
{
	for (u32 bit = 0; bit < 64; bit++)
		for (u32 bits = 32; bits <= 64; bits += 32) {
			struct trap_frame from =
				sysret_frame(bits == 64 ? sysretq_code : sysretl_code, BIT(bit));
			const struct trap_frame *at = trap_last_frame();

			SUBTEST("bit-%u-to-%u", bit, bits);
			/* Not the probe, which changes flags in 32-bit code. */
			from.cx = (ulong)syscall_ud2;
			/* With TF the step may come before UD2: both show the flags. */
			if (BIT(bit) == FLAG_TF)
				EXPECT(enter(&from).kind);
			else
				EXPECT_FAULT(UD, enter(&from));
			EXPECT_EQ(at->flags & ~FLAG_RF, (BIT(bit) & TAKEN) | FLAG_1);
			EXPECT_EQ(at->cs & 3, 3ul);
			/* And cleared, when all others are set: the old flags play no part. */
			from.r11 = OTHERS & ~BIT(bit);
			from.flags = FLAG_1 | FLAG_CF | FLAG_ZF | FLAG_SF | FLAG_OF | FLAG_DF |
				     FLAG_AC;
			EXPECT_FAULT(UD, enter(&from));
			EXPECT_EQ(at->flags & ~FLAG_RF, (from.r11 & TAKEN) | FLAG_1);
		}
}

static const u64 non_canonical[] = { 0x0100000000000000, 0x8000000000000000, 0xff00000000000000 };

/* Intel: #GP(0) of SYSRET, still at CPL 0, with the user's stack. AMD: of the fetch, at CPL 3. */
TEST(sysret_non_canonical,
     "SYSRET to a non-canonical RCX is #GP(0) at CPL 0 on Intel and at the target at CPL 3 on AMD",
     SPEC("SDM vol. 2B, SYSRET, 64-Bit Mode Exceptions; APM vol. 3, SYSRET"), BUG("CVE-2012-0217"))
{
	for (u32 i = 0; i < ARRAY_SIZE(non_canonical); i++) {
		struct trap_frame from = sysret_frame(sysretq_code, FLAG_1 | FLAG_CF);
		const struct trap_frame *at = trap_last_frame();

		SUBTEST("%#llx", non_canonical[i]);
		from.cx = non_canonical[i];
		EXPECT_FAULT(GP(0), enter(&from));
		EXPECT_EQ(at->sp, from.sp);
		if (cpu_is_intel()) {
			EXPECT_EQ(at->cs, SEL_KERNEL_CODE);
			EXPECT_EQ(at->ip, (ulong)sysretq_code);
			EXPECT_EQ(at->flags & ~FLAG_RF, FLAG_1);
		} else {
			EXPECT_EQ(at->cs, SEL_USER_CS64);
			EXPECT_EQ(at->ip, (ulong)non_canonical[i]);
			EXPECT_EQ(at->flags & ~FLAG_RF, FLAG_1 | FLAG_CF);
		}
		enter_expect_registers(at, &from, 0);
	}
}

TEST(sysret_at_cpl3, "SYSRET at CPL 3 is #GP(0), but #UD if EFER.SCE is clear",
     SPEC("SDM vol. 2B, SYSRET, Operation"))
{
	static const u8 *const codes[] = { sysretq_code, sysretl_code };

	for (u32 i = 0; i < ARRAY_SIZE(codes); i++)
		for (u32 sce = 0; sce <= 1; sce++) {
			struct trap_frame from = enter_frame(3, codes[i]);

			SUBTEST("%s-sce%u", i ? "sysretl" : "sysretq", sce);
			syscall_set_up();
			if (!sce)
				wrmsr(MSR_EFER, rdmsr(MSR_EFER) & ~EFER_SCE);
			from.cx = (ulong)enter_probe;
			EXPECT_FAULT(sce ? GP(0) : UD, enter(&from));
			EXPECT_EQ(trap_last_frame()->ip, (ulong)codes[i]);
			EXPECT_EQ(trap_last_frame()->cs, SEL_USER_CS64);
			enter_expect_registers(trap_last_frame(), &from, 0);
		}
}

TEST(sysret_without_sce, "SYSRET with EFER.SCE clear is #UD at CPL 0 and changes nothing",
     SPEC("SDM vol. 2B, SYSRET; APM vol. 3, SYSRET"))
{
	static const u8 *const codes[] = { sysretq_code, sysretl_code };

	for (u32 i = 0; i < ARRAY_SIZE(codes); i++) {
		struct trap_frame from = sysret_frame(codes[i], FLAG_1 | FLAG_CF);

		SUBTEST("%s", i ? "sysretl" : "sysretq");
		wrmsr(MSR_EFER, rdmsr(MSR_EFER) & ~EFER_SCE);
		EXPECT_FAULT(UD, enter(&from));
		EXPECT_EQ(trap_last_frame()->ip, (ulong)codes[i]);
		EXPECT_EQ(trap_last_frame()->cs, SEL_KERNEL_CODE);
		EXPECT_EQ(trap_last_frame()->flags & ~FLAG_RF, FLAG_1);
		enter_expect_registers(trap_last_frame(), &from, 0);
	}
}

/*
 * Compatibility mode uses SS as it is cached: base 0, 32 bits, writable. AMD leaves the attributes as
 * they were, which are those of the kernel's flat segment.
 */
TEST(sysret_stack_segment, "after SYSRET to compatibility mode the stack segment is flat",
     SPEC("SDM vol. 2B, SYSRET, Operation"))
{
	/* PUSH ECX; UD2 */
	static const u8 push[] = { 0x51, 0x0f, 0x0b };
	u32 *stack = page_alloc();
	struct trap_frame from = sysret_frame(sysretl_code, FLAG_1);

	from.sp = (ulong)&stack[16];
	from.cx = (ulong)push;
	EXPECT_FAULT(UD, enter(&from));
	EXPECT_EQ(trap_last_frame()->ip, (ulong)push + 1);
	EXPECT_EQ(trap_last_frame()->sp, (ulong)&stack[15]);
	EXPECT_EQ(stack[15], (u32)(ulong)push);
}

/* MOV EAX, CR0 */
static const u8 privileged_code[] = { 0x0f, 0x20, 0xc0, 0x0f, 0x0b };

TEST(sysret_enters_cpl3, "after SYSRET privileged instructions are #GP(0)",
     SPEC("SDM vol. 2B, SYSRET, Operation: CPL := 3"))
{
	for (u32 bits = 32; bits <= 64; bits += 32) {
		struct trap_frame from = sysret_frame(bits == 64 ? sysretq_code : sysretl_code,
						      FLAG_1);

		SUBTEST("to-%u", bits);
		from.cx = (ulong)privileged_code;
		EXPECT_FAULT(GP(0), enter(&from));
		EXPECT_EQ(trap_last_frame()->ip, (ulong)privileged_code);
		EXPECT_EQ(trap_last_frame()->cs & 3, 3ul);
	}
}

/* IOPL is R11's: IN, 8 bits from port 80H, at CPL 3. */
static const u8 in_code[] = { 0xe4, 0x80, 0x0f, 0x0b };

TEST(sysret_iopl, "the IOPL that SYSRET loads counts at once",
     SPEC("SDM vol. 2B, SYSRET, Operation"))
{
	for (u32 iopl = 0; iopl <= 3; iopl++) {
		struct trap_frame from = sysret_frame(sysretq_code, FLAG_1 | iopl << 12);

		SUBTEST("%u", iopl);
		from.cx = (ulong)in_code;
		EXPECT_FAULT(iopl == 3 ? UD : GP(0), enter(&from));
		EXPECT_EQ(trap_last_frame()->ip, (ulong)in_code + (iopl == 3 ? 2 : 0));
	}
}

TEST(sysret_code_segment_limit,
     "code after SYSRET reaches all 4 GiB from base 0, whatever descriptor its selector names",
     SPEC("SDM vol. 2B, SYSRET, Operation"))
{
	struct trap_frame from = sysret_frame(sysretl_code, FLAG_1);

	gdt_set_spare(0, DESC_BASE(0x1000) | DESC_LIMIT(0) | DESC_P | DESC_S | DESC_CODE |
				 DESC_DPL(3));
	wrmsr(MSR_STAR, (u64)(SEL_SPARE | 3) << 48);
	EXPECT_FAULT(UD, enter(&from));
	EXPECT_EQ(trap_last_frame()->ip, (ulong)enter_probe + ENTER_PROBE_32);
	EXPECT_EQ(trap_last_frame()->cs, (ulong)(SEL_SPARE | 3));
}

/* SDM: #UD "if IA32_EFER.LMA = 0 or CS.L != 1". AMD has a form for what is not 64-bit code. */
TEST(sysret_from_compatibility_mode, "SYSRET in compatibility mode is #UD on Intel",
     SPEC("SDM vol. 2B, SYSRET"), REQUIRES(cpu_is_intel()))
{
	struct trap_frame from = sysret_frame(sysretl_code, FLAG_1);

	from.cs = SEL_KERNEL_CS32;
	EXPECT_FAULT(UD, enter(&from));
	EXPECT_EQ(trap_last_frame()->ip, (ulong)sysretl_code);
	EXPECT_EQ(trap_last_frame()->cs, SEL_KERNEL_CS32);
}
