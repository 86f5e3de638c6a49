/* SPDX-License-Identifier: MIT */
/*
 * Code for a CPU that a start-up IPI starts: it writes down the state that it finds itself in, counts
 * the start, and halts with interrupts off. It runs in a page below 1 MiB, whose end is its memory.
 */
#ifndef ASSAY_SMP_PROBE_H
#define ASSAY_SMP_PROBE_H

/* Pages that nobody else uses: conventional memory after the library's trampoline. */
#define PROBE_PAGE	 0x20
#define PROBE_OTHER_PAGE 0x7f

/* Offsets in the page, of struct probe_state. */
#define PROBE_STATE	0xc00
#define PROBE_STARTS	(PROBE_STATE + 0x00)
#define PROBE_FLAGS	(PROBE_STATE + 0x04)
#define PROBE_CR0	(PROBE_STATE + 0x08) /* CR0, CR2, CR3, CR4 */
#define PROBE_DR	(PROBE_STATE + 0x18) /* DR0-DR3, DR6, DR7 */
#define PROBE_GPR	(PROBE_STATE + 0x30) /* EAX ECX EDX EBX ESP EBP ESI EDI */
#define PROBE_SEGMENT	(PROBE_STATE + 0x50) /* CS DS ES SS FS GS, 16 bits each */
#define PROBE_IP	(PROBE_STATE + 0x5c) /* 16 bits */
#define PROBE_GDTR	(PROBE_STATE + 0x60) /* limit, 16 bits, at an offset of 2 from base */
#define PROBE_IDTR	(PROBE_STATE + 0x68)
#define PROBE_TSC	(PROBE_STATE + 0x70)
#define PROBE_SYSENTER	(PROBE_STATE + 0x78) /* IA32_SYSENTER_CS, low half */
#define PROBE_APIC_BASE (PROBE_STATE + 0x7c)
#define PROBE_PAT	(PROBE_STATE + 0x80)
#define PROBE_AUX	(PROBE_STATE + 0x88)
#define PROBE_EFER	(PROBE_STATE + 0x8c)
#define PROBE_X87	(PROBE_STATE + 0x90) /* control word */
#define PROBE_MXCSR	(PROBE_STATE + 0x94)
#define PROBE_WANTS	(PROBE_STATE + 0x98) /* PROBE_WANT_*, set before the start */
#define PROBE_APIC	0xd00 /* 64 registers of the local APIC: those at multiples of 16 */

#define PROBE_WANT_APIC 1
#define PROBE_WANT_MSR	2
#define PROBE_WANT_EFER 4
#define PROBE_WANT_AUX	8
#define PROBE_WANT_SSE	16

#ifndef __ASSEMBLER__
#include <types.h>

struct probe_state {
	u32 starts;
	u32 flags;
	u32 cr0, cr2, cr3, cr4;
	u32 dr[4], dr6, dr7;
	u32 eax, ecx, edx, ebx, esp, ebp, esi, edi;
	u16 cs, ds, es, ss, fs, gs;
	u16 ip;
	u16 pad;
	u16 gdtr_limit;
	u32 gdtr_base;
	u16 pad2;
	u16 idtr_limit;
	u32 idtr_base;
	u16 pad3;
	u64 tsc;
	u32 sysenter_cs, apic_base;
	u64 pat;
	u32 aux, efer;
	u32 x87_control, mxcsr;
	u32 wants;
} __packed;

/* Copies the code to a page and clears its memory. */
volatile struct probe_state *probe_prepare(u32 page);

/* What the register of the local APIC was, after a start with PROBE_WANT_APIC. */
u32 probe_apic(u32 page, u32 reg);

/* Waits until the CPU has started there `starts` times and written all down; false if it does not. */
bool probe_wait(u32 page, u32 starts);

/* Takes the CPU over, resets it, starts it at PROBE_PAGE and waits for that. */
bool probe_start(u32 cpu_number);
#endif
#endif
