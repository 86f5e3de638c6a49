/* SPDX-License-Identifier: MIT */
/* The faults of x86 as values, and the state that an exception pushes. SDM vol. 3A, chapter 6. */
#ifndef ASSAY_X86_ARCH_FAULT_H
#define ASSAY_X86_ARCH_FAULT_H

#include <harness/fault.h>
#include <types.h>
#include <x86/desc.h>

#define FAULT_PLAIN_(vector) ((struct fault){ .kind = (vector) + 1 })
#define FAULT_CODED_(vector, error) \
	((struct fault){ .kind = (vector) + 1, .fields = FAULT_CODE, .code = (error) })

#define DE	  FAULT_PLAIN_(VEC_DE)
#define DB	  FAULT_PLAIN_(VEC_DB)
#define NMI	  FAULT_PLAIN_(VEC_NMI)
#define BP	  FAULT_PLAIN_(VEC_BP)
#define OF	  FAULT_PLAIN_(VEC_OF)
#define BR	  FAULT_PLAIN_(VEC_BR)
#define UD	  FAULT_PLAIN_(VEC_UD)
#define NM	  FAULT_PLAIN_(VEC_NM)
#define MF	  FAULT_PLAIN_(VEC_MF)
#define XM	  FAULT_PLAIN_(VEC_XM)
#define DF	  FAULT_CODED_(VEC_DF, 0)
#define TS(error) FAULT_CODED_(VEC_TS, error)
#define NP(error) FAULT_CODED_(VEC_NP, error)
#define SS(error) FAULT_CODED_(VEC_SS, error)
#define GP(error) FAULT_CODED_(VEC_GP, error)
#define AC(error) FAULT_CODED_(VEC_AC, error)
#define CP(error) FAULT_CODED_(VEC_CP, error)
#define PF(error, linear)                                      \
	((struct fault){ .kind = VEC_PF + 1,                   \
			 .fields = FAULT_CODE | FAULT_ADDRESS, \
			 .code = (error),                      \
			 .address = (ulong)(linear) })
/* A vector that came without an error code, or of which only the vector is known: an interrupt, a raw gate's. */
#define VECTOR(n)   FAULT_PLAIN_(n)
/* An expectation: this exception, with any error code or none. */
#define ANY_CODE(n) ((struct fault){ .kind = (n) + 1, .fields = FAULT_ANY_CODE })

/* Error code of #PF: SDM vol. 3A, 4.7. */
#define PF_P	BIT(0) /* the page was present: a protection violation */
#define PF_W	BIT(1) /* a write */
#define PF_U	BIT(2) /* at user privilege */
#define PF_RSVD BIT(3) /* a reserved bit in a page-table entry */
#define PF_I	BIT(4) /* an instruction fetch */
#define PF_PK	BIT(5) /* protection key */
#define PF_SS	BIT(6) /* shadow stack */

/* The registers at an exception, the same names for both sizes. */
struct trap_frame {
#ifdef __x86_64__
	ulong r15, r14, r13, r12, r11, r10, r9, r8;
	ulong di, si, bp, bx, dx, cx, ax;
#else
	ulong gs, fs, es, ds;
	ulong di, si, bp, pusha_sp, bx, dx, cx, ax;
#endif
	ulong vector, error;
	ulong ip, cs, flags;
	ulong sp, ss; /* pushed on i386 only with a change of privilege: trap_frame_sp() */
};

/* The stack pointer that the interrupted code had. */
static inline ulong trap_frame_sp(const struct trap_frame *frame)
{
#ifdef __i386__
	if ((frame->cs & 3) == 0)
		return (ulong)&frame->sp;
#endif
	return frame->sp;
}

/* And its stack segment, which a handler at the same privilege shares. */
static inline ulong trap_frame_ss(const struct trap_frame *frame)
{
#ifdef __i386__
	u16 ss;

	__asm__("mov %%ss, %0" : "=r"(ss));
	if ((frame->cs & 3) == 0)
		return ss;
#endif
	return frame->ss & 0xffff;
}

/* What the code segment adds to the instruction pointer: only segments of tests have a base. */
#ifdef __i386__
ulong trap_code_base(const struct trap_frame *frame);
#else
static inline ulong trap_code_base(const struct trap_frame *frame)
{
	(void)frame;
	return 0;
}
#endif

/* The linear address of the code that was interrupted. */
static inline ulong trap_frame_ip(const struct trap_frame *frame)
{
	return trap_code_base(frame) + frame->ip;
}

static inline void trap_frame_set_ip(struct trap_frame *frame, ulong ip)
{
	frame->ip = ip - trap_code_base(frame);
}

/* Writes "#PF(0x2 W) at 0x1000" or "no fault" to `text`. */
void fault_describe(struct fault fault, char *text, size_t size);

/* Registers and backtrace, as diagnostic lines. */
void trap_frame_print(const struct trap_frame *frame);

/*
 * What IRET does beyond returning, for a handler that is left by longjmp(): unblocks NMIs
 * (SDM vol. 3A, 6.7.1).
 */
void arch_leave_exception(void);

/* ------------------------------------------------------------------ beyond the common contract */

/*
 * An instruction whose fault is a value, for inline assembly: GUARDED("rdmsr"). A fault goes on after
 * it, with all registers as they were at the fault. Between fault_clear() and fault_taken().
 *
 * A trap's address is that of the next instruction, which is a NOP, so that it is no fault's that
 * the next instruction raises.
 */
#define GUARDED(insn)                          \
	"771: " insn "\n"                      \
	"772: nop\n"                           \
	".pushsection .assay.guarded, \"a\"\n" \
	".balign 4\n"                          \
	".long 771b - .\n"                     \
	".long 772b - .\n"                     \
	".popsection\n"

/*
 * Calls handler(frame) for this vector instead of what the harness does, on every CPU, until the case
 * ends. It may change the frame; it runs with interrupts off. The handler of an APIC interrupt calls
 * apic_eoi(). NULL removes it.
 */
typedef void trap_handler(struct trap_frame *frame);
void trap_set_handler(u32 vector, trap_handler *handler);
void trap_clear_handlers(void);

/* The registers at the last exception or interrupt of this CPU that the harness has seen. */
const struct trap_frame *trap_last_frame(void);

#endif
