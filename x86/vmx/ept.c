/* SPDX-License-Identifier: MIT */
/* EPT and the instructions that invalidate: SDM vol. 3C, 28.2, 28.3, 30.3. */
#include "checks.h"

SUITE("VMX: EPT", REQUIRES(vmx_available() && vmx_has_ept()));

#define VIOLATION_READ	 BIT(0)
#define VIOLATION_WRITE	 BIT(1)
#define VIOLATION_FETCH	 BIT(2)
#define VIOLATION_LINEAR BIT(7)
#define VIOLATION_FINAL	 BIT(8)

/* MOV AL, [BX]; MOV [BX], AL; JMP BX */
static const struct {
	const char *name, *bytes;
	u32 bit;
} accesses[] = { { "read", "\x8a\x03", 0 },
		 { "write", "\x88\x03", 1 },
		 { "fetch", "\xff\xe3", 2 } };

static void set_up(struct vmx_guest *g, u32 access)
{
	vmx_reset(g);
	vmx_code(g, accesses[access].bytes, 2);
	vmx_use_ept(g);
	g->registers.bx = (ulong)g->data + 0x10;
	/* VMCALL is what a fetch finds. */
	g->data[0x10] = 0x0f;
	g->data[0x11] = 0x01;
	g->data[0x12] = 0xc1;
}

TEST(ept_permissions,
     "an access that an EPT entry does not allow is an EPT violation, with both in the qualification",
     SPEC("SDM vol. 3C, 28.2.3.2; 27.2.1, table 27-7"))
{
	const bool execute_only = vmx_ept_vpid_cap() & BIT(0);
	struct vmx_guest *g = vmx_new();

	for (u32 permission = 0; permission < 8; permission++)
		for (u32 access = 0; access < ARRAY_SIZE(accesses); access++) {
			bool allowed = permission & BIT(accesses[access].bit);
			u64 *entry;

			/* Misconfigurations: the next case. */
			if ((permission & 3) == 2 || (permission == 4 && !execute_only))
				continue;
			SUBTEST("permission-%u-%s", permission, accesses[access].name);
			set_up(g, access);
			entry = vmx_ept_entry(g, (ulong)g->data);
			*entry = (*entry & ~7ull) | permission;
			vmx_run(g);
			if (allowed) {
				EXPECT_VMX_EXIT(g, VMX_EXIT_VMCALL);
				continue;
			}
			EXPECT_VMX_EXIT(g, VMX_EXIT_EPT_VIOLATION);
			/* Bits 6 and above 8 depend on later features; a fetch counts where it was. */
			EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION) & 0x1bf,
				  BIT(accesses[access].bit) | permission << 3 | VIOLATION_LINEAR |
					  VIOLATION_FINAL);
			EXPECT_EQ(vmcs_read(VMCS_GUEST_PHYSICAL_ADDRESS),
				  (u64)(ulong)g->data + 0x10);
			EXPECT_EQ(vmcs_read(VMCS_GUEST_LINEAR_ADDRESS), (u64)(ulong)g->data + 0x10);
			EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP),
				  access == 2 ? (u64)(ulong)g->data + 0x10 : vmx_start(g));
		}
}

TEST(ept_misconfigurations,
     "an EPT entry that has a combination or a bit which is reserved is a misconfiguration",
     SPEC("SDM vol. 3C, 28.2.3.1"))
{
	const struct {
		const char *name;
		u64 clear, set;
		bool reserved;
	} rows[] = {
		{ "write-only", 7, 2, true },
		{ "write-execute", 7, 6, true },
		{ "execute-only", 7, 4, !(vmx_ept_vpid_cap() & BIT(0)) },
		{ "type-2", 0x38, 2 << 3, true },
		{ "type-3", 0x38, 3 << 3, true },
		{ "type-7", 0x38, 7 << 3, true },
		{ "type-0", 0x38, 0, false },
		{ "type-1", 0x38, 1 << 3, false },
		{ "type-4", 0x38, 4 << 3, false },
		{ "type-5", 0x38, 5 << 3, false },
		{ "address-too-high", 0, BIT(cpu_physical_bits()), cpu_physical_bits() < 52 },
		{ "address-bit-51", 0, BIT(51), cpu_physical_bits() < 52 },
		{ "ignored-bit-62", 0, BIT(62), false },
		{ "ignored-bit-11", 0, BIT(11), false },
	};
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u64 *entry;

		SUBTEST("%s", rows[i].name);
		if (!rows[i].reserved && !(rows[i].set & 3) && rows[i].clear == 7) {
			SKIP_ROW("execute-only is allowed: ept_permissions");
			continue;
		}
		set_up(g, 0);
		entry = vmx_ept_entry(g, (ulong)g->data);
		*entry = (*entry & ~rows[i].clear) | rows[i].set;
		vmx_run(g);
		if (!rows[i].reserved) {
			EXPECT_VMX_DONE(g);
			continue;
		}
		EXPECT_VMX_EXIT(g, VMX_EXIT_EPT_MISCONFIGURATION);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_PHYSICAL_ADDRESS), (u64)(ulong)g->data + 0x10);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
	}
}

static void expect_type(struct vmx_result (*run)(ulong, struct vmx_descriptor), u64 cap, u32 base,
			u32 types, struct vmx_descriptor good)
{
	for (u32 type = 0; type < types + 3; type++) {
		bool supported = type < types && (cap & BIT(base + type));

		SUBTEST("type-%u", type);
		EXPECT_VMX(run(type, good),
			   supported ? VMX_SUCCEED
				     : VMX_FAIL_VALID(VMX_ERROR_INVEPT_INVVPID_OPERAND));
	}
#ifdef __x86_64__
	/* The operand has 64 bits. */
	SUBTEST("type-2-bit-32");
	EXPECT_VMX(run(2 | BIT(32), good), VMX_FAIL_VALID(VMX_ERROR_INVEPT_INVVPID_OPERAND));
#endif
}

static struct vmx_result invept(ulong type, struct vmx_descriptor d)
{
	return invept_try(type, d);
}

static struct vmx_result invvpid(ulong type, struct vmx_descriptor d)
{
	return invvpid_try(type, d);
}

TEST(invept_types, "INVEPT of a type that IA32_VMX_EPT_VPID_CAP has not fails with error 28",
     SPEC("SDM vol. 3C, 30.3, INVEPT; A.10"), REQUIRES(vmx_ept_vpid_cap() & BIT(20)))
{
	struct vmx_guest *g = vmx_new();
	/* Types 1 and 2 are bits 25 and 26; bit 24, of type 0, is another feature's. */
	const u64 cap = vmx_ept_vpid_cap() & ~BIT(24);

	expect_type(invept, cap, 24, 3, (struct vmx_descriptor){ (ulong)g->ept | 6 | 3 << 3, 0 });
}

TEST(invept_descriptor,
     "INVEPT of a single context whose EPTP VM entry would refuse fails with error 28",
     SPEC("SDM vol. 3C, 30.3, INVEPT"), REQUIRES(vmx_ept_vpid_cap() & BIT(25)))
{
	struct vmx_guest *g = vmx_new();
	const u64 good = (ulong)g->ept | EPTP_WB | EPTP_WALK_4, cap = vmx_ept_vpid_cap();
	const struct {
		const char *name;
		u64 eptp;
	} rows[] = {
		{ "type-1", (good & ~7ull) | 1 },
		{ "type-7", good | 7 },
		{ "length-1", good & ~0x38ull },
		{ "length-3", good ^ 1 << 3 },
		{ "address-too-high", good | BIT(cpu_physical_bits()) },
		{ "bit-63", good | BIT(63) },
	};

	SUBTEST("good");
	EXPECT_VMX(invept_try(1, (struct vmx_descriptor){ good, 0 }), VMX_SUCCEED);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		EXPECT_VMX(invept_try(1, (struct vmx_descriptor){ rows[i].eptp, 0 }),
			   VMX_FAIL_VALID(VMX_ERROR_INVEPT_INVVPID_OPERAND));
		/* All contexts are invalidated whatever is in the descriptor. */
		SUBTEST("%s-all-contexts", rows[i].name);
		if (cap & BIT(26))
			EXPECT_VMX(invept_try(2, (struct vmx_descriptor){ rows[i].eptp, 0 }),
				   VMX_SUCCEED);
		else
			SKIP_ROW("IA32_VMX_EPT_VPID_CAP has not the type");
	}
}

TEST(invvpid_types, "INVVPID of a type that IA32_VMX_EPT_VPID_CAP has not fails with error 28",
     SPEC("SDM vol. 3C, 30.3, INVVPID; A.10"), REQUIRES(vmx_ept_vpid_cap() & BIT(32)))
{
	vmx_new();
	expect_type(invvpid, vmx_ept_vpid_cap(), 40, 4, (struct vmx_descriptor){ 1, 0x1000 });
}

TEST(invvpid_descriptor,
     "INVVPID of a descriptor with reserved bits, or with VPID 0, fails with error 28",
     SPEC("SDM vol. 3C, 30.3, INVVPID"), REQUIRES(vmx_ept_vpid_cap() & BIT(32)))
{
	const u64 cap = vmx_ept_vpid_cap();

	vmx_new();
	for (u32 type = 0; type < 4; type++) {
		if (!(cap & BIT(40 + type)))
			continue;
		for (u32 bit = 16; bit < 64; bit += 5) {
			SUBTEST("type-%u-bit-%u", type, bit);
			EXPECT_VMX(invvpid_try(type, (struct vmx_descriptor){ 1 | BIT(bit), 0 }),
				   VMX_FAIL_VALID(VMX_ERROR_INVEPT_INVVPID_OPERAND));
		}
		SUBTEST("type-%u-vpid-0", type);
		EXPECT_VMX(invvpid_try(type, (struct vmx_descriptor){ 0, 0 }),
			   type == 2 ? VMX_SUCCEED
				     : VMX_FAIL_VALID(VMX_ERROR_INVEPT_INVVPID_OPERAND));
	}
}
