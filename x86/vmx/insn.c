/* SPDX-License-Identifier: MIT */
/*
 * VMX's instructions in root operation: what they need, VMfailInvalid, and VMfailValid with each error
 * number, all with their flags.
 */
#include <test.h>

#include <arch/user.h>
#include <mm/page.h>
#include <string.h>
#include <x86/msr.h>
#include <x86/vmx/vmx.h>

SUITE("VMX: instructions", REQUIRES(vmx_available()));

static u64 pointer;

static struct fault do_vmxon(void)
{
	return vmxon_try(pointer).fault;
}

static struct fault do_vmclear(void)
{
	return vmclear_try(pointer).fault;
}

static struct fault do_vmptrld(void)
{
	return vmptrld_try(pointer).fault;
}

static struct fault do_vmptrst(void)
{
	u64 value = 0;

	return vmptrst_try(&value).fault;
}

static struct fault do_vmread(void)
{
	ulong value = 0;

	return vmread_try(VMCS_GUEST_RIP, &value).fault;
}

static struct fault do_vmwrite(void)
{
	return vmwrite_try(VMCS_GUEST_RIP, 0).fault;
}

static struct fault do_vmlaunch(void)
{
	return vmlaunch_try().fault;
}

static struct fault do_vmresume(void)
{
	return vmresume_try().fault;
}

static struct fault do_vmxoff(void)
{
	return vmxoff_try().fault;
}

static struct fault do_vmcall(void)
{
	return vmcall_try().fault;
}

static struct fault do_invept(void)
{
	return invept_try(2, (struct vmx_descriptor){ 0, 0 }).fault;
}

static struct fault do_invvpid(void)
{
	return invvpid_try(2, (struct vmx_descriptor){ 0, 0 }).fault;
}

static bool has_always(void)
{
	return true;
}

static bool has_ept(void)
{
	return vmx_ept_vpid_cap() & BIT(20);
}

static bool has_vpid(void)
{
	return vmx_ept_vpid_cap() & BIT(32);
}

static struct insn {
	const char *name;
	struct fault (*execute)(void);
	bool (*has)(void);
} insns[] = {
	{ "vmclear", do_vmclear, has_always },	 { "vmptrld", do_vmptrld, has_always },
	{ "vmptrst", do_vmptrst, has_always },	 { "vmread", do_vmread, has_always },
	{ "vmwrite", do_vmwrite, has_always },	 { "vmlaunch", do_vmlaunch, has_always },
	{ "vmresume", do_vmresume, has_always }, { "vmxoff", do_vmxoff, has_always },
	{ "vmcall", do_vmcall, has_always },	 { "invept", do_invept, has_ept },
	{ "invvpid", do_invvpid, has_vpid },	 { "vmxon", do_vmxon, has_always },
};

#define WITHOUT_VMXON (ARRAY_SIZE(insns) - 1)

static void all_raise_ud(u32 count)
{
	pointer = (ulong)vmx_region();
	for (u32 i = 0; i < count; i++) {
		SUBTEST("%s", insns[i].name);
		EXPECT_FAULT(UD, insns[i].execute());
	}
}

TEST(insn_without_vmxe, "with CR4.VMXE clear, each instruction raises #UD",
     SPEC("SDM vol. 3C, 23.7; 30.3"))
{
	all_raise_ud(ARRAY_SIZE(insns));
}

TEST(insn_before_vmxon, "outside VMX operation, each instruction but VMXON raises #UD",
     SPEC("SDM vol. 3C, 30.3"))
{
	write_cr4(read_cr4() | CR4_VMXE);
	all_raise_ud(WITHOUT_VMXON);
}

TEST(insn_after_vmxoff, "after VMXOFF, each instruction but VMXON raises #UD",
     SPEC("SDM vol. 3C, 30.3, VMXOFF"))
{
	vmx_enable();
	EXPECT_VMX(vmxoff_try(), VMX_SUCCEED);
	all_raise_ud(WITHOUT_VMXON);
	SUBTEST("vmxon-again");
	EXPECT_VMX(vmxon_try(vmx_vmxon_region()), VMX_SUCCEED);
}

static struct fault at_cpl3;

static void insn_at_cpl3(void *arg)
{
	at_cpl3 = ((const struct insn *)arg)->execute();
}

TEST(insn_at_cpl3, "in VMX operation, each instruction raises #GP(0) at CPL 3",
     SPEC("SDM vol. 3C, 30.3"))
{
	vmx_enable();
	pointer = (ulong)vmx_region();
	for (u32 i = 0; i < ARRAY_SIZE(insns); i++) {
		SUBTEST("%s", insns[i].name);
		if (!insns[i].has()) {
			SKIP_ROW("IA32_VMX_EPT_VPID_CAP has it not");
			continue;
		}
		at_cpl3 = NO_FAULT;
		run_user(insn_at_cpl3, &insns[i]);
		EXPECT_FAULT(GP(0), at_cpl3);
	}
}

static void vmxon_at_cpl3(void *region)
{
	at_cpl3 = vmxon_try((ulong)region).fault;
}

TEST(vmxon_cpl3, "outside VMX operation, VMXON is #GP(0) at CPL 3",
     SPEC("SDM vol. 3C, 30.3, VMXON"))
{
	u32 *region = vmx_region();

	if (!(rdmsr(MSR_IA32_FEATURE_CONTROL) & FEATURE_CONTROL_LOCK))
		wrmsr(MSR_IA32_FEATURE_CONTROL, FEATURE_CONTROL_LOCK | FEATURE_CONTROL_OUTSIDE_SMX);
	write_cr4(read_cr4() | CR4_VMXE);
	at_cpl3 = NO_FAULT;
	run_user(vmxon_at_cpl3, region);
	EXPECT_FAULT(GP(0), at_cpl3);
	EXPECT_VMX(vmxon_try((ulong)region), VMX_SUCCEED);
}

TEST(vmxon_fixed_bits, "VMXON raises #GP(0) where a bit of CR0 is not as VMX operation needs it",
     SPEC("SDM vol. 3C, 23.8; 30.3, VMXON"))
{
	u64 fixed0 = rdmsr(MSR_IA32_VMX_CR0_FIXED0);

	if (!(rdmsr(MSR_IA32_FEATURE_CONTROL) & FEATURE_CONTROL_LOCK))
		wrmsr(MSR_IA32_FEATURE_CONTROL, FEATURE_CONTROL_LOCK | FEATURE_CONTROL_OUTSIDE_SMX);
	write_cr4(read_cr4() | CR4_VMXE);
	SUBTEST("ne-clear");
	if (!(fixed0 & CR0_NE)) {
		SKIP_ROW("CR0.NE may be clear");
	} else {
		write_cr0(read_cr0() & ~CR0_NE);
		EXPECT_FAULT(GP(0), vmxon_try((ulong)vmx_region()).fault);
		write_cr0(read_cr0() | CR0_NE);
	}
	SUBTEST("ne-set");
	EXPECT_VMX(vmxon_try((ulong)vmx_region()), VMX_SUCCEED);
}

TEST(cr_fixed_in_vmx, "in VMX operation, MOV to CR0 and CR4 cannot change the fixed bits",
     SPEC("SDM vol. 3C, 23.8"))
{
	u64 fixed0 = rdmsr(MSR_IA32_VMX_CR0_FIXED0);

	vmx_enable();
	SUBTEST("cr4-vmxe");
	EXPECT_FAULT(GP(0), write_cr4_try(read_cr4() & ~CR4_VMXE));
	SUBTEST("cr0-ne");
	if (fixed0 & CR0_NE)
		EXPECT_FAULT(GP(0), write_cr0_try(read_cr0() & ~CR0_NE));
	else
		SKIP_ROW("CR0.NE may be clear");
	SUBTEST("cr0-ts");
	EXPECT_NO_FAULT(write_cr0_try(read_cr0() | CR0_TS));
	SUBTEST("after-vmxoff");
	EXPECT_VMX(vmxoff_try(), VMX_SUCCEED);
	EXPECT_NO_FAULT(write_cr4_try(read_cr4() & ~CR4_VMXE));
}

TEST(vmxon_pointer,
     "VMXON of a region that is not aligned, too high, or of another revision is VMfailInvalid",
     SPEC("SDM vol. 3C, 24.11.5; 30.3, VMXON"))
{
	u32 *region = vmx_region();
	const u64 address = (ulong)region;

	if (!(rdmsr(MSR_IA32_FEATURE_CONTROL) & FEATURE_CONTROL_LOCK))
		wrmsr(MSR_IA32_FEATURE_CONTROL, FEATURE_CONTROL_LOCK | FEATURE_CONTROL_OUTSIDE_SMX);
	write_cr4(read_cr4() | CR4_VMXE);
	for (u32 bit = 0; bit < 12; bit++) {
		SUBTEST("address-bit-%u", bit);
		EXPECT_VMX(vmxon_try(address | BIT(bit)), VMX_FAIL_INVALID);
	}
	for (u32 bit = cpu_physical_bits(); bit < 64; bit++) {
		SUBTEST("address-bit-%u", bit);
		EXPECT_VMX(vmxon_try(address | BIT(bit)), VMX_FAIL_INVALID);
	}
	for (u32 bit = 0; bit < 32; bit++) {
		SUBTEST("revision-bit-%u", bit);
		region[0] ^= (u32)BIT(bit);
		EXPECT_VMX(vmxon_try(address), VMX_FAIL_INVALID);
		region[0] ^= (u32)BIT(bit);
	}
	SUBTEST("good");
	EXPECT_VMX(vmxon_try(address), VMX_SUCCEED);
}

TEST(insn_without_current_vmcs, "without a current VMCS, what needs one is VMfailInvalid",
     SPEC("SDM vol. 3C, 30.2, 30.3; 26.1"))
{
	ulong value = 0x1234;
	u64 current = 0;

	vmx_enable();
	SUBTEST("vmlaunch");
	EXPECT_VMX(vmlaunch_try(), VMX_FAIL_INVALID);
	SUBTEST("vmresume");
	EXPECT_VMX(vmresume_try(), VMX_FAIL_INVALID);
	SUBTEST("vmread");
	EXPECT_VMX(vmread_try(VMCS_GUEST_RIP, &value), VMX_FAIL_INVALID);
	EXPECT_EQ(value, 0x1234ul);
	SUBTEST("vmread-no-field");
	EXPECT_VMX(vmread_try(0xfffe, &value), VMX_FAIL_INVALID);
	SUBTEST("vmwrite");
	EXPECT_VMX(vmwrite_try(VMCS_GUEST_RIP, 0), VMX_FAIL_INVALID);
	SUBTEST("vmcall");
	EXPECT_VMX(vmcall_try(), VMX_FAIL_INVALID);
	SUBTEST("vmxon");
	EXPECT_VMX(vmxon_try((ulong)vmx_region()), VMX_FAIL_INVALID);
	SUBTEST("vmclear-vmxon-pointer");
	EXPECT_VMX(vmclear_try(vmx_vmxon_region()), VMX_FAIL_INVALID);
	SUBTEST("vmptrld-vmxon-pointer");
	EXPECT_VMX(vmptrld_try(vmx_vmxon_region()), VMX_FAIL_INVALID);
	SUBTEST("vmptrst");
	EXPECT_VMX(vmptrst_try(&current), VMX_SUCCEED);
	EXPECT_EQ(current, ~0ull);
}

TEST(vmclear_pointer,
     "VMCLEAR refuses bad addresses with error 2 and the VMXON pointer with error 3",
     SPEC("SDM vol. 3C, 30.3, VMCLEAR; 30.4"))
{
	struct vmx_guest *g = vmx_new();
	const u64 address = (ulong)vmx_region();
	u64 current = 0;

	for (u32 bit = 0; bit < 64; bit = bit == 11 ? cpu_physical_bits() : bit + 1) {
		SUBTEST("address-bit-%u", bit);
		EXPECT_VMX(vmclear_try(address | BIT(bit)),
			   VMX_FAIL_VALID(VMX_ERROR_VMCLEAR_ADDRESS));
	}
	SUBTEST("vmxon-pointer");
	EXPECT_VMX(vmclear_try(vmx_vmxon_region()),
		   VMX_FAIL_VALID(VMX_ERROR_VMCLEAR_VMXON_POINTER));
	SUBTEST("another-region");
	EXPECT_VMX(vmclear_try(address), VMX_SUCCEED);
	EXPECT_VMX(vmptrst_try(&current), VMX_SUCCEED);
	EXPECT_EQ(current, (u64)(ulong)g->vmcs);
	SUBTEST("current");
	EXPECT_VMX(vmclear_try((ulong)g->vmcs), VMX_SUCCEED);
	EXPECT_VMX(vmptrst_try(&current), VMX_SUCCEED);
	EXPECT_EQ(current, ~0ull);
}

TEST(vmptrld_pointer,
     "VMPTRLD refuses bad addresses with error 9, the VMXON pointer with 10, other revisions with 11",
     SPEC("SDM vol. 3C, 30.3, VMPTRLD; 30.4"))
{
	struct vmx_guest *g = vmx_new();
	u32 *region = vmx_region();
	const u64 address = (ulong)region;
	const bool shadowing = vmx_can(VMCS_SECONDARY_CONTROLS, CPU2_SHADOWING);
	u64 current = 0;

	for (u32 bit = 0; bit < 64; bit = bit == 11 ? cpu_physical_bits() : bit + 1) {
		SUBTEST("address-bit-%u", bit);
		EXPECT_VMX(vmptrld_try(address | BIT(bit)),
			   VMX_FAIL_VALID(VMX_ERROR_VMPTRLD_ADDRESS));
	}
	SUBTEST("vmxon-pointer");
	EXPECT_VMX(vmptrld_try(vmx_vmxon_region()),
		   VMX_FAIL_VALID(VMX_ERROR_VMPTRLD_VMXON_POINTER));
	for (u32 bit = 0; bit < 31; bit++) {
		SUBTEST("revision-bit-%u", bit);
		region[0] ^= (u32)BIT(bit);
		EXPECT_VMX(vmptrld_try(address), VMX_FAIL_VALID(VMX_ERROR_VMPTRLD_REVISION));
		region[0] ^= (u32)BIT(bit);
	}
	SUBTEST("shadow");
	region[0] |= (u32)BIT(31);
	EXPECT_VMX(vmclear_try(address), VMX_SUCCEED);
	EXPECT_VMX(vmptrld_try(address),
		   shadowing ? VMX_SUCCEED : VMX_FAIL_VALID(VMX_ERROR_VMPTRLD_REVISION));
	EXPECT_VMX(vmptrld_try((ulong)g->vmcs), VMX_SUCCEED);
	region[0] &= ~(u32)BIT(31);
	SUBTEST("refused-keeps-current");
	EXPECT_VMX(vmptrst_try(&current), VMX_SUCCEED);
	EXPECT_EQ(current, (u64)(ulong)g->vmcs);
	SUBTEST("good");
	EXPECT_VMX(vmclear_try(address), VMX_SUCCEED);
	EXPECT_VMX(vmptrld_try(address), VMX_SUCCEED);
	EXPECT_VMX(vmptrst_try(&current), VMX_SUCCEED);
	EXPECT_EQ(current, address);
}

TEST(vmxon_in_root, "VMXON in VMX root operation fails with error 15",
     SPEC("SDM vol. 3C, 30.3, VMXON; 30.4"))
{
	vmx_new();
	EXPECT_VMX(vmxon_try((ulong)vmx_region()), VMX_FAIL_VALID(VMX_ERROR_VMXON_IN_ROOT));
}

TEST(vmcall_in_root, "VMCALL in VMX root operation, without the dual monitor, fails with error 1",
     SPEC("SDM vol. 3C, 30.3, VMCALL; 30.4"))
{
	vmx_new();
	EXPECT_VMX(vmcall_try(), VMX_FAIL_VALID(VMX_ERROR_VMCALL_IN_ROOT));
}

TEST(launch_state,
     "VMLAUNCH wants a VMCS whose launch state is clear (error 4), VMRESUME one that is launched (5)",
     SPEC("SDM vol. 3C, 26.1; 30.4"))
{
	struct vmx_guest *g = vmx_new();

	SUBTEST("vmresume-clear");
	EXPECT_VMX(vmresume_try(), VMX_FAIL_VALID(VMX_ERROR_VMRESUME_NOT_LAUNCHED));
	SUBTEST("vmlaunch-clear");
	vmx_run(g);
	EXPECT_VMX_DONE(g);
	SUBTEST("vmlaunch-launched");
	EXPECT_VMX(vmlaunch_try(), VMX_FAIL_VALID(VMX_ERROR_VMLAUNCH_NOT_CLEAR));
	SUBTEST("vmresume-launched");
	vmcs_write(VMCS_GUEST_RIP, vmx_start(g));
	vmx_run(g);
	EXPECT_VMX_DONE(g);
	SUBTEST("vmptrld-keeps-launched");
	EXPECT_VMX(vmptrld_try((ulong)g->vmcs), VMX_SUCCEED);
	EXPECT_VMX(vmlaunch_try(), VMX_FAIL_VALID(VMX_ERROR_VMLAUNCH_NOT_CLEAR));
	SUBTEST("vmclear-makes-clear");
	EXPECT_VMX(vmclear_try((ulong)g->vmcs), VMX_SUCCEED);
	EXPECT_VMX(vmptrld_try((ulong)g->vmcs), VMX_SUCCEED);
	EXPECT_VMX(vmresume_try(), VMX_FAIL_VALID(VMX_ERROR_VMRESUME_NOT_LAUNCHED));
}

TEST(launch_state_after_failure, "a VM entry that fails leaves the launch state clear",
     SPEC("SDM vol. 3C, 26, step 5; 26.7"))
{
	struct vmx_guest *g = vmx_new();

	SUBTEST("controls");
	vmcs_write(VMCS_CR3_TARGET_COUNT, 0x200);
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_FAIL_VALID(VMX_ERROR_CONTROLS));
	vmcs_write(VMCS_CR3_TARGET_COUNT, 0);
	EXPECT_VMX(vmresume_try(), VMX_FAIL_VALID(VMX_ERROR_VMRESUME_NOT_LAUNCHED));
	SUBTEST("guest-state");
	vmcs_write(VMCS_GUEST_RFLAGS, 0);
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_ENTRY_FAILURE | VMX_EXIT_INVALID_GUEST_STATE);
	vmcs_write(VMCS_GUEST_RFLAGS, FLAG_1);
	EXPECT_VMX(vmresume_try(), VMX_FAIL_VALID(VMX_ERROR_VMRESUME_NOT_LAUNCHED));
}

/* SS is loaded right before, so that blocking by MOV SS is in effect. */
static struct vmx_result after_mov_ss(bool resume)
{
	struct vmx_result result;
	ulong ss = SEL_KERNEL_DATA;

	fault_clear();
	if (resume)
		__asm__ volatile("mov %w1, %%ss\nvmresume\npushf; pop %0"
				 : "=r"(result.flags)
				 : "r"(ss)
				 : "memory", "cc");
	else
		__asm__ volatile("mov %w1, %%ss\nvmlaunch\npushf; pop %0"
				 : "=r"(result.flags)
				 : "r"(ss)
				 : "memory", "cc");
	result.fault = NO_FAULT;
	return result;
}

TEST(entry_after_mov_ss, "a VM entry while events are blocked by MOV SS fails with error 26",
     SPEC("SDM vol. 3C, 26.1; 30.4"))
{
	vmx_new();
	SUBTEST("vmlaunch");
	EXPECT_VMX(after_mov_ss(false), VMX_FAIL_VALID(VMX_ERROR_MOV_SS));
	SUBTEST("vmresume");
	EXPECT_VMX(after_mov_ss(true), VMX_FAIL_VALID(VMX_ERROR_MOV_SS));
}

TEST(vmread_vmwrite_no_field,
     "VMREAD and VMWRITE of a field that does not exist fail with error 12",
     SPEC("SDM vol. 3C, 30.3, VMREAD, VMWRITE; 30.4"))
{
	/* Bit 12 and bits 31:15 of an encoding are reserved: 24.11.2. */
	static const u32 fields[] = { 0x1000, 0x8000, 0x10000, 0x80000000, 0x7ffe, 0x47fe, 0x27fe };
	ulong value = 0x1234;

	vmx_new();
	for (u32 i = 0; i < ARRAY_SIZE(fields); i++) {
		SUBTEST("vmread-%#x", fields[i]);
		EXPECT_VMX(vmread_try(fields[i], &value),
			   VMX_FAIL_VALID(VMX_ERROR_UNSUPPORTED_FIELD));
		EXPECT_EQ(value, 0x1234ul);
		SUBTEST("vmwrite-%#x", fields[i]);
		EXPECT_VMX(vmwrite_try(fields[i], 0), VMX_FAIL_VALID(VMX_ERROR_UNSUPPORTED_FIELD));
	}
}

TEST(vmwrite_read_only,
     "VMWRITE to a VM-exit information field fails with error 13 unless IA32_VMX_MISC allows it",
     SPEC("SDM vol. 3C, 30.3, VMWRITE; A.6"))
{
	static const u32 fields[] = { VMCS_VM_INSTRUCTION_ERROR,    VMCS_EXIT_REASON,
				      VMCS_EXIT_INTERRUPTION_INFO,  VMCS_IDT_VECTORING_INFO,
				      VMCS_EXIT_INSTRUCTION_LENGTH, VMCS_EXIT_INSTRUCTION_INFO,
				      VMCS_EXIT_QUALIFICATION,	    VMCS_GUEST_LINEAR_ADDRESS };
	const bool allowed = rdmsr(MSR_IA32_VMX_MISC) & BIT(29);

	vmx_new();
	for (u32 i = 0; i < ARRAY_SIZE(fields); i++) {
		SUBTEST("%s", vmcs_field_name(fields[i]));
		EXPECT_VMX(vmwrite_try(fields[i], 0),
			   allowed ? VMX_SUCCEED : VMX_FAIL_VALID(VMX_ERROR_READ_ONLY_FIELD));
	}
}
