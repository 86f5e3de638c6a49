/* SPDX-License-Identifier: MIT */
/* Attempts at task switches: SDM vol. 3C, 25.4.2; 27.1; 27.2.1, table 27-2; 27.2.3; 27.2.4. */
#include "checks.h"

#include <string.h>

SUITE("VMX: task switches", REQUIRES(vmx_available()));

#define BYTES(b) b, sizeof(b) - 1

#define SEL_NEW	    VMX_SEL_SPARE	/* the TSS that is switched to */
#define SEL_GATE    (VMX_SEL_SPARE + 8) /* a task gate that leads there */
#define GATE_VECTOR 0x40

#define SOURCE_CALL 0ull
#define SOURCE_IRET BIT(30)
#define SOURCE_JMP  BIT(31)
#define SOURCE_GATE (BIT(30) | BIT(31))

static u32 *new_tss(struct vmx_guest *g)
{
	return (u32 *)(g->data + 0x100);
}

static void set_up(struct vmx_guest *g, enum vmx_mode mode)
{
	vmx_reset(g);
	vmx_set_mode(g, mode);
	g->gdt[SEL_NEW / 8] = DESC_BASE((ulong)new_tss(g)) | DESC_LIMIT(0x67) | DESC_P |
			      DESC_TYPE(DESC_TSS_AVAILABLE);
	g->gdt[SEL_GATE / 8] = (u64)SEL_NEW << 16 | DESC_P | DESC_TYPE(DESC_TASK_GATE);
	memset(new_tss(g), 0x11, 0x68);
	*(u32 *)(ulong)(g->tss) = SEL_NEW; /* the link that IRET goes back by */
}

static void set_task_gate(struct vmx_guest *g, u32 vector, u32 dpl)
{
	((u64 *)g->idt)[vector] = (u64)SEL_NEW << 16 | DESC_P | DESC_TYPE(DESC_TASK_GATE) |
				  DESC_DPL(dpl);
}

/* The exit, and that nothing of the switch has been done. */
static void expect_switch(struct vmx_guest *g, u64 source, u64 tr)
{
	EXPECT_VMX_EXIT(g, VMX_EXIT_TASK_SWITCH);
	EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), source | SEL_NEW);
	EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_INFO) & INTR_VALID, 0ull);
	EXPECT_EQ(vmcs_read(VMCS_SELECTOR(VMX_TR)), tr);
	for (u32 i = 0; i < 0x68 / 4; i++)
		EXPECT_EQ(new_tss(g)[i], 0x11111111u, "word %u of the new TSS", i);
	EXPECT_EQ(*(u32 *)(g->tss + 0x20), 0u, "EIP of the old TSS");
}

static const struct {
	const char *name, *bytes;
	u32 size;
	u16 selector;
	u64 source;
	u32 flags; /* that are saved */
} branches[] = {
	/* JMP and CALL of the far pointer at BX; IRET with NT. */
	{ "jmp-tss", BYTES("\xff\x2b"), SEL_NEW, SOURCE_JMP, 0 },
	{ "jmp-gate", BYTES("\xff\x2b"), SEL_GATE, SOURCE_JMP, 0 },
	{ "call-tss", BYTES("\xff\x1b"), SEL_NEW, SOURCE_CALL, 0 },
	{ "call-gate", BYTES("\xff\x1b"), SEL_GATE, SOURCE_CALL, 0 },
	{ "iret", BYTES("\xcf"), SEL_NEW, SOURCE_IRET, FLAG_NT },
};

static void by_instruction(enum vmx_mode mode)
{
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(branches); i++) {
		SUBTEST("%s", branches[i].name);
		set_up(g, mode);
		vmx_code(g, branches[i].bytes, branches[i].size);
		*(struct far_pointer *)g->data = (struct far_pointer){ 0, branches[i].selector };
		g->registers.bx = (ulong)g->data;
		if (branches[i].flags) {
			vmcs_set(VMCS_GUEST_RFLAGS, FLAG_NT);
			g->gdt[SEL_NEW / 8] |= DESC_TYPE(2); /* busy */
		}
		vmx_run(g);
		expect_switch(g, branches[i].source, SEL_TSS);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH), (u64)branches[i].size);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
		EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_INFO) & INTR_VALID, 0ull);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RFLAGS) & FLAG_NT, (u64)branches[i].flags);
		/* Neither descriptor has changed. */
		EXPECT_EQ(g->gdt[SEL_NEW / 8] >> 41 & 1, branches[i].flags ? 1ull : 0ull);
		EXPECT_EQ(g->gdt[SEL_TSS / 8] >> 41 & 1, 1ull);
	}
}

#define IN(name, mode, words)                                                                      \
	TEST(task_switch_##name, "JMP, CALL and IRET to another task exit, undone: " words,        \
	     SPEC("SDM vol. 3C, 25.4.2; 27.1; 27.2.1; 27.2.4"), REQUIRES(vmx_mode_possible(mode))) \
	{                                                                                          \
		by_instruction(mode);                                                              \
	}

IN(pae, VMX_PAE, "legacy mode with PAE")
IN(paged, VMX_PAGED, "legacy mode with 32-bit tables")
IN(protected, VMX_PROTECTED, "without paging")

TEST(task_gate, "a task gate in the IDT exits with the event as IDT vectoring",
     SPEC("SDM vol. 3C, 25.4.2; 27.2.3; 27.2.4; 27.3.3"))
{
	static const struct {
		const char *name, *bytes;
		u32 size;
		u32 inject; /* or what the code raises */
		u32 vector, type;
		bool error;
		u32 code;
		u32 length;

	} rows[] = {
		{ "int-n", BYTES("\xcd\x40"), 0, GATE_VECTOR, INTR_SOFTWARE_INTERRUPT, false, 0,
		  2 },
		{ "int3", BYTES("\xcc"), 0, VEC_BP, INTR_SOFTWARE_EXCEPTION, false, 0, 1 },
		{ "ud", BYTES("\x0f\x0b"), 0, VEC_UD, INTR_HARDWARE_EXCEPTION, false, 0, 0 },
		{ "gp", BYTES("\x8e\xd9"), 0, VEC_GP, INTR_HARDWARE_EXCEPTION, true, 0xff8, 0 },
		{ "icebp", BYTES("\xf1"), 0, VEC_DB, INTR_PRIVILEGED_SOFTWARE, false, 0, 1 },
		{ "injected-interrupt", BYTES("\x90"), INTR_EXTERNAL, GATE_VECTOR, INTR_EXTERNAL,
		  false, 0, 0 },
		{ "injected-nmi", BYTES("\x90"), INTR_NMI, VEC_NMI, INTR_NMI, false, 0, 0 },
		{ "injected-exception", BYTES("\x90"), INTR_HARDWARE_EXCEPTION, VEC_UD,
		  INTR_HARDWARE_EXCEPTION, false, 0, 0 },
		{ "injected-int-n", BYTES("\x90"), INTR_SOFTWARE_INTERRUPT, GATE_VECTOR,
		  INTR_SOFTWARE_INTERRUPT, false, 0, 2 },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		set_up(g, VMX_PAE);
		vmx_code(g, rows[i].bytes, rows[i].size);
		set_task_gate(g, rows[i].vector, 3);
		vmcs_write(VMCS_EXCEPTION_BITMAP, 0);
		vmcs_set(VMCS_GUEST_RFLAGS, FLAG_IF);
		g->registers.cx = 0xff8;
		if (rows[i].bytes[0] == '\x90') {
			vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO,
				   INTR_VALID | rows[i].inject | rows[i].vector);
			vmcs_write(VMCS_ENTRY_INSTRUCTION_LENGTH, rows[i].length);
		}
		vmx_run(g);
		expect_switch(g, SOURCE_GATE, SEL_TSS);
		EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_INFO) & ~0x1000ull,
			  INTR_VALID | rows[i].type | rows[i].vector |
				  (rows[i].error ? INTR_ERROR_CODE : 0));
		if (rows[i].error)
			EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_ERROR_CODE), (u64)rows[i].code);
		if (rows[i].length)
			EXPECT_EQ(vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH), (u64)rows[i].length);
		if (rows[i].type != INTR_PRIVILEGED_SOFTWARE)
			EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
	}
}

TEST(task_switch_faults, "a check of the task switch that fails is the fault, and no exit",
     SPEC("SDM vol. 3C, 25.4.2"))
{
	static const struct {
		const char *name;
		u64 clear, set; /* bits of the TSS's descriptor */
		u16 selector;
		bool user, gate;
		u32 vector, code;
	} rows[] = {
		{ "tss-not-present", DESC_P, 0, SEL_NEW, false, false, VEC_NP, SEL_NEW },
		{ "tss-busy", 0, DESC_TYPE(2), SEL_NEW, false, false, VEC_GP, SEL_NEW },
		{ "tss-limit", DESC_LIMIT(0xff), DESC_LIMIT(0x66), SEL_NEW, false, false, VEC_TS,
		  SEL_NEW },
		{ "tss-dpl", 0, 0, SEL_NEW, true, false, VEC_GP, SEL_NEW },
		{ "gate-not-present", 0, 0, SEL_GATE, false, true, VEC_NP, SEL_GATE },
		{ "gate-dpl", 0, 0, SEL_GATE, true, false, VEC_GP, SEL_GATE },
		{ "ldt-selector", 0, 0, SEL_NEW | 4, false, false, VEC_GP, SEL_NEW | 4 },
		{ "beyond-gdt", 0, 0, 0xff8, false, false, VEC_GP, 0xff8 },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		set_up(g, VMX_PAE);
		vmx_code(g, "\xff\x2b", 2);
		if (rows[i].user)
			vmx_set_user(g);
		*(struct far_pointer *)g->data = (struct far_pointer){ 0, rows[i].selector };
		g->registers.bx = (ulong)g->data;
		g->gdt[SEL_NEW / 8] = (g->gdt[SEL_NEW / 8] & ~rows[i].clear) | rows[i].set;
		if (rows[i].gate)
			g->gdt[SEL_GATE / 8] &= ~DESC_P;
		vmx_run(g);
		EXPECT_VMX_EXCEPTION(g, rows[i].vector);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_ERROR_CODE), (u64)rows[i].code);
		EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_INFO) & INTR_VALID, 0ull);
	}
}

TEST(task_switch_ia32e, "in IA-32e mode, what would switch tasks is #GP, and no exit",
     SPEC("SDM vol. 3C, 25.4.2"), REQUIRES(sizeof(ulong) == 8))
{
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(branches); i++) {
		SUBTEST("%s", branches[i].name);
		set_up(g, VMX_LONG);
		vmx_code(g, branches[i].bytes, branches[i].size);
		*(struct far_pointer *)g->data = (struct far_pointer){ 0, branches[i].selector };
		g->registers.bx = (ulong)g->data;
		if (branches[i].flags)
			vmcs_set(VMCS_GUEST_RFLAGS, FLAG_NT);
		vmx_run(g);
		EXPECT_VMX_EXCEPTION(g, VEC_GP);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_ERROR_CODE),
			  branches[i].flags ? 0ull : (u64)branches[i].selector);
	}
}
