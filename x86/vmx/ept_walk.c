/* SPDX-License-Identifier: MIT */
/*
 * EPT and the guest's own tables, the order of faults, event delivery, and guests without paging:
 * SDM vol. 3C, 28.2.1, 28.2.3.2, 28.2.3.3; 27.2.1; 27.2.3.
 */
#include "nested.h"

#include <string.h>

SUITE("VMX: walks under EPT", REQUIRES(vmx_available() && vmx_has_ept()));

static u32 guest_levels(void)
{
	return sizeof(ulong) == 8 ? 4 : 3;
}

/* The lowest level of PAE paging whose table is in memory when the access walks it: not the PDPTEs. */
static u32 walked_levels(void)
{
	return sizeof(ulong) == 8 ? 4 : 2;
}

/* The entry of the guest's tables that is the first to be read at this level. */
static pte_t *guest_entry(struct nested *n, u32 level)
{
	/* The root is read for the code, too, before anything else. */
	if (level == guest_levels() - 1)
		return space_entry_at(n->guest, (ulong)vmx_start(n->g), level);
	return space_entry_at(n->guest, n->address, level);
}

/* A violation by the walk to the guest's entry at this level. */
static void expect_table_violation(struct nested *n, u32 level, enum access access, u64 bits)
{
	struct vmx_guest *g = n->g;
	const bool root = level == guest_levels() - 1;

	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_EPT_VIOLATION);
	EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION) & VIOLATION_MASK, bits | VIOLATION_LINEAR);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_PHYSICAL_ADDRESS), (u64)(ulong)guest_entry(n, level));
	EXPECT_EQ(vmcs_read(VMCS_GUEST_LINEAR_ADDRESS),
		  root ? vmx_start(g) : (u64)(n->address + NESTED_OFFSET));
	EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), access == ACCESS_FETCH && !root
						     ? (u64)(n->address + NESTED_OFFSET)
						     : vmx_start(g));
	EXPECT_EQ(g->registers.ax, 0x12345678ul);
}

TEST(ept_table_not_present,
     "a guest's table that EPT does not map is a violation with the address of the entry",
     SPEC("SDM vol. 3C, 28.2.3.2, 28.2.3.3; 27.2.1, table 27-7"))
{
	struct nested n = nested_new();

	for (u32 level = 0; level < walked_levels(); level++)
		for (u32 access = 0; access < 3; access++) {
			pte_t *own, before;

			SUBTEST("level-%u-%s", level, nested_access_names[access]);
			nested_reset(&n);
			nested_code(&n, access, NESTED_OFFSET);
			own = nested_entry_of(&n, guest_entry(&n, level));
			before = *own;
			*own = 0;
			nested_flush();
			expect_table_violation(&n, level, access, VIOLATION_READ);
			*own = before;
			nested_flush();
		}
}

TEST(ept_table_execute_only, "a guest's table that may only be executed cannot be read",
     SPEC("SDM vol. 3C, 28.2.3.2"), REQUIRES(vmx_ept_vpid_cap() & BIT(0)))
{
	struct nested n = nested_new();

	for (u32 level = 0; level < walked_levels(); level++) {
		pte_t *own, before;

		SUBTEST("level-%u", level);
		nested_reset(&n);
		nested_code(&n, ACCESS_READ, NESTED_OFFSET);
		own = nested_entry_of(&n, guest_entry(&n, level));
		before = *own;
		*own = (before & ~EPT_RWX) | EPT_X;
		nested_flush();
		expect_table_violation(&n, level, ACCESS_READ,
				       VIOLATION_READ | VIOLATION_ENTRY(EPT_X));
		*own = before;
		nested_flush();
	}
}

TEST(ept_table_misconfigured,
     "a guest's table whose EPT entry is misconfigured is a misconfiguration",
     SPEC("SDM vol. 3C, 28.2.3.3"))
{
	struct nested n = nested_new();

	for (u32 level = 0; level < walked_levels(); level++) {
		pte_t *own, before;

		SUBTEST("level-%u", level);
		nested_reset(&n);
		nested_code(&n, ACCESS_READ, NESTED_OFFSET);
		own = nested_entry_of(&n, guest_entry(&n, level));
		before = *own;
		*own |= EPT_MEMORY_TYPE(7);
		nested_flush();
		vmx_run(n.g);
		EXPECT_VMX_EXIT(n.g, VMX_EXIT_EPT_MISCONFIGURATION);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_PHYSICAL_ADDRESS),
			  (u64)(ulong)guest_entry(&n, level));
		*own = before;
		nested_flush();
	}
}

/* The guest's table is read-only in EPT, and its entry has accessed and dirty or not. */
TEST(ept_table_read_only,
     "a guest's table that is read-only is a violation where accessed or dirty has to be set, or by EPT's A and D",
     SPEC("SDM vol. 3C, 28.2.3.2; 28.2.4; 27.2.1, table 27-7, note 1"))
{
	struct nested n = nested_new();

	for (u32 ad = 0; ad < 2; ad++)
		for (u32 level = 0; level < walked_levels(); level++)
			for (u32 set = 0; set < 2; set++) {
				pte_t *own, before, *entry, old;

				SUBTEST("level-%u-%s-%s", level, set ? "accessed" : "not-accessed",
					ad ? "ad" : "no-ad");
				if (ad && !nested_has_accessed_dirty()) {
					SKIP_ROW("no accessed and dirty flags for EPT");
					continue;
				}
				n.accessed_dirty = ad;
				nested_reset(&n);
				nested_code(&n, ACCESS_READ, NESTED_OFFSET);
				entry = guest_entry(&n, level);
				own = nested_entry_of(&n, entry);
				old = *entry;
				before = *own;
				*entry = set ? old | BIT(5) : old & ~BIT(5);
				*own &= ~EPT_W;
				nested_flush();
				if (ad) {
					expect_table_violation(&n, level, ACCESS_READ,
							       VIOLATION_READ | VIOLATION_WRITE |
								       VIOLATION_ENTRY(5));
				} else if (set) {
					nested_expect_access(&n, ACCESS_READ, NESTED_OFFSET);
				} else {
					vmx_run(n.g);
					EXPECT_VMX_EXIT(n.g, VMX_EXIT_EPT_VIOLATION);
					EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION) &
							  VIOLATION_WRITE,
						  VIOLATION_WRITE);
					EXPECT_EQ(
						vmcs_read(VMCS_EXIT_QUALIFICATION) &
							(VIOLATION_LINEAR | VIOLATION_TRANSLATION),
						VIOLATION_LINEAR);
					EXPECT_EQ(vmcs_read(VMCS_GUEST_PHYSICAL_ADDRESS),
						  (u64)(ulong)entry);
				}
				*entry = old;
				*own = before;
				nested_flush();
			}
}

TEST(ept_fault_order,
     "violations of the guest's tables come first, then the guest's #PF, then the violation of the page",
     SPEC("SDM vol. 3C, 28.2.3.3"))
{
	static const struct {
		const char *name;
		bool table, absent, page; /* what is wrong */
		u32 reason;
	} rows[] = {
		{ "table-and-page", true, false, true, VMX_EXIT_EPT_VIOLATION },
		{ "table-and-absent", true, true, false, VMX_EXIT_EPT_VIOLATION },
		{ "absent-and-page", false, true, true, VMX_EXIT_EXCEPTION_NMI },
		{ "absent", false, true, false, VMX_EXIT_EXCEPTION_NMI },
		{ "page", false, false, true, VMX_EXIT_EPT_VIOLATION },
	};
	struct nested n = nested_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		pte_t *own, before, *entry, old;

		SUBTEST("%s", rows[i].name);
		nested_reset(&n);
		nested_code(&n, ACCESS_READ, NESTED_OFFSET);
		entry = guest_entry(&n, 0);
		own = nested_entry_of(&n, entry);
		old = *entry;
		before = *own;
		if (rows[i].table)
			*own = 0;
		if (rows[i].absent)
			*entry = 0;
		if (rows[i].page)
			*nested_entry(&n, 0) = 0;
		nested_flush();
		vmx_run(n.g);
		EXPECT_VMX_EXIT(n.g, rows[i].reason);
		if (rows[i].reason == VMX_EXIT_EPT_VIOLATION)
			EXPECT_EQ(vmcs_read(VMCS_GUEST_PHYSICAL_ADDRESS),
				  rows[i].table ? (u64)(ulong)entry
						: (u64)(n.address + NESTED_OFFSET));
		else
			EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION),
				  (u64)(n.address + NESTED_OFFSET));
		*entry = old;
		*own = before;
		nested_flush();
	}
}

TEST(ept_guest_permissions, "a page that the guest protects is its #PF, whatever EPT allows",
     SPEC("SDM vol. 3C, 28.2.3.3"))
{
	struct nested n = nested_new();

	for (u32 violation = 0; violation < 2; violation++) {
		pte_t *entry, old;

		SUBTEST("%s", violation ? "both" : "guest-only");
		nested_reset(&n);
		nested_code(&n, ACCESS_WRITE, NESTED_OFFSET);
		entry = guest_entry(&n, 0);
		old = *entry;
		*entry &= ~BIT(1);
		if (violation)
			*nested_entry(&n, 0) = 0;
		nested_flush();
		vmx_run(n.g);
		EXPECT_VMX_EXCEPTION(n.g, VEC_PF);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_ERROR_CODE), (u64)(PF_P | PF_W));
		*entry = old;
		nested_flush();
	}
}

TEST(ept_changes_address,
     "the page's address is the one that EPT gives, also of the guest's tables",
     SPEC("SDM vol. 3C, 28.2.1"))
{
	struct nested n = nested_new();
	u8 *other = page_alloc();
	pte_t *entry, *own;

	SUBTEST("page");
	*(u32 *)(other + NESTED_OFFSET) = 0x11223344;
	nested_code(&n, ACCESS_READ, NESTED_OFFSET);
	space_map(n.ept, n.address, (ulong)other, PAGE_SIZE, PROT_ALL);
	vmx_run(n.g);
	EXPECT_VMX_DONE(n.g);
	EXPECT_EQ(n.g->registers.ax, 0x11223344ul);
	SUBTEST("table");
	nested_reset(&n);
	nested_code(&n, ACCESS_READ, NESTED_OFFSET);
	entry = guest_entry(&n, 0);
	memcpy(other, (const void *)ALIGN_DOWN((ulong)entry, (ulong)PAGE_SIZE), PAGE_SIZE);
	*entry = 0;
	own = nested_entry_of(&n, entry);
	*own = (*own & ~BITS(51, 12)) | (ulong)other;
	nested_flush();
	nested_expect_access(&n, ACCESS_READ, NESTED_OFFSET);
}

/* ----------------------------------------------------------------------------- event delivery */

TEST(ept_event_delivery, "a violation while an event is delivered has the event as IDT vectoring",
     SPEC("SDM vol. 3C, 27.2.1; 27.2.3; 28.2.3"))
{
	static const struct {
		const char *name, *bytes;
		u32 size, inject, info, length, code;
	} events[] = {
		{ "int-n", "\xcd\x40", 2, 0, INTR_SOFTWARE_INTERRUPT | 0x40, 2, 0 },
		{ "int3", "\xcc", 1, 0, INTR_SOFTWARE_EXCEPTION | VEC_BP, 1, 0 },
		{ "ud", "\x0f\x0b", 2, 0, INTR_HARDWARE_EXCEPTION | VEC_UD, 0, 0 },
		{ "pf", "\x89\x03", 2, 0, INTR_HARDWARE_EXCEPTION | INTR_ERROR_CODE | VEC_PF, 0,
		  PF_W },
		{ "injected", "\x90", 1, INTR_EXTERNAL | 0x40, INTR_EXTERNAL | 0x40, 0, 0 },
		{ "injected-int-n", "\x90", 1, INTR_SOFTWARE_INTERRUPT | 0x40,
		  INTR_SOFTWARE_INTERRUPT | 0x40, 2, 0 },
	};
	struct nested n = nested_new();

	for (u32 i = 0; i < ARRAY_SIZE(events); i++)
		for (u32 where = 0; where < 3; where++) {
			struct vmx_guest *g = n.g;
			const u32 vector = events[i].info & 0xff;
			const ulong gate = (ulong)g->idt + vector * sizeof(struct idt_gate);
			ulong address;
			u64 expected = VIOLATION_LINEAR | VIOLATION_TRANSLATION;
			pte_t *own, before;

			SUBTEST("%s-%s", events[i].name,
				where == 0   ? "idt"
				: where == 1 ? "stack"
					     : "gdt");
			nested_reset(&n);
			vmx_code(g, events[i].bytes, events[i].size);
			vmx_deliver(g);
			g->registers.bx = 0x10;
			vmcs_set(VMCS_GUEST_RFLAGS, FLAG_IF);
			if (events[i].inject) {
				vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO,
					   INTR_VALID | events[i].inject);
				vmcs_write(VMCS_ENTRY_INSTRUCTION_LENGTH, events[i].length);
			}
			address = where == 0   ? gate
				  : where == 1 ? (ulong)g->stack_top - 1
					       : (ulong)g->gdt;
			own = nested_entry_of(&n, (void *)address);
			before = *own;
			*own = where == 1 ? before & ~EPT_W : 0;
			nested_flush();
			vmx_run(g);
			EXPECT_VMX_EXIT(g, VMX_EXIT_EPT_VIOLATION);
			if (where == 1) {
				expected |= VIOLATION_WRITE | VIOLATION_ENTRY(5);
				EXPECT_EQ(ALIGN_DOWN(vmcs_read(VMCS_GUEST_PHYSICAL_ADDRESS),
						     (u64)PAGE_SIZE),
					  (u64)ALIGN_DOWN(address, (ulong)PAGE_SIZE));
			} else {
				expected |= VIOLATION_READ;
				EXPECT_EQ(ALIGN_DOWN(vmcs_read(VMCS_GUEST_PHYSICAL_ADDRESS),
						     (u64)PAGE_SIZE),
					  (u64)ALIGN_DOWN(address, (ulong)PAGE_SIZE));
			}
			EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION) & VIOLATION_MASK, expected);
			/* As the delivery would have pushed it: RF is for faults. */
			if (!events[i].inject)
				EXPECT_EQ(vmcs_read(VMCS_GUEST_RFLAGS) & FLAG_RF,
					  vector == VEC_UD || vector == VEC_PF ? FLAG_RF : 0ull);
			EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_INFO) & ~0x1000ull,
				  INTR_VALID | events[i].info);
			if (events[i].code)
				EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_ERROR_CODE),
					  (u64)events[i].code);
			EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_INFO) & INTR_VALID, 0ull);
			if (events[i].length)
				EXPECT_EQ(vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH),
					  (u64)events[i].length);
			EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
			EXPECT_EQ(vmcs_read(VMCS_GUEST_RSP), (u64)(ulong)g->stack_top);
			*own = before;
			nested_flush();
		}
}

TEST(ept_handler_fetch,
     "a violation of fetching the handler's first instruction is during no delivery",
     SPEC("SDM vol. 3C, 27.2.3"))
{
	struct nested n = nested_new();
	struct vmx_guest *g = n.g;
	pte_t *own;

	vmx_code(g, "\xcd\x40", 2);
	vmx_deliver(g);
	own = nested_entry_of(&n, g->stubs);
	*own &= ~EPT_X;
	nested_flush();
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_EPT_VIOLATION);
	EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION) & VIOLATION_MASK,
		  VIOLATION_FETCH | VIOLATION_ENTRY(3) | VIOLATION_LINEAR | VIOLATION_TRANSLATION);
	EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_INFO) & INTR_VALID, 0ull);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), (u64)(ulong)g->stubs + 0x40 * VMX_STUB_SIZE);
}

/* ---------------------------------------------------------------------------- without paging */

static void without_paging(enum vmx_mode mode)
{
	struct nested n = nested_new();
	struct vmx_guest *g = n.g;

	for (u32 access = 0; access < 2; access++)
		for (u32 rwx = 0; rwx < 8; rwx++) {
			const u32 needed = BIT(access);
			ulong address = mode == VMX_REAL ? MODE_DS + 0x100 : (ulong)g->data;
			pte_t *own, before;

			if (rwx == 2 || rwx == 6 || rwx == 4)
				continue;
			SUBTEST("rwx-%u-%s", rwx, nested_access_names[access]);
			nested_reset(&n);
			vmx_set_mode(g, mode);
			vmx_use_eptp((ulong)n.ept->root | EPTP_WB | EPTP_WALK_4);
			/* MOV AL, [EBX] or MOV [EBX], AL; in 16-bit code with the prefix. */
			if (mode == VMX_REAL)
				vmx_code(g, access ? "\x67\x88\x03" : "\x67\x8a\x03", 3);
			else
				vmx_code(g, access ? "\x88\x03" : "\x8a\x03", 2);
			g->registers.bx = mode == VMX_REAL ? 0x100 : address;
			own = nested_entry_of(&n, (void *)address);
			before = *own;
			*own = (before & ~EPT_RWX) | rwx;
			nested_flush();
			vmx_run(g);
			if (rwx & needed) {
				EXPECT_VMX_DONE(g);
			} else {
				EXPECT_VMX_EXIT(g, VMX_EXIT_EPT_VIOLATION);
				EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION) & VIOLATION_MASK,
					  needed | VIOLATION_ENTRY(rwx) | VIOLATION_LINEAR |
						  VIOLATION_TRANSLATION);
				EXPECT_EQ(vmcs_read(VMCS_GUEST_PHYSICAL_ADDRESS), (u64)address);
				EXPECT_EQ(vmcs_read(VMCS_GUEST_LINEAR_ADDRESS), (u64)address);
			}
			*own = before;
			nested_flush();
		}
}

TEST(ept_protected, "without paging, a linear address is the guest-physical one",
     SPEC("SDM vol. 3C, 28.2.1, 28.2.3.3"), REQUIRES(vmx_mode_possible(VMX_PROTECTED)))
{
	without_paging(VMX_PROTECTED);
}

TEST(ept_real, "in real mode, a linear address is the guest-physical one",
     SPEC("SDM vol. 3C, 28.2.1, 28.2.3.3"), REQUIRES(vmx_mode_possible(VMX_REAL)))
{
	without_paging(VMX_REAL);
}

/* --------------------------------------------------------------------- guests of other formats */

static void guest_of_mode(enum vmx_mode mode)
{
	struct nested n = nested_new();
	struct vmx_guest *g = n.g;

	for (u32 present = 0; present < 2; present++) {
		pte_t *own, before;

		SUBTEST("%s", present ? "present" : "not-present");
		nested_reset(&n);
		vmx_set_mode(g, mode);
		vmx_use_eptp((ulong)n.ept->root | EPTP_WB | EPTP_WALK_4);
		vmx_code(g, "\x8a\x03", 2);
		g->registers.bx = (ulong)g->data;
		g->data[0] = 0x5a;
		own = nested_entry_of(&n, g->data);
		before = *own;
		if (!present)
			*own = 0;
		nested_flush();
		vmx_run(g);
		if (present) {
			EXPECT_VMX_DONE(g);
			EXPECT_EQ(g->registers.ax & 0xff, 0x5aul);
		} else {
			EXPECT_VMX_EXIT(g, VMX_EXIT_EPT_VIOLATION);
			EXPECT_EQ(vmcs_read(VMCS_GUEST_LINEAR_ADDRESS), (u64)(ulong)g->data);
			EXPECT_EQ(vmcs_read(VMCS_GUEST_PHYSICAL_ADDRESS), (u64)(ulong)g->data);
		}
		*own = before;
		nested_flush();
	}
}

TEST(ept_pae, "a guest with PAE paging runs under EPT", SPEC("SDM vol. 3C, 28.2.1"))
{
	guest_of_mode(VMX_PAE);
}

TEST(ept_paged, "a guest with 32-bit paging runs under EPT", SPEC("SDM vol. 3C, 28.2.1"))
{
	guest_of_mode(VMX_PAGED);
}

TEST(ept_compat, "a guest in compatibility mode runs under EPT",
     SPEC("SDM vol. 3C, 28.2.1"), REQUIRES(sizeof(ulong) == 8))
{
	guest_of_mode(VMX_COMPAT);
}
