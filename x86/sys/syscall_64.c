/* SPDX-License-Identifier: MIT */
/*
 * SYSCALL in long mode. Intel and AMD agree on 64-bit code; in compatibility mode only AMD's CPUs
 * have it (SDM vol. 2B, SYSCALL: #UD "if ... CS.L != 1"; APM vol. 3, SYSCALL: CSTAR).
 */
#include "syscall_64.h"

SUITE("SYSCALL", REQUIRES(cpu_has(X86_FEATURE_SYSCALL)));

TEST(syscall_from_64_bit_code,
     "SYSCALL goes to LSTAR at CPL 0 with RCX the next RIP and R11 the flags; all else stays",
     SPEC("SDM vol. 2B, SYSCALL; APM vol. 3, SYSCALL"))
{
	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		struct trap_frame from = enter_frame(cpl, syscall_code);

		SUBTEST("cpl%u", cpl);
		syscall_set_up();
		from.flags = FLAG_1 | SYSCALL_SYSTEM_FLAGS | FLAG_CF | FLAG_SF;
		syscall_expect(&from, (ulong)enter_probe, ENTER_PROBE_64);
	}
}

TEST(syscall_from_compatibility_mode,
     "SYSCALL of compatibility mode goes to CSTAR, in 64-bit mode, on AMD, and is #UD on Intel",
     SPEC("APM vol. 3, SYSCALL; SDM vol. 2B, SYSCALL"))
{
	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		struct trap_frame from = enter_frame(cpl, syscall_code);

		SUBTEST("cpl%u", cpl);
		syscall_set_up();
		wrmsr(MSR_LSTAR, (ulong)syscall_ud2);
		wrmsr(MSR_CSTAR, (ulong)enter_probe);
		from.cs = cpl ? SEL_USER_CS32 : SEL_KERNEL_CS32;
		if (cpu_is_intel()) {
			EXPECT_FAULT(UD, enter(&from));
			EXPECT_EQ(trap_last_frame()->ip, (ulong)syscall_code);
			EXPECT_EQ(trap_last_frame()->cs, from.cs);
			continue;
		}
		/* The upper halves of what compatibility mode has no use for need not be kept. */
		from.r8 = from.r9 = from.r10 = from.r12 = from.r13 = from.r14 = from.r15 = 0;
		from.ax = (u32)from.ax, from.bx = (u32)from.bx, from.dx = (u32)from.dx;
		from.bp = (u32)from.bp, from.si = (u32)from.si, from.di = (u32)from.di;
		syscall_expect(&from, (ulong)enter_probe, ENTER_PROBE_64);
	}
}

/* MOV RAX, CR0; UD2 */
static const u8 privileged_code[] = { 0x0f, 0x20, 0xc0, 0x0f, 0x0b };

TEST(syscall_enters_cpl0, "after SYSCALL privileged instructions work, and the stack is no other",
     SPEC("SDM vol. 2B, SYSCALL, Operation: CPL := 0"))
{
	struct trap_frame from = enter_frame(3, syscall_code);

	syscall_set_up();
	wrmsr(MSR_LSTAR, (ulong)privileged_code);
	EXPECT_FAULT(UD, enter(&from));
	EXPECT_EQ(trap_last_frame()->ip, (ulong)privileged_code + 3);
	EXPECT_EQ(trap_last_frame()->ax, read_cr0());
	/* The exception at CPL 0 goes on with the stack that there is: the frame is on the user's. */
	EXPECT_EQ(*(ulong *)(from.sp - 8), SEL_KERNEL_DATA);
	EXPECT_EQ(*(ulong *)(from.sp - 16), from.sp);
}

TEST(syscall_lstar_of_64_bit_code, "SYSCALL of 64-bit code does not go to CSTAR",
     SPEC("SDM vol. 2B, SYSCALL"))
{
	struct trap_frame from = enter_frame(3, syscall_code);

	syscall_set_up();
	wrmsr(MSR_CSTAR, (ulong)syscall_ud2);
	syscall_expect(&from, (ulong)enter_probe, ENTER_PROBE_64);
}

/* The descriptors are not read: what the GDT has there does not matter. */
TEST(syscall_selectors,
     "SYSCALL loads CS with STAR bits 47-32, RPL 0, and SS with the next, whatever the GDT has there",
     SPEC("SDM vol. 2B, SYSCALL, Operation"))
{
	static const struct {
		const char *name;
		u16 selector;
		u64 code, stack; /* the descriptors there, if it is SEL_SPARE */
	} rows[] = {
		{ "kernel", SEL_KERNEL_CODE, 0, 0 },
		{ "null-descriptors", SEL_SPARE, 0, 0 },
		{ "not-present", SEL_SPARE, (DESC_FLAT | DESC_CODE | DESC_L) & ~DESC_P,
		  DESC_FLAT & ~DESC_P },
		{ "dpl3", SEL_SPARE, DESC_FLAT | DESC_CODE | DESC_L | DESC_DPL(3),
		  DESC_FLAT | DESC_DPL(3) },
		{ "32-bit-code", SEL_SPARE, DESC_FLAT | DESC_CODE | DESC_DB, DESC_FLAT | DESC_DB },
		{ "based-16-bit-code", SEL_SPARE,
		  DESC_BASE(0x1000) | DESC_LIMIT(0) | DESC_P | DESC_S | DESC_CODE | DESC_W,
		  DESC_BASE(0x1000) | DESC_LIMIT(0) | DESC_P | DESC_S },
		{ "beyond-gdt", 0xfff0, 0, 0 },
		{ "ldt", 0x100 | ERR_TI, 0, 0 },
		{ "rpl1", SEL_KERNEL_CODE | 1, 0, 0 },
		{ "rpl2", SEL_KERNEL_CODE | 2, 0, 0 },
		{ "rpl3", SEL_KERNEL_CODE | 3, 0, 0 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct trap_frame from = enter_frame(3, syscall_code);
		const struct trap_frame *at = trap_last_frame();

		SUBTEST("%s", rows[i].name);
		syscall_set_up();
		gdt_set_spare(0, rows[i].code);
		gdt_set_spare(1, rows[i].stack);
		/* SYSRET's half of STAR has nothing to do with it. */
		wrmsr(MSR_STAR, 0xaaaa000055555555 | (u64)rows[i].selector << 32);
		EXPECT_FAULT(UD, enter(&from));
		EXPECT_EQ(at->ip, (ulong)enter_probe + ENTER_PROBE_64);
		EXPECT_EQ(at->cs, (ulong)(rows[i].selector & ~3));
		/* Whether SS gets RPL 0 too, the manuals leave open. */
		EXPECT_EQ(at->ss & ~3ul, (ulong)((rows[i].selector & ~3) + 8));
		EXPECT_EQ(at->sp, from.sp);
	}
}

#define STATUS_FLAGS (FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF | FLAG_DF)
#define ALL_FLAGS    (STATUS_FLAGS | SYSCALL_SYSTEM_FLAGS)

/* SYSCALL with these flags and this mask: those of `checked` after it, and all of them in R11. */
static void expect_flags(ulong flags, u64 mask, ulong checked)
{
	struct trap_frame from = enter_frame(3, syscall_code);
	const struct trap_frame *at = trap_last_frame();

	syscall_set_up();
	wrmsr(MSR_SFMASK, mask);
	from.flags = flags;
	EXPECT_FAULT(UD, enter(&from));
	EXPECT_EQ(at->flags & (checked | FLAG_1), (flags & ~mask & checked) | FLAG_1);
	EXPECT_EQ(at->r11, flags & ~FLAG_RF);
	EXPECT_EQ(at->cx, (ulong)syscall_code + SYSCALL_SIZE);
}

static void expect_mask_applies(ulong group)
{
	for_each_set_bit(bit, group) {
		SUBTEST("bit-%llu-masked", bit);
		expect_flags(FLAG_1 | ALL_FLAGS, BIT(bit), BIT(bit));
		expect_flags(FLAG_1 | BIT(bit), BIT(bit), group);
		SUBTEST("bit-%llu-not-masked", bit);
		expect_flags(FLAG_1 | ALL_FLAGS, ALL_FLAGS & ~BIT(bit), group);
		expect_flags(FLAG_1 | BIT(bit), 0, group);
		SUBTEST("bit-%llu-clear", bit);
		expect_flags(FLAG_1 | (ALL_FLAGS & ~BIT(bit)), 0, BIT(bit));
		expect_flags(FLAG_1, BIT(bit), group);
	}
	SUBTEST("all-masked");
	expect_flags(FLAG_1 | ALL_FLAGS, 0xffffffff, group);
	SUBTEST("none-masked");
	expect_flags(FLAG_1 | ALL_FLAGS, 0, group);
	/* Bit 1 is always set, also if it is masked. */
	SUBTEST("bit-1-masked");
	expect_flags(FLAG_1 | ALL_FLAGS, ALL_FLAGS | FLAG_1, group);
}

TEST(syscall_mask_system_flags,
     "SYSCALL clears exactly the system flags of SFMASK; R11 has them as they were",
     SPEC("SDM vol. 2B, SYSCALL; APM vol. 2, 6.1.1"))
{
	expect_mask_applies(SYSCALL_SYSTEM_FLAGS);
}

TEST(syscall_mask_status_flags,
     "SYSCALL clears exactly the status flags and DF of SFMASK; R11 has them as they were",
     SPEC("SDM vol. 2B, SYSCALL; APM vol. 2, 6.1.1"))
{
	expect_mask_applies(STATUS_FLAGS);
}

TEST(syscall_clears_rf, "SYSCALL with RF set, masked or not, clears it and leaves it out of R11",
     SPEC("SDM vol. 2B, SYSCALL, Operation; APM vol. 3, SYSCALL"))
{
	SUBTEST("masked");
	expect_flags(FLAG_1 | FLAG_RF, FLAG_RF, SYSCALL_SYSTEM_FLAGS);
	SUBTEST("not-masked");
	expect_flags(FLAG_1 | FLAG_RF | FLAG_AC, 0, SYSCALL_SYSTEM_FLAGS);
}

/* The step over SYSCALL is decided by TF after it, so that the mask keeps user code from it. */
TEST(syscall_trap_flag, "SYSCALL with TF set is stepped over only if SFMASK leaves TF set",
     SPEC("APM vol. 2, 6.1.1; SDM vol. 3A, 5.8.8"), BUG("XSA-204"))
{
	struct trap_frame from = enter_frame(3, syscall_code);
	const struct trap_frame *at = trap_last_frame();

	from.flags |= FLAG_TF;
	SUBTEST("masked");
	syscall_set_up();
	wrmsr(MSR_SFMASK, FLAG_TF);
	EXPECT_FAULT(UD, enter(&from));
	EXPECT_EQ(at->ip, (ulong)enter_probe + ENTER_PROBE_64);
	EXPECT_EQ(at->flags & FLAG_TF, 0ul);
	EXPECT_EQ(at->r11, from.flags);
	SUBTEST("not-masked");
	wrmsr(MSR_SFMASK, 0);
	EXPECT_FAULT(DB, enter(&from));
	EXPECT_EQ(at->ip, (ulong)enter_probe);
	EXPECT_EQ(at->flags & FLAG_TF, FLAG_TF);
	EXPECT_EQ(at->cs, SEL_KERNEL_CODE);
}

TEST(syscall_without_sce, "SYSCALL with EFER.SCE clear is #UD and changes nothing",
     SPEC("SDM vol. 2B, SYSCALL; APM vol. 3, SYSCALL"), BUG("CVE-2012-0045"))
{
	static const struct {
		const char *name;
		u16 cs;
		u32 cpl;
	} rows[] = {
		{ "cpl0", SEL_KERNEL_CODE, 0 },
		{ "cpl3", SEL_USER_CS64, 3 },
		{ "compatibility-cpl0", SEL_KERNEL_CS32, 0 },
		{ "compatibility-cpl3", SEL_USER_CS32, 3 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct trap_frame from = enter_frame(rows[i].cpl, syscall_code);

		SUBTEST("%s", rows[i].name);
		syscall_set_up();
		wrmsr(MSR_EFER, rdmsr(MSR_EFER) & ~EFER_SCE);
		from.cs = rows[i].cs;
		EXPECT_FAULT(UD, enter(&from));
		EXPECT_EQ(trap_last_frame()->ip, (ulong)syscall_code);
		EXPECT_EQ(trap_last_frame()->cs, (ulong)rows[i].cs);
		EXPECT_EQ(trap_last_frame()->sp, from.sp);
		EXPECT_EQ(trap_last_frame()->flags & ~FLAG_RF, from.flags);
		if (rows[i].cs == SEL_USER_CS64 || rows[i].cs == SEL_KERNEL_CODE)
			enter_expect_registers(trap_last_frame(), &from, 0);
	}
}

TEST(syscall_lock_prefix, "SYSCALL and SYSRET with LOCK are #UD",
     SPEC("SDM vol. 2B, SYSCALL, SYSRET; APM vol. 3, 1.2.5"))
{
	static const u8 codes[][4] = { { 0xf0, 0x0f, 0x05 }, { 0xf0, 0x0f, 0x07 } };

	for (u32 i = 0; i < ARRAY_SIZE(codes); i++) {
		struct trap_frame from = enter_frame(0, codes[i]);

		SUBTEST("%s", i ? "sysret" : "syscall");
		syscall_set_up();
		from.cx = (ulong)enter_probe;
		EXPECT_FAULT(UD, enter(&from));
		EXPECT_EQ(trap_last_frame()->ip, (ulong)codes[i]);
	}
}

/* The next instruction's address: prefixes are part of SYSCALL. */
TEST(syscall_return_address, "RCX is the address after SYSCALL, its prefixes counted",
     SPEC("SDM vol. 2B, SYSCALL"))
{
	static const u8 codes[][8] = {
		{ 0x48, 0x0f, 0x05 },
		{ 0x66, 0x0f, 0x05 },
		{ 0xf3, 0x66, 0x41, 0x0f, 0x05 },
		{ 0x2e, 0x2e, 0x2e, 0x2e, 0x0f, 0x05 },
	};
	static const u32 sizes[] = { 3, 3, 5, 6 };

	for (u32 i = 0; i < ARRAY_SIZE(codes); i++) {
		struct trap_frame from = enter_frame(3, codes[i]);

		SUBTEST("%u-bytes-%#x", sizes[i], codes[i][0]);
		syscall_set_up();
		EXPECT_FAULT(UD, enter(&from));
		EXPECT_EQ(trap_last_frame()->ip, (ulong)enter_probe + ENTER_PROBE_64);
		EXPECT_EQ(trap_last_frame()->cx, (ulong)codes[i] + sizes[i]);
	}
}
