/* SPDX-License-Identifier: MIT */
/* The fields of a VMCS, by VMREAD and VMWRITE: SDM vol. 3C, 24.11, appendix B, 30.3. */
#include "checks.h"

SUITE("VMX: fields of the VMCS", REQUIRES(vmx_available()));

static const enum vmcs_field all[] = {
#define FIELD(name, encoding) encoding,
	VMCS_FIELDS(FIELD)
#undef FIELD
};

static bool is_read_only(u32 field)
{
	return (field >> 10 & 3) == 1;
}

static bool exists(u32 field)
{
	ulong value = 0;

	return vmx_value(vmread_try(field, &value)) == VMX_SUCCEED;
}

static u64 width_mask(u32 field)
{
	switch (VMCS_WIDTH(field)) {
	case VMCS_WIDTH_16:
		return 0xffff;
	case VMCS_WIDTH_32:
		return 0xffffffff;
	case VMCS_WIDTH_64:
		return ~0ull;
	default:
		return (ulong)~0ul;
	}
}

/* Access rights may lose their reserved bits: 24.4.1. */
static u64 kept_mask(u32 field)
{
	if (field >= VMCS_GUEST_ES_ACCESS_RIGHTS && field <= VMCS_GUEST_TR_ACCESS_RIGHTS)
		return 0x1f0ff;
	return width_mask(field);
}

static void write_then_read(u32 width)
{
	static const u64 values[] = { 0, ~0ull, 0x5555555555555555ull, 0x123456789abcdef0ull };

	vmx_new();
	for (u32 i = 0; i < ARRAY_SIZE(all); i++) {
		if (VMCS_WIDTH(all[i]) != width || is_read_only(all[i]))
			continue;
		SUBTEST("%s", vmcs_field_name(all[i]));
		if (!exists(all[i])) {
			SKIP_ROW("the field does not exist");
			continue;
		}
		for (u32 j = 0; j < ARRAY_SIZE(values); j++) {
			vmcs_write(all[i], values[j]);
			EXPECT_EQ(vmcs_read(all[i]) & kept_mask(all[i]),
				  values[j] & kept_mask(all[i]));
			/* Nothing above the field's width comes back. */
			EXPECT_EQ(vmcs_read(all[i]) & ~width_mask(all[i]), 0ull);
		}
	}
}

#define WIDTH(name, width, words)                                                                \
	TEST(fields_##name, "each field of " words " gives back what was written, of its width", \
	     SPEC("SDM vol. 3C, 24.11.2; B.1 to B.4; 30.3, VMREAD, VMWRITE"))                    \
	{                                                                                        \
		write_then_read(width);                                                          \
	}

WIDTH(16, VMCS_WIDTH_16, "16 bits")
WIDTH(32, VMCS_WIDTH_32, "32 bits")
WIDTH(64, VMCS_WIDTH_64, "64 bits")
WIDTH(natural, VMCS_WIDTH_NATURAL, "natural width")

TEST(fields_separate, "a write to one field changes no other", SPEC("SDM vol. 3C, 24.11.2"))
{
	vmx_new();
	for (u32 i = 0; i < ARRAY_SIZE(all); i++)
		if (!is_read_only(all[i]) && exists(all[i]))
			vmcs_write(all[i], i & 0x7f);
	for (u32 i = 0; i < ARRAY_SIZE(all); i++) {
		if (is_read_only(all[i]) || !exists(all[i]))
			continue;
		SUBTEST("%s", vmcs_field_name(all[i]));
		EXPECT_EQ(vmcs_read(all[i]) & kept_mask(all[i]), i & 0x7f & kept_mask(all[i]));
	}
}

TEST(fields_high, "the high half of a field of 64 bits is a field of its own",
     SPEC("SDM vol. 3C, 24.11.2; 30.3, VMREAD, VMWRITE"))
{
	vmx_new();
	for (u32 i = 0; i < ARRAY_SIZE(all); i++) {
		ulong value = 0;

		if (VMCS_WIDTH(all[i]) != VMCS_WIDTH_64 || is_read_only(all[i]))
			continue;
		SUBTEST("%s", vmcs_field_name(all[i]));
		if (!exists(all[i])) {
			SKIP_ROW("the field does not exist");
			continue;
		}
		vmcs_write(all[i], 0x1122334455667788ull);
		EXPECT_VMX(vmread_try(all[i] + 1, &value), VMX_SUCCEED);
		EXPECT_EQ(value, 0x11223344ul);
		/* "a full 64-bit access does not" change: only bits 63:32 do. */
		EXPECT_VMX(vmwrite_try(all[i] + 1, (ulong)0x9999999955aa55aaull), VMX_SUCCEED);
		EXPECT_EQ(vmcs_read(all[i]), 0x55aa55aa55667788ull);
	}
}

TEST(fields_high_others, "no other field has a high half", SPEC("SDM vol. 3C, 24.11.2"))
{
	vmx_new();
	for (u32 i = 0; i < ARRAY_SIZE(all); i++) {
		ulong value = 0;

		if (VMCS_WIDTH(all[i]) == VMCS_WIDTH_64 || i % 3)
			continue;
		SUBTEST("%s", vmcs_field_name(all[i]));
		EXPECT_VMX(vmread_try(all[i] + 1, &value),
			   VMX_FAIL_VALID(VMX_ERROR_UNSUPPORTED_FIELD));
	}
}

TEST(fields_operand_high, "a field's encoding with a bit above 14 set does not exist",
     SPEC("SDM vol. 3C, 24.11.2; 30.3, VMREAD"))
{
	vmx_new();
	for (u32 bit = 15; bit < 8 * sizeof(ulong); bit++) {
		ulong value = 0;

		SUBTEST("bit-%u", bit);
		EXPECT_VMX(vmread_try((ulong)(VMCS_GUEST_RIP | BIT(bit)), &value),
			   VMX_FAIL_VALID(VMX_ERROR_UNSUPPORTED_FIELD));
		EXPECT_VMX(vmwrite_try((ulong)(VMCS_GUEST_RIP | BIT(bit)), 0),
			   VMX_FAIL_VALID(VMX_ERROR_UNSUPPORTED_FIELD));
	}
}

TEST(fields_other_vmcs, "each VMCS has fields of its own, which VMCLEAR and VMPTRLD keep",
     SPEC("SDM vol. 3C, 24.1; 24.11.1; 30.3, VMCLEAR, VMPTRLD"))
{
	struct vmx_guest *g = vmx_new();
	u32 *other = vmx_region();

	EXPECT_VMX(vmclear_try((ulong)other), VMX_SUCCEED);
	for (u32 clear = 0; clear < 2; clear++)
		for (u32 i = 0; i < ARRAY_SIZE(all); i += 5) {
			if (is_read_only(all[i]) || !exists(all[i]))
				continue;
			SUBTEST("%s-%s", clear ? "vmclear" : "vmptrld", vmcs_field_name(all[i]));
			vmcs_write(all[i], 0x11);
			if (clear)
				EXPECT_VMX(vmclear_try((ulong)g->vmcs), VMX_SUCCEED);
			EXPECT_VMX(vmptrld_try((ulong)other), VMX_SUCCEED);
			vmcs_write(all[i], 0x22);
			if (clear)
				EXPECT_VMX(vmclear_try((ulong)other), VMX_SUCCEED);
			EXPECT_VMX(vmptrld_try((ulong)g->vmcs), VMX_SUCCEED);
			EXPECT_EQ(vmcs_read(all[i]), 0x11ull);
			EXPECT_VMX(vmptrld_try((ulong)other), VMX_SUCCEED);
			EXPECT_EQ(vmcs_read(all[i]), 0x22ull);
			EXPECT_VMX(vmptrld_try((ulong)g->vmcs), VMX_SUCCEED);
		}
}

TEST(fields_revision_kept,
     "neither VMPTRLD nor VMWRITE nor VMCLEAR changes the revision identifier",
     SPEC("SDM vol. 3C, 24.2; 30.3"))
{
	struct vmx_guest *g = vmx_new();
	const u32 revision = g->vmcs[0];

	vmcs_write(VMCS_GUEST_RIP, ~0ull);
	EXPECT_VMX(vmclear_try((ulong)g->vmcs), VMX_SUCCEED);
	EXPECT_EQ(g->vmcs[0], revision);
	EXPECT_EQ(g->vmcs[0], (u32)rdmsr(MSR_IA32_VMX_BASIC) & ~(u32)BIT(31));
	/* The indicator of VMX aborts is written by none but an abort. */
	EXPECT_EQ(g->vmcs[1], 0u);
}

TEST(vmread_memory,
     "VMREAD to memory writes as much as the mode's operand has, and faults as a write",
     SPEC("SDM vol. 3C, 30.3, VMREAD"), BUG("a4d956b93904"))
{
	struct vmx_guest *g = vmx_new();
	ulong *at = (ulong *)g->data;
	ulong flags;

	SUBTEST("16-bit-field");
	at[0] = at[1] = ~0ul;
	vmcs_write(VMCS_GUEST_ES_SELECTOR, 0x1234);
	__asm__ volatile("vmread %1, %0" : "=m"(at[0]) : "r"((ulong)VMCS_GUEST_ES_SELECTOR) : "cc");
	EXPECT_EQ(at[0], 0x1234ul);
	EXPECT_EQ(at[1], ~0ul);
	SUBTEST("page-fault");
	fault_clear();
	__asm__ volatile("push %2; popf\n" GUARDED("vmread %1, 0x10") "pushf; pop %0\n"
			 : "=&r"(flags)
			 : "r"((ulong)VMCS_GUEST_ES_SELECTOR), "r"((ulong)(VMX_FLAGS | FLAG_1))
			 : "memory", "cc");
	EXPECT_FAULT(PF(PF_W, (void *)0x10), fault_taken());
	/* A fault leaves the flags as they were. */
	EXPECT_EQ(flags & VMX_FLAGS, VMX_FLAGS);
	SUBTEST("no-field-first");
	fault_clear();
	__asm__ volatile(GUARDED("vmread %0, 0x10") : : "r"(0x7ffeul) : "memory", "cc");
	EXPECT_NO_FAULT(fault_taken());
}

TEST(vmwrite_memory,
     "VMWRITE from memory reads as much as the mode's operand has, and faults as a read",
     SPEC("SDM vol. 3C, 30.3, VMWRITE"))
{
	struct vmx_guest *g = vmx_new();
	ulong *at = (ulong *)g->data;

	SUBTEST("natural");
	at[0] = (ulong)0x1122334455667788ull;
	__asm__ volatile("vmwrite %1, %0"
			 :
			 : "r"((ulong)VMCS_GUEST_RIP), "m"(at[0])
			 : "memory", "cc");
	EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), (u64)at[0]);
	SUBTEST("page-fault");
	fault_clear();
	__asm__ volatile(GUARDED("vmwrite 0x10, %0")
			 :
			 : "r"((ulong)VMCS_GUEST_RIP)
			 : "memory", "cc");
	EXPECT_FAULT(PF(0, (void *)0x10), fault_taken());
	EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), (u64)at[0]);
}

TEST(vmx_pointer_memory, "VMPTRLD, VMCLEAR, VMXON and VMPTRST fault as accesses of eight bytes",
     SPEC("SDM vol. 3C, 30.3"))
{
	u64 *absent = (u64 *)0x10;

	vmx_new();
	SUBTEST("vmptrld");
	fault_clear();
	__asm__ volatile(GUARDED("vmptrld (%0)") : : "r"(absent) : "memory", "cc");
	EXPECT_FAULT(PF(0, absent), fault_taken());
	SUBTEST("vmclear");
	fault_clear();
	__asm__ volatile(GUARDED("vmclear (%0)") : : "r"(absent) : "memory", "cc");
	EXPECT_FAULT(PF(0, absent), fault_taken());
	SUBTEST("vmptrst");
	fault_clear();
	__asm__ volatile(GUARDED("vmptrst (%0)") : : "r"(absent) : "memory", "cc");
	EXPECT_FAULT(PF(PF_W, absent), fault_taken());
	SUBTEST("invept");
	if (vmx_ept_vpid_cap() & BIT(20)) {
		fault_clear();
		__asm__ volatile(GUARDED("invept (%0), %1")
				 :
				 : "r"(absent), "r"(2ul)
				 : "memory", "cc");
		EXPECT_FAULT(PF(0, absent), fault_taken());
	}
	SUBTEST("invvpid");
	if (vmx_ept_vpid_cap() & BIT(32)) {
		fault_clear();
		__asm__ volatile(GUARDED("invvpid (%0), %1")
				 :
				 : "r"(absent), "r"(2ul)
				 : "memory", "cc");
		EXPECT_FAULT(PF(0, absent), fault_taken());
	}
}
