/* SPDX-License-Identifier: MIT */
/* Exits after an instruction, which leave its debug trap pending: SDM vol. 3C, 27.3.4. */
#include "apicv.h"

SUITE("VMX: debug traps before exits of APIC virtualisation",
      REQUIRES(vmx_available() && vmx_can(VMCS_PRIMARY_CONTROLS, CPU_TPR_SHADOW)));

#define BS BIT(14)

/* BX points into the page; EAX, which is 0, is written there, or into CR8. */
static const struct way {
	const char *name, *bytes;
	u32 size, offset, threshold;
	u64 secondary;
	u32 exit;
	bool only_64;
} ways[] = {
	{ "tpr-cr8", "\x44\x0f\x22\xc0", 4, 0, 1, 0, VMX_EXIT_TPR_BELOW_THRESHOLD, true },
	{ "tpr-memory", "\x89\x03", 2, APIC_TPR, 1, CPU2_APIC_ACCESSES,
	  VMX_EXIT_TPR_BELOW_THRESHOLD, false },
	{ "eoi", "\x89\x03", 2, APIC_EOI, 0, CPU2_APIC_ACCESSES | CPU2_VIRTUAL_INTERRUPTS,
	  VMX_EXIT_VIRTUALIZED_EOI, false },
	{ "write", "\x89\x03", 2, APIC_LVT_TIMER, 0, CPU2_APIC_ACCESSES | CPU2_APIC_REGISTERS,
	  VMX_EXIT_APIC_WRITE, false },
};

static void set_up(struct apicv *a, const struct way *way)
{
	apicv_reset(a);
	apicv_enable(a, way->secondary);
	apicv_enable_shadow(a);
	vmx_code(a->g, way->bytes, way->size);
	a->g->registers.bx = a->address + way->offset;
	*apicv_register(a, APIC_TPR) = 0xf0;
	if (way->threshold)
		vmcs_write(VMCS_TPR_THRESHOLD, way->threshold);
	if (way->exit == VMX_EXIT_VIRTUALIZED_EOI) {
		apicv_set_bit(a, APIC_ISR, 0x60);
		apicv_set_status(0, 0x60);
		vmcs_write(VMCS_EOI_EXIT_BITMAP1, BIT(0x60 - 64));
	}
}

TEST(apicv_pending_step,
     "the single step of an instruction that exits after it is pending, and comes later",
     SPEC("SDM vol. 3C, 27.3.4; 26.6.3"))
{
	struct apicv a = apicv_new();

	for (u32 i = 0; i < ARRAY_SIZE(ways); i++)
		for (u32 step = 0; step < 2; step++) {
			if (ways[i].only_64 && sizeof(ulong) == 4)
				continue;
			SUBTEST("%s-%s", ways[i].name, step ? "step" : "no-step");
			if (!apicv_can(ways[i].secondary)) {
				SKIP_ROW("the capability MSR does not allow the controls");
				continue;
			}
			set_up(&a, &ways[i]);
			vmcs_set(VMCS_GUEST_RFLAGS, step ? FLAG_TF : 0);
			vmx_run(a.g);
			EXPECT_VMX_EXIT(a.g, ways[i].exit);
			EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_end(a.g));
			EXPECT_EQ(vmcs_read(VMCS_GUEST_PENDING_DEBUG), step ? BS : 0ull);
			vmcs_write(VMCS_TPR_THRESHOLD, 0);
			vmx_run(a.g);
			if (step) {
				EXPECT_VMX_EXCEPTION(a.g, VEC_DB);
				EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), BS);
			} else {
				EXPECT_VMX_DONE(a.g);
			}
		}
}
