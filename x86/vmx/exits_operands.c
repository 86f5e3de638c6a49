/* SPDX-License-Identifier: MIT */
/*
 * Memory operands in the instruction-information field, form by form, in each of its formats: SDM vol. 3C,
 * 27.2.4, tables 27-9, 27-10, 27-11, 27-13, 27-14; 27.2.1 on displacements.
 */
#include "checks.h"

#include <string.h>

SUITE("VMX: memory operands of exits", REQUIRES(vmx_available()));

#define BYTES(b) b, sizeof(b) - 1
#define NONE	 16 /* no such register */

/* ModR/M and what follows it; its reg field is 0, and the instruction's is added. */
static const struct form {
	const char *name;
	u8 prefix;
	const char *bytes;
	u32 size;
	u32 segment, base, index, scale;
	s32 displacement;
	bool only_64;
} forms[] = {
	/* clang-format off */
	{ "ax", 0, BYTES("\x00"), VMX_DS, 0, NONE, 0, 0, false },
	{ "cx", 0, BYTES("\x01"), VMX_DS, 1, NONE, 0, 0, false },
	{ "dx", 0, BYTES("\x02"), VMX_DS, 2, NONE, 0, 0, false },
	{ "bx", 0, BYTES("\x03"), VMX_DS, 3, NONE, 0, 0, false },
	{ "si", 0, BYTES("\x06"), VMX_DS, 6, NONE, 0, 0, false },
	{ "di", 0, BYTES("\x07"), VMX_DS, 7, NONE, 0, 0, false },
	{ "sp", 0, BYTES("\x04\x24"), VMX_SS, 4, NONE, 0, 0, false },
	{ "bp-8", 0, BYTES("\x45\xf8"), VMX_SS, 5, NONE, 0, -8, false },
	{ "bx+byte", 0, BYTES("\x43\x40"), VMX_DS, 3, NONE, 0, 0x40, false },
	{ "bx+long", 0, BYTES("\x83\x00\x02\x00\x00"), VMX_DS, 3, NONE, 0, 0x200, false },
	{ "bx-long", 0, BYTES("\x83\x00\xfe\xff\xff"), VMX_DS, 3, NONE, 0, -0x200, false },
	{ "bx+cx", 0, BYTES("\x04\x0b"), VMX_DS, 3, 1, 0, 0, false },
	{ "bx+cx*2", 0, BYTES("\x04\x4b"), VMX_DS, 3, 1, 1, 0, false },
	{ "bx+si*4+8", 0, BYTES("\x44\xb3\x08"), VMX_DS, 3, 6, 2, 8, false },
	{ "di+dx*8", 0, BYTES("\x04\xd7"), VMX_DS, 7, 2, 3, 0, false },
	{ "bp+ax*2", 0, BYTES("\x44\x45\x00"), VMX_SS, 5, 0, 1, 0, false },
	{ "cx*8+long", 0, BYTES("\x04\xcd\x10\x00\x00\x00"), VMX_DS, NONE, 1, 3, 0x10, false },
	{ "absolute", 0, BYTES("\x04\x25\x00\x10\x00\x00"), VMX_DS, NONE, NONE, 0, 0x1000, false },
	{ "fs-bx", 0x64, BYTES("\x03"), VMX_FS, 3, NONE, 0, 0, false },
	{ "gs-bx", 0x65, BYTES("\x03"), VMX_GS, 3, NONE, 0, 0, false },
	{ "fs-bp+4", 0x64, BYTES("\x45\x04"), VMX_FS, 5, NONE, 0, 4, false },
	{ "r8", 0x41, BYTES("\x00"), VMX_DS, 8, NONE, 0, 0, true },
	{ "r12", 0x41, BYTES("\x04\x24"), VMX_DS, 12, NONE, 0, 0, true },
	{ "r13-8", 0x41, BYTES("\x45\xf8"), VMX_DS, 13, NONE, 0, -8, true },
	{ "r15", 0x41, BYTES("\x07"), VMX_DS, 15, NONE, 0, 0, true },
	{ "bx+r9*4", 0x42, BYTES("\x04\x8b"), VMX_DS, 3, 9, 2, 0, true },
	{ "bx+r12", 0x42, BYTES("\x04\x23"), VMX_DS, 3, 12, 0, 0, true },
	{ "r14+r10*8+byte", 0x43, BYTES("\x44\xd6\x10"), VMX_DS, 14, 10, 3, 0x10, true },
	/* clang-format on */
};

struct operation {
	const char *prefix;
	u32 prefix_size;
	const char *opcode;
	u32 opcode_size;
	u32 reg; /* of ModR/M */
	u32 reason;
	u64 primary, secondary;
	u64 mask, value; /* what else of the field is defined */
	u32 feature;
};

#define REG2  0xf0000000ull
#define IDENT 0x30000000ull

static void set_up(struct vmx_guest *g, const struct operation *op, const struct form *form)
{
	u8 bytes[16];
	u32 size = op->prefix_size;

	memcpy(bytes, op->prefix, size);
	if (form->prefix)
		bytes[size++] = form->prefix;
	memcpy(bytes + size, op->opcode, op->opcode_size);
	size += op->opcode_size;
	memcpy(bytes + size, form->bytes, form->size);
	bytes[size] |= (u8)(op->reg << 3);
	vmx_reset(g);
	vmx_code(g, bytes, size + form->size);
	vmcs_set(VMCS_PRIMARY_CONTROLS, op->primary | (op->secondary ? CPU_SECONDARY : 0));
	if (op->secondary)
		vmcs_set(VMCS_SECONDARY_CONTROLS, op->secondary);
}

static void expect_operand(struct vmx_guest *g, const struct operation *op, const struct form *form)
{
	u64 info;

	vmx_run(g);
	EXPECT_VMX_EXIT(g, op->reason);
	EXPECT_EQ(vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH), (u64)g->code_size);
	EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), (u64)(ulong)(long)form->displacement);
	info = vmcs_read(VMCS_EXIT_INSTRUCTION_INFO);
	EXPECT_EQ(info >> 7 & 7, sizeof(ulong) == 8 ? 2ull : 1ull, "address size");
	EXPECT_EQ(info & BIT(10), 0ull, "memory");
	EXPECT_EQ(info >> 15 & 7, (u64)form->segment, "segment");
	EXPECT_EQ(info >> 22 & 1, form->index == NONE ? 1ull : 0ull, "no index");
	EXPECT_EQ(info >> 27 & 1, form->base == NONE ? 1ull : 0ull, "no base");
	if (form->index != NONE) {
		EXPECT_EQ(info >> 18 & 15, (u64)form->index, "index");
		EXPECT_EQ(info & 3, (u64)form->scale, "scale");
	}
	if (form->base != NONE)
		EXPECT_EQ(info >> 23 & 15, (u64)form->base, "base");
	EXPECT_EQ(info & op->mask, op->value);
}

static void operands(const struct operation *op)
{
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(forms); i++) {
		if (forms[i].only_64 && sizeof(ulong) == 4)
			continue;
		SUBTEST("%s", forms[i].name);
		if (!vmx_can(VMCS_SECONDARY_CONTROLS, op->secondary) ||
		    (op->feature && !cpu_has(op->feature))) {
			SKIP_ROW("the processor has it not");
			continue;
		}
		set_up(g, op, &forms[i]);
		expect_operand(g, op, &forms[i]);
	}
}

#define OPERANDS(name, words, table, ...)                                                   \
	TEST(operand_##name, "the exit of " words " tells each part of its memory operand", \
	     SPEC("SDM vol. 3C, 27.2.1; 27.2.4, table " table))                             \
	{                                                                                   \
		operands(&(struct operation){ __VA_ARGS__ });                               \
	}

#define DESCRIPTOR_TABLE 0, CPU2_DESCRIPTOR_TABLE

/* clang-format off */
OPERANDS(vmclear, "VMCLEAR", "27-13", BYTES("\x66"), BYTES("\x0f\xc7"), 6, VMX_EXIT_VMCLEAR, 0, 0, 0, 0, 0)
OPERANDS(vmptrld, "VMPTRLD", "27-13", BYTES(""), BYTES("\x0f\xc7"), 6, VMX_EXIT_VMPTRLD, 0, 0, 0, 0, 0)
OPERANDS(vmptrst, "VMPTRST", "27-13", BYTES(""), BYTES("\x0f\xc7"), 7, VMX_EXIT_VMPTRST, 0, 0, 0, 0, 0)
OPERANDS(vmxon, "VMXON", "27-13", BYTES("\xf3"), BYTES("\x0f\xc7"), 6, VMX_EXIT_VMXON, 0, 0, 0, 0, 0)
OPERANDS(vmread, "VMREAD", "27-14", BYTES(""), BYTES("\x0f\x78"), 2, VMX_EXIT_VMREAD, 0, 0, REG2, 2ull << 28, 0)
OPERANDS(vmwrite, "VMWRITE", "27-14", BYTES(""), BYTES("\x0f\x79"), 7, VMX_EXIT_VMWRITE, 0, 0, REG2, 7ull << 28, 0)
OPERANDS(sgdt, "SGDT", "27-10", BYTES(""), BYTES("\x0f\x01"), 0, VMX_EXIT_GDTR_IDTR, DESCRIPTOR_TABLE, IDENT, 0, 0)
OPERANDS(sidt, "SIDT", "27-10", BYTES(""), BYTES("\x0f\x01"), 1, VMX_EXIT_GDTR_IDTR, DESCRIPTOR_TABLE, IDENT, 1ull << 28, 0)
OPERANDS(lgdt, "LGDT", "27-10", BYTES(""), BYTES("\x0f\x01"), 2, VMX_EXIT_GDTR_IDTR, DESCRIPTOR_TABLE, IDENT, 2ull << 28, 0)
OPERANDS(lidt, "LIDT", "27-10", BYTES(""), BYTES("\x0f\x01"), 3, VMX_EXIT_GDTR_IDTR, DESCRIPTOR_TABLE, IDENT, 3ull << 28, 0)
OPERANDS(sldt, "SLDT", "27-11", BYTES(""), BYTES("\x0f\x00"), 0, VMX_EXIT_LDTR_TR, DESCRIPTOR_TABLE, IDENT, 0, 0)
OPERANDS(str, "STR", "27-11", BYTES(""), BYTES("\x0f\x00"), 1, VMX_EXIT_LDTR_TR, DESCRIPTOR_TABLE, IDENT, 1ull << 28, 0)
OPERANDS(lldt, "LLDT", "27-11", BYTES(""), BYTES("\x0f\x00"), 2, VMX_EXIT_LDTR_TR, DESCRIPTOR_TABLE, IDENT, 2ull << 28, 0)
OPERANDS(ltr, "LTR", "27-11", BYTES(""), BYTES("\x0f\x00"), 3, VMX_EXIT_LDTR_TR, DESCRIPTOR_TABLE, IDENT, 3ull << 28, 0)
OPERANDS(invpcid, "INVPCID", "27-9", BYTES("\x66"), BYTES("\x0f\x38\x82"), 6, VMX_EXIT_INVPCID, CPU_INVLPG, CPU2_INVPCID, REG2, 6ull << 28, X86_FEATURE_INVPCID)
/* clang-format on */

/* These two exit whatever the controls are, and exist where EPT and VPIDs do. */
TEST(operand_invept, "the exit of INVEPT tells each part of its memory operand",
     SPEC("SDM vol. 3C, 27.2.1; 27.2.4, table 27-9"), REQUIRES(vmx_ept_vpid_cap() & BIT(20)))
{
	operands(&(struct operation){ BYTES("\x66"), BYTES("\x0f\x38\x80"), 1, VMX_EXIT_INVEPT, 0,
				      0, REG2, 1ull << 28, 0 });
}

TEST(operand_invvpid, "the exit of INVVPID tells each part of its memory operand",
     SPEC("SDM vol. 3C, 27.2.1; 27.2.4, table 27-9"), REQUIRES(vmx_ept_vpid_cap() & BIT(32)))
{
	operands(&(struct operation){ BYTES("\x66"), BYTES("\x0f\x38\x81"), 3, VMX_EXIT_INVVPID, 0,
				      0, REG2, 3ull << 28, 0 });
}

TEST(operand_rip_relative,
     "with RIP-relative addressing, the qualification is the displacement plus the next RIP",
     SPEC("SDM vol. 3C, 27.2.1"), REQUIRES(sizeof(ulong) == 8))
{
	static const struct {
		const char *name, *bytes;
		u32 size, reason;
		s32 displacement;
	} rows[] = {
		{ "vmptrld", BYTES("\x0f\xc7\x35\x00\x10\x00\x00"), VMX_EXIT_VMPTRLD, 0x1000 },
		{ "vmptrst", BYTES("\x0f\xc7\x3d\xf0\xff\xff\xff"), VMX_EXIT_VMPTRST, -0x10 },
		{ "vmread", BYTES("\x0f\x78\x05\x08\x00\x00\x00"), VMX_EXIT_VMREAD, 8 },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		vmx_reset(g);
		vmx_code(g, rows[i].bytes, rows[i].size);
		vmx_run(g);
		EXPECT_VMX_EXIT(g, rows[i].reason);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION),
			  vmx_end(g) + (u64)(s64)rows[i].displacement);
	}
}

static const struct {
	const char *name;
	enum vmx_mode mode;
	const char *bytes;
	u32 size;
	u64 address_size, operand_size; /* 2: undefined */
} sizes[] = {
	/* SGDT [BX] or [BX+DI]: the same bytes are a memory operand in each size. */
	{ "long", VMX_LONG, BYTES("\x0f\x01\x01"), 2, 2 },
	{ "long-67", VMX_LONG, BYTES("\x67\x0f\x01\x01"), 1, 2 },
	{ "compat", VMX_COMPAT, BYTES("\x0f\x01\x01"), 1, 1 },
	{ "compat-67", VMX_COMPAT, BYTES("\x67\x0f\x01\x01"), 0, 1 },
	{ "compat-66", VMX_COMPAT, BYTES("\x66\x0f\x01\x01"), 1, 0 },
	{ "pae", VMX_PAE, BYTES("\x0f\x01\x01"), 1, 1 },
	{ "pae-66", VMX_PAE, BYTES("\x66\x0f\x01\x01"), 1, 0 },
	{ "protected16", VMX_PROTECTED16, BYTES("\x0f\x01\x01"), 0, 0 },
	{ "protected16-67", VMX_PROTECTED16, BYTES("\x67\x0f\x01\x01"), 1, 0 },
	{ "protected16-66", VMX_PROTECTED16, BYTES("\x66\x0f\x01\x01"), 0, 1 },
	{ "vm86", VMX_VM86, BYTES("\x0f\x01\x01"), 0, 0 },
	{ "real", VMX_REAL, BYTES("\x0f\x01\x01"), 0, 0 },
	{ "real-66", VMX_REAL, BYTES("\x66\x0f\x01\x01"), 0, 1 },
};

/* Bits 9:7 and 11 of the information: which of the two is looked at. */
static void expect_sizes(bool operand)
{
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		u64 info;

		if ((sizes[i].mode <= VMX_COMPAT && sizeof(ulong) == 4) ||
		    (operand && sizes[i].operand_size == 2))
			continue;
		SUBTEST("%s", sizes[i].name);
		if (!vmx_mode_possible(sizes[i].mode)) {
			SKIP_ROW("no guest of this mode");
			continue;
		}
		vmx_reset(g);
		vmx_set_mode(g, sizes[i].mode);
		vmx_code(g, sizes[i].bytes, sizes[i].size);
		vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_SECONDARY);
		vmcs_set(VMCS_SECONDARY_CONTROLS, CPU2_DESCRIPTOR_TABLE);
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_GDTR_IDTR);
		info = vmcs_read(VMCS_EXIT_INSTRUCTION_INFO);
		if (operand)
			EXPECT_EQ(info >> 11 & 1, sizes[i].operand_size);
		else
			EXPECT_EQ(info >> 7 & 7, sizes[i].address_size);
	}
}

TEST(operand_address_size, "the prefix of the address size shows in the information",
     SPEC("SDM vol. 3C, 27.2.4, table 27-10"),
	  REQUIRES(vmx_can(VMCS_SECONDARY_CONTROLS, CPU2_DESCRIPTOR_TABLE)))
{
	expect_sizes(false);
}

TEST(operand_size, "outside 64-bit mode, the operand size of SGDT shows in the information",
     SPEC("SDM vol. 3C, 27.2.4, table 27-10"),
	  REQUIRES(vmx_can(VMCS_SECONDARY_CONTROLS, CPU2_DESCRIPTOR_TABLE)))
{
	expect_sizes(true);
}

/* ModR/M.reg, with REX.R where it is from 8 on. */
static void put_reg2(u8 *bytes, u32 reg)
{
	bytes[0] |= (u8)(reg >> 3 << 2);
	bytes[3] |= (u8)((reg & 7) << 3);
}

TEST(operand_registers, "the exit of an instruction with register operands tells their numbers",
     SPEC("SDM vol. 3C, 27.2.4, tables 27-11, 27-12, 27-14"))
{
	static const struct {
		const char *name;
		u8 bytes[3];
		u32 reason, secondary;
		bool has_reg2; /* in ModR/M.reg; Reg1 is in ModR/M.rm */
		u32 feature;
	} rows[] = {
		{ "vmread", { 0x0f, 0x78, 0xc0 }, VMX_EXIT_VMREAD, 0, true, 0 },
		{ "vmwrite", { 0x0f, 0x79, 0xc0 }, VMX_EXIT_VMWRITE, 0, true, 0 },
		{ "sldt", { 0x0f, 0x00, 0xc0 }, VMX_EXIT_LDTR_TR, CPU2_DESCRIPTOR_TABLE, false, 0 },
		{ "rdrand",
		  { 0x0f, 0xc7, 0xf0 },
		  VMX_EXIT_RDRAND,
		  CPU2_RDRAND,
		  false,
		  X86_FEATURE_RDRAND },
		{ "rdseed",
		  { 0x0f, 0xc7, 0xf8 },
		  VMX_EXIT_RDSEED,
		  CPU2_RDSEED,
		  false,
		  X86_FEATURE_RDSEED },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 reg = 0; reg < (sizeof(ulong) == 8 ? 16u : 8u); reg++) {
			/* REX.B, and REX.R where ModR/M.reg is a register. */
			u8 bytes[4] = { (u8)(0x40 | reg >> 3), rows[i].bytes[0], rows[i].bytes[1],
					(u8)(rows[i].bytes[2] | (reg & 7)) };
			u32 skip = sizeof(ulong) == 4, other = (reg + 3) & (skip ? 7 : 15);

			SUBTEST("%s-%u", rows[i].name, reg);
			if (!vmx_can(VMCS_SECONDARY_CONTROLS, rows[i].secondary) ||
			    (rows[i].feature && !cpu_has(rows[i].feature))) {
				SKIP_ROW("the processor has it not");
				continue;
			}
			if (rows[i].has_reg2)
				put_reg2(bytes, other);
			vmx_reset(g);
			vmx_code(g, bytes + skip, 4 - skip);
			if (rows[i].secondary) {
				vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_SECONDARY);
				vmcs_set(VMCS_SECONDARY_CONTROLS, rows[i].secondary);
			}
			vmx_run(g);
			EXPECT_VMX_EXIT(g, rows[i].reason);
			EXPECT_EQ(vmcs_read(VMCS_EXIT_INSTRUCTION_INFO) >> 3 & 15, (u64)reg);
			if (rows[i].has_reg2)
				EXPECT_EQ(vmcs_read(VMCS_EXIT_INSTRUCTION_INFO) >> 28 & 15,
					  (u64)other);
		}
}

/* Instructions with displacements, more than a VMM keeps decoded: a page of them that is written again and again. */
static void run_displacements(void)
{
	enum { SIZE = 6, COUNT = PAGE_SIZE / SIZE - 1, TIMES = 1800, WRITTEN = 64 };
	u8 *data = page_alloc(), *code = page_alloc();
	volatile u8 *written = code;
	u32 unused;

	/* MOV EAX, [BX+disp32]; RET */
	for (u32 i = 0; i < COUNT; i++)
		memcpy(code + SIZE * i, "\x8b\x83\x44\x33\x22\x00", SIZE);
	code[SIZE * COUNT] = 0xc3;
	for (u32 n = 0; n < TIMES; n++) {
		for (u32 i = 0; i < PAGE_SIZE; i += WRITTEN)
			written[i] = written[i];
		__asm__ volatile("call *%2"
				 : "=&a"(unused)
				 : "b"((ulong)data - 0x223344), "r"(code)
				 : "memory", "cc");
	}
}

TEST(operand_register_qualification,
     "without a displacement, the qualification is 0, whatever instructions were executed before",
     SPEC("SDM vol. 3C, 27.2.1"))
{
	static const struct {
		const char *name, *bytes;
		u32 size, reason;
	} rows[] = {
		{ "vmread", BYTES("\x0f\x78\xc3"), VMX_EXIT_VMREAD },
		{ "vmwrite", BYTES("\x0f\x79\xc3"), VMX_EXIT_VMWRITE },
		{ "vmptrld", BYTES("\x0f\xc7\x33"), VMX_EXIT_VMPTRLD },
	};
	struct vmx_guest *g = vmx_new();

	run_displacements();
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		vmx_reset(g);
		vmx_code(g, rows[i].bytes, rows[i].size);
		g->registers.bx = (ulong)g->data;
		vmx_run(g);
		EXPECT_VMX_EXIT(g, rows[i].reason);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), 0ull);
	}
}
