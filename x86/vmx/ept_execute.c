/* SPDX-License-Identifier: MIT */
/*
 * Execute permission of EPT by the mode of linear addresses, and what violations tell of a guest's own tables: SDM
 * vol. 3C of later editions, 24.6.2; 28.2.2; 28.2.3.2; table 27-7.
 */
#include "nested.h"

SUITE("VMX: EPT's execute permission by mode", REQUIRES(vmx_available() && vmx_has_ept()));

#define HAS_MODE_EXECUTE vmx_can(VMCS_SECONDARY_CONTROLS, CPU2_MODE_EXECUTE)

#define VIOLATION_USER_EXECUTE BIT(6)
#define EXECUTE_MASK	       (VIOLATION_MASK | VIOLATION_USER_EXECUTE)

/* Bits 9 to 11. */
#define VIOLATION_USER	   BIT(9)
#define VIOLATION_WRITABLE BIT(10)
#define VIOLATION_NX	   BIT(11)

static bool execute_only(void)
{
	return vmx_ept_vpid_cap() & BIT(0);
}

/* Bits 2:0 of the number are the entry's, bit 3 is EPT_XU. */
static u64 permissions(u32 number)
{
	return (number & EPT_RWX) | (number & BIT(3) ? EPT_XU : 0);
}

static u64 told(u64 entry)
{
	return VIOLATION_ENTRY(entry & EPT_RWX) | (entry & EPT_XU ? VIOLATION_USER_EXECUTE : 0);
}

/* A page of this mode, which code at CPL 0 may fetch from. */
static void set_up(struct nested *n, bool user, u64 controls)
{
	nested_reset(n);
	vmcs_set(VMCS_SECONDARY_CONTROLS, controls);
	vmcs_clear(VMCS_GUEST_CR4, CR4_SMEP);
	space_map(n->guest, n->address, n->address, PAGE_SIZE,
		  PROT_WRITE | PROT_EXEC | (user ? PROT_USER : 0));
	for (u32 level = 0; level < 4; level++) {
		*nested_entry(n, level) |= EPT_XU;
		*space_entry_at(n->ept, (ulong)n->g->code, level) |= EPT_XU;
	}
}

static void expect(struct nested *n, enum access access, u64 mask, u64 qualification)
{
	vmx_run(n->g);
	EXPECT_VMX_EXIT(n->g, VMX_EXIT_EPT_VIOLATION);
	EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION) & mask,
		  BIT(access) | VIOLATION_LINEAR | VIOLATION_TRANSLATION | qualification);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_PHYSICAL_ADDRESS), (u64)(n->address + NESTED_OFFSET));
	EXPECT_EQ(n->g->registers.ax, 0x12345678ul);
}

static void one(struct nested *n, u32 number, bool user, enum access access)
{
	const u64 entry = permissions(number);
	const bool allowed = access == ACCESS_FETCH ? entry & (user ? EPT_XU : EPT_X)
						    : entry & BIT(access);

	set_up(n, user, CPU2_MODE_EXECUTE);
	nested_code(n, access, NESTED_OFFSET);
	*nested_entry(n, 0) = (*nested_entry(n, 0) & ~(EPT_RWX | EPT_XU)) | entry;
	nested_flush();
	if ((entry & (EPT_R | EPT_W)) == EPT_W ||
	    (!(entry & EPT_R) && (entry & (EPT_X | EPT_XU)) && !execute_only()))
		nested_expect_misconfiguration(n, NESTED_OFFSET);
	else if (allowed)
		nested_expect_access(n, access, NESTED_OFFSET);
	else if (!entry)
		expect(n, access, EXECUTE_MASK, 0);
	else
		expect(n, access, EXECUTE_MASK, told(entry));
}

TEST(ept_execute_by_mode,
     "bit 2 of an EPT entry lets instructions of supervisor-mode addresses be fetched, bit 10 those of "
     "user-mode addresses; bits 5 and 6 of the qualification tell both",
     SPEC("SDM vol. 3C of later editions, 28.2.2; 28.2.3.1; 28.2.3.2; table 27-7"),
	  REQUIRES(HAS_MODE_EXECUTE))
{
	struct nested n = nested_new();

	for (u32 number = 0; number < 16; number++)
		for (u32 access = 0; access < 3; access++)
			for (u32 user = 0; user < 2; user++) {
				SUBTEST("rwx-%u%s-%s-%s", number & 7, number & 8 ? "-user-x" : "",
					user ? "user" : "supervisor", nested_access_names[access]);
				one(&n, number, user, access);
			}
}

TEST(ept_execute_all_levels, "either execute permission is that of all entries which translate",
     SPEC("SDM vol. 3C of later editions, 28.2.3.2; table 27-7"), REQUIRES(HAS_MODE_EXECUTE))
{
	struct nested n = nested_new();

	for (u32 level = 1; level < 4; level++)
		for (u32 kind = 0; kind < 4; kind++) {
			const bool user = kind & 1, user_bit = kind & 2;
			pte_t *entry = nested_entry(&n, level), before = *entry;

			SUBTEST("level-%u-%s-without-%s", level, user ? "user" : "supervisor",
				user_bit ? "xu" : "x");
			if (level == 3 && !nested_has_own_root_entry()) {
				SKIP_ROW("the entry is not the page's own");
				continue;
			}
			set_up(&n, user, CPU2_MODE_EXECUTE);
			nested_code(&n, ACCESS_FETCH, NESTED_OFFSET);
			*entry &= ~(user_bit ? EPT_XU : EPT_X);
			nested_flush();
			if (user == user_bit)
				expect(&n, ACCESS_FETCH, EXECUTE_MASK,
				       told((EPT_RWX | EPT_XU) & ~(user_bit ? EPT_XU : EPT_X)));
			else
				nested_expect_access(&n, ACCESS_FETCH, NESTED_OFFSET);
			*entry = before;
			nested_flush();
		}
}

TEST(ept_execute_control_off,
     "without the control, bit 10 is ignored and bit 2 is for all addresses",
     SPEC("SDM vol. 3C of later editions, 24.6.2; 28.2.2"))
{
	struct nested n = nested_new();

	for (u32 kind = 0; kind < 8; kind++) {
		const u64 entry = EPT_R | EPT_W | (kind & 2 ? EPT_X : 0) | (kind & 4 ? EPT_XU : 0);

		SUBTEST("%s%s-%s", kind & 2 ? "x" : "no-x", kind & 4 ? "-user-x" : "",
			kind & 1 ? "user" : "supervisor");
		set_up(&n, kind & 1, 0);
		nested_code(&n, ACCESS_FETCH, NESTED_OFFSET);
		*nested_entry(&n, 0) = (*nested_entry(&n, 0) & ~(EPT_RWX | EPT_XU)) | entry;
		nested_flush();
		if (entry & EPT_X)
			nested_expect_access(&n, ACCESS_FETCH, NESTED_OFFSET);
		else
			expect(&n, ACCESS_FETCH, VIOLATION_MASK, VIOLATION_ENTRY(entry & EPT_RWX));
	}
	SUBTEST("user-x-alone-is-not-present");
	set_up(&n, true, 0);
	nested_code(&n, ACCESS_FETCH, NESTED_OFFSET);
	*nested_entry(&n, 0) = (*nested_entry(&n, 0) & ~EPT_RWX) | EPT_XU;
	nested_flush();
	expect(&n, ACCESS_FETCH, VIOLATION_MASK, 0);
}

/* ------------------------------------------------------------------- what a guest's own tables say */

#define HAS_ADVANCED (vmx_ept_vpid_cap() & BIT(22))

TEST(ept_advanced_information,
     "bits 9 to 11 of the qualification tell whether the linear address is a user-mode one, of a page that is "
     "writable, and execute-disabled",
     SPEC("SDM vol. 3C of later editions, 27.2.1, table 27-7; A.10"), REQUIRES(HAS_ADVANCED))
{
	const bool nx = cpu_has(X86_FEATURE_NX);
	struct nested n = nested_new();

	for (u32 prot = 0; prot < 8; prot++)
		for (u32 access = 0; access < 3; access++) {
			if ((access == ACCESS_WRITE && !(prot & PROT_WRITE)) ||
			    (access == ACCESS_FETCH && !(prot & PROT_EXEC)))
				continue;
			SUBTEST("%s%s%s-%s", prot & PROT_USER ? "user" : "supervisor",
				prot & PROT_WRITE ? "-writable" : "",
				prot & PROT_EXEC ? "" : "-execute-disabled",
				nested_access_names[access]);
			if (!(prot & PROT_EXEC) && !nx) {
				SKIP_ROW("no execute-disable");
				continue;
			}
			set_up(&n, false, 0);
			space_map(n.guest, n.address, n.address, PAGE_SIZE, prot);
			nested_code(&n, access, NESTED_OFFSET);
			*nested_entry(&n, 0) &= ~(EPT_RWX | EPT_XU);
			nested_flush();
			expect(&n, access,
			       VIOLATION_MASK | VIOLATION_USER | VIOLATION_WRITABLE | VIOLATION_NX,
			       (prot & PROT_USER ? VIOLATION_USER : 0) |
				       (prot & PROT_WRITE ? VIOLATION_WRITABLE : 0) |
				       (prot & PROT_EXEC ? 0 : VIOLATION_NX));
		}
}

TEST(ept_advanced_information_paging,
     "without paging every address is a user-mode one, writable and executable; with 32-bit entries no page is "
     "execute-disabled",
     SPEC("SDM vol. 3C of later editions, 27.2.1, table 27-7"), REQUIRES(HAS_ADVANCED))
{
	static const enum vmx_mode modes[] = { VMX_PROTECTED, VMX_PAGED, VMX_PAE };
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(modes); i++) {
		SUBTEST("%s", vmx_mode_name(modes[i]));
		if (!vmx_mode_possible(modes[i])) {
			SKIP_ROW("no unrestricted guest");
			continue;
		}
		/* That guest's tables are the image's. */
		if (modes[i] == VMX_NATIVE) {
			SKIP_ROW("ept_advanced_information");
			continue;
		}
		vmx_reset(g);
		vmx_set_mode(g, modes[i]);
		vmx_code(g, "\x8b\x03", 2);
		vmx_use_ept(g);
		g->registers.bx = (ulong)g->data;
		*vmx_ept_entry(g, (ulong)g->data) = 0;
		nested_flush();
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_EPT_VIOLATION);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION) & (VIOLATION_MASK | BITS(11, 9)),
			  VIOLATION_READ | VIOLATION_LINEAR | VIOLATION_TRANSLATION |
				  VIOLATION_USER | VIOLATION_WRITABLE);
	}
}
