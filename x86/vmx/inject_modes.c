/* SPDX-License-Identifier: MIT */
/* Events that VM entry injects, in each mode and at each privilege level: SDM vol. 3C, 26.5.1. */
#include "checks.h"

#include <string.h>

SUITE("VMX: injection by mode", REQUIRES(vmx_available()));

#define FLAGS	 (FLAG_1 | FLAG_IF | FLAG_CF)
#define ERROR	 0x1234
#define HARD	 INTR_HARDWARE_EXCEPTION
#define LENGTH	 2
#define SOFTWARE (INTR_SOFTWARE_INTERRUPT)

static const struct event {
	const char *name;
	u32 info;
	bool error, after; /* the return address is after the instruction */
} events[] = {
	{ "interrupt", INTR_EXTERNAL | 0x40, false, false },
	{ "nmi", INTR_NMI | 2, false, false },
	{ "de", HARD | VEC_DE, false, false },
	{ "db", HARD | VEC_DB, false, false },
	{ "ud", HARD | VEC_UD, false, false },
	{ "nm", HARD | VEC_NM, false, false },
	{ "ts", HARD | VEC_TS, true, false },
	{ "np", HARD | VEC_NP, true, false },
	{ "ss", HARD | VEC_SS, true, false },
	{ "gp", HARD | VEC_GP, true, false },
	{ "pf", HARD | VEC_PF, true, false },
	{ "mf", HARD | VEC_MF, false, false },
	{ "ac", HARD | VEC_AC, true, false },
	{ "mc", HARD | VEC_MC, false, false },
	{ "xm", HARD | VEC_XM, false, false },
	{ "reserved-31", HARD | 31, false, false },
	{ "int-n", SOFTWARE | 0x41, false, true },
	{ "int3", INTR_SOFTWARE_EXCEPTION | VEC_BP, false, true },
	{ "of", INTR_SOFTWARE_EXCEPTION | VEC_OF, false, true },
	{ "icebp", INTR_PRIVILEGED_SOFTWARE | VEC_DB, false, true },
};

/* A word of the frame that the event has pushed: 2, 4 or 8 bytes. */
static u64 word(u32 size, u32 index)
{
	u64 value = 0;
	ulong at = (ulong)(vmcs_read(VMCS_GUEST_SS_BASE) + vmcs_read(VMCS_GUEST_RSP));

	memcpy(&value, (const void *)(at + index * size), size);
	return value;
}

static void expect_frame(struct vmx_guest *g, const struct event *e, u64 cs, u64 flags, u64 rsp)
{
	/* The handler's mode, not that of the guest before: 32-bit gates in all but real mode. */
	const u32 size = g->mode <= VMX_COMPAT ? 8 : g->mode == VMX_REAL ? 2 : 4;
	u32 i = 0;

	if (e->error && g->mode != VMX_REAL)
		EXPECT_EQ(word(size, i++), (u64)ERROR);
	EXPECT_EQ(word(size, i++), vmx_start(g) + (e->after ? LENGTH : 0));
	EXPECT_EQ(word(size, i++), cs);
	EXPECT_EQ(word(size, i++), flags);
	if (rsp)
		EXPECT_EQ(word(size, i), rsp);
}

static void inject(struct vmx_guest *g, enum vmx_mode mode, u32 cpl, const struct event *e)
{
	u64 cs, flags, rsp;
	bool error = e->error && mode != VMX_REAL;

	vmx_reset(g);
	vmx_set_mode(g, mode);
	if (cpl)
		vmx_set_user(g);
	vmx_code(g, "\x90", 1);
	vmx_deliver(g);
	vmcs_set(VMCS_GUEST_RFLAGS, FLAGS);
	vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO,
		   INTR_VALID | e->info | (error ? INTR_ERROR_CODE : 0));
	vmcs_write(VMCS_ENTRY_INSTRUCTION_LENGTH, e->after ? LENGTH : 0);
	vmcs_write(VMCS_ENTRY_EXCEPTION_ERROR_CODE, error ? ERROR : 0);
	cs = vmcs_read(VMCS_GUEST_CS_SELECTOR);
	flags = vmcs_read(VMCS_GUEST_RFLAGS);
	rsp = vmcs_read(VMCS_GUEST_RSP);
	write_dr6(DR6_RESET);
	write_cr2(0x5555);
	vmx_run(g);
	if (!EXPECT_VMX_EXIT(g, VMX_EXIT_VMCALL) ||
	    !EXPECT_EQ(vmx_delivered(g), (s32)(e->info & 0xff)))
		return;
	expect_frame(g, e, cs, flags, cpl || mode == VMX_VM86 ? rsp : 0);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_RFLAGS) & FLAG_IF, 0ull);
	/* 26.5.1.1: DR6 is not modified; CR2 is none of the injection's. */
	EXPECT_EQ((u64)read_dr6(), (u64)DR6_RESET);
	EXPECT_EQ(read_cr2(), 0x5555ul);
}

static void in_mode(enum vmx_mode mode, u32 cpl)
{
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(events); i++) {
		SUBTEST("%s", events[i].name);
		inject(g, mode, cpl, &events[i]);
	}
}

#define INJECT_IN(name, mode, cpl, words)                                                        \
	TEST(inject_##name, "an injected event is delivered with the frame of its mode: " words, \
	     SPEC("SDM vol. 3C, 26.5.1.1; 26.5.1.3"), REQUIRES(vmx_mode_possible(mode)))         \
	{                                                                                        \
		in_mode(mode, cpl);                                                              \
	}

INJECT_IN(long, VMX_LONG, 0, "64-bit mode")
INJECT_IN(long_cpl3, VMX_LONG, 3, "64-bit mode at CPL 3")
INJECT_IN(compat, VMX_COMPAT, 0, "compatibility mode")
INJECT_IN(compat_cpl3, VMX_COMPAT, 3, "compatibility mode at CPL 3")
INJECT_IN(pae, VMX_PAE, 0, "legacy mode with PAE")
INJECT_IN(pae_cpl3, VMX_PAE, 3, "legacy mode with PAE at CPL 3")
INJECT_IN(paged, VMX_PAGED, 0, "legacy mode with 32-bit tables")
INJECT_IN(paged_cpl3, VMX_PAGED, 3, "legacy mode with 32-bit tables at CPL 3")
INJECT_IN(protected16, VMX_PROTECTED16, 0, "16-bit protected mode")
INJECT_IN(vm86, VMX_VM86, 0, "virtual-8086 mode")
INJECT_IN(protected, VMX_PROTECTED, 0, "without paging")
INJECT_IN(real, VMX_REAL, 0, "real mode")

TEST(inject_gate_dpl,
     "the gate's DPL counts for software interrupts and exceptions that are injected, and no others",
     SPEC("SDM vol. 3C, 26.5.1.1"))
{
	static const struct {
		const char *name;
		u32 info;
		bool checked;
	} rows[] = {
		{ "interrupt", INTR_EXTERNAL | 0x40, false },
		{ "nmi", INTR_NMI | 2, false },
		{ "ud", HARD | VEC_UD, false },
		{ "icebp", INTR_PRIVILEGED_SOFTWARE | VEC_DB, false },
		{ "int-n", SOFTWARE | 0x41, true },
		{ "int3", INTR_SOFTWARE_EXCEPTION | VEC_BP, true },
		{ "of", INTR_SOFTWARE_EXCEPTION | VEC_OF, true },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 dpl = 0; dpl < 4; dpl += 3) {
			u32 vector = rows[i].info & 0xff;

			SUBTEST("%s-dpl-%u", rows[i].name, dpl);
			vmx_reset(g);
			vmx_set_user(g);
			vmx_code(g, "\x90", 1);
			vmcs_write(VMCS_EXCEPTION_BITMAP, BIT(VEC_GP));
			vmcs_set(VMCS_GUEST_RFLAGS, FLAG_IF);
			vmx_set_gate(g, vector, SEL_KERNEL_CODE,
				     (ulong)g->stubs + vector * VMX_STUB_SIZE, DESC_INTERRUPT_GATE,
				     dpl);
			vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, INTR_VALID | rows[i].info);
			vmcs_write(VMCS_ENTRY_INSTRUCTION_LENGTH, 1);
			vmx_run(g);
			if (rows[i].checked && dpl == 0) {
				EXPECT_VMX_EXCEPTION(g, VEC_GP);
				EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_ERROR_CODE),
					  (u64)(vector * 8 | ERR_IDT));
				EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_INFO) & ~0x1000ull,
					  INTR_VALID | rows[i].info);
				EXPECT_EQ(vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH), 1ull);
			} else {
				EXPECT_EQ(vmx_delivered(g), (s32)vector);
			}
		}
}

TEST(inject_nested_delivered,
     "a nested exception that does not exit is delivered, with EXT by the type of the event",
     SPEC("SDM vol. 3C, 26.5.1; 26.5.1.1"))
{
	static const struct {
		const char *name;
		u32 info;
		bool ext;
	} rows[] = {
		{ "interrupt", INTR_EXTERNAL | 0x40, true },
		{ "nmi", INTR_NMI | 2, true },
		{ "ud", HARD | VEC_UD, true },
		{ "icebp", INTR_PRIVILEGED_SOFTWARE | VEC_DB, true },
		{ "int-n", SOFTWARE | 0x41, false },
		{ "int3", INTR_SOFTWARE_EXCEPTION | VEC_BP, false },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u32 vector = rows[i].info & 0xff;
		const ulong *stack;

		SUBTEST("%s", rows[i].name);
		vmx_reset(g);
		vmx_code(g, "\x90", 1);
		vmx_deliver(g);
		vmcs_set(VMCS_GUEST_RFLAGS, FLAG_IF);
		g->idt[vector * sizeof(struct idt_gate) + 5] &= 0x7f;
		vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, INTR_VALID | rows[i].info);
		vmcs_write(VMCS_ENTRY_INSTRUCTION_LENGTH, 1);
		vmx_run(g);
		EXPECT_EQ(vmx_delivered(g), VEC_NP);
		stack = (const ulong *)(ulong)vmcs_read(VMCS_GUEST_RSP);
		EXPECT_EQ((u64)stack[0], (u64)(vector * 8 | ERR_IDT | (rows[i].ext ? ERR_EXT : 0)));
		/* "the current guest RIP is pushed on the stack regardless of event type". */
		EXPECT_EQ((u64)stack[1], vmx_start(g));
	}
}

TEST(inject_double_fault,
     "an exception that cannot be delivered and a nested one make a double fault",
     SPEC("SDM vol. 3C, 26.5.1"))
{
	static const struct {
		const char *name;
		u32 vector;
		bool error, df;
	} rows[] = {
		{ "de", VEC_DE, false, true },	{ "ts", VEC_TS, true, true },
		{ "np", VEC_NP, true, true },	{ "ss", VEC_SS, true, true },
		{ "gp", VEC_GP, true, true },	{ "pf", VEC_PF, true, true },
		{ "ud", VEC_UD, false, false }, { "nm", VEC_NM, false, false },
		{ "ac", VEC_AC, true, false },	{ "mf", VEC_MF, false, false },
		{ "xm", VEC_XM, false, false }, { "db", VEC_DB, false, false },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 exits = 0; exits < 2; exits++) {
			u32 expected = rows[i].df ? VEC_DF : VEC_GP;

			SUBTEST("%s-%s", rows[i].name, exits ? "exits" : "delivered");
			vmx_reset(g);
			vmx_code(g, "\x90", 1);
			/* Not a gate: #GP. */
			g->idt[rows[i].vector * sizeof(struct idt_gate) + 5] = 0x80;
			if (rows[i].vector == VEC_GP && !rows[i].df)
				continue;
			vmcs_write(VMCS_EXCEPTION_BITMAP, exits ? BIT(expected) : 0);
			vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO,
				   INTR_VALID | HARD | rows[i].vector |
					   (rows[i].error ? INTR_ERROR_CODE : 0));
			vmx_run(g);
			if (exits) {
				EXPECT_VMX_EXCEPTION(g, expected);
				if (rows[i].df)
					EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_ERROR_CODE),
						  0ull);
			} else {
				EXPECT_EQ(vmx_delivered(g), (s32)expected);
			}
		}
}

TEST(inject_vm86_iopl,
     "in virtual-8086 mode, IOPL does not count for a software interrupt that is injected",
     SPEC("SDM vol. 3C, 26.5.1.1"), REQUIRES(vmx_mode_possible(VMX_VM86)))
{
	struct vmx_guest *g = vmx_new();

	for (u32 iopl = 0; iopl < 4; iopl++) {
		SUBTEST("iopl-%u", iopl);
		vmx_reset(g);
		vmx_set_mode(g, VMX_VM86);
		vmx_code(g, "\x90", 1);
		vmx_deliver(g);
		vmcs_clear(VMCS_GUEST_RFLAGS, FLAG_IOPL);
		vmcs_set(VMCS_GUEST_RFLAGS, (u64)iopl << 12);
		vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, INTR_VALID | SOFTWARE | 0x41);
		vmcs_write(VMCS_ENTRY_INSTRUCTION_LENGTH, 2);
		vmx_run(g);
		EXPECT_EQ(vmx_delivered(g), 0x41);
	}
}

TEST(inject_valid_cleared,
     "every exit clears the valid bit of what was to be injected, a refusal does not",
     SPEC("SDM vol. 3C, 27.2; 26.7"))
{
	struct vmx_guest *g = vmx_new();

	SUBTEST("exit");
	vmx_code(g, "\x90", 1);
	vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, INTR_VALID | HARD | VEC_UD);
	vmx_run(g);
	EXPECT_EQ(vmx_delivered(g), VEC_UD);
	EXPECT_EQ(vmcs_read(VMCS_ENTRY_INTERRUPTION_INFO) & INTR_VALID, 0ull);
	SUBTEST("guest-state");
	vmx_reset(g);
	vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, INTR_VALID | HARD | VEC_UD);
	vmcs_write(VMCS_GUEST_ACTIVITY, 5);
	vmx_run(g);
	EXPECT_EQ(vmcs_read(VMCS_ENTRY_INTERRUPTION_INFO), INTR_VALID | HARD | VEC_UD);
	SUBTEST("controls");
	vmx_reset(g);
	vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, INTR_VALID | HARD | VEC_UD);
	vmcs_write(VMCS_CR3_TARGET_COUNT, 0xffffffff);
	vmx_run(g);
	EXPECT_EQ(vmcs_read(VMCS_ENTRY_INTERRUPTION_INFO), INTR_VALID | HARD | VEC_UD);
}

TEST(entry_failure_leaves,
     "a VM entry that guest state fails leaves the guest-state area and the other information",
     SPEC("SDM vol. 3C, 26.7"))
{
	static const enum vmcs_field kept[] = {
		VMCS_EXIT_INTERRUPTION_INFO,
		VMCS_EXIT_INTERRUPTION_ERROR_CODE,
		VMCS_IDT_VECTORING_INFO,
		VMCS_IDT_VECTORING_ERROR_CODE,
		VMCS_EXIT_INSTRUCTION_LENGTH,
		VMCS_EXIT_INSTRUCTION_INFO,
		VMCS_GUEST_LINEAR_ADDRESS,
		VMCS_GUEST_RIP,
		VMCS_GUEST_RSP,
		VMCS_GUEST_RFLAGS,
		VMCS_GUEST_CR0,
		VMCS_GUEST_CR3,
		VMCS_GUEST_CR4,
		VMCS_GUEST_CS_SELECTOR,
		VMCS_GUEST_TR_BASE,
		VMCS_GUEST_GDTR_LIMIT,
		VMCS_GUEST_INTERRUPTIBILITY,
		VMCS_GUEST_PENDING_DEBUG,
		VMCS_GUEST_IA32_SYSENTER_CS,
	};
	struct vmx_guest *g = vmx_new();
	u64 before[ARRAY_SIZE(kept)];

	/* An exit with much to tell. */
	vmx_code(g, "\x8e\xd9", 2);
	g->registers.cx = 0xff8;
	g->idt[VEC_GP * sizeof(struct idt_gate) + 5] &= 0x7f;
	vmcs_write(VMCS_EXCEPTION_BITMAP, BIT(VEC_DF));
	vmx_run(g);
	EXPECT_VMX_EXCEPTION(g, VEC_DF);
	vmcs_write(VMCS_GUEST_RFLAGS, FLAG_1 | FLAG_CF | FLAG_OF);
	vmcs_write(VMCS_GUEST_IA32_SYSENTER_CS, 0x77);
	vmcs_write(VMCS_GUEST_ACTIVITY, 5);
	for (u32 i = 0; i < ARRAY_SIZE(kept); i++)
		before[i] = vmcs_read(kept[i]);
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_ENTRY_FAILURE | VMX_EXIT_INVALID_GUEST_STATE);
	for (u32 i = 0; i < ARRAY_SIZE(kept); i++) {
		SUBTEST("%s", vmcs_field_name(kept[i]));
		EXPECT_EQ(vmcs_read(kept[i]), before[i]);
	}
	SUBTEST("GUEST_ACTIVITY");
	EXPECT_EQ(vmcs_read(VMCS_GUEST_ACTIVITY), 5ull);
}
