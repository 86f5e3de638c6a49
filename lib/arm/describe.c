/* SPDX-License-Identifier: MIT */
/* Faults, registers and the way to them, in words. */
#include <arm/describe.h>

#include <arm/boot.h>
#include <arm/trap.h>
#include <harness/ktap.h>
#include <mm/page.h>
#include <stdio.h>

#define BACKTRACE_DEPTH 16

/* "permission fault, level 3" */
static void describe_status(u32 status, char *text, size_t size)
{
	static const char *const leveled[] = { "address size fault",
					       "translation fault",
					       "access flag fault",
					       "permission fault",
					       NULL,
					       "external abort on the walk" };
	const char *name = trap_status_name(status);

	if (status >> 2 < ARRAY_SIZE(leveled) && leveled[status >> 2]) {
		snprintf(text, size, "%s, level %u", leveled[status >> 2], status & 3);
		return;
	}
	if (status == FSC_EXTERNAL)
		name = "external abort";
	if (status == FSC_ALIGNMENT)
		name = "alignment fault";
	if (status == FSC_TLB_CONFLICT)
		name = "TLB conflict";
	if (name)
		snprintf(text, size, "%s", name);
	else
		snprintf(text, size, "status %#x", status);
}

/* "0x4f: write, permission fault, level 3" */
static void describe_code(u32 number, u64 code, char *text, size_t size)
{
	char status[40];

	if (!trap_is_abort(number)) {
		snprintf(text, size, "%#llx", code);
		return;
	}
	describe_status(code & 0x3f, status, sizeof(status));
	snprintf(text, size, "%#llx: %s%s%s%s", code,
		 !trap_is_data_abort(number) ? ""
		 : code & ABORT_WRITE	     ? "write, "
					     : "read, ",
		 code & ABORT_CM ? "cache maintenance, " : "",
		 code & ABORT_S1PTW ? "stage 2 of a walk, " : "", status);
}

void fault_describe(struct fault fault, char *text, size_t size)
{
	u32 number = fault.kind - 1;
	char name[32], code[100] = "", address[32] = "";

	if (!fault.kind) {
		snprintf(text, size, "no fault");
		return;
	}
	snprintf(name, sizeof(name), "exception %#x", number);
	if (fault.fields & FAULT_CODE)
		describe_code(number, fault.code, code, sizeof(code));
	if (fault.fields & FAULT_ADDRESS)
		snprintf(address, sizeof(address), " at %#llx", fault.address);
	snprintf(text, size, "%s%s%s%s%s", trap_name(number) ? trap_name(number) : name,
		 *code ? " (" : "", code, *code ? ")" : "", address);
}

bool trap_is_stack(ulong address)
{
	return IS_ALIGNED(address, sizeof(ulong)) && page_is_memory(address) &&
	       page_is_memory(address + 2 * sizeof(ulong) - 1);
}

/* Return addresses along the chain of frames, as far as it leads; as they are in the ELF file. */
static void print_backtrace(ulong pc, ulong fp)
{
	char text[BACKTRACE_DEPTH * 20 + 1];
	size_t used = (size_t)snprintf(text, sizeof(text), " %#lx", pc - image_offset);

	for (u32 depth = 1; depth < BACKTRACE_DEPTH; depth++) {
		ulong address = trap_next_return(&fp);

		if (!address)
			break;
		used += (size_t)snprintf(text + used, sizeof(text) - used, " %#lx",
					 address - image_offset);
	}
	ktap_note("backtrace%s", text);
}

void trap_frame_print(const struct trap_frame *frame)
{
	trap_print_registers(frame);
#ifdef __aarch64__
	print_backtrace(frame->pc, frame->x[29]);
#else
	print_backtrace(frame->pc, frame->r[11]);
#endif
}
