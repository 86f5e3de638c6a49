/* SPDX-License-Identifier: MIT */
/* Where code runs with Control-flow Enforcement, and how it is left: cet.h. */
#include "cet.h"

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>
#include <x86/cr.h>

u32 cet_bits, cet_set_busy;
ulong cet_ssp_kernel;

/* What the stubs below found; the exception's code segment says whose state it was. */
struct found {
	u64 u_cet, s_cet, pl3_ssp;
	ulong handler_ssp;
	u32 taken;
};

struct found cet_first;
static bool user_is_on;

/* Of the last cet_run(). */
static enum place last_place;
static struct fault last_fault;
static const struct shadow_stack *last_stack;

/*
 * A stub for each vector that a case can raise: notes the state, switches CET off and goes on where the
 * library's gate points to. It begins as a target of indirect branches has to.
 */
#define NOTE_MSR(index, to)              \
	"movl $" index ", %ecx; rdmsr\n" \
	"movl %eax, cet_first+" to "; movl %edx, cet_first+" to "+4\n"
#define CLEAR_MSR(index) "movl $" index ", %ecx; xorl %eax, %eax; xorl %edx, %edx; wrmsr\n"

#ifdef __x86_64__
#define PUSH3  "pushq %rax; pushq %rcx; pushq %rdx\n"
#define POP3   "popq %rdx; popq %rcx; popq %rax\n"
#define RDSSP_ "xorl %eax, %eax; rdsspq %rax; movq %rax, cet_first+24\n"
#define ENDBR_ "endbr64\n"
#define TAKEN  "cet_first+32"
#else
#define PUSH3  "pushl %eax; pushl %ecx; pushl %edx\n"
#define POP3   "popl %edx; popl %ecx; popl %eax\n"
#define RDSSP_ "xorl %eax, %eax; rdsspd %eax; movl %eax, cet_first+24\n"
#define ENDBR_ "endbr32\n"
#define TAKEN  "cet_first+28"
#endif

__asm__(".text\n"
	".balign 16\n"
	"cet_stubs:\n"
	".set vector, 0\n"
	".rept 32\n"
	".balign 256\n" ENDBR_ PUSH3 "testl $1, " TAKEN "; jnz 1f\n"
	"movl $1, " TAKEN "\n" RDSSP_ NOTE_MSR("0x6a0", "0") NOTE_MSR("0x6a2", "8")
		NOTE_MSR("0x6a7", "16") "1:\n" CLEAR_MSR("0x6a2") CLEAR_MSR("0x6a0") POP3
	"jmp trap_stubs + 16 * vector\n"
	".set vector, vector + 1\n"
	".endr\n");

extern const u8 cet_stubs[] __asm__("cet_stubs");

#ifdef __x86_64__
__asm__(".text\n"
	".globl cet_ssp_gate; cet_ssp_gate: rdsspq %rbx; movq (%rbx), %rcx; iretq\n"
	".globl cet_on_gate; cet_on_gate: pushq %rax; pushq %rcx; pushq %rdx\n"
	"movl $0x6a2, %ecx; movl $1, %eax; xorl %edx, %edx; wrmsr; setssbsy\n"
	"popq %rdx; popq %rcx; popq %rax; iretq\n");
#else
__asm__(".text\n"
	".globl cet_ssp_gate; cet_ssp_gate: rdsspd %ebx; movl (%ebx), %ecx; iretl\n"
	".globl cet_on_gate; cet_on_gate: pushl %eax; pushl %ecx; pushl %edx\n"
	"movl $0x6a2, %ecx; movl $1, %eax; xorl %edx, %edx; wrmsr; setssbsy\n"
	"popl %edx; popl %ecx; popl %eax; iretl\n");
#endif

/* The INT3 before and after code of CPL 3. */
static void toggle(struct trap_frame *frame)
{
	(void)frame;
	if (!user_is_on) {
		wrmsr(MSR_IA32_PL3_SSP, last_stack->top);
		wrmsr(MSR_IA32_U_CET, cet_bits);
		cet_first.taken = 0;
	}
	user_is_on = !user_is_on;
}

struct shadow_stack shadow_stack(enum place place)
{
	struct shadow_stack stack = { .page = (ulong)pages_alloc(2, PAGE_SIZE),
				      .memory = page_alloc() };

	stack.top = stack.page + PAGE_SIZE / 2;
	space_set_entry(space_kernel(), stack.page, 0, shadow_entry(stack.memory, place));
	space_unmap(space_kernel(), stack.page + PAGE_SIZE, PAGE_SIZE);
	return stack;
}

u64 shadow_entry(const void *memory, enum place place)
{
	return (ulong)memory | PTE_P | PTE_A | PTE_D | (place == USER ? PTE_U : 0);
}

void cet_offer(const struct shadow_stack *stack)
{
	shadow_write8(stack, stack->top, stack->top);
	wrmsr(MSR_IA32_PL0_SSP, stack->top);
}

void *shadow_at(const struct shadow_stack *stack, ulong address)
{
	return stack->memory + (address - stack->page);
}

u64 shadow_read8(const struct shadow_stack *stack, ulong address)
{
	u64 value;

	memcpy(&value, shadow_at(stack, address), sizeof(value));
	return value;
}

ulong shadow_read(const struct shadow_stack *stack, ulong address)
{
	ulong value;

	memcpy(&value, shadow_at(stack, address), sizeof(value));
	return value;
}

void shadow_write8(const struct shadow_stack *stack, ulong address, u64 value)
{
	memcpy(shadow_at(stack, address), &value, sizeof(value));
}

struct fault cet_run(enum place place, u64 bits, const struct shadow_stack *stack,
		     const struct cet_code *code, struct registers *r)
{
	static const u8 vectors[] = {
		VEC_BP, VEC_UD, VEC_NP, VEC_SS, VEC_GP, VEC_PF, VEC_AC, VEC_CP
	};

	for (u32 i = 0; i < ARRAY_SIZE(vectors); i++)
		idt_set_gate(vectors[i], cet_stubs + 256 * vectors[i], vectors[i] == VEC_BP ? 3 : 0,
			     0);
	trap_set_handler(VEC_BP, toggle);
	write_cr4(read_cr4() | CR4_CET);
	cet_bits = (u32)bits;
	cet_set_busy = place != USER && (bits & CET_SH_STK_EN);
	if (cet_set_busy)
		cet_offer(stack);
	cet_ssp_kernel = 0;
	cet_first = (struct found){ 0 };
	user_is_on = false;
	last_place = place;
	last_stack = stack;
	last_fault = execute_in(place, place == USER ? code->user : code->kernel, r);
	wrmsr(MSR_IA32_U_CET, 0);
	write_cr4(read_cr4() & ~(ulong)CR4_CET);
	return last_fault;
}

/* A fault at CPL 0 has pushed CS, LIP and SSP. SDM vol. 1 of later editions, 17.2.3. */
ulong cet_ssp(void)
{
	if (last_place == USER)
		return (ulong)cet_first.pl3_ssp;
	if (last_fault.kind && cet_first.handler_ssp)
		return (ulong)shadow_read8(last_stack, cet_first.handler_ssp);
	return cet_ssp_kernel;
}

u64 cet_found(enum place place)
{
	return place == USER ? cet_first.u_cet : cet_first.s_cet;
}

ulong cet_handler_ssp(void)
{
	return cet_first.handler_ssp;
}
