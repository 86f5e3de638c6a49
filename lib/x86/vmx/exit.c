/* SPDX-License-Identifier: MIT */
#include <x86/vmx/exit.h>

#include <stdio.h>
#include <x86/vmx/vmcs.h>

static const char *const exits[] = {
#define NAME(name, number) [number] = #name,
	VMX_EXITS(NAME)
#undef NAME
};

static const struct {
	u32 encoding;
	const char *name;
} fields[] = {
#define NAME(name, encoding) { encoding, #name },
	VMCS_FIELDS(NAME)
#undef NAME
};

const char *vmcs_field_name(u32 field)
{
	for (u32 i = 0; i < ARRAY_SIZE(fields); i++)
		if (fields[i].encoding == field)
			return fields[i].name;
	return "?";
}

static const char *reason_name(u32 reason)
{
	return reason < ARRAY_SIZE(exits) && exits[reason] ? exits[reason] : "unknown";
}

const char *vmx_exit_name(u64 value)
{
	static char texts[2][48];
	static u32 next;
	char *text;

	if (value == VMX_SUCCEED)
		return "VMsucceed";
	if (value == VMX_FAIL_INVALID)
		return "VMfailInvalid";
	if (value == VMX_NO_RESULT)
		return "flags that no result has";
	if (value < 0x10000)
		return reason_name((u32)value);
	text = texts[next++ % 2];
	if (value & BIT(34))
		snprintf(text, sizeof(texts[0]), "VMfailValid(%u)", (u32)value);
	else
		snprintf(text, sizeof(texts[0]), "failed entry: %s", reason_name(value & 0xffff));
	return text;
}
