/* SPDX-License-Identifier: MIT */
/* EPT below each kind of guest paging, and within a large page: SDM vol. 3C, 28.2.1; 28.2.2. */
#include "nested.h"

SUITE("VMX: EPT by paging mode", REQUIRES(vmx_available() && vmx_has_ept()));

TEST(ept_tables_by_mode,
     "the page directory of a guest is guest-physical, with 64-bit and with 32-bit entries",
     SPEC("SDM vol. 3C, 28.2.1; 27.2.1, table 27-7"))
{
	static const enum vmx_mode modes[] = { VMX_PAE, VMX_PAGED };
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(modes); i++) {
		ulong directory;

		/* That guest's tables are the image's. */
		if (modes[i] == VMX_NATIVE)
			continue;
		SUBTEST("%s", vmx_mode_name(modes[i]));
		vmx_reset(g);
		vmx_set_mode(g, modes[i]);
		vmx_code(g, "\x90", 1);
		vmx_use_ept(g);
		/* The first one of four, whose PDPTE is in the VMCS; the only one. */
		directory = (ulong)(modes[i] == VMX_PAE ? g->tables + 512 : g->tables);
		*vmx_ept_entry(g, directory) = 0;
		nested_flush();
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_EPT_VIOLATION);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION) & VIOLATION_MASK,
			  VIOLATION_READ | VIOLATION_LINEAR);
		EXPECT_EQ(ALIGN_DOWN(vmcs_read(VMCS_GUEST_PHYSICAL_ADDRESS), (u64)PAGE_SIZE),
			  (u64)directory);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_LINEAR_ADDRESS), vmx_start(g));
	}
}

TEST(ept_large_page_offsets,
     "each bit of an address below a page of 2 MiB is that of the memory in it",
     SPEC("SDM vol. 3C, 28.2.2, table 28-5"), REQUIRES(vmx_ept_vpid_cap() & BIT(16)))
{
	const u32 size = 2 << 20;
	struct nested n = nested_new();
	u8 *block = pages_alloc(size / PAGE_SIZE, size);

	space_map_page(n.ept, n.address, (ulong)block, 1, PROT_ALL);
	for (u32 bit = 12; bit < 21; bit++)
		*(u32 *)(block + BIT(bit)) = bit;
	for (u32 bit = 12; bit < 21; bit++) {
		SUBTEST("bit-%u", bit);
		space_map(n.guest, n.address + (ulong)BIT(bit), n.address + (ulong)BIT(bit),
			  PAGE_SIZE, PROT_ALL);
		nested_flush();
		nested_code(&n, ACCESS_READ, (u32)BIT(bit));
		vmcs_write(VMCS_GUEST_RIP, vmx_start(n.g));
		vmx_run(n.g);
		EXPECT_VMX_DONE(n.g);
		EXPECT_EQ((u32)n.g->registers.ax, bit);
	}
}
