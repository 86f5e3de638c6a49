/* SPDX-License-Identifier: MIT */
/* The faults of s390x as values, and what an interruption saves. PoP SA22-7832-13, chapter 6. */
#ifndef ASSAY_S390X_ARCH_FAULT_H
#define ASSAY_S390X_ARCH_FAULT_H

#include <harness/fault.h>
#include <s390x/lowcore.h>
#include <s390x/psw.h>
#include <types.h>

/*
 * Program interruptions: kind is the interruption code plus 1. code is the instruction length in bytes
 * (ILC), which an expectation names with WITH_ILC(); address is the page of the translation-exception
 * identification, where one is stored. trap_last_frame() has all of it.
 */
#define FAULT_ADDRESS_UNIT 4096ul

#define PGM(interruption_code) \
	((struct fault){ .kind = (interruption_code) + 1, .fields = FAULT_ANY_CODE })
#define PGM_AT(interruption_code, where)                           \
	((struct fault){ .kind = (interruption_code) + 1,          \
			 .fields = FAULT_ANY_CODE | FAULT_ADDRESS, \
			 .address = (ulong)(where) & ~0xffful })

#define PGM_OPERATION			     PGM(0x01)
#define PGM_PRIVILEGED_OPERATION	     PGM(0x02)
#define PGM_EXECUTE			     PGM(0x03)
#define PGM_PROTECTION(where)		     PGM_AT(0x04, where)
#define PGM_ANY_PROTECTION		     PGM(0x04) /* whatever the address */
#define PGM_ADDRESSING			     PGM(0x05)
#define PGM_SPECIFICATION		     PGM(0x06)
#define PGM_DATA			     PGM(0x07)
#define PGM_FIXED_POINT_OVERFLOW	     PGM(0x08)
#define PGM_FIXED_POINT_DIVIDE		     PGM(0x09)
#define PGM_DECIMAL_OVERFLOW		     PGM(0x0a)
#define PGM_DECIMAL_DIVIDE		     PGM(0x0b)
#define PGM_SEGMENT_TRANSLATION(where)	     PGM_AT(0x10, where)
#define PGM_PAGE_TRANSLATION(where)	     PGM_AT(0x11, where)
#define PGM_TRANSLATION_SPECIFICATION	     PGM(0x12)
#define PGM_SPECIAL_OPERATION		     PGM(0x13)
#define PGM_OPERAND			     PGM(0x15)
#define PGM_TRACE_TABLE			     PGM(0x16)
#define PGM_VECTOR_PROCESSING		     PGM(0x1b)
#define PGM_SPACE_SWITCH		     PGM(0x1c)
#define PGM_ALET_SPECIFICATION		     PGM(0x28)
#define PGM_ASCE_TYPE(where)		     PGM_AT(0x38, where)
#define PGM_REGION_FIRST_TRANSLATION(where)  PGM_AT(0x39, where)
#define PGM_REGION_SECOND_TRANSLATION(where) PGM_AT(0x3a, where)
#define PGM_REGION_THIRD_TRANSLATION(where)  PGM_AT(0x3b, where)
#define PGM_MONITOR_EVENT		     PGM(0x40)
#define PGM_PER_EVENT			     PGM(0x80)

/* The same fault with this instruction length. */
#define WITH_ILC(fault_, bytes)                      \
	({                                           \
		struct fault with_ilc_ = (fault_);   \
		with_ilc_.fields &= ~FAULT_ANY_CODE; \
		with_ilc_.fields |= FAULT_CODE;      \
		with_ilc_.code = (bytes);            \
		with_ilc_;                           \
	})

/* The other classes of interruption, where a test did not handle them. */
#define FAULT_CLASS_(class, code_)  ((struct fault){ .kind = ((class) + 1) * 0x10000 + (code_) })
#define EXTERNAL(interruption_code) FAULT_CLASS_(TRAP_EXTERNAL, interruption_code)
#define SUPERVISOR_CALL(number)	    FAULT_CLASS_(TRAP_SVC, number)
#define IO_INTERRUPTION		    FAULT_CLASS_(TRAP_IO, 0)
#define RESTART_INTERRUPTION	    FAULT_CLASS_(TRAP_RESTART, 0)
#define MACHINE_CHECK		    FAULT_CLASS_(TRAP_MCHECK, 0)

/* External interruption codes: PoP, chapter 6, "External Interruption". */
#define EXT_INTERRUPT_KEY     0x0040
#define EXT_CLOCK_COMPARATOR  0x1004
#define EXT_CPU_TIMER	      0x1005
#define EXT_MALFUNCTION_ALERT 0x1200
#define EXT_EMERGENCY_SIGNAL  0x1201
#define EXT_EXTERNAL_CALL     0x1202
#define EXT_SERVICE_SIGNAL    0x2401

/* Translation-exception identification: PoP, chapter 3, "Assigned Storage Locations", 168-175. */
#define TEID_ADDRESS (~0xfffull)
#define TEID_FETCH   0x800ull /* bits 52-53 */
#define TEID_STORE   0x400ull
#define TEID_FSI     0xc00ull
#define TEID_BIT_56  0x080ull /* with bits 60 and 61: what kind of protection */
#define TEID_BIT_60  0x008ull
#define TEID_BIT_61  0x004ull
#define TEID_ASC     0x003ull

/* What an interruption saved; entry.S knows the layout. */
struct trap_frame {
	ulong gpr[16];
	struct psw psw; /* the old PSW: where a handler's return goes */
	struct interruption_info info;
	u64 breaking_event;
	u64 class;	 /* TRAP_... */
	u64 return_code; /* for entry.S */
	u64 save_area;
	ulong ip; /* trap_frame_ip() */
};

/*
 * The address of the instruction that was interrupted. The old PSW of most program interruptions points
 * after it, by the instruction length: PoP, chapter 5, "Types of Instruction Ending".
 */
static inline ulong trap_frame_ip(const struct trap_frame *frame)
{
	return frame->ip;
}

static inline void trap_frame_set_ip(struct trap_frame *frame, ulong ip)
{
	frame->ip = ip;
	frame->psw.addr = ip;
}

/* Writes "protection (0x4), ILC 6, at 0x1000" or "no fault" to `text`. */
void fault_describe(struct fault fault, char *text, size_t size);

/* Registers and backtrace, as diagnostic lines. */
void trap_frame_print(const struct trap_frame *frame);

/* An interruption blocks nothing but what its PSW says, so there is nothing to do. */
static inline void arch_leave_exception(void)
{
}

/* ------------------------------------------------------------------ beyond the common contract */

/*
 * An instruction whose fault is a value, for inline assembly: GUARDED("tprot %1,0"). A fault goes on
 * after it, with all registers as they were at the fault. Between fault_clear() and fault_taken().
 */
#define GUARDED(insn)                          \
	"771: " insn "\n"                      \
	"772:\n"                               \
	".pushsection .assay.guarded, \"a\"\n" \
	".balign 4\n"                          \
	".long 771b - .\n"                     \
	".long 772b - .\n"                     \
	".popsection\n"

/*
 * Calls handler(frame) for this class of interruption, TRAP_..., instead of what the harness does, on
 * every CPU, until the case ends. It may change the frame; it runs with interruptions off. NULL
 * removes it.
 */
void trap_set_handler(u32 class, void (*handler)(struct trap_frame *frame));
void trap_clear_handlers(void);

/* The registers at the last interruption of this CPU that the harness has seen. */
const struct trap_frame *trap_last_frame(void);

#endif
