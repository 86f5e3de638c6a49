/* SPDX-License-Identifier: MIT */
#include <x86/debug.h>

#include <string.h>

struct debug_hit debug_hits[DEBUG_HITS];
u32 debug_count;
u8 debug_memory[64];

struct fault read_dr_try(u32 n, ulong *value)
{
	fault_clear();
	switch (n) {
#define CASE(i)                                                                              \
	case i:                                                                              \
		__asm__ volatile(GUARDED("mov %%db" #i ", %0") : "+r"(*value) : : "memory"); \
		break;
		CASE(0)
		CASE(1)
		CASE(2)
		CASE(3)
		CASE(4)
		CASE(5)
		CASE(6)
	default:
		__asm__ volatile(GUARDED("mov %%db7, %0") : "+r"(*value) : : "memory");
#undef CASE
	}
	return fault_taken();
}

struct fault write_dr_try(u32 n, ulong value)
{
	fault_clear();
	switch (n) {
#define CASE(i)                                                                         \
	case i:                                                                         \
		__asm__ volatile(GUARDED("mov %0, %%db" #i) : : "r"(value) : "memory"); \
		break;
		CASE(0)
		CASE(1)
		CASE(2)
		CASE(3)
		CASE(4)
		CASE(5)
		CASE(6)
	default:
		__asm__ volatile(GUARDED("mov %0, %%db7") : : "r"(value) : "memory");
#undef CASE
	}
	return fault_taken();
}

static void note_hit(struct trap_frame *frame)
{
	struct debug_hit hit = {
		.ip = frame->ip,
		.cs = frame->cs & 0xffff,
		.flags = frame->flags,
		.dr6 = read_dr6(),
		.dr7 = read_dr7(),
	};

	if (debug_count < DEBUG_HITS) {
		debug_hits[debug_count++] = hit;
	} else {
		write_dr7(DR7_RESET);
		frame->flags &= ~FLAG_TF;
	}
	write_dr6(DR6_RESET);
	frame->flags |= FLAG_RF;
}

void debug_record(void)
{
	debug_count = 0;
	memset(debug_hits, 0, sizeof(debug_hits));
	write_dr6(DR6_RESET);
	trap_set_handler(VEC_DB, note_hit);
}

void debug_break(u32 n, ulong address, enum breakpoint_kind kind, u32 length)
{
	debug_record();
	EXPECT_NO_FAULT(write_dr_try(n, address));
	write_dr7(DR7_RESET | DR7_L(n) | dr7_kind(n, kind, length));
}

void debug_set_code(const void *code, u32 size)
{
	memset(debug_memory, 0xf4, sizeof(debug_memory));
	debug_memory[0] = 0x9d;
	memcpy(debug_code, code, size);
	debug_code[size] = 0x9d;
	debug_code[size + 1] = 0xc3;
}

/* Beside CX, SYSCALL writes R11: SDM vol. 2B, SYSCALL. The code may be one. */
#ifdef __x86_64__
#define SYSCALL_CLOBBERS , "r11"
#else
#define SYSCALL_CLOBBERS
#endif

/* The two POPFs take `flags` and FLAG_1. */
static void run_with_flags(struct debug_registers *r, ulong flags)
{
	struct debug_registers zero = { 0 };
	ulong bx = (ulong)debug_memory;

	if (!r)
		r = &zero;
	__asm__ volatile("push $1f\n"
			 "push %[clear]\n"
			 "push %[flags]\n"
			 "jmp *%[start]\n"
			 "1:"
			 : "+a"(r->ax), "+c"(r->cx), "+d"(r->dx), "+S"(r->si),
			   "+D"(r->di), [start] "+b"(bx)
			 : [flags] "m"(flags), [clear] "i"(2)
			 : "memory", "cc" SYSCALL_CLOBBERS);
}

void debug_run_code(void *registers)
{
	run_with_flags(registers, FLAG_1);
}

void debug_step_code(void *registers)
{
	run_with_flags(registers, FLAG_1 | FLAG_TF);
}
