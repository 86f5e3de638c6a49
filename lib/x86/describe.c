/* SPDX-License-Identifier: MIT */
/* Faults, registers and the way to them, in words. */
#include <arch/fault.h>

#include <harness/ktap.h>
#include <mm/page.h>
#include <stdio.h>
#include <x86/boot.h>
#include <x86/cr.h>

#define BACKTRACE_DEPTH 16

static const char *const vector_names[32] = {
	[VEC_DE] = "DE", [VEC_DB] = "DB", [VEC_NMI] = "NMI", [VEC_BP] = "BP", [VEC_OF] = "OF",
	[VEC_BR] = "BR", [VEC_UD] = "UD", [VEC_NM] = "NM",   [VEC_DF] = "DF", [VEC_TS] = "TS",
	[VEC_NP] = "NP", [VEC_SS] = "SS", [VEC_GP] = "GP",   [VEC_PF] = "PF", [VEC_MF] = "MF",
	[VEC_AC] = "AC", [VEC_MC] = "MC", [VEC_XM] = "XM",   [VEC_VE] = "VE", [VEC_CP] = "CP",
};

void fault_describe(struct fault fault, char *text, size_t size)
{
	u32 vector = fault.kind - 1;
	size_t used;

	if (!fault.kind) {
		snprintf(text, size, "no fault");
		return;
	}
	if (vector < ARRAY_SIZE(vector_names) && vector_names[vector])
		used = (size_t)snprintf(text, size, "#%s", vector_names[vector]);
	else
		used = (size_t)snprintf(text, size, "vector %#x", vector);
	if (used < size && (fault.fields & FAULT_CODE))
		used += (size_t)snprintf(text + used, size - used, "(%#llx)", fault.code);
	if (used < size && vector == VEC_PF && (fault.fields & FAULT_CODE))
		used += (size_t)snprintf(text + used, size - used, " [%s %s %s%s%s%s]",
					 fault.code & PF_U ? "user" : "supervisor",
					 fault.code & PF_I   ? "fetch"
					 : fault.code & PF_W ? "write"
							     : "read",
					 fault.code & PF_P ? "present" : "not present",
					 fault.code & PF_RSVD ? " reserved-bit" : "",
					 fault.code & PF_PK ? " protection-key" : "",
					 fault.code & PF_SS ? " shadow-stack" : "");
	if (used < size && (fault.fields & FAULT_ADDRESS))
		snprintf(text + used, size - used, " at %#llx", fault.address);
}

/* Reads a word that may be anywhere; false if it cannot be read. */
static bool load_try(const ulong *at, ulong *value)
{
	fault_clear();
	__asm__ volatile(GUARDED("mov %1, %0") : "=r"(*value) : "m"(*at));
	return !fault_taken().kind;
}

/* Return addresses along the chain of frame pointers, as far as it leads through memory. */
static void print_backtrace(ulong ip, const ulong *frame)
{
	char text[BACKTRACE_DEPTH * 20 + 1];
	size_t used = (size_t)snprintf(text, sizeof(text), " %#lx", (unsigned long)ip);

	for (u32 depth = 1; depth < BACKTRACE_DEPTH; depth++) {
		ulong outer, caller;

		if (!IS_ALIGNED((ulong)frame, sizeof(ulong)) || !page_is_memory((ulong)frame) ||
		    !load_try(frame, &outer) || !load_try(frame + 1, &caller) ||
		    caller < (ulong)image_start || caller >= (ulong)image_end)
			break;
		used += (size_t)snprintf(text + used, sizeof(text) - used, " %#lx",
					 (unsigned long)caller);
		frame = (const ulong *)outer;
	}
	ktap_note("backtrace%s", text);
}

void trap_frame_print(const struct trap_frame *f)
{
#ifdef __x86_64__
#define REGISTER "%016lx"
#else
#define REGISTER "%08lx"
#endif
	ktap_note("ip " REGISTER " cs %04lx flags " REGISTER " sp " REGISTER " ss %04lx", f->ip,
		  f->cs, f->flags, trap_frame_sp(f), trap_frame_ss(f));
	ktap_note("ax " REGISTER " bx " REGISTER " cx " REGISTER " dx " REGISTER, f->ax, f->bx,
		  f->cx, f->dx);
	ktap_note("si " REGISTER " di " REGISTER " bp " REGISTER, f->si, f->di, f->bp);
#ifdef __x86_64__
	ktap_note("r8 " REGISTER " r9 " REGISTER " r10 " REGISTER " r11 " REGISTER, f->r8, f->r9,
		  f->r10, f->r11);
	ktap_note("r12 " REGISTER " r13 " REGISTER " r14 " REGISTER " r15 " REGISTER, f->r12,
		  f->r13, f->r14, f->r15);
#endif
	ktap_note("cr0 %lx cr2 %lx cr3 %lx cr4 %lx", read_cr0(), read_cr2(), read_cr3(),
		  read_cr4());
	print_backtrace(f->ip, (const ulong *)f->bp);
}
