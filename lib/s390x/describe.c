/* SPDX-License-Identifier: MIT */
/* Faults, registers and the way to them, in words. */
#include <arch/fault.h>

#include <harness/ktap.h>
#include <mm/page.h>
#include <s390x/boot.h>
#include <s390x/cr.h>
#include <stdio.h>

#define BACKTRACE_DEPTH 16

static const char *const program_names[] = {
	[0x01] = "operation",
	[0x02] = "privileged operation",
	[0x03] = "execute",
	[0x04] = "protection",
	[0x05] = "addressing",
	[0x06] = "specification",
	[0x07] = "data",
	[0x08] = "fixed-point overflow",
	[0x09] = "fixed-point divide",
	[0x0a] = "decimal overflow",
	[0x0b] = "decimal divide",
	[0x0c] = "HFP exponent overflow",
	[0x0d] = "HFP exponent underflow",
	[0x0e] = "HFP significance",
	[0x0f] = "HFP divide",
	[0x10] = "segment translation",
	[0x11] = "page translation",
	[0x12] = "translation specification",
	[0x13] = "special operation",
	[0x15] = "operand",
	[0x16] = "trace table",
	[0x18] = "transaction constraint",
	[0x1b] = "vector processing",
	[0x1c] = "space-switch event",
	[0x1d] = "HFP square root",
	[0x1f] = "PC-translation specification",
	[0x20] = "AFX translation",
	[0x21] = "ASX translation",
	[0x22] = "LX translation",
	[0x23] = "EX translation",
	[0x24] = "primary authority",
	[0x25] = "secondary authority",
	[0x26] = "LFX translation",
	[0x27] = "LSX translation",
	[0x28] = "ALET specification",
	[0x29] = "ALEN translation",
	[0x2a] = "ALE sequence",
	[0x2b] = "ASTE validity",
	[0x2c] = "ASTE sequence",
	[0x2d] = "extended authority",
	[0x2e] = "LSTE sequence",
	[0x2f] = "ASTE instance",
	[0x30] = "stack full",
	[0x31] = "stack empty",
	[0x32] = "stack specification",
	[0x33] = "stack type",
	[0x34] = "stack operation",
	[0x38] = "ASCE type",
	[0x39] = "region-first translation",
	[0x3a] = "region-second translation",
	[0x3b] = "region-third translation",
	[0x40] = "monitor event",
	[0x80] = "PER event",
};

static const char *const class_names[TRAP_CLASSES] = {
	[TRAP_RESTART] = "restart interruption",
	[TRAP_EXTERNAL] = "external interruption",
	[TRAP_SVC] = "supervisor call",
	[TRAP_PROGRAM] = "program interruption",
	[TRAP_MCHECK] = "machine-check interruption",
	[TRAP_IO] = "I/O interruption",
};

static const char *program_name(u32 code)
{
	return code < ARRAY_SIZE(program_names) && program_names[code] ? program_names[code]
								       : "program interruption";
}

void fault_describe(struct fault fault, char *text, size_t size)
{
	u32 class = fault.kind / 0x10000, code = fault.kind - 1;
	size_t used;

	if (!fault.kind) {
		snprintf(text, size, "no fault");
		return;
	}
	if (class) {
		snprintf(text, size, "%s (%#x)",
			 class <= TRAP_CLASSES ? class_names[class - 1] : "interruption",
			 fault.kind % 0x10000);
		return;
	}
	if (code > 0x80)
		used = (size_t)snprintf(text, size, "%s and PER event (%#x)",
					program_name(code & 0x7f), code);
	else
		used = (size_t)snprintf(text, size, "%s (%#x)", program_name(code), code);
	if (used < size && (fault.fields & FAULT_CODE))
		used += (size_t)snprintf(text + used, size - used, ", ILC %llu", fault.code);
	if (used < size && (fault.fields & FAULT_ADDRESS))
		snprintf(text + used, size - used, ", at %#llx", fault.address);
}

/* Return addresses along the back chain: the first doubleword of a frame, r14 at byte 112 of the next. */
static void print_backtrace(ulong ip, ulong frame)
{
	char text[BACKTRACE_DEPTH * 20 + 1];
	size_t used = (size_t)snprintf(text, sizeof(text), " %#lx", ip);

	for (u32 depth = 1; depth < BACKTRACE_DEPTH; depth++) {
		ulong caller;

		if (!IS_ALIGNED(frame, 8) || !page_is_memory(frame))
			break;
		frame = *(const ulong *)frame;
		if (!frame || !IS_ALIGNED(frame, 8) || !page_is_memory(frame))
			break;
		caller = ((const ulong *)frame)[14];
		if (caller < (ulong)image_start || caller >= (ulong)image_end)
			break;
		used += (size_t)snprintf(text + used, sizeof(text) - used, " %#lx", caller);
	}
	ktap_note("backtrace%s", text);
}

void trap_frame_print(const struct trap_frame *f)
{
	ktap_note("psw %016llx %016llx at %016lx, last branch at %016llx", f->psw.mask, f->psw.addr,
		  f->ip, f->breaking_event);
	for (u32 i = 0; i < 16; i += 4)
		ktap_note("r%-2u %016lx %016lx %016lx %016lx", i, f->gpr[i], f->gpr[i + 1],
			  f->gpr[i + 2], f->gpr[i + 3]);
	if (f->class == TRAP_PROGRAM)
		ktap_note("teid %016llx dxc %x cr0 %016llx cr1 %016llx", f->info.teid, f->info.dxc,
			  read_cr(0), read_cr(1));
	print_backtrace(f->ip, f->gpr[15]);
}
