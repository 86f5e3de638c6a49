/* SPDX-License-Identifier: MIT */
/* What has to be forgotten of translations, and when: SDM vol. 3C, 28.3.3; 26.3.2.5; 27.5.5. */
#include "nested.h"

#include <string.h>

SUITE("VMX: cached translations", REQUIRES(vmx_available()));

#define HAS_VPID vmx_can(VMCS_SECONDARY_CONTROLS, CPU2_VPID)

/*
 * A guest without EPT with a space of its own, in which `address` is first one page and then another. It reads
 * there and comes back; the host changes the entry and does something; the guest reads again.
 */
struct remap {
	struct vmx_guest *g;
	struct space *space;
	u8 *first, *second;
	ulong address;
};

static struct remap remap_new(void)
{
	struct remap r = { vmx_new(), space_create(), page_alloc(), page_alloc(), 0xc0000000ul };

	*(u32 *)r.first = 0x1111;
	*(u32 *)r.second = 0x2222;
	return r;
}

static void remap_reset(struct remap *r, u32 vpid)
{
	space_map(r->space, r->address, (ulong)r->first, PAGE_SIZE, PROT_ALL);
	vmx_reset(r->g);
	vmx_code(r->g, "\x8b\x03", 2);
	r->g->registers.bx = r->address;
	vmcs_write(VMCS_GUEST_CR3, (ulong)r->space->root);
	if (vpid) {
		vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_SECONDARY);
		vmcs_set(VMCS_SECONDARY_CONTROLS, CPU2_VPID);
		vmcs_write(VMCS_VPID, vpid);
	}
}

static void expect_read(struct remap *r, u32 value)
{
	vmcs_write(VMCS_GUEST_RIP, vmx_start(r->g));
	vmx_run(r->g);
	EXPECT_VMX_DONE(r->g);
	EXPECT_EQ(r->g->registers.ax, (ulong)value);
}

/* The entry, changed without any invalidation. */
static void change(struct remap *r)
{
	pte_t *entry = space_entry_at(r->space, r->address, 0);

	*entry = (*entry & ~BITS(51, 12)) | (ulong)r->second;
}

TEST(entry_flushes, "without VPIDs, a VM entry uses no translation of an earlier one",
     SPEC("SDM vol. 3C, 28.3.3.1; 26.3.2.5"))
{
	struct remap r = remap_new();

	for (u32 global = 0; global < 2; global++) {
		SUBTEST("%s", global ? "global" : "not-global");
		remap_reset(&r, 0);
		if (global) {
			*space_entry_at(r.space, r.address, 0) |= BIT(8);
			vmcs_set(VMCS_GUEST_CR4, CR4_PGE);
		}
		expect_read(&r, 0x1111);
		change(&r);
		expect_read(&r, 0x2222);
	}
}

TEST(exit_flushes, "without VPIDs, the host uses no translation of the guest's",
     SPEC("SDM vol. 3C, 28.3.3.1; 27.5.5"))
{
	struct remap r = remap_new();

	remap_reset(&r, 0);
	/* The host's own page at the same linear address is another. */
	space_map(space_kernel(), r.address, (ulong)r.second, PAGE_SIZE, PROT_ALL);
	expect_read(&r, 0x1111);
	EXPECT_EQ(*(volatile u32 *)r.address, 0x2222u);
}

TEST(vpid_separates, "translations of one VPID are not used with another, or by the host",
     SPEC("SDM vol. 3C, 28.1; 28.3.2"), REQUIRES(HAS_VPID))
{
	struct remap r = remap_new();

	SUBTEST("other-vpid");
	remap_reset(&r, 1);
	expect_read(&r, 0x1111);
	change(&r);
	vmcs_write(VMCS_VPID, 2);
	/* VPID 2 has not seen the address before: whatever is cached is of VPID 1. */
	EXPECT_VMX(invvpid_try(1, (struct vmx_descriptor){ 2, 0 }), VMX_SUCCEED);
	expect_read(&r, 0x2222);
	SUBTEST("host");
	remap_reset(&r, 1);
	EXPECT_VMX(invvpid_try(1, (struct vmx_descriptor){ 1, 0 }), VMX_SUCCEED);
	space_map(space_kernel(), r.address, (ulong)r.second, PAGE_SIZE, PROT_ALL);
	expect_read(&r, 0x1111);
	EXPECT_EQ(*(volatile u32 *)r.address, 0x2222u);
	SUBTEST("guest-after-host");
	remap_reset(&r, 1);
	EXPECT_VMX(invvpid_try(1, (struct vmx_descriptor){ 1, 0 }), VMX_SUCCEED);
	EXPECT_EQ(*(volatile u32 *)r.address, 0x2222u);
	expect_read(&r, 0x1111);
}

TEST(invvpid_forgets, "INVVPID forgets the translations of its VPID, in each of its types",
     SPEC("SDM vol. 3C, 28.3.3.1; 30.3, INVVPID"), REQUIRES(HAS_VPID))
{
	struct remap r = remap_new();
	const u64 cap = vmx_ept_vpid_cap();

	for (u32 type = 0; type < 4; type++)
		for (u32 global = 0; global < 2; global++) {
			if (global && type == 3)
				continue; /* may keep them */
			SUBTEST("type-%u-%s", type, global ? "global" : "not-global");
			if (!(cap & BIT(40 + type))) {
				SKIP_ROW("IA32_VMX_EPT_VPID_CAP has not the type");
				continue;
			}
			remap_reset(&r, 3);
			EXPECT_VMX(invvpid_try(2, (struct vmx_descriptor){ 0, 0 }), VMX_SUCCEED);
			if (global) {
				*space_entry_at(r.space, r.address, 0) |= BIT(8);
				vmcs_set(VMCS_GUEST_CR4, CR4_PGE);
			}
			expect_read(&r, 0x1111);
			change(&r);
			EXPECT_VMX(invvpid_try(type, (struct vmx_descriptor){ 3, r.address }),
				   VMX_SUCCEED);
			expect_read(&r, 0x2222);
		}
}

TEST(invvpid_address, "INVVPID of an address that is not canonical fails, by type 0 only",
     SPEC("SDM vol. 3C, 30.3, INVVPID"), REQUIRES(HAS_VPID && sizeof(ulong) == 8))
{
	static const u64 addresses[] = { HOLE, HOLE_LAST, BIT(63), HOLE - 1, HOLE_LAST + 1 };
	const u64 cap = vmx_ept_vpid_cap();

	vmx_new();
	for (u32 type = 0; type < 4; type++)
		for (u32 i = 0; i < ARRAY_SIZE(addresses); i++) {
			bool canonical = i >= 3;

			SUBTEST("type-%u-address-%#llx", type, addresses[i]);
			if (!(cap & BIT(40 + type))) {
				SKIP_ROW("IA32_VMX_EPT_VPID_CAP has not the type");
				continue;
			}
			EXPECT_VMX(invvpid_try(type, (struct vmx_descriptor){ 1, addresses[i] }),
				   type == 0 && !canonical
					   ? VMX_FAIL_VALID(VMX_ERROR_INVEPT_INVVPID_OPERAND)
					   : VMX_SUCCEED);
		}
}

TEST(guest_invalidates, "a guest's INVLPG, MOV to CR3 and MOV to CR4 forget its translations",
     SPEC("SDM vol. 3C, 28.3.3.1"))
{
	/* Reads, lets the entry be changed by itself, invalidates and reads again. */
	static const struct {
		const char *name, *bytes;
		u32 size;
		bool cr4;
	} rows[] = {
		/* MOV EAX, [BX]; MOV [SI], DX; ... ; MOV EAX, [BX] */
		{ "invlpg", "\x8b\x03\x89\x16\x0f\x01\x3b\x8b\x03", 9, false },
		{ "mov-cr3", "\x8b\x03\x89\x16\x0f\x22\xdf\x8b\x03", 9, false },
		{ "mov-cr4-pge", "\x8b\x03\x89\x16\x0f\x22\xe7\x8b\x03", 9, true },
	};
	struct remap r = remap_new();

	for (u32 vpid = 0; vpid < 2; vpid++)
		for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
			pte_t *entry;
			struct vmx_guest *g = r.g;

			SUBTEST("%s-%s", rows[i].name, vpid ? "vpid" : "no-vpid");
			if (vpid && !HAS_VPID) {
				SKIP_ROW("no VPIDs");
				continue;
			}
			remap_reset(&r, vpid);
			vmx_code(g, rows[i].bytes, rows[i].size);
			entry = space_entry_at(r.space, r.address, 0);
			g->registers.si = (ulong)entry;
			g->registers.dx = (u32)((*entry & 0xfff) | (ulong)r.second);
			g->registers.di = rows[i].cr4 ? (ulong)(vmcs_read(VMCS_GUEST_CR4) ^ CR4_PGE)
						      : (ulong)vmcs_read(VMCS_GUEST_CR3);
			vmx_run(g);
			EXPECT_VMX_DONE(g);
			EXPECT_EQ(g->registers.ax, 0x2222ul);
		}
}

TEST(cr3_load_flushes, "VM entry with another CR3 uses the new tables",
     SPEC("SDM vol. 3C, 26.3.2.1"))
{
	struct remap r = remap_new();
	struct space *other = space_create();

	for (u32 vpid = 0; vpid < 2; vpid++) {
		SUBTEST("%s", vpid ? "vpid" : "no-vpid");
		if (vpid && !HAS_VPID) {
			SKIP_ROW("no VPIDs");
			continue;
		}
		space_map(other, r.address, (ulong)r.second, PAGE_SIZE, PROT_ALL);
		remap_reset(&r, vpid);
		expect_read(&r, 0x1111);
		vmcs_write(VMCS_GUEST_CR3, (ulong)other->root);
		/* With VPIDs, software has to invalidate: 28.3.3.3. */
		if (vpid)
			EXPECT_VMX(invvpid_try(1, (struct vmx_descriptor){ 1, 0 }), VMX_SUCCEED);
		expect_read(&r, 0x2222);
	}
}

/* ----------------------------------------------------------------------------------------- EPT */

TEST(invept_forgets, "INVEPT forgets what EPT gave, in each of its types",
     SPEC("SDM vol. 3C, 28.3.3.1; 30.3, INVEPT"), REQUIRES(vmx_has_ept()))
{
	struct nested n = nested_new();
	u8 *other = page_alloc();
	const u64 cap = vmx_ept_vpid_cap();

	for (u32 type = 1; type < 3; type++)
		for (u32 vpid = 0; vpid < 2; vpid++)
			for (u32 kind = 0; kind < 3; kind++) {
				pte_t *entry;

				SUBTEST("type-%u-%s-%s", type, vpid ? "vpid" : "no-vpid",
					kind == 0   ? "address"
					: kind == 1 ? "read-only"
						    : "absent");
				if (!(cap & BIT(24 + type)) || (vpid && !HAS_VPID)) {
					SKIP_ROW("the processor has it not");
					continue;
				}
				nested_reset(&n);
				if (vpid) {
					vmcs_set(VMCS_SECONDARY_CONTROLS, CPU2_VPID);
					vmcs_write(VMCS_VPID, 5);
				}
				nested_code(&n, ACCESS_WRITE, NESTED_OFFSET);
				nested_expect_access(&n, ACCESS_WRITE, NESTED_OFFSET);
				entry = nested_entry(&n, 0);
				if (kind == 0)
					*entry = (*entry & ~BITS(51, 12)) | (ulong)other;
				else
					*entry &= kind == 1 ? ~EPT_W : ~EPT_RWX;
				EXPECT_VMX(invept_try(type,
						      (struct vmx_descriptor){ vmcs_read(VMCS_EPTP),
									       0 }),
					   VMX_SUCCEED);
				vmcs_write(VMCS_GUEST_RIP, vmx_start(n.g));
				n.g->registers.ax = 0x9999;
				*(u32 *)(other + NESTED_OFFSET) = 0;
				vmx_run(n.g);
				if (kind == 0) {
					EXPECT_VMX_DONE(n.g);
					EXPECT_EQ(*(u32 *)(other + NESTED_OFFSET), 0x9999u);
				} else {
					EXPECT_VMX_EXIT(n.g, VMX_EXIT_EPT_VIOLATION);
				}
			}
}

TEST(not_present_not_cached, "an entry that was not present, or misconfigured, needs no INVEPT",
     SPEC("SDM vol. 3C, 28.3.2; 28.3.3.4"), REQUIRES(vmx_has_ept()))
{
	struct nested n = nested_new();

	for (u32 kind = 0; kind < 2; kind++) {
		pte_t *entry, before;

		SUBTEST("%s", kind ? "misconfigured" : "not-present");
		nested_reset(&n);
		nested_code(&n, ACCESS_READ, NESTED_OFFSET);
		entry = nested_entry(&n, 0);
		before = *entry;
		*entry = kind ? before | EPT_MEMORY_TYPE(7) : 0;
		nested_flush();
		vmx_run(n.g);
		EXPECT_VMX_EXIT(n.g, kind ? VMX_EXIT_EPT_MISCONFIGURATION : VMX_EXIT_EPT_VIOLATION);
		*entry = before;
		nested_expect_access(&n, ACCESS_READ, NESTED_OFFSET);
	}
}

TEST(violation_forgets, "after a violation, the same access goes by the entry as it is now",
     SPEC("SDM vol. 3C, 28.3.3.1"), REQUIRES(vmx_has_ept()))
{
	struct nested n = nested_new();

	for (u32 access = 1; access < 3; access++) {
		pte_t *entry, before;

		SUBTEST("%s", nested_access_names[access]);
		nested_reset(&n);
		/* A read, which may be cached, and then the access. */
		vmx_code(n.g, access == 1 ? "\x8b\x0b\x89\x03" : "\x8b\x0b\xff\xe3", 4);
		n.g->registers.bx = n.address;
		entry = nested_entry(&n, 0);
		before = *entry;
		*entry = (before & ~EPT_RWX) | EPT_R;
		nested_flush();
		vmx_run(n.g);
		EXPECT_VMX_EXIT(n.g, VMX_EXIT_EPT_VIOLATION);
		*entry = before;
		vmx_run(n.g);
		EXPECT_VMX_EXIT(n.g, VMX_EXIT_VMCALL);
	}
}

TEST(eptp_change, "VM entry with another EPTP uses its hierarchy",
     SPEC("SDM vol. 3C, 28.3.2"), REQUIRES(vmx_has_ept()))
{
	struct nested n = nested_new();
	struct space *other = space_create_like_kernel(&vmx_ept_format, PROT_ALL);
	u8 *page = page_alloc();

	*(u32 *)(page + NESTED_OFFSET) = 0x3333;
	space_map(other, n.address, (ulong)page, PAGE_SIZE, PROT_ALL);
	for (u32 vpid = 0; vpid < 2; vpid++) {
		SUBTEST("%s", vpid ? "vpid" : "no-vpid");
		if (vpid && !HAS_VPID) {
			SKIP_ROW("no VPIDs");
			continue;
		}
		nested_reset(&n);
		if (vpid) {
			vmcs_set(VMCS_SECONDARY_CONTROLS, CPU2_VPID);
			vmcs_write(VMCS_VPID, 5);
		}
		nested_code(&n, ACCESS_READ, NESTED_OFFSET);
		nested_expect_access(&n, ACCESS_READ, NESTED_OFFSET);
		vmcs_write(VMCS_EPTP, (ulong)other->root | EPTP_WB | EPTP_WALK_4);
		vmcs_write(VMCS_GUEST_RIP, vmx_start(n.g));
		vmx_run(n.g);
		EXPECT_VMX_DONE(n.g);
		EXPECT_EQ(n.g->registers.ax, 0x3333ul);
	}
}
