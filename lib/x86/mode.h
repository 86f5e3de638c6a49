/* SPDX-License-Identifier: MIT */
/*
 * Runs a piece of machine code in a mode that C does not exist for: real mode, virtual-8086 mode,
 * 16-bit and 32-bit protected mode, with or without paging; and says what it left, or which
 * exception or interrupt ended it and what that pushed.
 *
 *	struct mode m;
 *
 *	mode_init(&m, MODE_REAL);
 *	m.eax = 1;
 *	EXPECT_FAULT(NO_FAULT, mode_run(&m, CODE16("addl %%eax, %%eax")));
 *	EXPECT_EQ(m.eax, 2);
 *
 * The code is copied to MODE_CODE, an UD2 follows it, and reaching that is NO_FAULT. Everything else
 * that enters the mode's own IDT or IVT is a fault, VECTOR(n) for those without an error code (in
 * real mode: all). Whatever the code did to control registers, EFER and descriptor tables is undone,
 * as long as some vector still leads back. GDT, IDT and TSS of this CPU are as at the start of a
 * case afterwards. Only on CPU 0, interrupts off.
 */
#ifndef ASSAY_X86_MODE_H
#define ASSAY_X86_MODE_H

/* The memory below 1 MiB that mode_run() and the code use. */
#define MODE_LOW   0x10000 /* mode_low.S: the way in and out */
#define MODE_GDT   0x13000
#define MODE_IVT   0x13400 /* IDTR's base for real mode */
#define MODE_IDT   0x13800
#define MODE_TSS   0x14000 /* 32 bits; interrupt redirection and I/O permission bitmaps follow */
#define MODE_LDT   0x16800
#define MODE_STACK 0x18000 /* the top of the stack of CPL 0 */
#define MODE_CODE  0x20000 /* the segments, 64 KiB each, that the code starts with */
#define MODE_DS	   0x40000
#define MODE_ES	   0x50000
#define MODE_SS	   0x60000
#define MODE_FS	   0x70000
#define MODE_GS	   0x80000
#define MODE_SP	   0x8000 /* SP at the start */

/* The mode's GDT. 16-bit segments have the bases above and a limit of 64 KiB. */
#define MODE_SEL_CODE	  0x08 /* 32 bits, flat */
#define MODE_SEL_DATA	  0x10
#define MODE_SEL_LOW16	  0x18 /* 16-bit code, base MODE_LOW */
#define MODE_SEL_REAL	  0x20 /* data as real mode has it: 64 KiB, writable */
#define MODE_SEL_TSS	  0x28
#define MODE_SEL_LDT	  0x30
#define MODE_SEL_CODE16	  0x38
#define MODE_SEL_DS16	  0x40
#define MODE_SEL_ES16	  0x48
#define MODE_SEL_SS16	  0x50
#define MODE_SEL_CODE32_3 0x5b /* flat, DPL 3 */
#define MODE_SEL_DATA32_3 0x63
#define MODE_SEL_SPARE	  0x68 /* the rest are a test's */
#define MODE_GDT_ENTRIES  32

/* The TSS: SDM vol. 3A, figure 7-11; vol. 3B, figure 20-5. */
#define MODE_TSS_REDIRECTION 0x68
#define MODE_TSS_IO_MAP	     (MODE_TSS_REDIRECTION + 32)
#define MODE_TSS_SIZE	     (MODE_TSS_IO_MAP + 8192 + 1)

#ifndef __ASSEMBLER__
#include <arch/fault.h>
#include <types.h>

enum mode_kind {
	MODE_REAL,
	MODE_VM86, /* CPL 3; IOPL 3, no VME, every port and every INT refused by the bitmaps */
	MODE_16,   /* protected, CPL 0, code and stack of 16 bits */
	MODE_32,   /* protected, CPL 0, flat */
	MODE_32_USER,
};

/*
 * What the code starts with, and what it had when it ended: the registers at the fault, and those of
 * the handler at its first instruction. mode_low.S knows the layout.
 */
struct mode {
	u32 eax, ecx, edx, ebx, esp, ebp, esi, edi;
	u32 eip, eflags;
	u32 es, cs, ss, ds, fs, gs;
	u32 cr0, cr2, cr3, cr4, efer;
	u16 pad0, gdt_limit;
	u32 gdt_base;
	u16 pad1, idt_limit;
	u32 idt_base;
	u32 ldtr, tr; /* null: not loaded; only read at the end in protected mode */
	u32 segments; /* real mode: the descriptor whose limit and type DS, ES, FS, GS have at start */
	u32 vector;
	u32 handler_esp, handler_ss, handler_flags;
	u32 handler_es, handler_ds, handler_fs, handler_gs;

	enum mode_kind kind;
	u16 frame[20]; /* what is at the handler's stack pointer */
	u32 code_end;  /* the offset of the UD2 after the code */
	u32 error;     /* the error code, if the vector is one that has one */
};

struct mode_code {
	const void *start;
	size_t size;
};

/* All that the code starts with: registers 0 but for ESP, segments as above; tables filled again. */
void mode_init(struct mode *mode, enum mode_kind kind);

/* Copies the code to MODE_CODE, runs it, and fills in *mode. */
struct fault mode_run(struct mode *mode, struct mode_code code);

/* The same with code that is at CS:EIP already, or wherever the case has put it. */
struct fault mode_run_at(struct mode *mode);

/* Makes `vector` an entry of the IVT, or a gate of the IDT (a descriptor, SDM vol. 3A, 6.11). */
void mode_set_ivt(u32 vector, u16 segment, u16 offset);
void mode_set_gate(u32 vector, u16 selector, u32 offset, u32 type, u32 dpl);

/* Where the IVT or the IDT leads by default: a stub for each vector, which ends the run. */
u16 mode_real_stub(u32 vector);
u32 mode_protected_stub(u32 vector);

static inline u64 *mode_gdt(void)
{
	return (u64 *)MODE_GDT;
}

/* Low memory: pointers to the byte, word and doubleword there. */
static inline u8 *low8(u32 address)
{
	return (u8 *)(ulong)address;
}

static inline u16 *low16(u32 address)
{
	return (u16 *)(ulong)address;
}

static inline u32 *low32(u32 address)
{
	return (u32 *)(ulong)address;
}

/*
 * Paging with 32-bit entries, memory one to one at user privilege: fills in CR0, CR3 and CR4. Returns the
 * page table of the first 4 MiB; the rest are 4 MiB pages.
 */
u32 *mode_use_paging(struct mode *mode);

/* The same with 64-bit entries and 2 MiB pages (CR4.PAE): returns the four PDPTEs. */
u64 *mode_use_pae(struct mode *mode);

#ifdef __x86_64__
#define MODE_NATIVE_ ".code64\n"
#else
#define MODE_NATIVE_ ".code32\n"
#endif

/*
 * Position-independent machine code of 16, 32 or 64 bits, or of the kernel's size; "i" constants may follow
 * and are operands 2...
 */
#define MODE_CODE_(bits, text, ...)                                                            \
	({                                                                                     \
		const void *start_, *end_;                                                     \
		__asm__("movl $770f, %k0\n"                                                    \
			"movl $771f, %k1\n"                                                    \
			".pushsection .rodata.mode, \"a\"\n"                                   \
			".code" bits "\n"                                                      \
			"770:\n" text "\n"                                                     \
			"771:\n" MODE_NATIVE_ ".popsection"                                    \
			: "=r"(start_), "=r"(end_)                                             \
			: __VA_ARGS__);                                                        \
		(struct mode_code){ start_, (size_t)((const u8 *)end_ - (const u8 *)start_) }; \
	})
#define CODE16(text, ...) MODE_CODE_("16", text, ##__VA_ARGS__)
#define CODE32(text, ...) MODE_CODE_("32", text, ##__VA_ARGS__)
#ifdef __x86_64__
#define CODE64(text, ...)      MODE_CODE_("64", text, ##__VA_ARGS__)
#define CODE_NATIVE(text, ...) MODE_CODE_("64", text, ##__VA_ARGS__)
#else
#define CODE_NATIVE(text, ...) MODE_CODE_("32", text, ##__VA_ARGS__)
#endif

#endif
#endif
