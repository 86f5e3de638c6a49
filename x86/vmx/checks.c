/* SPDX-License-Identifier: MIT */
#include "checks.h"

static const u8 inc_bx[] = { 0xff, 0xc3 };

void check_set_up(struct vmx_guest *g)
{
	vmx_reset(g);
	vmx_code(g, inc_bx, sizeof(inc_bx));
	g->registers.bx = 0x1000;
}

bool check_expect(struct vmx_guest *g, enum check_kind kind, bool refused)
{
	u64 rip = vmcs_read(VMCS_GUEST_RIP);
	bool ok;

	vmx_run(g);
	if (!refused) {
		ok = EXPECT_VMX_EXIT(g, VMX_EXIT_VMCALL);
		ok &= EXPECT_EQ(g->registers.bx, 0x1001ul);
		return ok;
	}
	if (kind == CHECK_GUEST || kind == CHECK_PDPTES || kind == CHECK_LINK_POINTER) {
		ok = EXPECT_VMX_EXIT(g, VMX_ENTRY_FAILURE | VMX_EXIT_INVALID_GUEST_STATE);
		if (ok)
			ok &= EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION),
					kind == CHECK_GUEST    ? 0ull
					: kind == CHECK_PDPTES ? 2ull
							       : 4ull);
	} else if (kind == CHECK_ADDRESS_SPACE && g->result == VMX_FAIL_VALID(VMX_ERROR_CONTROLS))
		ok = true;
	else
		ok = EXPECT_VMX_EXIT(g,
				     VMX_FAIL_VALID(kind == CHECK_CONTROLS ? VMX_ERROR_CONTROLS
									   : VMX_ERROR_HOST_STATE));
	ok &= EXPECT_EQ(g->registers.bx, 0x1000ul);
	ok &= EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), rip);
	return ok;
}

static bool is_controls(u32 field)
{
	switch (field) {
	case VMCS_PIN_CONTROLS:
	case VMCS_PRIMARY_CONTROLS:
	case VMCS_SECONDARY_CONTROLS:
	case VMCS_EXIT_CONTROLS:
	case VMCS_ENTRY_CONTROLS:
		return true;
	default:
		return false;
	}
}

/* Why the CPU cannot do it, or NULL. */
static const char *apply(const struct change *change)
{
	struct vmx_allowed allowed;
	ulong old = 0;

	if (!change->clear && !change->set)
		return NULL;
	if (is_controls(change->field)) {
		allowed = vmx_allowed(change->field);
		if ((change->set & ~(u64)allowed.may) || (change->clear & allowed.must))
			return "the capability MSR does not allow these controls";
	}
	if (vmx_value(vmread_try(change->field, &old)) != VMX_SUCCEED)
		return "the field does not exist";
	vmcs_write(change->field, (vmcs_read(change->field) & ~change->clear) | change->set);
	return NULL;
}

static const char *apply_all(const struct change *changes, u32 count)
{
	const char *why = NULL;

	for (u32 i = 0; i < count && !why; i++)
		why = apply(&changes[i]);
	return why;
}

void check_rows(enum check_kind kind, const struct check *checks, u32 count)
{
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < count; i++) {
		const char *why;

		SUBTEST("%s", checks[i].name);
		check_set_up(g);
		why = apply_all(checks[i].change, CHANGES);
		if (why)
			SKIP_ROW("%s", why);
		else
			check_expect(g, kind, checks[i].refused);
	}
}

void check_bits_with(enum check_kind kind, const struct change *with, u32 changes,
		     enum vmcs_field field, const char *name, u64 bits, bool refused)
{
	struct vmx_guest *g = vmx_new();

	if (sizeof(ulong) == 4 && VMCS_WIDTH(field) == VMCS_WIDTH_NATURAL)
		bits &= 0xffffffff;
	for_each_set_bit(bit, bits) {
		const char *why;

		SUBTEST("%s-bit-%llu", name, bit);
		check_set_up(g);
		why = apply_all(with, changes);
		if (why) {
			SKIP_ROW("%s", why);
			continue;
		}
		vmcs_write(field, vmcs_read(field) ^ BIT(bit));
		check_expect(g, kind, refused);
	}
}

void check_bits(enum check_kind kind, enum vmcs_field field, const char *name, u64 bits,
		bool refused)
{
	check_bits_with(kind, NULL, 0, field, name, bits, refused);
}
