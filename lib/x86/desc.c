/* SPDX-License-Identifier: MIT */
#include <x86/desc.h>

#include <string.h>
#include <sys/cpu.h>
#include <x86/boot.h>

struct idt_gate idt[256] __aligned(16);

extern u8 trap_stubs[];
#ifdef __i386__
static void (*double_fault_task)(void);

void desc_set_double_fault_task(void (*start)(void))
{
	double_fault_task = start;
}
#endif

static const u64 flat_segments[] = {
	[SEL_NULL / 8] = 0,
#ifdef __x86_64__
	[SEL_KERNEL_CODE / 8] = DESC_FLAT | DESC_CODE | DESC_L,
	[SEL_USER_CS64 / 8] = DESC_FLAT | DESC_CODE | DESC_L | DESC_DPL(3),
#else
	[SEL_KERNEL_CODE / 8] = DESC_FLAT | DESC_CODE | DESC_DB,
#endif
	[SEL_KERNEL_DATA / 8] = DESC_FLAT | DESC_DB,
	[SEL_KERNEL_CS32 / 8] = DESC_FLAT | DESC_CODE | DESC_DB,
	[SEL_USER_CS32 / 8] = DESC_FLAT | DESC_CODE | DESC_DB | DESC_DPL(3),
	[SEL_USER_DATA / 8] = DESC_FLAT | DESC_DB | DESC_DPL(3),
};

/* Exceptions that need a stack that works, whatever the interrupted code did to its own. */
static u32 ist_of_vector(u32 vector)
{
	switch (vector) {
	case VEC_DF:
		return 1;
	case VEC_NMI:
		return 2;
	case VEC_MC:
		return 3;
	default:
		return 0;
	}
}

u64 *gdt_entries(void)
{
	return this_cpu()->arch.gdt;
}

struct tss *tss_of_this_cpu(void)
{
	return &this_cpu()->arch.tss;
}

u16 gdt_set_spare(u32 index, u64 descriptor)
{
	gdt_entries()[SEL_SPARE / 8 + index] = descriptor;
	return (u16)(SEL_SPARE + index * 8);
}

static struct idt_gate make_gate(const void *handler, u32 dpl, u32 ist)
{
	ulong offset = (ulong)handler;

	return (struct idt_gate){
		.offset_low = (u16)offset,
		.selector = SEL_KERNEL_CODE,
#ifdef __x86_64__
		.ist = (u8)ist,
		.offset_high = (u32)(offset >> 32),
#else
		.ist = (u8)(ist & 0),
#endif
		.type = (u8)(0x80 | dpl << 5 | DESC_INTERRUPT_GATE),
		.offset_mid = (u16)(offset >> 16),
	};
}

void idt_set_gate(u32 vector, const void *handler, u32 dpl, u32 ist)
{
	idt[vector] = make_gate(handler, dpl, ist);
}

/* The gate that a vector has at the start of a case: user code may INT to BP, OF and the return. */
static struct idt_gate default_gate(u32 vector)
{
	u32 dpl = vector == VEC_BP || vector == VEC_OF || vector == VEC_USER_RETURN ? 3 : 0;

#ifdef __i386__
	if (vector == VEC_DF)
		return (struct idt_gate){ .selector = SEL_DF_TSS, .type = 0x80 | DESC_TASK_GATE };
#endif
	return make_gate(trap_stubs + 16 * vector, dpl, ist_of_vector(vector));
}

static void fill_gdt(struct cpu *cpu)
{
	u64 *gdt = cpu->arch.gdt;
	u64 tss = (ulong)&cpu->arch.tss;

	memset(gdt, 0, sizeof(cpu->arch.gdt));
	memcpy(gdt, flat_segments, sizeof(flat_segments));
	gdt[SEL_TSS / 8] = DESC_BASE(tss) | DESC_LIMIT(sizeof(struct tss) - 1) | DESC_P |
			   DESC_TYPE(DESC_TSS_AVAILABLE);
#ifdef __x86_64__
	gdt[SEL_TSS / 8 + 1] = tss >> 32;
#else
	gdt[SEL_DF_TSS / 8] = DESC_BASE((ulong)&cpu->arch.df_tss) |
			      DESC_LIMIT(sizeof(struct tss) - 1) | DESC_P |
			      DESC_TYPE(DESC_TSS_AVAILABLE);
#endif
	gdt[SEL_CPU_NUMBER / 8] = DESC_LIMIT(CPU_NUMBER_MARK + cpu->number) | DESC_P | DESC_S |
				  DESC_W | DESC_A | DESC_DPL(3);
}

static void fill_tss(struct cpu *cpu)
{
	struct tss *tss = &cpu->arch.tss;

	memset(tss, 0, sizeof(*tss));
	tss->io_map_base = sizeof(*tss);
#ifdef __x86_64__
	tss->rsp[0] = (ulong)cpu->arch.stack_top;
	for (u32 i = 0; i < IST_COUNT; i++)
		tss->ist[i] = (ulong)cpu->arch.ist_top[i];
#else
	tss->ring[0].esp = (ulong)cpu->arch.stack_top;
	tss->ring[0].ss = SEL_KERNEL_DATA;
	cpu->arch.df_tss = (struct tss){
		.cr3 = (ulong)BOOT_ROOT_TABLE,
		.eip = (ulong)double_fault_task,
		.eflags = 2,
		.esp = (ulong)cpu->arch.ist_top[0],
		.cs = SEL_KERNEL_CODE,
		.ss = SEL_KERNEL_DATA,
		.ds = SEL_KERNEL_DATA,
		.es = SEL_KERNEL_DATA,
		.io_map_base = sizeof(*tss),
	};
#endif
}

static void load_segments(void)
{
#ifdef __x86_64__
	__asm__ volatile("pushq %q0\n"
			 "leaq 1f(%%rip), %%rax\n"
			 "pushq %%rax\n"
			 "lretq\n"
			 "1:"
			 :
			 : "r"((ulong)SEL_KERNEL_CODE)
			 : "rax", "memory");
#else
	__asm__ volatile("ljmp %0, $1f\n1:" : : "i"(SEL_KERNEL_CODE) : "memory");
#endif
	__asm__ volatile("mov %0, %%ds\n"
			 "mov %0, %%es\n"
			 "mov %0, %%ss\n"
			 "mov %1, %%fs\n"
			 "mov %1, %%gs\n"
			 "lldt %w1\n"
			 "ltr %w2\n"
			 :
			 : "r"(SEL_KERNEL_DATA), "r"(0), "r"(SEL_TSS)
			 : "memory");
}

/* The CPU's number has to be known before the GDT that it is read from is filled in. */
static void load_tables(struct cpu *cpu)
{
	struct desc_table_register gdtr = { sizeof(cpu->arch.gdt) - 1, (ulong)cpu->arch.gdt };
	struct desc_table_register idtr = { sizeof(idt) - 1, (ulong)idt };

	__asm__ volatile("lgdt %0\nlidt %1" : : "m"(gdtr), "m"(idtr) : "memory");
}

void desc_init_cpu(struct cpu *cpu)
{
	fill_gdt(cpu);
	fill_tss(cpu);
	if (cpu->number == 0) {
		for (u32 vector = 0; vector < 256; vector++)
			idt[vector] = default_gate(vector);
	}
	load_tables(cpu);
	load_segments();
}

void desc_init(void)
{
	desc_init_cpu(this_cpu());
}

const char *desc_changed(void)
{
	const struct cpu *cpu = this_cpu();
	struct desc_table_register gdtr, idtr;
	u16 tr, ldtr;
	const char *what = NULL;

	__asm__ volatile("sgdt %0" : "=m"(gdtr));
	__asm__ volatile("sidt %0" : "=m"(idtr));
	__asm__ volatile("str %0" : "=r"(tr));
	__asm__ volatile("sldt %0" : "=r"(ldtr));
	if (gdtr.base != (ulong)cpu->arch.gdt || gdtr.limit != sizeof(cpu->arch.gdt) - 1)
		what = "GDTR";
	if (idtr.base != (ulong)idt || idtr.limit != sizeof(idt) - 1)
		what = "IDTR";
	if (tr != SEL_TSS)
		what = "TR";
	if (ldtr)
		what = "LDTR";
	return what;
}
