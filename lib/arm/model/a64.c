/* SPDX-License-Identifier: MIT */
#include <model/a64.h>

struct a64_memory a64_memory;

static bool reach(u64 address, u32 size)
{
	if (!a64_memory.accesses++)
		a64_memory.first = address;
	if (address - a64_memory.start < a64_memory.size &&
	    address + size - a64_memory.start <= a64_memory.size)
		return true;
	a64_memory.outside = true;
	return false;
}

u64 a64_read(u64 address, u32 size)
{
	u64 value = 0;

	if (reach(address, size))
		for (u32 i = 0; i < size; i++)
			value |= (u64)a64_memory.bytes[address - a64_memory.start + i] << 8 * i;
	return value;
}

void a64_write(u64 address, u32 size, u64 value)
{
	if (reach(address, size))
		for (u32 i = 0; i < size; i++)
			a64_memory.bytes[address - a64_memory.start + i] = (u8)(value >> 8 * i);
}

enum a64_result a64_step(a64_model *model, u32 insn, struct arm_registers *r)
{
	u64 pc = r->pc;
	enum a64_result result;

	a64_memory.accesses = 0;
	a64_memory.outside = false;
	result = model(insn, r);
	if (result == A64_DONE && a64_memory.outside)
		return A64_UNPREDICTABLE;
	if (result == A64_DONE && r->pc == pc)
		r->pc += 4;
	return result;
}

bool a64_probe(a64_model *model, u32 insn, const struct arm_registers *r, u64 *address)
{
	struct a64_memory kept = a64_memory;
	struct arm_registers copy = *r;
	bool found;

	a64_memory.size = 0;
	found = a64_step(model, insn, &copy) != A64_UNDEFINED && a64_memory.accesses;
	*address = a64_memory.first;
	a64_memory = kept;
	return found;
}
