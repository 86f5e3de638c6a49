/* SPDX-License-Identifier: MIT */
/* The names of exceptions, registers and the chain of frames, 32 bits. */
#include <arm/describe.h>

#include <arm/boot.h>
#include <arm/trap.h>
#include <harness/ktap.h>

static const char *const vector_names[VECTORS] = {
	[VECTOR_UNDEFINED] = "undefined instruction",
	[VECTOR_SVC] = "SVC",
	[VECTOR_PREFETCH_ABORT] = "prefetch abort",
	[VECTOR_DATA_ABORT] = "data abort",
	[VECTOR_HYP] = "Hyp trap",
	[VECTOR_IRQ] = "IRQ",
	[VECTOR_FIQ] = "FIQ",
};

static bool is_text(ulong address)
{
	return address >= (ulong)image_start && address < (ulong)text_end;
}

/*
 * No standard says where A32 code keeps its frames. gcc: [fp] is the return address and [fp, #-4] the
 * caller's fp, in leaf functions [fp] is the caller's fp; clang: [fp] and [fp, #4].
 */
ulong trap_next_return(ulong *fp)
{
	const ulong *record = (const ulong *)*fp;

	if (!trap_is_stack(*fp) || !trap_is_stack(*fp - sizeof(ulong)))
		return 0;
	if (is_text(record[0])) {
		*fp = record[-1];
		return record[0];
	}
	*fp = record[0];
	if (is_text(record[1]))
		return record[1];
	return trap_is_stack(*fp) && *fp > (ulong)record ? trap_next_return(fp) : 0;
}

const char *trap_name(u32 number)
{
	return number < VECTORS ? vector_names[number] : NULL;
}

const char *trap_status_name(u32 status)
{
	return status == 0x11	     ? "asynchronous external abort"
	       : status == FSC_DEBUG ? "debug event"
				     : NULL;
}

void trap_print_registers(const struct trap_frame *f)
{
	ktap_note("pc %08lx cpsr %08lx sp %08lx lr %08lx fsr %08lx far %08lx", f->pc, f->pstate,
		  f->sp, f->lr, f->fsr, f->far);
	for (u32 i = 0; i < 12; i += 4)
		ktap_note("r%-2u %08lx %08lx %08lx %08lx", i, f->r[i], f->r[i + 1], f->r[i + 2],
			  f->r[i + 3]);
	ktap_note("r12 %08lx sctlr %08x ttbr0 %llx", f->r[12], read_sys(SCTLR), read_sys(TTBR0));
	if (image_offset)
		ktap_note("the image is %#lx above where the ELF file has it", image_offset);
}
