/* SPDX-License-Identifier: MIT */
#include "apicv.h"

#include <string.h>

#define NEED_SHADOW (CPU2_X2APIC | CPU2_APIC_REGISTERS | CPU2_VIRTUAL_INTERRUPTS)

bool apicv_can(u64 secondary)
{
	if (!vmx_can(VMCS_SECONDARY_CONTROLS, secondary))
		return false;
	return !(secondary & NEED_SHADOW) || vmx_can(VMCS_PRIMARY_CONTROLS, CPU_TPR_SHADOW);
}

void apicv_reset(struct apicv *a)
{
	vmx_reset(a->g);
	space_map(a->space, a->address, a->access, PAGE_SIZE, PROT_ALL);
	vmcs_write(VMCS_GUEST_CR3, (ulong)a->space->root);
	memset(a->virtual, 0, PAGE_SIZE);
	memset((void *)(ulong)a->access, 0xa5, PAGE_SIZE);
	a->g->registers.bx = a->address;
}

struct apicv apicv_new(void)
{
	struct apicv a = {
		.g = vmx_new(),
		.space = space_create(),
		.virtual = page_alloc(),
		.access = (ulong)pages_alloc(3, PAGE_SIZE) + PAGE_SIZE,
		.address = 0xc0000000ul,
	};

	apicv_reset(&a);
	return a;
}

void apicv_enable_shadow(struct apicv *a)
{
	vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_TPR_SHADOW);
	vmcs_write(VMCS_VIRTUAL_APIC_ADDRESS, (ulong)a->virtual);
}

void apicv_enable(struct apicv *a, u64 secondary)
{
	vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_SECONDARY);
	vmcs_set(VMCS_SECONDARY_CONTROLS, secondary);
	if (secondary & NEED_SHADOW)
		apicv_enable_shadow(a);
	if (secondary & CPU2_VIRTUAL_INTERRUPTS)
		vmcs_set(VMCS_PIN_CONTROLS, PIN_EXTERNAL_INTERRUPT);
	if (secondary & CPU2_APIC_ACCESSES)
		vmcs_write(VMCS_APIC_ACCESS_ADDRESS, a->access);
	if (vmx_can(VMCS_PRIMARY_CONTROLS, CPU_MSR_BITMAPS))
		vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_MSR_BITMAPS);
}

void apicv_set_bit(struct apicv *a, u32 first, u32 vector)
{
	*apicv_register(a, first + vector / 32 * 0x10) |= (u32)BIT(vector % 32);
}

bool apicv_get_bit(struct apicv *a, u32 first, u32 vector)
{
	return *apicv_register(a, first + vector / 32 * 0x10) & BIT(vector % 32);
}

void apicv_set_status(u32 rvi, u32 svi)
{
	vmcs_write(VMCS_GUEST_INTERRUPT_STATUS, svi << 8 | rvi);
}

void apicv_set_up_virtual(struct apicv *a, u64 also)
{
	apicv_reset(a);
	apicv_enable(a, CPU2_VIRTUAL_INTERRUPTS | also);
	vmx_deliver(a->g);
	vmx_code(a->g, "\x90", 1);
	vmcs_set(VMCS_GUEST_RFLAGS, FLAG_IF);
}

void apicv_request(struct apicv *a, u32 vector)
{
	apicv_set_bit(a, APIC_IRR, vector);
}

void apicv_expect_delivered(struct apicv *a, u32 vector)
{
	EXPECT_VMX_EXIT(a->g, VMX_EXIT_VMCALL);
	EXPECT_EQ(vmx_delivered(a->g), (s32)vector);
	EXPECT(!apicv_get_bit(a, APIC_IRR, vector));
	EXPECT(apicv_get_bit(a, APIC_ISR, vector));
	EXPECT_EQ(*apicv_register(a, APIC_PPR), vector & 0xf0);
	EXPECT_EQ(APICV_SVI(), vector);
}
