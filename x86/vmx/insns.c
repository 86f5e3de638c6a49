/* SPDX-License-Identifier: MIT */
#include "insns.h"

#include <string.h>

#define BYTES(b) b, sizeof(b) - 1

const struct exit_insn exit_insns[] = {
	/* clang-format off */
	{ "cpuid", VMX_EXIT_CPUID, BYTES("\x0f\xa2"), 0, 0, 0, 0, 0, 0 },
	{ "invd", VMX_EXIT_INVD, BYTES("\x0f\x08"), 0, 0, 0, 0, 0, INSN_CPL0 },
	{ "xsetbv", VMX_EXIT_XSETBV, BYTES("\x0f\x01\xd1"), 0, 0, 0, 0, X86_FEATURE_XSAVE, INSN_CPL0 | INSN_OSXSAVE },
	{ "vmcall", VMX_EXIT_VMCALL, BYTES("\x0f\x01\xc1"), 0, 0, 0, 0, 0, 0 },
	{ "vmclear", VMX_EXIT_VMCLEAR, BYTES("\x66\x0f\xc7\x33"), 0, 0, 0, 0, 0, INSN_MEMORY | INSN_VMX },
	{ "vmptrld", VMX_EXIT_VMPTRLD, BYTES("\x0f\xc7\x33"), 0, 0, 0, 0, 0, INSN_MEMORY | INSN_VMX },
	{ "vmptrst", VMX_EXIT_VMPTRST, BYTES("\x0f\xc7\x3b"), 0, 0, 0, 0, 0, INSN_MEMORY | INSN_VMX },
	{ "vmread", VMX_EXIT_VMREAD, BYTES("\x0f\x78\xc3"), 0, 0, 0, 0, 0, INSN_VMX | INSN_REGISTER },
	{ "vmread-memory", VMX_EXIT_VMREAD, BYTES("\x0f\x78\x03"), 0, 0, 0, 0, 0, INSN_MEMORY | INSN_VMX },
	{ "vmwrite", VMX_EXIT_VMWRITE, BYTES("\x0f\x79\xc3"), 0, 0, 0, 0, 0, INSN_VMX | INSN_REGISTER },
	{ "vmwrite-memory", VMX_EXIT_VMWRITE, BYTES("\x0f\x79\x03"), 0, 0, 0, 0, 0, INSN_MEMORY | INSN_VMX },
	{ "vmlaunch", VMX_EXIT_VMLAUNCH, BYTES("\x0f\x01\xc2"), 0, 0, 0, 0, 0, INSN_VMX },
	{ "vmresume", VMX_EXIT_VMRESUME, BYTES("\x0f\x01\xc3"), 0, 0, 0, 0, 0, INSN_VMX },
	{ "vmxoff", VMX_EXIT_VMXOFF, BYTES("\x0f\x01\xc4"), 0, 0, 0, 0, 0, INSN_VMX },
	{ "vmxon", VMX_EXIT_VMXON, BYTES("\xf3\x0f\xc7\x33"), 0, 0, 0, 0, 0, INSN_MEMORY | INSN_VMX },
	{ "invept", VMX_EXIT_INVEPT, BYTES("\x66\x0f\x38\x80\x03"), 0, 0, CPU2_EPT, 0, 0, INSN_MEMORY | INSN_VMX },
	{ "invvpid", VMX_EXIT_INVVPID, BYTES("\x66\x0f\x38\x81\x03"), 0, 0, CPU2_VPID, 0, 0, INSN_MEMORY | INSN_VMX },
	{ "hlt", VMX_EXIT_HLT, BYTES("\xf4"), CPU_HLT, 0, 0, 0, 0, INSN_CPL0 | INSN_NO_RUN },
	{ "invlpg", VMX_EXIT_INVLPG, BYTES("\x0f\x01\x3b"), CPU_INVLPG, 0, 0, 0, 0, INSN_MEMORY | INSN_CPL0 | INSN_LINEAR },
	{ "invpcid", VMX_EXIT_INVPCID, BYTES("\x66\x0f\x38\x82\x03"), CPU_INVLPG, 0, CPU2_INVPCID, 0, X86_FEATURE_INVPCID, INSN_MEMORY | INSN_CPL0 },
	{ "rdtsc", VMX_EXIT_RDTSC, BYTES("\x0f\x31"), CPU_RDTSC, 0, 0, 0, X86_FEATURE_TSC, 0 },
	{ "rdtscp", VMX_EXIT_RDTSCP, BYTES("\x0f\x01\xf9"), CPU_RDTSC, 0, CPU2_RDTSCP, 0, X86_FEATURE_RDTSCP, 0 },
	{ "rdpmc", VMX_EXIT_RDPMC, BYTES("\x0f\x33"), CPU_RDPMC, 0, 0, 0, 0, INSN_NO_RUN | INSN_PCE },
	{ "monitor", VMX_EXIT_MONITOR, BYTES("\x0f\x01\xc8"), CPU_MONITOR, 0, 0, 0, X86_FEATURE_MONITOR, INSN_CPL0_UD | INSN_NO_RUN },
	{ "mwait", VMX_EXIT_MWAIT, BYTES("\x0f\x01\xc9"), CPU_MWAIT, 0, 0, 0, X86_FEATURE_MONITOR, INSN_CPL0_UD | INSN_NO_RUN },
	{ "pause", VMX_EXIT_PAUSE, BYTES("\xf3\x90"), CPU_PAUSE, 0, 0, 0, 0, 0 },
	{ "mov-cr3-load", VMX_EXIT_CR_ACCESS, BYTES("\x0f\x22\xdf"), CPU_CR3_LOAD, 0, 0, 0x703, 0, INSN_CPL0 },
	{ "mov-cr3-store", VMX_EXIT_CR_ACCESS, BYTES("\x0f\x20\xd9"), CPU_CR3_STORE, 0, 0, 0x113, 0, INSN_CPL0 },
	{ "mov-cr8-load", VMX_EXIT_CR_ACCESS, BYTES("\x44\x0f\x22\xc2"), CPU_CR8_LOAD, 0, 0, 0x208, 0, INSN_CPL0 | INSN_LONG | INSN_NO_RUN },
	{ "mov-cr8-store", VMX_EXIT_CR_ACCESS, BYTES("\x44\x0f\x20\xc6"), CPU_CR8_STORE, 0, 0, 0x618, 0, INSN_CPL0 | INSN_LONG },
	{ "mov-cr8-store-r13", VMX_EXIT_CR_ACCESS, BYTES("\x45\x0f\x20\xc5"), CPU_CR8_STORE, 0, 0, 0xd18, 0, INSN_CPL0 | INSN_LONG },
	{ "mov-dr7-store", VMX_EXIT_MOV_DR, BYTES("\x0f\x21\xfa"), CPU_MOV_DR, 0, 0, 0x217, 0, 0 },
	{ "mov-dr7-load", VMX_EXIT_MOV_DR, BYTES("\x0f\x23\xf8"), CPU_MOV_DR, 0, 0, 0x007, 0, INSN_NO_RUN },
	{ "mov-dr0-load", VMX_EXIT_MOV_DR, BYTES("\x0f\x23\xc1"), CPU_MOV_DR, 0, 0, 0x100, 0, 0 },
	{ "mov-dr1-store", VMX_EXIT_MOV_DR, BYTES("\x0f\x21\xcb"), CPU_MOV_DR, 0, 0, 0x311, 0, 0 },
	{ "mov-dr2-load", VMX_EXIT_MOV_DR, BYTES("\x0f\x23\xd6"), CPU_MOV_DR, 0, 0, 0x602, 0, 0 },
	{ "mov-dr3-store", VMX_EXIT_MOV_DR, BYTES("\x0f\x21\xdd"), CPU_MOV_DR, 0, 0, 0x513, 0, 0 },
	{ "mov-dr6-load", VMX_EXIT_MOV_DR, BYTES("\x0f\x23\xf2"), CPU_MOV_DR, 0, 0, 0x206, 0, 0 },
	{ "mov-dr6-store-r15", VMX_EXIT_MOV_DR, BYTES("\x41\x0f\x21\xf7"), CPU_MOV_DR, 0, 0, 0xf16, 0, INSN_LONG },
	{ "in-80-byte", VMX_EXIT_IO, BYTES("\xe4\x80"), CPU_IO, 0, 0, 0x800048, 0, 0 },
	{ "out-80-byte", VMX_EXIT_IO, BYTES("\xe6\x80"), CPU_IO, 0, 0, 0x800040, 0, 0 },
	{ "in-80-word", VMX_EXIT_IO, BYTES("\x66\xe5\x80"), CPU_IO, 0, 0, 0x800049, 0, INSN_SIZED },
	{ "out-80-word", VMX_EXIT_IO, BYTES("\x66\xe7\x80"), CPU_IO, 0, 0, 0x800041, 0, INSN_SIZED },
	{ "in-80-long", VMX_EXIT_IO, BYTES("\xe5\x80"), CPU_IO, 0, 0, 0x80004b, 0, INSN_SIZED },
	{ "out-80-long", VMX_EXIT_IO, BYTES("\xe7\x80"), CPU_IO, 0, 0, 0x800043, 0, INSN_SIZED },
	{ "in-dx-byte", VMX_EXIT_IO, BYTES("\xec"), CPU_IO, 0, 0, 0x800008, 0, 0 },
	{ "out-dx-byte", VMX_EXIT_IO, BYTES("\xee"), CPU_IO, 0, 0, 0x800000, 0, 0 },
	{ "in-dx-word", VMX_EXIT_IO, BYTES("\x66\xed"), CPU_IO, 0, 0, 0x800009, 0, INSN_SIZED },
	{ "out-dx-long", VMX_EXIT_IO, BYTES("\xef"), CPU_IO, 0, 0, 0x800003, 0, INSN_SIZED },
	{ "rdmsr", VMX_EXIT_RDMSR, BYTES("\x0f\x32"), 0, 0, 0, 0, 0, INSN_CPL0 | INSN_MSR },
	{ "wrmsr", VMX_EXIT_WRMSR, BYTES("\x0f\x30"), 0, 0, 0, 0, 0, INSN_CPL0 | INSN_MSR },
	{ "sgdt", VMX_EXIT_GDTR_IDTR, BYTES("\x0f\x01\x03"), 0, CPU2_DESCRIPTOR_TABLE, 0, 0, 0, INSN_MEMORY },
	{ "sidt", VMX_EXIT_GDTR_IDTR, BYTES("\x0f\x01\x0b"), 0, CPU2_DESCRIPTOR_TABLE, 0, 0, 0, INSN_MEMORY },
	{ "lgdt", VMX_EXIT_GDTR_IDTR, BYTES("\x0f\x01\x13"), 0, CPU2_DESCRIPTOR_TABLE, 0, 0, 0, INSN_MEMORY | INSN_CPL0 },
	{ "lidt", VMX_EXIT_GDTR_IDTR, BYTES("\x0f\x01\x1b"), 0, CPU2_DESCRIPTOR_TABLE, 0, 0, 0, INSN_MEMORY | INSN_CPL0 },
	{ "sldt", VMX_EXIT_LDTR_TR, BYTES("\x0f\x00\xc0"), 0, CPU2_DESCRIPTOR_TABLE, 0, 0, 0, INSN_PROTECTED | INSN_REGISTER },
	{ "str", VMX_EXIT_LDTR_TR, BYTES("\x0f\x00\xc8"), 0, CPU2_DESCRIPTOR_TABLE, 0, 0, 0, INSN_PROTECTED | INSN_REGISTER },
	{ "lldt", VMX_EXIT_LDTR_TR, BYTES("\x0f\x00\xd0"), 0, CPU2_DESCRIPTOR_TABLE, 0, 0, 0, INSN_PROTECTED | INSN_CPL0 | INSN_REGISTER },
	{ "ltr", VMX_EXIT_LDTR_TR, BYTES("\x0f\x00\xd8"), 0, CPU2_DESCRIPTOR_TABLE, 0, 0, 0, INSN_PROTECTED | INSN_CPL0 | INSN_NO_RUN | INSN_REGISTER },
	{ "wbinvd", VMX_EXIT_WBINVD, BYTES("\x0f\x09"), 0, CPU2_WBINVD, 0, 0, 0, INSN_CPL0 },
	{ "rdrand", VMX_EXIT_RDRAND, BYTES("\x0f\xc7\xf0"), 0, CPU2_RDRAND, 0, 0, X86_FEATURE_RDRAND, 0 },
	{ "rdseed", VMX_EXIT_RDSEED, BYTES("\x0f\xc7\xf8"), 0, CPU2_RDSEED, 0, 0, X86_FEATURE_RDSEED, 0 },
	{ "encls", VMX_EXIT_ENCLS, BYTES("\x0f\x01\xcf"), 0, CPU2_ENCLS, 0, 0, X86_FEATURE_SGX, INSN_CPL0_UD | INSN_PROTECTED | INSN_NO_RUN },
	/* clang-format on */
};

const u32 exit_insn_count = ARRAY_SIZE(exit_insns);

/* The names of cases have underscores where those of rows have hyphens. */
static bool same_name(const char *a, const char *b)
{
	while (*a && (*a == *b || (*a == '-' && *b == '_')))
		a++, b++;
	return *a == *b;
}

const struct exit_insn *exit_insn_named(const char *name)
{
	for (u32 i = 0; i < exit_insn_count; i++)
		if (same_name(exit_insns[i].name, name))
			return &exit_insns[i];
	FAIL("no instruction %s", name);
	return &exit_insns[0];
}

const char *exit_insn_missing(const struct exit_insn *insn)
{
	if (insn->feature && !cpu_has(insn->feature))
		return "CPUID has it not";
	if (!vmx_can(VMCS_PRIMARY_CONTROLS, insn->primary) ||
	    !vmx_can(VMCS_SECONDARY_CONTROLS, insn->secondary | insn->enable))
		return "the capability MSR does not allow the control";
	return NULL;
}

u32 exit_insn_fault(const struct exit_insn *insn, enum vmx_mode mode, u32 cpl)
{
	if (insn->flags & INSN_PROTECTED && (mode == VMX_REAL || mode == VMX_VM86))
		return VEC_UD;
	if (insn->flags & INSN_NO_COMPAT && mode == VMX_COMPAT)
		return VEC_UD;
	if (!cpl && mode != VMX_VM86)
		return 0;
	if (insn->flags & INSN_CPL0_UD)
		return VEC_UD;
	return insn->flags & INSN_CPL0 ? VEC_GP : 0;
}

/* In 16-bit code, (BX) as the tables have it needs the prefix of the address size. */
static bool is_prefixed(const struct vmx_guest *g, const struct exit_insn *insn)
{
	return vmx_mode_is_16(g->mode) && (insn->flags & INSN_MEMORY);
}

u32 exit_insn_size(const struct vmx_guest *g, const struct exit_insn *insn)
{
	return insn->size + is_prefixed(g, insn);
}

static void set_code(struct vmx_guest *g, const struct exit_insn *insn)
{
	u8 bytes[16] = { 0x67 };
	const u32 prefix = is_prefixed(g, insn);

	memcpy(bytes + prefix, insn->bytes, insn->size);
	vmx_code(g, bytes, insn->size + prefix);
}

void exit_insn_set_up(struct vmx_guest *g, const struct exit_insn *insn, enum vmx_mode mode,
		      u32 cpl)
{
	vmx_reset(g);
	vmx_set_mode(g, mode);
	if (cpl)
		vmx_set_user(g);
	set_code(g, insn);
	memset(g->data, 0, 16);
	g->registers = (struct registers){ .bx = vmx_mode_is_16(mode) ? 0x100 : (ulong)g->data,
					   .dx = 0x80,
					   .di = (ulong)vmcs_read(VMCS_GUEST_CR3),
					   .bp = (ulong)0x1122334455667788ull,
					   .si = 0x99 };
	if (insn->flags & INSN_MSR)
		g->registers.cx = MSR_IA32_SYSENTER_CS;
	else if (vmx_can(VMCS_PRIMARY_CONTROLS, CPU_MSR_BITMAPS))
		/* Bitmaps with nothing in them: what exits does so by another control. */
		vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_MSR_BITMAPS);
	if (insn->flags & INSN_PCE)
		vmcs_set(VMCS_GUEST_CR4, CR4_PCE);
	if (insn->flags & INSN_OSXSAVE)
		vmcs_set(VMCS_GUEST_CR4, CR4_OSXSAVE);
	/* INVEPT and INVVPID exist by what the processor supports, not by the control. */
	if (insn->enable & ~(u64)(CPU2_EPT | CPU2_VPID)) {
		vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_SECONDARY);
		vmcs_set(VMCS_SECONDARY_CONTROLS, insn->enable);
	}
	if (insn->secondary & CPU2_ENCLS)
		vmcs_write(VMCS_ENCLS_EXITING_BITMAP, ~0ull);
}

void exit_insn_turn_on(const struct exit_insn *insn)
{
	vmcs_set(VMCS_PRIMARY_CONTROLS, insn->primary | (insn->secondary ? CPU_SECONDARY : 0));
	if (insn->secondary)
		vmcs_set(VMCS_SECONDARY_CONTROLS, insn->secondary);
}

static u64 qualification(const struct vmx_guest *g, const struct exit_insn *insn)
{
	if (insn->flags & INSN_LINEAR)
		return vmcs_read(VMCS_GUEST_DS_BASE) + g->registers.bx;
	if (insn->flags & INSN_SIZED && vmx_mode_is_16(g->mode))
		return insn->qualification ^ 2;
	return insn->qualification;
}

void exit_insn_expect(struct vmx_guest *g, const struct exit_insn *insn)
{
	const struct registers before = g->registers;
	const u64 rsp = vmcs_read(VMCS_GUEST_RSP), rflags = vmcs_read(VMCS_GUEST_RFLAGS);

	vmx_run(g);
	EXPECT_VMX_EXIT(g, insn->reason);
	EXPECT_EQ(vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH), (u64)exit_insn_size(g, insn));
	if (!(insn->flags & INSN_REGISTER))
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), qualification(g, insn));
	EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
	EXPECT_EQ(vmcs_read(VMCS_GUEST_RSP), rsp);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_RFLAGS) & ~FLAG_RF, rflags);
	EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_INFO) & INTR_VALID, 0ull);
	EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_INFO) & INTR_VALID, 0ull);
	EXPECT_MEM_EQ(&g->registers, &before, offsetof(struct registers, flags));
	/* 27.5.3: "RFLAGS is cleared, except bit 1, which is always set". */
	EXPECT_EQ((u64)g->registers.flags, FLAG_1);
}
