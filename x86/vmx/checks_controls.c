/* SPDX-License-Identifier: MIT */
/* SDM vol. 3C, 26.2.1: what a VM entry refuses of the VMX controls, with error 7. */
#include "checks.h"

SUITE("VMX: VM entry's checks on controls", REQUIRES(vmx_available()));

#define CHECK(rows) check_rows(CHECK_CONTROLS, rows, ARRAY_SIZE(rows))

#define TOO_HIGH BIT(cpu_physical_bits())

/* With the secondary controls on. */
#define SECONDARY(bits) SET(PRIMARY_CONTROLS, CPU_SECONDARY), SET(SECONDARY_CONTROLS, bits)
#define APIC_PAGE \
	SET(PRIMARY_CONTROLS, CPU_TPR_SHADOW), PUT(VIRTUAL_APIC_ADDRESS, (ulong)page_alloc())

static void reserved_bits(enum vmcs_field field, const char *name)
{
	struct vmx_guest *g = vmx_new();
	struct vmx_allowed allowed = vmx_allowed(field);

	for (u32 bit = 0; bit < 32; bit++) {
		bool must = allowed.must & BIT(bit), may = allowed.may & BIT(bit);

		if (may && !must)
			continue;
		SUBTEST("%s-bit-%u-%s", name, bit, must ? "clear" : "set");
		check_set_up(g);
		if (field == VMCS_SECONDARY_CONTROLS) {
			if (!vmx_can(VMCS_PRIMARY_CONTROLS, CPU_SECONDARY)) {
				SKIP_ROW("no secondary controls");
				continue;
			}
			vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_SECONDARY);
		}
		vmcs_write(field, vmcs_read(field) ^ BIT(bit));
		check_expect(g, CHECK_CONTROLS, true);
	}
	SUBTEST("%s-as-allowed", name);
	check_set_up(g);
	check_expect(g, CHECK_CONTROLS, false);
}

TEST(controls_pin_reserved, "reserved bits of the pin-based controls must be set properly",
     SPEC("SDM vol. 3C, 26.2.1.1; A.3.1"))
{
	reserved_bits(VMCS_PIN_CONTROLS, "pin");
}

TEST(controls_primary_reserved, "reserved bits of the primary controls must be set properly",
     SPEC("SDM vol. 3C, 26.2.1.1; A.3.2"))
{
	reserved_bits(VMCS_PRIMARY_CONTROLS, "primary");
}

TEST(controls_secondary_reserved, "reserved bits of the secondary controls must be cleared",
     SPEC("SDM vol. 3C, 26.2.1.1; A.3.3"))
{
	reserved_bits(VMCS_SECONDARY_CONTROLS, "secondary");
}

TEST(controls_exit_reserved, "reserved bits of the VM-exit controls must be set properly",
     SPEC("SDM vol. 3C, 26.2.1.2; A.4"))
{
	reserved_bits(VMCS_EXIT_CONTROLS, "exit");
}

TEST(controls_entry_reserved, "reserved bits of the VM-entry controls must be set properly",
     SPEC("SDM vol. 3C, 26.2.1.3; A.5"))
{
	reserved_bits(VMCS_ENTRY_CONTROLS, "entry");
}

TEST(controls_secondary_ignored,
     "with the secondary controls off, their field is not checked and has no effect",
     SPEC("SDM vol. 3C, 26.2.1.1"), REQUIRES(vmx_can(VMCS_PRIMARY_CONTROLS, CPU_SECONDARY)))
{
	for (u32 bit = 0; bit < 32; bit++) {
		struct vmx_guest *g = vmx_new();

		SUBTEST("bit-%u", bit);
		check_set_up(g);
		vmcs_write(VMCS_SECONDARY_CONTROLS, BIT(bit));
		check_expect(g, CHECK_CONTROLS, false);
	}
}

/* 64 bits, all of which may be 0: each that the MSR does not allow is refused where another control has them used. */
static void younger_controls(enum vmcs_field user, u64 use, enum vmcs_field field, u32 msr)
{
	struct vmx_guest *g = vmx_new();
	const bool can = vmx_can(user, use);
	const u64 allowed = can ? rdmsr(msr) : 0;
	ulong value = 0;

	for (u32 used = 0; used < 2; used++)
		for (u32 bit = 0; bit < 64; bit++) {
			SUBTEST("%s-%sbit-%u", used ? "used" : "unused", bit < 32 ? "" : "high-",
				bit);
			check_set_up(g);
			if (vmx_value(vmread_try(field, &value)) != VMX_SUCCEED) {
				SKIP_ROW("the field does not exist");
				continue;
			}
			/* What a control that may be 1 does to the guest is no matter of its check. */
			if (used && (!can || (allowed & BIT(bit)))) {
				SKIP_ROW("%s", can ? "the control may be 1" : "nothing uses them");
				continue;
			}
			if (used)
				vmcs_set(user, use);
			vmcs_write(field, BIT(bit));
			check_expect(g, CHECK_CONTROLS, used);
		}
}

TEST(controls_tertiary,
     "a tertiary control that its capability MSR does not have is refused; with them off the field is not checked",
     SPEC("SDM vol. 3C of later editions, 26.2.1.1; A.3.4"))
{
	younger_controls(VMCS_PRIMARY_CONTROLS, CPU_TERTIARY, VMCS_TERTIARY_CONTROLS,
			 MSR_IA32_VMX_PROCBASED_CTLS3);
}

TEST(controls_exit_secondary,
     "a secondary VM-exit control that its capability MSR does not have is refused; with them off the field is not "
     "checked",
     SPEC("SDM vol. 3C of later editions, 26.2.1.2; A.4.2"))
{
	younger_controls(VMCS_EXIT_CONTROLS, EXIT_SECONDARY, VMCS_SECONDARY_EXIT_CONTROLS,
			 MSR_IA32_VMX_EXIT_CTLS2);
}

TEST(controls_cr3_target_count, "the CR3-target count must not be greater than IA32_VMX_MISC says",
     SPEC("SDM vol. 3C, 26.2.1.1; A.6"))
{
	const u64 most = rdmsr(MSR_IA32_VMX_MISC) >> 16 & 0x1ff;
	const struct check rows[] = {
		{ "most", false, { PUT(CR3_TARGET_COUNT, most) } },
		{ "one-more", true, { PUT(CR3_TARGET_COUNT, most + 1) } },
		{ "0xffffffff", true, { PUT(CR3_TARGET_COUNT, 0xffffffff) } },
		{ "0x100-more", true, { PUT(CR3_TARGET_COUNT, most + 0x100) } },
	};

	CHECK(rows);
}

/* Each bit that must be 0 in a physical address that has `low` bits of alignment. */
static void address_bits(const struct change *with, u32 count, enum vmcs_field field,
			 const char *name, u32 low)
{
	check_bits_with(CHECK_CONTROLS, with, count, field, name,
			BITS(low - 1, 0) | BITS(63, cpu_physical_bits()), true);
	/* A page that exists, and then the highest that may be named: nothing is read there at an entry. */
	check_bits_with(CHECK_CONTROLS, with, count, field, name, BIT(low), false);
}

TEST(controls_io_bitmaps, "I/O-bitmap addresses must be aligned and within the physical width",
     SPEC("SDM vol. 3C, 26.2.1.1"))
{
	const struct change with[] = { SET(PRIMARY_CONTROLS, CPU_IO_BITMAPS) };

	address_bits(with, 1, VMCS_IO_BITMAP_A, "a", 12);
	address_bits(with, 1, VMCS_IO_BITMAP_B, "b", 12);
	check_bits(CHECK_CONTROLS, VMCS_IO_BITMAP_A, "unused", BITS(11, 0) | BIT(63), false);
}

TEST(controls_msr_bitmap, "the MSR-bitmap address must be aligned and within the physical width",
     SPEC("SDM vol. 3C, 26.2.1.1"), REQUIRES(vmx_can(VMCS_PRIMARY_CONTROLS, CPU_MSR_BITMAPS)))
{
	const struct change with[] = { SET(PRIMARY_CONTROLS, CPU_MSR_BITMAPS) };

	address_bits(with, 1, VMCS_MSR_BITMAP, "msr", 12);
	check_bits(CHECK_CONTROLS, VMCS_MSR_BITMAP, "unused", BITS(11, 0) | BIT(63), false);
}

TEST(controls_virtual_apic,
     "the virtual-APIC address must be aligned and within the physical width",
     SPEC("SDM vol. 3C, 26.2.1.1"), REQUIRES(vmx_can(VMCS_PRIMARY_CONTROLS, CPU_TPR_SHADOW)))
{
	const struct change with[] = { APIC_PAGE };
	const struct change accesses[] = { SECONDARY(CPU2_APIC_ACCESSES), APIC_PAGE };

	check_bits_with(CHECK_CONTROLS, with, 2, VMCS_VIRTUAL_APIC_ADDRESS, "address",
			BITS(11, 0) | BITS(63, cpu_physical_bits()), true);
	check_bits_with(CHECK_CONTROLS, with, 2, VMCS_TPR_THRESHOLD, "threshold", BITS(31, 4),
			true);
	/* There, nothing else is wrong with a threshold that is too high. */
	check_bits_with(CHECK_CONTROLS, accesses, ARRAY_SIZE(accesses), VMCS_TPR_THRESHOLD,
			"threshold-accesses", BITS(31, 4), true);
	check_bits_with(CHECK_CONTROLS, accesses, ARRAY_SIZE(accesses), VMCS_VIRTUAL_APIC_ADDRESS,
			"address-accesses", BITS(11, 0), true);
}

TEST(controls_tpr_threshold, "the TPR threshold must not be greater than VTPR's priority class",
     SPEC("SDM vol. 3C, 26.2.1.1"), REQUIRES(vmx_can(VMCS_PRIMARY_CONTROLS, CPU_TPR_SHADOW)))
{
	struct vmx_guest *g = vmx_new();
	u8 *page = page_alloc();

	for (u32 class = 0; class < 16; class += 5)
		for (u32 threshold = 0; threshold < 16; threshold++) {
			SUBTEST("class-%u-threshold-%u", class, threshold);
			check_set_up(g);
			vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_TPR_SHADOW);
			vmcs_write(VMCS_VIRTUAL_APIC_ADDRESS, (ulong)page);
			vmcs_write(VMCS_TPR_THRESHOLD, threshold);
			*(u32 *)(page + 0x80) = class << 4 | 0xf;
			check_expect(g, CHECK_CONTROLS, threshold > class);
		}
}

TEST(controls_nmi, "virtual NMIs need NMI exiting, and NMI-window exiting needs virtual NMIs",
     SPEC("SDM vol. 3C, 26.2.1.1"))
{
	const struct check rows[] = {
		{ "virtual-alone", true, { SET(PIN_CONTROLS, PIN_VIRTUAL_NMIS) } },
		{ "virtual-and-exiting", false, { SET(PIN_CONTROLS, PIN_VIRTUAL_NMIS | PIN_NMI) } },
		{ "exiting-alone", false, { SET(PIN_CONTROLS, PIN_NMI) } },
		{ "window-alone", true, { SET(PRIMARY_CONTROLS, CPU_NMI_WINDOW) } },
		{ "window-and-exiting",
		  true,
		  { SET(PRIMARY_CONTROLS, CPU_NMI_WINDOW), SET(PIN_CONTROLS, PIN_NMI) } },
	};

	CHECK(rows);
}

TEST(controls_apic, "the controls of APIC virtualisation depend on each other",
     SPEC("SDM vol. 3C, 26.2.1.1"))
{
	const struct check rows[] = {
		{ "x2apic-no-shadow", true, { SECONDARY(CPU2_X2APIC) } },
		{ "x2apic", false, { SECONDARY(CPU2_X2APIC), APIC_PAGE } },
		{ "registers-no-shadow", true, { SECONDARY(CPU2_APIC_REGISTERS) } },
		{ "registers", false, { SECONDARY(CPU2_APIC_REGISTERS), APIC_PAGE } },
		{ "delivery-no-shadow",
		  true,
		  { SECONDARY(CPU2_VIRTUAL_INTERRUPTS),
		    SET(PIN_CONTROLS, PIN_EXTERNAL_INTERRUPT) } },
		{ "delivery-no-exiting", true, { SECONDARY(CPU2_VIRTUAL_INTERRUPTS), APIC_PAGE } },
		{ "delivery",
		  false,
		  { SECONDARY(CPU2_VIRTUAL_INTERRUPTS), APIC_PAGE,
		    SET(PIN_CONTROLS, PIN_EXTERNAL_INTERRUPT) } },
		{ "x2apic-and-accesses",
		  true,
		  { SECONDARY(CPU2_X2APIC | CPU2_APIC_ACCESSES), APIC_PAGE,
		    PUT(APIC_ACCESS_ADDRESS, 0xfee00000) } },
		{ "accesses",
		  false,
		  { SECONDARY(CPU2_APIC_ACCESSES), PUT(APIC_ACCESS_ADDRESS, 0xfee00000) } },
		{ "accesses-unaligned",
		  true,
		  { SECONDARY(CPU2_APIC_ACCESSES), PUT(APIC_ACCESS_ADDRESS, 0xfee00010) } },
		{ "accesses-too-high",
		  true,
		  { SECONDARY(CPU2_APIC_ACCESSES), PUT(APIC_ACCESS_ADDRESS, TOO_HIGH) } },
	};

	CHECK(rows);
}

#define POSTED                              \
	SECONDARY(CPU2_VIRTUAL_INTERRUPTS), \
		SET(PIN_CONTROLS, PIN_EXTERNAL_INTERRUPT | PIN_POSTED_INTERRUPTS), APIC_PAGE

TEST(controls_posted_interrupts,
     "posted interrupts need virtual-interrupt delivery, acknowledging exits, a vector and a descriptor",
     SPEC("SDM vol. 3C, 26.2.1.1"))
{
	const struct check rows[] = {
		{ "no-acknowledge", true, { POSTED } },
		{ "no-delivery",
		  true,
		  { SET(PIN_CONTROLS, PIN_EXTERNAL_INTERRUPT | PIN_POSTED_INTERRUPTS),
		    SET(EXIT_CONTROLS, EXIT_ACK_INTERRUPT) } },
		{ "good", false, { POSTED, SET(EXIT_CONTROLS, EXIT_ACK_INTERRUPT) } },
	};
	const struct change with[] = { POSTED, SET(EXIT_CONTROLS, EXIT_ACK_INTERRUPT) };

	CHECK(rows);
	check_bits_with(CHECK_CONTROLS, with, ARRAY_SIZE(with), VMCS_POSTED_INTERRUPT_VECTOR,
			"vector", BITS(15, 8), true);
	check_bits_with(CHECK_CONTROLS, with, ARRAY_SIZE(with), VMCS_POSTED_INTERRUPT_VECTOR,
			"good-vector", BITS(7, 0), false);
	check_bits_with(CHECK_CONTROLS, with, ARRAY_SIZE(with), VMCS_POSTED_INTERRUPT_DESCRIPTOR,
			"descriptor", BITS(5, 0) | BITS(63, cpu_physical_bits()), true);
}

TEST(controls_vpid, "the VPID must not be 0 where VPIDs are enabled", SPEC("SDM vol. 3C, 26.2.1.1"))
{
	const struct check rows[] = {
		{ "0", true, { SECONDARY(CPU2_VPID), PUT(VPID, 0) } },
		{ "1", false, { SECONDARY(CPU2_VPID), PUT(VPID, 1) } },
		{ "0xffff", false, { SECONDARY(CPU2_VPID), PUT(VPID, 0xffff) } },
		{ "off-0", false, { PUT(VPID, 0) } },
	};

	CHECK(rows);
}

TEST(controls_eptp, "the EPT pointer has a memory type, a walk length and no reserved bit",
     SPEC("SDM vol. 3C, 26.2.1.1; 24.6.11"), REQUIRES(vmx_has_ept()))
{
	struct vmx_guest *g = vmx_new();
	const u64 cap = vmx_ept_vpid_cap();
	u64 reserved = BITS(11, 7) | BITS(63, cpu_physical_bits());

	if (!(cap & BIT(21)))
		reserved |= BIT(6);
	for (u32 type = 0; type < 8; type++) {
		SUBTEST("type-%u", type);
		check_set_up(g);
		vmx_use_ept(g);
		vmcs_write(VMCS_EPTP, (vmcs_read(VMCS_EPTP) & ~7ull) | type);
		check_expect(g, CHECK_CONTROLS,
			     !(type == 6 && cap & BIT(14)) && !(type == 0 && cap & BIT(8)));
	}
	for (u32 length = 0; length < 8; length++) {
		if (length == 4) /* 5 levels, in later editions */
			continue;
		SUBTEST("length-%u", length + 1);
		check_set_up(g);
		vmx_use_ept(g);
		vmcs_write(VMCS_EPTP, (vmcs_read(VMCS_EPTP) & ~0x38ull) | length << 3);
		check_expect(g, CHECK_CONTROLS, length != 3);
	}
	for_each_set_bit(bit, reserved) {
		/* Bit 7 is shadow-stack control where bit 23 of the capabilities is set. */
		if (bit == 7 && cap & BIT(23))
			continue;
		SUBTEST("bit-%llu", bit);
		check_set_up(g);
		vmx_use_ept(g);
		vmcs_set(VMCS_EPTP, BIT(bit));
		check_expect(g, CHECK_CONTROLS, true);
	}
}

TEST(controls_need_ept, "unrestricted guest, page-modification logging and EPTP switching need EPT",
     SPEC("SDM vol. 3C, 26.2.1.1"))
{
	const struct check rows[] = {
		{ "unrestricted", true, { SECONDARY(CPU2_UNRESTRICTED) } },
		{ "pml", true, { SECONDARY(CPU2_PML) } },
		{ "mode-based-execute", true, { SECONDARY(CPU2_MODE_EXECUTE) } },
		{ "sub-page-write", true, { SECONDARY(CPU2_SUB_PAGE_WRITE) } },
		{ "eptp-switching",
		  true,
		  { SECONDARY(CPU2_VM_FUNCTIONS), PUT(VM_FUNCTION_CONTROLS, 1) } },
		{ "vm-functions-none",
		  false,
		  { SECONDARY(CPU2_VM_FUNCTIONS), PUT(VM_FUNCTION_CONTROLS, 0) } },
		{ "vm-functions-reserved",
		  true,
		  { SECONDARY(CPU2_VM_FUNCTIONS), PUT(VM_FUNCTION_CONTROLS, BIT(63)) } },
		{ "vm-functions-off", false, { PUT(VM_FUNCTION_CONTROLS, ALL) } },
	};

	CHECK(rows);
}

TEST(controls_sub_page, "the SPPTP must be aligned and within the physical width",
     SPEC("SDM vol. 3C of later editions, 26.2.1.1"),
	  REQUIRES(vmx_has_ept() && vmx_can(VMCS_SECONDARY_CONTROLS, CPU2_SUB_PAGE_WRITE)))
{
	const u64 refused = BITS(11, 0) | BITS(63, cpu_physical_bits());
	struct vmx_guest *g = vmx_new();

	for_each_set_bit(bit, refused | BIT(12)) {
		SUBTEST("bit-%llu", bit);
		check_set_up(g);
		vmx_use_ept(g);
		vmcs_set(VMCS_SECONDARY_CONTROLS, CPU2_SUB_PAGE_WRITE);
		vmcs_write(VMCS_SPPTP, BIT(bit));
		check_expect(g, CHECK_CONTROLS, refused & BIT(bit));
	}
}

TEST(controls_shadowing,
     "the VMREAD and VMWRITE bitmaps must be aligned and within the physical width",
     SPEC("SDM vol. 3C, 26.2.1.1"), REQUIRES(vmx_can(VMCS_SECONDARY_CONTROLS, CPU2_SHADOWING)))
{
	const struct change with[] = { SECONDARY(CPU2_SHADOWING) };

	address_bits(with, 2, VMCS_VMREAD_BITMAP, "vmread", 12);
	address_bits(with, 2, VMCS_VMWRITE_BITMAP, "vmwrite", 12);
}

TEST(controls_ve,
     "the virtualization-exception information address must be aligned and within the physical width",
     SPEC("SDM vol. 3C, 26.2.1.1"), REQUIRES(vmx_can(VMCS_SECONDARY_CONTROLS, CPU2_VE)))
{
	const struct change with[] = { SECONDARY(CPU2_VE) };

	address_bits(with, 2, VMCS_VE_INFORMATION_ADDRESS, "ve", 12);
}

TEST(controls_save_timer, "saving the preemption timer needs the timer",
     SPEC("SDM vol. 3C, 26.2.1.2"))
{
	const struct check rows[] = {
		{ "save-alone", true, { SET(EXIT_CONTROLS, EXIT_SAVE_TIMER) } },
		{ "save-and-timer",
		  false,
		  { SET(EXIT_CONTROLS, EXIT_SAVE_TIMER), SET(PIN_CONTROLS, PIN_PREEMPTION_TIMER),
		    PUT(PREEMPTION_TIMER_VALUE, 0xffffffff) } },
		{ "timer-alone",
		  false,
		  { SET(PIN_CONTROLS, PIN_PREEMPTION_TIMER),
		    PUT(PREEMPTION_TIMER_VALUE, 0xffffffff) } },
	};

	CHECK(rows);
}

TEST(controls_msr_areas,
     "MSR areas must be aligned, and end within the physical width, where they have entries",
     SPEC("SDM vol. 3C, 26.2.1.2, 26.2.1.3"))
{
	static const struct {
		const char *name;
		enum vmcs_field address, count;
	} areas[] = {
		{ "exit-store", VMCS_EXIT_MSR_STORE_ADDRESS, VMCS_EXIT_MSR_STORE_COUNT },
		{ "exit-load", VMCS_EXIT_MSR_LOAD_ADDRESS, VMCS_EXIT_MSR_LOAD_COUNT },
		{ "entry-load", VMCS_ENTRY_MSR_LOAD_ADDRESS, VMCS_ENTRY_MSR_LOAD_COUNT },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(areas); i++) {
		for_each_set_bit(bit, BITS(3, 0) | BITS(63, cpu_physical_bits())) {
			SUBTEST("%s-bit-%llu", areas[i].name, bit);
			check_set_up(g);
			vmcs_write(areas[i].address, BIT(bit));
			vmcs_write(areas[i].count, 1);
			check_expect(g, CHECK_CONTROLS, true);
		}
		SUBTEST("%s-ends-too-high", areas[i].name);
		check_set_up(g);
		vmcs_write(areas[i].address, TOO_HIGH - 16);
		vmcs_write(areas[i].count, 2);
		check_expect(g, CHECK_CONTROLS, true);
		SUBTEST("%s-no-entries", areas[i].name);
		check_set_up(g);
		vmcs_write(areas[i].address, ~0ull);
		check_expect(g, CHECK_CONTROLS, false);
	}
}

TEST(controls_smm, "outside SMM, the controls of entries to SMM must be 0",
     SPEC("SDM vol. 3C, 26.2.1.3"))
{
	const struct check rows[] = {
		{ "entry-to-smm", true, { SET(ENTRY_CONTROLS, ENTRY_SMM) } },
		{ "deactivate-dual-monitor", true, { SET(ENTRY_CONTROLS, ENTRY_DEACTIVATE_DUAL) } },
		{ "both", true, { SET(ENTRY_CONTROLS, ENTRY_SMM | ENTRY_DEACTIVATE_DUAL) } },
		{ "neither", false, { CLEAR(ENTRY_CONTROLS, ENTRY_SMM) } },
	};

	CHECK(rows);
}
