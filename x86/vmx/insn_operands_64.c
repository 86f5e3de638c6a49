/* SPDX-License-Identifier: MIT */
/* Operands in memory of the VMX instructions at addresses that are not canonical: SDM vol. 3C, 30.3; vol. 3A, 6.15. */
#include "checks.h"

SUITE("VMX: operands that are not canonical", REQUIRES(vmx_available()));

TEST(insn_not_canonical,
     "an operand whose address is not canonical is #GP(0), or #SS(0) where the segment is SS, and nothing is done",
     SPEC("SDM vol. 3C, 30.3, 64-Bit Mode Exceptions"))
{
	/* CX is a field, and the type of INVEPT and INVVPID; BP goes with SS. */
	const struct {
		const char *name;
		const void *ds, *ss;
		bool has;
	} rows[] = {
		{ "vmptrld", CODE("vmptrld (%%rbx)"), CODE("vmptrld (%%rbp)"), true },
		{ "vmclear", CODE("vmclear (%%rbx)"), CODE("vmclear (%%rbp)"), true },
		{ "vmptrst", CODE("vmptrst (%%rbx)"), CODE("vmptrst (%%rbp)"), true },
		{ "vmread", CODE("vmread %%rcx, (%%rbx)"), CODE("vmread %%rcx, (%%rbp)"), true },
		{ "vmwrite", CODE("vmwrite (%%rbx), %%rcx"), CODE("vmwrite (%%rbp), %%rcx"), true },
		{ "invept", CODE("invept (%%rbx), %%rcx"), CODE("invept (%%rbp), %%rcx"),
		  vmx_ept_vpid_cap() & BIT(20) },
		{ "invvpid", CODE("invvpid (%%rbx), %%rcx"), CODE("invvpid (%%rbp), %%rcx"),
		  vmx_ept_vpid_cap() & BIT(32) },
	};
	static const ulong addresses[] = { HOLE, HOLE_LAST, 0x1234567800000000 };
	const u64 rip = 0x123456;

	vmx_new();
	vmcs_write(VMCS_GUEST_RIP, rip);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 j = 0; j < ARRAY_SIZE(addresses); j++)
			for (u32 ss = 0; ss < 2; ss++) {
				struct registers r = { .cx = i < 5 ? VMCS_GUEST_RIP : 2,
						       .bx = addresses[j],
						       .bp = addresses[j],
						       .flags = FLAG_1 };

				SUBTEST("%s-%s-%#lx", rows[i].name, ss ? "ss" : "ds", addresses[j]);
				if (!rows[i].has) {
					SKIP_ROW("IA32_VMX_EPT_VPID_CAP has it not");
					continue;
				}
				EXPECT_FAULT(ss ? SS(0) : GP(0),
					     execute_try(ss ? rows[i].ss : rows[i].ds, &r));
				EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), rip);
			}
}
