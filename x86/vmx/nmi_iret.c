/* SPDX-License-Identifier: MIT */
/* IRET, which unblocks NMIs, and what comes in its course: SDM vol. 3C, 25.3, IRET; 27.1; 27.2.2. */
#include "nmi.h"

#include <string.h>

SUITE("VMX: IRET and NMI blocking", REQUIRES(vmx_available() && HAS_VIRTUAL));

u32 nmi_put_iret(u8 *code, u8 *stack)
{
#define WORD sizeof(ulong)
	ulong *frame = (ulong *)stack;
	u32 size = sizeof(ulong) == 8 ? 2 : 1;

	memcpy(code, sizeof(ulong) == 8 ? "\x48\xcf" : "\xcf", size);
	frame[0] = (ulong)code + size;
	frame[1] = SEL_KERNEL_CODE;
	frame[2] = FLAG_1;
	frame[3] = (ulong)(stack + 5 * WORD);
	frame[4] = SEL_KERNEL_DATA;
	return size;
}

void nmi_unblock_host(void)
{
#ifdef __x86_64__
	__asm__ volatile(
		"mov %%rsp, %%rax; push %0; push %%rax; pushf; push %1; push $1f; iretq; 1:"
		:
		: "i"(SEL_KERNEL_DATA), "i"(SEL_KERNEL_CODE)
		: "rax", "memory", "cc");
#else
	__asm__ volatile("pushf; push %0; push $1f; iret; 1:"
			 :
			 : "i"(SEL_KERNEL_CODE)
			 : "memory", "cc");
#endif
}

void nmi_end_virtual(struct vmx_guest *g)
{
	u8 *stack = g->stack_top - 0x100;
	u32 size;

	vmx_reset(g);
	size = nmi_put_iret(g->code, stack);
	vmx_code(g, g->code, size);
	vmcs_set(VMCS_PIN_CONTROLS, PIN_NMI | PIN_VIRTUAL_NMIS);
	vmcs_write(VMCS_GUEST_RSP, (ulong)stack);
	vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, BLOCKED_NMI);
	vmx_run(g);
}

TEST(nmi_iret_fault, "a fault of IRET has unblocked, and tells so in bit 12",
     SPEC("SDM vol. 3C, 25.3, IRET; 27.2.2"), REQUIRES(HAS_VIRTUAL))
{
	struct vmx_guest *g = vmx_new();

	for (u32 blocked = 0; blocked < 2; blocked++)
		for (u32 iret = 0; iret < 2; iret++) {
			SUBTEST("%s-%s", iret ? "iret" : "other",
				blocked ? "blocked" : "not-blocked");
			nmi_end_virtual(g);
			vmx_reset(g);
			if (iret)
				nmi_put_iret(g->code, g->stack_top - 0x100);
			else
				memcpy(g->code, "\x58\x90", 2);
			vmx_code(g, g->code, 2);
			vmcs_set(VMCS_PIN_CONTROLS, PIN_NMI | PIN_VIRTUAL_NMIS);
			vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, blocked ? BLOCKED_NMI : 0);
			/* The stack is in page 0, which is absent. */
			vmcs_write(VMCS_GUEST_RSP, 0x100);
			vmx_run(g);
			EXPECT_VMX_EXCEPTION(g, VEC_PF);
			EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_INFO) & BIT(12),
				  iret && blocked ? BIT(12) : 0ull);
			EXPECT_EQ(vmcs_read(VMCS_GUEST_INTERRUPTIBILITY),
				  !iret && blocked ? BLOCKED_NMI : 0ull);
			nmi_end_virtual(g);
		}
}

TEST(nmi_iret_violation, "an EPT violation of IRET has unblocked, and tells so in bit 12",
     SPEC("SDM vol. 3C, 27.1; 27.2.1, table 27-7"), REQUIRES(HAS_VIRTUAL &&vmx_has_ept()))
{
	struct vmx_guest *g = vmx_new();

	for (u32 blocked = 0; blocked < 2; blocked++)
		for (u32 iret = 0; iret < 2; iret++) {
			u64 *entry;

			SUBTEST("%s-%s", iret ? "iret" : "other",
				blocked ? "blocked" : "not-blocked");
			nmi_end_virtual(g);
			vmx_reset(g);
			if (iret)
				nmi_put_iret(g->code, g->stack_top - 0x100);
			else
				memcpy(g->code, "\x58\x90", 2);
			vmx_code(g, g->code, 2);
			vmx_use_ept(g);
			vmcs_set(VMCS_PIN_CONTROLS, PIN_NMI | PIN_VIRTUAL_NMIS);
			vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, blocked ? BLOCKED_NMI : 0);
			vmcs_write(VMCS_GUEST_RSP, (ulong)g->data + 0x100);
			entry = vmx_ept_entry(g, (ulong)g->data);
			*entry = 0;
			vmx_run(g);
			EXPECT_VMX_EXIT(g, VMX_EXIT_EPT_VIOLATION);
			EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION) & BIT(12),
				  iret && blocked ? BIT(12) : 0ull);
			EXPECT_EQ(vmcs_read(VMCS_GUEST_INTERRUPTIBILITY),
				  !iret && blocked ? BLOCKED_NMI : 0ull);
			/* That is of this exit only: POP in the place of IRET. */
			memcpy(g->code, "\x58\x90", 2);
			vmx_run(g);
			EXPECT_VMX_EXIT(g, VMX_EXIT_EPT_VIOLATION);
			EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION) & BIT(12), 0ull);
			nmi_end_virtual(g);
		}
}

/* Everything is accessed and dirty, the table of `entry`, too. */
static void dirty_all(struct vmx_guest *g, u64 *entry)
{
	u64 *table = (u64 *)ALIGN_DOWN((ulong)entry, (ulong)PAGE_SIZE);

	for (u32 i = 0; i < 6 * 512; i++)
		if (g->ept[i])
			g->ept[i] |= EPT_A | EPT_D;
	for (u32 i = 0; i < 512; i++)
		if (table[i])
			table[i] |= EPT_A | EPT_D;
}

TEST(nmi_iret_pml, "an IRET whose access finds the log full has unblocked, and tells so in bit 12",
     SPEC("SDM vol. 3C, 27.1; 27.2.1; 28.2.5"),
	  REQUIRES(HAS_VIRTUAL &&vmx_has_ept() && vmx_can(VMCS_SECONDARY_CONTROLS, CPU2_PML)))
{
	struct vmx_guest *g = vmx_new();

	for (u32 blocked = 0; blocked < 2; blocked++) {
		u8 *stack = g->stack_top - 0x100;
		u64 *written, *read;

		SUBTEST("%s", blocked ? "blocked" : "not-blocked");
		nmi_end_virtual(g);
		vmx_reset(g);
		/* MOV [DI], AL takes the log's last entry; IRET's is the access that finds none. */
		memcpy(g->code, "\x88\x07", 2);
		nmi_put_iret(g->code + 2, stack);
		vmx_code(g, g->code, 4);
		vmx_use_ept(g);
		vmcs_write(VMCS_EPTP, vmcs_read(VMCS_EPTP) | EPTP_ACCESSED_DIRTY);
		written = vmx_ept_entry(g, (ulong)g->data);
		read = vmx_ept_entry(g, (ulong)stack);
		dirty_all(g, written);
		dirty_all(g, read);
		*written &= ~(EPT_A | EPT_D);
		*read &= ~(EPT_A | EPT_D);
		vmcs_set(VMCS_SECONDARY_CONTROLS, CPU2_PML);
		vmcs_write(VMCS_PML_ADDRESS, (ulong)g->io_bitmaps);
		vmcs_write(VMCS_PML_INDEX, 0);
		vmcs_set(VMCS_PIN_CONTROLS, PIN_NMI | PIN_VIRTUAL_NMIS);
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, blocked ? BLOCKED_NMI : 0);
		vmcs_write(VMCS_GUEST_RSP, (ulong)stack);
		g->registers.di = (ulong)g->data;
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_PML_FULL);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g) + 2);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION) & BIT(12), blocked ? BIT(12) : 0ull);
		nmi_end_virtual(g);
	}
}
