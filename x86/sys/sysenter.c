/* SPDX-License-Identifier: MIT */
/* SYSENTER and SYSEXIT in the kernel's size: SDM vol. 2B. */
#include "sysenter.h"

SUITE("SYSENTER and SYSEXIT", REQUIRES(sysenter_exists()));

TEST(sysenter_enters_kernel,
     "SYSENTER goes to SYSENTER_EIP at CPL 0 with the stack pointer SYSENTER_ESP; all else stays",
     SPEC("SDM vol. 2B, SYSENTER"))
{
	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		struct trap_frame from = enter_frame(cpl, sysenter_code);
		const struct trap_frame *at = trap_last_frame();
		ulong stack = sysenter_set_up();

		SUBTEST("cpl%u", cpl);
		EXPECT_FAULT(UD, enter(&from));
		EXPECT_EQ(at->ip, (ulong)enter_probe + ENTER_PROBE_KERNEL);
		EXPECT_EQ(at->cs, SEL_KERNEL_CODE);
		EXPECT_EQ(at->ss, SEL_KERNEL_DATA);
		EXPECT_EQ(at->sp, stack);
		enter_expect_registers(at, &from, BIT(ENTER_AX));
	}
}

/* UD2, which changes no flag. */
static const u8 ud2_code[2] = { 0x0f, 0x0b };

#define KEPT_FLAGS                                                                      \
	(FLAG_1 | FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_DF | FLAG_OF | \
	 FLAG_IOPL | FLAG_NT | FLAG_AC | FLAG_ID)

TEST(sysenter_flags, "SYSENTER clears IF and RF, and keeps every other flag",
     SPEC("SDM vol. 2B, SYSENTER, Operation"))
{
	struct trap_frame from = enter_frame(3, sysenter_code);
	const struct trap_frame *at = trap_last_frame();

	sysenter_set_up();
	wrmsr(MSR_IA32_SYSENTER_EIP, (ulong)ud2_code);
	for_each_set_bit(bit, KEPT_FLAGS | FLAG_IF) {
		SUBTEST("bit-%llu", bit);
		from.flags = FLAG_1 | BIT(bit);
		EXPECT_FAULT(UD, enter(&from));
		EXPECT_EQ(at->flags & ~FLAG_RF, from.flags & KEPT_FLAGS);
		from.flags = FLAG_1 | ((KEPT_FLAGS | FLAG_IF) & ~BIT(bit));
		EXPECT_FAULT(UD, enter(&from));
		EXPECT_EQ(at->flags & ~FLAG_RF, from.flags & KEPT_FLAGS);
		EXPECT_EQ(at->ip, (ulong)ud2_code);
	}
}

static const struct {
	const char *name;
	u16 selector;
	u64 code, stack; /* the descriptors there, if it is SEL_SPARE */
} selectors[] = {
	{ "kernel", SEL_KERNEL_CODE, 0, 0 },
	{ "null-descriptors", SEL_SPARE, 0, 0 },
	{ "not-present", SEL_SPARE, (DESC_FLAT | DESC_CODE | DESC_DB) & ~DESC_P,
	  DESC_FLAT & ~DESC_P },
	{ "dpl2", SEL_SPARE, DESC_FLAT | DESC_CODE | DESC_DB | DESC_DPL(2),
	  DESC_FLAT | DESC_DPL(2) },
	{ "16-bit-code", SEL_SPARE, DESC_LIMIT(0) | DESC_P | DESC_S | DESC_CODE | DESC_W,
	  DESC_LIMIT(0) | DESC_P | DESC_S },
	{ "beyond-gdt", 0x7000, 0, 0 },
	{ "rpl1", SEL_KERNEL_CODE | 1, 0, 0 },
	{ "rpl2", SEL_KERNEL_CODE | 2, 0, 0 },
	{ "rpl3", SEL_KERNEL_CODE | 3, 0, 0 },
	{ "rpl3-spare", SEL_SPARE | 3, 0, 0 },
};

TEST(sysenter_selectors,
     "SYSENTER loads CS with SYSENTER_CS, RPL 0, SS with the next, and flat segments without the GDT",
     SPEC("SDM vol. 2B, SYSENTER, Operation"))
{
	for (u32 i = 0; i < ARRAY_SIZE(selectors); i++) {
		struct trap_frame from = enter_frame(3, sysenter_code);
		const struct trap_frame *at = trap_last_frame();
		ulong stack = sysenter_set_up();

		SUBTEST("%s", selectors[i].name);
		gdt_set_spare(0, selectors[i].code);
		gdt_set_spare(1, selectors[i].stack);
		wrmsr(MSR_IA32_SYSENTER_CS, selectors[i].selector);
		EXPECT_FAULT(UD, enter(&from));
		EXPECT_EQ(at->ip, (ulong)enter_probe + ENTER_PROBE_KERNEL);
		EXPECT_EQ(at->cs, (ulong)(selectors[i].selector & ~3));
		EXPECT_EQ(at->ss, (ulong)((selectors[i].selector & ~3) + 8));
		EXPECT_EQ(at->sp, stack);
	}
}

/* SYSENTER_CS bits 15-2 are what counts. */
TEST(sysenter_null_cs, "SYSENTER with a SYSENTER_CS of 0 to 3 is #GP(0) and changes nothing",
     SPEC("SDM vol. 2B, SYSENTER, Protected Mode Exceptions"))
{
	for (u32 selector = 0; selector <= 3; selector++)
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			struct trap_frame from = enter_frame(cpl, sysenter_code);
			const struct trap_frame *at = trap_last_frame();

			SUBTEST("%u-cpl%u", selector, cpl);
			sysenter_set_up();
			wrmsr(MSR_IA32_SYSENTER_CS, selector);
			from.flags = FLAG_1 | FLAG_IF | FLAG_ZF;
			EXPECT_FAULT(GP(0), enter(&from));
			EXPECT_EQ(at->ip, (ulong)sysenter_code);
			EXPECT_EQ(at->cs, from.cs);
			EXPECT_EQ(at->flags & ~FLAG_RF, from.flags);
			EXPECT_EQ(at->sp,
				  cpl || sizeof(ulong) == 8 ? from.sp : enter_kernel_stack());
			enter_expect_registers(at, &from, 0);
		}
}

/* MOV from CR0 to AX; UD2 */
static const u8 privileged_code[] = { 0x0f, 0x20, 0xc0, 0x0f, 0x0b };

TEST(sysenter_enters_cpl0,
     "after SYSENTER privileged instructions work; after SYSEXIT they are #GP(0)",
     SPEC("SDM vol. 2B, SYSENTER, SYSEXIT, Operation"))
{
	struct trap_frame from = enter_frame(3, sysenter_code);

	SUBTEST("sysenter");
	sysenter_set_up();
	wrmsr(MSR_IA32_SYSENTER_EIP, (ulong)privileged_code);
	EXPECT_FAULT(UD, enter(&from));
	EXPECT_EQ(trap_last_frame()->ip, (ulong)privileged_code + 3);
	EXPECT_EQ(trap_last_frame()->ax, read_cr0());
	SUBTEST("sysexit");
	from = enter_frame(0, sysexit_code);
	from.cx = sysenter_set_up();
	from.dx = (ulong)privileged_code;
	EXPECT_FAULT(GP(0), enter(&from));
	EXPECT_EQ(trap_last_frame()->ip, (ulong)privileged_code);
	EXPECT_EQ(trap_last_frame()->cs & 3, 3ul);
}

/* PUSH and UD2: the cached segment decides where the value goes. */
static const u8 push_code[] = { 0x50, 0x0f, 0x0b };

TEST(sysenter_stack_segment, "after SYSENTER the stack segment is flat, whatever the GDT has there",
     SPEC("SDM vol. 2B, SYSENTER, Operation"))
{
	struct trap_frame from = enter_frame(3, sysenter_code);
	ulong stack = sysenter_set_up();

	gdt_set_spare(1, DESC_BASE(0x1000) | DESC_LIMIT(0xf) | DESC_P | DESC_S | DESC_DPL(3));
	wrmsr(MSR_IA32_SYSENTER_CS, SEL_SPARE);
	wrmsr(MSR_IA32_SYSENTER_EIP, (ulong)push_code);
	from.flags |= FLAG_IF;
	EXPECT_FAULT(UD, enter(&from));
	EXPECT_EQ(trap_last_frame()->sp, stack - sizeof(ulong));
	EXPECT_EQ(*(ulong *)(stack - sizeof(ulong)), from.ax);
}

/* --------------------------------------------------------------------------------------- SYSEXIT */

/* At SYSEXIT, which goes to the probe, with a stack that is returned. */
static struct trap_frame sysexit_frame(ulong *stack)
{
	struct trap_frame from = enter_frame(0, sysexit_code);

	*stack = sysenter_set_up();
	from.dx = (ulong)enter_probe;
	from.cx = *stack;
	return from;
}

TEST(sysexit_to_32_bit_code,
     "SYSEXIT goes to EDX in 32-bit code at CPL 3 with the stack pointer ECX; all else stays",
     SPEC("SDM vol. 2B, SYSEXIT"))
{
	const struct trap_frame *at = trap_last_frame();
	ulong stack;
	struct trap_frame from = sysexit_frame(&stack);

	EXPECT_FAULT(UD, enter(&from));
	EXPECT_EQ(at->ip, (ulong)enter_probe + ENTER_PROBE_32);
	EXPECT_EQ(at->cs, (ulong)(SEL_KERNEL_CODE + 16) | 3);
	EXPECT_EQ(at->ss, (ulong)(SEL_KERNEL_CODE + 24) | 3);
	EXPECT_EQ(at->sp, stack);
	/* 32-bit code keeps no more than the lower halves. */
	if (sizeof(ulong) == 4)
		enter_expect_registers(at, &from, BIT(ENTER_AX));
}

TEST(sysexit_flags, "SYSEXIT keeps every flag but RF", SPEC("SDM vol. 2B, SYSEXIT, Operation"))
{
	ulong stack;
	struct trap_frame from = sysexit_frame(&stack);

	from.dx = (ulong)ud2_code;
	for_each_set_bit(bit, KEPT_FLAGS | FLAG_IF) {
		SUBTEST("bit-%llu", bit);
		from.flags = FLAG_1 | BIT(bit);
		EXPECT_FAULT(UD, enter(&from));
		EXPECT_EQ(trap_last_frame()->flags & ~FLAG_RF, from.flags);
		from.flags = FLAG_1 | ((KEPT_FLAGS | FLAG_IF) & ~BIT(bit));
		EXPECT_FAULT(UD, enter(&from));
		EXPECT_EQ(trap_last_frame()->flags & ~FLAG_RF, from.flags);
		EXPECT_EQ(trap_last_frame()->ip, (ulong)ud2_code);
	}
}

TEST(sysexit_selectors,
     "SYSEXIT loads CS with SYSENTER_CS + 16 and SS with + 24, RPL 3, and flat segments without the GDT",
     SPEC("SDM vol. 2B, SYSEXIT, Operation"))
{
	for (u32 i = 0; i < ARRAY_SIZE(selectors); i++) {
		const struct trap_frame *at = trap_last_frame();
		ulong stack;
		struct trap_frame from = sysexit_frame(&stack);

		SUBTEST("%s", selectors[i].name);
		for (u32 spare = 0; spare < 8; spare += 2) {
			gdt_set_spare(spare, selectors[i].code);
			gdt_set_spare(spare + 1, selectors[i].stack);
		}
		wrmsr(MSR_IA32_SYSENTER_CS, selectors[i].selector);
		EXPECT_FAULT(UD, enter(&from));
		EXPECT_EQ(at->ip, (ulong)enter_probe + ENTER_PROBE_32);
		EXPECT_EQ(at->cs, (ulong)(selectors[i].selector + 16) | 3);
		EXPECT_EQ(at->ss, (ulong)(selectors[i].selector + 24) | 3);
		EXPECT_EQ(at->sp, stack);
	}
}

TEST(sysexit_null_cs, "SYSEXIT with a SYSENTER_CS of 0 to 3 is #GP(0) and changes nothing",
     SPEC("SDM vol. 2B, SYSEXIT, Protected Mode Exceptions"))
{
	for (u32 selector = 0; selector <= 3; selector++) {
		const struct trap_frame *at = trap_last_frame();
		ulong stack;
		struct trap_frame from = sysexit_frame(&stack);

		SUBTEST("%u", selector);
		wrmsr(MSR_IA32_SYSENTER_CS, selector);
		EXPECT_FAULT(GP(0), enter(&from));
		EXPECT_EQ(at->ip, (ulong)sysexit_code);
		EXPECT_EQ(at->cs, SEL_KERNEL_CODE);
		EXPECT_EQ(at->sp, sizeof(ulong) == 8 ? from.sp : enter_kernel_stack());
		enter_expect_registers(at, &from, 0);
	}
}

TEST(sysexit_at_cpl3, "SYSEXIT at CPL 3 is #GP(0) and changes nothing",
     SPEC("SDM vol. 2B, SYSEXIT, Protected Mode Exceptions"))
{
	const struct trap_frame *at = trap_last_frame();
	struct trap_frame from = enter_frame(3, sysexit_code);

	sysenter_set_up();
	from.dx = (ulong)enter_probe;
	EXPECT_FAULT(GP(0), enter(&from));
	EXPECT_EQ(at->ip, (ulong)sysexit_code);
	EXPECT_EQ(at->cs, from.cs);
	EXPECT_EQ(at->sp, from.sp);
	enter_expect_registers(at, &from, 0);
}

TEST(sysexit_stack_segment, "after SYSEXIT the stack segment is flat, whatever the GDT has there",
     SPEC("SDM vol. 2B, SYSEXIT, Operation"))
{
	ulong stack;
	struct trap_frame from = sysexit_frame(&stack);

	for (u32 spare = 0; spare < 4; spare++)
		gdt_set_spare(spare, DESC_BASE(0x1000) | DESC_LIMIT(0xf) | DESC_P | DESC_S);
	wrmsr(MSR_IA32_SYSENTER_CS, SEL_SPARE);
	from.dx = (ulong)push_code;
	EXPECT_FAULT(UD, enter(&from));
	EXPECT_EQ(trap_last_frame()->ip, (ulong)push_code + 1);
	EXPECT_EQ(trap_last_frame()->sp, stack - 4);
	EXPECT_EQ(*(u32 *)(stack - 4), (u32)from.ax);
}

TEST(sysenter_lock_prefix, "SYSENTER and SYSEXIT with LOCK are #UD",
     SPEC("SDM vol. 2B, SYSENTER, SYSEXIT"))
{
	static const u8 codes[][4] = { { 0xf0, 0x0f, 0x34 }, { 0xf0, 0x0f, 0x35 } };

	for (u32 i = 0; i < ARRAY_SIZE(codes); i++) {
		struct trap_frame from = enter_frame(0, codes[i]);

		SUBTEST("%s", i ? "sysexit" : "sysenter");
		from.cx = sysenter_set_up();
		from.dx = (ulong)enter_probe;
		EXPECT_FAULT(UD, enter(&from));
		EXPECT_EQ(trap_last_frame()->ip, (ulong)codes[i]);
	}
}
