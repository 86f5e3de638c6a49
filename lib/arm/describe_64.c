/* SPDX-License-Identifier: MIT */
/* The names of exceptions, registers and the chain of frames, 64 bits. */
#include <arm/describe.h>

#include <arm/boot.h>
#include <arm/trap.h>
#include <harness/ktap.h>

static const char *const class_names[64] = {
	[EC_UNKNOWN] = "undefined instruction",
	[EC_WFX] = "trapped WFI or WFE",
	[EC_FP_ACCESS] = "trapped floating point",
	[EC_BTI] = "branch target",
	[EC_ILLEGAL] = "illegal execution state",
	[EC_SVC] = "SVC",
	[EC_HVC] = "HVC",
	[EC_SMC] = "SMC",
	[EC_SYSREG] = "trapped MSR, MRS or system instruction",
	[EC_SVE_ACCESS] = "trapped SVE",
	[EC_PAC_FAIL] = "pointer authentication failure",
	[EC_IABT_LOWER] = "instruction abort from EL0",
	[EC_IABT] = "instruction abort",
	[EC_PC_ALIGNMENT] = "PC alignment fault",
	[EC_DABT_LOWER] = "data abort from EL0",
	[EC_DABT] = "data abort",
	[EC_SP_ALIGNMENT] = "SP alignment fault",
	[EC_FP_EXCEPTION] = "floating-point exception",
	[EC_SERROR] = "SError",
	[EC_BREAKPT_LOWER] = "breakpoint from EL0",
	[EC_BREAKPT] = "breakpoint",
	[EC_SSTEP_LOWER] = "software step from EL0",
	[EC_SSTEP] = "software step",
	[EC_WATCHPT_LOWER] = "watchpoint from EL0",
	[EC_WATCHPT] = "watchpoint",
	[EC_BRK] = "BRK",
};

ulong trap_next_return(ulong *fp)
{
	const ulong *record = (const ulong *)*fp;

	if (!trap_is_stack(*fp) || record[1] < (ulong)image_start || record[1] >= (ulong)text_end)
		return 0;
	*fp = record[0];
	return record[1];
}

const char *trap_name(u32 number)
{
	if (number == NUMBER_IRQ || number == NUMBER_FIQ)
		return number == NUMBER_IRQ ? "IRQ" : "FIQ";
	return number < ARRAY_SIZE(class_names) ? class_names[number] : NULL;
}

const char *trap_status_name(u32 status)
{
	return status == 0x11	? "tag check fault"
	       : status == 0x35 ? "unsupported exclusive or atomic"
				: NULL;
}

void trap_print_registers(const struct trap_frame *f)
{
	ktap_note("pc %016lx sp %016lx pstate %08lx esr %08lx far %016lx", f->pc, f->sp, f->pstate,
		  f->esr, f->far);
	for (u32 i = 0; i < 28; i += 4)
		ktap_note("x%-2u %016lx %016lx %016lx %016lx", i, f->x[i], f->x[i + 1], f->x[i + 2],
			  f->x[i + 3]);
	ktap_note("x28 %016lx %016lx %016lx", f->x[28], f->x[29], f->x[30]);
	ktap_note("sctlr %llx tcr %llx ttbr0 %llx", read_sys(SCTLR), read_sys(TCR),
		  read_sys(TTBR0));
	if (image_offset)
		ktap_note("the image is %#lx above where the ELF file has it", image_offset);
}
