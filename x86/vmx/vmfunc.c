/* SPDX-License-Identifier: MIT */
/* VM functions: SDM vol. 3C, 25.5.5; 26.2.1.1. */
#include "nested.h"

#include <string.h>

SUITE("VMX: VM functions", REQUIRES(vmx_available() && vmx_has_ept()));

#define VMFUNC "\x0f\x01\xd4"

#define HAS_VMFUNC vmx_can(VMCS_SECONDARY_CONTROLS, CPU2_VM_FUNCTIONS)

TEST(vmfunc_disabled_function, "VMFUNC of a function that is not enabled exits; above 63 it is #UD",
     SPEC("SDM vol. 3C, 25.5.5.2"), REQUIRES(HAS_VMFUNC))
{
	static const u32 functions[] = { 0, 1, 2, 31, 32, 63, 64, 65, 0x80000000, 0xffffffff };
	struct nested n = nested_new();

	for (u32 i = 0; i < ARRAY_SIZE(functions); i++) {
		SUBTEST("function-%u", functions[i]);
		nested_reset(&n);
		nested_enable_functions(0, NULL);
		vmx_code(n.g, VMFUNC, 3);
		n.g->registers.ax = functions[i];
		vmx_run(n.g);
		if (functions[i] > 63) {
			EXPECT_VMX_EXCEPTION(n.g, VEC_UD);
			continue;
		}
		EXPECT_VMX_EXIT(n.g, VMX_EXIT_VMFUNC);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH), 3ull);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), 0ull);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(n.g));
	}
}

/* The EPTP of a second hierarchy, in which the page has another value. */
static u64 other_eptp(struct nested *n, u32 value)
{
	struct space *other = space_create_like_kernel(&vmx_ept_format, PROT_ALL);
	u8 *page = page_alloc();

	*(u32 *)(page + NESTED_OFFSET) = value;
	space_map(other, n->address, (ulong)page, PAGE_SIZE, PROT_ALL);
	return (ulong)other->root | EPTP_WB | EPTP_WALK_4;
}

TEST(vmfunc_switch, "EPTP switching changes the translation, EPTP and EPTP index, and nothing else",
     SPEC("SDM vol. 3C, 25.5.5.3"), REQUIRES(nested_has_switching()))
{
	static const u32 indexes[] = { 0, 1, 100, 511 };
	struct nested n = nested_new();
	u64 *list = page_alloc();

	for (u32 i = 0; i < ARRAY_SIZE(indexes); i++)
		for (u32 cpl = 0; cpl < 4; cpl += 3) {
			u64 eptp;
			struct vmx_guest *g = n.g;

			SUBTEST("index-%u-cpl%u", indexes[i], cpl);
			nested_reset(&n);
			if (cpl)
				vmx_set_user(g);
			eptp = other_eptp(&n, 0x11112222 + i);
			memset(list, 0, PAGE_SIZE);
			list[indexes[i]] = eptp;
			nested_enable_functions(1, list);
			/* MOV EDX, [BX]; VMFUNC; MOV ESI, [BX] */
			vmx_code(g, "\x8b\x13" VMFUNC "\x8b\x33", 7);
			g->registers.bx = n.address + NESTED_OFFSET;
			g->registers.cx = indexes[i];
			vmcs_set(VMCS_GUEST_RFLAGS, FLAG_CF | FLAG_ZF);
			vmx_run(g);
			EXPECT_VMX_DONE(g);
			EXPECT_EQ((u32)g->registers.dx, 0x90c1010fu);
			EXPECT_EQ((u32)g->registers.si, 0x11112222u + i);
			EXPECT_EQ(g->registers.ax, 0ul);
			EXPECT_EQ(g->registers.cx, (ulong)indexes[i]);
			EXPECT_EQ(vmcs_read(VMCS_GUEST_RFLAGS) & (FLAG_CF | FLAG_ZF),
				  FLAG_CF | FLAG_ZF);
			EXPECT_EQ(vmcs_read(VMCS_EPTP), eptp);
			if (HAS_VE)
				EXPECT_EQ(vmcs_read(VMCS_EPTP_INDEX), (u64)indexes[i]);
		}
}

TEST(vmfunc_bad_entry, "EPTP switching to what VM entry would refuse exits, and changes nothing",
     SPEC("SDM vol. 3C, 25.5.5.3"), REQUIRES(nested_has_switching()))
{
	struct nested n = nested_new();
	/* What is after the list is no part of it. */
	u64 *list = pages_alloc(2, PAGE_SIZE);
	const struct {
		const char *name;
		u64 toggle;
		u32 index;
	} rows[] = {
		{ "index-512", 0, 512 },
		{ "index-0x10000", 0, 0x10000 },
		{ "index-0xffffffff", 0, 0xffffffff },
		{ "type-1", 7, 3 },
		{ "type-7", 1, 3 },
		{ "length-3", 1 << 3, 3 },
		{ "bit-7", BIT(7), 3 },
		{ "bit-11", BIT(11), 3 },
		{ "address-too-high", BIT(cpu_physical_bits()), 3 },
		{ "bit-63", BIT(63), 3 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u64 before;

		SUBTEST("%s", rows[i].name);
		/* In later editions, bit 7 is of supervisor shadow stacks. */
		if (rows[i].toggle == BIT(7) && (vmx_ept_vpid_cap() & BIT(23))) {
			SKIP_ROW("bit 7 is not reserved");
			continue;
		}
		nested_reset(&n);
		before = vmcs_read(VMCS_EPTP);
		for (u32 j = 0; j < 1024; j++)
			list[j] = before ^ rows[i].toggle;
		nested_enable_functions(1, list);
		vmx_code(n.g, VMFUNC, 3);
		n.g->registers.cx = rows[i].index;
		vmx_run(n.g);
		EXPECT_VMX_EXIT(n.g, VMX_EXIT_VMFUNC);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), 0ull);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH), 3ull);
		EXPECT_EQ(vmcs_read(VMCS_EPTP), before);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(n.g));
	}
}

TEST(vmfunc_checks,
     "VM functions need controls that exist; EPTP switching needs EPT and a good list",
     SPEC("SDM vol. 3C, 26.2.1.1"), REQUIRES(HAS_VMFUNC))
{
	struct nested n = nested_new();
	const u64 allowed = rdmsr(MSR_IA32_VMX_VMFUNC);
	u64 *list = page_alloc();

	for (u32 bit = 0; bit < 64; bit++) {
		if (allowed & BIT(bit))
			continue;
		SUBTEST("function-bit-%u", bit);
		check_set_up(n.g);
		vmx_use_ept(n.g);
		nested_enable_functions(BIT(bit), list);
		check_expect(n.g, CHECK_CONTROLS, true);
	}
	SUBTEST("none");
	check_set_up(n.g);
	vmx_use_ept(n.g);
	nested_enable_functions(0, (u64 *)1);
	check_expect(n.g, CHECK_CONTROLS, false);
	SUBTEST("off");
	check_set_up(n.g);
	vmx_use_ept(n.g);
	vmcs_write(VMCS_VM_FUNCTION_CONTROLS, ~0ull);
	check_expect(n.g, CHECK_CONTROLS, false);
	if (!(allowed & 1))
		return;
	SUBTEST("switching");
	check_set_up(n.g);
	vmx_use_ept(n.g);
	nested_enable_functions(1, list);
	check_expect(n.g, CHECK_CONTROLS, false);
	SUBTEST("switching-without-ept");
	check_set_up(n.g);
	vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_SECONDARY);
	nested_enable_functions(1, list);
	check_expect(n.g, CHECK_CONTROLS, true);
	for_each_set_bit(bit, BITS(11, 0) | BITS(63, cpu_physical_bits())) {
		SUBTEST("list-bit-%llu", bit);
		check_set_up(n.g);
		vmx_use_ept(n.g);
		nested_enable_functions(1, list);
		vmcs_write(VMCS_EPTP_LIST_ADDRESS, (ulong)list | BIT(bit));
		check_expect(n.g, CHECK_CONTROLS, true);
	}
}

/* ---------------------------------------------------------------------- virtualisation exceptions */
