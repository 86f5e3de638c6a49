/* SPDX-License-Identifier: MIT */
/*
 * What docs/writing-a-test.md promises about the state of an x86 CPU at the start of a case.
 * First a case that leaves everything changed, then those that look; alone, these see the state
 * after start-up.
 */
#include <test.h>

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>
#include <sys/cpu.h>
#include <sys/time.h>
#include <x86/apic.h>
#include <x86/boot.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/paging.h>
#include <x86/io.h>
#include <x86/msr.h>
#include <x86/xsave.h>

SUITE("x86: case isolation");

#define VEC_LEFT  0x40
#define PIC_MASKS 0xff

/* What FNSTENV and FNSAVE begin with: SDM vol. 1, figure 8-9. */
struct x87_environment {
	u16 control, reserved0, status, reserved1, tag, reserved2;
	u32 pointers[4];
};

static u32 handler_calls;

static void count_call(struct trap_frame *frame)
{
	handler_calls++;
	(void)frame;
}

static void count_and_skip_ud2(struct trap_frame *frame)
{
	handler_calls++;
	frame->ip += 2;
}

/* ------------------------------------------------------------------------------ leaving a mess
 */

static void change_control_registers(void)
{
	ulong cr4 = read_cr4();

	write_cr0((read_cr0() | CR0_AM | CR0_TS) & ~(CR0_WP | CR0_NE | CR0_MP));
	cr4 |= CR4_DE | CR4_TSD;
	if (cpu_has(X86_FEATURE_PGE))
		cr4 |= CR4_PGE;
	if (cpu_has(X86_FEATURE_MCE))
		cr4 |= CR4_MCE;
	if (cpu_has(X86_FEATURE_UMIP))
		cr4 |= CR4_UMIP;
	if (cpu_has(X86_FEATURE_FSGSBASE))
		cr4 |= CR4_FSGSBASE;
	write_cr4_try(cr4);
	if (cpu_has(X86_FEATURE_SYSCALL))
		wrmsr_try(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE);
}

static void change_fpu(void)
{
	const u16 control = 0x0c00;
	const u32 mxcsr = 0x7fbf;

	if (cpu_has(X86_FEATURE_XSAVE)) {
		write_cr4(read_cr4() | CR4_OSXSAVE);
		xsetbv_try(0, 3);
	}
	if (cpu_has(X86_FEATURE_FPU))
		__asm__ volatile("fninit; fldcw %0; fld1; fldz; fld1" : : "m"(control));
	if (cpu_has(X86_FEATURE_SSE))
		ldmxcsr(mxcsr);
}

/* A debug register that would hit at once is left without its enabling bit. */
static void change_debug_registers(void)
{
	write_dr0(0x1234);
	write_dr1(0x2345);
	write_dr2(0x3456);
	write_dr3(0x4567);
	write_dr6(0xffff0ff0u | 0xe00f);
	write_dr7(DR7_RESET | BIT(0) | BIT(3) | BIT(9));
}

static void change_tables(void)
{
	static u64 other_gdt[GDT_ENTRIES];
	const u64 base = (ulong)other_gdt;
	struct desc_table_register gdtr = { sizeof(other_gdt) - 1, (ulong)other_gdt };
	const u16 data = gdt_set_spare(1, DESC_FLAT | DESC_DB | DESC_BASE(0x5000));
	const u16 ldt = gdt_set_spare(0, DESC_BASE(base) | DESC_LIMIT(7) | DESC_P |
						 DESC_TYPE(DESC_LDT));

	gdt_set_spare(GDT_SPARES - 1, ~0ull);
	memcpy(other_gdt, gdt_entries(), sizeof(other_gdt));
	__asm__ volatile("lgdt %0" : : "m"(gdtr) : "memory");
	/* Twice as wide on x86_64: its second half is the next spare, which is data; that one
	 * moves. */
	other_gdt[ldt / 8 + 1] = 0;
	other_gdt[ldt / 8 + 2] = gdt_entries()[data / 8];
	__asm__ volatile("lldt %w0" : : "r"((u32)ldt) : "memory");
	__asm__ volatile("mov %0, %%fs; mov %0, %%gs" : : "r"(ldt + 16) : "memory");
	idt_set_gate(VEC_LEFT, (void *)0x1000, 3, 0);
	idt[VEC_UD].type = 0;
	idt[VEC_GP].selector = 0xfff8;
	tss_of_this_cpu()->io_map_base = 0;
}

static void change_apic(void)
{
	trap_set_handler(VEC_LEFT + 1, count_call);
	trap_set_handler(VEC_LEFT + 2, count_call);
	apic_write(APIC_TPR, 0x20);
	apic_write(APIC_LDR, 0x02000000);
	apic_write(APIC_LVT_LINT0, VEC_LEFT + 3);
	apic_write(APIC_LVT_ERROR, VEC_LEFT + 3);
	apic_write(APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_16);
	apic_write(APIC_LVT_TIMER, APIC_TIMER_PERIODIC | (VEC_LEFT + 2));
	apic_write(APIC_TIMER_INITIAL, 10000000);
	/* One in service that was never ended, one pending after it. */
	apic_send_vector(0, VEC_LEFT + 1);
	__asm__ volatile("sti; nop; nop; cli" : : : "memory");
	apic_send_vector(0, VEC_LEFT + 1);
	apic_send_vector(0, VEC_LEFT + 2);
	/* The timer's interrupt may be pending there: its vector is still the firmware's. */
	outb(0x21, 0xf0);
	outb(0xa1, 0x0f);
}

static bool left_changed;

TEST(x86_left_changed, "a case may leave all registers and tables changed",
     SPEC("docs/writing-a-test.md, What a case may rely on"), REQUIRES(cpu_has(X86_FEATURE_APIC)))
{
	left_changed = EXPECT_EQ(read_flags() & FLAG_IF, 0u);
	for (u32 vector = 0x50; vector < 0x80; vector++)
		trap_set_handler(vector, count_call);
	change_apic();
	change_fpu();
	change_debug_registers();
	change_control_registers();
	space_switch(space_create());
	change_tables();
	write_flags(FLAG_1 | FLAG_IOPL | FLAG_NT | FLAG_AC | FLAG_ID | FLAG_CF | FLAG_OF | FLAG_DF);
	/* From here on nothing is called that the direction flag could mislead. */
}

/* ------------------------------------------------------------------------------- and looking
 */

TEST(x86_flags, "flags are 2", SPEC("docs/writing-a-test.md, What a case may rely on"))
{
	const ulong status = FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF;

	EXPECT_EQ(read_flags() & ~status, (ulong)FLAG_1);
}

TEST(x86_control_registers, "CR0, CR2 to CR4 and EFER have their documented values",
     SPEC("docs/writing-a-test.md, What a case may rely on"))
{
	ulong cr4 = (ulong)PAGING_CR4_KERNEL;

	if (cpu_has(X86_FEATURE_SSE))
		cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT;
	EXPECT_EQ(read_cr0(), CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG);
	EXPECT_EQ(read_cr3(), (ulong)BOOT_ROOT_TABLE);
	EXPECT_EQ(read_cr4(), cr4);
	if (cpu_has(X86_FEATURE_NX))
		EXPECT_EQ(rdmsr(MSR_EFER),
			  EFER_NXE | (sizeof(ulong) == 8 ? EFER_LME | EFER_LMA : 0));
}

TEST(x86_debug_registers, "debug registers have their reset values",
     SPEC("docs/writing-a-test.md, What a case may rely on"))
{
	EXPECT_EQ(read_dr0(), 0u);
	EXPECT_EQ(read_dr1(), 0u);
	EXPECT_EQ(read_dr2(), 0u);
	EXPECT_EQ(read_dr3(), 0u);
	EXPECT_EQ((u32)read_dr6(), DR6_RESET);
	EXPECT_EQ((u32)read_dr7(), DR7_RESET);
}

TEST(x86_tables, "GDT, IDT, TSS and LDT are as desc.h says, the spare entries empty",
     SPEC("lib/x86/desc.h"))
{
	struct desc_table_register gdtr, idtr;
	u32 tr, ldtr;

	__asm__ volatile("sgdt %0; sidt %1" : "=m"(gdtr), "=m"(idtr));
	__asm__ volatile("str %0; sldt %1" : "=r"(tr), "=r"(ldtr));
	EXPECT_EQ(gdtr.base, (ulong)gdt_entries());
	EXPECT_EQ(gdtr.limit, GDT_ENTRIES * 8 - 1);
	EXPECT_EQ(idtr.base, (ulong)idt);
	EXPECT_EQ(idtr.limit, sizeof(idt) - 1);
	EXPECT_EQ((u16)tr, SEL_TSS);
	EXPECT_EQ((u16)ldtr, 0);
	for (u32 i = 0; i < GDT_SPARES; i++)
		EXPECT_EQ(gdt_entries()[SEL_SPARE / 8 + i], 0u, "spare entry %u", i);
	EXPECT_EQ(gdt_entries()[SEL_TSS / 8] & DESC_TYPE(0xf), DESC_TYPE(DESC_TSS_BUSY));
	EXPECT_EQ(tss_of_this_cpu()->io_map_base, sizeof(struct tss));
}

TEST(x86_gates, "every gate of the IDT is present, and leads somewhere of its own",
     SPEC("lib/x86/desc.h"))
{
	for (u32 vector = 0; vector < 256; vector++) {
		const bool user = vector == VEC_BP || vector == VEC_OF || vector == VEC_USER_RETURN;

		if (idt[vector].type == (0x80 | DESC_TASK_GATE))
			continue;
		EXPECT_EQ(idt[vector].type, 0x80 | (user ? 0x60 : 0) | DESC_INTERRUPT_GATE,
			  "vector %#x", vector);
		EXPECT_EQ(idt[vector].selector, SEL_KERNEL_CODE, "vector %#x", vector);
		EXPECT_NE(idt[vector].offset_low, idt[(vector + 1) % 256].offset_low);
	}
}

TEST(x86_segments, "segment registers are flat, FS, GS and LDT null",
     SPEC("docs/writing-a-test.md, What a case may rely on"))
{
	u16 cs, ds, es, fs, gs, ss;

	__asm__ volatile("mov %%cs, %0; mov %%ds, %1; mov %%es, %2" : "=r"(cs), "=r"(ds), "=r"(es));
	__asm__ volatile("mov %%fs, %0; mov %%gs, %1; mov %%ss, %2" : "=r"(fs), "=r"(gs), "=r"(ss));
	EXPECT_EQ(cs, SEL_KERNEL_CODE);
	EXPECT_EQ(ds, SEL_KERNEL_DATA);
	EXPECT_EQ(es, SEL_KERNEL_DATA);
	EXPECT_EQ(ss, SEL_KERNEL_DATA);
	EXPECT_EQ(fs, 0);
	EXPECT_EQ(gs, 0);
}

TEST(x86_fpu, "x87 is as after FNINIT, MXCSR and XCR0 as after reset",
     SPEC("docs/writing-a-test.md, What a case may rely on"), REQUIRES(cpu_has(X86_FEATURE_FPU)))
{
	struct x87_environment env;
	u32 mxcsr;

	__asm__ volatile("fnstenv %0" : "=m"(env));
	EXPECT_EQ(env.control, 0x37f);
	EXPECT_EQ(env.status, 0);
	EXPECT_EQ(env.tag, 0xffff);
	if (cpu_has(X86_FEATURE_SSE)) {
		mxcsr = stmxcsr();
		EXPECT_EQ(mxcsr, 0x1f80u);
	}
	if (cpu_has(X86_FEATURE_XSAVE)) {
		write_cr4(read_cr4() | CR4_OSXSAVE);
		EXPECT_EQ(xgetbv(0), 1u);
		write_cr4(read_cr4() & ~CR4_OSXSAVE);
	}
}

TEST(x86_apic, "the local APIC is enabled, in xAPIC mode, with nothing set, pending or in service",
     SPEC("docs/writing-a-test.md, What a case may rely on"), REQUIRES(cpu_has(X86_FEATURE_APIC)))
{
	static const u16 lvts[] = { APIC_LVT_TIMER, APIC_LVT_LINT0, APIC_LVT_LINT1,
				    APIC_LVT_ERROR };
	const u64 base = APIC_DEFAULT_BASE | APIC_BASE_ENABLE | APIC_BASE_BSP;

	EXPECT_EQ(rdmsr(MSR_IA32_APIC_BASE), base);
	EXPECT_EQ(apic_read(APIC_TPR), 0u);
	EXPECT_EQ(apic_read(APIC_SVR) & 0x1ff, APIC_SVR_ENABLE | VEC_SPURIOUS);
	EXPECT_EQ(apic_read(APIC_DFR), 0xffffffffu);
	EXPECT_EQ(apic_read(APIC_LDR), 0u);
	EXPECT_EQ(apic_read(APIC_TIMER_INITIAL), 0u);
	EXPECT_EQ(apic_read(APIC_TIMER_CURRENT), 0u);
	for (u32 i = 0; i < ARRAY_SIZE(lvts); i++)
		EXPECT(apic_read(lvts[i]) & APIC_LVT_MASKED, "LVT at %#x", lvts[i]);
	for (u32 vector = 0x10; vector < 256; vector++) {
		EXPECT(!apic_vector_bit(APIC_ISR, vector), "vector %#x", vector);
		EXPECT(!apic_vector_bit(APIC_IRR, vector), "vector %#x", vector);
	}
}

TEST(x86_pics, "both 8259s are masked", SPEC("docs/writing-a-test.md, What a case may rely on"))
{
	EXPECT_EQ(inb(0x21), PIC_MASKS);
	EXPECT_EQ(inb(0xa1), PIC_MASKS);
}

/* With handlers left over, what was pending would be counted; without them, it would end the
 * case. */
TEST(x86_no_interrupts, "no interrupt comes when they are allowed",
     SPEC("docs/writing-a-test.md, What a case may rely on"))
{
	u32 before = handler_calls;

	__asm__ volatile("sti" : : : "memory");
	delay_us(12000);
	__asm__ volatile("cli" : : : "memory");
	EXPECT_EQ(handler_calls, before);
}

static void raise_ud(void *unused)
{
	(void)unused;
	__asm__ volatile("ud2");
}

TEST(x86_handler_left, "a case may leave a handler installed",
     SPEC("docs/writing-a-test.md, What a case may rely on"))
{
	handler_calls = 0;
	trap_set_handler(VEC_UD, count_and_skip_ud2);
	raise_ud(NULL);
	EXPECT_EQ(handler_calls, 1u);
}

TEST(x86_handler_gone, "the next case finds no handler",
     SPEC("docs/writing-a-test.md, What a case may rely on"))
{
	u32 before = handler_calls;

	EXPECT_FAULT(UD, fault_of(raise_ud, NULL));
	EXPECT_EQ(handler_calls, before);
}

/* --------------------------------------------------------------------------- on another CPU */

static void change_cpu(void *unused)
{
	(void)unused;
	change_debug_registers();
	change_control_registers();
	write_flags(FLAG_1 | FLAG_IOPL | FLAG_AC);
}

static void expect_cpu(void *unused)
{
	(void)unused;
	EXPECT_EQ(read_flags() & (FLAG_IOPL | FLAG_AC | FLAG_IF), 0u);
	EXPECT_EQ(read_cr0(), CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG);
	EXPECT_EQ(read_cr4() & (CR4_DE | CR4_TSD | CR4_PGE), 0u);
	EXPECT_EQ(read_dr0(), 0u);
	EXPECT_EQ((u32)read_dr7(), DR7_RESET);
}

TEST(x86_other_cpus, "other CPUs get their state back between one piece of work and the next",
     SPEC("docs/writing-a-test.md, What a case may rely on"), REQUIRES(cpu_count() > 1))
{
	for (u32 number = 1; number < cpu_count(); number++) {
		run_on_cpu(number, change_cpu, NULL);
		run_on_cpu(number, expect_cpu, NULL);
	}
}
