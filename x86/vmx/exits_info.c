/* SPDX-License-Identifier: MIT */
/* What exits tell of the instruction: SDM vol. 3C, 27.2.1, table 27-3; 27.2.4, tables 27-10 to 27-14. */
#include "checks.h"

SUITE("VMX: instruction information", REQUIRES(vmx_available()));

#define BYTES(b) b, sizeof(b) - 1

/* Of memory operands: address size, segment DS, no index, base BX; all that is defined but what follows. */
#define MEMORY_MASK  (0x7u << 7 | BIT(10) | 0x7u << 15 | BIT(22) | 0xfu << 23 | BIT(27))
#define MEMORY_VALUE ((sizeof(ulong) == 8 ? 2u : 1u) << 7 | 3u << 15 | BIT(22) | 3u << 23)

static const struct {
	const char *name, *bytes;
	u32 size, reason;
	u64 secondary; /* the control that makes it exit */
	u64 mask, value;
	bool memory;
	u32 feature; /* enum x86_feature, or 0 */
} rows[] = {
	/* clang-format off */
	{ "vmclear", BYTES("\x66\x0f\xc7\x33"), VMX_EXIT_VMCLEAR, 0, 0, 0, true, 0 },
	{ "vmptrld", BYTES("\x0f\xc7\x33"), VMX_EXIT_VMPTRLD, 0, 0, 0, true, 0 },
	{ "vmptrst", BYTES("\x0f\xc7\x3b"), VMX_EXIT_VMPTRST, 0, 0, 0, true, 0 },
	{ "vmxon", BYTES("\xf3\x0f\xc7\x33"), VMX_EXIT_VMXON, 0, 0, 0, true, 0 },
	{ "vmread-ax-to-bx", BYTES("\x0f\x78\xc3"), VMX_EXIT_VMREAD, 0, 0xf0000478, BIT(10) | 3 << 3, false, 0 },
	{ "vmread-si-to-dx", BYTES("\x0f\x78\xf2"), VMX_EXIT_VMREAD, 0, 0xf0000478, BIT(10) | 2 << 3 | 6u << 28, false, 0 },
	{ "vmread-cx-to-memory", BYTES("\x0f\x78\x0b"), VMX_EXIT_VMREAD, 0, 0xf0000000, 1u << 28, true, 0 },
	{ "vmwrite-bx-to-ax", BYTES("\x0f\x79\xc3"), VMX_EXIT_VMWRITE, 0, 0xf0000478, BIT(10) | 3 << 3, false, 0 },
	{ "vmwrite-memory-to-di", BYTES("\x0f\x79\x3b"), VMX_EXIT_VMWRITE, 0, 0xf0000000, 7u << 28, true, 0 },
	{ "sgdt", BYTES("\x0f\x01\x03"), VMX_EXIT_GDTR_IDTR, CPU2_DESCRIPTOR_TABLE, 0x30000000, 0, true, 0 },
	{ "sidt", BYTES("\x0f\x01\x0b"), VMX_EXIT_GDTR_IDTR, CPU2_DESCRIPTOR_TABLE, 0x30000000, 0x10000000, true, 0 },
	{ "lgdt", BYTES("\x0f\x01\x13"), VMX_EXIT_GDTR_IDTR, CPU2_DESCRIPTOR_TABLE, 0x30000000, 0x20000000, true, 0 },
	{ "lidt", BYTES("\x0f\x01\x1b"), VMX_EXIT_GDTR_IDTR, CPU2_DESCRIPTOR_TABLE, 0x30000000, 0x30000000, true, 0 },
	{ "sldt-memory", BYTES("\x0f\x00\x03"), VMX_EXIT_LDTR_TR, CPU2_DESCRIPTOR_TABLE, 0x30000000, 0, true, 0 },
	{ "str-memory", BYTES("\x0f\x00\x0b"), VMX_EXIT_LDTR_TR, CPU2_DESCRIPTOR_TABLE, 0x30000000, 0x10000000, true, 0 },
	{ "lldt-dx", BYTES("\x0f\x00\xd2"), VMX_EXIT_LDTR_TR, CPU2_DESCRIPTOR_TABLE, 0x30000478, 0x20000000 | BIT(10) | 2 << 3, false, 0 },
	{ "ltr-cx", BYTES("\x0f\x00\xd9"), VMX_EXIT_LDTR_TR, CPU2_DESCRIPTOR_TABLE, 0x30000478, 0x30000000 | BIT(10) | 1 << 3, false, 0 },
	{ "rdrand-edx", BYTES("\x0f\xc7\xf2"), VMX_EXIT_RDRAND, CPU2_RDRAND, 0x1878, 1 << 11 | 2 << 3, false, X86_FEATURE_RDRAND },
	{ "rdrand-dx", BYTES("\x66\x0f\xc7\xf2"), VMX_EXIT_RDRAND, CPU2_RDRAND, 0x1878, 2 << 3, false, X86_FEATURE_RDRAND },
	{ "rdseed-ecx", BYTES("\x0f\xc7\xf9"), VMX_EXIT_RDSEED, CPU2_RDSEED, 0x1878, 1 << 11 | 1 << 3, false, X86_FEATURE_RDSEED },
	{ "rdseed-cx", BYTES("\x66\x0f\xc7\xf9"), VMX_EXIT_RDSEED, CPU2_RDSEED, 0x1878, 1 << 3, false, X86_FEATURE_RDSEED },
#ifdef __x86_64__
	{ "rdrand-rdx", BYTES("\x48\x0f\xc7\xf2"), VMX_EXIT_RDRAND, CPU2_RDRAND, 0x1878, 2 << 11 | 2 << 3, false, X86_FEATURE_RDRAND },
	{ "rdseed-r9", BYTES("\x49\x0f\xc7\xf9"), VMX_EXIT_RDSEED, CPU2_RDSEED, 0x1878, 2 << 11 | 9 << 3, false, X86_FEATURE_RDSEED },
#endif
	/* clang-format on */
};

TEST(exit_instruction_info,
     "instruction information has the operands as they are in the instruction",
     SPEC("SDM vol. 3C, 27.2.4, tables 27-10 to 27-14"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u64 mask = rows[i].mask | (rows[i].memory ? MEMORY_MASK : 0);
		u64 value = rows[i].value | (rows[i].memory ? MEMORY_VALUE : 0);

		SUBTEST("%s", rows[i].name);
		if (rows[i].feature && !cpu_has(rows[i].feature)) {
			SKIP_ROW("CPUID has it not");
			continue;
		}
		if (!vmx_can(VMCS_SECONDARY_CONTROLS, rows[i].secondary)) {
			SKIP_ROW("the capability MSR does not allow the control");
			continue;
		}
		vmx_reset(g);
		vmx_code(g, rows[i].bytes, rows[i].size);
		g->registers.bx = (ulong)g->data;
		if (rows[i].secondary) {
			vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_SECONDARY);
			vmcs_set(VMCS_SECONDARY_CONTROLS, rows[i].secondary);
		}
		vmx_run(g);
		EXPECT_VMX_EXIT(g, rows[i].reason);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_INSTRUCTION_INFO) & mask, value);
	}
}

TEST(exit_displacement, "the qualification of an exit with a memory operand is its displacement",
     SPEC("SDM vol. 3C, 27.2.1"))
{
	static const struct {
		const char *name, *bytes;
		u32 size;
		s32 displacement;
	} forms[] = {
		{ "none", BYTES("\x0f\xc7\x33"), 0 },
		{ "byte", BYTES("\x0f\xc7\x73\x40"), 0x40 },
		{ "negative", BYTES("\x0f\xc7\x73\xf8"), -8 },
		{ "long", BYTES("\x0f\xc7\xb3\x00\x02\x00\x00"), 0x200 },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(forms); i++) {
		SUBTEST("%s", forms[i].name);
		vmx_reset(g);
		vmx_code(g, forms[i].bytes, forms[i].size);
		g->registers.bx = (ulong)g->data + 0x100;
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_VMPTRLD);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION),
			  (u64)(ulong)(long)forms[i].displacement);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH), (u64)forms[i].size);
	}
}

TEST(exit_clts_lmsw,
     "CLTS and LMSW exit by the mask and the read shadow of CR0, with their own access types",
     SPEC("SDM vol. 3C, 25.1.3; 27.2.1, table 27-3"))
{
	static const struct {
		const char *name, *bytes;
		u32 size;
		u64 mask, shadow, qualification;
		bool exits;
		u32 ax;
	} forms[] = {
		{ "clts-owned-set", BYTES("\x0f\x06"), CR0_TS, CR0_TS, 0x20, true, 0 },
		{ "clts-owned-clear", BYTES("\x0f\x06"), CR0_TS, 0, 0, false, 0 },
		{ "clts-not-owned", BYTES("\x0f\x06"), 0, CR0_TS, 0, false, 0 },
		{ "lmsw-ts", BYTES("\x0f\x01\xf0"), CR0_TS, 0, 0x90030, true, 9 },
		{ "lmsw-ts-same", BYTES("\x0f\x01\xf0"), CR0_TS, CR0_TS, 0, false, 9 },
		{ "lmsw-not-owned", BYTES("\x0f\x01\xf0"), 0, 0, 0, false, 9 },
		{ "lmsw-pe-set", BYTES("\x0f\x01\xf0"), CR0_PE, 0, 0x10030, true, 1 },
		/* LMSW cannot clear PE: that is no attempt to. */
		{ "lmsw-pe-clear", BYTES("\x0f\x01\xf0"), CR0_PE, CR0_PE, 0, false, 0 },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(forms); i++) {
		SUBTEST("%s", forms[i].name);
		vmx_reset(g);
		vmx_code(g, forms[i].bytes, forms[i].size);
		g->registers.ax = forms[i].ax;
		vmcs_write(VMCS_CR0_MASK, forms[i].mask);
		vmcs_write(VMCS_CR0_READ_SHADOW, forms[i].shadow);
		vmx_run(g);
		if (!forms[i].exits) {
			EXPECT_VMX_DONE(g);
			continue;
		}
		EXPECT_VMX_EXIT(g, VMX_EXIT_CR_ACCESS);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), forms[i].qualification);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH), (u64)forms[i].size);
	}
}
