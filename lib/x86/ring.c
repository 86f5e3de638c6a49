/* SPDX-License-Identifier: MIT */
#include <x86/ring.h>

#include <arch/user.h>
#include <sys/cpu.h>
#include <x86/desc.h>

#define CODE_SIZE (sizeof(ulong) == 8 ? DESC_L : DESC_DB)

void enter_ring_asm(void (*fn)(void *arg), void *arg, void *stack, ulong *tss_sp0, ulong cs,
		    ulong ss) __noreturn;

u16 ring_code_selector(u32 cpl)
{
	switch (cpl) {
	case 0:
		return SEL_KERNEL_CODE;
	case 3:
		return sizeof(ulong) == 8 ? SEL_USER_CS64 : SEL_USER_CS32;
	default:
		return gdt_set_spare(RING_SPARES + 2 * (cpl - 1),
				     DESC_FLAT | DESC_CODE | CODE_SIZE | DESC_DPL(cpl)) |
		       (u16)cpl;
	}
}

u16 ring_data_selector(u32 cpl)
{
	switch (cpl) {
	case 0:
		return SEL_KERNEL_DATA;
	case 3:
		return SEL_USER_DATA;
	default:
		return gdt_set_spare(RING_SPARES + 2 * (cpl - 1) + 1,
				     DESC_FLAT | DESC_DB | DESC_DPL(cpl)) |
		       (u16)cpl;
	}
}

struct ring_call {
	u32 cpl;
	void (*fn)(void *arg);
	void *arg;
};

static void enter_ring(void *arg)
{
	const struct ring_call *call = arg;
	struct cpu *cpu = this_cpu();
#ifdef __x86_64__
	void *sp0 = (u8 *)&cpu->arch.tss + offsetof(struct tss, rsp);
#else
	void *sp0 = (u8 *)&cpu->arch.tss + offsetof(struct tss, ring);
#endif

	enter_ring_asm(call->fn, call->arg, cpu->arch.user_stack_top, sp0,
		       ring_code_selector(call->cpl), ring_data_selector(call->cpl));
}

struct fault ring_run(u32 cpl, void (*fn)(void *arg), void *arg)
{
	struct ring_call call = { cpl, fn, arg };
	/* The harness only knows returns from CPL 3; from here they look like any other interrupt. */
	struct fault fault = fault_of(enter_ring, &call);

	return fault_matches(VECTOR(VEC_USER_RETURN), fault) ? NO_FAULT : fault;
}
