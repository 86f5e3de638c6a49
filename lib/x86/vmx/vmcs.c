/* SPDX-License-Identifier: MIT */
/* What the CPU can of VMX, VMX operation, and the fields of the current VMCS. */
#include <x86/vmx/vmx.h>

#include <mm/page.h>
#include <sys/cpu.h>
#include <x86/cr.h>
#include <x86/msr.h>

/* Per CPU, from the page allocator, forgotten with the case. */
static u32 *vmxon_regions[MAX_CPUS];

/* ---------------------------------------------------------------------------------- capabilities */

bool vmx_available(void)
{
	const u64 wanted = FEATURE_CONTROL_LOCK | FEATURE_CONTROL_OUTSIDE_SMX;
	u64 control = 0;

	if (!cpu_has(X86_FEATURE_VMX) || rdmsr_try(MSR_IA32_FEATURE_CONTROL, &control).kind)
		return false;
	return !(control & FEATURE_CONTROL_LOCK) || (control & wanted) == wanted;
}

struct vmx_allowed vmx_allowed(enum vmcs_field controls)
{
	/* By the place of the field, and the TRUE registers, which have all but the secondary controls. */
	bool true_controls = rdmsr(MSR_IA32_VMX_BASIC) & BIT(55);
	u32 index;
	u64 value;

	switch (controls) {
	case VMCS_PIN_CONTROLS:
		index = true_controls ? 0x48d : 0x481;
		break;
	case VMCS_PRIMARY_CONTROLS:
		index = true_controls ? 0x48e : 0x482;
		break;
	case VMCS_EXIT_CONTROLS:
		index = true_controls ? 0x48f : 0x483;
		break;
	case VMCS_ENTRY_CONTROLS:
		index = true_controls ? 0x490 : 0x484;
		break;
	default:
		if (!vmx_can(VMCS_PRIMARY_CONTROLS, CPU_SECONDARY))
			return (struct vmx_allowed){ 0, 0 };
		index = MSR_IA32_VMX_PROCBASED_CTLS2;
	}
	value = rdmsr(index);
	return (struct vmx_allowed){ (u32)value, (u32)(value >> 32) };
}

bool vmx_can(enum vmcs_field controls, u64 bits)
{
	return (vmx_allowed(controls).may & bits) == bits;
}

u64 vmx_ept_vpid_cap(void)
{
	if (!vmx_can(VMCS_SECONDARY_CONTROLS, CPU2_EPT) &&
	    !vmx_can(VMCS_SECONDARY_CONTROLS, CPU2_VPID))
		return 0;
	return rdmsr(MSR_IA32_VMX_EPT_VPID_CAP);
}

bool vmx_has_ept(void)
{
	const u64 needed = BIT(6) | BIT(14) | BIT(16); /* four levels, write-back, 2 MiB */

	return vmx_can(VMCS_SECONDARY_CONTROLS, CPU2_EPT) &&
	       (vmx_ept_vpid_cap() & needed) == needed;
}

/* ----------------------------------------------------------------------------------- instructions */

u64 vmx_value(struct vmx_result result)
{
	ulong flags = result.flags & VMX_FLAGS;
	ulong error = 0;

	if (!flags)
		return VMX_SUCCEED;
	if (flags == FLAG_CF)
		return VMX_FAIL_INVALID;
	if (flags != FLAG_ZF)
		return VMX_NO_RESULT;
	vmread_try(VMCS_VM_INSTRUCTION_ERROR, &error);
	return VMX_FAIL_VALID(error);
}

void vmx_must_succeed(struct vmx_result result)
{
	ASSERT_NO_FAULT(result.fault);
	ASSERT_STR_EQ(vmx_exit_name(vmx_value(result)), "VMsucceed");
}

u32 *vmx_region(void)
{
	u32 *region = page_alloc();

	region[0] = (u32)rdmsr(MSR_IA32_VMX_BASIC) & ~(u32)BIT(31);
	return region;
}

u64 vmx_vmxon_region(void)
{
	return (ulong)vmxon_regions[this_cpu()->number];
}

void vmx_enable_with(u32 *region)
{
	u64 control = rdmsr(MSR_IA32_FEATURE_CONTROL);

	if (!(control & FEATURE_CONTROL_LOCK))
		wrmsr(MSR_IA32_FEATURE_CONTROL,
		      control | FEATURE_CONTROL_LOCK | FEATURE_CONTROL_OUTSIDE_SMX);
	write_cr4(read_cr4() | CR4_VMXE);
	vmx_must_succeed(vmxon_try((ulong)region));
}

void vmx_enable(void)
{
	u32 **region = &vmxon_regions[this_cpu()->number];

	if (read_cr4() & CR4_VMXE)
		return;
	*region = vmx_region();
	vmx_enable_with(*region);
}

u64 vmcs_read(enum vmcs_field field)
{
	ulong value = 0, high = 0;

	vmx_must_succeed(vmread_try(field, &value));
	if (sizeof(ulong) == 8 || VMCS_WIDTH(field) != VMCS_WIDTH_64)
		return value;
	vmx_must_succeed(vmread_try(field + 1, &high));
	return (u64)high << 32 | value;
}

void vmcs_write(enum vmcs_field field, u64 value)
{
	vmx_must_succeed(vmwrite_try(field, (ulong)value));
	if (sizeof(ulong) != 8 && VMCS_WIDTH(field) == VMCS_WIDTH_64)
		vmx_must_succeed(vmwrite_try(field + 1, (ulong)(value >> 32)));
}
