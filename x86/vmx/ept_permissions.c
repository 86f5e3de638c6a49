/* SPDX-License-Identifier: MIT */
/* Permissions of EPT, level by level and for each size of page: SDM vol. 3C, 28.2.2, 28.2.3; table 27-7. */
#include "nested.h"

SUITE("VMX: EPT permissions", REQUIRES(vmx_available() && vmx_has_ept()));

static bool execute_only(void)
{
	return vmx_ept_vpid_cap() & BIT(0);
}

/* The access with the entry's permissions; every other entry has all. */
static void one(struct nested *n, pte_t *entry, u32 rwx, enum access access, u32 offset)
{
	const u32 needed = BIT(access); /* read, write, execute are bits 0 to 2, too */
	const pte_t before = *entry;

	*entry = (before & ~EPT_RWX) | rwx;
	nested_flush();
	nested_code(n, access, offset);
	if (rwx == 2 || rwx == 6 || (rwx == 4 && !execute_only()))
		nested_expect_misconfiguration(n, offset);
	else if (rwx & needed)
		nested_expect_access(n, access, offset);
	else
		nested_expect_violation(
			n, needed | VIOLATION_ENTRY(rwx) | VIOLATION_LINEAR | VIOLATION_TRANSLATION,
			access, offset);
	*entry = before;
	nested_flush();
}

static void permissions(u32 level)
{
	struct nested n = nested_new();

	for (u32 rwx = 0; rwx < 8; rwx++)
		for (u32 access = 0; access < 3; access++) {
			SUBTEST("rwx-%u-%s", rwx, nested_access_names[access]);
			nested_reset(&n);
			one(&n, nested_entry(&n, level), rwx, access, NESTED_OFFSET);
		}
}

#define PERMISSIONS(name, level, words, ...)                                           \
	TEST(ept_permissions_##name,                                                   \
	     "an access that " words                                                   \
	     " does not allow is a violation, with all of its qualification",          \
	     SPEC("SDM vol. 3C, 28.2.2; 28.2.3.2; 27.2.1, table 27-7"), ##__VA_ARGS__) \
	{                                                                              \
		permissions(level);                                                    \
	}

PERMISSIONS(pte, 0, "an EPT PTE")
PERMISSIONS(pde, 1, "an EPT PDE")
PERMISSIONS(pdpte, 2, "an EPT PDPTE")
PERMISSIONS(pml4e, 3, "an EPT PML4E", REQUIRES(nested_has_own_root_entry()))

/* A page of 2 MiB or 1 GiB that has n->page somewhere in it. */
static void large(u32 level)
{
	struct nested n = nested_new();
	const u64 size = nine_bits_size(level);

	for (u32 rwx = 0; rwx < 8; rwx++)
		for (u32 access = 0; access < 3; access++) {
			const ulong base = ALIGN_DOWN((ulong)n.page, (ulong)size);
			const u32 offset = (u32)((ulong)n.page - base);
			const ulong address = n.address;

			SUBTEST("rwx-%u-%s", rwx, nested_access_names[access]);
			nested_reset(&n);
			space_map_page(n.ept, address, base, level, PROT_ALL);
			space_map(n.guest, address + offset, address + offset, PAGE_SIZE, PROT_ALL);
			n.address += offset;
			one(&n, space_entry_at(n.ept, address, level), rwx, access, NESTED_OFFSET);
			n.address = address;
		}
}

TEST(ept_permissions_2m, "a page of 2 MiB is translated by all its bits, and protected",
     SPEC("SDM vol. 3C, 28.2.2, table 28-4; 28.2.3.2"), REQUIRES(vmx_ept_vpid_cap() & BIT(16)))
{
	large(1);
}

TEST(ept_permissions_1g, "a page of 1 GiB is translated by all its bits, and protected",
     SPEC("SDM vol. 3C, 28.2.2, table 28-2; 28.2.3.2"), REQUIRES(vmx_ept_vpid_cap() & BIT(17)))
{
	large(2);
}

TEST(ept_permissions_and, "bits 5:3 of the qualification are the AND of all entries that translate",
     SPEC("SDM vol. 3C, 27.2.1, table 27-7"))
{
	static const struct {
		const char *name;
		u32 upper, lower;
		enum access access;
	} rows[] = {
		{ "read-execute-and-write", EPT_R | EPT_X, EPT_R | EPT_W, ACCESS_WRITE },
		{ "read-write-and-execute", EPT_R | EPT_W, EPT_R | EPT_X, ACCESS_FETCH },
		{ "read-and-all", EPT_R, EPT_RWX, ACCESS_WRITE },
		{ "all-and-read", EPT_RWX, EPT_R, ACCESS_FETCH },
	};
	struct nested n = nested_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 level = 1; level < 3; level++) {
			pte_t *upper = nested_entry(&n, level), before = *upper;

			SUBTEST("%s-level-%u", rows[i].name, level);
			nested_reset(&n);
			*upper = (before & ~EPT_RWX) | rows[i].upper;
			*nested_entry(&n, 0) &= ~EPT_RWX | rows[i].lower;
			nested_flush();
			nested_code(&n, rows[i].access, NESTED_OFFSET);
			nested_expect_violation(
				&n,
				BIT(rows[i].access) |
					VIOLATION_ENTRY(rows[i].upper & rows[i].lower) |
					VIOLATION_LINEAR | VIOLATION_TRANSLATION,
				rows[i].access, NESTED_OFFSET);
			*upper = before;
			nested_flush();
		}
}

TEST(ept_not_present_bits, "an entry that is not present is one whatever its other bits are",
     SPEC("SDM vol. 3C, 28.2.2"))
{
	struct nested n = nested_new();

	for (u32 level = 0; level < 3; level++)
		for_each_set_bit(bit, BITS(63, 3)) {
			pte_t *entry = nested_entry(&n, level), before = *entry;

			SUBTEST("level-%u-bit-%llu", level, bit);
			nested_reset(&n);
			*entry = BIT(bit);
			nested_flush();
			nested_code(&n, ACCESS_READ, NESTED_OFFSET);
			nested_expect_violation(
				&n, VIOLATION_READ | VIOLATION_LINEAR | VIOLATION_TRANSLATION,
				ACCESS_READ, NESTED_OFFSET);
			*entry = before;
			nested_flush();
		}
}

TEST(ept_read_modify_write, "a read-modify-write access that is refused is at least a write",
     SPEC("SDM vol. 3C, 27.2.1"))
{
	static const struct {
		const char *name, *bytes;
		u32 size;
	} rows[] = {
		{ "inc", "\xff\x03", 2 },	  { "add", "\x01\x03", 2 },
		{ "xchg", "\x87\x03", 2 },	  { "lock-xadd", "\xf0\x0f\xc1\x03", 4 },
		{ "cmpxchg", "\x0f\xb1\x03", 3 }, { "bts", "\x0f\xba\x2b\x01", 4 },
	};
	struct nested n = nested_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 rwx = 0; rwx < 8; rwx += 5) {
			u64 qualification;

			SUBTEST("%s-rwx-%u", rows[i].name, rwx);
			nested_reset(&n);
			nested_code(&n, ACCESS_WRITE, NESTED_OFFSET);
			vmx_code(n.g, rows[i].bytes, rows[i].size);
			*nested_entry(&n, 0) &= ~EPT_RWX | rwx;
			nested_flush();
			vmx_run(n.g);
			EXPECT_VMX_EXIT(n.g, VMX_EXIT_EPT_VIOLATION);
			qualification = vmcs_read(VMCS_EXIT_QUALIFICATION) & VIOLATION_MASK;
			EXPECT_EQ(qualification & ~VIOLATION_READ,
				  VIOLATION_WRITE | VIOLATION_ENTRY(rwx) | VIOLATION_LINEAR |
					  VIOLATION_TRANSLATION);
		}
}

TEST(ept_saved_rf, "RFLAGS.RF is saved as 1 by a violation of an instruction's access",
     SPEC("SDM vol. 3C, 27.3.3"))
{
	struct nested n = nested_new();

	for (u32 access = 0; access < 3; access++) {
		SUBTEST("%s", nested_access_names[access]);
		nested_reset(&n);
		nested_code(&n, access, NESTED_OFFSET);
		*nested_entry(&n, 0) = 0;
		nested_flush();
		vmx_run(n.g);
		EXPECT_VMX_EXIT(n.g, VMX_EXIT_EPT_VIOLATION);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RFLAGS) & FLAG_RF, FLAG_RF);
	}
}

TEST(ept_rsp_kept,
     "a violation in the middle of an instruction that moves RSP leaves RSP as it was",
     SPEC("SDM vol. 3C, 25.1; 27.3.3"))
{
	/* BX is in the page, and so is the stack where `stack`. */
	static const struct {
		const char *name, *bytes;
		u32 size;
		bool stack, not_64;
	} rows[] = {
		{ "pop-memory", "\x8f\x03", 2, false, false },
		{ "push-memory", "\xff\x33", 2, false, false },
		{ "call-memory", "\xff\x13", 2, false, false },
		{ "push", "\x50", 1, true, false },
		{ "pop", "\x58", 1, true, false },
		{ "call", "\xe8\x00\x00\x00\x00", 5, true, false },
		{ "ret", "\xc3", 1, true, false },
		{ "ret-far", "\xcb", 1, true, false },
		{ "iret", "\xcf", 1, true, false },
		{ "enter", "\xc8\x10\x00\x00", 4, true, false },
		{ "pushf", "\x9c", 1, true, false },
		{ "popf", "\x9d", 1, true, false },
		{ "pusha", "\x60", 1, true, true },
		{ "popa", "\x61", 1, true, true },
		{ "int-n", "\xcd\x40", 2, true, false },
	};
	struct nested n = nested_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u64 rsp;

		if (rows[i].not_64 && sizeof(ulong) == 8)
			continue;
		SUBTEST("%s", rows[i].name);
		nested_reset(&n);
		nested_code(&n, ACCESS_READ, NESTED_OFFSET);
		vmx_code(n.g, rows[i].bytes, rows[i].size);
		vmx_deliver(n.g);
		if (rows[i].stack)
			vmcs_write(VMCS_GUEST_RSP, n.address + NESTED_OFFSET);
		rsp = vmcs_read(VMCS_GUEST_RSP);
		*nested_entry(&n, 0) = 0;
		nested_flush();
		vmx_run(n.g);
		EXPECT_VMX_EXIT(n.g, VMX_EXIT_EPT_VIOLATION);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RSP), rsp);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(n.g));
		EXPECT_EQ(n.g->registers.ax, 0x12345678ul);
	}
}
