/* SPDX-License-Identifier: MIT */
#include <harness/fault.h>

#include <sys/cpu.h>

bool fault_matches(struct fault expected, struct fault actual)
{
	if (expected.kind != actual.kind)
		return false;
	if (!(expected.fields & FAULT_ANY_CODE)) {
		if ((expected.fields ^ actual.fields) & FAULT_CODE)
			return false;
		if ((expected.fields & FAULT_CODE) && expected.code != actual.code)
			return false;
	}
	if (!(expected.fields & FAULT_ADDRESS))
		return true;
	return (actual.fields & FAULT_ADDRESS) && expected.address == actual.address;
}

void fault_clear(void)
{
	this_cpu()->fault = NO_FAULT;
}

struct fault fault_taken(void)
{
	return this_cpu()->fault;
}
