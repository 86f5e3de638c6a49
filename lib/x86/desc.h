/* SPDX-License-Identifier: MIT */
/* Descriptor tables: SDM vol. 3A, 3.4-3.5, 6.10-6.14, 7.2; APM vol. 2, chapter 4. */
#ifndef ASSAY_X86_DESC_H
#define ASSAY_X86_DESC_H

/* The GDT that every CPU has for itself. Its order suits SYSCALL and SYSRET (STAR = 0x0023000800000000). */
#define SEL_NULL	0x00
#define SEL_KERNEL_CODE 0x08 /* of the kernel's own size, 64 or 32 bits */
#define SEL_KERNEL_DATA 0x10
#define SEL_KERNEL_CS32 0x18
#define SEL_USER_CS32	0x23
#define SEL_USER_DATA	0x2b
#define SEL_USER_CS64	0x33 /* x86_64 only */
#define SEL_TSS		0x38 /* two entries on x86_64 */
#define SEL_DF_TSS	0x40 /* i386 only: the task of the double-fault gate */
#define SEL_CPU_NUMBER	0x4b /* its limit has the CPU's number; LSL reads it at any privilege */
#define SEL_SPARE	0x50 /* the first of the entries that are a test's to fill */
#define GDT_ENTRIES	32
#define GDT_SPARES	(GDT_ENTRIES - SEL_SPARE / 8)

/* Segment descriptors. */
#define DESC_A		BIT(40) /* accessed */
#define DESC_W		BIT(41) /* data: writable; code: readable */
#define DESC_C		BIT(42) /* data: expand-down; code: conforming */
#define DESC_CODE	BIT(43)
#define DESC_S		BIT(44) /* code or data, not system */
#define DESC_TYPE(type) ((u64)(type) << 40)
#define DESC_DPL(dpl)	((u64)(dpl) << 45)
#define DESC_P		BIT(47)
#define DESC_AVL	BIT(52)
#define DESC_L		BIT(53) /* 64-bit code */
#define DESC_DB		BIT(54) /* default operation size 32 */
#define DESC_G		BIT(55) /* limit counts 4 KiB pages */
#define DESC_LIMIT(l)	(((u64)(l)&0xffff) | ((u64)(l)&0xf0000) << 32)
#define DESC_BASE(b)	(((u64)(b)&0xffffff) << 16 | ((u64)(b)&0xff000000) << 32)
#define DESC_FLAT	(DESC_LIMIT(0xfffff) | DESC_G | DESC_P | DESC_S | DESC_A | DESC_W)

/* Types of system descriptors and gates. */
#define DESC_TSS_AVAILABLE_16  1 /* i386 only, as DESC_TSS_BUSY_16 and DESC_CALL_GATE_16 */
#define DESC_LDT	       2
#define DESC_TSS_BUSY_16       3
#define DESC_CALL_GATE_16      4
#define DESC_TASK_GATE	       5
#define DESC_INTERRUPT_GATE_16 6 /* i386 only */
#define DESC_TRAP_GATE_16      7
#define DESC_TSS_AVAILABLE     9
#define DESC_TSS_BUSY	       11
#define DESC_CALL_GATE	       12
#define DESC_INTERRUPT_GATE    14 /* clears IF */
#define DESC_TRAP_GATE	       15

/* Vectors of exceptions: SDM vol. 3A, table 6-1. */
#define VEC_DE	0
#define VEC_DB	1
#define VEC_NMI 2
#define VEC_BP	3
#define VEC_OF	4
#define VEC_BR	5
#define VEC_UD	6
#define VEC_NM	7
#define VEC_DF	8
#define VEC_TS	10
#define VEC_NP	11
#define VEC_SS	12
#define VEC_GP	13
#define VEC_PF	14
#define VEC_MF	16
#define VEC_AC	17
#define VEC_MC	18
#define VEC_XM	19
#define VEC_VE	20
#define VEC_CP	21

/* Added to the CPU's number in that limit, by which the GDTs of tests are told from the library's. */
#define CPU_NUMBER_MARK 0xca000

/* Vectors that the library keeps for itself; 0x20-0xef are for tests. */
#define VEC_USER_RETURN 0xf0 /* INT from CPL 3: a run_user() function has returned */
#define VEC_KICK	0xf1 /* IPI: there is work */
#define VEC_SPURIOUS	0xff

/* Error codes that carry a selector: SDM vol. 3A, 6.13. */
#define ERR_EXT 1 /* the event came from outside the program */
#define ERR_IDT 2 /* the index is of the IDT */
#define ERR_TI	4 /* the index is of the LDT */

#ifndef __ASSEMBLER__
#include <types.h>

/* What LGDT, LIDT, SGDT and SIDT take. */
/* The operand in memory of far JMP and CALL, LSS... with 32-bit operands. */
struct far_pointer {
	u32 offset;
	u16 selector;
} __packed;

struct desc_table_register {
	u16 limit;
	ulong base;
} __packed;

/* One gate of the IDT; `base_high` and what follows only exist on x86_64. */
struct idt_gate {
	u16 offset_low;
	u16 selector;
	u8 ist;
	u8 type; /* P, DPL, type */
	u16 offset_mid;
#ifdef __x86_64__
	u32 offset_high;
	u32 reserved;
#endif
};

#ifdef __x86_64__
struct tss {
	u32 reserved0;
	u64 rsp[3];
	u64 reserved1;
	u64 ist[7];
	u64 reserved2;
	u16 reserved3;
	u16 io_map_base;
} __packed;
#else
struct tss {
	u32 link;
	struct {
		u32 esp, ss;
	} __packed ring[3];
	u32 cr3, eip, eflags;
	u32 eax, ecx, edx, ebx, esp, ebp, esi, edi;
	u32 es, cs, ss, ds, fs, gs, ldt;
	u16 trap;
	u16 io_map_base;
} __packed;
#endif

extern struct idt_gate idt[256];

/* Points the IDT's gate at `handler`, an interrupt gate of this DPL, stack table entry `ist` or 0. */
void idt_set_gate(u32 vector, const void *handler, u32 dpl, u32 ist);

/* The gate's entry of the interrupt-stack table, 0 for none; i386 has no such table. */
static inline void idt_set_ist(u32 vector, u32 ist)
{
	idt[vector].ist = (u8)ist;
}

/* This CPU's GDT (GDT_ENTRIES entries) and TSS. Changes last until the case ends. */
u64 *gdt_entries(void);
struct tss *tss_of_this_cpu(void);

/* The stack that the TSS has for CPL 0: RSP0 or ESP0. run_user() sets it. */
static inline ulong tss_stack0(const struct tss *tss)
{
#ifdef __x86_64__
	return tss->rsp[0];
#else
	return tss->ring[0].esp;
#endif
}

static inline void tss_set_stack0(struct tss *tss, ulong stack)
{
#ifdef __x86_64__
	tss->rsp[0] = stack;
#else
	tss->ring[0].esp = stack;
#endif
}

/* The stack that the TSS has for CPL 0 to 2; there is no selector in a 64-bit TSS. */
static inline void tss_set_stack(struct tss *tss, u32 cpl, u16 ss, ulong stack)
{
#ifdef __x86_64__
	(void)ss;
	tss->rsp[cpl] = stack;
#else
	tss->ring[cpl].ss = ss;
	tss->ring[cpl].esp = stack;
#endif
}

/* Fills entry `index` (0 to GDT_SPARES - 1) of the spare ones; returns its selector, RPL 0. */
u16 gdt_set_spare(u32 index, u64 descriptor);

/* The same for a CPU that does not know its number yet. */
struct cpu;
void desc_init_cpu(struct cpu *cpu);

#ifdef __i386__
/* Where the task of the double-fault gate starts; before the first of these calls. */
void desc_set_double_fault_task(void (*start)(void));
#endif

/* Loads GDT, IDT, TSS and segment registers of this CPU as they are documented to be. */
void desc_init(void);

/* Which of GDTR, IDTR, TR and LDTR is not what desc_init() loads, or NULL. */
const char *desc_changed(void);

#endif
#endif
