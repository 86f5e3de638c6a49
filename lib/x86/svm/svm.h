/* SPDX-License-Identifier: MIT */
/*
 * Guests under SVM: APM vol. 2, chapter 15. A case sets one up, runs it, and looks at the exit:
 *
 *	struct svm_guest *g = svm_new(SVM_LONG);
 *
 *	svm_code(g, CODE64("cpuid"));
 *	svm_intercept(g, SVM_EXIT_CPUID, true);
 *	svm_run(g);
 *	EXPECT_EXIT(g, SVM_EXIT_CPUID);
 *
 * A guest begins at its code, with VMMCALL after it, and every exception and VMMCALL is intercepted, so
 * that whatever it does comes back as an exit. Cases that want an event to be delivered in the guest call
 * svm_deliver(): each gate of the guest's IDT leads to a VMMCALL of its own, and svm_delivered() says which
 * it was.
 *
 * Without nested paging the guest shares the memory, one to one, in every mode.
 */
#ifndef ASSAY_X86_SVM_SVM_H
#define ASSAY_X86_SVM_SVM_H

#include <arch/fault.h>
#include <harness/expect.h>
#include <x86/mode.h>
#include <x86/svm/exit.h>
#include <x86/svm/insn.h>
#include <x86/svm/vmcb.h>

enum svm_mode {
	SVM_LONG,      /* 64-bit code; x86_64 only */
	SVM_COMPAT,    /* 32-bit code in long mode; x86_64 only */
	SVM_PAE,       /* 32-bit code, legacy mode, paging with 64-bit entries */
	SVM_PAGED,     /* the same with 32-bit entries */
	SVM_PROTECTED, /* 32-bit code without paging */
	SVM_PROTECTED16,
	SVM_REAL,
	SVM_VM86, /* IOPL 3 */
	SVM_MODES,
};

#ifdef __x86_64__
#define SVM_NATIVE SVM_LONG
#else
#define SVM_NATIVE SVM_PAE
#endif

/* A mode's name, for rows; true if this image can run guests in it. */
const char *svm_mode_name(enum svm_mode mode);
bool svm_mode_possible(enum svm_mode mode);

/* General registers that the VMCB does not have. svm_run() loads and saves them; run_*.S know the layout. */
struct svm_registers {
	ulong bx, cx, dx, si, di, bp;
#ifdef __x86_64__
	ulong r8, r9, r10, r11, r12, r13, r14, r15;
#endif
	ulong host_flags; /* what the host has in its flags at VMRUN, and then after it */
};

struct svm_guest {
	struct vmcb *vmcb;
	struct vmcb_control *control; /* of the VMCB */
	struct vmcb_save *save;
	struct svm_registers registers;
	enum svm_mode mode;
	u8 *iopm, *msrpm; /* all clear; used only if the intercepts are set */
	u8 *code;	  /* where the guest begins */
	u32 code_size;	  /* without the VMMCALL after it */
	u8 *stubs;	  /* 256 times NOP and VMMCALL, SVM_STUB_SIZE apart, one for each vector */
	u8 *stack_top;
	u8 *data; /* a page that nothing else is in */
	u64 *gdt; /* as desc.h has it, and SVM_SEL_* */
	u8 *idt, *tss;
	void *tables; /* the page tables of SVM_PAE and SVM_PAGED */
	u8 *high_code, *high_stubs;
};

#define SVM_STUB_SIZE  4
#define SVM_SEL_CODE16 SEL_SPARE
#define SVM_SEL_DATA16 (SEL_SPARE + 0x08)
#define SVM_SEL_SPARE  (SEL_SPARE + 0x10) /* from here on the entries are a case's */

/* True if EFER.SVME can be set: for REQUIRES(). */
bool svm_available(void);

/* Sets EFER.SVME and VM_HSAVE_PA on this CPU; svm_new() does that, too. The end of a case undoes it. */
void svm_enable(void);

/*
 * A guest that may be run at once: registers zero, CPL 0 (3 in SVM_VM86), interrupts off, ASID 1, nothing
 * intercepted but exceptions (all but 2 and 9, which are undefined), VMRUN, VMMCALL and SHUTDOWN. Valid
 * until the case ends.
 */
struct svm_guest *svm_new(enum svm_mode mode);

/* Brings the guest back to that state, in the same or another mode; code is as it was. */
void svm_reset(struct svm_guest *g, enum svm_mode mode);

/*
 * svm_reset() to a guest that has this CPU's control registers, GDT, IDT, TSS and segments, and takes its own
 * exceptions: for svm_call() of a function that is to find everything as it is here.
 */
void svm_reset_like_host(struct svm_guest *g);

/* Fills the save area from this CPU: all of it but RIP, RSP and RAX; RFLAGS is FLAG_1. */
void svm_save_host(struct vmcb *vmcb);

/*
 * Injects an interrupt, so that the guest has used once what delivery reads and writes: a hypervisor that fills nested
 * page tables when they are used does not come in between any more. Then svm_reset().
 */
void svm_touch(struct svm_guest *g, enum svm_mode mode);

/* Copies code of the guest's mode, and a VMMCALL after it, to where the guest begins. */
void svm_code(struct svm_guest *g, struct mode_code code);
/* The same with bytes. */
void svm_code_bytes(struct svm_guest *g, const void *bytes, size_t size);

/* RIP at the start of the code, and at the VMMCALL after it. */
static inline u64 svm_start(const struct svm_guest *g)
{
	return g->code == (u8 *)MODE_CODE ? 0 : (ulong)g->code;
}

static inline u64 svm_end(const struct svm_guest *g)
{
	return svm_start(g) + g->code_size;
}

/*
 * Makes the guest, of SVM_NATIVE mode, run the C function fn(arg) on its own stack; the guest ends with
 * VMMCALL when that returns. EXPECT_* work in it; ASSERT_* and SKIP leave the guest and end the case.
 */
void svm_call(struct svm_guest *g, void (*fn)(void *arg), void *arg);

/* Makes CPL `cpl`, 0 or 3, with its code and stack segments. Not in SVM_REAL and SVM_VM86. */
void svm_set_cpl(struct svm_guest *g, u32 cpl);

/* Sets or clears the intercept whose exit code is `code`: in a VMCB, or of a guest. */
void svm_control_intercept(struct vmcb_control *control, u32 code, bool on);
void svm_intercept(struct svm_guest *g, u32 code, bool on);
bool svm_intercepts(const struct svm_guest *g, u32 code);

/* Ports and MSRs whose accesses exit; the intercepts IOIO and MSR are separate. */
void svm_intercept_port(struct svm_guest *g, u32 port, bool on);
void svm_intercept_msr(struct svm_guest *g, u32 msr, bool read, bool write);

/* The maps that the IOIO and MSR intercepts look into: 15.10, 15.11. svm_new() has cleared ones. */
#define SVM_IOPM_PAGES	3
#define SVM_MSRPM_PAGES 2
void svm_msrpm_set(u8 *msrpm, u32 msr, bool read, bool write);

/* A segment register as loading this selector would make it, whose descriptor is given, or in the guest's GDT. */
struct vmcb_segment svm_segment_of(u64 descriptor, u16 selector);
struct vmcb_segment svm_segment(const struct svm_guest *g, u16 selector);

/* Makes the vector's gate of the guest's IDT lead elsewhere. Not in SVM_REAL. */
void svm_set_gate(struct svm_guest *g, u32 vector, u16 selector, ulong offset, u32 type, u32 dpl);

/* Lets the guest have its exceptions and interrupts: no exception is intercepted any more. */
void svm_deliver(struct svm_guest *g);

/* The vector whose gate the guest went through, or -1 if the exit was none of the stubs' VMMCALL. */
s32 svm_delivered(const struct svm_guest *g);

/* Word `index` of the guest's stack, of the size that an event pushes in its mode. */
u64 svm_stack_word(const struct svm_guest *g, u32 index);

/* CLGI, VMLOAD, VMRUN, VMSAVE, STGI. The host's own state is as before. */
void svm_run(struct svm_guest *g);

/* The same for a VMCB without a struct svm_guest, but for the STGI; the host's FS, GS and so on are kept in host_vmcb. */
void svm_run_asm(struct vmcb *vmcb, struct svm_registers *registers, struct vmcb *host_vmcb);

/* The instruction after its VMRUN. */
extern const u8 svm_vmrun_next[];

/* Its exit code, of which some VMMs have only the low half right for VMEXIT_INVALID: exit_code_64. */
u64 svm_exit(const struct svm_guest *g);

/* For svm_new() and svm_reset(): mode.c. */
void svm_mode_alloc(struct svm_guest *g);
void svm_mode_init(struct svm_guest *g, enum svm_mode mode);

/* The exit, with what is known of it if it is another. */
#define EXPECT_EXIT(g, code, ...) EXPECT_EXIT_(EXPECT_EQ_NAMED, g, code, ##__VA_ARGS__)

#define EXPECT_EXIT_(EXPECT, g, code, ...)                                                    \
	EXPECT(svm_exit_name, svm_exit(g), code,                                              \
	       "exitinfo1 %#llx, exitinfo2 %#llx, exitintinfo %#llx, rip %#llx " __VA_ARGS__, \
	       (g)->control->exitinfo1, (g)->control->exitinfo2, (g)->control->exitintinfo,   \
	       (g)->save->rip)

/* The guest came to the VMMCALL after its code. */
#define EXPECT_DONE(g, ...)                                                        \
	({                                                                         \
		bool done_ = EXPECT_EXIT(g, SVM_EXIT_VMMCALL, ##__VA_ARGS__) &&    \
			     EXPECT_EQ((g)->save->rip, svm_end(g), ##__VA_ARGS__); \
		done_;                                                             \
	})

/* An exception or interrupt was delivered in the guest. */
#define EXPECT_DELIVERED(g, vector, ...)                                                       \
	({                                                                                     \
		bool delivered_ =                                                              \
			EXPECT_EXIT(g, SVM_EXIT_VMMCALL, ##__VA_ARGS__) &&                     \
			EXPECT_EQ(svm_delivered(g), (s32)(vector),                             \
				  "rip %#llx, code from %#llx, stubs from %#llx " __VA_ARGS__, \
				  (g)->save->rip, svm_start(g), (u64)(ulong)(g)->stubs);       \
		delivered_;                                                                    \
	})

#endif
