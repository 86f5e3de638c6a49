/* SPDX-License-Identifier: MIT */
/* Virtualisation exceptions: SDM vol. 3C, 25.5.6; 26.2.1.1. */
#include "nested.h"

#include <string.h>

SUITE("VMX: virtualisation exceptions", REQUIRES(vmx_available() && vmx_has_ept()));

#define VMFUNC "\x0f\x01\xd4"

struct ve_area {
	u32 reason, busy;
	u64 qualification, linear, physical;
	u16 index;
} __packed;

static struct ve_area *enable_ve(void)
{
	struct ve_area *area = page_alloc();

	vmcs_set(VMCS_SECONDARY_CONTROLS, CPU2_VE);
	vmcs_write(VMCS_VE_INFORMATION_ADDRESS, (ulong)area);
	vmcs_write(VMCS_EPTP_INDEX, 0x1234);
	return area;
}

static void expect_area(struct nested *n, const struct ve_area *area, u64 qualification)
{
	EXPECT_EQ(area->reason, (u32)VMX_EXIT_EPT_VIOLATION);
	EXPECT_EQ(area->busy, 0xffffffffu);
	EXPECT_EQ((u64)area->qualification & VIOLATION_MASK, qualification);
	/* The page is writable, and executable; whose it is, is the kernel's business. */
	if (vmx_ept_vpid_cap() & BIT(22))
		EXPECT_EQ((u64)area->qualification & BITS(11, 10), BIT(10));
	EXPECT_EQ((u64)area->linear, (u64)(n->address + NESTED_OFFSET));
	EXPECT_EQ((u64)area->physical, (u64)(n->address + NESTED_OFFSET));
}

TEST(ve_delivered, "a convertible violation is #VE in the guest, with its information in the area",
     SPEC("SDM vol. 3C, 25.5.6"), REQUIRES(HAS_VE))
{
	struct nested n = nested_new();

	for (u32 access = 0; access < 3; access++)
		for (u32 exits = 0; exits < 2; exits++) {
			struct vmx_guest *g = n.g;
			struct ve_area *area;
			const u64 qualification = BIT(access) | VIOLATION_LINEAR |
						  VIOLATION_TRANSLATION;

			SUBTEST("%s-%s", nested_access_names[access],
				exits ? "exits" : "delivered");
			nested_reset(&n);
			nested_code(&n, access, NESTED_OFFSET);
			area = enable_ve();
			*nested_entry(&n, 0) = 0;
			nested_flush();
			vmcs_write(VMCS_EXCEPTION_BITMAP, exits ? BIT(VEC_VE) : 0);
			write_cr2(0x5555);
			vmx_run(g);
			EXPECT_EQ(read_cr2(), 0x5555ul);
			if (exits) {
				EXPECT_VMX_EXIT(g, VMX_EXIT_EXCEPTION_NMI);
				EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_INFO),
					  INTR_VALID | INTR_HARDWARE_EXCEPTION | VEC_VE);
				EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP),
					  access == ACCESS_FETCH ? (u64)n.address + NESTED_OFFSET
								 : vmx_start(g));
			} else {
				const ulong *stack;

				EXPECT_VMX_EXIT(g, VMX_EXIT_VMCALL);
				EXPECT_EQ(vmx_delivered(g), VEC_VE);
				stack = (const ulong *)(ulong)vmcs_read(VMCS_GUEST_RSP);
				EXPECT_EQ((u64)stack[0], access == ACCESS_FETCH
								 ? (u64)n.address + NESTED_OFFSET
								 : vmx_start(g));
			}
			expect_area(&n, area, qualification);
		}
}

TEST(ve_addresses, "the area has the linear address, and the physical one that it is translated to",
     SPEC("SDM vol. 3C, 25.5.6.2, table 25-1"), REQUIRES(HAS_VE))
{
	struct nested n = nested_new();
	const ulong linear = n.address + PAGE_SIZE;
	struct ve_area *area;

	space_map(n.guest, linear, n.address, PAGE_SIZE, PROT_ALL);
	nested_code(&n, ACCESS_READ, NESTED_OFFSET);
	n.g->registers.bx = linear + NESTED_OFFSET;
	area = enable_ve();
	*nested_entry(&n, 0) = 0;
	nested_flush();
	vmcs_write(VMCS_EXCEPTION_BITMAP, BIT(VEC_VE));
	vmx_run(n.g);
	EXPECT_VMX_EXCEPTION(n.g, VEC_VE);
	EXPECT_EQ((u64)area->linear, (u64)(linear + NESTED_OFFSET));
	EXPECT_EQ((u64)area->physical, (u64)(n.address + NESTED_OFFSET));
}

TEST(ve_index, "the area has the EPTP index of VM entry, and then that of EPTP switching",
     SPEC("SDM vol. 3C, 25.5.5.3; 25.5.6.2, table 25-1"), REQUIRES(HAS_VE))
{
	struct nested n = nested_new();
	u64 *list = page_alloc();

	for (u32 switching = 0; switching < 2; switching++) {
		struct ve_area *area;

		SUBTEST("%s", switching ? "switched" : "entered");
		nested_reset(&n);
		if (switching && !nested_has_switching()) {
			SKIP_ROW("no EPTP switching");
			continue;
		}
		for (u32 i = 0; i < 512; i++)
			list[i] = vmcs_read(VMCS_EPTP);
		area = enable_ve();
		if (switching) {
			nested_enable_functions(1, list);
			vmx_code(n.g, VMFUNC "\x8b\x03", 5);
			n.g->registers.cx = 0x123;
		} else {
			vmx_code(n.g, "\x8b\x03", 2);
		}
		n.g->registers.bx = n.address;
		*nested_entry(&n, 0) = 0;
		nested_flush();
		vmx_run(n.g);
		EXPECT_VMX_EXCEPTION(n.g, VEC_VE);
		EXPECT_EQ((u32)area->index, switching ? 0x123u : 0x1234u);
	}
}

TEST(ve_not_convertible,
     "a violation exits where bit 63 of the entry suppresses #VE, or the area is busy",
     SPEC("SDM vol. 3C, 25.5.6.1"), REQUIRES(HAS_VE))
{
	static const struct {
		const char *name;
		u64 entry_set; /* in an entry that is not present, or, with `present`, read-only */
		bool present;
		u32 busy;
	} rows[] = {
		{ "suppressed-not-present", EPT_SUPPRESS_VE, false, 0 },
		{ "suppressed-read-only", EPT_SUPPRESS_VE, true, 0 },
		{ "busy-1", 0, false, 1 },
		{ "busy-all", 0, false, 0xffffffff },
		{ "busy-bit-31", 0, false, 0x80000000 },
	};
	struct nested n = nested_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ve_area *area;
		pte_t *entry;

		SUBTEST("%s", rows[i].name);
		nested_reset(&n);
		nested_code(&n, ACCESS_WRITE, NESTED_OFFSET);
		area = enable_ve();
		area->busy = rows[i].busy;
		entry = nested_entry(&n, 0);
		*entry = rows[i].entry_set | (rows[i].present ? *entry & ~EPT_W : 0);
		nested_flush();
		vmcs_write(VMCS_EXCEPTION_BITMAP, 0);
		nested_expect_violation(&n,
					VIOLATION_WRITE | VIOLATION_LINEAR | VIOLATION_TRANSLATION |
						(rows[i].present ? VIOLATION_ENTRY(5) : 0),
					ACCESS_WRITE, NESTED_OFFSET);
		EXPECT_EQ(area->reason, 0u);
		EXPECT_EQ(area->busy, rows[i].busy);
	}
}

TEST(ve_convertible_entries,
     "bit 63 counts in the entry that is not present or maps the page, and not above",
     SPEC("SDM vol. 3C, 25.5.6.1"), REQUIRES(HAS_VE))
{
	struct nested n = nested_new();

	for (u32 level = 1; level < 3; level++)
		for (u32 kind = 0; kind < 3; kind++) {
			pte_t *entry = nested_entry(&n, level), before = *entry;

			SUBTEST("level-%u-%s", level,
				kind == 0   ? "not-present"
				: kind == 1 ? "not-present-suppressed"
					    : "present-suppressed");
			nested_reset(&n);
			nested_code(&n, ACCESS_READ, NESTED_OFFSET);
			enable_ve();
			if (kind == 2) {
				/* Bit 63 of a table's entry is ignored. */
				*entry = before | EPT_SUPPRESS_VE;
				*nested_entry(&n, 0) = 0;
			} else {
				*entry = kind ? EPT_SUPPRESS_VE : 0;
			}
			nested_flush();
			vmcs_write(VMCS_EXCEPTION_BITMAP, BIT(VEC_VE));
			vmx_run(n.g);
			if (kind == 1)
				EXPECT_VMX_EXIT(n.g, VMX_EXIT_EPT_VIOLATION);
			else
				EXPECT_VMX_EXCEPTION(n.g, VEC_VE);
			*entry = before;
			nested_flush();
		}
}

TEST(ve_during_delivery, "a violation while an event is delivered is no #VE",
     SPEC("SDM vol. 3C, 25.5.6.1"), REQUIRES(HAS_VE))
{
	struct nested n = nested_new();
	struct ve_area *area;
	pte_t *own;

	nested_reset(&n);
	vmx_code(n.g, "\xcd\x40", 2);
	area = enable_ve();
	own = nested_entry_of(&n, n.g->stack_top - 1);
	*own &= ~EPT_W;
	nested_flush();
	vmcs_write(VMCS_EXCEPTION_BITMAP, 0);
	vmx_run(n.g);
	EXPECT_VMX_EXIT(n.g, VMX_EXIT_EPT_VIOLATION);
	EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_INFO) & ~0x1000ull,
		  INTR_VALID | INTR_SOFTWARE_INTERRUPT | 0x40ull);
	EXPECT_EQ(area->busy, 0u);
}

TEST(ve_misconfiguration, "a misconfiguration is never #VE",
     SPEC("SDM vol. 3C, 25.5.6.1"), REQUIRES(HAS_VE))
{
	struct nested n = nested_new();
	struct ve_area *area;

	nested_code(&n, ACCESS_READ, NESTED_OFFSET);
	area = enable_ve();
	*nested_entry(&n, 0) |= EPT_MEMORY_TYPE(7);
	nested_flush();
	nested_expect_misconfiguration(&n, NESTED_OFFSET);
	EXPECT_EQ(area->busy, 0u);
}

TEST(ve_real, "with CR0.PE clear, a violation is no #VE",
     SPEC("SDM vol. 3C, 25.5.6.1"), REQUIRES(HAS_VE &&vmx_mode_possible(VMX_REAL)))
{
	struct nested n = nested_new();

	for (u32 pe = 0; pe < 2; pe++) {
		const ulong address = pe ? (ulong)n.g->data : MODE_DS + 0x100;
		struct ve_area *area;
		pte_t *own, before;

		SUBTEST("pe-%u", pe);
		nested_reset(&n);
		vmx_set_mode(n.g, pe ? VMX_PROTECTED : VMX_REAL);
		vmx_use_eptp((ulong)n.ept->root | EPTP_WB | EPTP_WALK_4);
		if (pe)
			vmx_code(n.g, "\x8a\x03", 2);
		else
			vmx_code(n.g, "\x67\x8a\x03", 3);
		n.g->registers.bx = pe ? address : 0x100;
		area = enable_ve();
		own = nested_entry_of(&n, (void *)address);
		before = *own;
		*own = 0;
		nested_flush();
		vmx_run(n.g);
		if (pe)
			EXPECT_VMX_EXCEPTION(n.g, VEC_VE);
		else
			EXPECT_VMX_EXIT(n.g, VMX_EXIT_EPT_VIOLATION);
		EXPECT_EQ(area->busy, pe ? 0xffffffffu : 0u);
		*own = before;
		nested_flush();
	}
}

TEST(ve_in_delivery_of_ve, "#VE that cannot be delivered is a double fault, as a page fault is",
     SPEC("SDM vol. 3C, 25.5.6.3"), REQUIRES(HAS_VE))
{
	struct nested n = nested_new();

	nested_code(&n, ACCESS_READ, NESTED_OFFSET);
	enable_ve();
	*nested_entry(&n, 0) = 0;
	nested_flush();
	/* #NP of the gate is contributory. */
	n.g->idt[VEC_VE * sizeof(struct idt_gate) + 5] &= 0x7f;
	vmcs_write(VMCS_EXCEPTION_BITMAP, BIT(VEC_DF));
	vmx_run(n.g);
	EXPECT_VMX_EXCEPTION(n.g, VEC_DF);
}

TEST(ve_checks, "the area of #VE is aligned and within the physical width",
     SPEC("SDM vol. 3C, 26.2.1.1"), REQUIRES(HAS_VE))
{
	struct vmx_guest *g = vmx_new();

	for_each_set_bit(bit, BITS(11, 0) | BITS(63, cpu_physical_bits())) {
		SUBTEST("bit-%llu", bit);
		check_set_up(g);
		vmx_use_ept(g);
		vmcs_set(VMCS_SECONDARY_CONTROLS, CPU2_VE);
		vmcs_write(VMCS_VE_INFORMATION_ADDRESS, (ulong)g->data | BIT(bit));
		check_expect(g, CHECK_CONTROLS, true);
	}
	SUBTEST("good");
	check_set_up(g);
	vmx_use_ept(g);
	vmcs_set(VMCS_SECONDARY_CONTROLS, CPU2_VE);
	vmcs_write(VMCS_VE_INFORMATION_ADDRESS, (ulong)g->data);
	check_expect(g, CHECK_CONTROLS, false);
	SUBTEST("off");
	check_set_up(g);
	vmx_use_ept(g);
	vmcs_write(VMCS_VE_INFORMATION_ADDRESS, 1);
	check_expect(g, CHECK_CONTROLS, false);
}
