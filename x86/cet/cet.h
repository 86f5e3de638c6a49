/* SPDX-License-Identifier: MIT */
/*
 * Control-flow Enforcement: SDM vol. 1 of later editions, chapter 17. Code runs with it at CPL 0 or 3,
 * and nothing else does: every exception switches it off before the library sees it.
 *
 *	struct shadow_stack stack = shadow_stack(place);
 *	struct cet_code code = CET_CODE("call 1f; jmp 2f; 1: ret; 2:");
 *
 *	EXPECT_NO_FAULT(cet_run(place, CET_SH_STK_EN, &stack, &code, &r));
 *	EXPECT_EQ(cet_ssp(), stack.top);
 */
#ifndef ASSAY_CET_CET_H
#define ASSAY_CET_CET_H

#include <types.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/execute.h>
#include <x86/msr.h>
#include <x86/place.h>

/* IA32_U_CET and IA32_S_CET. */
#define CET_SH_STK_EN	 BIT(0)
#define CET_WR_SHSTK_EN	 BIT(1)
#define CET_ENDBR_EN	 BIT(2)
#define CET_LEG_IW_EN	 BIT(3)
#define CET_NO_TRACK_EN	 BIT(4)
#define CET_SUPPRESS_DIS BIT(5)
#define CET_SUPPRESS	 BIT(10)
#define CET_TRACKER	 BIT(11)

/* Error codes of #CP: SDM vol. 3A of later editions, 6.15. */
#define CP_NEAR_RET  1
#define CP_FAR_RET   2
#define CP_ENDBRANCH 3
#define CP_RSTORSSP  4
#define CP_SETSSBSY  5

#define TOKEN_BUSY BIT(0)

/* A page of shadow stack, and the same memory as ordinary data; the page after it is absent. */
struct shadow_stack {
	ulong page;
	u8 *memory;
	ulong top; /* where SSP starts, in the middle; at CPL 0 the token is there */
};

/* A new one, for CPL 0 or 3. */
struct shadow_stack shadow_stack(enum place place);

/* A free token at its top, to which IA32_PL0_SSP points: what SETSSBSY and interrupts at CPL 3 take. */
void cet_offer(const struct shadow_stack *stack);

/* The memory at this address of the shadow stack. */
void *shadow_at(const struct shadow_stack *stack, ulong address);
u64 shadow_read8(const struct shadow_stack *stack, ulong address);
ulong shadow_read(const struct shadow_stack *stack, ulong address);
void shadow_write8(const struct shadow_stack *stack, ulong address, u64 value);

/* A page-table entry of a shadow stack: read-only and dirty. SDM vol. 3A of later editions, 4.6. */
u64 shadow_entry(const void *memory, enum place place);

struct cet_code {
	const void *kernel, *user;
};

/*
 * Runs code in KERNEL or USER with these bits in IA32_S_CET or IA32_U_CET. With CET_SH_STK_EN, SSP is the
 * stack's top first; at CPL 0 it gets there by SETSSBSY. Returns the fault that ended it.
 */
struct fault cet_run(enum place place, u64 bits, const struct shadow_stack *stack,
		     const struct cet_code *code, struct registers *r);

/* SSP at the end of the last cet_run(), or at the fault. */
ulong cet_ssp(void);

/* U_CET or S_CET as the first exception of the last cet_run() found it, or the end at CPL 3. */
u64 cet_found(enum place place);

/* SSP at the first instruction of the last exception's handler; 0 where there was none. */
ulong cet_handler_ssp(void);

/* The text leaves BP alone: SP is in it, and is brought back at the end. */
#define CET_CODE(text, ...)                                                                     \
	{                                                                                       \
		CODE_AROUND(CET_ENTER_KERNEL, text, CET_LEAVE_KERNEL, ##__VA_ARGS__),           \
			CODE_AROUND("mov " NATIVE("sp") ", " NATIVE("bp") "; int3", text,       \
				    "int3; mov " NATIVE("bp") ", " NATIVE("sp"), ##__VA_ARGS__) \
	}

/* clang-format off */
#define CET_SAVE    "pushf; push " NATIVE("ax") "; push " NATIVE("cx") "; push " NATIVE("dx") "\n"
#define CET_RESTORE "pop " NATIVE("dx") "; pop " NATIVE("cx") "; pop " NATIVE("ax") "; popf"

#define CET_ENTER_KERNEL                                                 \
	"mov " NATIVE("sp") ", " NATIVE("bp") "\n"                       \
	CET_SAVE                                                         \
	"movl $0x6a2, %%ecx; movl cet_bits, %%eax; xorl %%edx, %%edx\n"  \
	"wrmsr\n"                                                        \
	"testl $1, cet_set_busy; jz 790f\n"                              \
	"setssbsy\n"                                                     \
	"790:\n"                                                         \
	CET_RESTORE

#define CET_LEAVE_KERNEL                                                 \
	"mov " NATIVE("bp") ", " NATIVE("sp") "\n"                       \
	CET_SAVE                                                         \
	"xorl %%eax, %%eax; " RDSSP("ax") "\n"                           \
	"test " NATIVE("ax") ", " NATIVE("ax") "; jz 791f\n"             \
	"mov " NATIVE("ax") ", cet_ssp_kernel\n"                         \
	"791:\n"                                                         \
	"movl $0x6a2, %%ecx; xorl %%eax, %%eax; xorl %%edx, %%edx\n"     \
	"wrmsr\n"                                                        \
	CET_RESTORE
/* clang-format on */

/*
 * Gates for INT n that leave CET on: the first has SSP in BX and what it points to in CX, the second turns
 * supervisor shadow stacks on, with a token at IA32_PL0_SSP that its IRET leaves free.
 */
#define VEC_SSP	   0x40
#define VEC_CET_ON 0x41

extern const u8 cet_ssp_gate[] __asm__("cet_ssp_gate");
extern const u8 cet_on_gate[] __asm__("cet_on_gate");

#ifdef __x86_64__
#define RDSSP(register)	 "rdsspq %%r" register
#define INCSSP(register) "incsspq %%r" register
#define WRSS(from, to)	 "wrssq %%r" from ", (%%r" to ")"
#define WRUSS(from, to)	 "wrussq %%r" from ", (%%r" to ")"
#define ENDBR		 "endbr64"
#define ENDBR_OTHER	 "endbr32"
#else
#define RDSSP(register)	 "rdsspd %%e" register
#define INCSSP(register) "incsspd %%e" register
#define WRSS(from, to)	 "wrssd %%e" from ", (%%e" to ")"
#define WRUSS(from, to)	 "wrussd %%e" from ", (%%e" to ")"
#define ENDBR		 "endbr32"
#define ENDBR_OTHER	 "endbr64"
#endif

#define WORD sizeof(ulong)

#endif
